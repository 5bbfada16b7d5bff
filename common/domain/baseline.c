#include "domain/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct baseline {
	const struct dataset *data;
	uint32_t longest;
	uint64_t *start;         /* user -> where its list begins */
	uint32_t *length;        /* ... and how long it is */
	bool *listed;
	uint32_t *items;         /* STRMAP_NONE: not in the dataset */
	size_t n, capacity;
	uint32_t *rank;          /* item -> rank - 1 in the list at hand; UINT32_MAX: not in it */
};

struct baseline *baseline_new(const struct dataset *data, uint32_t longest)
{
	struct baseline *b = memory_zero(1, sizeof *b);
	b->data = data;
	b->longest = longest;
	b->start = memory_zero(data->users, sizeof *b->start);
	b->length = memory_zero(data->users, sizeof *b->length);
	b->listed = memory_zero(data->users, sizeof *b->listed);
	b->rank = memory_new(data->items, sizeof *b->rank);
	memset(b->rank, 0xff, data->items * sizeof *b->rank);
	return b;
}

void baseline_free(struct baseline *b)
{
	if (!b)
		return;
	free(b->start);
	free(b->length);
	free(b->listed);
	free(b->items);
	free(b->rank);
	free(b);
}

void baseline_read(struct baseline *b, struct topn_reader *lists)
{
	struct topn_list list;
	while (topn_next(lists, &list)) {
		uint32_t user = strmap_find(b->data->user_ids, list.user);
		if (user == STRMAP_NONE)
			continue;
		b->listed[user] = true;
		b->start[user] = b->n;
		b->length[user] = list.n < b->longest ? list.n : b->longest;
		b->items = memory_grow(b->items, &b->capacity, b->n + b->length[user], sizeof *b->items);
		for (uint32_t r = 0; r < b->length[user]; r++)
			b->items[b->n++] = strmap_find(b->data->item_ids, list.items[r]);
	}
}

void baseline_ranks(struct baseline *b, uint32_t user, const uint32_t *items, uint32_t n, uint32_t *ranks)
{
	const uint32_t *own = b->items + b->start[user];
	for (uint32_t r = b->length[user]; r-- > 0;) /* an item that comes twice: its first rank */
		if (own[r] != STRMAP_NONE)
			b->rank[own[r]] = r;
	for (uint32_t i = 0; i < n; i++)
		ranks[i] = items[i] == STRMAP_NONE ? UINT32_MAX : b->rank[items[i]];
	for (uint32_t r = 0; r < b->length[user]; r++)
		if (own[r] != STRMAP_NONE)
			b->rank[own[r]] = UINT32_MAX;
}

bool baseline_has(const struct baseline *b, uint32_t user)
{
	return b->listed[user];
}
