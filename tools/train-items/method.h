/* method.h - how a method makes neighbors, and the writing of them. */
#ifndef RECPIPE_TRAIN_ITEMS_METHOD_H
#define RECPIPE_TRAIN_ITEMS_METHOD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "data/strmap.h"
#include "domain/history.h"
#include "frame/pool.h"
#include "streams/output.h"
#include "counts.h"
#include "options.h"

/* A method that counts pairs says how they are counted and weighted. */
struct method {
	const char *name;
	struct counts *(*count)(const struct options *o, struct history *h);
	void (*prepare)(const struct options *o, struct counts *c);   /* before weights; or NULL */
	void (*weigh)(const struct options *o, const struct counts *c, uint32_t item,
		      const struct tally *tallies, size_t n, float *weights);
};

extern const struct method METHODS[];   /* by enum method_number */

/* Rows made on all threads and written in the order of the items. */
struct writing {
	uint32_t items;
	/* Appends the rows of an item; returns how many, or NOT_FINITE: one of its weights is not. */
	uint64_t (*rows)(void *context, uint32_t item, size_t worker, struct buffer *b);
	void *context;
	const struct strmap *ids;       /* of the items, for a message */
	enum exit_status not_finite;    /* what ends the program then, and why that may be */
	const char *reason;
};

#define NOT_FINITE UINT64_MAX

/* Appends the rows of an item: its neighbors, sorted (best_sort). */
void add_neighbors(struct buffer *b, const struct strmap *item_ids, uint32_t item,
		   const struct best *best);

/* Writes all; returns the number of rows. */
uint64_t write_items(const struct writing *w, struct pool *pool, struct output *out);

/* The best --k neighbors of every item, best first; returns the number of rows. */
uint64_t write_neighbors(const struct options *o, struct counts *c, struct pool *pool,
			 struct output *out);

/* Counts as a part, for --merge, without a header; returns the number of rows. */
uint64_t write_part(const struct counts *c, struct pool *pool, struct output *out);
const char *part_header(void);

/* What write_part wrote, once or several times, in any order. Ends the program (exit 3) when a
 * part is truncated, was counted with other options, or is of another method. */
struct part_reader;
struct part_reader *parts_open(struct table *t);
struct counts *parts_read(const struct options *o, struct part_reader *r);   /* frees r */

#endif
