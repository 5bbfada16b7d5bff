#include "frame/arguments.h"

#include "base/error.h"
#include "domain/dataset.h"
#include "frame/options.h"

unsigned option_splits(const char *option, const char *text)
{
	struct span bad;
	unsigned mask = split_mask(text, &bad);
	if (mask)
		return mask;
	char shown[QUOTED_SIZE];
	usage_error("option '--%s': must be all or some of train,validation,test: %s", option,
		    quoted(bad.at, bad.n, shown));
}

void option_experiment(struct experiments *x, const char *option, const char *text)
{
	switch (experiments_add(x, text)) {
	case EXPERIMENT_ADDED:
		return;
	case EXPERIMENT_NOT_SHORT:
		usage_error("--%s=%s: an experiment is NAME=ARMS, with 1 to %d arms", option, text,
			    (int)EXPERIMENT_ARMS_MAX);
	case EXPERIMENT_NAME_BREAKS:
		usage_error("--%s: a TAB or line end in the name", option);
	case EXPERIMENT_NAME_FIXED:
		usage_error("--%s=%s: an experiment may not have the name of an events column", option, text);
	case EXPERIMENT_TWICE:
		usage_error("--%s=%s: a duplicate experiment", option, text);
	}
}

enum kernel_choice option_kernel(int choice)
{
	enum kernel_choice kernel = kernel_resolve((enum kernel_choice)choice);
	if (kernel == KERNEL_AUTO)
		usage_error("--kernel: not supported by this CPU");
	return kernel;
}

int64_t option_exclude_window(double seconds)
{
	return option_given("exclude-window") ? (int64_t)(seconds * 1000) : -1;
}

struct offer option_offer(const struct offer_files *files)
{
	struct offer offer = offer_open(files);
	if (option_given("exclude-window") && !offer.exclude_timed)
		usage_error("--exclude-window: no --exclude file has a column '%s'",
			    files->columns.timestamp.name);
	return offer;
}
