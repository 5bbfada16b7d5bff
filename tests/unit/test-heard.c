/* Which recommendation an event heard: the oldest of that item that still waits, in its session. */
#include "data/strmap.h"
#include "domain/heard.h"
#include "unit.h"

static const int64_t DAY = 86400000;

static size_t take(struct heard_waiting *w, int64_t time_ms, uint32_t item, uint32_t session, int64_t wait_ms)
{
	return heard_follow(w, 0, &(struct heard_event){time_ms, 5, session, item, STRMAP_NONE}, wait_ms);
}

static void wait_for(struct heard_waiting *w, size_t row, int64_t time_ms, uint32_t item, uint32_t session)
{
	CHECK(heard_follow(w, row, &(struct heard_event){time_ms, 5, session, STRMAP_NONE, item}, DAY) == SIZE_MAX);
}

int main(void)
{
	struct heard_waiting w = {.n = 0};
	CHECK(take(&w, 0, 1, 0, DAY) == SIZE_MAX);
	wait_for(&w, 7, 100, 1, 0);
	wait_for(&w, 8, 200, 2, 0);
	wait_for(&w, 9, 300, 1, 0);
	CHECK(take(&w, 400, 3, 0, DAY) == SIZE_MAX);
	CHECK(take(&w, 400, 1, 0, DAY) == 7); /* the oldest */
	CHECK(take(&w, 400, 1, 0, DAY) == 9);
	CHECK(take(&w, 400, 1, 0, DAY) == SIZE_MAX); /* once */
	CHECK(take(&w, 200 + DAY, 2, 1, DAY) == SIZE_MAX); /* another session */
	CHECK(take(&w, 200 + DAY, 2, 0, DAY) == 8); /* just in time */
	wait_for(&w, 10, 1000, 2, 0);
	CHECK(take(&w, 1001 + DAY, 2, 0, DAY) == SIZE_MAX); /* too late */
	CHECK(w.n == 0);

	/* Of more than fit, the oldest is given up. */
	for (size_t i = 0; i <= HEARD_WAITING; i++)
		wait_for(&w, i, 2000, (uint32_t)i, 0);
	CHECK(take(&w, 2000, 0, 0, DAY) == SIZE_MAX);
	for (size_t i = 1; i <= HEARD_WAITING; i++)
		CHECK(take(&w, 2000, (uint32_t)i, 0, DAY) == i);

	/* One event may do both, and what waits for one user does not wait for another. */
	struct heard_event event = {3000, 5, 0, 2, 2};
	CHECK(heard_follow(&w, 20, &event, DAY) == SIZE_MAX);
	CHECK(heard_follow(&w, 21, &event, DAY) == 20);
	event.user = 6;
	CHECK(heard_follow(&w, 22, &event, DAY) == SIZE_MAX);
	CHECK(heard_follow(&w, 23, &event, DAY) == 22);
	return unit_finish();
}
