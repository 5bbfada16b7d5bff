#include "data/condition.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool assignment(struct span text, struct span *name, struct span *rest)
{
	const char *equals = memchr(text.at, '=', text.n);
	size_t n = equals ? (size_t)(equals - text.at) : 0;
	*name = (struct span){text.at, n};
	*rest = equals ? (struct span){equals + 1, text.n - n - 1} : (struct span){"", 0};
	return n > 0;
}

/* The bytes up to the next bar without a backslash, copied to `to`; returns its end. False at *more:
 * the rest ended with them. */
static char *take_word(char *to, struct span *rest, bool *more)
{
	size_t i = 0;
	for (; i < rest->n && rest->at[i] != '|'; i++) {
		bool escape = rest->at[i] == '\\' && i + 1 < rest->n && strchr("|\\", rest->at[i + 1]);
		i += escape;
		*to++ = rest->at[i];
	}
	*more = i < rest->n;
	*rest = (struct span){rest->at + i + *more, rest->n - i - *more};
	return to;
}

bool condition_take(struct condition *c, struct span text)
{
	struct span rest;
	size_t capacity = 0;
	*c = (struct condition){.n_words = 0};
	if (!assignment(text, &c->column, &rest))
		return false;
	c->unlike = c->column.at[c->column.n - 1] == '!';
	c->column.n -= c->unlike;
	char *at = c->texts = memory_new(rest.n + 1, 1);
	for (bool more = true; more;) {
		char *end = take_word(at, &rest, &more);
		c->words = memory_grow(c->words, &capacity, c->n_words + 1, sizeof *c->words);
		c->words[c->n_words++] = (struct span){at, (size_t)(end - at)};
		at = end;
	}
	return c->column.n > 0;
}

void condition_free(struct condition *c)
{
	free(c->words);
	free(c->texts);
	*c = (struct condition){.n_words = 0};
}
