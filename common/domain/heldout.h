/* heldout.h - lists beside the rows of a dataset that were held out: which of their items
 * are hits, and what a list comes to by each measure.
 */
#ifndef RECPIPE_DOMAIN_HELDOUT_H
#define RECPIPE_DOMAIN_HELDOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/baseline.h"
#include "domain/dataset.h"
#include "domain/diversity.h"
#include "domain/metrics.h"
#include "domain/topn.h"

/* What is measured: below LIST_METRICS an enum list_metric, of one list; then what is of all
 * lists (coverage, gini), of what users had (novelty, popularity), of features of items
 * (diversity), of another system's lists (serendipity), of scores (auc). */
enum {
	MEASURE_COVERAGE = LIST_METRICS, MEASURE_NOVELTY, MEASURE_POPULARITY, MEASURE_GINI,
	MEASURE_DIVERSITY, MEASURE_SERENDIPITY, MEASURE_AUC,
	MEASURE_KINDS
};

const char *measure_kind_name(int kind);

/* Is it one number for all lists? */
static inline bool measure_is_of_all(int kind)
{
	return kind == MEASURE_COVERAGE || kind == MEASURE_GINI;
}

struct measure {
	int kind;
	uint32_t k;          /* 0 for auc */
	char name[32];       /* "ndcg@10" */
};

struct measures {
	struct measure *at;  /* freed by measures_free */
	size_t n, capacity;
	uint32_t longest;    /* the largest k */
	bool lists, auc, diversity, serendipity; /* what is needed */
};

/* Adds a measure; its place, or SIZE_MAX when it is there already. */
size_t measures_add(struct measures *m, int kind, uint32_t k);
void measures_free(struct measures *m);

struct heldout {
	const struct dataset *data;
	uint8_t split;           /* rows of this split are the test items */
	uint64_t *relevant;      /* user -> test items */
	uint64_t *last;          /* user -> the one row that is a test item; NULL: all of the split are */
	uint64_t test_users;     /* users who have any */
	uint64_t *listeners;     /* item -> train rows */
	uint64_t train_users;    /* users who have any */
};

/* Counts the rows. The dataset stays the caller's. */
struct heldout heldout_of(const struct dataset *data, uint8_t split);
void heldout_free(struct heldout *h);

/* Only the user's newest row of the split stays a test item; of equally new ones that of the
 * greatest item id, as build-dataset has it. The dataset has timestamps. */
void heldout_keep_last(struct heldout *h);

/* Is this row of the user a test item? */
static inline bool heldout_is_test(const struct heldout *h, uint32_t user, uint64_t row)
{
	return h->data->split[row] == h->split && (!h->last || h->last[user] == row);
}

/* What measures need beside the dataset. Both may be NULL, and are the caller's. */
struct beside {
	struct diversity *diversity;
	struct baseline *baseline;
};

/* Lists of one stream, one after the other. */
struct matched {
	const struct heldout *heldout;
	const struct measures *measures; /* at most `longest` of a list's items are looked at */
	uint32_t longest;
	uint32_t n;              /* of the list at hand: how many of these it has */
	uint32_t *item;          /* rank - 1 -> item, STRMAP_NONE: not in the dataset */
	bool *hit;               /* rank - 1 */
	double *novelty;         /* rank -> sum of the novelties up to it */
	uint64_t *seen_in;       /* item -> number of the last list that had it */
	uint32_t *best_rank;     /* item -> the best rank (from 0) of any list, or UINT32_MAX */
	uint64_t **exposure;     /* of each gini measure: item -> lists that had it; else NULL */
	struct beside beside;
	struct alike *alike;     /* rank -> what diversity has of the items up to it; or NULL */
	uint32_t *expected;      /* rank - 1 -> the item's rank - 1 in the baseline's list; or NULL */
	uint64_t lists, unknown_items, without_baseline, without_features;
};

/* All must outlive it. `beside` has what the measures need. */
struct matched matched_new(const struct heldout *h, const struct measures *measures, struct beside beside);
void matched_free(struct matched *m);

/* Looks at the list of a user who has test items. False when the list has an item of the
 * dataset twice, whose second rank - 1 is in *twice then. */
bool matched_list(struct matched *m, const struct topn_list *list, uint32_t user, uint32_t *twice);

/* Is the value of a user without a list 0, whoever it is? Otherwise there is none, or (auc) it is not
 * of lists. */
static inline bool measure_without_list(int kind)
{
	return kind < LIST_METRICS || kind == MEASURE_SERENDIPITY;
}

/* There is no list for the user at hand. */
void matched_no_list(struct matched *m);

/* A measure of the list at hand; nan when it has none (novelty and popularity without items,
 * diversity without a pair that has features), and for those of all lists and auc. */
double matched_value(const struct matched *m, const struct measure *measure, uint32_t user);

/* The measure at this place, of all lists. Coverage: the share of the dataset's items that
 * some list had among its first k. Gini: how unequal the items are in how many lists have
 * them among the first k, from 0 (all alike) to 1 - 1 / items (the same one each time).
 * nan without items, or if no list has one. */
double matched_of_all(const struct matched *m, size_t measure);

/* The same of items that are given, and known to some list: of the first `n` of `items`, the best
 * rank (from 0) of each, or the number of lists that had it. No list has the others. */
double coverage_of(const uint32_t *best_rank, uint32_t n, uint32_t items, uint32_t k);
double gini_of(const uint64_t *exposure, uint32_t n, uint32_t items);

#endif
