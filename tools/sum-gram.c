/* sum-gram - sums the outer products of a model's vectors, whole or in pieces.
 *
 * In:   a model; with --merge what this tool wrote of its chunks.
 * Out:  side chunk rows factor g0 ... g(k-1): the matrix, a row for each factor.
 *
 *	sum-gram --side items --chunk 3/16 model.tsv > chunk.3
 *	sum-gram --merge chunk.* | fold-in --solve users --gram - ...
 *
 * It is the part of an iALS half-step that needs all rows of the side that stays; fold-in(1)
 * with --solve does the rest, for any piece of the other side. --loss sums the loss, of which each of
 * these pieces has a part.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/normal.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "domain/model.h"
#include "learning/gram.h"
#include "learning/objective.h"

struct options {
	int side, kernel;
	const char *chunk;
	bool merge, loss, partial;
	int64_t parts;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_CHOICE("side", "SIDE", side, GRAM_SIDE_CHOICES, .required = true, .unless = "merge|loss",
		.excludes = "merge,loss", .help = "whose vectors to sum"),
	OPTION_TEXT("chunk", "I/16", chunk, .excludes = "merge,loss",
		.help = "sum chunk I of the 16 that the rows of this side are cut into; all chunks unless given"),
	OPTION_FLAG("merge", merge,
		.help = "read the 16 chunks, in any order, and write their sum"),
	OPTION_FLAG("loss", loss, .excludes = "merge",
		.help = "read what fold-in --loss wrote of the pieces of both half-steps, in any order, and "
			"write the loss"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15, .requires = "loss",
		.help = "fail (3) unless exactly N pieces of each side are read"),
	OPTION_FLAG("partial", partial, .requires = "loss",
		.help = "instead of the loss, write one piece of each side, the sum of those that were read"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP),
	COMMON_THREADS, COMMON_INPUT, COMMON_OUTPUT, COMMON_LOG,
	OPTION_END
};

/* The vectors of one side, in the order of the file. */
struct vectors {
	const float *at;     /* n * stride */
	float *own;          /* the same, unless it lies in a packed file */
	uint64_t n, capacity;
	size_t stride;
};

static void vectors_add(struct vectors *v, const float *row)
{
	if (v->n == v->capacity) {
		v->capacity += v->capacity / 2 + 64;
		float *larger = memory_aligned((size_t)v->capacity * v->stride, sizeof *larger);
		if (v->n)
			memcpy(larger, v->own, (size_t)v->n * v->stride * sizeof *larger);
		free(v->own);
		v->own = larger;
	}
	memcpy(v->own + v->n++ * v->stride, row, v->stride * sizeof *row);
	v->at = v->own;
}

