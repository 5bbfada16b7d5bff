/* layout.h - the items of an index as its search walks through them (index.c, search.c).
 *
 * Items lie in panels by the best score that they could give to a typical user, panels
 * in chunks of similarly long vectors. A chunk is what is looked at for all users of a
 * search before the next one, and what one bound of the rounding errors holds for.
 */
#ifndef RECPIPE_EXPORT_TOPK_LAYOUT_H
#define RECPIPE_EXPORT_TOPK_LAYOUT_H

#include <pthread.h>

#include "index.h"

/* The panels for one kernel. */
struct layout {
	const struct tile_kernel *kernel; /* NULL: not there */
	struct panels panels;
	uint32_t *words;     /* of the panels; NULL: they lie in a mapped file */
	double *residual;    /* chunk -> the most that rounding to bfloat16 takes from a vector
			      * of it, as a length; 0 for floats */
};

struct index {
	struct index_items items;
	bool mapped;         /* the three that follow lie in a mapped file */
	const uint32_t *item_at; /* position in the panels -> item, 0 after the last */
	const uint32_t *position; /* item -> position */
	const float *bias;   /* position -> bias, -inf after the last item */
	size_t panel_count, chunk_count;
	size_t *chunk_first; /* chunk -> its first panel; chunk_count + 1 */
	uint32_t *chunk_of;  /* panel -> chunk */
	double *chunk_norm;  /* chunk -> the longest vector in it */
	double *chunk_bias;  /* chunk -> the largest |bias| in it */
	double *tail_norm;   /* chunk -> the longest vector in it and after it */
	double *tail_bias;   /* chunk -> the largest bias in it and after it */
	double norm, bias_size; /* the largest of all: |vector|, |bias| */

	/* The first pass: in bfloat16 (rough), or in floats (single). */
	struct layout rough, single;
	const struct tile_kernel *single_kernel; /* NULL: only rough was asked for */
	bool is_single;      /* the better one, as far as is known */
	double cost_rough, cost_single; /* of the samples so far */
	pthread_mutex_t lock;   /* of what is made when first needed: single, by_bias */
	struct by_bias *by_bias;
};

/* The items by bias downwards, then by `order`. */
struct by_bias {
	float bias;
	uint32_t order, item;
	uint32_t end;        /* where the next smaller bias begins */
};

/* For an index that was not made by index_new: takes the panels of this layout for the kernel that is
 * chosen, or makes others where it wants words of another kind than these (pairs of bfloat16, or
 * floats). */
void index_use_layout(struct index *x, const struct layout *l, bool pairs, enum tile_choice choice);

/* Those made when they are first needed, by any thread. */
const struct layout *index_single(struct index *x);
const struct by_bias *index_by_bias(struct index *x);

/* A vector as the kernel wants it: word f of it goes to to[f * step], `depth` words.
 * Returns the length of what rounding took from it; *rounded is the length of the rest. */
double layout_vector(const struct layout *l, const float *v, uint32_t *to, size_t step,
		     double *rounded);

#endif
