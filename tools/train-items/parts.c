/* parts.c - counts written as a table, and such tables added up: see method.h.
 *
 * A part has a row for each item (the neighbor is empty) and for each pair, and one more row,
 * whose item is empty: how many rows these are, of how many users, of how many parts they are
 * the sum, and how they were counted. Parts that are added up are a part again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"
#include "domain/parts.h"
#include "frame/run.h"
#include "streams/table.h"
#include "method.h"

static const char HEADER[] =
	"item\tneighbor\tcount\tsum\tsquare\tpart_rows\tpart_users\tpart_count\tpart_settings";

/* ---- writing ---- */

struct part_writer {
	const struct counts *c;
	struct scratch *scratch;
};

static int by_item(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	return (x->item > y->item) - (x->item < y->item);
}

static void add_row(struct buffer *b, struct span item, struct span neighbor, const struct sums *s)
{
	char *at = buffer_room(b, item.n + neighbor.n + 3 * NUMBER_SIZE + 16), *from = at;
	at = span_put(at, item);
	*at++ = '\t';
	at = span_put(at, neighbor);
	*at++ = '\t';
	at += number_write_u64(s->count, at);
	*at++ = '\t';
	at += number_write_u64(s->sum, at);
	*at++ = '\t';
	at += number_write_u64(s->square, at);
	memcpy(at, "\t\t\t\t\n", 5);
	b->n += (size_t)(at - from) + 5;
}

static uint64_t part_rows(void *context, uint32_t item, size_t worker, struct buffer *b)
{
	const struct part_writer *p = context;
	struct scratch *s = &p->scratch[worker];
	struct span id = strmap_key(p->c->item_ids, item);
	size_t n = p->c->row(p->c, item, s);
	uint64_t rows = 1;
	add_row(b, id, (struct span){"", 0}, &p->c->item[item]);
	if (n > 1)
		qsort(s->tallies, n, sizeof *s->tallies, by_item);
	for (size_t i = 0; i < n; i++) {
		const struct tally *t = &s->tallies[i];
		if (p->c->symmetric && t->item < item)
			continue;
		add_row(b, id, strmap_key(p->c->item_ids, t->item), &t->sums);
		rows++;
	}
	return rows;
}

uint64_t write_part(const struct counts *c, struct pool *pool, struct output *out)
{
	size_t threads = pool_threads(pool);
	struct part_writer p = {c, memory_zero(threads, sizeof *p.scratch)};
	struct writing w = {.items = c->items, .rows = part_rows, .context = &p};
	uint64_t rows = write_items(&w, pool, out);
	output_text(out, "\t\t\t\t\t");
	output_u64(out, rows);
	output_tab(out);
	output_u64(out, c->users);
	output_tab(out);
	output_u64(out, c->parts);
	output_tab(out);
	output_text(out, c->settings);
	output_end_row(out);
	for (size_t i = 0; i < threads; i++)
		scratch_free(&p.scratch[i]);
	free(p.scratch);
	return rows + 1;
}

const char *part_header(void)
{
	return HEADER;
}

/* ---- reading ---- */

struct entry {
	struct sums sums;
	uint32_t item, neighbor;
};

/* The pairs of all parts, and where those of an item are. */
struct merged {
	struct entry *entry;
	uint64_t n;
	uint64_t *start;            /* item -> its places in `at` */
	uint64_t *at;               /* entries; in a symmetric part each is there for both its items */
};

enum part_column { ITEM, NEIGHBOR, COUNT, SUM, SQUARE, ROWS, USERS, PARTS, SETTINGS, COLUMNS };

struct part_reader {
	struct table *t;
	size_t column[COLUMNS];
	struct counts *c;
	struct merged *m;
	size_t capacity, item_capacity;
	uint64_t part_rows, rows;   /* according to the parts; that were read */
	/* The part at hand: its rows so far, its latest item and the neighbor in the row before
	 * (NOBODY: none yet), and the greatest count of an item. */
	uint64_t own_rows, own_most;
	uint32_t item, neighbor;
	uint32_t backward;          /* an item with a neighbor before it, as knn has none, or NOBODY */
	bool damaged;               /* a part says of itself what is not so */
};

static const uint32_t NOBODY = UINT32_MAX;

static void add_sums(struct sums *to, const struct sums *from)
{
	to->count = counts_add(to->count, from->count);
	to->sum = counts_add(to->sum, from->sum);
	to->square = counts_add(to->square, from->square);
}

