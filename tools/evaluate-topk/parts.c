/* parts.c - see parts.h. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/run.h"

enum { ITEM, RANK, LISTS, METRIC, USERS, SUM, SQUARES, ROWS, IDS, COUNTS, SETTINGS, COLUMNS };
static const char *const NAMES[COLUMNS] = {"item", "rank", "lists", "metric", "users", "sum", "squares",
	"part_rows", "part_ids", "part_counts", "part_settings"};

/* The counters of an evaluation that are added up, in the order of the column part_counts. */
enum { COUNTERS = 6 };

static void counters_of(struct evaluation *e, uint64_t *counter[COUNTERS])
{
	counter[0] = &e->evaluated;
	counter[1] = &e->lists;
	counter[2] = &e->short_lists;
	counter[3] = &e->matched.unknown_items;
	counter[4] = &e->matched.without_baseline;
	counter[5] = &e->matched.without_features;
}

/* ---- writing ---- */

/* The same for any order of the dataset's rows: who has how many test items, what was had by how many. */
static uint64_t hash_of_dataset(const struct evaluation *e)
{
	const struct dataset *d = e->data;
	const struct span nothing = {"", 0};
	uint64_t hash = 0;
	for (uint32_t u = 0; u < d->users; u++)
		hash += hash_mix(hash_row(1, strmap_key(d->user_ids, u), nothing) + e->heldout.relevant[u]);
	for (uint32_t i = 0; i < d->items; i++)
		hash += hash_mix(hash_row(2, strmap_key(d->item_ids, i), nothing) + e->heldout.listeners[i]);
	return hash_mix(hash + e->heldout.train_users);
}

char *part_settings(const struct evaluation *e)
{
	struct buffer b = {0};
	buffer_format(&b, "%s %s %llu %u %016llx ", SPLIT_NAMES[e->heldout.split],
		      e->heldout.last ? "last" : "all", (unsigned long long)e->heldout.test_users,
		      (unsigned)e->data->items, (unsigned long long)hash_of_dataset(e));
	for (size_t i = 0; i < e->measures.n; i++)
		buffer_format(&b, "%s%s", i ? "," : "", e->measures.at[i].name);
	return buffer_text(&b);
}

void part_user(struct evaluation *e, struct span user)
{
	e->parts.at[0] += hash_mix(hash_row(3, user, (struct span){"", 0}));
}

/* Empty fields from the column `from` on up to `to`. */
static void skip(struct output *out, int from, int to)
{
	for (int c = from; c < to; c++)
		output_tab(out);
}

static void write_item(const struct evaluation *e, uint32_t item, struct output *out)
{
	bool any = false;
	output_span(out, strmap_key(e->shown.ids, item));
	output_tab(out);
	output_u64(out, (uint64_t)e->shown.best_rank[item] + 1);
	output_tab(out);
	for (size_t m = 0; m < e->measures.n; m++) {
		if (!e->shown.exposure[m])
			continue;
		if (any)
			output_byte(out, ',');
		any = true;
		output_u64(out, e->shown.exposure[m][item]);
	}
	skip(out, LISTS, SETTINGS);
	output_end_row(out);
}

static void write_sum(const struct exactsum *sum, struct output *out)
{
	char text[EXACTSUM_TEXT];
	output_tab(out);
	output_span(out, (struct span){text, exactsum_text(sum, text)});
}

static void write_mean(const char *name, const struct mean *m, struct output *out)
{
	skip(out, ITEM, METRIC);
	output_text(out, name);
	output_tab(out);
	output_u64(out, m->n);
	write_sum(&m->sum, out);
	write_sum(&m->squares, out);
	skip(out, SQUARES, SETTINGS);
	output_end_row(out);
}

static void write_last(const struct evaluation *e, uint64_t rows, struct output *out)
{
	struct evaluation counted = *e;
	uint64_t *counter[COUNTERS];
	counters_of(&counted, counter);
	skip(out, ITEM, ROWS);
	output_u64(out, rows);
	output_tab(out);
	part_ids_write(&e->parts, out);
	for (int c = 0; c < COUNTERS; c++) {
		output_byte(out, c ? ',' : '\t');
		output_u64(out, *counter[c]);
	}
	output_tab(out);
	output_text(out, e->settings);
	output_end_row(out);
}

uint64_t part_write(const struct evaluation *e, bool header, struct output *out)
{
	uint32_t *order = strmap_sorted(e->shown.ids);
	uint64_t rows = 0;
	for (int c = 0; c < COLUMNS && header; c++) {
		output_text(out, c ? "\t" : "");
		output_text(out, NAMES[c]);
	}
	if (header)
		output_end_row(out);
	for (uint32_t i = 0; i < e->shown.n; i++) {
		if (e->shown.best_rank[order[i]] == UINT32_MAX)
			continue;
		write_item(e, order[i], out);
		rows++;
	}
	for (size_t m = 0; m < e->measures.n; m++) {
		if (measure_is_of_all(e->measures.at[m].kind))
			continue;
		write_mean(e->measures.at[m].name, &e->means[m], out);
		rows++;
	}
	write_last(e, rows, out);
	free(order);
	return rows + 1;
}

