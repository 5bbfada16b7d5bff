/* Blocks of a table as tables of their own, for threads. */
#include "streams/table-reader.h"

#include "base/memory.h"

/* Lines of a part are counted from here on: none of them is the first one or the second, which messages
 * give hints for. */
enum { LINES_BEFORE = 2 };

struct table *table_part_new(const struct table *t)
{
	struct table *part = memory_new(1, sizeof *part);
	*part = *t;
	part->in = NULL;
	part->csv = t->format.csv ? csv_part_open(t->format.control_fails) : NULL;
	part->part = true;
	part->csv_lines = NULL;
	part->ends = NULL;
	part->n_ends = part->ends_capacity = part->next_end = 0;
	part->rows = part->replaced = 0;
	part->ended = true; /* there are no rows but those of the block */
	part->timed = false;
	if (t->failure) /* the table's own is not for several threads */
		part->failure = part->columns.failure = memory_zero(1, sizeof *part->failure);
	rejects_keep(&part->rejects, t->format.skip_bad);
	return part;
}

void table_part_free(struct table *part)
{
	rejects_close(&part->rejects);
	csv_close(part->csv);
	input_room_free(&part->room);
	free(part->ends);
	free(part->failure);
	free(part);
}

bool table_has_parts(const struct table *t)
{
	if (!t->in || t->ended || t->next_end != t->n_ends)
		return false;
	return t->csv ? csv_is_idle(t->csv) && csv_line(t->csv) >= LINES_BEFORE
		: t->block_line + t->lines_in_block >= LINES_BEFORE;
}

bool table_part_take(struct table *part, struct table *t)
{
	struct span block;
	if (t->csv ? !input_take_cut(t->in, &part->room, csv_cut, &block)
		   : !input_take_block(t->in, &part->room, &block))
		return false;
	part->at = block.at;
	part->n = block.n;
	part->file = t->file;
	part->block_line = LINES_BEFORE;
	part->bytes = input_bytes(t->in);
	return true;
}

void table_part_index(struct table *part)
{
	if (!part->csv) {
		table_index_block(part);
		return;
	}
	/* The rows come with table_next and table_next_block. */
	csv_part_use(part->csv, (struct span){part->at, part->n}, LINES_BEFORE);
	part->ended = false;
	part->next_end = part->n_ends = 0;
}

/* How many lines come before those of the part that is next; the table goes on after it. */
static uint64_t pass_lines(struct table *t, const struct table *part)
{
	if (part->csv) {
		uint64_t before = csv_line(t->csv) - LINES_BEFORE;
		csv_took(t->csv, csv_line(part->csv) - LINES_BEFORE, csv_replaced(part->csv));
		return before;
	}
	t->block_line += t->lines_in_block;
	t->lines_in_block = part->lines_in_block;
	return t->block_line - LINES_BEFORE;
}

void table_part_join(struct table *t, struct table *part)
{
	uint64_t before = pass_lines(t, part);
	t->rows += part->rows;
	part->rows = 0;
	if (!rejects_pass(&t->rejects, &part->rejects, table_file(t), before, 0))
		table_stop(t);
	if (part->timed)
		table_saw_time(t, part->unit, part->newest);
	part->timed = false;
}
