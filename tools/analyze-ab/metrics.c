/* metrics.c - names of metrics, and what they are made of. */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "users.h"

/* ---- names ---- */

static struct metric parse_metric(const char *text, size_t n)
{
	struct metric m = {.name = memory_text(text, n)};
	char shown[QUOTED_SIZE];
	const char *slash = memchr(text, '/', n), *colon = memchr(text, ':', n);
	if (colon && text[0] == 'q' && text[1] >= '0' && text[1] <= '9') {
		double percent;
		if (number_double(text + 1, (size_t)(colon - text - 1), &percent) != NUMBER_OK ||
		    percent <= 0 || percent >= 100 || colon + 1 == text + n)
			usage_error("option '--metrics': not a quantile as in q90:COLUMN: %s",
				    quoted(text, n, shown));
		m.kind = METRIC_QUANTILE;
		m.quantile = percent / 100;
		m.of = memory_text(colon + 1, (size_t)(text + n - colon - 1));
	} else if (slash) {
		if (slash == text || slash + 1 == text + n)
			usage_error("option '--metrics': not a ratio COLUMN/COLUMN: %s",
				    quoted(text, n, shown));
		m.kind = METRIC_RATIO;
		m.of = memory_text(text, (size_t)(slash - text));
		m.over = memory_text(slash + 1, (size_t)(text + n - slash - 1));
	} else {
		if (n == 0)
			usage_error("option '--metrics': an empty name");
		m.of = memory_text(text, n);
	}
	return m;
}

size_t metrics_parse(const char *text, struct metric **metrics)
{
	size_t count = 0;
	*metrics = NULL;
	for (struct span name, rest = span_of(text); span_next(&rest, ',', &name);) {
		*metrics = memory_resize(*metrics, count + 1, sizeof **metrics);
		(*metrics)[count++] = parse_metric(name.at, name.n);
	}
	return count;
}

/* The rest of a name after `prefix`; NULL when it does not begin with it. */
static const char *after_prefix(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

/* ---- what metrics are made of ---- */

static void add_measure(struct measures *m, struct measure measure)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->all[i].name, measure.name) == 0)
			return;
	m->all = memory_resize(m->all, m->n + 1, sizeof *m->all);
	m->all[m->n++] = measure;
}

/* COLUMN, COLUMN=TEXT, COLUMN>NUMBER, ... */
static struct measure counted(const char *condition)
{
	struct measure m = {.kind = MEASURE_COUNT, .name = memory_format("count:%s", condition)};
	size_t n = strcspn(condition, "<>=");
	const char *sign = condition + n, *value = sign;
	m.column = memory_text(condition, n);
	if (!*sign)
		return m;
	value += sign[0] != '=' && sign[1] == '=' ? 2 : 1;
	m.which = sign[0] == '=' ? OF_EQUAL : sign[0] == '>'
		? (sign[1] == '=' ? OF_MORE_OR_EQUAL : OF_MORE)
		: (sign[1] == '=' ? OF_LESS_OR_EQUAL : OF_LESS);
	m.text = memory_text(value, strlen(value));
	if (m.which != OF_EQUAL && number_double(value, strlen(value), &m.limit) != NUMBER_OK) {
		char shown[QUOTED_SIZE];
		usage_error("option '--metrics': not a number after %.*s: %s", (int)(value - sign), sign,
			    quoted(value, strlen(value), shown));
	}
	return m;
}

/* Adds the measures that a metric name needs. */
static void measures_of_name(struct measures *m, const char *name, const char *track)
{
	const char *of;
	if (strcmp(name, "distinct_tracks") == 0) {
		add_measure(m, (struct measure){.kind = MEASURE_DISTINCT,
			.name = memory_text(name, strlen(name)), .column = memory_text(track, strlen(track))});
	} else if ((of = after_prefix(name, "distinct:"))) {
		add_measure(m, (struct measure){.kind = MEASURE_DISTINCT,
			.name = memory_text(name, strlen(name)), .column = memory_text(of, strlen(of))});
	} else if ((of = after_prefix(name, "sum:")) || (of = after_prefix(name, "mean:"))) {
		add_measure(m, (struct measure){.kind = MEASURE_SUM, .name = memory_format("sum:%s", of),
			.column = memory_text(of, strlen(of))});
		if (after_prefix(name, "mean:"))
			add_measure(m, (struct measure){.kind = MEASURE_COUNT,
				.name = memory_format("count:%s", of), .column = memory_text(of, strlen(of))});
	} else if ((of = after_prefix(name, "count:")) || (of = after_prefix(name, "share:"))) {
		struct measure c = counted(of);
		add_measure(m, c);
		if (after_prefix(name, "share:"))
			add_measure(m, (struct measure){.kind = MEASURE_COUNT,
				.name = memory_format("count:%s", c.column), .column = c.column});
	}
}

struct measures metrics_measures(const struct metric *metrics, size_t n, const char *track, bool all)
{
	struct measures m = {0};
	if (all)
		measures_of_name(&m, "distinct_tracks", track);
	for (size_t i = 0; i < n; i++) {
		measures_of_name(&m, metrics[i].of, track);
		if (metrics[i].over)
			measures_of_name(&m, metrics[i].over, track);
	}
	return m;
}

/* ---- metrics derived from other values ---- */

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
	if ((of = after_prefix(name, "mean:"))) {
		above = memory_format("sum:%s", of);
		over = memory_format("count:%s", of);
	} else if ((of = after_prefix(name, "share:"))) {
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

struct option_list metrics_columns(const struct metric *metrics, size_t n)
{
	static const char *const SOURCES[] = {"sessions", "tracks", "time", "latency", "skips",
		"transitions", "followed", "first_ms"};
	size_t sources = sizeof SOURCES / sizeof *SOURCES;
	struct measures m = metrics_measures(metrics, n, "track", false);
	struct option_list list = {0};
	list.values = memory_new(2 * n + m.n + sources, sizeof(*list.values));
	for (size_t i = 0; i < sources; i++)
		list.values[list.n++] = SOURCES[i];
	for (size_t i = 0; i < m.n; i++)
		list.values[list.n++] = m.all[i].name;
	for (size_t i = 0; i < n; i++) {
		list.values[list.n++] = metrics[i].of;
		if (metrics[i].over)
			list.values[list.n++] = metrics[i].over;
	}
	return list;
}
