/* decide.c - see decide.h. */
#include "decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

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

enum guard { PASSES, OPEN, FAILS }; /* from good to bad */

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

/* What is wrong with a guardrail that does not pass. */
static const char *guard_text(const struct row *r, enum guard guard)
{
	return guard == FAILS ? "is worse"
		: isnan(r->of->margin) ? "cannot be computed" : "is not shown to be within its margin";
}

/* Says on stderr which guardrail has decided, of all users. */
static void report_guard(const char *experiment, const struct row *r, const char *decision, enum guard guard)
{
	char treatment[QUOTED_SIZE], metric[QUOTED_SIZE];
	if (experiment && r->level < 0)
		warn("experiment %s: %s: %s: the guardrail %s %s", experiment,
		     quoted_name(r->treatment, strlen(r->treatment), treatment), decision,
		     quoted_name(r->metric, strlen(r->metric), metric), guard_text(r, guard));
}

/* Of the guardrails of the primary's treatment and segment: the worst, and in *row whose that is. */
static enum guard worst_guard(const struct analysis_options *options, const struct rows *rows,
			      const struct row *primary, const struct row **row)
{
	enum guard worst = PASSES;
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->row[i];
		if (!together(r, primary) || r->of->role != METRIC_GUARDRAIL)
			continue;
		enum guard guard = guard_of(options, r);
		if (guard > worst) {
			worst = guard;
			*row = r;
		}
	}
	return worst;
}

/* Of all rows of one treatment and segment; `primary` is the metric's that decides. */
static const char *decide_arm(const struct analysis_options *options, const struct rows *rows,
			      const struct row *primary, const char *experiment, char **reason)
{
	const struct row *guardrail = NULL;
	enum guard guard = worst_guard(options, rows, primary, &guardrail);
	bool seen = row_significant(options, primary), better = row_better(primary);
	const char *decision = guard == FAILS || (seen && !better) ? "hold"
		: seen && guard == PASSES ? "ship" : "continue";
	if (guard == FAILS || (guard == OPEN && seen && better)) {
		*reason = memory_format("the guardrail %s %s", guardrail->metric, guard_text(guardrail, guard));
		report_guard(experiment, guardrail, decision, guard);
	} else if (seen) {
		*reason = memory_format("%s is %s", primary->metric, better ? "better" : "worse");
	} else {
		*reason = memory_format("no difference is shown in %s", primary->metric);
	}
	return decision;
}

void decide(const struct analysis_options *options, struct rows *rows, const char *experiment)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct row *r = &rows->row[i];
		r->decision = r->broken ? "broken" : options->roles ? "continue" : decide_row(options, r);
		r->reason = r->broken ? "a health check failed" : "";
	}
	for (size_t i = 0; i < rows->n && options->roles; i++) {
		const struct row *primary = &rows->row[i];
		if (primary->of->role != METRIC_PRIMARY || primary->broken)
			continue;
		char *reason;
		const char *decision = decide_arm(options, rows, primary, experiment, &reason);
		for (size_t j = 0; j < rows->n; j++)
			if (together(&rows->row[j], primary)) {
				rows->row[j].decision = decision;
				rows->row[j].reason = reason;
			}
	}
}
