#include "pairs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/run.h"

void pairs_free(struct pairs *p)
{
	strmap_free(p->users);
	strmap_free(p->items);
	free(p->user_id);
	free(p->item_id);
	free(p->user);
	free(p->item);
	free(p->weight);
	free(p->timestamp);
	free(p->place);
	free(p->split);
}

/* Rows on their way into `pairs`: ids are looked up many at a time. */
struct reader {
	struct reading in;
	struct pairs *pairs;
	bool begun;              /* the first row has been looked at, the header written */
	uint64_t timeless;       /* rows without a time that can be read, when none needs it */
	size_t n;
	struct batch {
		struct span user[256], item[256];
		double weight[256];
		int64_t timestamp[256];
	} batch;
};

enum { BATCH = sizeof ((struct batch *)0)->weight / sizeof (double) };

/* The header, once it is known whether times are passed on: a column that nobody asked
 * for and that holds none in the first row (`row`: there is one) is left out, and that is reported. */
static void begin_output(struct reader *r, bool row)
{
	struct reading *in = &r->in;
	int64_t ignored;
	char shown[QUOTED_SIZE];
	r->begun = true;
	if (row && in->timestamp >= 0 && !in->timed &&
	    !table_try_time(in->table, (size_t)in->timestamp, in->unit, &ignored)) {
		struct span text = table_field(in->table, (size_t)in->timestamp);
		const char *hint = time_hint(in->unit, text.at, text.n);
		warn("%s:%" PRIu64 ": times are not passed on: %s: %s%s%s", table_file(in->table),
		     table_line(in->table), time_problem(NUMBER_SYNTAX, in->unit),
		     quoted(text.at, text.n, shown), hint ? "; " : "", hint ? hint : "");
		in->timestamp = -1;
	}
	if (!in->header)
		return;
	output_text(in->out, "user\titem\tweight\tsplit");
	output_text(in->out, in->timestamp >= 0 ? "\ttimestamp" : "");
	output_end_row(in->out);
	output_flush(in->out);
}

/* The row's time, or that it has none, where that is allowed; false: the row was rejected. */
static bool take_time(struct reader *r, int64_t *when)
{
	size_t column = (size_t)r->in.timestamp;
	if (r->in.timestamp < 0)
		return true;
	if (r->in.timed)
		return table_time(r->in.table, column, r->in.unit, when);
	if (!table_try_time(r->in.table, column, r->in.unit, when)) {
		*when = NO_TIME;
		r->timeless++;
	}
	return true;
}

/* Looks at the current row and puts it into the batch, unless it is bad. */
static void take_row(struct reader *r)
{
	struct batch *b = &r->batch;
	struct table *t = r->in.table;
	double weight = 1;
	int64_t when = 0;
	if (!r->begun)
		begin_output(r, true);
	b->user[r->n] = table_field(t, r->in.user);
	b->item[r->n] = table_field(t, r->in.item);
	if (b->user[r->n].n == 0)
		table_reject(t, r->in.user, "an empty id");
	else if (b->item[r->n].n == 0)
		table_reject(t, r->in.item, "an empty id");
	else if ((r->in.time < 0 || table_double(t, (size_t)r->in.time, &weight)) &&
		 take_time(r, &when)) {
		b->weight[r->n] = weight;
		b->timestamp[r->n] = when;
		r->n++;
	}
}

static void store_batch(struct reader *r)
{
	struct pairs *p = r->pairs;
	const struct batch *b = &r->batch;
	size_t n = p->n + r->n;
	if (n >= UINT32_MAX)
		die(STATUS_FAILED, "more than %u rows", UINT32_MAX - 1);
	p->user = memory_grow(p->user, &p->capacity[0], n, sizeof *p->user);
	p->item = memory_grow(p->item, &p->capacity[1], n, sizeof *p->item);
	strmap_add_many(p->users, b->user, r->n, p->user + p->n);
	strmap_add_many(p->items, b->item, r->n, p->item + p->n);
	if (r->in.time >= 0) {
		p->weight = memory_grow(p->weight, &p->capacity[2], n, sizeof *p->weight);
		memcpy(p->weight + p->n, b->weight, r->n * sizeof *b->weight);
	}
	if (r->in.timestamp >= 0) {
		p->timestamp = memory_grow(p->timestamp, &p->capacity[3], n,
					   sizeof *p->timestamp);
		memcpy(p->timestamp + p->n, b->timestamp, r->n * sizeof *b->timestamp);
	}
	p->n = n;
	r->n = 0;
	progress_step(table_bytes(r->in.table), table_size(r->in.table), "bytes");
}

static void read_rows(struct reader *r)
{
	for (size_t n; (n = table_next_rows(r->in.table)) > 0;) {
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				table_block_row(r->in.table, i);
			take_row(r);
			if (r->n == BATCH)
				store_batch(r);
		}
		if (r->n) /* before the fields go away */
			store_batch(r);
	}
}

void pairs_read(struct pairs *p, const struct reading *what)
{
	struct reader *r = memory_zero(1, sizeof *r);
	r->in = *what;
	r->pairs = p;
	read_rows(r);
	if (!r->begun)
		begin_output(r, false);
	if (r->timeless)
		warn("%" PRIu64 " rows have no readable time: it is left empty", r->timeless);
	free(r);
}
