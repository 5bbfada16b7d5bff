#include "derive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void add_ratio(struct users *u, const char *name, const char *of, const char *over)
{
	long a = users_find(u, of), b = users_find(u, over);
	if (a < 0 || b < 0 || users_find(u, name) >= 0)
		return;
	double *x = memory_new(u->n + 1, sizeof *x);
	for (size_t i = 0; i < u->n; i++)
		x[i] = u->value[b][i] > 0 ? u->value[a][i] / u->value[b][i] : NAN;
	users_add(u, name, x);
}

static void derive_name(struct users *u, const char *name)
{
	const char *of;
	char *over = NULL, *above = NULL;
	if ((of = metrics_after(name, "mean:"))) {
		above = memory_format("sum:%s", of);
		over = memory_format("count:%s", of);
	} else if ((of = metrics_after(name, "share:"))) {
		above = memory_format("count:%s", of);
		over = memory_format("count:%.*s", (int)strcspn(of, "<>="), of);
	}
	if (above)
		add_ratio(u, name, above, over);
	free(above);
	free(over);
}

void metrics_derive(struct users *u, const struct metric *metrics, size_t n)
{
	add_ratio(u, "mean_request_latency", "latency", "tracks");
	add_ratio(u, "mean_tracks_per_session", "tracks", "sessions");
	add_ratio(u, "mean_time_per_session", "time", "sessions");
	for (size_t i = 0; i < n; i++) {
		derive_name(u, metrics[i].of);
		if (metrics[i].over)
			derive_name(u, metrics[i].over);
	}
	long sessions = users_find(u, "sessions");
	if (sessions < 0 || users_find(u, "returned") >= 0)
		return;
	double *x = memory_new(u->n + 1, sizeof *x);
	for (size_t i = 0; i < u->n; i++)
		x[i] = u->value[sessions][i] >= 2;
	users_add(u, "returned", x);
}
