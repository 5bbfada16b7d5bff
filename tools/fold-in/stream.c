#include "stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/table.h"

struct stream {
	struct folding *f;
	uint64_t *start;         /* item -> the rows of the data that count, by user */
	uint32_t *user;
	float *weight;
	bool *seen;              /* items that the model has */
	uint32_t first, last;    /* users whose equations are kept: first to before last */
	float *matrix, *right;   /* stride * stride and stride for each of them */
	uint32_t *entries;       /* rows that were added */
	double *weights;         /* their sum */
};

void stream_begin(struct folding *f, struct output *out)
{
	const struct options *o = f->options;
	struct model_row row;
	f->model = option_table("model", o->model);
	f->reader = model_open_unchecked(f->model);
	f->factors = model_reader_factors(f->reader);
	f->stride = kernel_padded(f->factors);
	if (!o->common.no_header)
		model_write_header(out, f->factors);
	output_flush(out);
	while (model_next(f->reader, &row) && row.kind == MODEL_META)
		fitting_read_meta(&f->fit, row.id, table_file(f->model));
	folding_close_model(f);
}

/* The rows of the data that count, by item. */
static void invert(struct stream *s)
{
	const struct folding *f = s->f;
	const struct dataset *d = f->data;
	s->start = csr_new(d->items);
	for (uint64_t row = 0; row < dataset_rows(d); row++)
		csr_add(s->start, d->item[row], folding_counts(f, row));
	uint64_t n = csr_sum(s->start, d->items);
	s->user = memory_new(n, sizeof *s->user);
	s->weight = memory_new(n, sizeof *s->weight);
	for (uint32_t u = 0; u < d->users; u++) {
		for (uint64_t row = d->start[u]; row < d->start[u + 1]; row++) {
			if (!folding_counts(f, row))
				continue;
			uint64_t at = csr_place(s->start, d->item[row]);
			s->user[at] = u;
			s->weight[at] = d->weight[row];
		}
	}
}

/* One item passes: to all users of this turn who have it. */
static void add_item(struct stream *s, uint32_t item, const float *factors, float *scaled)
{
	struct folding *f = s->f;
	size_t n = f->stride;
	s->seen[item] = true;
	for (uint64_t at = s->start[item]; at < s->start[item + 1]; at++) {
		if (s->user[at] < s->first || s->user[at] >= s->last)
			continue;
		size_t place = s->user[at] - s->first;
		f->kernel->scale(scaled, s->weight[at], factors, n);
		f->kernel->gram(s->matrix + place * n * n, factors, scaled, 1, n);
		f->kernel->axpy(s->right + place * n, 1, scaled, n);
		s->entries[place]++;
		s->weights[place] += (double)s->weight[at];
	}
}

/* Reads the model to its end. */
static void pass(struct stream *s)
{
	struct folding *f = s->f;
	struct model_row row;
	uint64_t items = 0;
	float *factors = memory_aligned(f->stride, sizeof *factors);
	float *scaled = memory_aligned(f->stride, sizeof *scaled);
	f->model = option_table("model", f->options->model);
	f->reader = model_open_unchecked(f->model);
	while (model_next(f->reader, &row) && !stop_signal()) {
		progress_step(table_bytes(f->model), table_size(f->model), "bytes");
		if (row.kind != f->from)
			continue;
		items++;
		uint32_t item = strmap_find(f->data->item_ids, row.id);
		if (item == STRMAP_NONE)
			continue;
		memcpy(factors, row.factors, f->stride * sizeof *factors);
		add_item(s, item, factors, scaled);
	}
	if (items != f->items.n && !stop_signal())
		die(STATUS_DATA, "%s: it is of %u rows, and the model has %llu", shown_input(f->options->gram),
		    f->items.n, (unsigned long long)items);
	folding_close_model(f);
	free(factors);
	free(scaled);
}

static void solve(void *context, size_t place, size_t worker)
{
	struct stream *s = context;
	struct folding *f = s->f;
	size_t n = f->stride, user = s->first + place;
	float *x = f->factor_rows + user * n, *right = s->right + place * n;
	f->known[user] = s->entries[place] > 0;
	if (!f->known[user] || stop_signal())
		return;
	memcpy(x, right, n * sizeof *x);
	bool solved = folding_solve(f, s->matrix + place * n * n, x, s->entries[place], s->weights[place], right,
				    worker);
	f->bias[user] = solved ? 0 : NAN;
	for (uint32_t i = 0; i < f->factors; i++)
		f->bias[user] += x[i] * 0.0f; /* nan unless all are finite */
}

static uint64_t unknown_rows(const struct stream *s)
{
	const struct dataset *d = s->f->data;
	uint64_t n = 0;
	for (uint64_t row = 0; row < dataset_rows(d); row++)
		n += !s->seen[d->item[row]] && (s->f->splits >> d->split[row] & 1);
	return n;
}

uint64_t stream_fold(struct folding *f)
{
	struct stream s = {.f = f, .seen = memory_zero((size_t)f->data->items + 1, sizeof *s.seen)};
	size_t n = f->stride, size = (n * n + n) * sizeof(float) + sizeof *s.entries + sizeof *s.weights;
	uint64_t room = f->options->memory / size;
	uint32_t users = f->data->users, most = room < 1 ? 1 : room < users ? (uint32_t)room : users;
	invert(&s);
	s.matrix = memory_aligned((size_t)most * n * n, sizeof *s.matrix);
	s.right = memory_aligned((size_t)most * n, sizeof *s.right);
	s.entries = memory_new(most, sizeof *s.entries);
	s.weights = memory_new(most, sizeof *s.weights);
	struct pool *pool = pool_new((size_t)f->options->common.threads);
	for (s.first = 0; s.first < users && !stop_signal(); s.first = s.last) {
		s.last = users - s.first < most ? users : s.first + most;
		for (size_t place = 0; place < s.last - s.first; place++)
			memcpy(s.matrix + place * n * n, f->gram, n * n * sizeof *s.matrix);
		memset(s.right, 0, (s.last - s.first) * n * sizeof *s.right);
		memset(s.entries, 0, (s.last - s.first) * sizeof *s.entries);
		memset(s.weights, 0, (s.last - s.first) * sizeof *s.weights);
		pass(&s);
		pool_run(pool, s.last - s.first, solve, &s);
	}
	pool_free(pool);
	uint64_t unknown = unknown_rows(&s);
	free(s.start);
	free(s.user);
	free(s.weight);
	free(s.seen);
	free(s.matrix);
	free(s.right);
	free(s.entries);
	free(s.weights);
	return unknown;
}
