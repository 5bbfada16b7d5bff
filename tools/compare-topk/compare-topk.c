/* compare-topk - are the lists of B better than those of A, for the same users?
 *
 * In:   A and B: user rank item; --dataset FILE: user item weight split.
 * Out:  metric a b difference stderr low high p p_randomization wins losses ties users.
 *
 *	compare-topk --dataset dataset.tsv --k 10 old.tsv new.tsv
 *
 * Each user with test items gives a pair of values; a user without a list has an empty one,
 * as in evaluate-topk, whose measures these are. It makes no lists.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/output.h"
#include "streams/table.h"
#include "domain/topn.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "compare.h"
#include "difference.h"
#include "jackknife.h"
#include "overlap.h"

static const struct option_row OPTIONS[] = {
	OPTION_FILE("dataset", "FILE", dataset, .side = true, .required = true,
		.help = "the dataset with the held-out rows"),
	OPTION_TEXT("k", "N,...", k, .letter = 'k', .fallback = "10,20,100",
		.help = "cutoffs: how many of a list's first items count"),
	OPTION_TEXT("metrics", "NAME,...", metrics,
		.help = "metrics: precision, recall, ndcg, map, mrr, hit, coverage, novelty, "
			"popularity, gini, diversity, serendipity; a name such as ndcg@20 overrides --k "
			"(default all up to novelty, diversity with --item-features, and serendipity with "
			"--baseline)"),
	OPTION_CHOICE("split", "NAME", split, "test|validation", .fallback = "test",
		.help = "split whose rows the lists are evaluated on"),
	MEASURE_TARGETS,
	MEASURE_BESIDE,
	OPTION_FILE("users", "FILE", users, .side = true, .requires = "segment",
		.help = "attributes of users, for --segment: a table with the user column and others"),
	OPTION_TEXT("segment", "COLUMN", segment, .requires = "users",
		.help = "compare again for the users of each value of this column of --users"),
	OPTION_INT("resamples", "N", resamples, .fallback = "10000", .low = 0, .high = 1e9,
		.help = "sign patterns of the randomization test; all of them when there are no more "
			"than N; 0: no such test"),
	OPTION_REAL("alpha", "X", alpha, .fallback = "0.05", .low = 1e-9, .high = 0.5,
		.help = "the intervals hold with probability 1 - X"),
	OPTION_CHOICE("relative", "METHOD", relative, RELATIVES, .fallback = "none",
		.help = "add the difference relative to the mean of A and its interval, by Fieller's "
			"theorem or the delta method"),
	OPTION_REAL("rbo-p", "X", rbo_p, .fallback = "0.9", .low = ABOVE_ZERO, .high = BELOW_ONE,
		.help = "persistence of the rank-biased overlap of A and B: the first 1 / (1 - X) ranks "
			"count most"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Input"),
	MEASURE_TIMESTAMP_UNIT, COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user",
		.help = "name of the user column, of A, B and --users"),
	OPTION_COLUMN("rank", rank, .fallback = "rank",
		.help = "name of the lists' rank column; without it the rows are in rank order"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the lists' item column"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* ---- the lists ---- */

static void number_users(struct comparison *c)
{
	c->user = memory_new(c->heldout.test_users, sizeof *c->user);
	c->pair = memory_new(c->data->users, sizeof *c->pair);
	for (uint32_t u = 0; u < c->data->users; u++) {
		c->pair[u] = c->heldout.relevant[u] ? c->pairs : STRMAP_NONE;
		if (c->heldout.relevant[u])
			c->user[c->pairs++] = u;
	}
}

static void side_prepare(struct side *s, const struct comparison *c)
{
	s->matched = matched_new(&c->heldout, &c->measures, c->beside);
	s->values = memory_new((size_t)c->pairs * c->measures.n, sizeof *s->values);
	s->listed = memory_zero(c->pairs, sizeof *s->listed);
	s->start = memory_zero(c->pairs, sizeof *s->start);
	s->length = memory_zero(c->pairs, sizeof *s->length);
}

static void side_free(struct side *s)
{
	matched_free(&s->matched);
	free(s->values);
	free(s->listed);
	free(s->start);
	free(s->length);
	free(s->items);
}

/* The values of the pair's list, which is matched. */
static void take_values(struct side *s, const struct comparison *c, uint32_t pair)
{
	for (size_t i = 0; i < c->measures.n; i++)
		s->values[pair * c->measures.n + i] =
			matched_value(&s->matched, &c->measures.at[i], c->user[pair]);
}

/* Keeps the numbers of the list's items. Unlike matched_list it sees to items that the
 * dataset does not have, too. */
