/* positives.h - is this item one of the user's? */
#ifndef RECPIPE_TRAIN_MF_POSITIVES_H
#define RECPIPE_TRAIN_MF_POSITIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "problem.h"

/* A bit for each pair while all of them take little memory; otherwise the
 * user's rows, which are sorted. */
struct positives {
	const struct problem *problem;
	uint64_t *bits;  /* NULL: search */
	size_t words;    /* of one user */
};

struct positives positives_new(const struct problem *p);
void positives_free(struct positives *p);

/* Asks for the memory that positives_has will look at, while it is little: a look
 * that has to wait for it costs as much as a third of a visit. */
static inline void positives_fetch(const struct positives *p, uint32_t user)
{
	enum { MOST_WORDS = 64, LINE_WORDS = 8 };
	if (p->bits)
		for (size_t k = 0; k < p->words && k < MOST_WORDS; k += LINE_WORDS)
			__builtin_prefetch(p->bits + user * p->words + k);
	else
		__builtin_prefetch(p->problem->item + p->problem->start[user]);
}

static inline bool positives_has(const struct positives *p, uint32_t user, uint32_t item)
{
	if (p->bits)
		return p->bits[user * p->words + item / 64] >> item % 64 & 1;
	const uint32_t *at = p->problem->item + p->problem->start[user];
	uint64_t n = p->problem->start[user + 1] - p->problem->start[user];
	while (n > 1) {
		uint64_t half = n / 2;
		at += at[half] <= item ? half : 0;
		n -= half;
	}
	return n == 1 && *at == item;
}

#endif
