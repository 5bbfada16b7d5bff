/* roles.h - what each metric is for: its direction, role, margin and cap, from options or from a file. */
#ifndef RECPIPE_ANALYZE_AB_ROLES_H
#define RECPIPE_ANALYZE_AB_ROLES_H

#include "experiment.h"
#include "frame/options.h"
#include "streams/table.h"

/* What the command line says of metrics. */
struct role_options {
	const char *metrics, *primary;
	struct option_list guardrails, margins, lower_is_better;
	double winsorize;
};

/* Sets options->metrics, n_metrics, source, margins and roles. `file`: --metric-file in place of the
 * command line, which is read and closed, or NULL. Its columns: name kind direction role margin cap, of
 * which only the name is required. A usage error: a name that is not one of the metrics, and what
 * contradicts itself; exit 3: a value of the file that is no such thing. */
void roles_parse(struct analysis_options *options, const struct role_options *from, struct table *file);

#endif
