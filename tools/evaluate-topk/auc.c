#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/strmap.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "domain/model.h"
#include "evaluation.h"

enum { AUC_USERS = 1024 }; /* of the model, at once */

struct auc_worker {
	uint8_t *mark;             /* model item -> one of enum mark */
	float *positive, *negative;
};

enum mark { NEGATIVE, POSITIVE, KNOWN };

struct auc_run {
	struct evaluation *e;
	struct model_side items;
	uint32_t stride;
	uint32_t *model_item;      /* item of the dataset -> item of the model */
	struct auc_worker *workers;
	kernel_dot *dot;
	float *factors;            /* AUC_USERS * stride */
	uint32_t users[AUC_USERS]; /* of the dataset */
	uint32_t n;
};

static void auc_user(void *context, size_t chunk, size_t worker)
{
	struct auc_run *a = context;
	struct auc_worker *w = &a->workers[worker];
	const struct evaluation *e = a->e;
	const struct dataset *d = e->data;
	uint32_t user = a->users[chunk];
	const float *factors = a->factors + chunk * a->stride;
	for (uint64_t r = d->start[user]; r < d->start[user + 1]; r++) {
		uint32_t item = a->model_item[d->item[r]];
		if (item != STRMAP_NONE)
			w->mark[item] = heldout_is_test(&e->heldout, user, r) ? POSITIVE
				      : d->split[r] == e->heldout.split || e->known >> d->split[r] & 1
				      ? KNOWN : NEGATIVE;
	}
	uint64_t positives = 0, negatives = 0;
	for (uint32_t i = 0; i < a->items.n; i++) {
		if (w->mark[i] == KNOWN)
			continue;
		float score = a->dot(factors, a->items.factors + (size_t)i * a->stride, a->stride) +
			      a->items.bias[i];
		if (w->mark[i] == POSITIVE)
			w->positive[positives++] = score;
		else
			w->negative[negatives++] = score;
	}
	for (uint64_t r = d->start[user]; r < d->start[user + 1]; r++) {
		uint32_t item = a->model_item[d->item[r]];
		if (item != STRMAP_NONE)
			w->mark[item] = NEGATIVE;
	}
	e->auc[user] = metrics_auc(w->positive, positives, w->negative, negatives);
}

/* With the first user all items are there. */
static void auc_begin(struct auc_run *a, struct pool *pool)
{
	const struct dataset *d = a->e->data;
	size_t threads = pool_threads(pool), n = a->items.n;
	if (!a->items.ids)
		a->items.ids = strmap_new();
	a->model_item = memory_new(d->items, sizeof *a->model_item);
	for (uint32_t i = 0; i < d->items; i++)
		a->model_item[i] = strmap_find(a->items.ids, strmap_key(d->item_ids, i));
	a->workers = memory_zero(threads, sizeof *a->workers);
	for (size_t i = 0; i < threads; i++) {
		a->workers[i].mark = memory_zero(n, 1);
		a->workers[i].positive = memory_new(n, sizeof(float));
		a->workers[i].negative = memory_new(n, sizeof(float));
	}
	a->factors = memory_aligned((size_t)AUC_USERS * a->stride, sizeof *a->factors);
}

static void auc_free(struct auc_run *a, struct pool *pool)
{
	for (size_t i = 0; a->workers && i < pool_threads(pool); i++) {
		free(a->workers[i].mark);
		free(a->workers[i].positive);
		free(a->workers[i].negative);
	}
	free(a->workers);
	free(a->model_item);
	free(a->factors);
	model_side_free(&a->items);
}

static void auc_say(const struct auc_run *a)
{
	const struct evaluation *e = a->e;
	const struct dataset *d = e->data;
	uint64_t strangers = 0, cold = 0;
	for (uint32_t u = 0; u < d->users; u++) {
		if (e->heldout.relevant[u] == 0)
			continue;
		strangers += isnan(e->auc[u]) ? 1 : 0;
		for (uint64_t r = d->start[u]; r < d->start[u + 1]; r++)
			cold += heldout_is_test(&e->heldout, u, r) &&
				(!a->model_item || a->model_item[d->item[r]] == STRMAP_NONE);
	}
	if (strangers)
		warn("auc: %llu of %llu users with %s rows are not in the model and count 0.5",
		     (unsigned long long)strangers, (unsigned long long)e->heldout.test_users,
		     SPLIT_NAMES[e->heldout.split]);
	if (cold)
		warn("auc: %llu %s rows have an item that is not in the model and are left out",
		     (unsigned long long)cold, SPLIT_NAMES[e->heldout.split]);
}

void compute_auc(struct evaluation *e, struct table *table, enum kernel_choice kernel)
{
	struct model_reader *reader = model_open(table);
	struct pool *pool = pool_new((size_t)e->options->common.threads);
	struct auc_run a = {
		.e = e,
		.stride = (uint32_t)kernel_padded(model_reader_factors(reader)),
		.dot = kernel_dot_of(kernel),
	};
	e->auc = memory_new(e->data->users, sizeof *e->auc);
	for (uint32_t u = 0; u < e->data->users; u++)
		e->auc[u] = NAN;
	struct model_row row;
	while (model_next(reader, &row)) {
		if (row.kind == MODEL_ITEM)
			model_side_add(&a.items, &row, a.stride);
		if (row.kind != MODEL_USER)
			continue;
		uint32_t user = strmap_find(e->data->user_ids, row.id);
		if (user == STRMAP_NONE || e->heldout.relevant[user] == 0)
			continue;
		if (!a.workers)
			auc_begin(&a, pool);
		a.users[a.n] = user;
		memcpy(a.factors + (size_t)a.n * a.stride, row.factors, a.stride * sizeof(float));
		if (++a.n == AUC_USERS) {
			pool_run(pool, a.n, auc_user, &a);
			a.n = 0;
		}
		progress_step(table_bytes(table), table_size(table), "bytes of the model");
	}
	pool_run(pool, a.n, auc_user, &a);
	progress_clear();
	auc_say(&a);
	for (uint32_t u = 0; u < e->data->users; u++)
		e->auc[u] = isnan(e->auc[u]) ? 0.5 : e->auc[u];
	auc_free(&a, pool);
	pool_free(pool);
	model_close(reader);
}
