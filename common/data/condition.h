/* condition.h - rows by their text: COLUMN=TEXT, COLUMN=TEXT|TEXT, COLUMN!=TEXT. In a TEXT `\|` is
 * a bar and `\\` a backslash; before any other byte a backslash is one. */
#ifndef RECPIPE_DATA_CONDITION_H
#define RECPIPE_DATA_CONDITION_H

#include "base/span.h"

struct condition {
	struct span column;  /* its name, of the option's text */
	size_t cell;         /* where the caller has found it */
	char *texts;         /* the words' bytes */
	struct span *words;  /* one of them, byte for byte; */
	size_t n_words;
	bool unlike;         /* or none of them */
};

/* NAME=REST, cut at the first `=`; false when it is not so, or without a name. */
bool assignment(struct span text, struct span *name, struct span *rest);

/* Reads a condition, whose text must stay for the column's name; false when it is not one. Either way
 * condition_free frees what it holds. */
bool condition_take(struct condition *c, struct span text);
void condition_free(struct condition *c);

static inline bool condition_holds(const struct condition *c, struct span cell)
{
	bool found = false;
	for (size_t i = 0; i < c->n_words && !found; i++)
		found = c->words[i].n == cell.n && bytes_same(c->words[i].at, cell.at, cell.n);
	return found != c->unlike;
}

#endif
