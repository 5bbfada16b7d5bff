/* catalog.h - texts as bags of terms, their weights, the inverted index, and
 * the file that keeps them. */
#ifndef RECPIPE_BOW_COSINE_CATALOG_H
#define RECPIPE_BOW_COSINE_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "data/words.h"

/* Bags one after another: terms of text i are start[i] ... start[i + 1]. */
struct bags {
	uint32_t n;
	uint64_t *start;
	uint32_t *term, *count;
	uint32_t *length;        /* terms with their repetitions */
	size_t start_capacity, term_capacity, count_capacity, length_capacity;
	uint32_t *last, *place;  /* by term: the last text that had it (+ 1), where */
	size_t last_capacity, place_capacity, seen;
};

/* Adds one text's terms. */
void bags_add(struct bags *b, const uint32_t *terms, size_t n);

/* Have text `i` of one and text `k` of the other the same words, as often? */
bool bags_same(const struct bags *a, uint32_t i, const struct bags *b, uint32_t k);

/* Adds an entry to the text that bags_open began last; its terms are distinct. */
void bags_open(struct bags *b);
void bags_put(struct bags *b, uint32_t term, uint32_t count);
void bags_free(struct bags *b);

/* binary: 1. count: c. tfidf: c (ln((1 + N) / (1 + df)) + 1). bm25 (Robertson and
 * Zaragoza 2009): ln(1 + (N - df + .5) / (df + .5)) c (k1 + 1) /
 * (c + k1 (1 - b + b length / mean length)), k1 = 1.2, b = .75. */
enum weighting { WEIGHT_BINARY, WEIGHT_COUNT, WEIGHT_TFIDF, WEIGHT_BM25 };

struct catalog {
	struct strmap *items;    /* text i is that of item i */
	struct bags bags;
	enum weighting weighting;
	uint32_t terms;          /* terms with a higher number are in no text */
	uint32_t *df;            /* by term: texts that have it */
	double mean_length;
	double *square;          /* by text: squared length of its vector */
	uint64_t *start;         /* by term, terms + 1 */
	uint32_t *text;          /* postings: ascending */
	float *weight;           /* of each posting, NULL when all are 1 */
};

/* The weight of a term that occurs `count` times in a text of `length` terms. */
double catalog_weight(const struct catalog *c, uint32_t term, uint32_t count,
			uint32_t length);

/* After the bags are filled: document frequencies, norms, postings. */
void catalog_finish(struct catalog *c, uint32_t terms, enum weighting weighting);

/* Items and bags as a file. `settings` names what the terms hang on; a file with
 * other settings is refused (exit 2), a damaged one too (exit 3). */
void catalog_save(const struct catalog *c, const struct strmap *terms, const char *settings,
		    const char *path);
void catalog_load(struct catalog *c, struct strmap *terms, const char *settings,
		    const char *path);

void catalog_free(struct catalog *c);

#endif
