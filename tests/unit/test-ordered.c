/* The pieces of a stream are given on in the order in which they were taken, each when its work
 * is done, at any number of threads; every piece is once in one slot at a time. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "frame/ordered.h"
#include "unit.h"

enum { PIECES = 100, THREADS = 4, SLOTS = 64 };

struct stream {
	size_t taken, given;
	size_t number[SLOTS];         /* of the piece in a slot, from 1; 0: none */
	atomic_bool worked[SLOTS];
	atomic_int wrong;
};

static bool take(void *context, size_t slot)
{
	struct stream *s = context;
	if (s->taken == PIECES)
		return false;
	if (slot >= SLOTS || s->number[slot] != 0)
		atomic_fetch_add(&s->wrong, 1);
	s->number[slot] = ++s->taken;
	s->worked[slot] = false;
	return true;
}

/* Long enough that the other threads come to do something in the meantime. */
static void work(void *context, size_t slot)
{
	struct stream *s = context;
	clock_sleep(0.0005);
	if (s->worked[slot])
		atomic_fetch_add(&s->wrong, 1);
	s->worked[slot] = true;
}

static void give(void *context, size_t slot)
{
	struct stream *s = context;
	if (!s->worked[slot] || s->number[slot] != ++s->given)
		atomic_fetch_add(&s->wrong, 1);
	s->number[slot] = 0;
}

int main(void)
{
	static const struct ordered_steps STEPS = {take, work, give};
	for (size_t threads = 1; threads <= THREADS; threads++) {
		struct stream s = {.taken = 0};
		struct pool *pool = pool_new(threads);
		CHECK(ordered_slots(threads) <= SLOTS);
		ordered_run(pool, &STEPS, &s);
		CHECK_INT(s.given, PIECES);
		CHECK_INT(s.wrong, 0);
		pool_free(pool);
	}
	return unit_finish();
}
