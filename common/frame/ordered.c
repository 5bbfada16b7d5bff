#include "frame/ordered.h"

#include <pthread.h>
#include <stdatomic.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/clock.h"
#include "base/memory.h"

/* Most waits are for what takes another thread some microseconds, which is less than to sleep and be
 * woken: so one looks for as long before it sleeps. */
static const double LOOK_S = 30e-6;

/* Pieces that are taken get numbers; piece n is in slot queue[n % slots]. */
struct run {
	const struct ordered_steps *steps;
	void *context;
	size_t slots;
	pthread_mutex_t lock;
	pthread_cond_t workers, caller; /* they may go on */
	size_t *queue, *unused, n_unused;
	bool *done;             /* of each slot: the work */
	size_t taken, given;    /* how many pieces */
	bool taking, ended;
	atomic_size_t changes;  /* how often something has come to pass that others may wait for */
	bool looking;           /* one thread does: the others sleep at once */
};

size_t ordered_slots(size_t threads)
{
	return threads <= 1 ? 1 : 2 * threads + 2;
}

static bool may_take(const struct run *r)
{
	return !r->ended && !r->taking && r->n_unused > 0;
}

static void pause_briefly(void)
{
#if defined(__x86_64__)
	_mm_pause();
#endif
}

/* Waits for a change; with the lock. */
static void wait_for_change(struct run *r, pthread_cond_t *sleepers)
{
	size_t seen = atomic_load_explicit(&r->changes, memory_order_relaxed);
	if (!r->looking) {
		r->looking = true;
		pthread_mutex_unlock(&r->lock);
		double end = clock_wall() + LOOK_S;
		while (atomic_load_explicit(&r->changes, memory_order_relaxed) == seen && clock_wall() < end)
			pause_briefly();
		pthread_mutex_lock(&r->lock);
		r->looking = false;
	}
	if (atomic_load_explicit(&r->changes, memory_order_relaxed) == seen)
		pthread_cond_wait(sleepers, &r->lock);
}

/* Something has come to pass: those who wait look again. */
static void change(struct run *r)
{
	atomic_fetch_add_explicit(&r->changes, 1, memory_order_relaxed);
}

/* Takes a piece, and works on it; called and returns with the lock. The slot that became free last
 * is used first: its memory is near. */
static void take_and_work(struct run *r)
{
	size_t slot = r->unused[--r->n_unused];
	r->taking = true;
	pthread_mutex_unlock(&r->lock);
	bool got = r->steps->take(r->context, slot);
	pthread_mutex_lock(&r->lock);
	r->taking = false;
	change(r);
	if (got) {
		r->queue[r->taken++ % r->slots] = slot;
		r->done[slot] = false;
		pthread_cond_signal(&r->workers);
		pthread_cond_signal(&r->caller); /* it may take the next one, too */
		pthread_mutex_unlock(&r->lock);
		r->steps->work(r->context, slot);
		pthread_mutex_lock(&r->lock);
		r->done[slot] = true;
		change(r);
	} else {
		r->ended = true;
		r->unused[r->n_unused++] = slot;
		pthread_cond_broadcast(&r->workers);
	}
	pthread_cond_signal(&r->caller);
}

static void help(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->ended) {
		if (may_take(r))
			take_and_work(r);
		else
			wait_for_change(r, &r->workers);
	}
	pthread_mutex_unlock(&r->lock);
}

/* The caller's thread: gives what is done, works on what else there is. */
static void lead(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->ended || r->given < r->taken) {
		size_t slot = r->queue[r->given % r->slots];
		if (r->given < r->taken && r->done[slot]) {
			pthread_mutex_unlock(&r->lock);
			r->steps->give(r->context, slot);
			pthread_mutex_lock(&r->lock);
			r->given++;
			r->unused[r->n_unused++] = slot;
			change(r);
			pthread_cond_signal(&r->workers);
		} else if (may_take(r)) {
			take_and_work(r);
		} else {
			wait_for_change(r, &r->caller);
		}
	}
	pthread_mutex_unlock(&r->lock);
}

static void join_run(void *context, size_t chunk, size_t worker)
{
	(void)chunk;
	(worker == 0 ? lead : help)(context);
}

void ordered_run(struct pool *pool, const struct ordered_steps *steps, void *context)
{
	struct run r = {.steps = steps, .context = context, .slots = ordered_slots(pool_threads(pool))};
	if (r.slots == 1) {
		while (steps->take(context, 0)) {
			steps->work(context, 0);
			steps->give(context, 0);
		}
		return;
	}
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.workers, NULL);
	pthread_cond_init(&r.caller, NULL);
	r.queue = memory_zero(r.slots, sizeof *r.queue);
	r.unused = memory_new(r.slots, sizeof *r.unused);
	r.done = memory_zero(r.slots, sizeof *r.done);
	while (r.n_unused < r.slots) {
		r.unused[r.n_unused] = r.slots - 1 - r.n_unused;
		r.n_unused++;
	}
	pool_run(pool, pool_threads(pool), join_run, &r);
	lead(&r); /* where a helper has come first, and done the caller's chunk as its own */
	free(r.queue);
	free(r.unused);
	free(r.done);
	pthread_cond_destroy(&r.caller);
	pthread_cond_destroy(&r.workers);
	pthread_mutex_destroy(&r.lock);
}
