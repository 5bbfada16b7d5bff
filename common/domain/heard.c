#include "domain/heard.h"

#include <string.h>

static void stop_waiting(struct heard_waiting *w, size_t place)
{
	w->n--;
	memmove(w->at + place, w->at + place + 1, (w->n - place) * sizeof *w->at);
}

void heard_wait(struct heard_waiting *w, size_t row, int64_t time_ms, uint32_t item, uint32_t session)
{
	if (w->n == HEARD_WAITING)
		stop_waiting(w, 0);
	w->at[w->n].row = row;
	w->at[w->n].time_ms = time_ms;
	w->at[w->n].item = item;
	w->at[w->n++].session = session;
}

size_t heard_take(struct heard_waiting *w, int64_t time_ms, uint32_t item, uint32_t session, int64_t wait_ms)
{
	while (w->n && time_ms - w->at[0].time_ms > wait_ms)
		stop_waiting(w, 0);
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].item == item && w->at[i].session == session) {
			size_t row = w->at[i].row;
			stop_waiting(w, i);
			return row;
		}
	return SIZE_MAX;
}
