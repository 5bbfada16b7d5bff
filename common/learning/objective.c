#include "learning/objective.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

enum { SIDE, KEYS, ROWS, LOSS, PENALTY, IDS, SETTINGS, COLUMNS };
static const char *const NAMES[COLUMNS] = {
	"side", "keys", "rows", "loss", "penalty", "part_ids", "part_settings"};
static const char *const SIDE_NAMES[GRAM_SIDES] = {"users", "items"};

void objective_add(struct objective *o, double loss, double penalty, uint64_t rows)
{
	o->keys++;
	o->rows += rows;
	if (!isfinite(loss) || !isfinite(penalty)) {
		o->failed = true;
		return;
	}
	exactsum_add(&o->loss, loss);
	exactsum_add(&o->penalty, penalty);
}

void objective_merge(struct objective *o, const struct objective *other)
{
	exactsum_merge(&o->loss, &other->loss);
	exactsum_merge(&o->penalty, &other->penalty);
	o->keys += other->keys;
	o->rows += other->rows;
	o->failed |= other->failed;
}

double objective_mean(const struct objective *users, const struct objective *items)
{
	struct exactsum all = items->loss;
	exactsum_merge(&all, &users->penalty);
	return users->failed || items->failed ? NAN : exactsum_value(&all) / (double)items->rows;
}

/* ---- as a table ---- */

char *objective_settings(const struct fitting *f, uint32_t factors)
{
	struct buffer b = {0};
	buffer_format(&b, "%u %.17g %.17g %.17g", (unsigned)factors, f->unobserved, f->regularization,
		      f->exponent);
	return buffer_text(&b);
}

void objective_write_header(struct output *out)
{
	for (int c = 0; c < COLUMNS; c++) {
		output_text(out, c ? "\t" : "");
		output_text(out, NAMES[c]);
	}
	output_end_row(out);
}

static void write_sum(struct output *out, const struct exactsum *sum)
{
	char text[EXACTSUM_TEXT];
	output_span(out, (struct span){text, exactsum_text(sum, text)});
	output_tab(out);
}

void objective_write(struct output *out, enum gram_side side, const struct objective *o,
		     const struct part_ids *ids, const char *settings)
{
	output_text(out, SIDE_NAMES[side]);
	output_tab(out);
	output_u64(out, o->keys);
	output_tab(out);
	output_u64(out, o->rows);
	output_tab(out);
	write_sum(out, &o->loss);
	write_sum(out, &o->penalty);
	part_ids_write(ids, out);
	output_tab(out);
	output_text(out, settings);
	output_end_row(out);
}

_Noreturn static void bad_field(const struct table *t, const size_t *column, int c)
{
	char shown[QUOTED_SIZE];
	struct span s = table_field(t, column[c]);
	table_fail(t, "column '%s': not what fold-in --loss wrote: %s", NAMES[c], quoted(s.at, s.n, shown));
}

/* A count: below 2^53, so that no sum of what fits in a file overflows. */
static uint64_t count_of(const struct table *t, const size_t *column, int c)
{
	struct span text = table_field(t, column[c]);
	uint64_t n;
	if (number_u64(text.at, text.n, &n) != NUMBER_OK || n >> 53)
		bad_field(t, column, c);
	return n;
}

static void read_sum(const struct table *t, const size_t *column, int c, struct exactsum *sum)
{
	struct span text = table_field(t, column[c]);
	if (!exactsum_add_text(sum, text.at, text.n))
		bad_field(t, column, c);
}

static void read_part(const struct table *t, const size_t *column, struct objective_parts *p)
{
	struct span name = table_field(t, column[SIDE]), bad;
	enum gram_side side = span_equal(name, span_of(SIDE_NAMES[GRAM_USERS])) ? GRAM_USERS : GRAM_ITEMS;
	if (!span_equal(name, span_of(SIDE_NAMES[side])))
		bad_field(t, column, SIDE);
	struct objective *o = &p->side[side];
	size_t before = p->ids[side].n;
	parts_settings(t, &p->settings, table_field(t, column[SETTINGS]));
	o->keys += count_of(t, column, KEYS);
	o->rows += count_of(t, column, ROWS);
	read_sum(t, column, LOSS, &o->loss);
	read_sum(t, column, PENALTY, &o->penalty);
	if (!part_ids_read(&p->ids[side], table_field(t, column[IDS]), &bad) || p->ids[side].n == before)
		bad_field(t, column, IDS);
}

struct objective_parts objective_read(struct table *t, uint64_t wanted)
{
	struct objective_parts p = {0};
	size_t column[COLUMNS];
	parts_columns(t, NAMES, COLUMNS, column);
	while (table_next(t))
		read_part(t, column, &p);
	for (int side = 0; side < GRAM_SIDES; side++) {
		part_ids_check(&p.ids[side]);
		if (p.ids[side].n)
			parts_count(p.ids[side].n, wanted);
	}
	return p;
}

void objective_free(struct objective_parts *p)
{
	for (int side = 0; side < GRAM_SIDES; side++)
		part_ids_free(&p->ids[side]);
	free(p->settings);
}
