/* score-pairs - what a model says of given pairs of users and items.
 *
 * In:   any table with the columns user and item.
 * Out:  the same rows, and the column score after the others.
 *
 *	score-pairs --model model.tsv < candidates.tsv > scored.tsv
 *
 * A pair that has no score gets an empty cell and is counted. It finds no items: see
 * export-topk(1) and recommend-items(1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "streams/output.h"
#include "streams/table.h"
#include "domain/dataset.h"
#include "domain/history.h"
#include "domain/model.h"
#include "domain/neighbors.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "learning/cold-start.h"
#include "scorer.h"

struct options {
	const char *model, *user_features, *item_features, *neighbors, *histories, *missing, *into, *splits;
	int64_t last;
	double decay, gap_exponent, half_life_s;
	int timestamp_unit;
	const char *user, *item, *timestamp, *weight, *split;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_FILE("model", "FILE", model, .side = true, .required = true, .unless = "neighbors",
		.help = "score by this model, as train-mf writes it"),
	OPTION_FILE("user-features", "FILE", user_features, .side = true, .requires = "model",
		.help = "also score the users of FILE (user, feature, [weight]) that are not in the model, "
			"as the sums of their features"),
	OPTION_FILE("item-features", "FILE", item_features, .side = true, .requires = "model",
		.help = "also score the items of FILE (item, feature, [weight]) that are not in the model"),
	OPTION_FILE("neighbors", "FILE", neighbors, .side = true, .requires = "histories", .excludes = "model",
		.help = "score by the neighbors of what a user had, as train-items writes them"),
	OPTION_FILE("histories", "FILE", histories, .side = true, .requires = "neighbors",
		.help = "what each user had: user, item, in any order"),
	OPTION_TEXT("missing", "VALUE", missing,
		.help = "the score of a pair that has none; empty by default"),
	OPTION_TEXT("into", "COLUMN", into, .fallback = "score", .help = "name of the added column"),
	OPTION_INT("last", "N", last, .fallback = "0", .low = 0, .high = 1e15, .requires = "neighbors",
		.help = "score by the N latest rows of a history; 0: by all"),
	OPTION_REAL("decay", "X", decay, .fallback = "1", .low = ABOVE_ZERO, .high = 1, .requires = "neighbors",
		.help = "the row that is n places before a user's latest one counts X to the power of n"),
	OPTION_REAL("gap-exponent", "X", gap_exponent, .low = ABOVE_ZERO, .high = 20,
		.requires = "neighbors", .excludes = "decay",
		.help = "the n-th latest row counts 1 / n^X"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = 1e15,
		.requires = "neighbors",
		.help = "halve a row's weight for every TIME (14d) that it is older than the user's "
			"latest one"),
	COMMON_OUTPUT_FILE, COMMON_ABOUT,

	OPTION_GROUP("Input"),
	OPTION_TEXT("splits", "NAME,...", splits, .fallback = "train", .requires = "neighbors",
		.help = "where the histories have a column of splits, use the rows of these (or all)"),
	COMMON_SEED,
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the user column, in --histories too"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the item column, in --histories too"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the histories' column of times, which --last, --decay, --gap-exponent and "
			"--half-life read"),
	OPTION_COLUMN("weight", weight,
		.help = "multiply what a row counts by this column of the histories; 1 by default"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.help = "name of the histories' column of splits; it may be absent"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

struct job {
	const struct options *o;
	struct model *model;       /* NULL: by neighbors */
	struct histories histories;
	uint64_t rows, unknown_users, unknown_items;
	uint64_t left_out;         /* users and items of feature files without a feature of the model */
};

/* ---- what scores ---- */

/* The side files, open, their columns found. */
struct sides {
	struct table *model, *neighbors, *histories;
	struct cold *cold[2];      /* users and items that the model does not have; NULL: not asked for */
	struct neighbors_reader neighbors_reader;
	struct history_reader *history_reader;
	struct history_columns columns;
	struct aging aging;
};

static void sides_open(struct sides *s, const struct options *o)
{
	if (o->model) {
		s->model = option_table("model", o->model);
		model_find_columns(s->model);
		if (o->user_features)
			s->cold[0] = cold_open(option_table("user-features", o->user_features),
					  MODEL_USER, option_column("user", o->user));
		if (o->item_features)
			s->cold[1] = cold_open(option_table("item-features", o->item_features),
					  MODEL_ITEM, option_column("item", o->item));
		return;
	}
	s->aging = (struct aging){.last = (uint64_t)o->last, .decay = o->decay, .gap_exponent = o->gap_exponent,
		.half_life_ms = o->half_life_s * 1000};
	bool timed = aging_timed(&s->aging);
	s->columns = (struct history_columns){
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.split = option_column("split", o->split),
		.timestamp = option_column("timestamp", timed ? o->timestamp : NULL),
		.weight = option_column("weight", o->weight), .timed = timed,
		.unit = (enum time_unit)o->timestamp_unit, .splits = option_splits("splits", o->splits),
	};
	s->neighbors = option_table("neighbors", o->neighbors);
	s->neighbors_reader = neighbors_open(s->neighbors);
	s->histories = option_table("histories", o->histories);
	if (!timed) /* it must be there if an option names it */
		table_optional_column(s->histories, option_column("timestamp", o->timestamp));
	s->history_reader = history_open(s->histories, &s->columns);
}

