/* export-topk - the best items for each user of a model.
 *
 * In:   a model: kind id bias f0 f1 ... (items before users, as train-mf writes it).
 * Out:  user rank item score: the k items with the largest
 *       dot(user factors, item factors) + user bias + item bias, found exactly,
 *       ties by item id; users in the order of the model.
 *
 *	export-topk --k 100 --exclude dataset.tsv < model.tsv > topk.tsv
 *
 * The items are held in memory and the users pass by in blocks. It trains
 * nothing and measures nothing: see train-mf(1) and evaluate-topk(1).
 */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "data/kernel.h"
#include "data/strmap.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "domain/topn.h"
#include "lists.h"
#include "model-rows.h"
#include "options.h"
#include "packed-index.h"
#include "sides.h"
#include "similar.h"
#include "data/tile.h"

/* Reads the model and lets its users ask as they pass; returns how many. */
static uint64_t answer_users(struct lists *l, struct model_rows *rows, struct sides *sides)
{
	struct model_row row;
	uint64_t asked = 0;
	while (model_rows_next(rows, &row)) {
		if (row.kind == MODEL_ITEM && sides_offer(sides, row.id)) {
			lists_offer(l, &row);
		} else if (row.kind == MODEL_USER) {
			if (!offer_asks_user(&sides->offer, row.id))
				continue;
			lists_ask(l, row.id, row.factors, row.bias, STRMAP_NONE);
			asked++;
		}
	}
	lists_finish(l);
	return asked;
}

/* The same from a packed model with an index: its items are not read. */
static uint64_t answer_packed(struct lists *l, const struct packed_index *index, struct sides *sides,
			      struct table *table)
{
	const struct packed_model *m = &index->model;
	uint64_t asked = 0;
	lists_offer_index(l, index);
	for (uint32_t u = m->side[MODEL_USER]; u < m->side[MODEL_USER + 1]; u++) {
		size_t row = u - m->side[1];
		struct span id = packed_id(&m->ids, u);
		table_took_rows(table, 1);
		if (!id.at || !isfinite(m->bias[row]))
			packed_bad(m->file, "a user's row is not what it should be");
		if (!offer_asks_user(&sides->offer, id))
			continue;
		lists_ask(l, id, m->rows + row * m->stride, m->bias[row], STRMAP_NONE);
		asked++;
	}
	lists_finish(l);
	return asked;
}

static void write_header(const struct options *o, struct output *out)
{
	if (o->common.no_header)
		return;
	if (o->similar == SIMILAR_NONE) {
		topn_write_header(out);
		return;
	}
	output_text(out, o->similar == SIMILAR_ITEMS ? "item" : "user");
	output_text(out, o->as == AS_NEIGHBORS ? "\tneighbor\tweight" : "\trank\tneighbor\tscore");
	output_end_row(out);
}

/* Scores this small are no opinion: what regularization leaves of a model. */
static const float NEARLY_NOTHING = 1e-12f;

static void say_what_is_zero(const struct lists_totals *total, const char *who)
{
	if (total->rows && total->largest < NEARLY_NOTHING)
		warn("every score is 0 or nearly so: the model has collapsed, and its lists are "
		     "little more than the order of the ids");
	else if (total->flat)
		warn("%llu of %llu %s have vectors that add nothing to any score: their lists follow "
		     "the items' biases and ids", (unsigned long long)total->flat,
		     (unsigned long long)total->askers, who);
}

/* What there is none of. */
static void check_model(const struct options *o, const struct sides *sides, const char *model,
			uint32_t items, uint64_t askers)
{
	if (items == 0 && !sides->not_offered)
		die(STATUS_DATA, "%s: the model has no %s", model,
		    o->similar == SIMILAR_USERS ? "users" : "items");
	if (askers == 0 && !sides->offer.users)
		die(STATUS_DATA, "%s: the model has no users", model);
	if (items == 0)
		warn("none of the model's %s may be offered",
		     o->similar == SIMILAR_USERS ? "users" : "items");
}

