/* train-data.h - what is fitted and what it is checked against, in dense numbers.
 *
 * Users and items that have train rows are numbered 0, 1, ... in the byte order
 * of their ids (or as train_data_renumber was told), so nothing depends on the order
 * of the input's rows.
 */
#ifndef RECPIPE_TRAIN_MF_TRAIN_DATA_H
#define RECPIPE_TRAIN_MF_TRAIN_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/dataset.h"

struct side_ids {
	struct strmap *map; /* every id of the input */
	uint32_t n;         /* how many of them are fitted */
	uint32_t *key;      /* n: number in `map`, where numbers are in the order of ids */
};

struct train_data {
	struct side_ids users, items;
	uint64_t rows;
	uint64_t *start;    /* users + 1: rows of user u are start[u] ... start[u + 1] */
	uint32_t *item;     /* rows, ascending within a user */
	float *weight;      /* rows, or NULL when all are 1 */
	uint64_t unused;    /* train rows left out for a weight of 0 or less */

	/* Validation: users that are fitted, and all that count in a mean. */
	uint32_t eval_users;     /* users below */
	uint32_t eval_users_all; /* with those that are not fitted: each counts 0 */
	uint32_t *eval_user;     /* eval_users: user number */
	uint64_t *eval_start;    /* eval_users + 1 */
	uint32_t *eval_item;     /* item number, or STRMAP_NONE */
};

/* Takes the dataset apart (and frees it). Rows of the splits in `fit` are
 * fitted; rows of validation, when they are not, are kept to evaluate on, of
 * `max_eval_users` users drawn by hash(seed, user) when there are more. With `negatives` rows of
 * negative weight are kept. */
struct train_data *train_data_new(struct dataset *d, unsigned fit, bool negatives,
				  uint64_t max_eval_users, uint64_t seed);

/* User n becomes the one that was user_order[n], item n the one that was item_order[n].
 * The rows of a user stay in ascending order of their items. */
void train_data_renumber(struct train_data *p, const uint32_t *user_order,
			 const uint32_t *item_order);

void train_data_free(struct train_data *p);

/* The mean size of the fitted rows' weights. */
double train_data_mean_weight(const struct train_data *p);

/* The id of a fitted user or item. */
struct span side_id(const struct side_ids *ids, uint32_t number);

/* All numbers in the byte order of their ids; the caller frees them. */
uint32_t *side_by_id(const struct side_ids *ids);

#endif
