/* score.h - from a history and the neighbors of its items to the best items. */
#ifndef RECPIPE_RECOMMEND_ITEMS_SCORE_H
#define RECPIPE_RECOMMEND_ITEMS_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "data/kernel.h"
#include "data/scored.h"
#include "domain/aging.h"
#include "domain/neighbors.h"
#include "histories.h"

/* The neighbors, their items renumbered by popularity: place 0 is the item that is most
 * often a neighbor. So the sums that are wanted most lie side by side. Shared by all threads. */
struct popularity {
	struct neighbors *neighbors; /* whose at[].item is a place, not a number */
	uint32_t *place;             /* number -> place */
	uint32_t *number;            /* place -> number */
	struct span *ids;            /* number -> id, in a text that is in the order of places */
	struct buffer text;          /* the ids' bytes */
	double largest;              /* |weight| of any neighbor */
};

/* Renumbers; the neighbors stay the caller's. */
struct popularity popularity_of(struct neighbors *n);
void popularity_free(struct popularity *p);

/* Sums are looked through in runs of so many. */
enum { SCORE_RUN = 16 };

/* What a thread needs for itself. */
struct scorer {
	const struct popularity *items;
	double *sums;            /* place -> the score so far */
	bool dense;              /* any run may have a sum: `touched` is not kept */
	unsigned char *touched;  /* run of places -> has it a sum? */
	size_t runs;
	const uint32_t *listed;  /* runs that may have a sum: all, or some of them */
	size_t listed_n;
	uint32_t *all, *some;
	int32_t *most;           /* of each listed run the greatest score, as bits */
	uint64_t *best;          /* at most k, the best first, ties by number: see scored_of */
	size_t k, n, room;       /* `best` has room for more, from which they are picked, and as
	                          * much again to sort in */
	uint64_t *keys;          /* of the rows of a history, to sort them */
	size_t keys_capacity;
	void (*pick)(struct scorer *s);
	bool overflows;          /* of the last user: a score may be too large */
};

/* `kernel` is one that kernel_resolve gave. */
void scorer_init(struct scorer *s, const struct popularity *items, size_t k, enum kernel_choice kernel);
void scorer_free(struct scorer *s);

/* Puts the rows of a user into their order, the latest first, which does not depend on the
 * order they have, and adds up what their items' neighbors get:
 * sum over rows r of amount(r) * weight(item of r -> neighbor), in that order. */
void scorer_add(struct scorer *s, struct past *rows, size_t n, const struct aging *aging);

/* The item of this number is not to be in the list: between scorer_add and scorer_pick. */
static inline void scorer_exclude(struct scorer *s, uint32_t number)
{
	if (number != STRMAP_NONE)
		s->sums[s->items->place[number]] = 0;
}

/* Fills `best` with the k items whose score, rounded to a float, is largest and above 0, and
 * forgets all sums. */
void scorer_pick(struct scorer *s);

#endif
