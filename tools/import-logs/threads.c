#include "import.h"

#include <stdatomic.h>

#include "base/memory.h"
#include "frame/ordered.h"
#include "frame/run.h"

/* A line is never the first one of its file here: hints are given for that alone. */
enum { LINES_BEFORE = 1 };

/* What a thread needs for a block of lines, or a part of values, and what came of it. */
struct block {
	struct import m;
	struct json_reader *readers[EACH_LISTS]; /* of --each: its own, used where the lists are in its values */
	struct input_room room;
	struct span text;
	struct json_split *part;
	uint64_t bytes;
};

struct import_threads {
	struct pool *pool;
	struct import *whole;
	struct json_split *split; /* of parts, */
	size_t list;              /* and of which list */
	struct block *blocks;
	size_t slots;
	bool begun;
	atomic_bool failed;       /* a part has come to where none can be told: nothing more is wanted */
};

struct import_threads *threads_open(struct import *m, size_t threads)
{
	struct import_threads *t = memory_zero(1, sizeof *t);
	*t = (struct import_threads){.whole = m, .pool = pool_new(threads), .slots = ordered_slots(threads)};
	t->blocks = memory_zero(t->slots, sizeof *t->blocks);
	return t;
}

static void begin_slot(struct import_threads *t, struct block *b)
{
	struct import *m = &b->m;
	*m = *t->whole;
	m->threads = NULL;
	m->reader = json_copy(t->whole->reader);
	m->wrapper = m->wrapper ? json_copy(m->wrapper) : NULL;
	m->wrapped = (struct buffer){0};
	for (size_t i = 0; i < m->n_lists; i++) {
		b->readers[i] = json_copy(m->lists_of[i].reader);
		m->lists_of[i].element = (struct buffer){0};
	}
	m->all = columns_values(t->whole);
	m->out = output_open_memory();
	m->scratch = (struct buffer){0};
	m->lines = m->written = m->filtered = m->replaced = m->without = m->shares = m->large = 0;
	m->objects = m->lists = 0;
	found_copy(m, t->whole);
	rejects_keep(&m->rejects, t->whole->rejects.skip);
	b->part = json_part_new();
}

/* The columns are known now. */
static void begin(struct import_threads *t)
{
	for (size_t slot = 0; slot < t->slots && !t->begun; slot++)
		begin_slot(t, &t->blocks[slot]);
	t->begun = true;
}

static void begin_block(struct import_threads *t, struct block *b)
{
	b->bytes = input_bytes(t->whole->in);
	b->m.file = t->whole->file;
	b->m.base = t->whole->base;
	b->m.base_n = t->whole->base_n;
}

static bool take_block(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	if (!input_take_block(t->whole->in, &b->room, &b->text))
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

/* What came of it becomes the whole's; its lines and elements are counted from those. */
static void give(struct import_threads *t, size_t slot, uint64_t lines, uint64_t elements)
{
	struct import *whole = t->whole, *m = &t->blocks[slot].m;
	rejects_pass(&whole->rejects, &m->rejects, whole->file, lines, elements);
	add(&whole->lines, &m->lines);
	add(&whole->written, &m->written);
	add(&whole->filtered, &m->filtered);
	add(&whole->replaced, &m->replaced);
	add(&whole->without, &m->without);
	add(&whole->shares, &m->shares);
	add(&whole->large, &m->large);
	add(&whole->objects, &m->objects);
	add(&whole->lists, &m->lists);
	found_add(whole, m);
	whole->newest = m->newest > whole->newest ? m->newest : whole->newest;
	whole->newest_plain = m->newest_plain > whole->newest_plain ? m->newest_plain : whole->newest_plain;
	output_append(whole->out, m->out);
	progress_step(t->blocks[slot].bytes, input_size(whole->in), "bytes");
}

static void give_block(void *context, size_t slot)
{
	struct import_threads *t = context;
	uint64_t before = t->whole->line - LINES_BEFORE;
	t->whole->line = before + t->blocks[slot].m.line;
	give(t, slot, before, 0);
}

/* ---- parts ---- */

static bool take_part(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	if (atomic_load(&t->failed) || !json_split_take(t->split, b->part))
		return false;
	begin_block(t, b);
	b->m.line = t->whole->line;
	for (size_t i = 0; i < b->m.n_lists; i++) {
		/* What is around the list is the whole's to read, and stays as it is. */
		b->m.lists_of[i].reader = i < t->list ? t->whole->lists_of[i].reader : b->readers[i];
		b->m.lists_of[i].number = t->whole->lists_of[i].number;
	}
	return true;
}

static void work_on_part(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct block *b = &t->blocks[slot];
	read_part(&b->m, b->part, t->list);
}

static void give_part(void *context, size_t slot)
{
	struct import_threads *t = context;
	struct json_split *part = t->blocks[slot].part;
	if (atomic_load(&t->failed))
		return;
	/* The numbers of a list's elements are the list's own, wherever in the file it is. */
	bool numbered = t->list > 0 || t->whole->n_lists == 0;
	give(t, slot, t->list ? 0 : json_part_lines_before(t->split), numbered ? json_split_count(t->split) : 0);
	atomic_store(&t->failed, !json_part_join(t->split, part));
}

void threads_read_parts(struct import *m, struct json_split *split, size_t list)
{
	static const struct ordered_steps STEPS = {take_part, work_on_part, give_part};
	struct import_threads *t = m->threads;
	if (!t || !m->ready || !json_split_has_parts(split))
		return;
	begin(t);
	t->split = split;
	t->list = list;
	ordered_run(t->pool, &STEPS, t);
}

void threads_read(struct import *m)
{
	static const struct ordered_steps STEPS = {take_block, read_one, give_block};
	struct import_threads *t = m->threads;
	if (!t || t->slots == 1 || !m->ready || m->line < LINES_BEFORE)
		return;
	begin(t);
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
		json_free(b->m.wrapper);
		buffer_free(&b->m.wrapped);
		for (size_t i = 0; i < b->m.n_lists; i++) {
			json_free(b->readers[i]);
			buffer_free(&b->m.lists_of[i].element);
		}
		free(b->m.all);
		found_free(&b->m);
		output_close(b->m.out);
		buffer_free(&b->m.scratch);
		rejects_close(&b->m.rejects);
		input_room_free(&b->room);
		json_split_close(b->part);
	}
	free(t->blocks);
	free(t);
}
