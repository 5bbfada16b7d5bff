/* intake.c - see intake.h. */
#include "intake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/run.h"
#include "frame/table-threads.h"

/* Rows on their way in: ids are looked up many at a time. */
struct reader {
	struct reading in;
	struct intake *to;
	bool begun;              /* the first row has been looked at, the header written */
	bool part;               /* rows of a block of the file, for a thread */
	struct table_threads *threads; /* NULL: none */
	struct reader *parts;    /* one for each of their slots, with an intake of its own */
	struct intake *whole;    /* of a part: who gets its rows, */
	struct span *user;       /* and with --memory all of its users */
	size_t user_capacity;
	uint64_t laid_aside;     /* the whole's, when its users were looked up */
	uint64_t timeless;       /* rows without a time that can be read, when none needs it */
	size_t n;
	struct batch {
		struct span user[512], item[512];
		double weight[512];
		int64_t timestamp[512];
	} batch;
};

enum { BATCH = sizeof ((struct batch *)0)->weight / sizeof (double), ROWS_MIN = 1024 };

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

/* Bytes of a row in memory. */
static size_t row_bytes(const struct reader *r)
{
	return 8u + (r->in.time >= 0 ? 8u : 0) + (r->in.timestamp >= 0 ? 8u : 0);
}

/* Bytes of all ids: the maps, and what they take when they are sorted. */
static uint64_t id_bytes(const struct intake *in)
{
	enum { AN_ID = 60 };
	return shardmap_memory(in->users) + shardmap_memory(in->items) +
		AN_ID * ((uint64_t)shardmap_count(in->users) + shardmap_count(in->items));
}

/* How many rows there may be in memory: beside the maps, what they take when they are sorted, and a
 * fourth for what grows. */
static size_t rows_allowed(const struct reader *r)
{
	enum { A_ROW = 4 };
	const struct intake *to = r->to;
	uint64_t all = to->memory / 4 * 3, ids = id_bytes(to);
	uint64_t rows = all > ids ? (all - ids) / (row_bytes(r) + A_ROW) : 0;
	if (rows > UINT32_MAX - 1)
		rows = UINT32_MAX - 1;
	return rows < ROWS_MIN ? ROWS_MIN : (size_t)rows;
}

/* Rows that are in memory become a run on disk. */
static void lay_aside(struct intake *to, size_t threads)
{
	struct pairs *p = &to->p;
	if (!to->runs)
		to->runs = runs_new(p->weight != NULL, p->timestamp != NULL);
	runs_add(to->runs, p, to->users);
	p->n = 0;
	shardmap_free(to->users);
	to->users = shardmap_new(threads);
	to->laid_aside++;
}

/* Room for `n` rows: half as much more, as far as that is allowed. */
static void grow_within(struct reader *r, size_t n, size_t allowed)
{
	struct pairs *p = &r->to->p;
	if (n <= p->capacity[0])
		return;
	size_t most = p->capacity[0] + p->capacity[0] / 2 + BATCH;
	most = most > allowed ? allowed : most;
	most = most < n ? n : most;
	p->user = memory_resize(p->user, most, sizeof *p->user);
	p->item = memory_resize(p->item, most, sizeof *p->item);
	if (r->in.time >= 0)
		p->weight = memory_resize(p->weight, most, sizeof *p->weight);
	if (r->in.timestamp >= 0)
		p->timestamp = memory_resize(p->timestamp, most, sizeof *p->timestamp);
	for (size_t i = 0; i < sizeof p->capacity / sizeof *p->capacity; i++)
		p->capacity[i] = most;
}

/* Makes room for `more` rows. */
static void make_room(struct reader *r, size_t more)
{
	struct intake *to = r->to;
	struct pairs *p = &to->p;
	if (to->memory) {
		size_t allowed = rows_allowed(r);
		if (p->n + more > allowed && p->n)
			lay_aside(to, r->in.threads);
		grow_within(r, p->n + more, allowed);
		return;
	}
	size_t n = p->n + more;
	if (n >= UINT32_MAX)
		die(STATUS_FAILED, "more than %u rows: --memory lays aside what does not fit", UINT32_MAX - 1);
	p->user = memory_grow(p->user, &p->capacity[0], n, sizeof *p->user);
	p->item = memory_grow(p->item, &p->capacity[1], n, sizeof *p->item);
	if (r->in.time >= 0)
		p->weight = memory_grow(p->weight, &p->capacity[2], n, sizeof *p->weight);
	if (r->in.timestamp >= 0)
		p->timestamp = memory_grow(p->timestamp, &p->capacity[3], n, sizeof *p->timestamp);
}

/* Of a part: its ids are added to the whole, beside other threads that do. */
static void add_ids(struct reader *r)
{
	struct pairs *p = &r->to->p;
	struct intake *whole = r->whole;
	const struct batch *b = &r->batch;
	if (whole->memory) {
		r->user = memory_grow(r->user, &r->user_capacity, p->n + r->n, sizeof *r->user);
		memcpy(r->user + p->n, b->user, r->n * sizeof *r->user);
		pthread_rwlock_rdlock(&whole->lock);
		if (p->n == 0)
			r->laid_aside = whole->laid_aside;
	}
	shardmap_add_many(whole->users, b->user, r->n, p->user + p->n);
	if (whole->memory)
		pthread_rwlock_unlock(&whole->lock);
	shardmap_add_many(whole->items, b->item, r->n, p->item + p->n);
}

