/* Buffers and growing memory: what goes in comes out, whatever the pieces. */
#include <stdint.h>

#include "base/buffer.h"
#include "base/random.h"
#include "unit.h"

static void check_pieces(void)
{
	struct random r = random_start(1, 0);
	struct buffer b = {0};
	char plain[70000];
	size_t n = 0;
	while (n < 60000) {
		char piece[64];
		size_t size = random_below(&r, sizeof piece);
		memset(piece, (char)('a' + random_below(&r, 26)), sizeof piece);
		memcpy(plain + n, piece, size);
		n += size;
		if (random_below(&r, 2))
			buffer_add(&b, piece, size);
		else
			for (size_t i = 0; i < size; i++)
				buffer_add_byte(&b, piece[i]);
		CHECK(b.n == n && b.capacity >= b.n);
	}
	CHECK(memcmp(b.data, plain, n) == 0);
	CHECK(strlen(buffer_text(&b)) == n && b.n == n);
	buffer_free(&b);
	CHECK(b.data == NULL && b.n == 0 && b.capacity == 0);
}

static void check_format(void)
{
	struct buffer b = {0};
	buffer_format(&b, "%s-%d", "one", 2);
	buffer_add_text(&b, "|");
	buffer_format(&b, "%0500d", 7);
	CHECK_INT(b.n, 506);
	CHECK(memcmp(b.data, "one-2|000", 9) == 0 && b.data[505] == '7');
	buffer_add(&b, NULL, 0); /* nothing is allowed to be NULL */
	CHECK_INT(b.n, 506);
	buffer_free(&b);
}

static void check_memory(void)
{
	size_t capacity = 0;
	int *numbers = NULL, moves = 0;
	for (size_t i = 0; i < 100000; i++) {
		size_t before = capacity;
		numbers = memory_grow(numbers, &capacity, i + 1, sizeof *numbers);
		moves += capacity != before;
		numbers[i] = (int)i;
	}
	CHECK(moves < 30); /* by half at a time: the copying stays linear */
	for (int i = 0; i < 100000; i++)
		CHECK(numbers[i] == i);
	free(numbers);
	float *aligned = memory_aligned(3, sizeof *aligned);
	CHECK((uintptr_t)aligned % 64 == 0 && memcmp(aligned, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) == 0);
	free(aligned);
	char *text = memory_format("%s", "a text");
	CHECK_TEXT(text, "a text");
	free(text);
	text = memory_text("abc", 2);
	CHECK_TEXT(text, "ab");
	free(text);
}

int main(void)
{
	check_pieces();
	check_format();
	check_memory();
	return unit_finish();
}
