#include "validate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/options.h"
#include "domain/metrics.h"
#include "ranking.h"

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

struct validation {
	const struct train_data *data;
	const struct params *users;
	struct metric metric;
	struct ranking *ranking;
	struct found *lists; /* of each worker: k for each user of a chunk */
	bool *hits;          /* of each worker: k */
	double *value;       /* one for each evaluated user */
};

static void validate_chunk(void *context, size_t chunk, size_t worker)
{
	const struct validation *j = context;
	const struct train_data *p = j->data;
	size_t k = j->metric.k;
	struct found *lists = j->lists + worker * ranking_users(j->metric.k) * k;
	struct asker askers[RANKING_USERS] = {0};
	uint32_t counts[RANKING_USERS] = {0}, most = ranking_users(j->metric.k);
	uint32_t from = (uint32_t)chunk * most;
	uint32_t n = p->eval_users - from < most ? p->eval_users - from : most;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t u = p->eval_user[from + i];
		askers[i] = (struct asker){params_row(j->users, u), p->item + p->start[u],
					   p->start[u + 1] - p->start[u]};
	}
	ranking_find(j->ranking, worker, askers, n, lists, counts);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = p->eval_start[from + i];
		j->value[from + i] = user_value(j->metric, lists + i * k, counts[i], p->eval_item + at,
						p->eval_start[from + i + 1] - at, j->hits + worker * k);
	}
}

double validate(const struct train_data *p, const struct params *users,
		const struct params *items, struct metric metric, enum kernel_choice kernel,
		struct pool *pool)
{
	size_t workers = pool_threads(pool), most = ranking_users(metric.k);
	struct validation j = {.data = p, .users = users, .metric = metric};
	j.ranking = ranking_new(items, p->items.key, metric.k, kernel, workers);
	j.lists = memory_new(workers * most * metric.k, sizeof *j.lists);
	j.hits = memory_new(workers * metric.k, sizeof *j.hits);
	j.value = memory_new(p->eval_users, sizeof *j.value);
	pool_run(pool, (p->eval_users + most - 1) / most, validate_chunk, &j);
	struct mean mean = {0};
	for (uint32_t i = 0; i < p->eval_users; i++)
		mean_add(&mean, j.value[i]);
	mean_add_zeros(&mean, p->eval_users_all - p->eval_users);
	ranking_free(j.ranking);
	free(j.lists);
	free(j.hits);
	free(j.value);
	return mean_value(&mean);
}
