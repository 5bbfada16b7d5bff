/* metrics.h - names of metrics, and the measures and columns that they are made of. */
#ifndef RECPIPE_ANALYZE_AB_METRICS_H
#define RECPIPE_ANALYZE_AB_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/span.h"
#include "frame/options.h"

/* ---- measures: sums over a user's events beyond the fixed ones ---- */

struct measure {
	enum { MEASURE_SUM, MEASURE_COUNT, MEASURE_DISTINCT } kind;
	char *name;                         /* "count:time>0.5", a column of the state */
	char *column;                       /* of the events */
	enum { OF_ANY, OF_EQUAL, OF_MORE, OF_LESS, OF_MORE_OR_EQUAL, OF_LESS_OR_EQUAL } which;
	char *text;                         /* after `=` */
	double limit;                       /* after the others */
};

struct measures {
	struct measure *all;
	size_t n;
};

/* ---- metrics ---- */

struct metric {
	char *name;                         /* as on the command line */
	enum { METRIC_MEAN, METRIC_RATIO, METRIC_QUANTILE } kind;
	char *of, *over;                    /* columns; over: of a ratio */
	double quantile;
	bool lower;                         /* lower values are better */
	enum { METRIC_OTHER, METRIC_PRIMARY, METRIC_GUARDRAIL } role;
	double margin;                      /* of non-inferiority, a share of the control's mean; nan: none */
	double cap;                         /* values above this quantile of all users are capped; 0: none */
};

/* "time,time/sessions,q90:time,share:source=random" */
size_t metrics_parse(const char *text, struct metric **metrics);

/* Adds one to `n` metrics; returns how many there are now. `option`: whose it is, for messages. */
size_t metrics_add(struct metric **metrics, size_t n, struct span name, const char *option);

/* The measures of events that the metrics follow from; `distinct_tracks`: that of
 * `track`, when a metric is made of it or `all`. A usage error: a name that is not one. */
struct measures metrics_measures(const struct metric *metrics, size_t n, const char *track, bool all);

/* The columns that the metrics need, and what they may follow from: a new list. */
struct option_list metrics_columns(const struct metric *metrics, size_t n);

/* The rest of a name after `prefix`; NULL when it does not begin with it. */
static inline const char *metrics_after(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

#endif
