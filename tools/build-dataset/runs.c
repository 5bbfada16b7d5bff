/* runs.c - see runs.h. */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "streams/sorted-runs.h"
#include "ids.h"

enum { WRITE_BUFFER = 1 << 20, READ_BUFFER_MIN = 4 << 10, READ_BUFFER_MAX = 1 << 20 };
enum { PIECE_ROWS_MIN = 1 << 10, PIECE_ROWS_MAX = 1 << 18, PIECE_ROW_BYTES = 100 };

/* A part (streams/sorted-runs.h) is the rows of a user, one column after the other. */
struct runs {
	struct sorted_runs *sorted;
	bool weights, timestamps;
	/* while they are merged */
	const uint32_t *rank;
	int64_t until;
	size_t piece_rows;
};

struct runs *runs_new(bool weights, bool timestamps)
{
	struct runs *r = memory_zero(1, sizeof *r);
	r->sorted = sorted_runs_new(WRITE_BUFFER);
	r->weights = weights;
	r->timestamps = timestamps;
	return r;
}

void runs_free(struct runs *r)
{
	if (!r)
		return;
	sorted_runs_free(r->sorted);
	free(r);
}

/* ---- writing ---- */

static void put_user(struct runs *r, const struct pairs *p, struct span id, const uint32_t *row,
		     uint32_t n)
{
	struct spool *spool = sorted_runs_put(r->sorted, id, n);
	for (uint32_t i = 0; i < n; i++)
		spool_put(spool, &p->item[row[i]], sizeof *p->item);
	for (uint32_t i = 0; r->weights && i < n; i++)
		spool_put(spool, &p->weight[row[i]], sizeof *p->weight);
	for (uint32_t i = 0; r->timestamps && i < n; i++)
		spool_put(spool, &p->timestamp[row[i]], sizeof *p->timestamp);
}

void runs_add(struct runs *r, const struct pairs *p, const struct shardmap *users)
{
	uint32_t *rank, *start, n_users = shardmap_count(users);
	struct span *id = ids_in_order(users, NULL, &rank);
	uint32_t *order = pairs_by_user(p, rank, n_users, &start);
	sorted_runs_begin(r->sorted);
	for (uint32_t u = 0; u < n_users; u++)
		if (start[u + 1] > start[u]) /* rows of other users are not here yet */
			put_user(r, p, id[u], order + start[u], start[u + 1] - start[u]);
	free(order);
	free(start);
	free(rank);
	free(id);
}

/* ---- merging ---- */

void runs_times(void *runs, void (*see)(void *context, const int64_t *time, size_t n), void *context)
{
	enum { MANY = 4096 };
	struct runs *r = runs;
	struct spool_reader reader;
	int64_t *time = memory_new(MANY, sizeof *time);
	sorted_runs_read(r->sorted, &reader, READ_BUFFER_MAX);
	while (spool_left(&reader)) {
		size_t rows = sorted_runs_pass_key(&reader);
		spool_skip(&reader, rows * (sizeof(uint32_t) + (r->weights ? sizeof(double) : 0)));
		for (size_t left = rows, some; left; left -= some) {
			some = left < MANY ? left : MANY;
			spool_take(&reader, time, some * sizeof *time);
			see(context, time, some);
		}
	}
	spool_reader_free(&reader);
	free(time);
}

void runs_merge(struct runs *r, const uint32_t *rank, int64_t until, uint64_t memory)
{
	uint64_t buffer = memory / 4 / (sorted_runs_count(r->sorted) + 1), rows = memory / 2 / PIECE_ROW_BYTES;
	buffer = buffer < READ_BUFFER_MIN ? READ_BUFFER_MIN : buffer;
	rows = rows < PIECE_ROWS_MIN ? PIECE_ROWS_MIN : rows;
	r->piece_rows = rows > PIECE_ROWS_MAX ? PIECE_ROWS_MAX : (size_t)rows;
	r->rank = rank;
	r->until = until;
	sorted_runs_merge(r->sorted, buffer > READ_BUFFER_MAX ? READ_BUFFER_MAX : (size_t)buffer);
}

/* The rows of the next part, into the piece as those of its next user. */
static void take_rows(struct runs *r, struct pairs *p)
{
	uint32_t n;
	struct spool_reader *from = sorted_runs_take(r->sorted, &n);
	size_t all = p->n + n;
	p->user = memory_grow(p->user, &p->capacity[0], all + 1, sizeof *p->user);
	p->item = memory_grow(p->item, &p->capacity[1], all + 1, sizeof *p->item);
	spool_take(from, p->item + p->n, n * sizeof *p->item);
	for (size_t i = p->n; i < all; i++) {
		p->user[i] = p->n_users;
		p->item[i] = r->rank[p->item[i]];
	}
	if (r->weights) {
		p->weight = memory_grow(p->weight, &p->capacity[2], all + 1, sizeof *p->weight);
		spool_take(from, p->weight + p->n, n * sizeof *p->weight);
	}
	if (r->timestamps) {
		p->timestamp = memory_grow(p->timestamp, &p->capacity[3], all + 1, sizeof *p->timestamp);
		spool_take(from, p->timestamp + p->n, n * sizeof *p->timestamp);
	}
	p->n = all;
	if (r->until < INT64_MAX)
		pairs_drop_later(p, all - n, r->until);
}

/* All rows of the user that is next, from all runs; the id is added to `ids`. */
static void take_user(struct runs *r, struct pairs *p, struct span user, struct buffer *ids)
{
	uint64_t n = user.n;
	buffer_add(ids, (const char *)&n, sizeof n);
	buffer_add_span(ids, user);
	do
		take_rows(r, p);
	while (sorted_runs_key(r->sorted, &user) &&
	       span_equal(user, (struct span){ids->data + ids->n - n, (size_t)n}));
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
	static const char SLACK[IDS_SLACK] = "";
	struct buffer ids = {0};
	struct span user;
	if (!sorted_runs_key(r->sorted, &user))
		return false;
	*p = (struct pairs){0};
	do
		take_user(r, p, user, &ids);
	while (p->n < r->piece_rows && sorted_runs_key(r->sorted, &user));
	buffer_add(&ids, SLACK, IDS_SLACK);
	p->id_bytes = ids.data;
	p->user_id = spans_of(ids.data, p->n_users);
	return true;
}