/* What of the side files is not in the model, and the other way round. */
static void say_what_is_missing(const struct sides *sides, uint64_t asked)
{
	if (sides->not_offered)
		note("%llu items of the model may not be offered",
		     (unsigned long long)sides->not_offered);
	if (sides->offer.users && strmap_count(sides->offer.users) > asked)
		warn("%llu of the %llu users of --users are not in the model",
		     (unsigned long long)(strmap_count(sides->offer.users) - asked),
		     (unsigned long long)strmap_count(sides->offer.users));
	uint64_t left_out = cold_left_out(sides->cold_items) + cold_left_out(sides->cold_users);
	if (left_out)
		warn("%llu items or users of feature files have no feature known to the model",
		     (unsigned long long)left_out);
}

static void say_what_is_short(const struct options *o, const struct lists_totals *total)
{
	const char *who = o->similar == SIMILAR_ITEMS ? "items" : "users";
	if (total->empty_lists)
		warn("%llu of %llu %s have no list: nothing is left to offer",
		     (unsigned long long)total->empty_lists, (unsigned long long)total->askers, who);
	say_what_is_zero(total, who);
	if (total->short_lists)
		note("%llu of %llu %s have a list shorter than %lld",
		     (unsigned long long)total->short_lists, (unsigned long long)total->askers, who,
		     (long long)o->k);
}

static int run_index(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *table = table_open(files, count, &format);
	struct output *out = output_open(o->common.output, false);
	output_pack(out, PACKED_MODEL);
	uint64_t written = write_packed_index(o, table, out), rows = table_rows(table);
	uint64_t rejected = table_rejected(table);
	table_close(table);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static int run(const struct options *o, char **files, int count)
{
	if (!tile_available((enum tile_choice)o->kernel))
		usage_error("--kernel: not supported by this CPU");
	if (o->packed == PACKED_INDEX)
		return run_index(o, files, count);
	unsigned splits = option_splits("exclude-splits", o->exclude_splits);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *table = table_open(files, count, &format);
	struct sides sides = sides_open(o, splits);
	struct model_rows model = {.table = table, .sides = &sides};
	struct packed *packed = packed_with_index(o, table);
	struct packed_index index = {0};
	if (packed && (!o->verify || packed_check(packed)))
		index = packed_index_open(packed, (enum tile_choice)o->kernel);
	else
		model.reader = o->verify ? model_open(table) : model_open_unchecked(table);
	uint32_t factors = packed ? index.model.factors : model_reader_factors(model.reader);
	model.stride = (uint32_t)kernel_padded(factors);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (o->packed)
		output_pack(out, o->as == AS_NEIGHBORS ? PACKED_NEIGHBORS : PACKED_LISTS);
	write_header(o, out);
	output_flush(out);
	sides_read(&sides);
	struct pool *pool = pool_new((size_t)o->common.threads);
	struct lists_task task = {o, &sides, out, pool, factors, model.stride};
	struct lists *lists = lists_new(&task);
	uint64_t asked = packed ? answer_packed(lists, &index, &sides, table)
		: o->similar ? answer_similar(lists, &model, &sides, o) : answer_users(lists, &model, &sides);
	struct lists_totals total = lists_totals(lists);
	progress_clear();
	check_model(o, &sides, table_file(table), lists_items(lists)->n, total.askers);
	if (total.kernel)
		note("kernel: %s", total.kernel);
	say_what_is_missing(&sides, asked);
	say_what_is_short(o, &total);
	uint64_t rows = table_rows(table), rejected = table_rejected(table);
	model_close(model.reader);
	output_close(out);
	lists_free(lists);
	index_free(index.index);
	table_close(table);
	sides_free(&sides);
	pool_free(pool);
	run_report(rows, total.rows, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "export-topk",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Find the best items for each user of a model, exactly.",
	.reads = "kind id bias f0 f1 ... (a model); of --exclude files user, item and, when they "
		 "have them, split and timestamp; of --users user, of --candidates item, of "
		 "--items item available blocked, of feature files user (item) feature weight",
	.writes = "user rank item score; with --similar: item (or user) rank neighbor score; with --as "
		  "neighbors: item neighbor weight",
	.examples = {
		"export-topk --k 100 --exclude dataset.tsv < model.tsv > topk.tsv",
		"export-topk --exclude dataset.tsv --exclude-splits all --items items.tsv model.tsv",
	},
	.options = EXPORT_OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
