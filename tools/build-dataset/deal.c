#include "deal.h"

#include <stdlib.h>

#include "base/memory.h"
#include "data/radix.h"

enum { PIECE_ROWS = 1 << 16, PIECES_MAX = 1 << 11, CHUNK_ROWS = 1 << 16, CHUNKS_A_THREAD = 4 };

struct dealing {
	struct dealt d;
	struct pairs *p;
	const uint32_t *user_rank, *item_rank;
	int64_t until;
	size_t chunks;     /* of rows */
	size_t *count;     /* rows of each piece in each chunk; then where the next one goes */
};

static size_t chunk_start(const struct dealing *x, size_t chunk)
{
	return x->p->n / x->chunks * chunk + x->p->n % x->chunks * chunk / x->chunks;
}

static bool is_later(const struct dealing *x, size_t row)
{
	return x->until < INT64_MAX && x->p->timestamp[row] > x->until;
}

/* Users become ranks. */
static void count_chunk(void *context, size_t chunk, size_t worker)
{
	struct dealing *x = context;
	size_t end = chunk_start(x, chunk + 1), *count = x->count + chunk * x->d.pieces;
	uint32_t *user = x->p->user;
	(void)worker;
	for (size_t i = chunk_start(x, chunk); i < end; i++) {
		user[i] = x->user_rank[user[i]];
		if (!is_later(x, i))
			count[user[i] >> x->d.user_bits]++;
	}
}

static void deal_chunk(void *context, size_t chunk, size_t worker)
{
	struct dealing *x = context;
	const struct pairs *p = x->p;
	struct dealt *d = &x->d;
	size_t end = chunk_start(x, chunk + 1), *next = x->count + chunk * d->pieces;
	uint32_t low = (UINT32_C(1) << d->user_bits) - 1;
	(void)worker;
	for (size_t i = chunk_start(x, chunk); i < end; i++) {
		if (is_later(x, i))
			continue;
		size_t to = next[p->user[i] >> d->user_bits]++;
		d->key[to] = (uint64_t)(p->user[i] & low) << d->item_bits | x->item_rank[p->item[i]];
		if (d->weight)
			d->weight[to] = p->weight[i];
		if (d->timestamp)
			d->timestamp[to] = p->timestamp[i];
	}
}

/* From counts to places: a piece's rows of one chunk come after those of the chunk before. */
static void place_pieces(struct dealing *x)
{
	size_t before = 0;
	for (size_t piece = 0; piece < x->d.pieces; piece++) {
		x->d.start[piece] = before;
		for (size_t chunk = 0; chunk < x->chunks; chunk++) {
			size_t *count = &x->count[chunk * x->d.pieces + piece], n = *count;
			*count = before;
			before += n;
		}
	}
	x->d.start[x->d.pieces] = before;
}

/* As many users as have about PIECE_ROWS rows, a power of two. */
static unsigned user_bits(size_t rows, uint32_t n_users)
{
	size_t wanted = rows / PIECE_ROWS;
	unsigned bits = 0;
	wanted = wanted < 1 ? 1 : wanted > PIECES_MAX ? PIECES_MAX : wanted;
	while (bits < 31 && n_users >> bits > wanted)
		bits++;
	return bits;
}

struct dealt deal_rows(struct pairs *p, const uint32_t *user_rank, uint32_t n_users,
		       const uint32_t *item_rank, uint32_t n_items, int64_t until, struct pool *pool)
{
	struct dealing x = {.p = p, .user_rank = user_rank, .item_rank = item_rank, .until = until};
	struct dealt *d = &x.d;
	size_t n = p->n, chunks = n / CHUNK_ROWS + 1, most = CHUNKS_A_THREAD * pool_threads(pool);
	x.chunks = chunks < most ? chunks : most;
	d->user_bits = user_bits(n, n_users);
	d->item_bits = radix_bits(n_items);
	d->pieces = n_users ? ((size_t)(n_users - 1) >> d->user_bits) + 1 : 0;
	d->start = memory_new(d->pieces + 1, sizeof *d->start);
	d->key = memory_new(n + 1, sizeof *d->key);
	d->weight = p->weight ? memory_new(n + 1, sizeof *d->weight) : NULL;
	d->timestamp = p->timestamp ? memory_new(n + 1, sizeof *d->timestamp) : NULL;
	x.count = memory_zero(x.chunks * d->pieces + 1, sizeof *x.count);
	pool_run(pool, x.chunks, count_chunk, &x);
	place_pieces(&x);
	pool_run(pool, x.chunks, deal_chunk, &x);
	free(x.count);
	pairs_free(p);
	return *d;
}

void dealt_free(struct dealt *d)
{
	free(d->start);
	free(d->key);
	free(d->weight);
	free(d->timestamp);
}
