/* pairs.h - the interactions in memory: the rows as they came, then distinct pairs. */
#ifndef RECPIPE_BUILD_DATASET_PAIRS_H
#define RECPIPE_BUILD_DATASET_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "options.h"

/* The time of a row, or of a pair, that has none which can be read. */
#define NO_TIME INT64_MIN

/* The input's rows; then, sorted and made distinct, the pairs: all of them, or those of the
 * users of one piece. Arrays that no option asks for stay NULL. */
struct pairs {
	size_t n, capacity[4];
	uint32_t *user, *item; /* of rows: numbers; of pairs: ranks by byte order */
	double *weight;        /* of the row; then of the pair (NULL: 1 each) */
	int64_t *timestamp;    /* of the row; then of the pair's latest row; in ms */
	uint32_t *place;       /* of a pair: the number of its last row in the input */
	uint8_t *split;
	struct span *user_id, *item_id; /* by rank; IDS_SLACK bytes after each can be read */
	char *id_bytes;        /* the users' ids, when they are in no map */
	uint32_t n_users;
};

/* All but the items' ids. */
void pairs_free(struct pairs *p);

/* A copy of one pair, or row, into the place `to`. */
static inline void pairs_move(struct pairs *p, size_t to, size_t from)
{
	p->user[to] = p->user[from];
	p->item[to] = p->item[from];
	if (p->weight)
		p->weight[to] = p->weight[from];
	if (p->timestamp)
		p->timestamp[to] = p->timestamp[from];
	if (p->place)
		p->place[to] = p->place[from];
	if (p->split)
		p->split[to] = p->split[from];
}

/* The rows by their user's rank, each user's in the order they came in, and where those of each rank
 * begin, one more than there are users: new arrays. Without `rank`, by the user's number. */
uint32_t *pairs_by_user(const struct pairs *p, const uint32_t *rank, uint32_t n_users, uint32_t **start);

/* Of the rows from `from` on those stay that are not later than `until`. */
void pairs_drop_later(struct pairs *p, size_t from, int64_t until);

/* How rows become pairs. */
struct pair_rules {
	enum weighting how;
	double half_life_ms;   /* 0: none */
	int64_t newest;        /* what a row's age is counted from */
	bool places;           /* pairs are to know where their last rows are */
};

/* The rows of `p` become its pairs, by user, then item. Its ids are there. `key` says of each row
 * the rank of its user and, in the lowest `shift` bits, that of its item; it is freed. */
void pairs_make(struct pairs *p, const struct pair_rules *rules, uint64_t *key, unsigned shift);

#endif
