/* parts.c - see parts.h. */
#include "parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/run.h"

enum part_column { ITEM, PAIRS, ITEMS, ALL_PAIRS, USERS, ROWS, NEWEST, PARTS, IDS, SETTINGS, COLUMNS };

static const char *const NAMES[COLUMNS] = {"item", "pairs", "part_items", "part_pairs", "part_users",
	"part_rows", "part_newest", "part_count", "part_ids", "part_settings"};

void part_free(struct part *p)
{
	if (!p)
		return;
	strmap_free(p->items);
	free(p->pairs);
	part_ids_free(&p->ids);
	free(p->settings);
	free(p);
}

/* ---- writing ---- */

void part_write_header(struct output *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (i)
			output_tab(out);
		output_text(out, NAMES[i]);
	}
	output_end_row(out);
	output_flush(out);
}

void part_write(const struct part *p, struct output *out)
{
	uint32_t n = strmap_count(p->items), *order = strmap_sorted(p->items);
	for (uint32_t i = 0; i < n; i++) {
		output_span(out, strmap_key(p->items, order[i]));
		output_tab(out);
		output_u64(out, p->pairs[order[i]]);
		output_text(out, "\t\t\t\t\t\t\t\t");
		output_end_row(out);
	}
	const uint64_t totals[] = {n, p->all_pairs, p->users, p->rows};
	output_tab(out);
	for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
		output_tab(out);
		output_u64(out, totals[i]);
	}
	output_tab(out);
	if (p->newest != INT64_MIN)
		output_i64(out, p->newest);
	output_tab(out);
	output_u64(out, p->ids.n);
	output_tab(out);
	part_ids_write(&p->ids, out);
	output_tab(out);
	output_text(out, p->settings);
	output_end_row(out);
	free(order);
}

/* ---- reading ---- */

struct part_reader {
	struct table *t;
	size_t column[COLUMNS];
	struct part *p;
	/* The part at hand: its items and pairs so far, and its latest item. */
	uint64_t items, pairs;
	uint32_t latest;
};

static uint64_t add(struct part_reader *r, uint64_t a, uint64_t b)
{
	uint64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		table_fail(r->t, "the sum of the counts is too large");
	return sum;
}

static void take_item(struct part_reader *r, struct span id)
{
	struct part *p = r->p;
	uint64_t pairs;
	if (!table_u64(r->t, r->column[PAIRS], &pairs))
		return;
	if (r->items && span_compare(strmap_key(p->items, r->latest), id) >= 0)
		table_fail(r->t, "not in the order of a part's rows");
	uint32_t before = strmap_count(p->items);
	r->latest = strmap_add(p->items, id);
	if (r->latest == before) {
		p->pairs = memory_grow(p->pairs, &p->capacity, (size_t)before + 1, sizeof *p->pairs);
		p->pairs[before] = 0;
	}
	p->pairs[r->latest] = add(r, p->pairs[r->latest], pairs);
	r->pairs = add(r, r->pairs, pairs);
	r->items++;
}

/* The ids of the parts that this one is the sum of. */
static void take_ids(struct part_reader *r, uint64_t parts)
{
	struct part_ids *ids = &r->p->ids;
	struct span bad;
	size_t before = ids->n;
	if (!part_ids_read(ids, table_field(r->t, r->column[IDS]), &bad))
		table_fail(r->t, "not the ids of parts: %s", quoted(bad.at, bad.n, (char[QUOTED_SIZE]){0}));
	if (ids->n - before != parts)
		table_fail(r->t, "%zu ids of %" PRIu64 " parts: it is damaged", ids->n - before, parts);
}

/* The last row of a part: is it what the rows before it are? */
static void take_end(struct part_reader *r)
{
	struct table *t = r->t;
	struct part *p = r->p;
	uint64_t items, pairs, users, rows, parts;
	int64_t newest = INT64_MIN;
	struct span settings = table_field(t, r->column[SETTINGS]);
	if (!table_u64(t, r->column[ITEMS], &items) || !table_u64(t, r->column[ALL_PAIRS], &pairs) ||
	    !table_u64(t, r->column[USERS], &users) || !table_u64(t, r->column[ROWS], &rows) ||
	    !table_u64(t, r->column[PARTS], &parts) ||
	    (table_field(t, r->column[NEWEST]).n && !table_i64(t, r->column[NEWEST], &newest)))
		return;
	if (items != r->items || pairs != r->pairs)
		table_fail(t, "the part should have %" PRIu64 " items and %" PRIu64 " pairs but has %" PRIu64
			   " and %" PRIu64 ": it is damaged", items, pairs, r->items, r->pairs);
	if (parts == 0)
		table_fail(t, "a part of no parts");
	parts_settings(t, &p->settings, settings);
	p->all_pairs = add(r, p->all_pairs, pairs);
	p->users = add(r, p->users, users);
	p->rows = add(r, p->rows, rows);
	take_ids(r, parts);
	p->newest = newest > p->newest ? newest : p->newest;
	r->items = r->pairs = 0;
}

struct part *parts_read(struct table *t, uint64_t wanted)
{
	struct part_reader r = {.t = t, .p = memory_zero(1, sizeof *r.p)};
	struct part *p = r.p;
	*p = (struct part){.items = strmap_new(), .newest = INT64_MIN};
	parts_columns(t, NAMES, COLUMNS, r.column);
	while (table_next(t)) {
		struct span id = table_field(t, r.column[ITEM]);
		if (id.n)
			take_item(&r, id);
		else
			take_end(&r);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	if (!p->settings || r.items)
		die(STATUS_DATA, "%s: the last row of the %s is missing: it is truncated", table_file(t),
		    p->settings ? "last part" : "part");
	part_ids_check(&p->ids);
	parts_count(p->ids.n, wanted);
	return p;
}
