/* counts.h - what is counted of pairs of items, in integers: sums do not depend on the order
 * of their terms, so that threads, orders of rows and parts give the same.
 *
 * What the numbers of a tally are is the method's (knn.c, next.c):
 *
 *	         count                    sum                         square
 *	knn      users who have both      of log(their items), 2^-12  of its squares, 2^-24
 *	next     times that b followed a  of decayed weights, 2^-28   0
 *
 * and of an item alone: its users and the same sums over them; its rows and their decayed
 * weights, in 2^-16.
 */
#ifndef RECPIPE_TRAIN_ITEMS_COUNTS_H
#define RECPIPE_TRAIN_ITEMS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/strmap.h"
#include "domain/history.h"
#include "frame/pool.h"
#include "best.h"
#include "options.h"

/* The sums of a pair, or of an item. */
struct sums {
	uint64_t count, sum, square;
};

struct tally {
	struct sums sums;
	uint32_t item;              /* the other one */
};

/* A worker's memory, zeroed at first: counters by item, which are 0 between two rows. */
struct scratch {
	void *counters;
	uint32_t *touched;          /* items whose counters are not 0 */
	struct tally *tallies;      /* the row, in no order */
	float *weights;             /* of the tallies */
	struct best best;
};

struct counts {
	enum method_number method;
	struct strmap *item_ids;    /* number = rank in byte order */
	uint32_t items;
	struct sums *item;          /* of each item alone */
	uint64_t users, rows;       /* users with an item; rows that were counted */
	uint64_t parts;             /* that these counts are made of */
	bool logs;                  /* knn: sum and square are counted, not only count */
	bool symmetric;             /* the tally of (a, b) is that of (b, a) */
	char *settings;             /* what parts that are merged must have in common */
	double *factor;             /* of each item, from prepare_...; NULL: not needed */
	void *source;               /* what `row` counts: histories or merged parts */

	/* The tallies of all pairs of this item into s->tallies; returns how many. */
	size_t (*row)(const struct counts *c, uint32_t item, struct scratch *s);
	/* Or at once the best neighbors of this item into s->best, where that is faster; NULL: it is
	 * not. */
	void (*list)(const struct options *o, const struct counts *c, uint32_t item, struct scratch *s);
	void (*free_source)(void *source);
};

/* Keeps the latest --max-history of each user's distinct items, 5000 unless given. */
void keep_latest(const struct options *o, struct history *h);

/* Counts of histories, which they take over. */
struct counts *count_together(const struct options *o, struct history *h);   /* knn.c */
struct counts *count_following(const struct options *o, struct history *h);  /* next.c */

/* Before the first call of weigh_together. */
void prepare_together(const struct options *o, struct counts *c);
/* The weights of `n` tallies of an item; what is not above 0 is no neighbor. */
void weigh_together(const struct options *o, const struct counts *c, uint32_t item,
		    const struct tally *tallies, size_t n, float *weights);
/* Before the first call of weigh_following. */
void prepare_following(const struct options *o, struct counts *c);
void weigh_following(const struct options *o, const struct counts *c, uint32_t item,
		     const struct tally *tallies, size_t n, float *weights);

/* The items in the order of their counts, the most frequent first: counters lie in this order,
 * so that the hot ones are near each other in cache. `*place` is where an item is in it. Both
 * are the caller's. */
uint32_t *counts_by_frequency(const struct sums *item, uint32_t items, uint32_t **place);

/* Room for counters of `size` bytes and tallies, if there is none yet. */
void scratch_prepare(struct scratch *s, const struct counts *c, size_t size);
void scratch_free(struct scratch *s);

void counts_free(struct counts *c);

/* a + b, or the end of the program (exit 3) when 64 bits cannot hold it. */
uint64_t counts_add(uint64_t a, uint64_t b);

#endif
