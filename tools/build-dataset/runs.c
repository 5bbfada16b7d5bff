/* runs.c - see runs.h. */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "streams/spool.h"

enum { WRITE_BUFFER = 1 << 20, READ_BUFFER_MIN = 4 << 10, READ_BUFFER_MAX = 1 << 20 };
enum { PIECE_ROWS_MIN = 1 << 10, PIECE_ROWS_MAX = 1 << 18, PIECE_ROW_BYTES = 100 };

/* What stands in the file before the rows of a user: then come the id's bytes, and one column of
 * the rows after the other. */
struct user_head {
	uint64_t id_n;
	uint32_t rows, unused;
};

/* A run that is being merged: its next user. */
struct run {
	uint64_t at, end;
	struct spool_reader reader;
	struct user_head head;
	struct buffer id;
};

struct runs {
	struct spool *spool;
	bool weights, timestamps;
	struct run *run;
	size_t n, capacity;
	/* while they are merged */
	uint32_t *heap;         /* runs with a next user, the least first */
	size_t left;
	const uint32_t *rank;
	int64_t until;
	size_t piece_rows;
};

struct runs *runs_new(bool weights, bool timestamps)
{
	struct runs *r = memory_zero(1, sizeof *r);
	r->spool = spool_new(WRITE_BUFFER);
	r->weights = weights;
	r->timestamps = timestamps;
	return r;
}

void runs_free(struct runs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		spool_reader_free(&r->run[i].reader);
		buffer_free(&r->run[i].id);
	}
	spool_free(r->spool);
	free(r->run);
	free(r->heap);
	free(r);
}

/* ---- writing ---- */

static void put_user(struct runs *r, const struct pairs *p, struct span id, const uint32_t *row,
		     uint32_t n)
{
	struct user_head head = {.id_n = id.n, .rows = n};
	spool_put(r->spool, &head, sizeof head);
	spool_put(r->spool, id.at, id.n);
	for (uint32_t i = 0; i < n; i++)
		spool_put(r->spool, &p->item[row[i]], sizeof *p->item);
	for (uint32_t i = 0; r->weights && i < n; i++)
		spool_put(r->spool, &p->weight[row[i]], sizeof *p->weight);
	for (uint32_t i = 0; r->timestamps && i < n; i++)
		spool_put(r->spool, &p->timestamp[row[i]], sizeof *p->timestamp);
}

void runs_add(struct runs *r, const struct pairs *p, const struct strmap *users)
{
	uint32_t n_users = strmap_count(users), *by_id = strmap_sorted(users);
	uint32_t *rank = memory_new((size_t)n_users + 1, sizeof *rank);
	for (uint32_t u = 0; u < n_users; u++)
		rank[by_id[u]] = u;
	uint32_t *start, *order = pairs_by_user(p, rank, n_users, &start);
	r->run = memory_grow(r->run, &r->capacity, r->n + 1, sizeof *r->run);
	struct run *run = &r->run[r->n++];
	*run = (struct run){.at = spool_size(r->spool)};
	for (uint32_t u = 0; u < n_users; u++)
		put_user(r, p, strmap_key(users, by_id[u]), order + start[u], start[u + 1] - start[u]);
	run->end = spool_size(r->spool);
	free(order);
	free(start);
	free(rank);
	free(by_id);
}

/* ---- merging ---- */

void runs_times(void *runs, void (*see)(void *context, const int64_t *time, size_t n), void *context)
{
	enum { MANY = 4096 };
	struct runs *r = runs;
	struct spool_reader reader;
	int64_t *time = memory_new(MANY, sizeof *time);
	spool_flush(r->spool);
	spool_reader_start(&reader, r->spool, 0, spool_size(r->spool), READ_BUFFER_MAX);
	while (spool_left(&reader)) {
		struct user_head head;
		spool_take(&reader, &head, sizeof head);
		size_t row = sizeof(uint32_t) + (r->weights ? sizeof(double) : 0);
		spool_skip(&reader, head.id_n + head.rows * row);
		for (size_t left = head.rows, some; left; left -= some) {
			some = left < MANY ? left : MANY;
			spool_take(&reader, time, some * sizeof *time);
			see(context, time, some);
		}
	}
	spool_reader_free(&reader);
	free(time);
}

static bool before(const struct runs *r, uint32_t a, uint32_t b)
{
	const struct buffer *x = &r->run[a].id, *y = &r->run[b].id;
	int order = span_compare((struct span){x->data, x->n}, (struct span){y->data, y->n});
	return order ? order < 0 : a < b;
}

