/* Which recommendation an event heard: the oldest of that item that still waits, in its session. */
#include "domain/heard.h"
#include "unit.h"

static const int64_t DAY = 86400000;

int main(void)
{
	struct heard_waiting w = {.n = 0};
	CHECK(heard_take(&w, 0, 1, 0, DAY) == SIZE_MAX);
	heard_wait(&w, 7, 100, 1, 0);
	heard_wait(&w, 8, 200, 2, 0);
	heard_wait(&w, 9, 300, 1, 0);
	CHECK(heard_take(&w, 400, 3, 0, DAY) == SIZE_MAX);
	CHECK(heard_take(&w, 400, 1, 0, DAY) == 7); /* the oldest */
	CHECK(heard_take(&w, 400, 1, 0, DAY) == 9);
	CHECK(heard_take(&w, 400, 1, 0, DAY) == SIZE_MAX); /* once */
	CHECK(heard_take(&w, 200 + DAY, 2, 1, DAY) == SIZE_MAX); /* another session */
	CHECK(heard_take(&w, 200 + DAY, 2, 0, DAY) == 8); /* just in time */
	heard_wait(&w, 10, 1000, 2, 0);
	CHECK(heard_take(&w, 1001 + DAY, 2, 0, DAY) == SIZE_MAX); /* too late */
	CHECK(w.n == 0);

	/* Of more than fit, the oldest is given up. */
	for (size_t i = 0; i <= HEARD_WAITING; i++)
		heard_wait(&w, i, 2000, (uint32_t)i, 0);
	CHECK(heard_take(&w, 2000, 0, 0, DAY) == SIZE_MAX);
	for (size_t i = 1; i <= HEARD_WAITING; i++)
		CHECK(heard_take(&w, 2000, (uint32_t)i, 0, DAY) == i);
	return unit_finish();
}
