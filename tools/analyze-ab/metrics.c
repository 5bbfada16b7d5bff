/* metrics.c - names of metrics, and what they are made of. */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/span.h"

/* ---- names ---- */

static struct metric parse_metric(const char *text, size_t n, const char *option)
{
	struct metric m = {.name = memory_text(text, n), .margin = NAN};
	m.lower = strstr(m.name, "latency") || strstr(m.name, "skips");
	char shown[QUOTED_SIZE];
	const char *slash = memchr(text, '/', n), *colon = memchr(text, ':', n);
	if (colon && text[0] == 'q' && text[1] >= '0' && text[1] <= '9') {
		double percent;
		if (number_double(text + 1, (size_t)(colon - text - 1), &percent) != NUMBER_OK ||
		    percent <= 0 || percent >= 100 || colon + 1 == text + n)
			usage_error("option '--%s': not a quantile as in q90:COLUMN: %s", option,
				    quoted(text, n, shown));
		m.kind = METRIC_QUANTILE;
		m.quantile = percent / 100;
		m.of = memory_text(colon + 1, (size_t)(text + n - colon - 1));
	} else if (slash) {
		if (slash == text || slash + 1 == text + n)
			usage_error("option '--%s': not a ratio COLUMN/COLUMN: %s", option,
				    quoted(text, n, shown));
		m.kind = METRIC_RATIO;
		m.of = memory_text(text, (size_t)(slash - text));
		m.over = memory_text(slash + 1, (size_t)(text + n - slash - 1));
	} else {
		if (n == 0)
			usage_error("option '--%s': an empty name", option);
		m.of = memory_text(text, n);
	}
	return m;
}

size_t metrics_add(struct metric **metrics, size_t n, struct span name, const char *option)
{
	*metrics = memory_resize(*metrics, n + 1, sizeof **metrics);
	(*metrics)[n] = parse_metric(name.at, name.n, option);
	return n + 1;
}

size_t metrics_parse(const char *text, struct metric **metrics)
{
	size_t count = 0;
	*metrics = NULL;
	for (struct span name, rest = span_of(text); span_next(&rest, ',', &name);)
		count = metrics_add(metrics, count, name, "metrics");
	return count;
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
	} else if ((of = metrics_after(name, "distinct:"))) {
		add_measure(m, (struct measure){.kind = MEASURE_DISTINCT,
			.name = memory_text(name, strlen(name)), .column = memory_text(of, strlen(of))});
	} else if ((of = metrics_after(name, "sum:")) || (of = metrics_after(name, "mean:"))) {
		add_measure(m, (struct measure){.kind = MEASURE_SUM, .name = memory_format("sum:%s", of),
			.column = memory_text(of, strlen(of))});
		if (metrics_after(name, "mean:"))
			add_measure(m, (struct measure){.kind = MEASURE_COUNT,
				.name = memory_format("count:%s", of), .column = memory_text(of, strlen(of))});
	} else if ((of = metrics_after(name, "count:")) || (of = metrics_after(name, "share:"))) {
		struct measure c = counted(of);
		add_measure(m, c);
		if (metrics_after(name, "share:"))
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
