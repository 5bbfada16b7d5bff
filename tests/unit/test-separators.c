/* The vector search for TABs and LFs against a plain loop: every length around its
 * steps of 64 bytes, at every alignment, sparse and dense. */
#include <stdlib.h>

#include "base/random.h"
#include "streams/separators.h"
#include "unit.h"

static void check_text(const char *text, size_t n)
{
	static uint32_t ends[700 + 64], want[700];
	size_t count = 0, lines = 0, got_lines;
	bool nul = false, got_nul;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\t' || text[i] == '\n')
			want[count++] = (uint32_t)i;
		lines += text[i] == '\n';
		nul |= text[i] == '\0';
	}
	bool right = separators_find(text, n, ends, &got_lines, &got_nul) == count;
	right = right && got_lines == lines && got_nul == nul;
	right = right && (count == 0 || memcmp(ends, want, count * sizeof *ends) == 0);
	if (!CHECK(right))
		printf("  %zu bytes\n", n);
}

int main(void)
{
	struct random r = random_start(1, 0);
	char text[800];
	for (uint32_t rarity = 1; rarity <= 256; rarity *= 4)
		for (size_t n = 0; n < 600; n++) {
			size_t offset = random_below(&r, 64);
			for (size_t i = 0; i < sizeof text; i++)
				text[i] = random_below(&r, rarity) ? (char)(1 + random_below(&r, 255))
					: "\t\n\t\n\0"[random_below(&r, 4 + (n % 7 == 0))];
			check_text(text + offset, n);
		}
	memset(text, '\t', sizeof text);
	check_text(text, 640);
	memset(text, 0, sizeof text);
	check_text(text, 640);
	return unit_finish();
}
