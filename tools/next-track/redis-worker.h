/* redis-worker.h - a thread that reconnects to the server and fetches what was
 * published beside the lists.
 */
#ifndef RECPIPE_NEXT_TRACK_REDIS_WORKER_H
#define RECPIPE_NEXT_TRACK_REDIS_WORKER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "data/strmap.h"
#include "services/published.h"

/* What is fetched. */
struct redis_worker_result {
	bool done;               /* false: see redis.problem */
	struct redis redis;      /* connected */
	struct published live;
	struct strmap *items;    /* NULL: not wanted, or there are none that are whole */
	bool torn;               /* the server has not all items that the description tells of */
	struct buffer popular;   /* ids, TAB between them; when it is wanted */
};

struct redis_worker;

/* The strings must live as long as the worker. */
struct redis_worker *redis_worker_new(const struct redis_target *target, const char *prefix, bool wants_items,
			  bool wants_popular);

/* Connects and fetches now and once, while the caller waits. */
void redis_worker_run(struct redis_worker *e, struct redis_worker_result *result);

/* Starts the thread, unless it is busy: it tries until it is done, after 0.05 s, 0.1 s, ... 2 s. */
void redis_worker_start(struct redis_worker *e);

enum redis_worker_state { WORKER_IDLE, WORKER_BUSY, WORKER_FAILING, WORKER_DONE };

/* How far is it? Waits for news for at most `patience_s`. WORKER_DONE: `result` is what it
 * fetched, and the worker is idle again. WORKER_FAILING: it goes on, but some try failed,
 * see result->redis.problem; there is nothing else in the result. */
enum redis_worker_state redis_worker_poll(struct redis_worker *e, double patience_s,
					  struct redis_worker_result *result);

/* A worker that is busy is left to the end of the program: false. */
bool redis_worker_free(struct redis_worker *e);

#endif
