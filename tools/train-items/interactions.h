/* interactions.h - users' distinct items as a sparse matrix, and its Gram matrix row by row.
 *
 * Items are numbered by popularity here: the one of most users first, then by id. Rows of the
 * lower triangle are short then, and what is looked up often lies together. Users are in the
 * byte order of their ids, so that no sum depends on the order of the input.
 */
#ifndef RECPIPE_TRAIN_ITEMS_INTERACTIONS_H
#define RECPIPE_TRAIN_ITEMS_INTERACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/csr.h"
#include "domain/history.h"

/* R with a row for each user; X = users^-a R items^-b, where the two are diagonal: the sums of
 * R's rows and columns. */
struct interactions {
	uint32_t users, items;
	uint32_t *id;             /* an item's number in the history */
	uint32_t *place;          /* and the other way round */
	struct csr by_user;       /* R, items ascending; value NULL: all 1 */
	struct csr by_item;       /* its transpose, users ascending */
	double *user_square;      /* users^-2a */
	bool tiny;                /* one of them is so small that a product with weights may be 0 */
	double *item_scale;       /* items^-b */
	double *history_scale;    /* items^-c: of what an item of a history weighs */
	uint64_t pairs;           /* sum of squares of the users' numbers of items */
};

/* Of a history whose rows are distinct; rows of weight 0 are left out. */
struct interactions *interactions_new(const struct history *h, double user_exponent, double item_exponent,
				      double history_exponent);
void interactions_free(struct interactions *x);

/* Row `item` of X'X in the columns 0 ... last (>= item), added to zeros. */
void interactions_gram(const struct interactions *x, uint32_t item, uint32_t last, double *row);

/* The same; lists the columns that are not 0, in no order, and returns how many there are. */
size_t interactions_gram_list(const struct interactions *x, uint32_t item, uint32_t last, double *row,
			      uint32_t *columns);

#endif
