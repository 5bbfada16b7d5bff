/* train-mf - fits a matrix factorization to a dataset.
 *
 * In:   user item [weight] [split]; rows of the split train are fitted, rows
 *       of validation decide when to stop, rows of test are never looked at.
 * Out:  the model: kind id bias f0 ... f(k-1).
 *
 *	train-mf --loss warp --factors 64 < dataset.tsv > model.tsv
 *
 * It lists and judges nothing: see export-topk(1) and evaluate-topk(1).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/number.h"
#include "data/kernel.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "epochs.h"
#include "schedule.h"
#include "training.h"

static struct dataset_columns columns_of(const struct options *o)
{
	return (struct dataset_columns){
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.weight = option_column("weight", o->weight), .split = option_column("split", o->split),
	};
}

/* Where the rows come from. */
struct inputs {
	struct dataset_columns columns;
	struct table *table;
	uint64_t rows, rejected;
};

/* Opens all files and finds their columns. */
static struct inputs open_inputs(struct training *t, char **files, int count)
{
	const struct options *o = t->options;
	struct table_format format = COMMON_FORMAT(&o->common);
	struct inputs in = {.columns = columns_of(o), .table = table_open(files, count, &format)};
	table_column(in.table, in.columns.user);
	table_column(in.table, in.columns.item);
	table_optional_column(in.table, in.columns.weight);
	table_optional_column(in.table, in.columns.split);
	if (o->user_features)
		t->users.file = side_features_open(option_table("user-features", o->user_features),
							 in.columns.user, "user");
	if (o->item_features)
		t->items.file = side_features_open(option_table("item-features", o->item_features),
							 in.columns.item, "item");
	return in;
}

/* The model's output, with its header; NULL: none is asked for. */
static struct output *open_model(const struct training *t)
{
	const struct options *o = t->options;
	if (o->report && !o->common.output)
		return NULL;
	struct output *model = output_open(o->common.output, o->common.line_buffered);
	if (o->common.packed)
		output_pack(model, PACKED_MODEL);
	if (!o->common.no_header) {
		model_write_header(model, t->factors);
		output_flush(model);
	}
	return model;
}

static void read_data(struct training *t, struct inputs *in, unsigned fit)
{
	const struct options *o = t->options;
	struct dataset *data = dataset_read(in->table, &in->columns);
	uint64_t pairs = dataset_rows(data);
	in->rows = table_rows(in->table);
	in->rejected = table_rejected(in->table);
	table_close(in->table);
	t->data = train_data_new(data, fit, o->fit.loss == LOSS_LOGISTIC, (uint64_t)o->stop_users,
				 o->common.seed);
	if (o->fit.loss != LOSS_IALS && o->fit.loss != LOSS_SVD)
		schedule_arrange(t->data, epochs_blocks(o), o->common.seed);
	if (t->data->unused)
		warn("%llu rows left out: their weight is %s0", (unsigned long long)t->data->unused,
		     o->fit.loss == LOSS_LOGISTIC ? "" : "not above ");
	if (t->data->rows + t->data->unused < pairs)
		note("%llu rows of other splits are not fitted (--fit-splits)",
		     (unsigned long long)(pairs - t->data->rows - t->data->unused));
	if (t->data->rows == 0)
		die(STATUS_DATA, "no %s rows: there is nothing to fit",
		    fit == SPLIT_ALL ? "input" : o->fit_splits);
	if (o->report && t->data->eval_users_all == 0)
		die(STATUS_DATA, "--report %s: there are no validation rows to evaluate on", o->report);
}

/* ials: the sparser the rows, the more pairs are unobserved, and the less each of them may
 * weigh; three digits are enough. */
static double usual_unobserved(const struct train_data *p)
{
	char text[32];
	double share = (double)p->rows / ((double)p->users.n * (double)p->items.n), value = 0;
	int n = snprintf(text, sizeof text, "%.3g", 1.5 * sqrt(share));
	number_double(text, (size_t)n, &value);
	return value;
}

/* The numbers of both sides at their start. */
static void start(struct training *t)
{
	const struct options *o = t->options;
	t->users.ids = &t->data->users;
	t->items.ids = &t->data->items;
	side_start(&t->users, o, t->factors, !o->no_user_identity);
	side_start(&t->items, o, t->factors, !o->no_item_identity);
	if (o->fit.loss == LOSS_SVD)
		t->added = params_new(t->items.ids->n, t->factors, 0, 0);
	if (t->init)
		init_apply(t);
	if (!training_of_cosines(t))
		return;
	side_make_cosines(&t->users);
	side_make_cosines(&t->items);
}

static void training_free(struct training *t)
{
	side_free(&t->users);
	side_free(&t->items);
	params_free(&t->added);
	train_data_free(t->data);
	model_free(t->init);
	free(t->state.history);
}

static int run(const struct options *o, char **files, int count)
{
	struct training t = {
		.options = o, .factors = (uint32_t)o->fit.factors,
		.users.kind = MODEL_USER, .items.kind = MODEL_ITEM,
	};
	unsigned fit = option_splits("fit-splits", o->fit_splits);
	enum kernel_choice kernel = option_kernel(o->kernel);
	struct metric metric = metric_of(o->report ? o->report : o->stop_metric,
					 o->report ? "report" : "stop-metric");
	check_options(o);
	if (o->init)
		init_open(&t);
	struct inputs in = open_inputs(&t, files, count);
	struct curve curve = curve_open(o);
	struct output *model = open_model(&t);
	read_data(&t, &in, fit);
	struct options settled = *o;
	if (!option_given("unobserved-weight"))
		settled.fit.unobserved = usual_unobserved(t.data);
	t.options = &settled;
	stop_catch();
	start(&t);
	train(&t, kernel, metric, &curve);
	uint64_t written = 0;
	if (model) {
		written = write_model(&t, model);
		output_close(model);
	}
	curve_close(&curve);
	training_free(&t);
	run_report(in.rows, written, in.rejected);
	return STATUS_DONE;
}

static bool writes_stdout(const void *options)
{
	const struct options *o = options;
	return o->report || !o->common.output;
}

static const struct program PROGRAM = {
	.name = "train-mf",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Fit a matrix factorization to the interactions of a dataset.",
	.reads = "user item [weight] [split]; without weight all count 1, without split all are train",
	.writes = "kind id bias f0 ... f(k-1)",
	.examples = {
		"train-mf --loss warp --factors 64 --epochs 30 < dataset.tsv > model.tsv",
		"train-mf --fit-splits all --epochs 12 < dataset.tsv > serving.tsv",
	},
	.options = TRAIN_OPTIONS,
	.options_size = sizeof(struct options),
	.writes_stdout = writes_stdout,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
