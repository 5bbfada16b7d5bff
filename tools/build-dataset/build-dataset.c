/* build-dataset - interactions to the dataset that training, export and evaluation share.
 *
 * Distinct (user, item) pairs with a weight, rare users and items taken out, every
 * pair in one of train, validation and test.
 *
 * Reads: user item, and time or timestamp where an option needs them.
 * Writes: user item weight split [timestamp], sorted by user, then item.
 *
 *	build-dataset --min-user-interactions 5 --test 0.3 --validation 0.1 --seed 42 \
 *	              < positives.tsv > dataset.tsv
 *
 * Leaves to others: which interactions are positive (filter-interactions).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/radix.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/output.h"
#include "streams/table.h"
#include "build.h"
#include "pieces.h"
#include "runs.h"

/* What to read of the table; `timed`: an option needs the times. */
static struct reading reading_of(const struct options *o, struct table *t, bool timed)
{
	bool named = option_given("timestamp"), values = o->weight >= WEIGHT_SUM;
	struct reading r = {.table = t, .time = -1, .timed = timed || named,
		.unit = (enum time_unit)o->unit, .header = !o->common.no_header && !o->partial};
	r.user = table_column(t, option_column("user", o->user));
	r.item = table_column(t, option_column("item", o->item));
	if (values)
		r.time = (long)table_column(t, option_column("time", o->time));
	r.timestamp = r.timed
		? (long)table_column(t, option_column("timestamp", o->timestamp))
		: table_find_column(t, o->timestamp);
	r.out = output_open(o->common.output, o->common.line_buffered);
	r.threads = build_threads(o);
	return r;
}

/* ---- folds ---- */

static void give_times(void *pairs, void (*see)(void *context, const int64_t *time, size_t n), void *context)
{
	const struct pairs *p = pairs;
	see(context, p->timestamp, p->n);
}

/* The edges of the fold's windows become the rules of its splits. All rows are read. */
static void find_fold(struct build *b)
{
	struct folds *f = &b->folds;
	struct times times = {.each = b->in.runs ? runs_times : give_times,
		.source = b->in.runs ? (void *)b->in.runs : (void *)&b->in.p, .n = b->in.rows,
		.oldest = b->in.oldest, .newest = b->in.newest};
	folds_find(f, &times, b->o->as_of ? b->o->as_of_ms : b->in.newest);
	b->how.test = (struct rule){.kind = RULE_AFTER, .number = f->edge[f->k]};
	b->how.validation = (struct rule){.kind = RULE_AFTER, .number = f->edge[f->k - 1]};
	if (b->edges) {
		folds_write(f, b->edges);
		output_close(b->edges);
	}
	warn("--fold %s: validation after %" PRId64 ", test after %" PRId64 " until %" PRId64, b->o->fold,
	     f->edge[f->k - 1], f->edge[f->k], f->edge[f->k + 1]);
}

/* ---- the steps, for all pairs or for a piece of them ---- */

void build_count_users(struct build *b, const struct pairs *p)
{
	b->users += p->n_users;
	for (uint32_t u = 0; b->o->partial && u < p->n_users; u++)
		b->who += hash_row(0, p->user_id[u], span_of("part"));
}

void build_start_counts(struct build *b)
{
	uint32_t items = shardmap_count(b->in.items);
	thresholds_start(&b->thresholds, items);
	result_start(&b->result, items);
	if (b->o->partial)
		b->counted = memory_zero((size_t)items + 1, sizeof *b->counted);
	for (uint32_t i = 0; b->known && i < items; i++) {
		uint32_t at = strmap_find(b->known->items, b->item_id[i]);
		char shown[QUOTED_SIZE];
		if (at == STRMAP_NONE)
			die(STATUS_DATA, "item %s is not among the counts of %s: these rows were not counted",
			    quoted(b->item_id[i].at, b->item_id[i].n, shown), shown_file(b->o->counts));
		uint64_t pairs = b->known->pairs[at];
		b->thresholds.count[i] = pairs > UINT32_MAX ? UINT32_MAX : (uint32_t)pairs;
	}
}

/* ---- counts of parts ---- */

/* What a part must have been counted with, the round of --core apart; the caller's. */
static char *settings_of(const struct options *o)
{
	if (o->fold)
		return memory_format("count-on=%s fold=%s window=%s as-of=%" PRId64,
				     o->count_on == COUNT_TRAIN ? "train" : "all", o->fold, o->window, o->as_of_ms);
	if (o->count_on != COUNT_TRAIN)
		return memory_text("count-on=all", 12);
	return memory_format("count-on=train test=%s validation=%s seed=%" PRIu64 " keep-train=%" PRId64,
			     o->test ? o->test : "", o->validation ? o->validation : "", o->common.seed,
			     o->keep_train);
}

