/* Any bytes as what analyze-ab reads. The first byte picks strict or skipping, and
 * events in any order, grouped, parts of them, or a table of users. */
#include "../../tools/analyze-ab/collect.c"
#include "../../tools/analyze-ab/events.c"
#include "../../tools/analyze-ab/derive.c"
#include "../../tools/analyze-ab/metrics.c"
#include "../../tools/analyze-ab/parts.c"
#include "../../tools/analyze-ab/runs.c"
#include "../../tools/analyze-ab/state.c"
#include "../../tools/analyze-ab/chain.c"
#include "../../tools/analyze-ab/tally.c"
#include "../../tools/analyze-ab/users.c"
#include "fuzz.h"

/* Touches all that was made of the input. */
static double look_through(const struct users *u)
{
	double sum = 0;
	for (size_t i = 0; i < u->n; i++) {
		for (size_t v = 0; v < u->n_values; v++)
			sum += u->value[v][i];
		for (size_t x = 0; x < u->n_experiments; x++)
			sum += u->arm[i * u->n_experiments + x];
		sum += (double)u->id[i].n;
	}
	return sum;
}

static double look_at_state(const struct state *s, const struct metric *metrics, size_t n)
{
	double sum = 0;
	for (size_t only = 0; only <= s->n_experiments; only++) {
		struct unit_rules rules = {only, only & 1, !(only & 1)};
		struct users *u = users_of_state(s, &rules, only & 2 ? INT64_MAX : 19800);
		metrics_derive(u, metrics, n);
		sum += look_through(u);
		users_free(u);
	}
	return sum;
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	char *files[] = {path};
	struct table_format format = {.skip_bad = b->pick & 1};
	struct table *t = table_open(files, 1, &format);
	struct metric *metrics;
	size_t n = metrics_parse("time,q50:distinct:track,share:time>0.5,mean:time/sessions", &metrics);
	struct measures measures = metrics_measures(metrics, n, "track", true);
	struct event_columns columns = {"message", "timestamp", "user", "track", "time", "latency",
		"recommendation", NULL, {0}, false, INT64_MIN, INT64_MAX, &measures, TIME_MS};
	struct state_rules rules = {.open = b->pick & 8, .daily = b->pick & 16, .scopes = true,
		.chained = !(b->pick & 64), .exposed = !(b->pick & 64),
		.memory = b->pick & 32 ? 1 : UINT64_MAX};
	struct option_list wanted = metrics_columns(metrics, n), experiments = {0};
	static const char *names[] = {"X"};
	volatile double sum = 0;
	(void)sum; /* reading is the test */
	struct state *s = NULL;
	switch (b->pick >> 1 & 3) {
	case 0:
		s = state_of_events(t, &columns, &rules);
		break;
	case 1:
		s = state_of_groups(t, &columns, &rules, NULL);
		break;
	case 2:
		s = state_merge(t, "user", &(struct merge_rules){.experiments = &experiments,
			.wanted = &wanted, .daily = rules.daily});
		break;
	default: {
		experiments = (struct option_list){names, 1};
		struct users *u = users_read(t, "user", &experiments, &wanted);
		metrics_derive(u, metrics, n);
		sum += look_through(u);
		users_free(u);
	}
	}
	if (s)
		sum += look_at_state(s, metrics, n);
	state_free(s);
	table_close(t);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
