/* schedule.h - the order in which an epoch visits its rows.
 *
 * Users and items are dealt to B blocks each; cell (b, c) holds the rows of
 * users in block b and items in block c. The B cells of a diagonal share no
 * user and no item, so they run at once without a lock and with one outcome,
 * whatever the number of threads (Gemulla et al. 2011, "Large-scale matrix
 * factorization with distributed stochastic gradient descent"; here negatives
 * are drawn from the cell's items as well). An epoch has several rounds: each
 * visits a random share of the rows and redistributes the items, for a user's rows
 * should not come block by block.
 *
 * What a thread writes should not lie between what others write: processors fetch
 * memory by lines, and the lines beside them as well. So schedule_arrange numbers the
 * users block by block, and the items pack by pack; a deal gives out whole packs.
 */
#ifndef RECPIPE_TRAIN_MF_SCHEDULE_H
#define RECPIPE_TRAIN_MF_SCHEDULE_H

#include <stdint.h>

#include "base/random.h"
#include "frame/pool.h"
#include "train-data.h"

enum { BLOCKS_MAX = 64, ROUNDS = 16, BLOCK_PACKS = 16, PACKS_MAX = BLOCKS_MAX * BLOCK_PACKS };

struct entry {
	uint32_t user;
	uint32_t what; /* the item; which of the user's rows when rows have weights */
};

/* One cell: what it visits, and the items negatives are drawn from. */
struct cell {
	const struct entry *order;
	uint64_t n;
	const uint32_t *items;
	uint32_t item_count;
	const uint32_t *grouped, *group_start; /* see struct schedule */
	uint32_t block, blocks;
	struct random random;
};

struct schedule {
	const struct train_data *data;
	uint64_t seed;
	uint32_t blocks;
	uint32_t user_start[BLOCKS_MAX + 1];
	uint32_t packs, pack_start[PACKS_MAX + 1];
	uint16_t *item_pack;
	uint32_t pack_rank[PACKS_MAX];   /* by number of rows, most first */
	uint8_t pack_block[PACKS_MAX][ROUNDS];
	uint64_t *row_start;             /* cells + 1: of `order`, by block, round, block */
	struct entry *order;             /* rows */
	uint64_t epoch;

	/* What schedule_round leaves: the items by block, and the block of each item. */
	uint32_t *item_list, item_start[BLOCKS_MAX + 1];
	uint8_t *round_block;

	/* Asked for by schedule_group: each user's items by their block in this
	 * round; those of user u and block b are grouped[start[u] +
	 * group_start[u * (blocks + 1) + b]] and on. */
	uint32_t *grouped, *group_start;
};

/* Numbers the users and items of the data again, as the schedule needs them; `blocks` is
 * an upper bound: little data are cut in fewer. */
void schedule_arrange(struct train_data *p, uint32_t blocks, uint64_t seed);

/* Of data that were arranged for as many blocks. */
struct schedule *schedule_new(const struct train_data *p, uint32_t blocks, uint64_t seed);
void schedule_free(struct schedule *s);

/* Deals the items of epoch `epoch` and shuffles every cell. */
void schedule_epoch(struct schedule *s, uint64_t epoch, struct pool *pool);

/* Begins a round: lists the items of its blocks. */
void schedule_round(struct schedule *s, uint32_t round);

/* Groups all users' items by the blocks of this round. */
void schedule_group(struct schedule *s, struct pool *pool);

/* The user's items that are in this cell, and how many. */
static inline const uint32_t *cell_own(const struct cell *c, const uint64_t *start, uint32_t user,
					uint32_t *n)
{
	const uint32_t *at = c->group_start + (size_t)user * (c->blocks + 1) + c->block;
	*n = at[1] - at[0];
	return c->grouped + start[user] + at[0];
}

/* The diagonals of an epoch come one after the other. */
static inline uint32_t schedule_diagonals(const struct schedule *s)
{
	return s->blocks * ROUNDS;
}

/* How many diagonals can follow each other without a wait when each of the threads has
 * as many neighboring user blocks: these meet the same item blocks on all of them. A
 * power of two that divides the blocks of a round; diagonals d ... d + span - 1, where
 * span divides d. */
uint32_t schedule_span(const struct schedule *s, size_t threads);

/* The cell of user block `chunk` on a diagonal of this round, with a generator of its own. */
struct cell schedule_cell(const struct schedule *s, uint32_t diagonal, uint32_t chunk);

#endif
