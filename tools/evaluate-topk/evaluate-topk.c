/* evaluate-topk - how good top-N lists are, measured on rows held out.
 *
 * In:   user rank item score (lists), and --dataset FILE: user item weight split.
 * Out:  metric value stderr users: one row per metric and k.
 *
 *	evaluate-topk --dataset dataset.tsv --k 10,20,100 < topk.tsv
 *
 * A user with test items and no list counts 0, which is reported; lists of users without
 * test items are skipped. It makes no lists: see export-topk(1).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/strmap.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "domain/topn.h"
#include "evaluation.h"
#include "parts.h"

static const struct option_row OPTIONS[] = {
	OPTION_FILE("dataset", "FILE", dataset, .side = true,
		.required = true, .unless = "merge",
		.help = "the dataset with the held-out rows"),
	OPTION_TEXT("k", "N,...", k, .letter = 'k', .fallback = "10,20,100",
		.help = "cutoffs: how many of a list's first items count"),
	OPTION_TEXT("metrics", "NAME,...", metrics,
		.help = "metrics: " LIST_METRICS_TEXT ", coverage, novelty, popularity, "
			"gini, diversity, serendipity, auc; a name such as ndcg@20 overrides --k (default all "
			"up to novelty, auc with --model, diversity with --item-features, and serendipity "
			"with --baseline)"),
	OPTION_CHOICE("split", "NAME", split, "test|validation", .fallback = "test",
		.help = "split whose rows the lists are evaluated on"),
	MEASURE_TARGETS,
	OPTION_FILE("model", "FILE", model, .side = true, .help = "the model to compute auc from"),
	MEASURE_BESIDE,
	OPTION_OUTPUT("per-user", "FILE", per_user, .help = "write each user's values to FILE"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Large inputs"),
	OPTION_FLAG("partial", partial, .excludes = "model,per-user",
		.help = "instead of measures, write a part for --merge, of the users whose lists are here"),
	OPTION_FLAG("merge", merge,
		.excludes = "dataset,k,metrics,split,targets,model,item-features,baseline,per-user,"
			"exclude-splits,timestamp-unit,user,rank,item,score",
		.help = "the input is what --partial wrote; with --partial, make one part of all"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15,
		.requires = "merge",
		.help = "with --merge, fail (3) unless exactly N parts are read"),

	OPTION_GROUP("Input"),
	OPTION_TEXT("exclude-splits", "NAME,...", exclude_splits, .fallback = "train,validation",
		.help = "splits (or all, or none) whose items of the user are not negatives for auc"),
	MEASURE_TIMESTAMP_UNIT, COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the lists' user column"),
	OPTION_COLUMN("rank", rank, .fallback = "rank",
		.help = "name of the lists' rank column; without it the rows are in rank order"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the lists' item column"),
	OPTION_COLUMN("score", score, .fallback = "score",
		.help = "name of the lists' score column; only checked if given, as no metric uses scores"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* --- the evaluation ----------------------------------------------------------- */

/* A user with test items, whose list is matched. */
static void evaluate_user(struct evaluation *e, struct span id, uint32_t user)
{
	if (e->per_user)
		output_span(e->per_user, id);
	for (size_t i = 0; i < e->measures.n; i++) {
		const struct measure *m = &e->measures.at[i];
		if (measure_is_of_all(m->kind))
			continue;
		double value = m->kind == MEASURE_AUC ? e->auc[user] : matched_value(&e->matched, m, user);
		if (!isnan(value))
			mean_add(&e->means[i], value);
		if (e->per_user) {
			output_tab(e->per_user);
			if (!isnan(value))
				output_double(e->per_user, value);
		}
	}
	if (e->per_user)
		output_end_row(e->per_user);
}

static void evaluate_list(struct evaluation *e, const struct topn_list *list)
{
	uint32_t user = strmap_find(e->data->user_ids, list->user), twice;
	e->lists++;
	if (user == STRMAP_NONE || e->heldout.relevant[user] == 0)
		return;
	if (!matched_list(&e->matched, list, user, &twice))
		die_item_twice(list, twice);
	e->evaluated++;
	e->short_lists += list->n < e->measures.longest;
	e->listed[user] = true;
	if (e->options->partial)
		part_user(e, list->user);
	evaluate_user(e, list->user, user);
}

/* --- the run ------------------------------------------------------------------ */