static void keep_items(struct side *s, struct comparison *c, const struct topn_list *list, uint32_t pair)
{
	uint64_t number = c->a.lists + c->b.lists;
	s->items = memory_grow(s->items, &s->items_capacity, s->items_n + s->matched.n, sizeof *s->items);
	s->start[pair] = s->items_n;
	s->length[pair] = s->matched.n;
	for (uint32_t r = 0; r < s->matched.n; r++) {
		uint32_t item = s->matched.item[r];
		if (item == STRMAP_NONE) {
			uint32_t other = strmap_add(c->others, list->items[r]);
			size_t before = c->other_capacity;
			c->other_seen = memory_grow(c->other_seen, &c->other_capacity, (size_t)other + 1,
						    sizeof *c->other_seen);
			for (size_t i = before; i < c->other_capacity; i++)
				c->other_seen[i] = 0;
			if (c->other_seen[other] == number)
				die_item_twice(list, r);
			c->other_seen[other] = number;
			item = c->data->items + other;
		}
		s->items[s->items_n++] = item;
	}
}

static void take_list(struct side *s, struct comparison *c, const struct topn_list *list)
{
	uint32_t user = strmap_find(c->data->user_ids, list->user), twice;
	uint32_t pair = user == STRMAP_NONE ? STRMAP_NONE : c->pair[user];
	s->lists++;
	if (pair == STRMAP_NONE)
		return;
	if (!matched_list(&s->matched, list, user, &twice))
		die_item_twice(list, twice);
	s->evaluated++;
	s->short_lists += list->n < c->measures.longest;
	s->listed[pair] = true;
	take_values(s, c, pair);
	keep_items(s, c, list, pair);
}

/* Says what is odd about a side. */
static void report_side(const struct side *s, const struct comparison *c)
{
	const char *split = SPLIT_NAMES[c->heldout.split];
	const char *name = shown_input(s->path);
	uint64_t missing = c->pairs - s->evaluated;
	if (missing)
		warn("%s: %llu of %llu users with %s rows have no list and count 0", name,
		     (unsigned long long)missing, (unsigned long long)c->pairs, split);
	if (s->lists > s->evaluated)
		note("%s: %llu lists are of users without %s rows and were skipped", name,
		     (unsigned long long)(s->lists - s->evaluated), split);
	if (s->short_lists)
		warn("%s: %llu of %llu lists are shorter than %u: missing positions count as misses", name,
		     (unsigned long long)s->short_lists, (unsigned long long)s->evaluated,
		     (unsigned)c->measures.longest);
	if (s->matched.unknown_items)
		warn("%s: %llu recommended items do not occur in the dataset", name,
		     (unsigned long long)s->matched.unknown_items);
	measure_files_report(&c->files, &s->matched, name);
}

static void read_side(struct side *s, struct comparison *c, struct topn_reader *reader, struct table *t)
{
	struct topn_list list;
	while (topn_next(reader, &list)) {
		take_list(s, c, &list);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	progress_clear();
	matched_no_list(&s->matched);
	for (uint32_t p = 0; p < c->pairs; p++)
		if (!s->listed[p])
			take_values(s, c, p);
	report_side(s, c);
}

static void compute_overlap(struct comparison *c)
{
	struct marks marks = marks_new(c->data->items + strmap_count(c->others));
	c->overlap = memory_new(c->pairs, sizeof *c->overlap);
	for (uint32_t p = 0; p < c->pairs; p++)
		c->overlap[p] = overlap_rank_biased(&marks, c->a.items + c->a.start[p], c->a.length[p],
						    c->b.items + c->b.start[p], c->b.length[p], c->o->rbo_p);
	marks_free(&marks);
}

/* ---- segments ---- */

static void read_segments(struct comparison *c, struct table *t, size_t user_column, size_t segment_column)
{
	bool *seen = memory_zero(c->data->users, sizeof *seen);
	uint32_t *rank, without = 0;
	c->segments = strmap_new();
	c->segment = memory_new(c->pairs, sizeof *c->segment);
	memset(c->segment, 0xff, c->pairs * sizeof *c->segment);
	while (table_next(t)) {
		uint32_t user = strmap_find(c->data->user_ids, table_field(t, user_column));
		struct span value = table_field(t, segment_column);
		if (user == STRMAP_NONE)
			continue;
		if (seen[user])
			table_reject(t, user_column, "a user that occurs twice");
		seen[user] = true;
		if (c->pair[user] != STRMAP_NONE && value.n)
			c->segment[c->pair[user]] = strmap_add(c->segments, value);
	}
	c->segments = strmap_in_order(c->segments, &rank);
	for (uint32_t p = 0; p < c->pairs; p++) {
		without += c->segment[p] == STRMAP_NONE;
		if (c->segment[p] != STRMAP_NONE)
			c->segment[p] = rank[c->segment[p]];
	}
	if (without)
		warn("%u of %u users with %s rows have no value of '%s' and are in no segment", (unsigned)without,
		     (unsigned)c->pairs, SPLIT_NAMES[c->heldout.split], c->o->segment);
	free(rank);
	free(seen);
}

/* ---- the table ---- */

static void write_value(struct output *out, double value)
{
	output_tab(out);
	if (!isnan(value))
		output_double(out, value);
}

/* A row; `paired`: there are winners and losers. */
static void write_row(const struct comparison *c, struct output *out, const char *name,
		      const struct difference *d, bool paired)
{
	const double values[] = {d->a, d->b, d->mean, d->stderr_mean, d->low, d->high, d->p,
				 d->p_randomization};
	const uint64_t counts[] = {d->wins, d->losses, d->ties};
	output_text(out, name);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		write_value(out, values[i]);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		output_tab(out);
		if (paired)
			output_u64(out, counts[i]);
	}
	output_tab(out);
	output_u64(out, d->n);
	if (c->o->relative != RELATIVE_NONE) {
		write_value(out, d->relative);
		write_value(out, d->relative_low);
		write_value(out, d->relative_high);
	}
	output_end_row(out);
}

