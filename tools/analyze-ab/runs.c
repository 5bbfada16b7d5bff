/* runs.c - see runs.h.
 *
 * A part of a run (streams/sorted-runs.h) is the events of a user, one after the other, a column
 * after the other in each.
 */
#include "runs.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/sorted-runs.h"

enum { RUNS_MAX = 10000, BLOCK_MIN = 4096, BLOCK_MAX = 1 << 18, BLOCKS = 1 << 24, WRITTEN_AT = 1 << 20 };

struct runs {
	struct sorted_runs *sorted;
	size_t event_size;
	char *event;                        /* room for one */
	bool merging;
};

struct runs *runs_new(const struct events *e)
{
	struct runs *r = memory_zero(1, sizeof *r);
	r->event_size = events_stored_size(e);
	r->sorted = sorted_runs_new(r->event_size > WRITTEN_AT ? r->event_size : WRITTEN_AT);
	r->event = memory_new(r->event_size, 1);
	return r;
}

void runs_free(struct runs *r)
{
	if (!r)
		return;
	sorted_runs_free(r->sorted);
	free(r->event);
	free(r);
}

void runs_add(struct runs *r, struct events *e, const struct strmap *users)
{
	uint32_t n = strmap_count(users), *by_id = strmap_sorted(users);
	uint64_t *start;
	uint32_t *order = events_by_user(e, users, by_id, &start);
	if (sorted_runs_count(r->sorted) == RUNS_MAX)
		die(STATUS_FAILED, "more than %d runs of sorted events: raise --memory", RUNS_MAX);
	sorted_runs_begin(r->sorted);
	for (uint32_t u = 0; u < n; u++) {
		uint32_t events = (uint32_t)(start[u + 1] - start[u]);
		struct spool *spool = sorted_runs_put(r->sorted, strmap_key(users, by_id[u]), events);
		for (uint64_t i = start[u]; i < start[u + 1]; i++)
			events_store(e, order[i], spool_room(spool, r->event_size));
	}
	e->n = 0;
	free(order);
	free(start);
	free(by_id);
}

static void merge(struct runs *r)
{
	size_t n = sorted_runs_count(r->sorted), block = n ? BLOCKS / n : BLOCK_MIN;
	sorted_runs_merge(r->sorted, block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block);
	r->merging = true;
}

/* The events of the next user in the run that is next. */
static void load_part(struct runs *r, struct events *e)
{
	uint32_t events;
	struct spool_reader *from = sorted_runs_take(r->sorted, &events);
	for (; events > 0; events--)
		events_load(e, spool_view(from, r->event, r->event_size));
}

bool runs_next(struct runs *r, struct events *e, struct buffer *id)
{
	struct span user;
	if (!r->merging)
		merge(r);
	if (!sorted_runs_key(r->sorted, &user))
		return false;
	id->n = 0;
	buffer_add_span(id, user);
	do
		load_part(r, e);
	while (sorted_runs_key(r->sorted, &user) && span_equal(user, (struct span){id->data, id->n}));
	return true;
}
