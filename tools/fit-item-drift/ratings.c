#include "ratings.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "data/csr.h"

/* ---- splits ---- */

static void split_random(struct ratings *r, double validation, double test, uint64_t seed)
{
	for (uint32_t i = 0; i < r->n; i++) {
		double share = hash_share(hash_row(seed, strmap_key(r->user_ids, r->row[i].user),
						   strmap_key(r->item_ids, r->row[i].item)));
		r->row[i].part = share < test ? PART_TEST :
			share < test + validation ? PART_VALIDATION : PART_TRAIN;
	}
}

static int by_user_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->time < y->time || x->time > y->time)
		return x->time < y->time ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

static void split_user_last(struct ratings *r, double validation, double test)
{
	if (r->n)
		qsort(r->row, r->n, sizeof *r->row, by_user_time);
	for (uint32_t from = 0, to; from < r->n; from = to) {
		for (to = from; to < r->n && r->row[to].user == r->row[from].user;)
			to++;
		double n = to - from;
		uint32_t tests = (uint32_t)fmax(1, floor(n * test));
		uint32_t held = tests + (uint32_t)fmax(1, floor(n * validation));
		for (uint32_t i = from; i < to && n >= 3; i++)
			r->row[i].part = to - i <= tests ? PART_TEST :
				to - i <= held ? PART_VALIDATION : PART_TRAIN;
	}
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void split_temporal(struct ratings *r, double validation, double test)
{
	double *time = memory_new((size_t)r->n + 1, sizeof *time);
	for (uint32_t i = 0; i < r->n; i++)
		time[i] = r->row[i].time;
	if (r->n)
		qsort(time, r->n, sizeof *time, by_double);
	double n = r->n;
	double test_from = r->n ? time[(uint32_t)fmin(n - 1, floor(n * (1 - test)))] : 0;
	double held_from = r->n ?
		time[(uint32_t)fmin(n - 1, floor(n * fmax(0, 1 - test - validation)))] : 0;
	for (uint32_t i = 0; i < r->n; i++)
		r->row[i].part = r->row[i].time >= test_from ? PART_TEST :
			r->row[i].time >= held_from ? PART_VALIDATION : PART_TRAIN;
	free(time);
}

void ratings_split(struct ratings *r, enum split_rule rule, double validation, double test,
		   uint64_t seed)
{
	switch (rule) {
	case SPLIT_RANDOM:
		split_random(r, validation, test, seed);
		break;
	case SPLIT_USER_LAST:
		split_user_last(r, validation, test);
		break;
	case SPLIT_TEMPORAL:
		split_temporal(r, validation, test);
		break;
	}
}

/* ---- groups ---- */

static int by_part(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	if (x->time < y->time || x->time > y->time)
		return x->time < y->time ? -1 : 1;
	return (x->rating > y->rating) - (x->rating < y->rating);
}

static uint64_t day_key(uint32_t user, double time)
{
	double day = floor(time) + 0x1p30;
	uint64_t number = day < 0 ? 0 : day > 0x1p31 ? UINT64_C(1) << 31 : (uint64_t)day;
	return (uint64_t)user << 32 | number;
}

struct keyed {
	uint64_t key;
	uint32_t row;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static void group_days(struct ratings *r)
{
	struct keyed *k = memory_new((size_t)r->train + 1, sizeof *k);
	for (uint32_t i = 0; i < r->train; i++)
		k[i] = (struct keyed){day_key(r->row[i].user, r->row[i].time), i};
	if (r->train)
		qsort(k, r->train, sizeof *k, by_key);
	r->day = memory_new((size_t)r->train + 1, sizeof *r->day);
	r->day_start = memory_zero((size_t)r->train + 2, sizeof *r->day_start);
	r->by_day = memory_new((size_t)r->train + 1, sizeof *r->by_day);
	for (uint32_t i = 0; i < r->train; i++) {
		if (r->days == 0 || r->day[r->days - 1] != k[i].key)
			r->day[r->days++] = k[i].key;
		r->by_day[i] = k[i].row;
		r->day_start[r->days] = i + 1;
	}
	free(k);
}

void ratings_prepare(struct ratings *r)
{
	if (r->n)
		qsort(r->row, r->n, sizeof *r->row, by_part);
	r->train = r->validation = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		r->train += r->row[i].part == PART_TRAIN;
		r->validation += r->row[i].part == PART_VALIDATION;
	}
	r->item_start = csr_new(r->items);
	r->user_start = csr_new(r->users);
	r->by_item = memory_new((size_t)r->train + 1, sizeof *r->by_item);
	r->first = memory_new((size_t)r->items + 1, sizeof *r->first);
	r->mean_time = memory_zero((size_t)r->users + 1, sizeof *r->mean_time);
	r->begin = INFINITY;
	r->end = -INFINITY;
	for (uint32_t i = 0; i < r->items; i++)
		r->first[i] = INFINITY;
	for (uint32_t i = 0; i < r->train; i++) {
		const struct row *x = &r->row[i];
		csr_count(r->item_start, x->item);
		csr_count(r->user_start, x->user);
		r->begin = fmin(r->begin, x->time);
		r->end = fmax(r->end, x->time);
		r->first[x->item] = fmin(r->first[x->item], x->time);
		r->mean_time[x->user] += x->time;
	}
	csr_sum(r->user_start, r->users);
	csr_stay(r->user_start, r->users);
	for (uint32_t u = 0; u < r->users; u++) {
		uint64_t n = r->user_start[u + 1] - r->user_start[u];
		r->mean_time[u] /= n ? (double)n : 1;
	}
	csr_sum(r->item_start, r->items);
	for (uint32_t i = 0; i < r->train; i++)
		r->by_item[csr_place(r->item_start, r->row[i].item)] = i;
	group_days(r);
}

void ratings_free(struct ratings *r)
{
	strmap_free(r->user_ids);
	strmap_free(r->item_ids);
	free(r->row);
	free(r->first);
	free(r->mean_time);
	free(r->by_item);
	free(r->item_start);
	free(r->user_start);
	free(r->day);
	free(r->day_start);
	free(r->by_day);
}

uint32_t ratings_day(const struct ratings *r, uint32_t user, double time)
{
	uint64_t key = day_key(user, time);
	uint32_t low = 0, high = r->days;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->day[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->days && r->day[low] == key ? low : STRMAP_NONE;
}