static char *core_settings_of(const struct options *o, const char *before)
{
	return memory_format("%s core min-user=%" PRId64 " min-item=%" PRId64 " after=", before, o->min_user,
			     o->min_item);
}

/* Were the counts made as they are used? Those of --core say how many pairs the round before had
 * left: when it took none, what is left is the core. */
static void check_known(const struct options *o, const struct part *known)
{
	char *plain = settings_of(o), *core = core_settings_of(o, plain), shown[QUOTED_SIZE];
	size_t n = strlen(core);
	uint64_t before = 0;
	bool first = strcmp(known->settings, plain) == 0;
	bool round = o->core && strncmp(known->settings, core, n) == 0 &&
		number_u64(known->settings + n, strlen(known->settings + n), &before) == NUMBER_OK;
	if (!first && !round)
		die(STATUS_DATA, "%s was counted with other options: %s", shown_file(o->counts),
		    quoted(known->settings, strlen(known->settings), shown));
	if (o->core && !o->partial && (first || before != known->all_pairs))
		die(STATUS_DATA, "%s is not yet of the core: count once more with --partial --core --counts",
		    shown_file(o->counts));
	free(plain);
	free(core);
}

static struct part *read_known(const struct options *o)
{
	struct table *t = option_table("counts", o->counts);
	struct part *known = parts_read(t, (uint64_t)o->parts);
	table_close(t);
	check_known(o, known);
	return known;
}

static void write_counted(struct build *b)
{
	const struct options *o = b->o;
	uint32_t n = shardmap_count(b->in.items);
	char *settings = settings_of(o), *core = core_settings_of(o, settings);
	struct part part = {.items = strmap_new(), .users = b->users, .rows = b->in.rows,
		.ids = {.at = &b->who, .n = 1},
		.newest = b->in.newest, .settings = settings};
	if (b->known && o->core)
		part.settings = memory_format("%s%" PRIu64, core, b->known->all_pairs);
	part.pairs = memory_new((size_t)n + 1, sizeof *part.pairs);
	for (uint32_t i = 0; i < n; i++) {
		strmap_add(part.items, b->item_id[i]);
		part.pairs[i] = b->counted[i];
		part.all_pairs += b->counted[i];
	}
	part_write(&part, b->out);
	output_close(b->out);
	warn("%" PRIu64 " rows; counted %" PRIu64 " pairs of %" PRIu64 " users and %u items", b->in.rows,
	     part.all_pairs, b->users, n);
	if (part.settings != settings)
		free(part.settings);
	free(settings);
	free(core);
	strmap_free(part.items);
	free(part.pairs);
}

/* --merge: parts become one. */
static int merge_parts(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header)
		part_write_header(out);
	struct part *p = parts_read(t, (uint64_t)o->parts);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	progress_clear();
	part_write(p, out);
	output_close(out);
	warn("%zu parts: %" PRIu64 " pairs of %" PRIu64 " users and %u items", p->ids.n, p->all_pairs,
	     p->users, strmap_count(p->items));
	run_report(rows, strmap_count(p->items) + UINT64_C(1), rejected);
	part_free(p);
	return STATUS_DONE;
}

/* ---- what is said of it ---- */

static void report(const struct build *b, bool late)
{
	const struct options *o = b->o;
	const struct thresholds *t = &b->thresholds;
	const char *how = t->train_only ? ", counting train pairs" : "";
	warn("%" PRIu64 " rows, %" PRIu64 " distinct pairs; %" PRIu64 " users, %u items", b->in.rows,
	     b->pairs, b->users, shardmap_count(b->in.items));
	if (o->min_user > 1)
		warn("--min-user-interactions %" PRId64 " took %" PRIu64 " pairs, %" PRIu64 " users%s",
		     o->min_user, t->user_pairs, t->users, how);
	if (o->min_item > 1)
		warn("--min-item-interactions %" PRId64 " took %" PRIu64 " pairs, %" PRIu64 " items%s",
		     o->min_item, t->item_pairs, thresholds_items(t), how);
	if (o->core && thresholds_any(t) && !b->known)
		warn("both were applied %" PRIu64 " times", b->rounds);
	if (o->keep_train)
		warn("--keep-train %" PRId64 " left %" PRIu64 " users all their pairs: %" PRIu64
		     " pairs are not held out", o->keep_train, b->how.kept_users, b->how.kept_pairs);
	result_report(&b->result, late);
	if (b->result.users < b->users)
		warn("%" PRIu64 " of %" PRIu64 " users are left (%.1f %%)", b->result.users, b->users,
		     100.0 * (double)b->result.users / (double)b->users);
}

