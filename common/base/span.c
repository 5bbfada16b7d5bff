#include "base/span.h"

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t span_distance(struct span a, struct span b)
{
	enum { LONGEST = 64 };
	size_t row[LONGEST + 1]; /* of the table of prefixes: that of a's first i bytes */
	if (a.n > LONGEST || b.n > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = corner + (a.at[i - 1] != b.at[j - 1]);
			corner = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b.n];
}

int choice_index(const char *choices, struct span word)
{
	struct span one, rest = span_of(choices);
	for (int index = 0; span_next(&rest, '|', &one); index++)
		if (span_equal(one, word))
			return index;
	return -1;
}

struct span choice_word(const char *choices, int index)
{
	struct span word, rest = span_of(choices);
	while (span_next(&rest, '|', &word) && index > 0)
		index--;
	return word;
}
