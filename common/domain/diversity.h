/* diversity.h - how unlike the items of one list are, by their features.
 *
 * The distance of two items is 1 - the cosine of their feature vectors; the diversity of a list
 * is its mean over all pairs of different places (Smyth and McClave 2001, "Similarity vs.
 * diversity"; its complement is the intra-list similarity of Ziegler et al. 2005, "Improving
 * recommendation lists through topic diversification"). An item without features, or with a
 * vector of zeros, has no direction: its pairs do not count.
 */
#ifndef RECPIPE_DOMAIN_DIVERSITY_H
#define RECPIPE_DOMAIN_DIVERSITY_H

#include <stdint.h>

#include "base/span.h"
#include "data/csr.h"
#include "data/strmap.h"

struct diversity;

/* Row e of `rows` has the features (below `features`) of item e of `ids` with their weights. Both
 * stay the caller's, and outlive it. */
struct diversity *diversity_new(const struct strmap *ids, const struct csr *rows, uint32_t features);
void diversity_free(struct diversity *d);

/* What the places up to r come to: cosines of all their pairs, summed, and how many have features. */
struct alike {
	double cosines;
	uint32_t n;
};

/* at[r], r = 0 ... n: of the first r of these items. */
void diversity_of_list(struct diversity *d, const struct span *items, uint32_t n, struct alike *at);

/* The mean distance of the pairs, from 0 (one direction) to 1 (nothing in common; with negative
 * weights to 2); nan when there is no pair. */
double diversity_value(const struct alike *a);

#endif
