#include "frame/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

/* Apart from each other in memory: `next` is written all the time. */
struct worker {
	_Alignas(64) struct pool *pool;
	size_t number;
	pthread_t thread;
	atomic_size_t next; /* chunk of its share, which ends before `end` */
	size_t end;
};

struct pool {
	size_t threads;
	struct worker *workers; /* threads - 1: the caller is number 0 */
	pthread_mutex_t lock;
	pthread_cond_t begin, done;
	uint64_t round;         /* which pool_run the workers are at */
	size_t busy;            /* workers that have not finished the round */
	bool ending;
	void (*work)(void *context, size_t chunk, size_t worker);
	void *context;
};

/* A worker's own share first, then what is left of the others'. */
static void take_chunks(struct pool *pool, size_t worker)
{
	for (size_t k = 0; k < pool->threads; k++) {
		struct worker *w = &pool->workers[(worker + k) % pool->threads];
		for (;;) {
			size_t chunk = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
			if (chunk >= w->end)
				break;
			pool->work(pool->context, chunk, worker);
		}
	}
}

static void *worker_main(void *argument)
{
	struct worker *self = argument;
	struct pool *pool = self->pool;
	uint64_t seen = 0;
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->round == seen && !pool->ending)
			pthread_cond_wait(&pool->begin, &pool->lock);
		if (pool->ending)
			break;
		seen = pool->round;
		pthread_mutex_unlock(&pool->lock);
		take_chunks(pool, self->number);
		pthread_mutex_lock(&pool->lock);
		if (--pool->busy == 0)
			pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct pool *pool_new(size_t threads)
{
	struct pool *pool = memory_zero(1, sizeof *pool);
	pool->threads = threads ? threads : 1;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->begin, NULL);
	pthread_cond_init(&pool->done, NULL);
	pool->workers = memory_aligned(pool->threads, sizeof *pool->workers);
	for (size_t i = 1; i < pool->threads; i++) {
		struct worker *w = &pool->workers[i];
		w->pool = pool;
		w->number = i;
		int error = pthread_create(&w->thread, NULL, worker_main, w);
		if (error) {
			errno = error;
			die_errno(STATUS_FAILED, "cannot start thread %zu", i + 1);
		}
	}
	return pool;
}

size_t pool_threads(const struct pool *pool)
{
	return pool->threads;
}

static size_t share_start(const struct pool *pool, size_t chunks, size_t worker)
{
	return chunks / pool->threads * worker + chunks % pool->threads * worker / pool->threads;
}

void pool_run(struct pool *pool, size_t chunks,
	      void (*work)(void *context, size_t chunk, size_t worker), void *context)
{
	pthread_mutex_lock(&pool->lock);
	pool->work = work;
	pool->context = context;
	for (size_t i = 0; i < pool->threads; i++) {
		struct worker *w = &pool->workers[i];
		atomic_store_explicit(&w->next, share_start(pool, chunks, i), memory_order_relaxed);
		w->end = share_start(pool, chunks, i + 1);
	}
	pool->busy = pool->threads - 1;
	pool->round++;
	if (pool->busy)
		pthread_cond_broadcast(&pool->begin);
	pthread_mutex_unlock(&pool->lock);
	take_chunks(pool, 0);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy)
		pthread_cond_wait(&pool->done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->begin);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 1; i < pool->threads; i++)
		pthread_join(pool->workers[i].thread, NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->begin);
	pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	free(pool);
}
