#include "frame/table-threads.h"

#include <stdatomic.h>

#include "base/memory.h"
#include "frame/ordered.h"
#include "frame/run.h"

struct table_threads {
	struct table *table;
	struct table **parts;
	size_t slots;
	struct pool *pool;
	const struct table_work *work;
	void *context;
	atomic_bool failed; /* nothing more is wanted */
};

static bool take(void *context, size_t slot)
{
	struct table_threads *p = context;
	return !atomic_load(&p->failed) && table_part_take(p->parts[slot], p->table);
}

static void work(void *context, size_t slot)
{
	struct table_threads *p = context;
	table_part_index(p->parts[slot]);
	p->work->work(p->context, slot);
}

static void give(void *context, size_t slot)
{
	struct table_threads *p = context;
	if (atomic_load(&p->failed))
		return;
	table_part_join(p->table, p->parts[slot]);
	atomic_store(&p->failed, has_failed(table_failure(p->table)));
	p->work->give(p->context, slot);
	progress_step(table_bytes(p->parts[slot]), table_size(p->table), "bytes");
}

size_t table_threads_slots(size_t threads)
{
	return ordered_slots(threads);
}

struct table_threads *table_threads_open(struct table *t, size_t threads, const struct table_work *work_of,
					 void *context)
{
	if (threads <= 1)
		return NULL;
	struct table_threads *p = memory_zero(1, sizeof *p);
	*p = (struct table_threads){.table = t, .slots = ordered_slots(threads), .pool = pool_new(threads),
		.work = work_of, .context = context};
	p->parts = memory_new(p->slots, sizeof *p->parts);
	for (size_t slot = 0; slot < p->slots; slot++) {
		p->parts[slot] = table_part_new(t);
		work_of->begin(context, slot, p->parts[slot]);
	}
	return p;
}

void table_threads_run(struct table_threads *p)
{
	static const struct ordered_steps STEPS = {take, work, give};
	if (p && table_has_parts(p->table))
		ordered_run(p->pool, &STEPS, p);
}

void table_threads_close(struct table_threads *p)
{
	if (!p)
		return;
	pool_free(p->pool);
	for (size_t slot = 0; slot < p->slots; slot++) {
		p->work->end(p->context, slot);
		table_part_free(p->parts[slot]);
	}
	free(p->parts);
	free(p);
}
