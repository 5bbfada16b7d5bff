/* shelf.c - see shelf.h. */
#include "shelf.h"

#include <stdlib.h>

#include "base/memory.h"
#include "streams/spool.h"
#include "ids.h"

enum { BUFFER = 1 << 20 };

struct shelf {
	struct pairs *piece;    /* in memory; else: */
	size_t n, capacity, next;
	struct spool *spool;
	struct spool_reader reader;
	bool reading;
};

/* What stands before the arrays of a piece. */
struct piece_head {
	uint64_t n, id_bytes;
	uint32_t n_users, unused;
	bool weight, timestamp, place, split;
};

struct shelf *shelf_new(bool in_memory)
{
	struct shelf *s = memory_zero(1, sizeof *s);
	s->spool = in_memory ? NULL : spool_new(BUFFER);
	return s;
}

void shelf_free(struct shelf *s)
{
	if (!s)
		return;
	for (size_t i = s->next; i < s->n; i++)
		pairs_free(&s->piece[i]);
	free(s->piece);
	spool_reader_free(&s->reader);
	spool_free(s->spool);
	free(s);
}

static void put_array(struct shelf *s, const void *array, size_t n, size_t size)
{
	if (array)
		spool_put(s->spool, array, n * size);
}

static void write_piece(struct shelf *s, const struct pairs *p)
{
	struct piece_head head = {.n = p->n, .n_users = p->n_users,
		.weight = p->weight, .timestamp = p->timestamp, .place = p->place, .split = p->split};
	for (uint32_t u = 0; u < p->n_users; u++)
		head.id_bytes += p->user_id[u].n;
	spool_put(s->spool, &head, sizeof head);
	for (uint32_t u = 0; u < p->n_users; u++)
		spool_put(s->spool, &p->user_id[u].n, sizeof p->user_id[u].n);
	for (uint32_t u = 0; u < p->n_users; u++)
		spool_put(s->spool, p->user_id[u].at, p->user_id[u].n);
	put_array(s, p->user, p->n, sizeof *p->user);
	put_array(s, p->item, p->n, sizeof *p->item);
	put_array(s, p->weight, p->n, sizeof *p->weight);
	put_array(s, p->timestamp, p->n, sizeof *p->timestamp);
	put_array(s, p->place, p->n, sizeof *p->place);
	put_array(s, p->split, p->n, sizeof *p->split);
}

void shelf_put(struct shelf *s, struct pairs *p)
{
	if (s->spool) {
		write_piece(s, p);
		pairs_free(p);
		return;
	}
	s->piece = memory_grow(s->piece, &s->capacity, s->n + 1, sizeof *s->piece);
	s->piece[s->n++] = *p;
	*p = (struct pairs){0};
}

static void *take_array(struct shelf *s, bool there, size_t n, size_t size)
{
	if (!there)
		return NULL;
	void *array = memory_new(n + 1, size);
	spool_take(&s->reader, array, n * size);
	return array;
}

bool shelf_next(struct shelf *s, struct span *item_id, struct pairs *p)
{
	struct piece_head head;
	if (!s->spool) {
		if (s->next == s->n)
			return false;
		*p = s->piece[s->next++];
		return true;
	}
	if (!s->reading) {
		spool_flush(s->spool);
		spool_reader_start(&s->reader, s->spool, 0, spool_size(s->spool), BUFFER);
		s->reading = true;
	}
	if (spool_left(&s->reader) == 0)
		return false;
	spool_take(&s->reader, &head, sizeof head);
	*p = (struct pairs){.n = head.n, .n_users = head.n_users, .item_id = item_id};
	p->user_id = memory_new((size_t)head.n_users + 1, sizeof *p->user_id);
	p->id_bytes = memory_new(head.id_bytes + IDS_SLACK, 1);
	for (uint32_t u = 0; u < head.n_users; u++)
		spool_take(&s->reader, &p->user_id[u].n, sizeof p->user_id[u].n);
	spool_take(&s->reader, p->id_bytes, head.id_bytes);
	const char *at = p->id_bytes;
	for (uint32_t u = 0; u < head.n_users; u++) {
		p->user_id[u].at = at;
		at += p->user_id[u].n;
	}
	p->user = take_array(s, true, head.n, sizeof *p->user);
	p->item = take_array(s, true, head.n, sizeof *p->item);
	p->weight = take_array(s, head.weight, head.n, sizeof *p->weight);
	p->timestamp = take_array(s, head.timestamp, head.n, sizeof *p->timestamp);
	p->place = take_array(s, head.place, head.n, sizeof *p->place);
	p->split = take_array(s, head.split, head.n, sizeof *p->split);
	return true;
}