/* ---- reading ---- */

struct part_reader {
	struct table *t;
	size_t column[COLUMNS];
	struct strmap *items, *names;       /* of metrics */
	uint32_t *best_rank;                /* of each item */
	uint64_t *exposure;                 /* item x ginis */
	size_t rank_capacity, exposure_capacity;
	size_t ginis;                       /* numbers in the column lists; SIZE_MAX: not known */
	struct mean *mean;                  /* of each name */
	size_t mean_capacity;
	uint64_t rows, rows_counted;
};

struct part_reader *parts_open(struct table *t)
{
	struct part_reader *r = memory_zero(1, sizeof *r);
	*r = (struct part_reader){.t = t, .items = strmap_new(), .names = strmap_new(), .ginis = SIZE_MAX};
	parts_columns(t, NAMES, COLUMNS, r->column);
	return r;
}

void parts_free(struct part_reader *r)
{
	if (!r)
		return;
	strmap_free(r->items);
	strmap_free(r->names);
	free(r->best_rank);
	free(r->exposure);
	free(r->mean);
	free(r);
}

static struct span field(const struct part_reader *r, int column)
{
	return table_field(r->t, r->column[column]);
}

_Noreturn static void bad_field(const struct part_reader *r, int column)
{
	char shown[QUOTED_SIZE];
	struct span s = field(r, column);
	table_fail(r->t, "column '%s': not what --partial wrote: %s", NAMES[column], quoted(s.at, s.n, shown));
}

/* A count: below 2^53, so that no sum of what fits in a file overflows. */
static uint64_t count_of(const struct part_reader *r, int column, struct span text)
{
	uint64_t n;
	if (number_u64(text.at, text.n, &n) != NUMBER_OK || n >> 53)
		bad_field(r, column);
	return n;
}

static void read_item(struct part_reader *r)
{
	struct span lists = field(r, LISTS), word;
	uint32_t before = strmap_count(r->items), item = strmap_add(r->items, field(r, ITEM));
	uint64_t rank = count_of(r, RANK, field(r, RANK));
	size_t n = 0;
	if (rank < 1 || rank > 1 << 20)
		bad_field(r, RANK);
	for (struct span rest = lists; lists.n && span_next(&rest, ',', &word);)
		n++;
	if (r->ginis == SIZE_MAX)
		r->ginis = n;
	if (n != r->ginis)
		bad_field(r, LISTS);
	r->best_rank = memory_grow(r->best_rank, &r->rank_capacity, (size_t)item + 1, sizeof *r->best_rank);
	r->exposure = memory_grow(r->exposure, &r->exposure_capacity, ((size_t)item + 1) * n + 1,
				  sizeof *r->exposure);
	if (item == before) {
		r->best_rank[item] = UINT32_MAX;
		memset(r->exposure + item * n, 0, n * sizeof *r->exposure);
	}
	if (rank <= r->best_rank[item])
		r->best_rank[item] = (uint32_t)rank - 1;
	n = 0;
	for (struct span rest = lists; lists.n && span_next(&rest, ',', &word);)
		r->exposure[item * r->ginis + n++] += count_of(r, LISTS, word);
}

static void read_sum(const struct part_reader *r, int column, struct exactsum *sum)
{
	struct span text = field(r, column);
	if (!exactsum_add_text(sum, text.at, text.n))
		bad_field(r, column);
}

static void read_mean(struct part_reader *r)
{
	uint32_t before = strmap_count(r->names), name = strmap_add(r->names, field(r, METRIC));
	r->mean = memory_grow(r->mean, &r->mean_capacity, (size_t)name + 1, sizeof *r->mean);
	if (name == before)
		r->mean[name] = (struct mean){.n = 0};
	r->mean[name].n += count_of(r, USERS, field(r, USERS));
	read_sum(r, SUM, &r->mean[name].sum);
	read_sum(r, SQUARES, &r->mean[name].squares);
}

/* "ndcg@10" */
static bool add_measure(struct evaluation *e, struct span name)
{
	const char *at = name.n ? memchr(name.at, '@', name.n) : NULL;
	uint64_t k;
	if (!at || number_u64(at + 1, name.n - (size_t)(at + 1 - name.at), &k) != NUMBER_OK ||
	    k < 1 || k > 1 << 20)
		return false;
	for (int kind = 0; kind < MEASURE_AUC; kind++)
		if (span_equal((struct span){name.at, (size_t)(at - name.at)}, span_of(measure_kind_name(kind))))
			return measures_add(&e->measures, kind, (uint32_t)k) != SIZE_MAX;
	return false;
}