/* The overlap: how alike B's lists are to A's, in the column b. */
static void write_overlap(const struct comparison *c, struct output *out, const uint32_t *pairs, size_t n)
{
	double *x = memory_new(n, sizeof *x);
	size_t counted = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(c->overlap[pairs[i]]))
			x[counted++] = c->overlap[pairs[i]];
	struct difference d = difference_of_mean(x, counted, c->o->alpha);
	d.b = d.mean;
	d.mean = NAN;
	write_row(c, out, "rbo", &d, false);
	free(x);
}

/* What is of all lists of a side: nobody wins or loses, and there is none of a segment. */
static void write_of_all(const struct comparison *c, struct output *out, size_t m)
{
	struct difference d = difference_of_mean(NULL, 0, c->o->alpha);
	d.a = matched_of_all(&c->a.matched, m);
	d.b = matched_of_all(&c->b.matched, m);
	d.mean = d.b - d.a;
	double *a = memory_new(c->pairs, sizeof *a), *b = memory_new(c->pairs, sizeof *b);
	jackknife_values(c, &c->a, m, a);
	jackknife_values(c, &c->b, m, b);
	difference_test(&d, jackknife_stderr(a, b, c->pairs), c->pairs, c->o->alpha);
	free(a);
	free(b);
	if (c->o->relative != RELATIVE_NONE && fabs(d.a) > 0)
		d.relative = d.mean / d.a; /* coverage and gini are not below 0 */
	d.n = c->pairs;
	write_row(c, out, c->measures.at[m].name, &d, false);
}

/* The rows of the users `pairs`; `segment` is NULL for all. Returns how many there are. */
static uint64_t write_rows(const struct comparison *c, struct output *out, struct pool *pool,
		       const struct span *segment, const uint32_t *pairs, size_t n)
{
	double *a = memory_new(n, sizeof *a), *b = memory_new(n, sizeof *b);
	uint64_t rows = 0;
	for (size_t m = 0; m <= c->measures.n; m++) {
		const struct measure *measure = m < c->measures.n ? &c->measures.at[m] : NULL;
		bool of_all = measure && measure_is_of_all(measure->kind);
		size_t counted = 0;
		if (of_all && segment)
			continue;
		rows++;
		if (c->segments) {
			if (segment)
				output_span(out, *segment);
			output_tab(out);
		}
		if (!measure) {
			write_overlap(c, out, pairs, n);
			continue;
		}
		if (of_all) {
			write_of_all(c, out, m);
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			a[counted] = c->a.values[pairs[i] * c->measures.n + m];
			b[counted] = c->b.values[pairs[i] * c->measures.n + m];
			counted += !isnan(a[counted]) && !isnan(b[counted]);
		}
		struct difference d = difference_paired(a, b, counted, c->o->alpha, c->o->resamples,
							c->o->common.seed, pool);
		difference_add_relative(&d, a, b, c->o->alpha, (enum relative)c->o->relative);
		write_row(c, out, measure->name, &d, true);
	}
	free(a);
	free(b);
	return rows;
}