static void open_per_user(struct evaluation *e, const char *path)
{
	e->per_user = output_open(path, false);
	output_text(e->per_user, "user");
	for (size_t i = 0; i < e->measures.n; i++) {
		if (measure_is_of_all(e->measures.at[i].kind))
			continue;
		output_tab(e->per_user);
		output_text(e->per_user, e->measures.at[i].name);
	}
	output_end_row(e->per_user);
	output_flush(e->per_user);
}

static void report_missing(const struct evaluation *e, uint64_t missing)
{
	if (missing && e->measures.lists)
		warn("%llu of %llu users with %s rows have no list and count 0",
		     (unsigned long long)missing, (unsigned long long)e->heldout.test_users,
		     SPLIT_NAMES[e->heldout.split]);
}

/* Users with test items that no list was for. */
static void evaluate_missing(struct evaluation *e)
{
	uint64_t missing = 0;
	for (uint32_t u = 0; u < e->data->users; u++) {
		if (e->heldout.relevant[u] == 0 || e->listed[u])
			continue;
		missing++;
		matched_no_list(&e->matched);
		evaluate_user(e, strmap_key(e->data->user_ids, u), u);
	}
	report_missing(e, missing);
}

/* The same of parts: their values are known without them. */
static void add_missing(struct evaluation *e)
{
	uint64_t missing = e->heldout.test_users - e->evaluated;
	for (size_t i = 0; i < e->measures.n; i++)
		if (measure_without_list(e->measures.at[i].kind))
			mean_add_zeros(&e->means[i], missing);
	report_missing(e, missing);
}

static void report_unused(const struct evaluation *e)
{
	if (e->heldout.test_users == 0)
		warn("the dataset has no %s rows: there is nothing to evaluate",
		     SPLIT_NAMES[e->heldout.split]);
	if (e->lists > e->evaluated)
		note("%llu lists are of users without %s rows and were skipped",
		     (unsigned long long)(e->lists - e->evaluated), SPLIT_NAMES[e->heldout.split]);
	if (e->short_lists)
		warn("%llu of %llu lists are shorter than %u: missing positions count "
		     "as misses", (unsigned long long)e->short_lists,
		     (unsigned long long)e->evaluated, (unsigned)e->measures.longest);
	if (e->matched.unknown_items)
		warn("%llu recommended items do not occur in the dataset",
		     (unsigned long long)e->matched.unknown_items);
	measure_files_report(&e->files, &e->matched, NULL);
}

static double value_of_all(const struct evaluation *e, size_t measure)
{
	const struct measure *m = &e->measures.at[measure];
	if (m->kind == MEASURE_GINI)
		return gini_of(e->shown.exposure[measure], e->shown.n, e->items);
	return coverage_of(e->shown.best_rank, e->shown.n, e->items, m->k);
}

static void write_measures(const struct evaluation *e, struct output *out)
{
	for (size_t i = 0; i < e->measures.n; i++) {
		const struct measure *m = &e->measures.at[i];
		const struct mean *mean = &e->means[i];
		bool of_all = measure_is_of_all(m->kind);
		double value = of_all ? value_of_all(e, i) : mean->n ? mean_value(mean) : NAN;
		output_text(out, m->name);
		output_tab(out);
		if (!isnan(value))
			output_double(out, value);
		output_tab(out);
		if (mean->n > 1)
			output_double(out, mean_stderr(mean));
		output_tab(out);
		output_u64(out, of_all ? e->evaluated : mean->n);
		output_end_row(out);
	}
}

static void evaluation_free(struct evaluation *e)
{
	dataset_free(e->data);
	heldout_free(&e->heldout);
	matched_free(&e->matched);
	measure_files_close(&e->files);
	measures_free(&e->measures);
	free(e->means);
	free(e->listed);
	free(e->auc);
	free(e->settings);
	part_ids_free(&e->parts);
}

/* "none" is no mask that option_splits knows. */
static unsigned known_splits(const struct options *o, unsigned evaluated)
{
	if (strcmp(o->exclude_splits, "none") == 0)
		return 0;
	return option_splits("exclude-splits", o->exclude_splits) & ~(1u << evaluated);
}

/* Opens the lists; NULL when no metric is of lists. */
static struct topn_reader *open_lists(const struct evaluation *e, char **files, int count,
				      struct table **lists)
{
	const struct options *o = e->options;
	struct table_format format = COMMON_FORMAT(&o->common);
	struct topn_columns columns = {
		.user = option_column("user", o->user), .rank = option_column("rank", o->rank),
		.item = option_column("item", o->item),
		.score = option_column("score", option_given("score") ? o->score : NULL),
	};
	*lists = e->measures.lists ? table_open(files, count, &format) : NULL;
	return *lists ? topn_open(*lists, &columns) : NULL;
}