static size_t row_of_parts(const struct counts *c, uint32_t item, struct scratch *s)
{
	const struct merged *m = c->source;
	size_t touched = 0;
	scratch_prepare(s, c, sizeof(struct sums));
	struct sums *counter = s->counters;
	for (uint64_t i = m->start[item]; i < m->start[item + 1]; i++) {
		const struct entry *e = &m->entry[m->at[i]];
		uint32_t other = e->item == item ? e->neighbor : e->item;
		s->touched[touched] = other;
		touched += counter[other].count == 0;
		add_sums(&counter[other], &e->sums);
	}
	for (size_t i = 0; i < touched; i++) {
		uint32_t other = s->touched[i];
		s->tallies[i] = (struct tally){counter[other], other};
		counter[other] = (struct sums){0};
	}
	return touched;
}

static void free_merged(void *source)
{
	struct merged *m = source;
	free(m->entry);
	free(m->start);
	free(m->at);
	free(m);
}

/* Settings begin with the name of the method and a blank. */
static bool made_by(struct span settings, const char *method)
{
	size_t n = strlen(method);
	return settings.n > n && memcmp(settings.at, method, n) == 0 && settings.at[n] == ' ';
}

/* The last row of a part. */
static void take_end(struct part_reader *r)
{
	struct table *t = r->t;
	struct counts *c = r->c;
	uint64_t rows, users, parts;
	struct span settings = table_field(t, r->column[SETTINGS]);
	for (size_t i = NEIGHBOR; i <= SQUARE; i++) {
		if (table_field(t, r->column[i]).n) {
			table_reject(t, r->column[i], "the last row of a part has no such value");
			return;
		}
	}
	if (!table_u64(t, r->column[ROWS], &rows) || !table_u64(t, r->column[USERS], &users) ||
	    !table_u64(t, r->column[PARTS], &parts))
		return;
	if (parts == 0) {
		table_reject(t, r->column[PARTS], "not a number above 0");
		return;
	}
	if (r->own_most && (users == 0 || (made_by(settings, "knn") && users < r->own_most))) {
		table_reject(t, r->column[USERS], "fewer users than the part's items have");
		return;
	}
	parts_settings(t, &c->settings, settings);
	r->damaged |= rows != r->own_rows;
	r->own_rows = r->own_most = 0;
	r->item = r->neighbor = NOBODY;
	r->part_rows = counts_add(r->part_rows, rows);
	c->users = counts_add(c->users, users);
	c->parts = counts_add(c->parts, parts);
}

/* The number of an id, whose own sums are 0 at first. */
static uint32_t item_number(struct part_reader *r, struct span id)
{
	struct counts *c = r->c;
	uint32_t number = strmap_add(c->item_ids, id);
	if (number == c->items) {
		c->item = memory_grow(c->item, &r->item_capacity, (size_t)number + 1, sizeof *c->item);
		c->item[c->items++] = (struct sums){0};
	}
	return number;
}

/* Rows are written in the byte order of the items, each before its neighbors, which are in that
 * order too. So no row is there twice. */
static bool in_order(const struct part_reader *r, struct span item, struct span neighbor)
{
	const struct strmap *ids = r->c->item_ids;
	if (neighbor.n == 0)
		return r->item == NOBODY || span_compare(strmap_key(ids, r->item), item) < 0;
	if (r->item == NOBODY || !span_equal(strmap_key(ids, r->item), item))
		return false;
	return r->neighbor == NOBODY || span_compare(strmap_key(ids, r->neighbor), neighbor) < 0;
}

static void take_row(struct part_reader *r)
{
	struct table *t = r->t;
	struct merged *m = r->m;
	struct entry e;
	struct span item = table_field(t, r->column[ITEM]), neighbor = table_field(t, r->column[NEIGHBOR]);
	if (!table_u64(t, r->column[COUNT], &e.sums.count) || !table_u64(t, r->column[SUM], &e.sums.sum) ||
	    !table_u64(t, r->column[SQUARE], &e.sums.square))
		return;
	if (e.sums.count == 0 && neighbor.n) { /* of an item alone it is what --max-history left */
		table_reject(t, r->column[COUNT], "not a number above 0");
		return;
	}
	if (span_equal(item, neighbor)) {
		table_reject(t, r->column[NEIGHBOR], "an item that is its own neighbor");
		return;
	}
	if (!in_order(r, item, neighbor)) {
		table_reject(t, r->column[neighbor.n ? NEIGHBOR : ITEM], "not in the order of a part's rows");
		return;
	}
	if (neighbor.n == 0) {
		e.item = r->item = item_number(r, item);
		r->neighbor = NOBODY;
		add_sums(&r->c->item[e.item], &e.sums);
		if (e.sums.count > r->own_most)
			r->own_most = e.sums.count;
		return;
	}
	e.item = r->item;
	e.neighbor = r->neighbor = item_number(r, neighbor);
	m->entry = memory_grow(m->entry, &r->capacity, (size_t)m->n + 1, sizeof *m->entry);
	m->entry[m->n++] = e;
	if (r->backward == NOBODY && span_compare(item, neighbor) > 0)
		r->backward = e.item;
}

