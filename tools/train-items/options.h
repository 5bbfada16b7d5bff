/* options.h - the options of train-items. */
#ifndef RECPIPE_TRAIN_ITEMS_OPTIONS_H
#define RECPIPE_TRAIN_ITEMS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame/options.h"

/* In the order of the words of --method. */
enum method_number { METHOD_KNN, METHOD_NEXT };
#define METHOD_CHOICES "knn|next"

/* In the order of the words of --similarity. */
enum similarity { SIMILARITY_COSINE, SIMILARITY_JACCARD, SIMILARITY_LIFT, SIMILARITY_TF_IDF,
	SIMILARITY_BM25, SIMILARITY_COUNT };
#define SIMILARITY_CHOICES "cosine|jaccard|lift|tf-idf|bm25|count"

struct options {
	struct common common;
	int method;                         /* enum method_number */
	int64_t k, min_count, max_history;  /* max_history 0: the method's default */
	double shrink;
	int similarity;                     /* enum similarity */
	double bm25_k1, bm25_b;
	int64_t window;
	double gap_exponent, session_gap_s, half_life_s, popularity_exponent;
	const char *now;
	int64_t now_ms;                     /* what --now says, where it was given */
	bool partial, merge;
	int64_t parts;
	const char *fit_splits;
	const char *user, *item, *timestamp, *weight, *session, *split;
	int unit;                           /* enum time_unit */
};

extern const struct option_row TRAIN_ITEMS_OPTIONS[];

/* What the table of options cannot say; a usage error ends the program. Reads --now. */
void check_options(struct options *o);

#endif
