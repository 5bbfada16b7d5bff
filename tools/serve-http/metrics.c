#include "metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/quote.h"

enum { COUNTERS_MAX = 1000, BUCKETS = 14 };
static const double BOUNDS[BUCKETS] = {0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064,
	0.128,
	0.256, 0.512, 1, 2};
/* Columns of next-track that are no experiments: first those that are looked at. */
enum { SOURCE, GENERATION, PUBLISHED, LOST, LOOKED_AT };
static const char *const KNOWN[] = {[SOURCE] = "source", [GENERATION] = "generation",
	[PUBLISHED] = "published", [LOST] = "lost", "request", "status", "reason", "user", "recommendation",
	"rank", "probability", "team"};

/* A number with labels: `route="/",code="200"`. */
struct counter {
	char *labels;
	size_t length;
	uint64_t count;
};

struct counters {
	struct counter all[COUNTERS_MAX + 1]; /* the last one: of labels for which there is no room */
	size_t n;
};

struct duration {
	char *route;
	size_t length;
	uint64_t bucket[BUCKETS + 1], count;
	double sum;
};

struct lost {
	uint64_t life, now, before; /* of the life that goes on; of those before it */
};

struct metrics {
	struct counters requests, answers, arms;
	struct duration *durations;
	size_t n_durations;
	long at[LOOKED_AT];      /* which column; -1: there is none */
	struct span *arm_names;  /* by column; empty: it is no experiment */
	size_t n_columns;
	char generation_now[96];
	int64_t published_ms;
	struct lost *lost;
	size_t workers;
	struct buffer labels;    /* scratch */
};

struct metrics *metrics_new(size_t workers)
{
	struct metrics *m = memory_zero(1, sizeof *m);
	m->lost = memory_zero(workers, sizeof *m->lost);
	m->workers = workers;
	for (size_t k = 0; k < LOOKED_AT; k++)
		m->at[k] = -1;
	return m;
}

static void free_counters(struct counters *c)
{
	for (size_t i = 0; i <= c->n && i <= COUNTERS_MAX; i++)
		free(c->all[i].labels);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	free_counters(&m->requests);
	free_counters(&m->answers);
	free_counters(&m->arms);
	for (size_t i = 0; i < m->n_durations; i++)
		free(m->durations[i].route);
	for (size_t c = 0; c < m->n_columns; c++)
		free((char *)(uintptr_t)m->arm_names[c].at);
	free(m->durations);
	free(m->arm_names);
	free(m->lost);
	buffer_free(&m->labels);
	free(m);
}

/* Prometheus takes nothing of a page that is not UTF-8: a byte that is not part of it, or NUL, becomes
 * U+FFFD. */
static void add_label(struct buffer *b, const char *name, struct span value)
{
	buffer_format(b, "%s%s=\"", b->n ? "," : "", name);
	for (size_t i = 0, n = 0; i < value.n; i += n ? n : 1) {
		char c = value.at[i];
		uint32_t point;
		n = utf8_character(value.at + i, value.n - i, &point);
		if (c == '\\' || c == '"')
			buffer_add_byte(b, '\\');
		if (c == '\n')
			buffer_add_text(b, "\\n");
		else if (n && c)
			buffer_add(b, value.at + i, n);
		else
			buffer_add_text(b, "\xef\xbf\xbd");
	}
	buffer_add_byte(b, '"');
}

/* Counts one of m->labels. */
static void count(struct counters *c, const struct buffer *labels)
{
	size_t i = 0;
	while (i < c->n && (c->all[i].length != labels->n ||
			    memcmp(c->all[i].labels, labels->data, labels->n) != 0))
		i++;
	if (i == c->n && c->n < COUNTERS_MAX) {
		c->all[i].labels = memory_text(labels->data, labels->n);
		c->all[i].length = labels->n;
		c->n++;
	}
	c->all[i].count++;
}

void metrics_set_columns(struct metrics *m, const struct span *columns, size_t n)
{
	m->arm_names = memory_zero(n, sizeof *m->arm_names);
	m->n_columns = n;
	for (size_t c = 0; c < n; c++) {
		size_t k = 0;
		while (k < sizeof KNOWN / sizeof *KNOWN && !span_equal(columns[c], span_of(KNOWN[k])))
			k++;
		if (k == sizeof KNOWN / sizeof *KNOWN)
			m->arm_names[c] = (struct span){memory_text(columns[c].at, columns[c].n), columns[c].n};
		else if (k < LOOKED_AT)
			m->at[k] = (long)c;
	}
}

static struct duration *find_duration(struct metrics *m, struct span route)
{
	size_t i = 0;
	while (i < m->n_durations && !span_equal((struct span){m->durations[i].route, m->durations[i].length},
		route))
		i++;
	if (i == m->n_durations && i == COUNTERS_MAX)
		i = 0;
	if (i == m->n_durations) {
		m->durations = memory_resize(m->durations, i + 1, sizeof *m->durations);
		m->durations[i] = (struct duration){.route = memory_text(route.at, route.n), .length = route.n};
		m->n_durations++;
	}
	return &m->durations[i];
}

void metrics_add_request(struct metrics *m, struct span route, unsigned status, double seconds)
{
	struct duration *d = find_duration(m, route);
	char number[NUMBER_SIZE];
	size_t b = 0;
	while (b < BUCKETS && seconds > BOUNDS[b])
		b++;
	d->bucket[b]++;
	d->count++;
	d->sum += seconds;
	m->labels.n = 0;
	add_label(&m->labels, "route", route);
	add_label(&m->labels, "code", (struct span){number, number_write_u64(status, number)});
	count(&m->requests, &m->labels);
}

