/* session-scores.h - what goes well with several tracks: sums over their neighbors, and the best of them. */
#ifndef RECPIPE_NEXT_TRACK_SESSION_SCORES_H
#define RECPIPE_NEXT_TRACK_SESSION_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct session_sum {
	struct span item;
	double sum;
	bool out;                /* it is not to be given */
};

/* Sums by item, used again for one request after the other. Zeroed, it is empty. The ids lie elsewhere. */
struct session_scores {
	struct session_sum *sums;
	size_t n, capacity;
	uint32_t *slots;         /* a hash table: 0 or a number of `sums` + 1 */
	size_t slot_count;       /* a power of two, more than twice n */
	struct session_best *best; /* scratch */
	size_t best_capacity;
};

/* What a track counts of which the share `heard` was heard: from -1 (left at once) by 0 (at `skipped`)
 * to 1 (heard to the end). `skipped` is from 0 to below 1. */
double session_amount(double heard, double skipped);

/* Forgets all sums. */
void session_scores_clear(struct session_scores *s);

/* The item is not to be given. */
void session_scores_exclude(struct session_scores *s, struct span item);

/* Adds amount times the score to the sum of each item of the list; those that are not allowed are left
 * out. */
void session_scores_add(struct session_scores *s, const struct list *l, double amount);

/* The items whose sum, rounded to a float, is above 0, at most `most`: the greatest first, equal ones in
 * the order of their bytes; in place of what was in the list. */
void session_scores_best(struct session_scores *s, uint32_t most, struct list *l);

void session_scores_free(struct session_scores *s);

#endif
