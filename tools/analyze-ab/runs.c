/* runs.c - see runs.h.
 *
 * A run is a sequence of users: the length of the id and the number of events (uint32_t
 * each), the id, and the events one after the other, a column after the other in each.
 */
#include "runs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/scratch.h"

enum { RUNS_MAX = 10000, BLOCK_MIN = 4096, BLOCK_MAX = 1 << 18, BLOCKS = 1 << 24, WRITTEN_AT = 1 << 20 };

/* A run that is read. */
struct run_reader {
	uint64_t at, end;                   /* in the file: what is not in the block yet */
	char *block;
	size_t from, to, capacity;          /* of the block: what has not been taken */
	struct span id;                     /* of the next user, whose events follow */
	uint32_t events;
};

struct runs {
	int file;
	uint64_t written;
	uint64_t *end;                      /* of each run */
	size_t n, end_capacity;
	struct buffer out;                  /* to be written */
	struct run_reader *reader;          /* NULL while runs are added */
	size_t *heap, waiting;              /* readers by the id of their next user, then by number */
};

struct runs *runs_new(void)
{
	struct runs *r = memory_zero(1, sizeof *r);
	r->file = scratch_open();
	return r;
}

void runs_free(struct runs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n && r->reader; i++)
		free(r->reader[i].block);
	buffer_free(&r->out);
	free(r->reader);
	free(r->heap);
	free(r->end);
	if (close(r->file) != 0)
		die_errno(STATUS_FAILED, "cannot close a temporary file");
	free(r);
}

/* ---- writing ---- */

static void flush(struct runs *r)
{
	scratch_write(r->file, r->out.data, r->out.n);
	r->written += r->out.n;
	r->out.n = 0;
}

void runs_add(struct runs *r, struct events *e, const struct strmap *users)
{
	uint32_t n = strmap_count(users), *by_id = strmap_sorted(users);
	uint64_t *start;
	uint32_t *order = events_by_user(e, users, by_id, &start);
	if (r->n == RUNS_MAX)
		die(STATUS_FAILED, "more than %d runs of sorted events: raise --memory", RUNS_MAX);
	for (uint32_t u = 0; u < n; u++) {
		struct span id = strmap_key(users, by_id[u]);
		const uint32_t head[] = {(uint32_t)id.n, (uint32_t)(start[u + 1] - start[u])};
		buffer_add(&r->out, (const char *)head, sizeof head);
		buffer_add_span(&r->out, id);
		for (uint64_t i = start[u]; i < start[u + 1]; i++)
			events_store(e, order[i], &r->out);
		if (r->out.n >= WRITTEN_AT)
			flush(r);
	}
	flush(r);
	r->end = memory_grow(r->end, &r->end_capacity, r->n + 1, sizeof *r->end);
	r->end[r->n++] = r->written;
	e->n = 0;
	free(order);
	free(start);
	free(by_id);
}

/* ---- reading ---- */

/* The next n bytes of a run, valid until the next call for it. */
static const char *take(struct runs *r, struct run_reader *f, size_t n)
{
	if (f->to - f->from < n) {
		f->to -= f->from;
		memmove(f->block, f->block + f->from, f->to);
		f->from = 0;
		f->block = memory_grow(f->block, &f->capacity, n, 1);
		size_t room = f->capacity - f->to;
		size_t more = f->end - f->at < room ? (size_t)(f->end - f->at) : room;
		scratch_read(r->file, f->at, f->block + f->to, more);
		f->at += more;
		f->to += more;
	}
	f->from += n;
	return f->block + f->from - n;
}

/* Reads up to the next user's events; false at the end of the run. */
static bool take_user(struct runs *r, struct run_reader *f)
{
	uint32_t head[2];
	if (f->at == f->end && f->from == f->to)
		return false;
	memcpy(head, take(r, f, sizeof head), sizeof head);
	f->id = (struct span){take(r, f, head[0]), head[0]};
	f->events = head[1];
	return true;
}

/* Does the run a come before the run b? */
static bool is_before(const struct runs *r, size_t a, size_t b)
{
	int order = span_compare(r->reader[a].id, r->reader[b].id);
	return order < 0 || (order == 0 && a < b);
}

static void sift_down(struct runs *r, size_t place)
{
	size_t moved = r->heap[place];
	for (size_t child; (child = 2 * place + 1) < r->waiting; place = child) {
		if (child + 1 < r->waiting && is_before(r, r->heap[child + 1], r->heap[child]))
			child++;
		if (!is_before(r, r->heap[child], moved))
			break;
		r->heap[place] = r->heap[child];
	}
	r->heap[place] = moved;
}

static void open_all(struct runs *r)
{
	size_t block = r->n ? BLOCKS / r->n : BLOCK_MIN;
	block = block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
	r->reader = memory_zero(r->n + 1, sizeof *r->reader);
	r->heap = memory_new(r->n + 1, sizeof *r->heap);
	buffer_free(&r->out);
	for (size_t i = 0; i < r->n; i++) {
		struct run_reader *f = &r->reader[i];
		*f = (struct run_reader){.at = i ? r->end[i - 1] : 0, .end = r->end[i], .capacity = block,
			.block = memory_new(block, 1)};
		if (take_user(r, f))
			r->heap[r->waiting++] = i;
	}
	for (size_t i = r->waiting / 2; i-- > 0;)
		sift_down(r, i);
}

bool runs_next(struct runs *r, struct events *e, struct buffer *id)
{
	if (!r->reader)
		open_all(r);
	if (r->waiting == 0)
		return false;
	id->n = 0;
	buffer_add_span(id, r->reader[r->heap[0]].id);
	while (r->waiting && span_equal(r->reader[r->heap[0]].id, (struct span){id->data, id->n})) {
		struct run_reader *f = &r->reader[r->heap[0]];
		for (; f->events > 0; f->events--)
			events_load(e, take(r, f, events_stored_size(e)));
		if (!take_user(r, f))
			r->heap[0] = r->heap[--r->waiting];
		if (r->waiting)
			sift_down(r, 0);
	}
	return true;
}
