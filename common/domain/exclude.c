#include "data/csr.h"
#include "domain/exclude.h"

#include <stdlib.h>

#include "base/memory.h"
#include "domain/dataset.h"

struct exclude {
	struct strmap *users, *items;
	uint32_t *user, *item;    /* rows as they came; `user` is gone after finish */
	int64_t *time;            /* INT64_MAX: has none */
	size_t n, user_capacity, item_capacity, time_capacity;
	uint64_t *start;          /* user -> its first row in `item` */
};

struct exclude *exclude_new(void)
{
	struct exclude *x = memory_zero(1, sizeof *x);
	x->users = strmap_new();
	x->items = strmap_new();
	return x;
}

/* The split of the current row as a bit; any other word is bad data. */
static unsigned split_bit(struct table *t, size_t column)
{
	struct span word = table_field(t, column);
	for (unsigned s = 0; s < SPLIT_COUNT; s++)
		if (span_equal(word, span_of(SPLIT_NAMES[s])))
			return 1u << s;
	table_reject(t, column, "not one of train, validation, test");
	return 0;
}

bool exclude_read(struct exclude *x, struct table *t, const struct exclude_columns *c,
		   unsigned splits, bool with_time)
{
	size_t user = table_column(t, c->user);
	size_t item = table_column(t, c->item);
	long split = table_optional_column(t, c->split);
	long time = with_time ? table_optional_column(t, c->timestamp) : -1;
	while (table_next(t)) {
		int64_t when = INT64_MAX;
		if (split >= 0 && !(split_bit(t, (size_t)split) & splits))
			continue;
		if (time >= 0 && !table_time(t, (size_t)time, c->unit, &when))
			continue;
		if (table_field(t, user).n == 0) {
			table_reject(t, user, "an empty id");
			continue;
		}
		size_t n = x->n + 1;
		x->user = memory_grow(x->user, &x->user_capacity, n, sizeof *x->user);
		x->item = memory_grow(x->item, &x->item_capacity, n, sizeof *x->item);
		x->user[x->n] = strmap_add(x->users, table_field(t, user));
		x->item[x->n] = strmap_add(x->items, table_field(t, item));
		if (with_time) {
			x->time = memory_grow(x->time, &x->time_capacity, n, sizeof *x->time);
			x->time[x->n] = when;
		}
		x->n = n;
	}
	return time >= 0;
}

static void forget_old(struct exclude *x, int64_t window)
{
	int64_t newest = INT64_MIN;
	size_t kept = 0;
	for (size_t r = 0; r < x->n; r++)
		if (x->time[r] != INT64_MAX && x->time[r] > newest)
			newest = x->time[r];
	int64_t oldest = newest < INT64_MIN + window ? INT64_MIN : newest - window;
	for (size_t r = 0; r < x->n; r++) {
		x->user[kept] = x->user[r];
		x->item[kept] = x->item[r];
		kept += x->time[r] >= oldest;
	}
	x->n = kept;
}

void exclude_finish(struct exclude *x, int64_t window)
{
	if (window >= 0 && x->time)
		forget_old(x, window);
	uint32_t users = strmap_count(x->users);
	x->start = csr_new(users);
	for (size_t r = 0; r < x->n; r++)
		csr_count(x->start, x->user[r]);
	csr_sum(x->start, users);
	uint32_t *sorted = memory_new(x->n + 1, sizeof *sorted);
	for (size_t r = 0; r < x->n; r++)
		sorted[csr_place(x->start, x->user[r])] = x->item[r];
	free(x->user);
	free(x->item);
	free(x->time);
	x->item = sorted;
	x->user = NULL;
	x->time = NULL;
}

const uint32_t *exclude_of(const struct exclude *x, struct span user, uint32_t *n)
{
	uint32_t number = strmap_find(x->users, user);
	*n = number == STRMAP_NONE ? 0 : (uint32_t)(x->start[number + 1] - x->start[number]);
	return number == STRMAP_NONE ? NULL : x->item + x->start[number];
}

const struct strmap *exclude_items(const struct exclude *x)
{
	return x->items;
}

void exclude_free(struct exclude *x)
{
	if (!x)
		return;
	strmap_free(x->users);
	strmap_free(x->items);
	free(x->user);
	free(x->item);
	free(x->time);
	free(x->start);
	free(x);
}
