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
#include "domain/dataset.h"
#include "domain/topn.h"
#include "evaluation.h"

static const struct option_row OPTIONS[] = {
	OPTION_FILE("dataset", "FILE", dataset,
		.required = true,
		.help = "the dataset with the held-out rows (required)"),
	OPTION_TEXT("k", "N,...", k, .letter = 'k', .fallback = "10,20,100",
		.help = "cutoffs: how many of a list's first items count"),
	OPTION_TEXT("metrics", "NAME,...", metrics,
		.help = "metrics: precision, recall, ndcg, map, mrr, hit, coverage, novelty, auc; a name "
			"such as ndcg@20 overrides --k (default all, auc only with --model)"),
	OPTION_CHOICE("split", "NAME", split, "test|validation", .fallback = "test",
		.help = "split whose rows the lists are evaluated on"),
	OPTION_FILE("model", "FILE", model, .help = "the model to compute auc from"),
	OPTION_OUTPUT("per-user", "FILE", per_user, .help = "write each user's values to FILE"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Input"),
	OPTION_TEXT("exclude-splits", "NAME,...", exclude_splits, .fallback = "train,validation",
		.help = "splits (or all, or none) whose items of the user are not negatives for auc"),
	COMMON_RENAME, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "NAME", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = "vector instructions for auc"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the lists' user column"),
	OPTION_COLUMN("rank", rank, .fallback = "rank",
		.help = "name of the lists' rank column; without it the rows are in rank order"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the lists' item column"),
	OPTION_COLUMN("score", score, .fallback = "score",
		.help = "name of the lists' score column; only checked if given, as no metric uses scores"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* --- what is measured --------------------------------------------------------- */

static const char *metric_name(int metric)
{
	static const char *const OTHERS[] = {"coverage", "novelty", "auc"};
	return metric < LIST_METRICS ? LIST_METRIC_NAMES[metric] : OTHERS[metric - LIST_METRICS];
}

static void plan_add(struct plan *p, enum metric metric, uint32_t k)
{
	struct measure m = {.metric = metric, .k = metric == AUC ? 0 : k};
	if (metric == AUC)
		snprintf(m.name, sizeof m.name, "%s", metric_name((int)metric));
	else
		snprintf(m.name, sizeof m.name, "%s@%u", metric_name((int)metric), (unsigned)k);
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->measures[i].name, m.name) == 0)
			usage_error("%s is given twice", m.name);
	p->measures = memory_grow(p->measures, &p->capacity, p->n + 1, sizeof *p->measures);
	p->measures[p->n++] = m;
	p->longest = m.k > p->longest ? m.k : p->longest;
	p->auc |= metric == AUC;
	p->lists |= metric != AUC;
}

static uint32_t parse_k(struct span word, const char *option)
{
	uint64_t k;
	char text[QUOTED_SIZE];
	if (number_u64(word.at, word.n, &k) != NUMBER_OK || k < 1 || k > 1 << 20)
		usage_error("--%s: not a number from 1 to %d: %s", option, 1 << 20,
			    quoted(word.at, word.n, text));
	return (uint32_t)k;
}

static void plan_metric(struct plan *p, enum metric metric, const char *k_list)
{
	if (metric == AUC) {
		plan_add(p, AUC, 0);
		return;
	}
	for (struct span k, rest = span_of(k_list); span_next(&rest, ',', &k);)
		plan_add(p, metric, parse_k(k, "k"));
}

/* One word of --metrics: a name, or name@k. */
static void plan_word(struct plan *p, struct span word, const char *k_list)
{
	const char *at = memchr(word.at, '@', word.n);
	struct span name = {word.at, at ? (size_t)(at - word.at) : word.n};
	char text[QUOTED_SIZE];
	for (int m = 0; m < METRICS; m++) {
		if (!span_equal(name, span_of(metric_name(m))) || (at && m == AUC))
			continue;
		if (at)
			plan_add(p, (enum metric)m,
				 parse_k((struct span){at + 1, word.n - name.n - 1}, "metrics"));
		else
			plan_metric(p, (enum metric)m, k_list);
		return;
	}
	usage_error("--metrics: unknown metric %s (there are " LIST_METRICS_TEXT ", "
		    "coverage, novelty, auc)", quoted(word.at, word.n, text));
}

static struct plan plan_of(const struct options *o)
{
	struct plan p = {0};
	if (o->metrics) {
		for (struct span word, rest = span_of(o->metrics); span_next(&rest, ',', &word);)
			plan_word(&p, word, o->k);
	} else {
		for (int m = 0; m < METRICS; m++)
			if (m != AUC || o->model)
				plan_metric(&p, (enum metric)m, o->k);
	}
	if (p.auc && !o->model)
		usage_error("--metrics=auc requires --model");
	if (!p.auc && o->model)
		usage_error("--model requires auc in --metrics");
	return p;
}

/* --- the evaluation ----------------------------------------------------------- */

static void count_rows(struct evaluation *e)
{
	const struct dataset *d = e->data;
	e->relevant = memory_zero(d->users, sizeof *e->relevant);
	e->listeners = memory_zero(d->items, sizeof *e->listeners);
	for (uint32_t u = 0; u < d->users; u++) {
		bool trained = false;
		for (uint64_t r = d->start[u]; r < d->start[u + 1]; r++) {
			e->relevant[u] += d->split[r] == e->split;
			if (d->split[r] == SPLIT_TRAIN) {
				e->listeners[d->item[r]]++;
				trained = true;
			}
		}
		e->test_users += e->relevant[u] > 0;
		e->train_users += trained;
	}
}

/* Is the item among the user's rows of the evaluated split? Rows are sorted. */
static bool is_relevant(const struct evaluation *e, uint32_t user, uint32_t item)
{
	const struct dataset *d = e->data;
	uint64_t low = d->start[user], high = d->start[user + 1];
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (d->item[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->start[user + 1] && d->item[low] == item && d->split[low] == e->split;
}

/* -log2 of the share of the users with train rows that have the item; an item
 * that none has is taken as had by one. */
static double item_novelty(const struct evaluation *e, uint32_t item)
{
	uint64_t listeners = item == STRMAP_NONE ? 0 : e->listeners[item];
	return log2((double)e->train_users / (double)(listeners ? listeners : 1));
}

/* Fills `hit` and `novelty`; an item that is twice in the list is bad data. */
static void match_list(struct evaluation *e, const struct topn_list *list, uint32_t user)
{
	double sum = 0;
	for (uint32_t r = 0; r < list->n; r++) {
		uint32_t item = strmap_find(e->data->item_ids, list->items[r]);
		if (item != STRMAP_NONE && e->seen_in[item] == e->lists) {
			char who[QUOTED_SIZE], what[QUOTED_SIZE];
			die(STATUS_DATA, "%s:%llu: the list of user %s that begins here has item "
			    "%s twice", list->file, (unsigned long long)list->line,
			    quoted(list->user.at, list->user.n, who),
			    quoted(list->items[r].at, list->items[r].n, what));
		}
		if (item != STRMAP_NONE)
			e->seen_in[item] = e->lists;
		if (r >= e->plan.longest)
			continue;
		e->hit[r] = item != STRMAP_NONE && is_relevant(e, user, item);
		if (item == STRMAP_NONE)
			e->unknown_items++;
		else if (r < e->best_rank[item])
			e->best_rank[item] = r;
		sum += item_novelty(e, item);
		e->novelty[r + 1] = sum;
	}
}

/* One metric of one user; nan when it has none. */
static double measure_user(const struct evaluation *e, const struct measure *m, uint32_t user,
			   uint32_t n)
{
	if ((int)m->metric < LIST_METRICS)
		return metrics_of_list((enum list_metric)m->metric, e->hit, n, m->k, e->relevant[user]);
	switch (m->metric) {
	case NOVELTY:
		n = n < m->k ? n : m->k;
		return n && e->train_users ? e->novelty[n] / n : NAN;
	case AUC:
		return e->auc[user];
	case COVERAGE:
	case METRICS:
		break;
	}
	return NAN;
}

/* A user with test items, whose list has n items (0: no list). */
static void evaluate_user(struct evaluation *e, struct span id, uint32_t user, uint32_t n)
{
	if (e->per_user)
		output_span(e->per_user, id);
	for (size_t i = 0; i < e->plan.n; i++) {
		struct measure *m = &e->plan.measures[i];
		if (m->metric == COVERAGE)
			continue;
		double value = measure_user(e, m, user, n);
		if (!isnan(value))
			mean_add(&m->mean, value);
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
	uint32_t user = strmap_find(e->data->user_ids, list->user);
	e->lists++;
	if (user == STRMAP_NONE || e->relevant[user] == 0)
		return;
	match_list(e, list, user);
	e->evaluated++;
	e->short_lists += list->n < e->plan.longest;
	e->listed[user] = true;
	evaluate_user(e, list->user, user, list->n);
}

/* --- the run ------------------------------------------------------------------ */

static void open_per_user(struct evaluation *e, const char *path)
{
	e->per_user = output_open(path, false);
	output_text(e->per_user, "user");
	for (size_t i = 0; i < e->plan.n; i++) {
		if (e->plan.measures[i].metric == COVERAGE)
			continue;
		output_tab(e->per_user);
		output_text(e->per_user, e->plan.measures[i].name);
	}
	output_end_row(e->per_user);
	output_flush(e->per_user);
}

static void allocate(struct evaluation *e)
{
	const struct dataset *d = e->data;
	e->best_rank = memory_new(d->items, sizeof *e->best_rank);
	memset(e->best_rank, 0xff, d->items * sizeof *e->best_rank);
	e->seen_in = memory_zero(d->items, sizeof *e->seen_in);
	e->listed = memory_zero(d->users, sizeof *e->listed);
	e->hit = memory_zero(e->plan.longest, sizeof *e->hit);
	e->novelty = memory_zero((size_t)e->plan.longest + 1, sizeof *e->novelty);
}

/* Users with test items that no list was for. */
static void evaluate_missing(struct evaluation *e)
{
	uint64_t missing = 0;
	for (uint32_t u = 0; u < e->data->users; u++) {
		if (e->relevant[u] == 0 || e->listed[u])
			continue;
		missing++;
		evaluate_user(e, strmap_key(e->data->user_ids, u), u, 0);
	}
	if (missing && e->plan.lists)
		warn("%llu of %llu users with %s rows have no list and count 0",
		     (unsigned long long)missing, (unsigned long long)e->test_users,
		     SPLIT_NAMES[e->split]);
}

static void report_unused(const struct evaluation *e)
{
	if (e->test_users == 0)
		warn("the dataset has no %s rows: there is nothing to evaluate",
		     SPLIT_NAMES[e->split]);
	if (e->lists > e->evaluated)
		note("%llu lists are of users without %s rows and were skipped",
		     (unsigned long long)(e->lists - e->evaluated), SPLIT_NAMES[e->split]);
	if (e->short_lists)
		warn("%llu of %llu lists are shorter than %u: missing positions count "
		     "as misses", (unsigned long long)e->short_lists,
		     (unsigned long long)e->evaluated, (unsigned)e->plan.longest);
	if (e->unknown_items)
		warn("%llu recommended items do not occur in the dataset",
		     (unsigned long long)e->unknown_items);
}

static void write_coverage(const struct evaluation *e, struct output *out, uint32_t k)
{
	uint64_t covered = 0;
	for (uint32_t i = 0; i < e->data->items; i++)
		covered += e->best_rank[i] < k;
	if (e->data->items)
		output_double(out, (double)covered / e->data->items);
	output_tab(out);
	output_tab(out);
	output_u64(out, e->evaluated);
}

static void write_measures(const struct evaluation *e, struct output *out)
{
	for (size_t i = 0; i < e->plan.n; i++) {
		const struct measure *m = &e->plan.measures[i];
		output_text(out, m->name);
		output_tab(out);
		if (m->metric == COVERAGE) {
			write_coverage(e, out, m->k);
		} else {
			if (m->mean.n)
				output_double(out, mean_value(&m->mean));
			output_tab(out);
			if (m->mean.n > 1)
				output_double(out, mean_stderr(&m->mean));
			output_tab(out);
			output_u64(out, m->mean.n);
		}
		output_end_row(out);
	}
}

static void evaluation_free(struct evaluation *e)
{
	dataset_free(e->data);
	free(e->plan.measures);
	free(e->relevant);
	free(e->listeners);
	free(e->best_rank);
	free(e->seen_in);
	free(e->listed);
	free(e->hit);
	free(e->novelty);
	free(e->auc);
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
	*lists = e->plan.lists ? table_open(files, count, &format) : NULL;
	return *lists ? topn_open(*lists, &columns) : NULL;
}

static struct output *open_output(const struct options *o)
{
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
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

static int run(const struct options *o, char **files, int count)
{
	static const struct dataset_columns COLUMNS = {
		.user = {.name = "user"}, .item = {.name = "item"}, .weight = {.name = "weight"},
		.split = {.name = "split"},
	};
	struct evaluation e = {.options = o, .plan = plan_of(o)};
	enum kernel_choice kernel = kernel_resolve((enum kernel_choice)o->kernel);
	if (kernel == KERNEL_AUTO)
		usage_error("--kernel: not supported by this CPU");
	if (!e.plan.lists && count)
		usage_error("--metrics=auc cannot be combined with input files");
	e.split = o->split == 0 ? SPLIT_TEST : SPLIT_VALIDATION;
	e.known = known_splits(o, e.split);

	struct table *lists;
	struct topn_reader *reader = open_lists(&e, files, count, &lists);
	struct table *data = table_open_file(o->dataset);
	table_column(data, COLUMNS.split); /* without it every row would be train's */
	struct table *model = o->model ? table_open_file(o->model) : NULL;
	struct output *out = open_output(o);
	if (o->per_user)
		open_per_user(&e, o->per_user);

	e.data = dataset_read(data, &COLUMNS);
	table_close(data);
	count_rows(&e);
	allocate(&e);
	if (model) {
		compute_auc(&e, model, kernel);
		table_close(model);
	}
	evaluate_lists(&e, reader, lists);
	progress_clear();
	evaluate_missing(&e);
	report_unused(&e);
	write_measures(&e, out);
	uint64_t rows = lists ? table_rows(lists) : 0, rejected = lists ? table_rejected(lists) : 0;
	topn_close(reader);
	table_close(lists);
	if (e.per_user)
		output_close(e.per_user);
	output_close(out);
	run_report(rows, e.plan.n, rejected);
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
	return finish(run(&options, argv + first, argc - first));
}
