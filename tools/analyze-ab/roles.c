/* roles.c - see roles.h. */
#include "roles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

static const char *const KINDS[] = {"mean", "ratio", "quantile", NULL};
static const char *const DIRECTIONS[] = {"higher", "lower", NULL};
static const char *const ROLES[] = {"primary", "guardrail", NULL};

enum { MARGIN_MAX = 10 };
static const double CAP_MIN = 0.5, CAP_MAX = 0.9999999;

/* The next metric of that name after `m` (NULL: the first one), or NULL: it may be there twice. */
static struct metric *find_next(const struct analysis_options *options, const struct metric *m,
				struct span name)
{
	for (size_t i = m ? (size_t)(m - options->metrics) + 1 : 0; i < options->n_metrics; i++)
		if (span_equal(span_of(options->metrics[i].name), name))
			return &options->metrics[i];
	return NULL;
}

static struct metric *find(const struct analysis_options *options, struct span name)
{
	return find_next(options, NULL, name);
}

/* The same; a usage error when there is none. */
static struct metric *named(const struct analysis_options *options, const char *option, struct span name)
{
	char shown[QUOTED_SIZE];
	struct metric *m = find(options, name);
	if (!m)
		usage_error("option '--%s': unknown metric %s", option, quoted(name.at, name.n, shown));
	return m;
}

static void contradiction(const char *option, const struct metric *m, const char *problem)
{
	char shown[QUOTED_SIZE];
	usage_error("option '--%s': %s %s", option, quoted(m->name, strlen(m->name), shown), problem);
}

/* ---- the command line ---- */

/* METRIC=SHARE: returns the name. Without a `=` the share is nan; `*bad`: the share is no number of
 * 0 to MARGIN_MAX. */
static struct span split_share(const char *text, double *share, bool *bad)
{
	const char *equal = strrchr(text, '=');
	struct span name = {text, equal ? (size_t)(equal - text) : strlen(text)};
	*share = NAN;
	*bad = equal && (number_double(equal + 1, strlen(equal + 1), share) != NUMBER_OK || !(*share >= 0) ||
			 *share > MARGIN_MAX);
	return name;
}

/* --margin [METRIC=]SHARE: the first of its metric counts, or else the first without one. */
static void take_margins(struct analysis_options *options, const struct option_list *margins)
{
	double all = NAN;
	for (size_t i = 0; i < margins->n; i++) {
		const char *text = margins->values[i];
		double share;
		bool bad, whole = !strchr(text, '=');
		struct span name = split_share(text, &share, &bad);
		if (whole)
			bad = number_double(text, name.n, &share) != NUMBER_OK || !(share >= 0) || share > MARGIN_MAX;
		if (bad) {
			char shown[QUOTED_SIZE];
			usage_error("option '--margin': not SHARE or METRIC=SHARE with a share of 0 to 10: %s",
				    quoted(text, strlen(text), shown));
		}
		if (whole)
			all = isnan(all) ? share : all;
		for (struct metric *m = whole ? NULL : named(options, "margin", name); m;
		     m = find_next(options, m, name))
			m->margin = isnan(m->margin) ? share : m->margin;
	}
	for (size_t i = 0; i < options->n_metrics && !isnan(all); i++)
		if (isnan(options->metrics[i].margin))
			options->metrics[i].margin = all;
}

/* A metric may itself have a `=` in its name: the whole text comes first. */
static void take_guardrail(struct analysis_options *options, const char *text)
{
	double share = NAN;
	bool bad = false;
	struct metric *m = find(options, span_of(text));
	if (!m)
		m = named(options, "guardrail", split_share(text, &share, &bad));
	if (bad) {
		char shown[QUOTED_SIZE];
		usage_error("option '--guardrail': not METRIC or METRIC=SHARE with a share of 0 to 10: %s",
			    quoted(text, strlen(text), shown));
	}
	if (m->role == METRIC_PRIMARY)
		contradiction("guardrail", m, "is the primary metric");
	if (m->role == METRIC_GUARDRAIL)
		contradiction("guardrail", m, "is given twice");
	if (!isnan(share) && !isnan(m->margin))
		contradiction("guardrail", m, "has a margin by --margin, too");
	if (!isnan(share) && options->test == TEST_BOOTSTRAP)
		usage_error("--guardrail with a margin cannot be combined with --test=bootstrap");
	m->role = METRIC_GUARDRAIL;
	m->margin = isnan(share) ? m->margin : share;
}

static void take_options(struct analysis_options *options, const struct role_options *from)
{
	options->n_metrics = metrics_parse(from->metrics, &options->metrics);
	for (size_t i = 0; i < options->n_metrics; i++)
		if (from->winsorize > 0 && options->metrics[i].kind == METRIC_MEAN)
			options->metrics[i].cap = from->winsorize;
	for (size_t i = 0; i < from->lower_is_better.n; i++) {
		struct span name = span_of(from->lower_is_better.values[i]);
		for (struct metric *m = named(options, "lower-is-better", name); m; m = find_next(options, m, name))
			m->lower = true;
	}
	take_margins(options, &from->margins);
	if (from->primary)
		named(options, "primary", span_of(from->primary))->role = METRIC_PRIMARY;
	for (size_t i = 0; i < from->guardrails.n; i++)
		take_guardrail(options, from->guardrails.values[i]);
}