static void sift_down(struct runs *r, size_t at)
{
	uint32_t run = r->heap[at];
	for (size_t child; (child = 2 * at + 1) < r->left; at = child) {
		if (child + 1 < r->left && before(r, r->heap[child + 1], r->heap[child]))
			child++;
		if (before(r, run, r->heap[child]))
			break;
		r->heap[at] = r->heap[child];
	}
	r->heap[at] = run;
}

/* The run's next user; false at its end. */
static bool next_user(struct run *run)
{
	if (spool_left(&run->reader) == 0)
		return false;
	spool_take(&run->reader, &run->head, sizeof run->head);
	run->id.n = 0;
	spool_take(&run->reader, buffer_room(&run->id, run->head.id_n + 1), run->head.id_n);
	run->id.n = run->head.id_n;
	return true;
}

void runs_merge(struct runs *r, const uint32_t *rank, int64_t until, uint64_t memory)
{
	uint64_t buffer = memory / 4 / (r->n + 1), rows = memory / 2 / PIECE_ROW_BYTES;
	buffer = buffer < READ_BUFFER_MIN ? READ_BUFFER_MIN : buffer;
	rows = rows < PIECE_ROWS_MIN ? PIECE_ROWS_MIN : rows;
	r->piece_rows = rows > PIECE_ROWS_MAX ? PIECE_ROWS_MAX : (size_t)rows;
	r->rank = rank;
	r->until = until;
	spool_flush(r->spool);
	r->heap = memory_new(r->n + 1, sizeof *r->heap);
	for (size_t i = 0; i < r->n; i++) {
		struct run *run = &r->run[i];
		spool_reader_start(&run->reader, r->spool, run->at, run->end,
				   buffer > READ_BUFFER_MAX ? READ_BUFFER_MAX : (size_t)buffer);
		if (next_user(run))
			r->heap[r->left++] = (uint32_t)i;
	}
	for (size_t i = r->left / 2; i-- > 0;)
		sift_down(r, i);
}

/* The rows of the run's next user, into the piece as those of user number `user`. */
static void take_rows(struct runs *r, struct run *run, struct pairs *p, uint32_t user)
{
	size_t n = run->head.rows, all = p->n + n;
	p->user = memory_grow(p->user, &p->capacity[0], all + 1, sizeof *p->user);
	p->item = memory_grow(p->item, &p->capacity[1], all + 1, sizeof *p->item);
	spool_take(&run->reader, p->item + p->n, n * sizeof *p->item);
	for (size_t i = p->n; i < all; i++) {
		p->user[i] = user;
		p->item[i] = r->rank[p->item[i]];
	}
	if (r->weights) {
		p->weight = memory_grow(p->weight, &p->capacity[2], all + 1, sizeof *p->weight);
		spool_take(&run->reader, p->weight + p->n, n * sizeof *p->weight);
	}
	if (r->timestamps) {
		p->timestamp = memory_grow(p->timestamp, &p->capacity[3], all + 1, sizeof *p->timestamp);
		spool_take(&run->reader, p->timestamp + p->n, n * sizeof *p->timestamp);
	}
	p->n = all;
	if (r->until < INT64_MAX)
		pairs_drop_later(p, all - n, r->until);
}

/* All rows of the user that is next, from all runs; the id is added to `ids`. */
static void take_user(struct runs *r, struct pairs *p, struct buffer *ids)
{
	const struct buffer *first = &r->run[r->heap[0]].id;
	uint64_t from = ids->n, n = first->n;
	buffer_add(ids, (const char *)&n, sizeof n);
	buffer_add(ids, first->data, first->n);
	while (r->left) {
		struct run *run = &r->run[r->heap[0]];
		if (run->id.n != n || memcmp(run->id.data, ids->data + from + sizeof n, n) != 0)
			break;
		take_rows(r, run, p, p->n_users);
		if (!next_user(run))
			r->heap[0] = r->heap[--r->left];
		if (r->left)
			sift_down(r, 0);
	}
	p->n_users++;
}

/* Where the ids are, each after its length. */
static struct span *spans_of(char *at, uint32_t n)
{
	struct span *id = memory_new((size_t)n + 1, sizeof *id);
	for (uint32_t u = 0; u < n; u++) {
		uint64_t length;
		memcpy(&length, at, sizeof length);
		id[u] = (struct span){at + sizeof length, length};
		at += sizeof length + length;
	}
	return id;
}

bool runs_next(struct runs *r, struct pairs *p)
{
	struct buffer ids = {0};
	if (r->left == 0)
		return false;
	*p = (struct pairs){0};
	while (r->left && p->n < r->piece_rows)
		take_user(r, p, &ids);
	p->id_bytes = ids.data;
	p->user_id = spans_of(ids.data, p->n_users);
	return true;
}
