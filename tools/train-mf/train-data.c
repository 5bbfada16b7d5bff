#include "train-data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/csr.h"

/* Numbers those of `count` ids that are `used`, in order; `*number` gives for
 * each id its number or STRMAP_NONE. */
static struct side_ids number_used(struct strmap *map, uint32_t count, const bool *used,
				   uint32_t **number)
{
	struct side_ids ids = {.map = map};
	*number = memory_new(count, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		(*number)[i] = used[i] ? ids.n++ : STRMAP_NONE;
	ids.key = memory_new(ids.n, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		if (used[i])
			ids.key[(*number)[i]] = i;
	return ids;
}

static bool is_fitted(const struct dataset *d, uint64_t row, unsigned fit, bool negatives)
{
	if (!(fit >> d->split[row] & 1))
		return false;
	return d->weight[row] > 0 || (negatives && d->weight[row] < 0);
}

/* The fitted rows, in the memory of the dataset's: it is the largest there is. */
static void take_rows(struct train_data *p, struct dataset *d, const uint32_t *number, unsigned fit,
		      bool negatives)
{
	bool plain = true;
	p->start = memory_zero((size_t)p->users.n + 1, sizeof(uint64_t));
	uint64_t n = 0;
	for (uint32_t u = 0; u < p->users.n; u++) {
		uint32_t from = p->users.key[u];
		for (uint64_t row = d->start[from]; row < d->start[from + 1]; row++) {
			if (!is_fitted(d, row, fit, negatives))
				continue;
			plain &= d->weight[row] == 1.0f;
			d->item[n] = number[d->item[row]];
			d->weight[n++] = d->weight[row];
		}
		p->start[u + 1] = n;
	}
	p->item = memory_resize(d->item, p->rows ? p->rows : 1, sizeof(uint32_t));
	d->item = NULL;
	if (!plain) {
		p->weight = memory_resize(d->weight, p->rows, sizeof(float));
		d->weight = NULL;
	}
}

struct draw {
	uint64_t hash;
	uint32_t user;
};

static int by_hash(const void *a, const void *b)
{
	const struct draw *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->user > y->user) - (x->user < y->user);
}

static int by_user(const void *a, const void *b)
{
	const struct draw *x = a, *y = b;
	return (x->user > y->user) - (x->user < y->user);
}

static bool is_validation(const struct dataset *d, uint64_t row)
{
	return d->split[row] == SPLIT_VALIDATION && d->weight[row] > 0;
}

/* Collects the validation rows of the drawn users. */
static void take_validation(struct train_data *p, const struct dataset *d,
			    const uint32_t *user_number, const uint32_t *item_number,
			    uint64_t max_eval_users, uint64_t seed)
{
	struct draw *draws = memory_new(d->users, sizeof *draws);
	uint32_t n = 0;
	for (uint32_t u = 0; u < d->users; u++) {
		for (uint64_t row = d->start[u]; row < d->start[u + 1]; row++) {
			if (is_validation(d, row)) {
				struct span id = strmap_key(p->users.map, u);
				/* The word is part of the result: another draws other users. */
				draws[n].hash = hash_row(seed, id, span_of("judge"));
				draws[n++].user = u;
				break;
			}
		}
	}
	if (n > max_eval_users) {
		qsort(draws, n, sizeof *draws, by_hash);
		n = (uint32_t)max_eval_users;
		qsort(draws, n, sizeof *draws, by_user);
	}
	uint64_t rows = 0;
	for (uint32_t i = 0; i < n; i++)
		for (uint64_t row = d->start[draws[i].user]; row < d->start[draws[i].user + 1]; row++)
			rows += is_validation(d, row);
	p->eval_users_all = n;
	p->eval_user = memory_new(n, sizeof(uint32_t));
	p->eval_start = memory_zero((size_t)n + 1, sizeof(uint64_t));
	p->eval_item = memory_new(rows, sizeof(uint32_t));
	rows = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t u = draws[i].user;
		if (user_number[u] == STRMAP_NONE)
			continue;
		p->eval_user[p->eval_users] = user_number[u];
		for (uint64_t row = d->start[u]; row < d->start[u + 1]; row++)
			if (is_validation(d, row))
				p->eval_item[rows++] = item_number[d->item[row]];
		p->eval_start[++p->eval_users] = rows;
	}
	free(draws);
}

struct train_data *train_data_new(struct dataset *d, unsigned fit, bool negatives,
				  uint64_t max_eval_users, uint64_t seed)
{
	struct train_data *p = memory_zero(1, sizeof *p);
	bool *user_used = memory_zero(d->users, sizeof(bool));
	bool *item_used = memory_zero(d->items, sizeof(bool));
	for (uint32_t u = 0; u < d->users; u++) {
		for (uint64_t row = d->start[u]; row < d->start[u + 1]; row++) {
			if (is_fitted(d, row, fit, negatives)) {
				user_used[u] = item_used[d->item[row]] = true;
				p->rows++;
			} else {
				p->unused += fit >> d->split[row] & 1;
			}
		}
	}
	uint32_t *user_number, *item_number;
	p->users = number_used(d->user_ids, d->users, user_used, &user_number);
	p->items = number_used(d->item_ids, d->items, item_used, &item_number);
	d->user_ids = d->item_ids = NULL;
	if (!(fit >> SPLIT_VALIDATION & 1))
		take_validation(p, d, user_number, item_number, max_eval_users, seed);
	take_rows(p, d, item_number, fit, negatives);
	free(user_used);
	free(item_used);
	free(user_number);
	free(item_number);
	dataset_free(d);
	return p;
}

