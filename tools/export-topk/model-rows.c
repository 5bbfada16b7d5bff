#include "model-rows.h"

#include "frame/run.h"

static void read_row(struct model_rows *r)
{
	r->has_waiting = model_next(r->reader, &r->waiting);
	r->ended = !r->has_waiting;
	progress_step(table_bytes(r->table), table_size(r->table), "bytes");
	if (r->ended)
		return;
	cold_see(r->sides->cold_items, &r->waiting, r->stride, table_file(r->table));
	cold_see(r->sides->cold_users, &r->waiting, r->stride, table_file(r->table));
}

bool model_rows_next(struct model_rows *r, struct model_row *row)
{
	if (!r->has_waiting && !r->ended)
		read_row(r);
	if ((r->ended || r->waiting.kind > MODEL_ITEM) && cold_next(r->sides->cold_items, row))
		return true;
	if (r->ended)
		return cold_next(r->sides->cold_users, row);
	*row = r->waiting;
	r->has_waiting = false;
	return true;
}
