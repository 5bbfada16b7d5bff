#include "streams/sorted-runs.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"

/* What stands before a part: then come the key's bytes, and the rows. */
struct part_head {
	uint64_t key_n;
	uint32_t rows, unused;
};

/* While it is merged: its next part. */
struct run {
	uint64_t at;            /* where it begins in the spool */
	struct spool_reader reader;
	struct part_head head;
	struct buffer key;
};

struct sorted_runs {
	struct spool *spool;
	struct run *run;
	size_t n, capacity;
	size_t *heap, left;     /* runs with a next part, the least first */
	bool taken;             /* that of the least is taken */
};

struct sorted_runs *sorted_runs_new(size_t buffer)
{
	struct sorted_runs *r = memory_zero(1, sizeof *r);
	r->spool = spool_new(buffer);
	return r;
}

void sorted_runs_free(struct sorted_runs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		spool_reader_free(&r->run[i].reader);
		buffer_free(&r->run[i].key);
	}
	spool_free(r->spool);
	free(r->run);
	free(r->heap);
	free(r);
}

size_t sorted_runs_count(const struct sorted_runs *r)
{
	return r->n;
}

void sorted_runs_begin(struct sorted_runs *r)
{
	r->run = memory_grow(r->run, &r->capacity, r->n + 1, sizeof *r->run);
	r->run[r->n++] = (struct run){.at = spool_size(r->spool)};
}

struct spool *sorted_runs_put(struct sorted_runs *r, struct span key, uint32_t rows)
{
	struct part_head head = {.key_n = key.n, .rows = rows};
	spool_put(r->spool, &head, sizeof head);
	spool_put(r->spool, key.at, key.n);
	return r->spool;
}

void sorted_runs_read(const struct sorted_runs *r, struct spool_reader *reader, size_t buffer)
{
	spool_flush(r->spool);
	spool_reader_start(reader, r->spool, 0, spool_size(r->spool), buffer);
}

uint32_t sorted_runs_pass_key(struct spool_reader *reader)
{
	struct part_head head;
	spool_take(reader, &head, sizeof head);
	spool_skip(reader, head.key_n);
	return head.rows;
}

/* ---- merging ---- */

static bool is_before(const struct sorted_runs *r, size_t a, size_t b)
{
	const struct buffer *x = &r->run[a].key, *y = &r->run[b].key;
	int order = span_compare((struct span){x->data, x->n}, (struct span){y->data, y->n});
	return order ? order < 0 : a < b;
}

static void sift_down(struct sorted_runs *r, size_t at)
{
	size_t run = r->heap[at];
	for (size_t child; (child = 2 * at + 1) < r->left; at = child) {
		if (child + 1 < r->left && is_before(r, r->heap[child + 1], r->heap[child]))
			child++;
		if (is_before(r, run, r->heap[child]))
			break;
		r->heap[at] = r->heap[child];
	}
	r->heap[at] = run;
}

/* The run's next part; false at its end. */
static bool next_part(struct run *run)
{
	if (spool_left(&run->reader) == 0)
		return false;
	spool_take(&run->reader, &run->head, sizeof run->head);
	run->key.n = 0;
	spool_take(&run->reader, buffer_room(&run->key, run->head.key_n + 1), run->head.key_n);
	run->key.n = run->head.key_n;
	return true;
}

void sorted_runs_merge(struct sorted_runs *r, size_t buffer)
{
	spool_end(r->spool);
	r->heap = memory_new(r->n + 1, sizeof *r->heap);
	for (size_t i = 0; i < r->n; i++) {
		struct run *run = &r->run[i];
		uint64_t end = i + 1 < r->n ? r->run[i + 1].at : spool_size(r->spool);
		spool_reader_start(&run->reader, r->spool, run->at, end, buffer);
		if (next_part(run))
			r->heap[r->left++] = i;
	}
	for (size_t i = r->left / 2; i-- > 0;)
		sift_down(r, i);
}

bool sorted_runs_key(struct sorted_runs *r, struct span *key)
{
	if (r->taken) {
		r->taken = false;
		if (!next_part(&r->run[r->heap[0]]))
			r->heap[0] = r->heap[--r->left];
		if (r->left)
			sift_down(r, 0);
	}
	if (r->left == 0)
		return false;
	const struct run *first = &r->run[r->heap[0]];
	*key = (struct span){first->key.data, first->key.n};
	return true;
}

struct spool_reader *sorted_runs_take(struct sorted_runs *r, uint32_t *rows)
{
	struct run *first = &r->run[r->heap[0]];
	r->taken = true;
	*rows = first->head.rows;
	return &first->reader;
}
