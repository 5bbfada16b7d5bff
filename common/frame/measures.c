#include "frame/measures.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/quote.h"
#include "frame/sides.h"

static void add(struct measures *m, int kind, uint32_t k)
{
	if (measures_add(m, kind, k) != SIZE_MAX)
		return;
	if (kind == MEASURE_AUC)
		usage_error("auc is given twice");
	usage_error("%s@%u is given twice", measure_kind_name(kind), (unsigned)k);
}

static uint32_t parse_k(struct span word, const char *option)
{
	uint64_t k;
	char text[QUOTED_SIZE];
	if (number_u64(word.at, word.n, &k) != NUMBER_OK || k < 1 || k > 1 << 20)
		usage_error("--%s: not a number from 1 to %d: %s", option, 1 << 20,
			    quoted(word.at, word.n, text));
	return (uint32_t)k;
}

static void add_for_each_k(struct measures *m, int kind, const char *k_list)
{
	if (kind == MEASURE_AUC) {
		add(m, kind, 0);
		return;
	}
	for (struct span k, rest = span_of(k_list); span_next(&rest, ',', &k);)
		add(m, kind, parse_k(k, "k"));
}

/* One word of --metrics: a name, or name@k. */
static void add_word(struct measures *m, struct span word, const char *k_list, int kinds)
{
	const char *at = memchr(word.at, '@', word.n);
	struct span name = {word.at, at ? (size_t)(at - word.at) : word.n};
	char text[QUOTED_SIZE], known[192] = "";
	size_t n = 0;
	for (int kind = 0; kind < kinds; kind++) {
		n += (size_t)snprintf(known + n, sizeof known - n, kind ? ", %s" : "%s", measure_kind_name(kind));
		if (!span_equal(name, span_of(measure_kind_name(kind))) || (at && kind == MEASURE_AUC))
			continue;
		if (at)
			add(m, kind, parse_k((struct span){at + 1, word.n - name.n - 1}, "metrics"));
		else
			add_for_each_k(m, kind, k_list);
		return;
	}
	usage_error("--metrics: unknown metric %s (there are %s)", quoted(word.at, word.n, text), known);
}

/* Has a measure its file, and a file its measure? */
static void check_file(bool measured, const char *metric, bool given, const char *option)
{
	if (measured && !given)
		usage_error("--metrics=%s requires --%s", metric, option);
	if (!measured && given)
		usage_error("--%s requires %s in --metrics", option, metric);
}

struct measures option_measures(const char *metrics, const char *k, int kinds, bool auc,
				const struct beside_options *beside)
{
	struct measures m = {0};
	const bool wanted[MEASURE_KINDS] = {
		[MEASURE_AUC] = auc, [MEASURE_DIVERSITY] = beside->item_features != NULL,
		[MEASURE_SERENDIPITY] = beside->baseline != NULL,
	};
	if (metrics) {
		for (struct span word, rest = span_of(metrics); span_next(&rest, ',', &word);)
			add_word(&m, word, k, kinds);
	} else {
		for (int kind = 0; kind < kinds; kind++)
			if (kind <= MEASURE_NOVELTY || wanted[kind])
				add_for_each_k(&m, kind, k);
	}
	check_file(m.auc, "auc", auc, "model");
	check_file(m.diversity, "diversity", beside->item_features, "item-features");
	check_file(m.serendipity, "serendipity", beside->baseline, "baseline");
	return m;
}

_Noreturn void die_item_twice(const struct topn_list *list, uint32_t twice)
{
	char who[QUOTED_SIZE], what[QUOTED_SIZE];
	die(STATUS_DATA, "%s:%llu: the list of user %s that begins here has item %s twice", list->file,
	    (unsigned long long)list->line, quoted(list->user.at, list->user.n, who),
	    quoted(list->items[twice].at, list->items[twice].n, what));
}

/* ---- files ---- */

void measure_files_open(struct measure_files *f, const char *dataset, const struct beside_options *options)
{
	static const struct topn_columns LISTS = {
		.user = {.name = "user"}, .rank = {.name = "rank"}, .item = {.name = "item"},
	};
	*f = (struct measure_files){
		.options = options,
		.columns = {.user = {.name = "user"}, .item = {.name = "item"}, .weight = {.name = "weight"},
			    .split = {.name = "split"}, .unit = (enum time_unit)options->timestamp_unit},
	};
	f->data = option_table("dataset", dataset);
	table_column(f->data, f->columns.split); /* without it every row would be train's */
	if (options->targets) {
		f->columns.timestamp = column_called("timestamp");
		table_column(f->data, f->columns.timestamp);
	}
	dataset_find_columns(f->data, &f->columns);
	if (options->baseline) {
		f->baseline = option_table("baseline", options->baseline);
		f->baseline_lists = topn_open(f->baseline, &LISTS);
	}
	if (options->item_features)
		f->features_file = side_features_open(option_table("item-features", options->item_features),
						      column_called("item"), "item");
}

struct dataset *measure_files_dataset(struct measure_files *f)
{
	struct dataset *data = dataset_read(f->data, &f->columns);
	table_close(f->data);
	f->data = NULL;
	return data;
}

struct heldout measure_files_heldout(const struct measure_files *f, const struct dataset *data,
				     uint8_t split)
{
	struct heldout h = heldout_of(data, split);
	if (f->options->targets)
		heldout_keep_last(&h);
	return h;
}

struct beside measure_files_beside(struct measure_files *f, const struct dataset *data, uint32_t longest)
{
	if (f->baseline) {
		f->beside.baseline = baseline_new(data, longest);
		baseline_read(f->beside.baseline, f->baseline_lists);
		topn_close(f->baseline_lists);
		table_close(f->baseline);
	}
	if (f->features_file.table) {
		f->features = side_features_read(&f->features_file);
		f->beside.diversity = diversity_new(f->features.entities, &f->features.rows,
						    strmap_count(f->features.features));
	}
	return f->beside;
}

void measure_files_report(const struct measure_files *f, const struct matched *m, const char *name)
{
	const char *colon = name ? ": " : "";
	name = name ? name : "";
	if (m->without_baseline)
		warn("%s%s%llu users have no list in %s: every hit counts for serendipity", name, colon,
		     (unsigned long long)m->without_baseline, shown_input(f->options->baseline));
	if (m->without_features)
		warn("%s%s%llu recommended items have no features: diversity is that of the others", name, colon,
		     (unsigned long long)m->without_features);
}

void measure_files_close(struct measure_files *f)
{
	baseline_free(f->beside.baseline);
	diversity_free(f->beside.diversity);
	side_features_free(&f->features);
}