static struct output *open_output(const struct options *o)
{
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header && !o->partial) {
		output_text(out, "metric\tvalue\tstderr\tusers");
		output_end_row(out);
	}
	output_flush(out);
	return out;
}

static void evaluate_lists(struct evaluation *e, struct topn_reader *reader, struct table *lists)
{
	struct topn_list list;
	while (reader && topn_next(reader, &list)) {
		evaluate_list(e, &list);
		progress_step(table_bytes(lists), table_size(lists), "bytes");
	}
}

/* Writes the measures, or, with --partial, what they are made of. Returns the number of rows. */
static uint64_t finish_evaluation(struct evaluation *e, struct output *out)
{
	if (e->options->partial) {
		e->settings = part_settings(e);
		return part_write(e, !e->options->common.no_header, out);
	}
	evaluate_missing(e);
	report_unused(e);
	write_measures(e, out);
	return e->measures.n;
}

static int run_lists(const struct options *o, char **files, int count)
{
	struct evaluation e = {.options = o};
	e.measures = option_measures(o->metrics, o->k, MEASURE_KINDS, o->model != NULL, &o->beside);
	enum kernel_choice kernel = option_kernel(o->kernel);
	if (!e.measures.lists && count)
		usage_error("--metrics=auc cannot be combined with input files");
	part_ids_add(&e.parts, 0);
	uint8_t split = o->split == 0 ? SPLIT_TEST : SPLIT_VALIDATION;
	e.known = known_splits(o, split);

	struct table *lists;
	struct topn_reader *reader = open_lists(&e, files, count, &lists);
	measure_files_open(&e.files, o->dataset, &o->beside);
	struct table *model = option_table("model", o->model);
	if (model)
		model_find_columns(model);
	struct output *out = open_output(o);
	if (o->per_user)
		open_per_user(&e, o->per_user);

	e.data = measure_files_dataset(&e.files);
	e.heldout = measure_files_heldout(&e.files, e.data, split);
	e.matched = matched_new(&e.heldout, &e.measures,
				measure_files_beside(&e.files, e.data, e.measures.longest));
	e.means = memory_zero(e.measures.n, sizeof *e.means);
	e.listed = memory_zero(e.data->users, sizeof *e.listed);
	e.items = e.data->items;
	e.shown = (struct shown){e.data->item_ids, e.items, e.matched.best_rank, e.matched.exposure};
	if (model) {
		compute_auc(&e, model, kernel);
		table_close(model);
	}
	evaluate_lists(&e, reader, lists);
	progress_clear();
	uint64_t written = finish_evaluation(&e, out);
	uint64_t rows = lists ? table_rows(lists) : 0, rejected = lists ? table_rejected(lists) : 0;
	topn_close(reader);
	table_close(lists);
	if (e.per_user)
		output_close(e.per_user);
	output_close(out);
	run_report(rows, written, rejected);
	evaluation_free(&e);
	return STATUS_DONE;
}

static int run_merge(const struct options *o, char **files, int count)
{
	static const struct beside_options NO_FILES = {.baseline = "--baseline"};
	struct evaluation e = {.options = o, .files = {.options = &NO_FILES}};
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct part_reader *reader = parts_open(t);
	struct output *out = open_output(o);
	parts_read(reader, &e, (uint64_t)o->parts);
	progress_clear();
	uint64_t rows = table_rows(t), rejected = table_rejected(t), written;
	table_close(t);
	if (o->partial) {
		written = part_write(&e, !o->common.no_header, out);
	} else {
		add_missing(&e);
		report_unused(&e);
		write_measures(&e, out);
		written = e.measures.n;
	}
	output_close(out);
	run_report(rows, written, rejected);
	for (size_t i = 0; i < e.measures.n; i++)
		free(e.shown.exposure[i]);
	free(e.shown.exposure);
	parts_free(reader);
	evaluation_free(&e);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "evaluate-topk",
	.usage = "--dataset FILE [OPTION]... [FILE]...",
	.summary = "Measure top-N lists on the rows of a dataset that were held out.",
	.reads = "user rank item score (lists); of the dataset user item split; of the model "
		 "kind id bias f0 f1 ...",
	.writes = "metric value stderr users; --per-user: user and a column for each metric",
	.examples = {
		"evaluate-topk --dataset dataset.tsv --k 10,20,100 < topk.tsv",
		"evaluate-topk --dataset dataset.tsv --metrics ndcg@20,auc --model model.tsv topk.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish((options.merge ? run_merge : run_lists)(&options, argv + first, argc - first));
}