/* ---- the file ---- */

enum { NAME, KIND, DIRECTION, ROLE, MARGIN, CAP, FIELDS };
static const char *const FIELD[FIELDS] = {"name", "kind", "direction", "role", "margin", "cap"};

/* The places of the columns, -1 where there is none. Another column would be a typing error that
 * nobody sees. */
static void resolve(struct table *t, long *at)
{
	at[NAME] = (long)table_column(t, column_called(FIELD[NAME]));
	for (int f = KIND; f < FIELDS; f++)
		at[f] = table_find_column(t, FIELD[f]);
	for (size_t c = 0; c < table_width(t); c++) {
		bool known = false;
		for (int f = NAME; f < FIELDS; f++)
			known |= at[f] == (long)c;
		if (!known) {
			struct span name = table_column_name(t, c);
			char shown[QUOTED_SIZE];
			die(STATUS_DATA, "%s: unknown column %s; there are name, kind, direction, role, margin and cap",
			    table_file(t), quoted(name.at, name.n, shown));
		}
	}
}

static struct span field(const struct table *t, long column)
{
	return column < 0 ? span_of("") : table_field(t, (size_t)column);
}

/* The index of the field's word; -1: it is empty. */
static int word(struct table *t, long column, const char *const *words, const char *problem)
{
	struct span text = field(t, column);
	if (text.n == 0)
		return -1;
	for (int i = 0; words[i]; i++)
		if (span_equal(text, span_of(words[i])))
			return i;
	char shown[QUOTED_SIZE];
	table_fail(t, "column '%s': %s: %s",
		   FIELD[words == KINDS ? KIND : words == ROLES ? ROLE : DIRECTION], problem,
		   quoted(text.at, text.n, shown));
}

/* A number between low and high; nan: the field is empty. */
static double number(struct table *t, long column, const char *name, double low, double high)
{
	struct span text = field(t, column);
	double x = NAN;
	char shown[QUOTED_SIZE];
	if (text.n && (number_double(text.at, text.n, &x) != NUMBER_OK || !(x >= low) || x > high))
		table_fail(t, "column '%s': not a number of %g to %.7g: %s", name, low, high,
			   quoted(text.at, text.n, shown));
	return x;
}

static void take_row(struct analysis_options *options, struct table *t, const long *at)
{
	struct span name = field(t, at[NAME]);
	if (name.n == 0)
		table_fail(t, "column 'name': a metric without a name");
	if (find(options, name))
		contradiction("metric-file", find(options, name), "is given twice");
	options->n_metrics = metrics_add(&options->metrics, options->n_metrics, name, "metric-file");
	struct metric *m = &options->metrics[options->n_metrics - 1];
	int kind = word(t, at[KIND], KINDS, "not mean, ratio or quantile");
	int direction = word(t, at[DIRECTION], DIRECTIONS, "not higher or lower");
	int role = word(t, at[ROLE], ROLES, "not primary or guardrail");
	if (kind >= 0 && kind != (int)m->kind)
		contradiction("metric-file", m, "is of another kind by its name");
	m->lower = direction >= 0 ? direction == 1 : m->lower;
	m->role = role < 0 ? METRIC_OTHER : role == 0 ? METRIC_PRIMARY : METRIC_GUARDRAIL;
	m->margin = number(t, at[MARGIN], FIELD[MARGIN], 0, MARGIN_MAX);
	double cap = number(t, at[CAP], FIELD[CAP], CAP_MIN, CAP_MAX);
	if (!isnan(cap) && m->kind != METRIC_MEAN)
		contradiction("metric-file", m, "is not a mean and has no cap");
	if (!isnan(m->margin) && options->test == TEST_BOOTSTRAP)
		contradiction("metric-file", m, "has a margin, which cannot be combined with --test=bootstrap");
	m->cap = isnan(cap) ? 0 : cap;
}

static void take_file(struct analysis_options *options, struct table *t)
{
	long at[FIELDS];
	resolve(t, at);
	while (table_next(t))
		take_row(options, t, at);
	if (options->n_metrics == 0)
		die(STATUS_DATA, "%s: no metric", table_file(t));
	table_close(t);
}

void roles_parse(struct analysis_options *options, const struct role_options *from, struct table *file)
{
	size_t primaries = 0, guardrails = 0;
	options->source = file ? "metric-file" : "metrics";
	if (file)
		take_file(options, file);
	else
		take_options(options, from);
	for (size_t i = 0; i < options->n_metrics; i++) {
		const struct metric *m = &options->metrics[i];
		if (m->role == METRIC_PRIMARY && primaries++)
			contradiction(options->source, m, "is a second primary metric");
		guardrails += m->role == METRIC_GUARDRAIL;
		options->margins |= !isnan(m->margin);
	}
	if (guardrails && !primaries)
		usage_error("option '--metric-file': a guardrail requires a primary metric");
	options->roles = primaries > 0;
	options->described = options->roles || file;
}
