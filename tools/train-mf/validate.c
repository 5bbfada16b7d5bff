#include "validate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/options.h"
#include "domain/metrics.h"

struct metric metric_of(const char *text, const char *option)
{
	const char *at = strchr(text, '@');
	uint64_t k;
	char value[QUOTED_SIZE];
	for (int i = 0; at && i < LIST_METRICS; i++) {
		size_t n = (size_t)(at - text);
		if (span_equal(span_of(LIST_METRIC_NAMES[i]), (struct span){text, n}) &&
		    number_u64(at + 1, strlen(at + 1), &k) == NUMBER_OK && k >= 1 && k <= 100000)
			return (struct metric){(enum list_metric)i, (uint32_t)k};
	}
	usage_error("--%s: not one of " LIST_METRICS_TEXT " with @ and a number: %s",
		    option, quoted(text, strlen(text), value));
}

struct found {
	float score;
	uint32_t key; /* in the order of ids */
	uint32_t item;
};

static inline bool is_worse(const struct found *a, const struct found *b)
{
	return a->score < b->score || (a->score == b->score && a->key > b->key);
}

#define TOPK_NAME found
#define TOPK_ENTRY struct found
#define TOPK_BEHIND is_worse
#include "data/topk-heap.h"

/* The best k of all items but `seen` (ascending), best first; how many. */
static uint32_t best_items(const struct params *items, const uint32_t *key, const float *user,
			   kernel_dot *dot, const uint32_t *seen, uint64_t seen_count, uint32_t k,
			   struct found *heap)
{
	size_t n = 0;
	for (uint32_t i = 0; i < items->n; i++) {
		if (seen_count && *seen == i) {
			seen++;
			seen_count--;
			continue;
		}
		float score = dot(user, params_row(items, i), items->stride) + *params_bias(items, i);
		if (n < k || !(score < heap[0].score))
			found_offer(heap, &n, k, (struct found){score, key[i], i});
	}
	found_sort(heap, n);
	return (uint32_t)n;
}

static bool wanted(const uint32_t *items, uint64_t n, uint32_t item)
{
	for (uint64_t i = 0; i < n; i++)
		if (items[i] == item)
			return true;
	return false;
}

static double user_value(struct metric m, const struct found *list, uint32_t n,
			 const uint32_t *relevant, uint64_t count, bool *hit)
{
	for (uint32_t r = 0; r < n; r++)
		hit[r] = wanted(relevant, count, list[r].item);
	return metrics_of_list(m.kind, hit, n, m.k, count);
}

enum { CHUNK_USERS = 64 };

struct validation {
	const struct train_data *data;
	const struct params *users, *items;
	struct metric metric;
	kernel_dot *dot;
	struct found *heaps; /* k for each worker */
	bool *hits;          /* the same */
	double *value;       /* one for each evaluated user */
};

static void validate_chunk(void *context, size_t chunk, size_t worker)
{
	const struct validation *j = context;
	const struct train_data *p = j->data;
	struct found *heap = j->heaps + worker * j->metric.k;
	uint32_t from = (uint32_t)chunk * CHUNK_USERS, to = from + CHUNK_USERS;
	for (uint32_t i = from; i < to && i < p->eval_users; i++) {
		uint32_t u = p->eval_user[i];
		uint32_t n = best_items(j->items, p->items.key, params_row(j->users, u), j->dot,
					p->item + p->start[u], p->start[u + 1] - p->start[u],
					j->metric.k, heap);
		j->value[i] = user_value(j->metric, heap, n, p->eval_item + p->eval_start[i],
					 p->eval_start[i + 1] - p->eval_start[i],
					 j->hits + worker * j->metric.k);
	}
}

double validate(const struct train_data *p, const struct params *users,
		const struct params *items, struct metric metric, kernel_dot *dot,
		struct pool *pool)
{
	struct validation j = {p, users, items, metric, dot, NULL, NULL, NULL};
	j.heaps = memory_new(pool_threads(pool) * metric.k, sizeof *j.heaps);
	j.hits = memory_new(pool_threads(pool) * metric.k, sizeof *j.hits);
	j.value = memory_new(p->eval_users, sizeof *j.value);
	pool_run(pool, (p->eval_users + CHUNK_USERS - 1) / CHUNK_USERS, validate_chunk, &j);
	struct mean mean = {0};
	for (uint32_t i = 0; i < p->eval_users; i++)
		mean_add(&mean, j.value[i]);
	mean_add_zeros(&mean, p->eval_users_all - p->eval_users);
	free(j.heaps);
	free(j.hits);
	free(j.value);
	return mean_value(&mean);
}