/* The settings of the first part; the others must be equal to them. */
static void take_settings(const struct part_reader *r, struct evaluation *e)
{
	struct span rest = field(r, SETTINGS), word[6], name;
	int n = 0;
	e->settings = memory_text(rest.at, rest.n);
	while (n < 6 && span_next(&rest, ' ', &word[n]))
		n++;
	if (n < 6 || (!span_equal(word[0], span_of("test")) && !span_equal(word[0], span_of("validation"))))
		bad_field(r, SETTINGS);
	e->heldout.split = span_equal(word[0], span_of("test")) ? SPLIT_TEST : SPLIT_VALIDATION;
	e->heldout.test_users = count_of(r, SETTINGS, word[2]);
	uint64_t items = count_of(r, SETTINGS, word[3]);
	if (items > UINT32_MAX - 1)
		bad_field(r, SETTINGS);
	e->items = (uint32_t)items;
	while (span_next(&word[5], ',', &name))
		if (!add_measure(e, name))
			bad_field(r, SETTINGS);
}

static void read_ids(const struct part_reader *r, struct evaluation *e)
{
	struct span bad;
	size_t before = e->parts.n;
	if (!part_ids_read(&e->parts, field(r, IDS), &bad) || e->parts.n == before)
		bad_field(r, IDS);
}

static void read_last(struct part_reader *r, struct evaluation *e)
{
	struct span counts = field(r, COUNTS), word;
	uint64_t *counter[COUNTERS];
	int c = 0;
	counters_of(e, counter);
	if (!e->settings)
		take_settings(r, e);
	else if (!span_equal(field(r, SETTINGS), span_of(e->settings)))
		table_fail(r->t, "the parts are of different datasets, splits or metrics: %.200s, and %.*s",
			   e->settings, (int)(field(r, SETTINGS).n < 200 ? field(r, SETTINGS).n : 200),
			   field(r, SETTINGS).at);
	for (; c < COUNTERS && span_next(&counts, ',', &word); c++)
		*counter[c] += count_of(r, COUNTS, word);
	if (c < COUNTERS || counts.at)
		bad_field(r, COUNTS);
	r->rows_counted += count_of(r, ROWS, field(r, ROWS));
	read_ids(r, e);
}

static void check_whole(const struct part_reader *r, struct evaluation *e, uint64_t wanted)
{
	part_ids_check(&e->parts);
	if (e->parts.n == 0)
		die(STATUS_DATA, "%s: no row of totals: no part is complete", table_file(r->t));
	if (r->rows != r->rows_counted)
		die(STATUS_DATA, "the parts should have %llu rows but have %llu: one is truncated or missing",
		    (unsigned long long)r->rows_counted, (unsigned long long)r->rows);
	parts_count(e->parts.n, wanted);
	if (e->evaluated > e->heldout.test_users)
		die(STATUS_DATA, "the parts have lists of %llu of %llu users with %s rows: a user is in two of them",
		    (unsigned long long)e->evaluated, (unsigned long long)e->heldout.test_users,
		    SPLIT_NAMES[e->heldout.split]);
	if (strmap_count(r->items) > e->items)
		die(STATUS_DATA, "the parts have %u items, the dataset %u", (unsigned)strmap_count(r->items),
		    (unsigned)e->items);
}

/* The means in the order of the measures, and what ginis count. */
static void arrange(struct part_reader *r, struct evaluation *e)
{
	uint32_t n = strmap_count(r->items);
	size_t gini = 0;
	e->means = memory_zero(e->measures.n, sizeof *e->means);
	e->shown = (struct shown){.ids = r->items, .n = n, .best_rank = r->best_rank,
		.exposure = memory_zero(e->measures.n, sizeof *e->shown.exposure)};
	for (size_t m = 0; m < e->measures.n; m++) {
		uint32_t name = strmap_find(r->names, span_of(e->measures.at[m].name));
		if (e->measures.at[m].kind == MEASURE_GINI) {
			e->shown.exposure[m] = memory_zero(n, sizeof **e->shown.exposure);
			for (uint32_t i = 0; i < n && gini < r->ginis; i++)
				e->shown.exposure[m][i] = r->exposure[i * r->ginis + gini];
			gini++;
		}
		if (measure_is_of_all(e->measures.at[m].kind))
			continue;
		if (name == STRMAP_NONE || r->mean[name].n > e->evaluated)
			die(STATUS_DATA, "%s: not what --partial wrote: the sums of %s", table_file(r->t),
			    e->measures.at[m].name);
		e->means[m] = r->mean[name];
	}
	if (n && gini != r->ginis)
		die(STATUS_DATA, "%s: not what --partial wrote: the lists of items", table_file(r->t));
}

void parts_read(struct part_reader *r, struct evaluation *e, uint64_t wanted)
{
	while (table_next(r->t)) {
		if (field(r, ROWS).n) {
			read_last(r, e);
			continue;
		}
		r->rows++;
		if (field(r, METRIC).n)
			read_mean(r);
		else
			read_item(r);
		progress_step(table_bytes(r->t), table_size(r->t), "bytes");
	}
	check_whole(r, e, wanted);
	arrange(r, e);
}
