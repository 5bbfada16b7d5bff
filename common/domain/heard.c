#include "domain/heard.h"

#include <string.h>

#include "data/strmap.h"

static void stop_waiting(struct heard_waiting *w, size_t place)
{
	w->n--;
	memmove(w->at + place, w->at + place + 1, (w->n - place) * sizeof *w->at);
}

static void start_waiting(struct heard_waiting *w, size_t row, const struct heard_event *event)
{
	if (w->n == HEARD_WAITING)
		stop_waiting(w, 0);
	w->at[w->n].row = row;
	w->at[w->n].time_ms = event->time_ms;
	w->at[w->n].item = event->recommended;
	w->at[w->n++].session = event->session;
}

static size_t take(struct heard_waiting *w, const struct heard_event *event, int64_t wait_ms)
{
	while (w->n && event->time_ms - w->at[0].time_ms > wait_ms)
		stop_waiting(w, 0);
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].item == event->playing && w->at[i].session == event->session) {
			size_t row = w->at[i].row;
			stop_waiting(w, i);
			return row;
		}
	return SIZE_MAX;
}

size_t heard_follow(struct heard_waiting *w, size_t row, const struct heard_event *event, int64_t wait_ms)
{
	if (w->n && w->user != event->user)
		w->n = 0;
	w->user = event->user;
	size_t from = take(w, event, wait_ms);
	if (event->recommended != STRMAP_NONE)
		start_waiting(w, row, event);
	return from;
}
