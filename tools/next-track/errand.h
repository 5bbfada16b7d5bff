/* errand.h - a way to the server and back by another thread: a new connection, and what
 * was published beside the lists.
 */
#ifndef NEXT_TRACK_ERRAND_H
#define NEXT_TRACK_ERRAND_H

#include <stdbool.h>

#include "base/buffer.h"
#include "data/strmap.h"
#include "services/published.h"

/* What is brought back. */
struct errand_result {
	bool done;               /* false: see redis.problem */
	struct redis redis;      /* connected */
	struct published live;
	struct strmap *items;    /* NULL: not wanted, or there are none that are whole */
	bool torn;               /* the server has not all items that the description tells of */
	struct buffer popular;   /* ids, TAB between them; when it is wanted */
};

struct errand;

/* The strings must live as long as the errand. */
struct errand *errand_new(const struct redis_target *target, const char *prefix, bool wants_items,
			  bool wants_popular);

/* Goes now and once, and the caller waits. */
void errand_go(struct errand *e, struct errand_result *result);

/* Sends the thread, unless it is out: it tries until it is done, after 0.05 s, 0.1 s, .. 2 s. */
void errand_send(struct errand *e);

enum errand_state { ERRAND_HOME, ERRAND_OUT, ERRAND_FAILING, ERRAND_BACK };

/* How far is it? Waits for news for at most `patience_s`. ERRAND_BACK: `result` is what it
 * brought, and the thread is home again. ERRAND_FAILING: it goes on, but some try failed,
 * see result->redis.problem; there is nothing else in the result. */
enum errand_state errand_look(struct errand *e, double patience_s, struct errand_result *result);

/* An errand that is out is left to the end of the program: false. */
bool errand_free(struct errand *e);

#endif
