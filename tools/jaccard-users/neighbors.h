/* neighbors.h - for one user, the users whose sets are near: exactly, by
 * counting shared items over an inverted index, or among MinHash candidates. */
#ifndef RECPIPE_JACCARD_USERS_NEIGHBORS_H
#define RECPIPE_JACCARD_USERS_NEIGHBORS_H

#include <stdint.h>

#include "sets.h"

enum measure { MEASURE_JACCARD, MEASURE_COSINE, MEASURE_OVERLAP };

/* Of sets of `a` and `b` items that share `c`, c and the smaller one above 0:
 * Jaccard 1 - c / (a + b - c), cosine 1 - c / sqrt(a b), overlap
 * 1 - c / min(a, b). Equal fractions give equal doubles. */
double measure_distance(enum measure m, uint32_t a, uint32_t b, uint32_t c);

/* What is wanted of each user's neighbors. */
struct wanted {
	enum measure measure;
	uint32_t k;          /* the nearest k, or 0: all of them */
	double max_distance; /* inclusive */
};

struct neighbor {
	double distance;
	uint32_t user;
};

/* The inverted index: item -> users that have it, the users numbered by the
 * size of their sets and cut into blocks whose counters stay in cache. */
struct index;

struct index *index_new(const struct sets *s);
void index_free(struct index *x);

/* MinHash signatures cut into bands (Broder 1997; Leskovec, Rajaraman and
 * Ullman, Mining of Massive Datasets, 3.4): users that agree in all `rows`
 * minima of one of the `bands` are candidates. A pair of similarity s is one
 * with probability 1 - (1 - s^rows)^bands. */
struct bands;

struct bands *bands_new(const struct sets *s, uint32_t bands, uint32_t rows, uint64_t seed);
void bands_free(struct bands *b);

/* A worker's own memory and what it found last. */
struct finder {
	struct neighbor *found; /* n of them, by distance, then user */
	size_t n, capacity;
	uint8_t *few;            /* counters of a block for sets up to 255 items */
	uint16_t *some;          /* up to 65535 */
	uint32_t *many;
	uint32_t *seen;          /* MinHash: the last user each candidate was met for, + 1 */
	uint8_t *mine;           /* MinHash: the items of the user */
};

void finder_free(struct finder *f);

/* The neighbors of `user` that share an item with it, but itself. */
void find_exact(const struct index *x, const struct sets *s, const struct wanted *w,
		uint32_t user, struct finder *f);

/* The same among the candidates; their distances are exact. */
void find_candidates(const struct bands *b, const struct sets *s, const struct wanted *w,
		     uint32_t user, struct finder *f);

#endif
