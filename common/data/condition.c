#include "data/condition.h"

#include <stdlib.h>

#include "base/memory.h"

bool assignment(struct span text, struct span *name, struct span *rest)
{
	const char *equals = memchr(text.at, '=', text.n);
	size_t n = equals ? (size_t)(equals - text.at) : 0;
	*name = (struct span){text.at, n};
	*rest = equals ? (struct span){equals + 1, text.n - n - 1} : (struct span){"", 0};
	return n > 0;
}

bool condition_take(struct condition *c, struct span text)
{
	struct span rest, word;
	size_t capacity = 0;
	*c = (struct condition){.n_words = 0};
	if (!assignment(text, &c->column, &rest))
		return false;
	c->unlike = c->column.at[c->column.n - 1] == '!';
	c->column.n -= c->unlike;
	while (span_next(&rest, '|', &word)) {
		c->words = memory_grow(c->words, &capacity, c->n_words + 1, sizeof *c->words);
		c->words[c->n_words++] = word;
	}
	return c->column.n > 0;
}

void condition_free(struct condition *c)
{
	free(c->words);
	*c = (struct condition){.n_words = 0};
}
