/* options.h - the options of train-items. */
#ifndef RECPIPE_TRAIN_ITEMS_OPTIONS_H
#define RECPIPE_TRAIN_ITEMS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame/options.h"

/* In the order of the words of --method. */
enum method_number { METHOD_KNN, METHOD_NEXT, METHOD_RIDGE, METHOD_SPARSE_RIDGE, METHOD_NEXT_RIDGE };
#define METHOD_CHOICES "knn|next|ridge|sparse-ridge|next-ridge"

/* In the order of the words of --similarity. */
enum similarity { SIMILARITY_COSINE, SIMILARITY_JACCARD, SIMILARITY_LIFT, SIMILARITY_TF_IDF,
	SIMILARITY_BM25, SIMILARITY_COUNT };
#define SIMILARITY_CHOICES "cosine|jaccard|lift|tf-idf|bm25|count"

/* In the order of the words of --precision. */
enum precision_choice { PRECISION_AUTO, PRECISION_DOUBLE, PRECISION_SINGLE };
#define PRECISION_CHOICES "auto|double|single"

struct options {
	struct common common;
	int method;                         /* enum method_number */
	int64_t k, min_count, max_history;  /* k, max_history 0: the method's default */
	double shrink;
	int similarity;                     /* enum similarity */
	double bm25_k1, bm25_b;
	double ridge, dropout, decay;       /* decay 0: gap_exponent instead */
	double user_exponent, item_exponent, history_exponent;
	int64_t candidates;
	uint64_t memory;
	int precision;                      /* enum precision_choice */
	int kernel;                         /* enum kernel_choice; check_options leaves the resolved one */
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
