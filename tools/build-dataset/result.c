/* result.c - see result.h. */
#include "result.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "ids.h"

void result_start(struct result *r, uint32_t n_items)
{
	*r = (struct result){.n_items = n_items};
	r->item = memory_zero((size_t)n_items + 1, sizeof *r->item);
	r->train_item = memory_zero((size_t)n_items + 1, sizeof *r->train_item);
}

void result_free(struct result *r)
{
	free(r->item);
	free(r->train_item);
}

void result_count(struct result *r, const struct pairs *p)
{
	for (size_t begin = 0, end; begin < p->n; begin = end) {
		bool train = false;
		for (end = begin; end < p->n && p->user[end] == p->user[begin]; end++) {
			bool trained = p->split[end] == SPLIT_TRAIN;
			r->pairs[p->split[end]]++;
			r->item[p->item[end]] = true;
			r->train_item[p->item[end]] |= trained;
			train |= trained;
		}
		r->users++;
		r->train_users += train;
	}
}

void result_add(struct result *r, const struct result *other)
{
	for (size_t i = 0; i < SPLIT_COUNT; i++)
		r->pairs[i] += other->pairs[i];
	r->users += other->users;
	r->train_users += other->train_users;
	for (uint32_t i = 0; i < r->n_items; i++) {
		r->item[i] |= other->item[i];
		r->train_item[i] |= other->train_item[i];
	}
}

uint64_t result_pairs(const struct result *r)
{
	return r->pairs[SPLIT_TRAIN] + r->pairs[SPLIT_VALIDATION] + r->pairs[SPLIT_TEST];
}

static uint64_t count_true(const bool *flags, size_t n)
{
	uint64_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += flags[i];
	return count;
}

void result_report(const struct result *r, bool late)
{
	uint64_t items = count_true(r->item, r->n_items), pairs = result_pairs(r);
	warn("%" PRIu64 " users, %" PRIu64 " items; %" PRIu64 " train, %" PRIu64 " validation, %"
	     PRIu64 " test pairs", r->users, items, r->pairs[SPLIT_TRAIN], r->pairs[SPLIT_VALIDATION],
	     r->pairs[SPLIT_TEST]);
	if (pairs == 0)
		warn("nothing is left");
	else if (r->pairs[SPLIT_TRAIN] == 0)
		warn("nothing is left to train on");
	if (!late || pairs == 0)
		return;
	uint64_t cold_users = r->users - r->train_users;
	uint64_t cold_items = items - count_true(r->train_item, r->n_items);
	if (cold_users || cold_items)
		warn("cold, without a train pair: %" PRIu64 " users, %" PRIu64 " items", cold_users,
		     cold_items);
}

/* The same as span_put, without a branch on the length of a short id. */
static char *put_id(char *to, struct span id)
{
	memcpy(to, id.at, IDS_SLACK);
	if (id.n > IDS_SLACK)
		memcpy(to + IDS_SLACK, id.at + IDS_SLACK, id.n - IDS_SLACK);
	to[id.n] = '\t';
	return to + id.n + 1;
}

/* The words of splits, with a TAB, in a register's size. */
static char *put_split(char *to, uint8_t split)
{
	static const struct { char text[12]; uint8_t n; } WORD[SPLIT_COUNT] = {
		[SPLIT_TRAIN] = {"train", 5},
		[SPLIT_VALIDATION] = {"validation", 10},
		[SPLIT_TEST] = {"test", 4},
	};
	memcpy(to, WORD[split].text, sizeof WORD[split].text);
	return to + WORD[split].n;
}

void result_write(const struct pairs *p, struct output *out)
{
	enum { REST = 2 * NUMBER_SIZE + 64 };
	for (size_t i = 0; i < p->n; i++) {
		struct span user = p->user_id[p->user[i]], item = p->item_id[p->item[i]];
		char *begin = output_room(out, user.n + item.n + REST), *to = begin;
		to = put_id(to, user);
		to = put_id(to, item);
		if (p->weight)
			to += number_write_double(p->weight[i], to);
		else
			*to++ = '1';
		*to++ = '\t';
		to = put_split(to, p->split[i]);
		if (p->timestamp) {
			*to++ = '\t';
			if (p->timestamp[i] != NO_TIME)
				to += number_write_i64(p->timestamp[i], to);
		}
		out->n += (size_t)(to - begin);
		output_end_row(out);
	}
}