static void store_batch(struct reader *r)
{
	struct intake *to = r->to;
	struct pairs *p = &to->p;
	const struct batch *b = &r->batch;
	make_room(r, r->n);
	if (r->part) {
		add_ids(r);
	} else {
		shardmap_add_many(to->users, b->user, r->n, p->user + p->n);
		shardmap_add_many(to->items, b->item, r->n, p->item + p->n);
	}
	if (r->in.time >= 0)
		memcpy(p->weight + p->n, b->weight, r->n * sizeof *b->weight);
	if (r->in.timestamp >= 0) {
		memcpy(p->timestamp + p->n, b->timestamp, r->n * sizeof *b->timestamp);
		for (size_t i = 0; i < r->n; i++) {
			int64_t when = b->timestamp[i];
			to->newest = when > to->newest ? when : to->newest;
			to->oldest = when < to->oldest ? when : to->oldest;
		}
	}
	to->rows += r->n;
	p->n += r->n;
	r->n = 0;
	if (!r->part)
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
		table_threads_run(r->threads);
	}
}

/* ---- blocks of the file, each by a thread ---- */

static void clear_part(struct reader *part)
{
	struct intake *to = part->to;
	to->p.n = 0;
	to->rows = 0;
	to->newest = NO_TIME;
	to->oldest = INT64_MAX;
}

static void begin_part(void *context, size_t slot, struct table *table)
{
	struct reader *r = context, *part = &r->parts[slot];
	part->part = part->begun = true;
	part->in.table = table;
	part->to = memory_zero(1, sizeof *part->to);
	part->whole = r->to;
	clear_part(part);
}

static void read_part(void *context, size_t slot)
{
	struct reader *r = context, *part = &r->parts[slot];
	struct table *table = part->in.table;
	part->in = r->in; /* its columns are settled, now that the first row was looked at */
	part->in.table = table;
	read_rows(part);
}

/* The part's rows become rows of the whole. */
static void give_part(void *context, size_t slot)
{
	struct reader *r = context, *part = &r->parts[slot];
	struct intake *to = r->to, *from = part->to;
	struct pairs *p = &to->p, *rows = &from->p;
	if (to->memory)
		pthread_rwlock_wrlock(&to->lock);
	make_room(r, rows->n);
	if (to->memory)
		pthread_rwlock_unlock(&to->lock);
	if (part->laid_aside != to->laid_aside) /* the whole's users have other numbers now */
		shardmap_add_many(to->users, part->user, rows->n, rows->user);
	if (rows->n) {
		memcpy(p->user + p->n, rows->user, rows->n * sizeof *p->user);
		memcpy(p->item + p->n, rows->item, rows->n * sizeof *p->item);
	}
	if (r->in.time >= 0 && rows->n)
		memcpy(p->weight + p->n, rows->weight, rows->n * sizeof *p->weight);
	if (r->in.timestamp >= 0 && rows->n)
		memcpy(p->timestamp + p->n, rows->timestamp, rows->n * sizeof *p->timestamp);
	p->n += rows->n;
	to->rows += from->rows;
	to->newest = from->newest > to->newest ? from->newest : to->newest;
	to->oldest = from->oldest < to->oldest ? from->oldest : to->oldest;
	r->timeless += part->timeless;
	part->timeless = 0;
	clear_part(part);
}

static void end_part(void *context, size_t slot)
{
	struct reader *part = &((struct reader *)context)->parts[slot];
	intake_free(part->to);
	free(part->to);
	free(part->user);
}

static const struct table_work PARTS = {begin_part, read_part, give_part, end_part};

/* ---- all of it ---- */

/* Who lays rows aside does not wait for ever while others add ids. */
static void start_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t kind;
	pthread_rwlockattr_init(&kind);
#ifdef __GLIBC__
	pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
	pthread_rwlock_init(lock, &kind);
	pthread_rwlockattr_destroy(&kind);
}

void intake_read(struct intake *in, const struct reading *what)
{
	struct reader *r = memory_zero(1, sizeof *r);
	r->in = *what;
	r->to = in;
	in->newest = NO_TIME;
	in->oldest = INT64_MAX;
	r->parts = memory_zero(table_threads_slots(what->threads), sizeof *r->parts);
	start_lock(&in->lock);
	r->threads = table_threads_open(what->table, what->threads, &PARTS, r);
	read_rows(r);
	table_threads_close(r->threads);
	pthread_rwlock_destroy(&in->lock);
	free(r->parts);
	if (!r->begun)
		begin_output(r, false);
	if (r->timeless)
		warn("%" PRIu64 " rows have no readable time: it is left empty", r->timeless);
	free(r);
}

void intake_settle(struct intake *in, const struct pair_rules *rules)
{
	const struct pairs *p = &in->p;
	if (!in->memory)
		return;
	uint64_t ids = id_bytes(in);
	bool weighted = rules->how != WEIGHT_BINARY || rules->half_life_ms > 0;
	uint64_t row = 24u + (weighted ? 8u : 0) + (p->weight ? 8u : 0) + (p->timestamp ? 16u : 0) +
		(rules->places ? 4u : 0) + (weighted || p->timestamp || rules->places ? 8u : 0);
	if (!in->runs && ids + p->n * row <= in->memory)
		return;
	if (p->n)
		lay_aside(in, 1);
	shardmap_free(in->users);
	in->users = NULL;
	pairs_free(&in->p);
}

void intake_free(struct intake *in)
{
	runs_free(in->runs);
	shardmap_free(in->users);
	shardmap_free(in->items);
	pairs_free(&in->p);
}