/* What the options' table does not say. */
static void check(const struct options *o, const struct splitting *how, const struct folds *folds)
{
	if (how->test.share + how->validation.share > 1)
		usage_error("--test and --validation are more than all rows together");
	if (o->partial && o->counts && !o->core)
		usage_error("--partial with --counts requires --core");
	if (o->fold && (o->partial || o->counts) && (folds->share > 0 || !o->as_of))
		usage_error("--fold in parts requires --as-of and a --window in time: a part does not know "
			    "the times of the others");
	if (o->keep_train && (how->test.kind == RULE_AFTER || how->validation.kind == RULE_AFTER))
		usage_error("--keep-train cannot be combined with after:TIMESTAMP, "
			    "whose late pairs are not to be trained on");
}

static struct build build_of(struct options *o)
{
	enum time_unit unit = (enum time_unit)o->unit;
	size_t threads = build_threads(o);
	struct build b = {.o = o,
		.in = {.users = shardmap_new(threads), .items = shardmap_new(threads), .memory = o->memory},
		.how = {.test = rule_parse(o->test, "test", unit),
			.validation = rule_parse(o->validation, "validation", unit),
			.seed = o->common.seed, .keep_train = (uint64_t)o->keep_train},
		.thresholds = {.min_user = (uint64_t)o->min_user, .min_item = (uint64_t)o->min_item,
			.train_only = o->count_on == COUNT_TRAIN}};
	if (o->as_of)
		o->as_of_ms = time_option(o->as_of, "as-of", unit);
	b.folds = folds_parse(o->fold, o->window);
	check(o, &b.how, &b.folds);
	if (o->counts)
		b.known = read_known(o);
	return b;
}

/* How rows become pairs, when all are read. */
static struct pair_rules rules_of(const struct build *b)
{
	const struct options *o = b->o;
	int64_t newest = o->as_of ? o->as_of_ms : b->known ? b->known->newest : b->in.newest;
	if (o->half_life_s > 0 && b->in.rows && newest == NO_TIME)
		die(STATUS_DATA, "%s has no newest time: count rows with times, or use --as-of",
		    shown_file(o->counts));
	return (struct pair_rules){.how = (enum weighting)o->weight, .half_life_ms = o->half_life_s * 1000,
		.newest = newest,
		.places = b->how.test.kind == RULE_TAIL || b->how.validation.kind == RULE_TAIL};
}

static void build_free(struct build *b)
{
	intake_free(&b->in);
	thresholds_free(&b->thresholds);
	result_free(&b->result);
	part_free(b->known);
	free(b->counted);
	free(b->item_id);
}

static int run(struct options *o, char **files, int count)
{
	if (o->merge)
		return merge_parts(o, files, count);
	struct build b = build_of(o);
	bool temporal = o->fold || rule_needs_time(&b.how.test) || rule_needs_time(&b.how.validation);
	bool late = o->fold || rule_takes_late(&b.how.test) || rule_takes_late(&b.how.validation);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct reading what = reading_of(o, t, temporal || o->weight == WEIGHT_LAST || o->half_life_s > 0);
	b.out = what.out;
	b.edges = o->edges ? output_open(o->edges, false) : NULL;
	if (o->partial && !o->common.no_header)
		part_write_header(b.out);
	intake_read(&b.in, &what);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	progress_clear();
	b.rules = rules_of(&b);
	intake_settle(&b.in, &b.rules);
	if (o->fold)
		find_fold(&b);
	build_pieces(&b);
	if (o->partial) {
		write_counted(&b);
		run_report(rows, shardmap_count(b.in.items) + UINT64_C(1), rejected);
		build_free(&b);
		return STATUS_DONE;
	}
	report(&b, late);
	uint64_t kept = result_pairs(&b.result);
	if (kept == 0 && rejected)
		die(STATUS_DATA, "nothing is left, and %" PRIu64 " of %" PRIu64 " rows were bad", rejected,
		    rows);
	output_close(b.out);
	run_report_filter(rows, kept, b.in.rows - kept, rejected);
	build_free(&b);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "build-dataset",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Make distinct, weighted user-item pairs of interactions and split them.",
	.reads = "user item, and time or timestamp where an option needs them",
	.writes = "user item weight split [timestamp], by user, then item",
	.examples = {
		"build-dataset --item track --test 0.3 --validation 0.1 < positives.tsv > dataset.tsv",
		"build-dataset --item track --min-user-interactions 5 --test last:1 < positives.tsv > d.tsv",
	},
	.options = BUILD_DATASET_OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
