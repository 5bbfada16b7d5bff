/* kinds.h - numbers for kinds of events: `event: view=1 cart=3 purchase=5`. */
#ifndef RECPIPE_DATA_KINDS_H
#define RECPIPE_DATA_KINDS_H

#include "base/span.h"

struct kind {
	struct span word, value;
};

struct kinds {
	struct span column;  /* what holds the kind */
	struct kind *kinds;
	size_t n;
};

/* Reads them from a text, which must stay. NULL, or what is wrong, and `*where` that is. */
const char *kinds_take(struct kinds *k, struct span text, struct span *where);
void kinds_free(struct kinds *k);

/* The kind of that word, or else `*`, which is any other; NULL: no such kind. */
static inline const struct kind *kinds_find(const struct kinds *k, struct span word)
{
	const struct kind *other = NULL;
	for (size_t i = 0; i < k->n; i++) {
		if (span_equal(k->kinds[i].word, word))
			return &k->kinds[i];
		if (span_equal(k->kinds[i].word, (struct span){"*", 1}))
			other = &k->kinds[i];
	}
	return other;
}

#endif