static uint64_t write_tables(const struct comparison *c, struct output *out)
{
	struct pool *pool = pool_new((size_t)c->o->common.threads);
	uint32_t *pairs = memory_new(c->pairs, sizeof *pairs);
	uint32_t segments = c->segments ? strmap_count(c->segments) : 0;
	for (uint32_t p = 0; p < c->pairs; p++)
		pairs[p] = p;
	uint64_t rows = write_rows(c, out, pool, NULL, pairs, c->pairs);
	for (uint32_t s = 0; s < segments; s++) {
		struct span name = strmap_key(c->segments, s);
		size_t n = 0;
		for (uint32_t p = 0; p < c->pairs; p++)
			if (c->segment[p] == s)
				pairs[n++] = p;
		rows += write_rows(c, out, pool, &name, pairs, n);
	}
	free(pairs);
	pool_free(pool);
	return rows;
}

/* ---- the run ---- */

static struct output *open_output(const struct options *o)
{
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
		output_text(out, o->segment ? "segment\tmetric" : "metric");
		output_text(out, "\ta\tb\tdifference\tstderr\tlow\thigh\tp\tp_randomization"
				 "\twins\tlosses\tties\tusers");
		if (o->relative != RELATIVE_NONE)
			output_text(out, "\trelative\trelative_low\trelative_high");
		output_end_row(out);
	}
	output_flush(out);
	return out;
}

static struct topn_reader *open_lists(const struct options *o, struct table *t)
{
	struct topn_columns columns = {
		.user = option_column("user", o->user), .rank = option_column("rank", o->rank),
		.item = option_column("item", o->item),
	};
	return topn_open(t, &columns);
}

static void comparison_free(struct comparison *c)
{
	dataset_free(c->data);
	heldout_free(&c->heldout);
	measures_free(&c->measures);
	measure_files_close(&c->files);
	side_free(&c->a);
	side_free(&c->b);
	strmap_free(c->others);
	free(c->other_seen);
	free(c->user);
	free(c->pair);
	free(c->overlap);
	if (c->segments)
		strmap_free(c->segments);
	free(c->segment);
}

static int run(const struct options *o, char **files, int count)
{
	struct comparison c = {.o = o};
	c.measures = option_measures(o->metrics, o->k, MEASURE_AUC, false, &o->beside);
	if (count == 0)
		usage_error("a file of lists, A, is required");
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *a = table_open_file(files[0]), *b = table_open(files + 1, count - 1, &format);
	struct topn_reader *a_lists = open_lists(o, a), *b_lists = open_lists(o, b);
	measure_files_open(&c.files, o->dataset, &o->beside);
	struct table *users = option_table("users", o->users);
	size_t user = users ? table_column(users, option_column("user", o->user)) : 0;
	size_t segment = users ? table_column(users, (struct column){o->segment, "segment"}) : 0;
	struct output *out = open_output(o);

	c.data = measure_files_dataset(&c.files);
	c.heldout = measure_files_heldout(&c.files, c.data, o->split == 0 ? SPLIT_TEST : SPLIT_VALIDATION);
	if (c.heldout.test_users == 0)
		warn("the dataset has no %s rows: there is nothing to evaluate", SPLIT_NAMES[c.heldout.split]);
	number_users(&c);
	c.beside = measure_files_beside(&c.files, c.data, c.measures.longest);
	c.others = strmap_new();
	side_prepare(&c.a, &c);
	side_prepare(&c.b, &c);
	c.a.path = files[0];
	c.b.path = count > 1 ? files[1] : NULL;
	read_side(&c.a, &c, a_lists, a);
	read_side(&c.b, &c, b_lists, b);
	compute_overlap(&c);
	if (users) {
		read_segments(&c, users, user, segment);
		table_close(users);
	}
	uint64_t rows = write_tables(&c, out);
	uint64_t read = table_rows(a) + table_rows(b), rejected = table_rejected(b);
	topn_close(a_lists);
	topn_close(b_lists);
	table_close(a);
	table_close(b);
	output_close(out);
	run_report(read, rows, rejected);
	comparison_free(&c);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "compare-topk",
	.usage = "--dataset FILE [OPTION]... A [B]...",
	.summary = "Compare two systems' top-N lists, user by user, on the rows that were held out.",
	.reads = "user rank item (lists A and B); of the dataset user item split; of --users user and "
		 "the column of --segment",
	.writes = "metric a b difference stderr low high p p_randomization wins losses ties users; "
		  "with --segment that column first, with --relative also relative relative_low "
		  "relative_high",
	.examples = {
		"compare-topk --dataset dataset.tsv --k 10 popular.tsv topk.tsv",
		"compare-topk --dataset dataset.tsv --metrics ndcg@20,hit@20 popular.tsv < topk.tsv",
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
