#include "data/kinds.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"
#include "data/condition.h"

const char *kinds_take(struct kinds *k, struct span text, struct span *where)
{
	const char *colon = memchr(text.at, ':', text.n);
	size_t capacity = 0;
	*k = (struct kinds){.n = 0};
	*where = text;
	if (!colon || colon == text.at)
		return "not 'COLUMN: KIND=NUMBER ...'";
	k->column = (struct span){text.at, (size_t)(colon - text.at)};
	struct span word, rest = {colon + 1, text.n - k->column.n - 1};
	while (span_next(&rest, ' ', &word)) {
		struct kind kind;
		double number;
		if (word.n == 0)
			continue;
		*where = word;
		if (!assignment(word, &kind.word, &kind.value) ||
		    number_double(kind.value.at, kind.value.n, &number) != NUMBER_OK)
			return "not KIND=NUMBER";
		*where = kind.word;
		for (size_t i = 0; i < k->n; i++)
			if (span_equal(k->kinds[i].word, kind.word))
				return "a kind occurs twice";
		k->kinds = memory_grow(k->kinds, &capacity, k->n + 1, sizeof *k->kinds);
		k->kinds[k->n++] = kind;
	}
	*where = text;
	return k->n ? NULL : "no KIND=NUMBER";
}

void kinds_free(struct kinds *k)
{
	free(k->kinds);
	*k = (struct kinds){.n = 0};
}
