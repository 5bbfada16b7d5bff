/* Every chunk is done once, by a worker with a number of its own, on any number of
 * threads, round after round. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "frame/pool.h"
#include "unit.h"

enum { CHUNKS = 1000, THREADS = 8 };

struct tally {
	atomic_int done[CHUNKS];
	atomic_int busy[THREADS]; /* a worker is at one chunk at a time */
	atomic_int wrong;
	size_t threads;
};

static void work(void *context, size_t chunk, size_t worker)
{
	struct tally *t = context;
	if (chunk >= CHUNKS || worker >= t->threads) {
		atomic_fetch_add(&t->wrong, 1);
		return;
	}
	if (atomic_fetch_add(&t->busy[worker], 1) != 0)
		atomic_fetch_add(&t->wrong, 1);
	atomic_fetch_add(&t->done[chunk], 1);
	atomic_fetch_sub(&t->busy[worker], 1);
}

static void check_threads(size_t threads)
{
	struct pool *pool = pool_new(threads);
	static struct tally t;
	CHECK(pool_threads(pool) == (threads ? threads : 1));
	for (int round = 0; round < 200; round++) {
		size_t chunks = (size_t)round * 37 % CHUNKS;
		memset(&t, 0, sizeof t);
		t.threads = pool_threads(pool);
		pool_run(pool, chunks, work, &t);
		bool right = atomic_load(&t.wrong) == 0;
		for (size_t c = 0; c < CHUNKS; c++)
			right &= atomic_load(&t.done[c]) == (c < chunks);
		CHECK(right);
	}
	pool_free(pool);
}

int main(void)
{
	for (size_t threads = 0; threads <= THREADS; threads++)
		check_threads(threads);
	pool_free(NULL);
	return unit_finish();
}
