/* measures.h - the options of the tools that measure lists, what these options name, and what such
 * tools share of messages.
 */
#ifndef RECPIPE_FRAME_MEASURES_H
#define RECPIPE_FRAME_MEASURES_H

#include "domain/heldout.h"
#include "frame/options.h"
#include "learning/side-features.h"

/* What measures need beside the dataset and the lists: the member `beside` of a tool's options. */
struct beside_options {
	const char *item_features, *baseline;
	int targets, timestamp_unit;
};

#define MEASURE_TARGETS \
	OPTION_CHOICE("targets", "WHICH", beside.targets, "all|last", .fallback = "all", \
		.help = "a user's test items: all rows of the split, or only the last of them by time, as " \
			"in studies of the next item")
#define MEASURE_BESIDE \
	OPTION_FILE("item-features", "FILE", beside.item_features, .side = true, \
		.help = "features of items (item feature [weight]) to compute diversity from"), \
	OPTION_FILE("baseline", "FILE", beside.baseline, .side = true, \
		.help = "lists (user rank item) whose hits are no surprise, to compute serendipity from")
#define MEASURE_TIMESTAMP_UNIT \
	TIMESTAMP_UNIT_RULES(beside.timestamp_unit, "ms", .requires = "targets=last")

/* Which measures --metrics and --k ask for, of the first `kinds` kinds. `metrics`: names, each with
 * a k of its own, as ndcg@20, or with those of `k`. NULL: those of lists, coverage and novelty, auc
 * if `auc`, and what `beside` has a file for. A file that no measure needs, and a measure whose file
 * is not there, are usage errors as every mistake is. */
struct measures option_measures(const char *metrics, const char *k, int kinds, bool auc,
				const struct beside_options *beside);

/* The item of rank `twice` + 1 is in the list at an earlier rank, too: bad data. */
_Noreturn void die_item_twice(const struct topn_list *list, uint32_t twice);

/* The files, open, their columns found; nothing is read yet. */
struct measure_files {
	const struct beside_options *options;
	struct table *data, *baseline;
	struct dataset_columns columns;
	struct topn_reader *baseline_lists;
	struct side_file features_file;
	struct side_features features;
	struct beside beside;
};

void measure_files_open(struct measure_files *f, const char *dataset, const struct beside_options *options);

/* Reads the dataset. */
struct dataset *measure_files_dataset(struct measure_files *f);

/* What is held out of it by the rows of `split`, or the last of each user. */
struct heldout measure_files_heldout(const struct measure_files *f, const struct dataset *data,
				     uint8_t split);

/* Reads the other files; the result is measure_files_close's. */
struct beside measure_files_beside(struct measure_files *f, const struct dataset *data, uint32_t longest);

/* Warns of lists without baseline, and items without features; `name`, of the lists, may be NULL. */
void measure_files_report(const struct measure_files *f, const struct matched *m, const char *name);

void measure_files_close(struct measure_files *f);

#endif