static void note_lost(struct metrics *m, struct span field, size_t i, uint64_t life)
{
	uint64_t lost;
	struct lost *l = &m->lost[i];
	if (number_u64(field.at, field.n, &lost) != NUMBER_OK)
		return;
	if (l->life != life) {
		l->before += l->now;
		l->life = life;
	}
	l->now = lost;
}

static void note_generation(struct metrics *m, const struct span *fields)
{
	struct span now = fields[m->at[GENERATION]];
	size_t n = now.n < sizeof m->generation_now - 1 ? now.n : sizeof m->generation_now - 1;
	memcpy(m->generation_now, now.at, n);
	m->generation_now[n] = '\0';
	if (m->at[PUBLISHED] >= 0 && number_i64(fields[m->at[PUBLISHED]].at, fields[m->at[PUBLISHED]].n,
		&m->published_ms) != NUMBER_OK)
		m->published_ms = 0;
}

void metrics_add_answer(struct metrics *m, const struct span *fields, size_t i, uint64_t life)
{
	struct span source = m->at[SOURCE] >= 0 ? fields[m->at[SOURCE]] : (struct span){0};
	if (m->at[LOST] >= 0)
		note_lost(m, fields[m->at[LOST]], i, life);
	if (m->at[GENERATION] >= 0)
		note_generation(m, fields);
	if (source.n == 0)
		return;
	m->labels.n = 0;
	add_label(&m->labels, "source", source);
	count(&m->answers, &m->labels);
	for (size_t c = 0; c < m->n_columns; c++) {
		if (m->arm_names[c].n == 0 || fields[c].n == 0)
			continue;
		m->labels.n = 0;
		add_label(&m->labels, "experiment", m->arm_names[c]);
		add_label(&m->labels, "arm", fields[c]);
		count(&m->arms, &m->labels);
	}
}

struct span metrics_generation(const struct metrics *m)
{
	return span_of(m->generation_now);
}

/* ---- the text ---- */

static void add_head(struct buffer *b, const char *name, const char *type, const char *help)
{
	buffer_format(b, "# HELP recpipe_%s %s\n# TYPE recpipe_%s %s\n", name, help, name, type);
}

static void add_counters(struct buffer *b, const char *name, const char *help, const struct counters *c)
{
	add_head(b, name, "counter", help);
	for (size_t i = 0; i < c->n; i++)
		buffer_format(b, "recpipe_%s{%s} %" PRIu64 "\n", name, c->all[i].labels, c->all[i].count);
	if (c->all[COUNTERS_MAX].count)
		buffer_format(b, "recpipe_%s{other=\"1\"} %" PRIu64 "\n", name, c->all[COUNTERS_MAX].count);
}

static void add_plain(struct buffer *b, const char *name, const char *type, const char *help, double value)
{
	char number[NUMBER_SIZE];
	add_head(b, name, type, help);
	buffer_format(b, "recpipe_%s ", name);
	buffer_add(b, number, number_write_double(value, number));
	buffer_add_byte(b, '\n');
}

static void add_durations(struct buffer *b, struct metrics *m)
{
	char number[NUMBER_SIZE];
	add_head(b, "http_request_duration_seconds", "histogram",
		"Time from the end of a request's headers to its answer.");
	for (size_t i = 0; i < m->n_durations; i++) {
		const struct duration *d = &m->durations[i];
		uint64_t sum = 0;
		m->labels.n = 0;
		add_label(&m->labels, "route", (struct span){d->route, d->length});
		const char *labels = buffer_text(&m->labels);
		for (size_t k = 0; k <= BUCKETS; k++) {
			size_t n = k < BUCKETS ? number_write_double(BOUNDS[k], number) : 0;
			buffer_format(b, "recpipe_http_request_duration_seconds_bucket{%s,le=\"%.*s\"} %" PRIu64 "\n",
				labels,
				      k < BUCKETS ? (int)n : 4, k < BUCKETS ? number : "+Inf", sum += d->bucket[k]);
		}
		buffer_format(b, "recpipe_http_request_duration_seconds_sum{%s} ", labels);
		buffer_add(b, number, number_write_double(d->sum, number));
		buffer_format(b, "\nrecpipe_http_request_duration_seconds_count{%s} %" PRIu64 "\n", labels, d->count);
	}
}

void metrics_add_text(struct buffer *b, struct metrics *m, const struct metrics_now *now)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < m->workers; i++)
		lost += m->lost[i].before + m->lost[i].now;
	add_counters(b, "http_requests_total", "Requests answered.", &m->requests);
	add_durations(b, m);
	add_counters(b, "answers_total", "Answers of the workers by the recommender that gave them.",
		&m->answers);
	add_counters(b, "arm_answers_total", "Answers of the workers by arm.", &m->arms);
	add_plain(b, "lost_events_total", "counter", "Events that could not be logged.", (double)lost);
	add_plain(b, "workers", "gauge", "Workers that there should be.", (double)now->workers);
	add_plain(b, "workers_ready", "gauge", "Workers that take requests.", (double)now->ready);
	add_plain(b, "workers_replaced_total", "counter", "Workers that were replaced.", (double)now->replaced);
	add_plain(b, "requests_waiting", "gauge", "Requests that wait for a worker.", (double)now->waiting);
	add_plain(b, "connections", "gauge", "Open connections.", (double)now->connections);
	if (*m->generation_now) {
		add_head(b, "generation_info", "gauge", "The generation of the last answer.");
		m->labels.n = 0;
		add_label(&m->labels, "generation", span_of(m->generation_now));
		buffer_format(b, "recpipe_generation_info{%s} 1\n", buffer_text(&m->labels));
	}
	if (m->published_ms > 0)
		add_plain(b, "generation_age_seconds", "gauge", "Time since it was published.",
			  (double)(clock_unix_ms() - m->published_ms) / 1000);
}
