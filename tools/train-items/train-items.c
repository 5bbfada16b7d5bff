/* train-items - item-item models: for each item the items that go with it, or follow it.
 *
 * In:   user item [timestamp] [weight] [split]: a dataset, or interactions in any order.
 * Out:  neighbors: item neighbor weight [count], by item, then weight falling, then neighbor.
 *
 *	train-items --method knn --similarity cosine < dataset.tsv > neighbors.tsv
 *	train-items --method next --session-gap 30m < plays.tsv > neighbors.tsv
 *
 *	train-items --method sparse-ridge --candidates 500 < dataset.tsv > neighbors.tsv
 *
 * knn and next count in integers, so that parts (--partial, --merge), threads and the order
 * of rows do not change a byte; the regressions put users and items in order first. It makes
 * no lists for users, and evaluates nothing.
 */
#include <stdlib.h>

#include "base/error.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "streams/output.h"
#include "streams/table.h"
#include "following.h"
#include "method.h"
#include "regression.h"
#include "options.h"

const struct method METHODS[] = {
	[METHOD_KNN] = {"knn", count_together, prepare_together, weigh_together},
	[METHOD_NEXT] = {"next", count_following, prepare_following, weigh_following},
};

static struct history_columns columns_of(const struct options *o)
{
	bool timed = o->method == METHOD_NEXT || o->method == METHOD_NEXT_RIDGE;
	return (struct history_columns){
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.timestamp = option_column("timestamp", o->timestamp),
		.weight = option_column("weight", o->weight),
		.session = option_column("session", o->session),
		.split = option_column("split", o->split),
		.timed = timed, .unit = (enum time_unit)o->unit,
		.weight_limit = timed ? FOLLOWING_WEIGHT_LIMIT : 0,
		.splits = option_splits("fit-splits", o->fit_splits),
	};
}

static bool is_regression(const struct options *o)
{
	return o->method >= METHOD_RIDGE;
}

static struct history *read_history(struct history_reader *reader)
{
	struct history *h = history_read(reader);
	if (h->other)
		note("%llu rows of other splits are left out (--fit-splits)", (unsigned long long)h->other);
	return h;
}

static void write_header(const struct options *o, struct output *out)
{
	if (o->common.no_header)
		return;
	output_text(out, o->partial ? part_header() : is_regression(o) ? "item\tneighbor\tweight"
								    : "item\tneighbor\tweight\tcount");
	output_end_row(out);
	output_flush(out);
}

static int run(const struct options *o, char **files, int n)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct history_columns columns = columns_of(o);
	struct table *t = table_open(files, n, &format);
	struct part_reader *parts = o->merge ? parts_open(t) : NULL;
	struct history_reader *histories = o->merge ? NULL : history_open(t, &columns);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (o->common.packed)
		output_pack(out, PACKED_NEIGHBORS);
	write_header(o, out);
	struct pool *pool = pool_new((size_t)o->common.threads);
	struct counts *c = NULL;
	struct history *h = histories ? read_history(histories) : NULL;
	if (!is_regression(o))
		c = h ? METHODS[o->method].count(o, h) : parts_read(o, parts);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	uint64_t written = !c ? regression_run(o, h, pool, out) : o->partial ? write_part(c, pool, out)
								: write_neighbors(o, c, pool, out);
	output_close(out);
	pool_free(pool);
	counts_free(c);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "train-items",
	.usage = "[OPTION]... [FILE]...",
	.summary = "For each item, find the items that go with it or follow it, by counts or by regression.",
	.reads = "user, item; timestamp (needed by next and next-ridge); with options weight, session; split "
		 "where there is one",
	.writes = "item, neighbor, weight and, of knn and next, count: best first",
	.examples = {"train-items --similarity cosine --shrink 10 < dataset.tsv > neighbors.tsv",
		     "train-items --method next --session-gap 30m < plays.tsv > neighbors.tsv"},
	.options = TRAIN_ITEMS_OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	check_options(&options);
	return finish(run(&options, argv + first, argc - first));
}