static void renumber_keys(struct side_ids *ids, const uint32_t *order)
{
	uint32_t *key = memory_new(ids->n, sizeof *key);
	for (uint32_t i = 0; i < ids->n; i++)
		key[i] = ids->key[order[i]];
	free(ids->key);
	ids->key = key;
}

static uint32_t *inverse(const uint32_t *order, uint32_t n)
{
	uint32_t *place = memory_new(n, sizeof *place);
	for (uint32_t i = 0; i < n; i++)
		place[order[i]] = i;
	return place;
}

/* The rows by item, and within an item by user: once more by user they are in order. */
static struct csr rows_by_item(const struct train_data *p, const uint32_t *user_order,
			       const uint32_t *item_place)
{
	struct csr rows = {
		.start = csr_new(p->items.n),
		.column = memory_new(p->rows, sizeof *rows.column),
		.value = p->weight ? memory_new(p->rows, sizeof *rows.value) : NULL,
	};
	for (uint64_t row = 0; row < p->rows; row++)
		csr_count(rows.start, item_place[p->item[row]]);
	csr_sum(rows.start, p->items.n);
	for (uint32_t u = 0; u < p->users.n; u++) {
		uint32_t from = user_order[u];
		for (uint64_t row = p->start[from]; row < p->start[from + 1]; row++) {
			uint64_t at = csr_place(rows.start, item_place[p->item[row]]);
			rows.column[at] = u;
			if (rows.value)
				rows.value[at] = p->weight[row];
		}
	}
	return rows;
}

static void renumber_rows(struct train_data *p, const uint32_t *user_order,
			  const uint32_t *item_place)
{
	struct csr rows = rows_by_item(p, user_order, item_place);
	uint64_t *start = csr_new(p->users.n);
	for (uint32_t u = 0; u < p->users.n; u++)
		csr_add(start, u, p->start[user_order[u] + 1] - p->start[user_order[u]]);
	csr_sum(start, p->users.n);
	for (uint32_t i = 0; i < p->items.n; i++) {
		for (uint64_t row = rows.start[i]; row < rows.start[i + 1]; row++) {
			uint64_t at = csr_place(start, rows.column[row]);
			p->item[at] = i;
			if (p->weight)
				p->weight[at] = rows.value[row];
		}
	}
	free(p->start);
	p->start = start;
	csr_free(&rows);
}

void train_data_renumber(struct train_data *p, const uint32_t *user_order,
			 const uint32_t *item_order)
{
	uint32_t *user_place = inverse(user_order, p->users.n);
	uint32_t *item_place = inverse(item_order, p->items.n);
	renumber_rows(p, user_order, item_place);
	renumber_keys(&p->users, user_order);
	renumber_keys(&p->items, item_order);
	for (uint32_t j = 0; j < p->eval_users; j++) {
		p->eval_user[j] = user_place[p->eval_user[j]];
		for (uint64_t row = p->eval_start[j]; row < p->eval_start[j + 1]; row++)
			if (p->eval_item[row] != STRMAP_NONE)
				p->eval_item[row] = item_place[p->eval_item[row]];
	}
	free(user_place);
	free(item_place);
}

void train_data_free(struct train_data *p)
{
	if (!p)
		return;
	strmap_free(p->users.map);
	strmap_free(p->items.map);
	free(p->users.key);
	free(p->items.key);
	free(p->start);
	free(p->item);
	free(p->weight);
	free(p->eval_user);
	free(p->eval_start);
	free(p->eval_item);
	free(p);
}

double train_data_mean_weight(const struct train_data *p)
{
	double sum = 0;
	for (uint64_t row = 0; p->weight && row < p->rows; row++)
		sum += fabs((double)p->weight[row]);
	return p->weight && p->rows ? sum / (double)p->rows : 1;
}

struct span side_id(const struct side_ids *ids, uint32_t number)
{
	return strmap_key(ids->map, ids->key[number]);
}

uint32_t *side_by_id(const struct side_ids *ids)
{
	uint32_t all = strmap_count(ids->map), n = 0;
	uint32_t *number = memory_new(all, sizeof *number);
	for (uint32_t key = 0; key < all; key++)
		number[key] = STRMAP_NONE;
	for (uint32_t i = 0; i < ids->n; i++)
		number[ids->key[i]] = i;
	for (uint32_t key = 0; key < all; key++)
		if (number[key] != STRMAP_NONE)
			number[n++] = number[key];
	return number;
}
