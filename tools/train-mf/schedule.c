#include "schedule.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Fewer than this many users or items in a block are too few to draw from. */
enum { USERS_MIN = 16, ITEMS_MIN = 64 };

struct count {
	uint64_t rows;
	uint32_t number;
};

static int by_rows(const void *a, const void *b)
{
	const struct count *x = a, *y = b;
	if (x->rows != y->rows)
		return x->rows > y->rows ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static uint32_t *ranked(struct count *counts, uint32_t n)
{
	uint32_t *rank = memory_new(n, sizeof(uint32_t));
	qsort(counts, n, sizeof *counts, by_rows);
	for (uint32_t i = 0; i < n; i++)
		rank[i] = counts[i].number;
	free(counts);
	return rank;
}

static uint32_t *rank_users(const struct train_data *p)
{
	struct count *counts = memory_new(p->users.n, sizeof *counts);
	for (uint32_t u = 0; u < p->users.n; u++)
		counts[u] = (struct count){p->start[u + 1] - p->start[u], u};
	return ranked(counts, p->users.n);
}

static uint32_t *rank_items(const struct train_data *p)
{
	struct count *counts = memory_zero(p->items.n, sizeof *counts);
	for (uint32_t i = 0; i < p->items.n; i++)
		counts[i].number = i;
	for (uint64_t row = 0; row < p->rows; row++)
		counts[p->item[row]].rows++;
	return ranked(counts, p->items.n);
}

/* Cuts n in parts as equal as can be. */
static void cut(uint32_t n, uint32_t parts, uint32_t *start)
{
	start[0] = 0;
	for (uint32_t b = 0; b < parts; b++)
		start[b + 1] = start[b] + n / parts + (b < n % parts);
}

/* Deals cards in order of size, each run of `blocks` of them at random, one to
 * a block: blocks differ little in rows and hold the same mix of sizes. */
static void deal(const uint32_t *rank, uint32_t n, uint32_t blocks, struct random *r,
		 uint32_t *list, uint32_t *start)
{
	uint32_t hand[PACKS_MAX], fill[PACKS_MAX] = {0};
	cut(n, blocks, start);
	for (uint32_t at = 0; at < n; at += blocks) {
		/* The last, short hand goes to the blocks that have one more. */
		uint32_t cards = n - at < blocks ? n - at : blocks;
		for (uint32_t b = 0; b < cards; b++)
			hand[b] = b;
		random_shuffle(r, hand, cards, sizeof *hand);
		for (uint32_t b = 0; b < cards; b++)
			list[start[hand[b]] + fill[hand[b]]++] = rank[at + b];
	}
}

static uint32_t blocks_of(const struct train_data *p, uint32_t blocks)
{
	if (blocks > p->users.n / USERS_MIN)
		blocks = p->users.n / USERS_MIN;
	if (blocks > p->items.n / ITEMS_MIN)
		blocks = p->items.n / ITEMS_MIN;
	return blocks ? blocks : 1;
}

static uint32_t packs_of(uint32_t blocks)
{
	return blocks > 1 ? blocks * BLOCK_PACKS : 1;
}

void schedule_arrange(struct train_data *p, uint32_t blocks, uint64_t seed)
{
	uint32_t start[PACKS_MAX + 1];
	blocks = blocks_of(p, blocks);
	struct random random = random_start(seed, UINT64_C(1) << 32);
	uint32_t *users = memory_new(p->users.n, sizeof *users);
	uint32_t *items = memory_new(p->items.n, sizeof *items);
	uint32_t *user_rank = rank_users(p), *item_rank = rank_items(p);
	deal(user_rank, p->users.n, blocks, &random, users, start);
	deal(item_rank, p->items.n, packs_of(blocks), &random, items, start);
	train_data_renumber(p, users, items);
	free(user_rank);
	free(item_rank);
	free(users);
	free(items);
}

static void make_packs(struct schedule *s)
{
	const struct train_data *p = s->data;
	s->packs = packs_of(s->blocks);
	s->item_pack = memory_new(p->items.n, sizeof *s->item_pack);
	cut(p->items.n, s->packs, s->pack_start);
	struct count *counts = memory_zero(s->packs, sizeof *counts);
	for (uint32_t k = 0; k < s->packs; k++) {
		counts[k].number = k;
		for (uint32_t i = s->pack_start[k]; i < s->pack_start[k + 1]; i++)
			s->item_pack[i] = (uint16_t)k;
	}
	for (uint64_t row = 0; row < p->rows; row++)
		counts[s->item_pack[p->item[row]]].rows++;
	uint32_t *rank = ranked(counts, s->packs);
	memcpy(s->pack_rank, rank, s->packs * sizeof *rank);
	free(rank);
}

struct schedule *schedule_new(const struct train_data *p, uint32_t blocks, uint64_t seed)
{
	struct schedule *s = memory_zero(1, sizeof *s);
	s->data = p;
	s->seed = seed;
	s->blocks = blocks_of(p, blocks);
	s->item_list = memory_new(p->items.n, sizeof(uint32_t));
	s->round_block = memory_new(p->items.n, 1);
	s->row_start = memory_zero((size_t)s->blocks * s->blocks * ROUNDS + 1, sizeof(uint64_t));
	s->order = memory_new(p->rows, sizeof *s->order);
	cut(p->users.n, s->blocks, s->user_start);
	make_packs(s);
	return s;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	free(s->item_list);
	free(s->item_pack);
	free(s->round_block);
	free(s->row_start);
	free(s->order);
	free(s->grouped);
	free(s->group_start);
	free(s);
}

/* The stream of random numbers of one cell, or of the deal itself. */
static struct random epoch_random(const struct schedule *s, uint64_t cell)
{
	return random_start(s->seed, (s->epoch + 2) << 32 | cell);
}

/* Calls of count and fill must draw the same rounds. */
static inline uint32_t cell_of(const struct schedule *s, uint32_t item, struct random *r)
{
	uint32_t round = (uint32_t)(random_bits(r) >> 32) % ROUNDS;
	return round * s->blocks + s->pack_block[s->item_pack[item]][round];
}

/* Counts the rows of one user block's cells. */
static void count_block(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct schedule *s = context;
	const struct train_data *p = s->data;
	struct random random = epoch_random(s, 1 + chunk);
	uint64_t count[ROUNDS * BLOCKS_MAX] = {0};
	for (uint32_t user = s->user_start[chunk]; user < s->user_start[chunk + 1]; user++) {
		for (uint64_t row = p->start[user]; row < p->start[user + 1]; row++)
			count[cell_of(s, p->item[row], &random)]++;
	}
	uint32_t cells = ROUNDS * s->blocks;
	for (uint32_t c = 0; c < cells; c++)
		s->row_start[chunk * cells + c + 1] = count[c];
}

/* Fills the cells of one user block. */
static void fill_block(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct schedule *s = context;
	const struct train_data *p = s->data;
	struct random random = epoch_random(s, 1 + chunk);
	uint32_t cells = ROUNDS * s->blocks;
	uint64_t *start = s->row_start + chunk * cells, next[ROUNDS * BLOCKS_MAX];
	memcpy(next, start, cells * sizeof *next);
	for (uint32_t user = s->user_start[chunk]; user < s->user_start[chunk + 1]; user++) {
		for (uint64_t row = p->start[user]; row < p->start[user + 1]; row++) {
			uint32_t nth = (uint32_t)(row - p->start[user]);
			uint32_t what = p->weight ? nth : p->item[row];
			uint64_t *at = &next[cell_of(s, p->item[row], &random)];
			s->order[(*at)++] = (struct entry){user, what};
		}
	}
	for (uint32_t c = 0; c < cells; c++)
		random_shuffle(&random, s->order + start[c], next[c] - start[c], sizeof *s->order);
}

void schedule_epoch(struct schedule *s, uint64_t epoch, struct pool *pool)
{
	uint32_t list[PACKS_MAX], start[BLOCKS_MAX + 1];
	s->epoch = epoch;
	struct random random = epoch_random(s, 0);
	for (size_t round = 0; round < ROUNDS; round++) {
		deal(s->pack_rank, s->packs, s->blocks, &random, list, start);
		for (uint32_t b = 0; b < s->blocks; b++)
			for (uint32_t k = start[b]; k < start[b + 1]; k++)
				s->pack_block[list[k]][round] = (uint8_t)b;
	}
	pool_run(pool, s->blocks, count_block, s);
	s->row_start[0] = 0;
	for (size_t c = 0; c < (size_t)s->blocks * s->blocks * ROUNDS; c++)
		s->row_start[c + 1] += s->row_start[c];
	pool_run(pool, s->blocks, fill_block, s);
}

void schedule_round(struct schedule *s, uint32_t round)
{
	uint32_t n = 0;
	for (uint32_t b = 0; b < s->blocks; b++) {
		s->item_start[b] = n;
		for (uint32_t k = 0; k < s->packs; k++) {
			if (s->pack_block[k][round] != b)
				continue;
			for (uint32_t i = s->pack_start[k]; i < s->pack_start[k + 1]; i++) {
				s->item_list[n++] = i;
				s->round_block[i] = (uint8_t)b;
			}
		}
	}
	s->item_start[s->blocks] = n;
}

enum { GROUP_USERS = 256 };

/* Four counters in one number, and what adds 1 to that of each block. */
enum { LANE = 16, FEW_BLOCKS = 4, FEW_ROWS = (1 << LANE) - 1 };
static const uint64_t ONE_OF[FEW_BLOCKS] = {1, UINT64_C(1) << LANE, UINT64_C(1) << 2 * LANE,
					    UINT64_C(1) << 3 * LANE};

static inline uint32_t of_lane(uint64_t lanes, uint32_t block)
{
	return (uint32_t)(lanes >> LANE * block) & FEW_ROWS;
}

/* group_user for up to FEW_BLOCKS and FEW_ROWS, with counters that stay in a register:
 * in memory each would wait for the one before. */
static void group_few(const struct schedule *s, const uint32_t *item, uint32_t n, uint32_t *out,
		      uint32_t *start)
{
	const uint8_t *block = s->round_block;
	uint64_t counts = 0, next = 0;
	for (uint32_t k = 0; k < n; k++)
		counts += ONE_OF[block[item[k]]];
	start[0] = 0;
	for (uint32_t b = 0; b < s->blocks; b++) {
		next += start[b] * ONE_OF[b];
		start[b + 1] = start[b] + of_lane(counts, b);
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t b = block[item[k]];
		out[of_lane(next, b)] = item[k];
		next += ONE_OF[b];
	}
}

/* One user's n items by block; `start`: blocks + 1. */
static void group_user(const struct schedule *s, const uint32_t *item, uint32_t n, uint32_t *out,
		       uint32_t *start)
{
	if (s->blocks <= FEW_BLOCKS && n <= FEW_ROWS) {
		group_few(s, item, n, out, start);
		return;
	}
	uint32_t next[BLOCKS_MAX];
	memset(start, 0, (s->blocks + 1) * sizeof *start);
	for (uint32_t k = 0; k < n; k++)
		start[s->round_block[item[k]] + 1]++;
	for (uint32_t b = 0; b < s->blocks; b++)
		start[b + 1] += start[b];
	memcpy(next, start, s->blocks * sizeof *next);
	for (uint32_t k = 0; k < n; k++)
		out[next[s->round_block[item[k]]]++] = item[k];
}

static void group_chunk(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct schedule *s = context;
	const uint64_t *rows = s->data->start;
	size_t from = chunk * GROUP_USERS, to = from + GROUP_USERS;
	for (size_t u = from; u < to && u < s->data->users.n; u++)
		group_user(s, s->data->item + rows[u], (uint32_t)(rows[u + 1] - rows[u]),
			   s->grouped + rows[u], s->group_start + u * (s->blocks + 1));
}

void schedule_group(struct schedule *s, struct pool *pool)
{
	uint32_t users = s->data->users.n;
	if (!s->grouped) {
		s->grouped = memory_new(s->data->rows, sizeof *s->grouped);
		s->group_start = memory_new((size_t)users * (s->blocks + 1), sizeof *s->group_start);
	}
	pool_run(pool, (users + GROUP_USERS - 1) / GROUP_USERS, group_chunk, s);
}

static bool power_of_two(uint32_t n)
{
	return (n & (n - 1)) == 0;
}

/* The item block that user block `chunk` meets on a diagonal. Where there are 2^n
 * blocks, neighbors among the user blocks, which one thread has, exchange theirs
 * before they get those of others: rows move less between processors. */
static uint32_t block_of(const struct schedule *s, uint32_t diagonal, uint32_t chunk)
{
	return power_of_two(s->blocks) ? chunk ^ diagonal % s->blocks
				       : (chunk + diagonal) % s->blocks;
}

uint32_t schedule_span(const struct schedule *s, size_t threads)
{
	uint32_t span = 1;
	while (power_of_two(s->blocks) && 2 * span * threads <= s->blocks)
		span *= 2;
	return span;
}

struct cell schedule_cell(const struct schedule *s, uint32_t diagonal, uint32_t chunk)
{
	uint32_t round = diagonal / s->blocks, block = block_of(s, diagonal, chunk);
	size_t at = ((size_t)chunk * ROUNDS + round) * s->blocks + block;
	return (struct cell){
		.order = s->order + s->row_start[at],
		.n = s->row_start[at + 1] - s->row_start[at],
		.items = s->item_list + s->item_start[block],
		.item_count = s->item_start[block + 1] - s->item_start[block],
		.grouped = s->grouped,
		.group_start = s->group_start,
		.block = block,
		.blocks = s->blocks,
		.random = epoch_random(s, UINT64_C(1) << 31 | at),
	};
}
