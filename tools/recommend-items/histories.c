#include "histories.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "domain/dataset.h"

void block_free(struct block *b)
{
	buffer_free(&b->ids);
	free(b->id_end);
	free(b->row_end);
	free(b->rows);
}

struct histories histories_open(struct table *t, const struct history_columns *c, uint64_t seed)
{
	if (!c->timed && !c->elsewhere)
		table_optional_column(t, c->timestamp); /* it is there if an option names it */
	return (struct histories){
		.table = t, .user = table_column(t, c->user), .item = table_column(t, c->item),
		.split = table_optional_column(t, c->split),
		.timestamp = c->timed ? (long)table_column(t, c->timestamp) : -1,
		.weight = c->weight.name ? (long)table_column(t, c->weight) : -1,
		.unit = c->unit, .splits = c->splits, .seed = seed,
	};
}

/* Begins a run of rows with the current one, whose user is another. */
static void begin_user(struct histories *h, struct span user)
{
	h->user_id.n = 0;
	buffer_add_span(&h->user_id, user);
	h->repeated = !idset_add(&h->users, user);
	h->asked = offer_asks_user(h->offer, user);
	h->begun = true;
}

/* Reads the current row, which is of the user at hand. */
static void take_row(struct histories *h, struct block *b, size_t *rows)
{
	struct table *t = h->table;
	struct past row = {.weight = 1};
	uint8_t split;
	struct span item = table_field(t, h->item);
	if (h->repeated) {
		table_reject(t, h->user, "the rows of a user must be contiguous; this one had rows before");
		return;
	}
	if (item.n == 0) {
		table_reject(t, h->item, "an empty id");
		return;
	}
	if (h->split >= 0) {
		if (!dataset_split(t, (size_t)h->split, &split))
			return;
		if (!(h->splits >> split & 1)) {
			h->other++;
			return;
		}
	}
	if ((h->timestamp >= 0 && !table_time(t, (size_t)h->timestamp, h->unit, &row.time)) ||
	    (h->weight >= 0 && !table_float(t, (size_t)h->weight, &row.weight)))
		return;
	if (!h->asked)
		return;
	row.item = strmap_find(h->items, item);
	h->unknown += row.item == STRMAP_NONE;
	if (h->timestamp >= 0)
		row.tie = hash_row(h->seed, (struct span){h->user_id.data, h->user_id.n}, item);
	if (*rows == b->rows_capacity)
		b->rows = memory_grow(b->rows, &b->rows_capacity, *rows + 1, sizeof *b->rows);
	b->rows[(*rows)++] = row;
}

/* The user at hand is complete: it joins the block, if it has rows. */
static void end_user(struct histories *h, struct block *b, size_t rows)
{
	size_t before = b->n ? b->row_end[b->n - 1] : 0;
	if (rows == before)
		return;
	b->id_end = memory_grow(b->id_end, &b->id_capacity, b->n + 1, sizeof *b->id_end);
	b->row_end = memory_grow(b->row_end, &b->row_end_capacity, b->n + 1, sizeof *b->row_end);
	buffer_add_span(&b->ids, (struct span){h->user_id.data, h->user_id.n});
	b->id_end[b->n] = b->ids.n;
	b->row_end[b->n++] = rows;
}

bool histories_next(struct histories *h, struct block *b, uint32_t most, size_t rows_most)
{
	struct table *t = h->table;
	size_t rows = 0;
	b->n = 0;
	b->ids.n = 0;
	while (h->waiting || table_next(t)) {
		struct span user = table_field(t, h->user);
		h->waiting = false;
		if (user.n == 0) {
			table_reject(t, h->user, "an empty id");
			continue;
		}
		if (!h->begun || user.n != h->user_id.n || !bytes_same(user.at, h->user_id.data, user.n)) {
			if (h->begun)
				end_user(h, b, rows);
			h->begun = false;
			if (b->n >= most || rows >= rows_most) {
				h->waiting = true;
				return true;
			}
			begin_user(h, user);
		}
		take_row(h, b, &rows);
	}
	if (h->begun)
		end_user(h, b, rows);
	h->begun = false;
	return b->n > 0;
}

void histories_free(struct histories *h)
{
	idset_free(&h->users);
	buffer_free(&h->user_id);
}
