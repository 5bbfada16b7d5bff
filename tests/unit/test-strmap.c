/* Ids of many shapes: numbers by first appearance, the same one by one and many
 * at a time, and the byte order against qsort. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/strmap.h"
#include "unit.h"

enum { KEYS = 6000, LONGEST = 64 };

static char text[KEYS][LONGEST];
static struct span key[KEYS];

static int compare(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* `shape` 0: few bytes, NULs among them; 1: a long common beginning; 2: numbers;
 * 3: one letter, of any length: each is the beginning of the next. */
static void make_keys(int shape)
{
	struct random r = random_start(11, (uint64_t)shape);
	for (size_t i = 0; i < KEYS; i++) {
		size_t n = 0;
		if (shape == 0)
			for (n = random_below(&r, 20); key[i].n < n; key[i].n++)
				text[i][key[i].n] = "\0\0\1ab\377"[random_below(&r, 6)];
		else if (shape == 1)
			n = (size_t)snprintf(text[i], LONGEST, "the same for all of them/%u%s",
					     random_below(&r, 4000), i % 3 ? "" : "/and more");
		else if (shape == 2)
			n = (size_t)snprintf(text[i], LONGEST, "%u", random_below(&r, 1u << 31));
		else
			memset(text[i], 'x', n = random_below(&r, LONGEST));
		key[i] = (struct span){text[i], n};
	}
}

static void one_shape(int shape)
{
	memset(key, 0, sizeof key);
	make_keys(shape);
	struct strmap *single = strmap_new(), *many = strmap_new();
	static uint32_t numbers[KEYS];
	int wrong = 0;
	for (size_t i = 0, n; i < KEYS; i += n) {
		n = i * 7 % 100 + 1 < KEYS - i ? i * 7 % 100 + 1 : KEYS - i;
		strmap_add_many(many, key + i, n, numbers + i);
	}
	for (size_t i = 0; i < KEYS; i++) {
		uint32_t before = strmap_count(single), number = strmap_add(single, key[i]);
		wrong += number > before || number != numbers[i];
		wrong += !span_equal(strmap_key(single, number), key[i]);
	}
	for (size_t i = 0; i < KEYS; i++)
		wrong += strmap_find(many, key[i]) != numbers[i];
	CHECK_INT(wrong, 0);
	CHECK_INT(strmap_count(single), strmap_count(many));
	CHECK_INT(strmap_find(many, span_of("nowhere")), STRMAP_NONE);

	uint32_t n = strmap_count(single), *order = strmap_sorted(single);
	struct span *want = memory_new((size_t)n + 1, sizeof *want);
	for (uint32_t i = 0; i < n; i++)
		want[i] = strmap_key(single, i);
	qsort(want, n, sizeof *want, compare);
	for (uint32_t i = 0; i < n; i++)
		wrong += !span_equal(want[i], strmap_key(single, order[i]));
	CHECK_INT(wrong, 0);
	uint32_t *rank;
	struct strmap *sorted = strmap_in_order(single, &rank);
	CHECK_INT(strmap_count(sorted), n);
	for (uint32_t i = 0; i < n; i++)
		wrong += rank[order[i]] != i || !span_equal(strmap_key(sorted, i), strmap_key(many, order[i]));
	CHECK_INT(wrong, 0);
	free(want);
	free(order);
	free(rank);
	strmap_free(sorted);
	strmap_free(many);
}

int main(void)
{
	for (int shape = 0; shape < 4; shape++)
		one_shape(shape);
	struct strmap *empty = strmap_new();
	CHECK_INT(strmap_count(empty), 0);
	CHECK_INT(strmap_find(empty, (struct span){NULL, 0}), STRMAP_NONE);
	CHECK_INT(strmap_add(empty, (struct span){NULL, 0}), 0);
	CHECK_INT(strmap_add(empty, span_of("")), 0);
	free(strmap_sorted(empty));
	strmap_free(empty);
	return unit_finish();
}
