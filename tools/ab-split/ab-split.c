/* ab-split - which arm of which experiment a user (or any id) belongs to.
 *
 * Reads: user, and a covariate where an option names one.
 * Writes: user and one column per experiment; with --append the input's columns and
 * then those; with --check: check a b chi2 df p cramers_v.
 *
 *	ab-split --experiment PERSONALIZED=2 < users.tsv > assignments.tsv
 *
 * The arm is a hash of the experiment's salt and the id, so every tool that knows
 * the registry finds the same one. Leaves to others: what an arm does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/output.h"
#include "streams/table.h"
#include "balance.h"
#include "check.h"
#include "rules.h"
#include "units.h"

struct options {
	struct common common;
	struct rule_options rules;
	struct option_list covariates;
	const char *overrides, *user, *stratify;
	bool check, append;
	int64_t rerandomize;
};

static const struct option_row OPTIONS[] = {
	OPTION_LIST("experiment", "NAME=N", rules.experiments,
		.help = "an experiment of N equal arms: C, T1, ..."),
	OPTION_FILE("experiments", "FILE", rules.registry, .side = true,
		.help = "the registry of experiments, as TSV: name arm weight recommender salt"),
	OPTION_FLAG("append", append,
		.excludes = "stratify,rerandomize",
		.help = "keep all input columns, followed by the arms"),
	OPTION_FILE("override", "FILE", overrides, .side = true,
		.help = "arms set by hand, as TSV: user experiment arm"),
	OPTION_FLAG("check", check,
		.excludes = "append",
		.help = "instead of assigning, test whether the arms have the planned sizes and the "
			"experiments are independent"),
	COMMON_OUTPUT_FILE, COMMON_ABOUT,

	OPTION_GROUP("Assignment"),
	OPTION_LIST("traffic", "NAME=SHARE", rules.traffic,
		.help = "include only this share of the ids, by a separate hash; the others get no "
			"arm"),
	OPTION_LIST("layer", "NAME=A,B,...", rules.layers,
		.help = "mutually exclusive experiments: an id is in at most one of them"),
	OPTION_TEXT("stratify", "COLUMN", stratify,
		.help = "assign arms within each value of COLUMN so that their shares there are as "
			"planned; depends on all ids of the input"),
	OPTION_INT("rerandomize", "N", rerandomize, .low = 1, .high = 1e6,
		.requires = "covariate",
		.help = "try N salts for the experiment and keep the one that best balances "
			"--covariate"),
	OPTION_LIST("covariate", "COLUMN", covariates,
		.requires = "rerandomize|check",
		.help = "a numeric column, for --rerandomize and --check"),

	OPTION_GROUP("Input"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with ids"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

static void write_arm(struct output *out, const struct experiment *e, long arm)
{
	output_tab(out);
	if (arm != NO_ARM)
		output_text(out, e->arms[arm].name);
}

static void write_header(const struct options *o, const struct rules *r, const struct table *t,
			 struct output *out)
{
	if (o->append)
		output_span(out, table_header(t));
	else
		output_text(out, "user");
	for (size_t x = 0; x < r->registry.n; x++) {
		if (o->append && table_find_column(t, r->registry.all[x].name) >= 0)
			die(STATUS_DATA, "the input already has a column '%s'", r->registry.all[x].name);
		output_tab(out);
		output_text(out, r->registry.all[x].name);
	}
	output_end_row(out);
	output_flush(out);
}

/* Writes the arms of units that were read at once. */
static void write_units(const struct units *u, const struct rules *r, struct output *out)
{
	long **arm = memory_new(r->registry.n, sizeof(*arm));
	for (size_t x = 0; x < r->registry.n; x++)
		arm[x] = units_arms(u, r, x);
	for (size_t i = 0; i < u->n; i++) {
		output_span(out, strmap_key(u->ids, (uint32_t)i));
		for (size_t x = 0; x < r->registry.n; x++)
			write_arm(out, &r->registry.all[x], arm[x][i]);
		output_end_row(out);
	}
	for (size_t x = 0; x < r->registry.n; x++)
		free(arm[x]);
	free(arm);
}

/* Strata, salts and checks depend on all ids. Returns the number of ids. */
static uint64_t split_units(const struct options *o, struct rules *r, struct table *t, size_t user,
			    struct output *out)
{
	struct units u = units_read(t, user, o->stratify, &o->covariates);
	uint64_t n = u.n;
	if (o->rerandomize)
		rerandomize(r, &u, o->rerandomize);
	if (o->check)
		check_split(r, &u, &o->covariates, out);
	else
		write_units(&u, r, out);
	units_free(&u);
	return n;
}

/* Row by row. Returns the number of rows written. */
static uint64_t split_rows(const struct options *o, const struct rules *r, struct table *t, size_t user,
			   struct output *out)
{
	uint64_t written = 0;
	while (table_next(t)) {
		struct span id = table_field(t, user);
		if (id.n == 0) {
			table_reject(t, user, "an empty id");
			continue;
		}
		output_span(out, o->append ? table_row(t) : id);
		for (size_t x = 0; x < r->registry.n; x++)
			write_arm(out, &r->registry.all[x], rules_arm(r, x, id));
		output_end_row(out);
		written++;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	return written;
}

static void check_options(const struct options *o, const struct rules *r)
{
	if (o->rerandomize && r->registry.n != 1)
		usage_error("--rerandomize requires exactly one experiment");
}

static int run(const struct options *o, char **files, int count)
{
	struct rules r = rules_new(&o->rules);
	check_options(o, &r);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *overrides = option_table("override", o->overrides);
	size_t user = table_column(t, option_column("user", o->user));
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (overrides)
		rules_read_overrides(&r, overrides);
	if (!o->check && !o->common.no_header)
		write_header(o, &r, t, out);
	uint64_t written = o->check || o->stratify || o->rerandomize ? split_units(o, &r, t, user, out)
		: split_rows(o, &r, t, user, out);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	run_report(rows, written, rejected);
	rules_free(&r);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "ab-split",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Assign users to the arms of experiments by a hash that never changes.",
	.reads = "user, and the columns that --stratify and --covariate name",
	.writes = "user and a column per experiment; with --check: check a b chi2 df p cramers_v",
	.examples = {
		"ab-split --experiment PERSONALIZED=2 < users.tsv > assignments.tsv",
		"ab-split --experiments experiments.tsv --traffic NEW=0.1 --check < users.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