/* Items in the order of their ids, and the entries of each. */
static void index_entries(struct counts *c, struct merged *m)
{
	uint32_t *rank;
	struct sums *item = memory_new((size_t)c->items + 1, sizeof *item);
	c->item_ids = strmap_in_order(c->item_ids, &rank);
	for (uint32_t i = 0; i < c->items; i++)
		item[rank[i]] = c->item[i];
	free(c->item);
	c->item = item;
	m->start = csr_new(c->items);
	for (uint64_t i = 0; i < m->n; i++) {
		struct entry *e = &m->entry[i];
		e->item = rank[e->item];
		e->neighbor = rank[e->neighbor];
		csr_count(m->start, e->item);
		if (c->symmetric)
			csr_count(m->start, e->neighbor);
	}
	m->at = memory_new((size_t)csr_sum(m->start, c->items) + 1, sizeof *m->at);
	for (uint64_t i = 0; i < m->n; i++) {
		m->at[csr_place(m->start, m->entry[i].item)] = i;
		if (c->symmetric)
			m->at[csr_place(m->start, m->entry[i].neighbor)] = i;
	}
	free(rank);
}

static _Noreturn void die_contradicting(const struct counts *c, uint32_t item)
{
	struct span id = strmap_key(c->item_ids, item);
	char shown[QUOTED_SIZE];
	die(STATUS_DATA, "the rows of item %s contradict each other: a part is damaged",
	    quoted(id.at, id.n, shown));
}

/* Is everything there that the parts say of themselves, and does it hang together? */
static void check_parts_read(const struct options *o, const struct part_reader *r)
{
	const struct counts *c = r->c;
	if (c->parts == 0)
		die(STATUS_DATA, "%s: no last row: no part is complete", table_file(r->t));
	if (r->rows != r->part_rows && table_rejected(r->t) == 0)
		die(STATUS_DATA, "the parts should have %llu rows but have %llu: one is truncated or missing",
		    (unsigned long long)r->part_rows, (unsigned long long)r->rows);
	if (r->own_rows && table_rejected(r->t) == 0)
		die(STATUS_DATA, "%s: the last part has no last row: it is truncated", table_file(r->t));
	if (r->damaged && table_rejected(r->t) == 0)
		die(STATUS_DATA, "a part does not have as many rows as its last row says: it is damaged");
	parts_count(c->parts, (uint64_t)o->parts);
	for (uint64_t i = 0; i < r->m->n; i++) {
		const struct entry *e = &r->m->entry[i];
		uint64_t one = c->item[e->item].count, other = c->item[e->neighbor].count;
		if (one && other && (!c->symmetric || (e->sums.count <= one && e->sums.count <= other)))
			continue;
		die_contradicting(c, e->item);
	}
	if (c->symmetric && r->backward != NOBODY)
		die_contradicting(c, r->backward);
}

struct part_reader *parts_open(struct table *t)
{
	static const char *const NAMES[COLUMNS] = {"item", "neighbor", "count", "sum", "square",
		"part_rows", "part_users", "part_count", "part_settings"};
	struct part_reader *r = memory_zero(1, sizeof *r);
	r->t = t;
	r->item = r->neighbor = r->backward = NOBODY;
	parts_columns(t, NAMES, COLUMNS, r->column);
	return r;
}

struct counts *parts_read(const struct options *o, struct part_reader *r)
{
	struct table *t = r->t;
	r->c = memory_zero(1, sizeof *r->c);
	r->m = memory_zero(1, sizeof *r->m);
	struct counts *c = r->c;
	*c = (struct counts){.method = (enum method_number)o->method, .item_ids = strmap_new(),
		.symmetric = o->method == METHOD_KNN, .logs = true, .source = r->m, .row = row_of_parts,
		.free_source = free_merged};
	while (table_next(t)) {
		if (table_field(t, r->column[ITEM]).n == 0) {
			take_end(r);
			continue;
		}
		r->rows++;
		r->own_rows++;
		take_row(r);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	if (!c->item)
		c->item = memory_zero(1, sizeof *c->item);
	if (c->settings && !made_by(span_of(c->settings), METHODS[o->method].name))
		die(STATUS_DATA, "these parts are not of --method %s", METHODS[o->method].name);
	check_parts_read(o, r);
	index_entries(c, r->m);
	for (uint32_t i = 0; i < c->items; i++)
		c->rows = counts_add(c->rows, c->item[i].count);
	free(r);
	return c;
}