static void read_histories(struct job *j, struct sides *s)
{
	struct neighbors *n = neighbors_read(&s->neighbors_reader);
	struct history *h = history_read(s->history_reader);
	if (h->other)
		note("%llu rows of other splits are left out (--splits)", (unsigned long long)h->other);
	j->histories = histories_new(n, h, &s->aging, j->o->common.seed);
	if (j->histories.unknown)
		note("%llu rows of histories are of items without neighbors",
		     (unsigned long long)j->histories.unknown);
	table_close(s->neighbors);
	table_close(s->histories);
}

/* Adds those whom the model does not have but the features do. */
static void add_cold(struct model *m, struct cold *c, const char *model)
{
	struct model_row row;
	cold_read(c);
	cold_see_model(c, m, model);
	while (cold_next(c, &row))
		model_side_add(&m->side[row.kind], &row, m->stride);
}

static void sides_read(struct job *j, struct sides *s)
{
	if (!s->model) {
		read_histories(j, s);
		return;
	}
	j->model = model_read(s->model);
	for (int i = 0; i < 2; i++) {
		if (!s->cold[i])
			continue;
		add_cold(j->model, s->cold[i], table_file(s->model));
		j->left_out += cold_left_out(s->cold[i]);
		cold_free(s->cold[i]);
	}
	table_close(s->model);
}

/* ---- the pairs ---- */

static void write_header(const struct options *o, const struct table *t, struct output *out)
{
	if (table_find_column(t, o->into) >= 0)
		die(STATUS_DATA, "the input already has a column '%s'; --into names another", o->into);
	if (!o->common.no_header) {
		output_span(out, table_header(t));
		output_tab(out);
		output_text(out, o->into);
		output_end_row(out);
	}
	output_flush(out);
}

static void score_row(struct job *j, struct table *t, size_t user_column, size_t item_column,
		      struct output *out)
{
	struct span user = table_field(t, user_column), item = table_field(t, item_column);
	float score;
	enum scored scored = j->model ? model_score(j->model, user, item, &score)
				      : history_score(&j->histories, user, item, &score);
	if (scored == SCORE_OVERFLOWS)
		table_fail(t, "the score overflows");
	j->rows++;
	j->unknown_users += scored == USER_UNKNOWN;
	j->unknown_items += scored == ITEM_UNKNOWN;
	output_span(out, table_row(t));
	output_tab(out);
	if (scored == SCORED)
		output_float(out, score);
	else if (j->o->missing)
		output_text(out, j->o->missing);
	output_end_row(out);
}

static void report(const struct job *j)
{
	if (j->left_out)
		warn("%llu items or users of feature files have no feature known to the model",
		     (unsigned long long)j->left_out);
	if (j->unknown_users + j->unknown_items)
		warn("%llu of %llu pairs have no score: of %llu the user is unknown, of %llu the item",
		     (unsigned long long)(j->unknown_users + j->unknown_items), (unsigned long long)j->rows,
		     (unsigned long long)j->unknown_users, (unsigned long long)j->unknown_items);
}

static void check_text(const char *option, const char *text)
{
	if (text && strpbrk(text, "\t\n\r"))
		usage_error("--%s: a TAB or line end in the value", option);
}

static int run(const struct options *o, char **files, int count)
{
	struct job j = {.o = o};
	check_text("missing", o->missing);
	check_text("into", o->into);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	size_t user = table_column(t, option_column("user", o->user));
	size_t item = table_column(t, option_column("item", o->item));
	struct sides sides = {0};
	sides_open(&sides, o);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	write_header(o, t, out);
	sides_read(&j, &sides);
	while (table_next(t)) {
		score_row(&j, t, user, item, out);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	progress_clear();
	report(&j);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	run_report_filter(rows, j.rows, 0, rejected);
	if (j.model)
		model_free(j.model);
	else
		histories_free(&j.histories);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "score-pairs",
	.usage = "--model FILE|--neighbors FILE --histories FILE [OPTION]... [FILE]...",
	.summary = "Score given pairs of users and items.",
	.reads = "user item, and passes all columns through; of --model kind id bias f0 f1 ...; of "
		 "--neighbors item neighbor weight; of --histories user item and, when options ask for them, "
		 "timestamp and weight, and split where it is there; of --user-features and --item-features "
		 "user (item) feature [weight]",
	.writes = "the columns of the input, then score",
	.examples = {
		"score-pairs --model model.tsv < candidates.tsv > scored.tsv",
		"score-pairs --neighbors neighbors.tsv --histories dataset.tsv --last 10 candidates.tsv",
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
