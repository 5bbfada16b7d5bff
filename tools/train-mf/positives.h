/* positives.h - is this item one of the user's? */
#ifndef RECPIPE_TRAIN_MF_POSITIVES_H
#define RECPIPE_TRAIN_MF_POSITIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "train-data.h"

/* A bit for each pair while all of them take little memory; otherwise the
 * user's rows, which are sorted. */
struct positives {
	const struct train_data *data;
	uint64_t *bits;  /* NULL: search */
	size_t words;    /* of one user */
};

struct positives positives_new(const struct train_data *p);
void positives_free(struct positives *p);

/* Asks for the memory that positives_has will look at, while it is little: a look that
 * has to wait for it costs as much as a third of a visit. */
static inline void positives_fetch(const struct positives *p, uint32_t user)
{
	enum { MOST_LINES = 8, LINE = 64 };
	const struct train_data *data = p->data;
	const char *at = p->bits ? (const char *)(p->bits + user * p->words)
				 : (const char *)(data->item + data->start[user]);
	size_t bytes = p->bits ? p->words * sizeof *p->bits
			       : (data->start[user + 1] - data->start[user]) *
					 sizeof *data->item;
	for (size_t k = 0; k < bytes && k < MOST_LINES * LINE; k += LINE)
		__builtin_prefetch(at + k);
}

static inline bool positives_has(const struct positives *p, uint32_t user, uint32_t item)
{
	if (p->bits)
		return p->bits[user * p->words + item / 64] >> item % 64 & 1;
	const uint32_t *at = p->data->item + p->data->start[user];
	uint64_t n = p->data->start[user + 1] - p->data->start[user];
	while (n > 1) {
		uint64_t half = n / 2;
		at += at[half] <= item ? half : 0;
		n -= half;
	}
	return n == 1 && *at == item;
}

#endif