/* Reads the model to its end. */
static struct vectors read_vectors(struct table *t, struct model_reader *r, enum model_kind kind)
{
	struct vectors v = {.stride = kernel_padded(model_reader_factors(r))};
	const struct packed_model *packed = model_reader_packed(r);
	struct model_row row;
	if (packed) {
		v.at = packed->rows + (size_t)(packed->side[kind] - packed->side[1]) * packed->stride;
		v.n = packed->side[kind + 1] - packed->side[kind];
	}
	while (model_next(r, &row)) {
		if (row.kind == kind && !packed)
			vectors_add(&v, row.factors);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	return v;
}

/* The chunk that --chunk names; GRAM_ALL without it. */
static size_t chunk_of(const char *text)
{
	unsigned number = 0;
	char end, shown[QUOTED_SIZE];
	if (!text)
		return GRAM_ALL;
	if (strspn(text, "0123456789/") != strlen(text) || sscanf(text, "%2u/16%c", &number, &end) != 1 ||
	    number < 1 || number > GRAM_CHUNKS || strcmp(strchr(text, '/') + 1, "16") != 0)
		usage_error("--chunk: not one of 1/16 ... 16/16: %s", quoted(text, strlen(text), shown));
	return number - 1;
}

struct summing {
	const struct normal_kernel *kernel;
	const struct vectors *vectors;
	float *sums; /* GRAM_CHUNKS matrices */
};

static void sum_one(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	const struct summing *s = context;
	size_t n = s->vectors->stride;
	gram_sum_chunk(s->kernel, s->sums + chunk * n * n, s->vectors->at, s->vectors->n, chunk, n);
}

/* Sums one chunk, or all of them on all threads. */
static void sum_vectors(struct gram *g, const struct vectors *v, size_t chunk,
			const struct normal_kernel *kernel, size_t threads)
{
	size_t n = v->stride;
	g->n = n;
	g->rows[chunk] = v->n;
	if (chunk != GRAM_ALL) {
		g->rows[chunk] = gram_begin(v->n, chunk + 1) - gram_begin(v->n, chunk);
		g->sum[chunk] = memory_aligned(n * n, sizeof(float));
		gram_sum_chunk(kernel, g->sum[chunk], v->at, v->n, chunk, n);
		return;
	}
	g->sum[chunk] = memory_aligned(GRAM_CHUNKS * n * n, sizeof(float));
	struct summing s = {kernel, v, g->sum[chunk]};
	struct pool *pool = pool_new(threads);
	pool_run(pool, GRAM_CHUNKS, sum_one, &s);
	pool_free(pool);
	gram_add_chunks(kernel, g->sum[chunk], n);
}

/* The sum of the chunks that the table has. */
static struct gram merge(struct table *t, struct output *out, bool header)
{
	char problem[GRAM_PROBLEM];
	struct gram g = gram_read(t, out, header);
	if (table_rows(t) > table_rejected(t) && !gram_merge(&g, problem))
		die(STATUS_DATA, "%s", problem);
	return g;
}

/* The sum, or the chunk, of the model that the table is. */
static struct gram sum_model(const struct options *o, struct table *t, struct output *out, size_t chunk,
			     enum kernel_choice kernel)
{
	struct model_reader *r = model_open(t);
	struct gram g = {.side = (enum gram_side)o->side, .factors = model_reader_factors(r)};
	if (!o->common.no_header)
		gram_write_header(out, g.factors);
	output_flush(out);
	struct vectors v = read_vectors(t, r, o->side == GRAM_USERS ? MODEL_USER : MODEL_ITEM);
	sum_vectors(&g, &v, chunk, normal_kernel_of(kernel), (size_t)o->common.threads);
	free(v.own);
	model_close(r);
	return g;
}

/* The loss, from the pieces of both sides; returns how many rows are written. */
static uint64_t write_loss(const struct objective_parts *p, struct output *out)
{
	const struct objective *users = &p->side[GRAM_USERS], *items = &p->side[GRAM_ITEMS];
	if (!p->settings)
		return 0;
	for (int side = 0; side < GRAM_SIDES; side++)
		if (!p->ids[side].n)
			die(STATUS_DATA, "there is no piece of the %s", side == GRAM_USERS ? "users" : "items");
	if (users->rows != items->rows)
		die(STATUS_DATA, "the pieces are not of the same rows: those of the users have %llu, of the items "
		    "%llu", (unsigned long long)users->rows, (unsigned long long)items->rows);
	double loss = items->rows ? objective_mean(users, items) : NAN;
	if (!isfinite(loss))
		die(STATUS_DATA, "the pieces have no loss: %s", items->rows ? "it overflowed" : "no rows");
	output_double(out, loss);
	output_tab(out);
	output_u64(out, items->rows);
	output_tab(out);
	output_u64(out, users->keys);
	output_tab(out);
	output_u64(out, items->keys);
	output_end_row(out);
	return 1;
}

/* --loss */
static int run_loss(const struct options *o, struct table *table, struct output *out)
{
	uint64_t written = 0;
	if (!o->common.no_header && o->partial)
		objective_write_header(out);
	else if (!o->common.no_header)
		output_text(out, "loss\trows\tusers\titems\n");
	output_flush(out);
	struct objective_parts p = objective_read(table, (uint64_t)o->parts);
	for (int side = 0; side < GRAM_SIDES && o->partial; side++) {
		if (p.ids[side].n) {
			objective_write(out, (enum gram_side)side, &p.side[side], &p.ids[side], p.settings);
			written++;
		}
	}
	if (!o->partial)
		written = write_loss(&p, out);
	uint64_t rows = table_rows(table), rejected = table_rejected(table);
	table_close(table);
	output_close(out);
	objective_free(&p);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static int run(const struct options *o, char **files, int count)
{
	size_t chunk = chunk_of(o->chunk);
	enum kernel_choice kernel = option_kernel(o->kernel);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *table = table_open(files, count, &format);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (o->loss)
		return run_loss(o, table, out);
	struct gram g = o->merge ? merge(table, out, !o->common.no_header)
				 : sum_model(o, table, out, chunk, kernel);
	uint64_t rows = table_rows(table), rejected = table_rejected(table), written = 0;
	table_close(table);
	if (g.sum[chunk])
		written = gram_write(out, &g, chunk);
	output_close(out);
	gram_free(&g);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "sum-gram",
	.usage = "--side SIDE [--chunk I/16] [OPTION]... [MODEL]\n"
		 "  or:  sum-gram --merge [OPTION]... [FILE]...\n"
		 "  or:  sum-gram --loss [OPTION]... [FILE]...",
	.summary = "Sum the outer products of a model's vectors, whole or in pieces.",
	.reads = "kind id bias f0 ...: a model; with --merge: side chunk rows factor g0 ...; with --loss: what "
		 "fold-in --loss wrote",
	.writes = "side chunk rows factor g0 ... g(k-1); with --loss: loss rows users items",
	.examples = {
		"sum-gram --side items model.tsv > gram.tsv",
		"sum-gram --merge chunk.* > gram.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
