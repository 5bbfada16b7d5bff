/* pairs.c - see pairs.h. */
#include "pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/exactsum.h"
#include "data/radix.h"

void pairs_free(struct pairs *p)
{
	free(p->user_id);
	free(p->id_bytes);
	free(p->user);
	free(p->item);
	free(p->weight);
	free(p->timestamp);
	free(p->place);
	free(p->split);
	*p = (struct pairs){0};
}

uint32_t *pairs_by_user(const struct pairs *p, const uint32_t *rank, uint32_t n_users, uint32_t **starts)
{
	uint32_t *order = memory_new(p->n + 1, sizeof *order);
	uint32_t *start = *starts = memory_zero((size_t)n_users + 2, sizeof *start);
	for (size_t i = 0; i < p->n; i++)
		start[rank ? rank[p->user[i]] : p->user[i]]++;
	for (uint32_t u = 0, before = 0; u <= n_users; u++) {
		uint32_t n = start[u];
		start[u] = before;
		before += n;
	}
	for (size_t i = 0; i < p->n; i++)
		order[start[rank ? rank[p->user[i]] : p->user[i]]++] = (uint32_t)i;
	/* Each is now where the next one begins. */
	memmove(start + 1, start, n_users * sizeof *start);
	start[0] = 0;
	return order;
}

void pairs_drop_later(struct pairs *p, size_t from, int64_t until)
{
	size_t kept = from;
	for (size_t i = from; i < p->n; i++)
		if (p->timestamp[i] <= until)
			pairs_move(p, kept++, i);
	p->n = kept;
}

/* What one pair's rows come to. */
struct pair_rows {
	struct exactsum sum; /* from the second row on */
	uint64_t n;
	double only, most, last, newest_weight;
	int64_t newest;
};

static void pair_rows_add(struct pair_rows *rows, double value, double weight, int64_t when, bool sums)
{
	if (rows->n++ == 0) {
		rows->only = rows->most = rows->newest_weight = weight;
		rows->last = value;
		rows->newest = when;
		return;
	}
	if (sums) {
		if (rows->n == 2) {
			rows->sum = (struct exactsum){0};
			exactsum_add(&rows->sum, rows->only);
		}
		exactsum_add(&rows->sum, weight);
	}
	if (weight > rows->most)
		rows->most = weight;
	if (when > rows->newest || (when == rows->newest && value > rows->last)) {
		rows->newest = when;
		rows->last = value;
		rows->newest_weight = weight;
	}
}

static double pair_rows_weight(const struct pair_rows *rows, enum weighting how)
{
	if (how == WEIGHT_BINARY || how == WEIGHT_LAST)
		return rows->newest_weight;
	if (how == WEIGHT_MAX)
		return rows->most;
	return rows->n == 1 ? rows->only : exactsum_value(&rows->sum);
}

/* What a reader of the dataset takes for a float must be one. */
static void check_weight(const struct pairs *p, size_t i)
{
	if (isfinite((float)p->weight[i]))
		return;
	char shown[2][QUOTED_SIZE];
	struct span user = p->user_id[p->user[i]], item = p->item_id[p->item[i]];
	die(STATUS_DATA, "the weight of user %s and item %s is too large: %g",
	    quoted(user.at, user.n, shown[0]), quoted(item.at, item.n, shown[1]), p->weight[i]);
}

void pairs_make(struct pairs *p, const struct pair_rules *rules, uint64_t *key, unsigned shift)
{
	uint64_t low = (UINT64_C(1) << shift) - 1;
	size_t n = p->n, pairs = 0;
	double half_life = rules->half_life_ms, age;
	bool weighted = rules->how != WEIGHT_BINARY || half_life > 0;
	bool sums = rules->how == WEIGHT_SUM || rules->how == WEIGHT_COUNT;
	bool values = weighted || p->timestamp || rules->places;
	uint32_t *order = values ? memory_new(n + 1, sizeof *order) : NULL;
	for (size_t i = 0; values && i < n; i++)
		order[i] = (uint32_t)i;
	radix_sort(key, order, n);
	double *weight = weighted ? memory_new(n + 1, sizeof *weight) : NULL, *values_in = p->weight;
	int64_t *timestamp = p->timestamp ? memory_new(n + 1, sizeof *timestamp) : NULL;
	p->weight = weight;
	p->place = rules->places ? memory_new(n + 1, sizeof *p->place) : NULL;
	struct pair_rows rows;
	for (size_t i = 0; i < n; pairs++) {
		uint64_t pair = key[i];
		p->user[pairs] = (uint32_t)(pair >> shift);
		p->item[pairs] = (uint32_t)(pair & low);
		rows.n = 0;
		for (; i < n && key[i] == pair; i++) {
			if (!values)
				continue;
			size_t row = order[i];
			double value = values_in ? values_in[row] : 1, w = value;
			int64_t when = p->timestamp ? p->timestamp[row] : 0;
			if (half_life > 0 && (age = (double)rules->newest - (double)when) > 0)
				w *= exp2(-age / half_life);
			pair_rows_add(&rows, value, w, when, sums);
		}
		if (weighted) {
			weight[pairs] = pair_rows_weight(&rows, rules->how);
			check_weight(p, pairs);
		}
		if (timestamp)
			timestamp[pairs] = rows.newest;
		if (rules->places)
			p->place[pairs] = order[i - 1]; /* the sort keeps the order of rows */
	}
	free(order);
	free(key);
	free(values_in);
	free(p->timestamp);
	p->timestamp = timestamp;
	p->n = pairs;
}
