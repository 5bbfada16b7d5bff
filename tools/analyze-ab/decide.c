/* decide.c - see decide.h. */
#include "decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

bool row_significant(const struct analysis_options *options, const struct row *r)
{
	return r->adjusted < options->alpha;
}

bool row_better(const struct row *r)
{
	return (r->effect.diff > 0) != r->of->lower;
}

static bool worse(const struct analysis_options *options, const struct row *r)
{
	return row_significant(options, r) && !row_better(r);
}

/* Of a row alone. */
static const char *decide_row(const struct analysis_options *options, const struct row *r)
{
	return !row_significant(options, r) ? "continue" : row_better(r) ? "ship" : "hold";
}

enum guard { PASSES, OPEN, FAILS };

/* With a margin a guardrail passes when the effect is shown to be within it, without one when it is
 * not significantly worse; nothing that varies is nothing worse. */
static enum guard guard_of(const struct analysis_options *options, const struct row *r)
{
	bool margin = !isnan(r->of->margin);
	if (margin && r->margin_p < options->alpha)
		return PASSES;
	if (worse(options, r))
		return FAILS;
	return margin || (isnan(r->adjusted) && !(fabs(r->effect.diff) <= 0)) ? OPEN : PASSES;
}

/* Do two rows share a decision? */
static bool together(const struct row *a, const struct row *b)
{
	return a->arm == b->arm && a->level == b->level;
}

static void report_guard(const char *experiment, const struct row *r, enum guard guard)
{
	char treatment[QUOTED_SIZE], metric[QUOTED_SIZE];
	if (!experiment || r->level >= 0 || guard == PASSES)
		return;
	warn("experiment %s: %s: the guardrail %s %s", experiment,
	     quoted_name(r->treatment, strlen(r->treatment), treatment),
	     quoted_name(r->metric, strlen(r->metric), metric), guard == FAILS ? "is worse: hold"
	     : isnan(r->of->margin) ? "cannot be computed" : "is not shown to be within its margin");
}

/* Of all rows of one treatment and segment; `primary` is the metric's that decides. */
static const char *decide_arm(const struct analysis_options *options, const struct rows *rows,
			      const struct row *primary, const char *experiment)
{
	bool open = false, fails = false, ship = row_significant(options, primary) && row_better(primary);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->row[i];
		if (!together(r, primary) || r->of->role != METRIC_GUARDRAIL)
			continue;
		enum guard guard = guard_of(options, r);
		fails |= guard == FAILS;
		open |= guard == OPEN;
		if (guard == FAILS || ship)
			report_guard(experiment, r, guard);
	}
	if (fails || worse(options, primary))
		return "hold";
	return ship && !open ? "ship" : "continue";
}

void decide(const struct analysis_options *options, struct rows *rows, const char *experiment)
{
	for (size_t i = 0; i < rows->n; i++)
		rows->row[i].decision = rows->row[i].broken ? "broken"
			: options->roles ? "continue" : decide_row(options, &rows->row[i]);
	for (size_t i = 0; i < rows->n && options->roles; i++) {
		const struct row *primary = &rows->row[i];
		if (primary->of->role != METRIC_PRIMARY || primary->broken)
			continue;
		const char *decision = decide_arm(options, rows, primary, experiment);
		for (size_t j = 0; j < rows->n; j++)
			if (together(&rows->row[j], primary))
				rows->row[j].decision = decision;
	}
}
