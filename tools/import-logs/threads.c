#include "import.h"

#include "base/memory.h"
#include "frame/ordered.h"
#include "frame/run.h"

/* A line is never the first one of its file here: hints are given for that alone. */
enum { LINES_BEFORE = 1 };

/* What a thread needs for a block of lines, and what came of it. */
struct block {
	struct import m;
	struct input_room room;
	struct span text;
	struct json_part part;  /* of an array, in place of these */
	uint64_t bytes;
};

struct import_threads {
	struct pool *pool;
	struct import *whole;
	struct input *in;
	struct json_split *split; /* of an array */
	struct block *blocks;
	size_t slots;
	bool begun;
};

struct import_threads *threads_open(struct import *m, size_t threads)
{
	struct import_threads *t = memory_zero(1, sizeof *t);
	*t = (struct import_threads){.whole = m, .pool = pool_new(threads), .slots = ordered_slots(threads)};
	t->blocks = memory_zero(t->slots, sizeof *t->blocks);
	return t;
}

/* The columns are known now. */
static void begin(struct import_threads *t)
{
	for (size_t slot = 0; slot < t->slots && !t->begun; slot++) {
		struct import *m = &t->blocks[slot].m;
		*m = *t->whole;
		m->reader = json_copy(t->whole->reader);
		m->all = columns_values(t->whole);
		m->out = output_open_memory();
		m->scratch = (struct buffer){0};
		m->lines = m->written = m->filtered = m->replaced = m->without = m->shares = m->large = 0;
		found_copy(m, t->whole);
		rejects_keep(&m->rejects, t->whole->rejects.skip);
	}
	t->begun = true;
}

static void begin_block(struct import_threads *t, struct block *b)
{
	b->bytes = input_bytes(t->in);
	b->m.file = t->whole->file;
	b->m.base = t->whole->base;
	b->m.base_n = t->whole->base_n;
}

static bool take_block(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	if (!input_take_block(t->in, &b->room, &b->text))
		return false;
	begin_block(t, b);
	b->m.element = 0;
	return true;
}

static void read_one(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	b->m.line = LINES_BEFORE;
	read_block(&b->m, b->text);
}

static void add(uint64_t *to, uint64_t *from)
{
	*to += *from;
	*from = 0;
}

/* What came of it becomes the whole's; its lines are counted from `before`. */
static void give(struct import_threads *t, size_t slot, uint64_t before)
{
	struct import *whole = t->whole, *m = &t->blocks[slot].m;
	rejects_pass(&whole->rejects, &m->rejects, whole->file, before);
	add(&whole->lines, &m->lines);
	add(&whole->written, &m->written);
	add(&whole->filtered, &m->filtered);
	add(&whole->replaced, &m->replaced);
	add(&whole->without, &m->without);
	add(&whole->shares, &m->shares);
	add(&whole->large, &m->large);
	found_add(whole, m);
	whole->newest = m->newest > whole->newest ? m->newest : whole->newest;
	whole->newest_plain = m->newest_plain > whole->newest_plain ? m->newest_plain : whole->newest_plain;
	output_append(whole->out, m->out);
	progress_step(t->blocks[slot].bytes, input_size(t->in), "bytes");
}

static void give_block(void *context, size_t slot)
{
	struct import_threads *t = context;
	uint64_t before = t->whole->line - LINES_BEFORE;
	t->whole->line = before + t->blocks[slot].m.line;
	give(t, slot, before);
}

/* ---- elements of an array ---- */

static bool take_elements(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	if (!json_split_take(t->split, &b->part))
		return false;
	begin_block(t, b);
	return true;
}

static void read_elements(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	struct span rest;
	json_look_over(b->m.reader, json_part_open(&b->part));
	while (json_part_next(&b->part, &rest, &b->m.line, &b->m.element))
		read_joined(&b->m, rest);
	json_look_over(b->m.reader, (struct span){"", 0});
}

static void give_elements(void *context, size_t slot)
{
	give(context, slot, 0); /* their lines are those of the file */
}

void threads_read_array(struct import *m, struct input *in, struct json_split *split)
{
	static const struct ordered_steps STEPS = {take_elements, read_elements, give_elements};
	struct import_threads *t = m->threads;
	if (!t || !m->ready || !json_split_has_parts(split))
		return;
	begin(t);
	t->in = in;
	t->split = split;
	ordered_run(t->pool, &STEPS, t);
}

void threads_read(struct import *m, struct input *in)
{
	static const struct ordered_steps STEPS = {take_block, read_one, give_block};
	struct import_threads *t = m->threads;
	if (!t || t->slots == 1 || !m->ready || m->line < LINES_BEFORE)
		return;
	begin(t);
	t->in = in;
	ordered_run(t->pool, &STEPS, t);
}

void threads_close(struct import_threads *t)
{
	if (!t)
		return;
	pool_free(t->pool);
	for (size_t slot = 0; slot < t->slots && t->begun; slot++) {
		struct block *b = &t->blocks[slot];
		json_free(b->m.reader);
		free(b->m.all);
		found_free(&b->m);
		output_close(b->m.out);
		buffer_free(&b->m.scratch);
		rejects_close(&b->m.rejects);
		input_room_free(&b->room);
		json_part_free(&b->part);
	}
	free(t->blocks);
	free(t);
}
