/* train-mf - fits a matrix factorization to a dataset.
 *
 * In:   user item [weight] [split]; rows of the split train are fitted, rows
 *       of validation decide when to stop, rows of test are never looked at.
 * Out:  the model: kind id bias f0 .. f(k-1).
 *
 *	train-mf --loss warp --factors 64 < dataset.tsv > model.tsv
 *
 * It lists and judges nothing: see export-topk(1) and evaluate-topk(1).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "learning/loss.h"
#include "cosine.h"
#include "training.h"

/* One of as many pieces of the diagonal's only cell as there are threads. */
static struct cell hogwild_cell(const struct training *t, size_t chunk)
{
	struct cell cell = schedule_cell(t->schedule, t->diagonal, 0);
	size_t pieces = pool_threads(t->pool);
	uint64_t from = cell.n * chunk / pieces;
	cell.n = cell.n * (chunk + 1) / pieces - from;
	cell.order += from;
	uint64_t seed = random_bits(&cell.random);
	cell.random = random_start(seed, chunk);
	return cell;
}

static void train_piece(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct training *t = context;
	struct cell cell = hogwild_cell(t, chunk);
	t->loss[chunk] = t->cell(&t->sgd, &cell).loss;
}

/* The cells where `span` user blocks meet `span` item blocks. */
static void train_square(void *context, size_t square, size_t worker)
{
	(void)worker;
	struct training *t = context;
	uint32_t from = (uint32_t)square * t->span, blocks = t->schedule->blocks;
	for (uint32_t d = 0; d < t->span; d++) {
		for (uint32_t b = from; b < from + t->span; b++) {
			struct cell cell = schedule_cell(t->schedule, t->diagonal + d, b);
			t->loss[d * blocks + b] = t->cell(&t->sgd, &cell).loss;
		}
	}
}

enum { SHRINK_ROWS = 1024 };

static void shrink_chunk(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct training *t = context;
	const struct options *o = t->options;
	double visits = (double)t->problem->rows / ROUNDS;
	size_t from = chunk * SHRINK_ROWS, to = from + SHRINK_ROWS;
	struct params *side[] = {&t->users, &t->items};
	double alpha[] = {o->fit.user_alpha, o->fit.item_alpha};
	for (int i = 0; i < 2; i++)
		if (alpha[i] > 0)
			params_shrink(side[i], from, to < side[i]->n ? to : side[i]->n, alpha[i],
				      o->fit.learning_rate, o->fit.epsilon, visits);
}

/* At the end of each round, for all rows alike: a row's pull depends neither on
 * how often it is drawn as a negative nor on the order of the visits. */
static void shrink(struct training *t)
{
	uint32_t rows = t->users.n > t->items.n ? t->users.n : t->items.n;
	if (t->options->fit.user_alpha > 0 || t->options->fit.item_alpha > 0)
		pool_run(t->pool, (rows + SHRINK_ROWS - 1) / SHRINK_ROWS, shrink_chunk, t);
}

/* The cells of the diagonals from t->diagonal on, to the next wait for all threads. */
static void train_span(struct training *t)
{
	uint32_t squares = t->schedule->blocks / t->span;
	if (t->options->hogwild)
		pool_run(t->pool, pool_threads(t->pool), train_piece, t);
	else if (t->user_features || t->item_features)
		for (uint32_t q = 0; q < squares; q++)
			train_square(t, q, 0); /* features belong to many cells: in one order */
	else
		pool_run(t->pool, squares, train_square, t);
}

/* One visit of every row; the mean loss. */
static double train_epoch(struct training *t, uint32_t epoch)
{
	double loss = 0;
	uint64_t before = t->visited;
	size_t threads = pool_threads(t->pool);
	uint32_t blocks = t->schedule->blocks, diagonals = schedule_diagonals(t->schedule);
	schedule_epoch(t->schedule, epoch, t->pool);
	t->span = schedule_span(t->schedule, t->user_features || t->item_features ? 1 : threads);
	size_t cells = t->options->hogwild ? threads : (size_t)blocks * t->span;
	for (t->diagonal = 0; t->diagonal < diagonals && !stop_signal(); t->diagonal += t->span) {
		if (t->diagonal % blocks == 0)
			schedule_round(t->schedule, t->diagonal / blocks);
		if (t->diagonal % blocks == 0 && t->options->fit.loss == LOSS_WARP_KOS)
			schedule_group(t->schedule, t->pool);
		train_span(t);
		for (size_t c = 0; c < cells; c++)
			loss += t->loss[c];
		if ((t->diagonal + t->span) % blocks == 0)
			shrink(t);
		t->visited = before + t->problem->rows * (t->diagonal + t->span) / diagonals;
		progress_step(t->visited, t->visits, "interactions");
	}
	return loss / (double)t->problem->rows;
}

/* A mean loss of so many times the mean weight is no loss of scores that rank. */
static const double LOSS_MOST = 1e6;

/* Training that ran away ends here, with what to change. */
static void check_sanity(const struct training *t, uint32_t epoch, double loss)
{
	const struct options *o = t->options;
	char advice[160];
	if (t->ials && !isfinite(loss))
		die(STATUS_FAILED, "epoch %u: a system of equations has no solution in float; "
		    "raise --regularization (it is %g)", epoch, o->fit.regularization);
	if (o->fit.optimizer == ADADELTA)
		snprintf(advice, sizeof advice, "lower --epsilon (it is %g), raise --rho (it is %g)",
			 o->fit.epsilon, o->fit.rho);
	else
		snprintf(advice, sizeof advice, "lower --learning-rate (it is %g)",
			 o->fit.learning_rate);
	if (!isfinite(loss) || !params_finite(&t->users) || !params_finite(&t->items))
		die(STATUS_FAILED, "epoch %u: the factors grew beyond all numbers; %s or the "
		    "weights", epoch, advice);
	if (!t->ials && loss > LOSS_MOST * problem_mean_weight(t->problem))
		die(STATUS_FAILED, "epoch %u: training runs away, its mean loss is %g; %s or "
		    "--init-scale (it is %g)", epoch, loss, advice, o->fit.init_scale);
}

static _Noreturn void stop(struct training *t)
{
	curve_close(t);
	progress_clear();
	stop_now();
}

/* The representations of all users and items as they are now. */
void compose(struct training *t)
{
	if (t->user_features)
		features_compose_all(t->user_features, &t->users, &t->user_sums);
	if (t->item_features)
		features_compose_all(t->item_features, &t->items, &t->item_sums);
	if (loss_of_cosines((enum loss)t->options->fit.loss)) {
		cosine_unit_rows(&t->user_sums); /* of no rows without features */
		cosine_unit_rows(&t->item_sums);
	}
}

/* Notes an epoch's outcome: writes it down, keeps the best. */
static void record_epoch(struct training *t, double loss, double value, bool choose)
{
	struct progress_state *s = &t->state;
	s->history = memory_grow(s->history, &s->capacity, s->epoch + 1, sizeof *s->history);
	s->history[s->epoch++] = (struct epoch_record){loss, value, s->seconds};
	if (!choose || s->best_epoch == 0 || value > s->best_value) {
		s->best_epoch = s->epoch;
		s->best_value = value;
		if (choose) {
			params_keep(&t->users);
			params_keep(&t->items);
		}
	}
	curve_step(t, s->epoch);
	if (t->options->checkpoint)
		checkpoint_write(t->options->checkpoint, s, &t->users, &t->items);
}

/* Whatever decides the outcome besides the number of epochs. */
static uint64_t fingerprint(const struct training *t, enum kernel_choice kernel, bool choose)
{
	const struct options *o = t->options;
	const struct problem *p = t->problem;
	const struct features *features[] = {t->user_features, t->item_features};
	const struct fitting *f = &o->fit;
	int64_t whole[] = {f->loss, f->optimizer, o->solver, f->factors, f->max_sampled, f->kos_k,
			   f->kos_n, o->blocks, o->block_factors, o->cg_steps, choose, (int64_t)kernel,
			   (int64_t)o->common.seed, (int64_t)t->metric.kind, t->metric.k,
			   o->hogwild, f->negatives};
	double real[] = {f->learning_rate, f->rho, f->epsilon, f->user_alpha, f->item_alpha,
			 f->unobserved, f->regularization, f->exponent, f->temperature,
			 f->margin, f->negative_weight};
	uint64_t h = checkpoint_hash(0, whole, sizeof whole);
	h = checkpoint_hash(h, real, sizeof real);
	h = checkpoint_hash(h, p->start, ((size_t)p->users.n + 1) * sizeof *p->start);
	h = checkpoint_hash(h, p->item, p->rows * sizeof *p->item);
	if (p->weight)
		h = checkpoint_hash(h, p->weight, p->rows * sizeof *p->weight);
	h = checkpoint_hash(h, p->judged_start, ((size_t)p->judged + 1) * sizeof *p->judged_start);
	if (p->judged)
		h = checkpoint_hash(h, p->judged_item,
				    p->judged_start[p->judged] * sizeof *p->judged_item);
	for (int side = 0; side < 2; side++) {
		const struct features *own = features[side];
		uint32_t n = side ? p->items.n : p->users.n;
		if (!own)
			continue;
		h = checkpoint_hash(h, own->start, ((size_t)n + 1) * sizeof *own->start);
		h = checkpoint_hash(h, own->row, own->start[n] * sizeof *own->row);
		h = checkpoint_hash(h, own->weight, own->start[n] * sizeof *own->weight);
	}
	for (int kind = 0; kind < MODEL_KINDS && o->keep_old; kind++)
		h = kept_hash(h, &t->kept[kind], (uint32_t)t->users.stride);
	h = checkpoint_hash(h, t->users.rows, t->users.n * t->users.width * sizeof(float));
	return checkpoint_hash(h, t->items.rows, t->items.n * t->items.width * sizeof(float));
}

enum { JUDGED_FEW = 100 };

/* So few rows say little about which epoch is the best. */
static void check_judges(const struct training *t)
{
	const struct problem *p = t->problem;
	uint64_t rows = p->judged ? p->judged_start[p->judged] : 0;
	if (rows < JUDGED_FEW)
		warn("early stopping goes by few validation rows (%llu of %u users); --patience 0 "
		     "keeps the last epoch", (unsigned long long)rows, p->judged_all);
}

static double longest_row(const struct params *p)
{
	double most = 0;
	for (uint32_t r = 0; r < p->n; r++) {
		const float *row = params_row(p, r);
		double sum = (double)*params_bias(p, r) * (double)*params_bias(p, r);
		for (uint32_t f = 0; f < p->factors; f++)
			sum += (double)row[f] * (double)row[f];
		most = fmax(most, sum);
	}
	return sqrt(most);
}

/* Numbers that were pulled to zero tell nothing: said with the options that pull. */
static void check_collapse(const struct training *t)
{
	static const double COLLAPSED = 0.999, NOTHING = 1e-6;
	const struct options *o = t->options;
	const struct progress_state *s = &t->state;
	if (t->ials) {
		double loss = s->history[s->best_epoch - 1].loss / problem_mean_weight(t->problem);
		if (loss > COLLAPSED)
			warn("the factors have collapsed to zero, or nearly so (loss %.3f, and 1 is "
			     "that of zeros): lower --regularization (it is %g), "
			     "--regularization-exponent (%g) or --unobserved-weight (%g)", loss,
			     o->fit.regularization, o->fit.exponent, o->fit.unobserved);
	} else if (longest_row(&t->users) < NOTHING || longest_row(&t->items) < NOTHING) {
		warn("the factors have collapsed to zero: lower --user-alpha (it is %g) or "
		     "--item-alpha (%g), or raise --init-scale (%g)", o->fit.user_alpha,
		     o->fit.item_alpha, o->fit.init_scale);
	}
}

/* Trains until the epochs are over or the metric has stopped growing. */
static void train(struct training *t, enum kernel_choice kernel)
{
	const struct options *o = t->options;
	struct progress_state *s = &t->state;
	bool choose = t->judged && o->patience > 0;
	t->visits = t->problem->rows * (uint64_t)o->fit.epochs;
	if (choose)
		check_judges(t);
	if (o->checkpoint) {
		s->fingerprint = fingerprint(t, kernel, choose);
		if (checkpoint_read(o->checkpoint, s, &t->users, &t->items))
			note("going on after epoch %u", s->epoch);
		for (uint32_t epoch = 1; epoch <= s->epoch; epoch++)
			curve_step(t, epoch);
		t->visited = t->problem->rows * s->epoch;
	}
	while (s->epoch < o->fit.epochs && (!choose || s->epoch - s->best_epoch < o->patience)) {
		uint32_t epoch = s->epoch + 1;
		double begin = clock_wall(), value = 0;
		double loss = t->ials ? ials_epoch(t->ials) : train_epoch(t, epoch);
		if (stop_signal())
			stop(t);
		s->seconds += clock_wall() - begin;
		check_sanity(t, epoch, loss);
		if (t->judged) {
			compose(t);
			value = judge_value(t->problem, user_rows(t), item_rows(t), t->metric,
					    t->dot, t->pool);
		}
		progress_step(t->problem->rows * epoch, t->visits, "interactions");
		record_epoch(t, loss, value, choose);
	}
	if (s->best_epoch < s->epoch) {
		params_recall(&t->users);
		params_recall(&t->items);
	}
	progress_clear();
	if (t->judged)
		note("kept epoch %u of %u: %s %.6g", s->best_epoch, s->epoch,
		     o->report ? o->report : o->stop_metric, s->best_value);
	curve_close(t);
	if (t->report)
		curve_step(t, s->best_epoch);
}

static struct dataset_columns columns_of(const struct options *o)
{
	return (struct dataset_columns){
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.weight = option_column("weight", o->weight), .split = option_column("split", o->split),
	};
}

static void open_outputs(struct training *t, struct output **model)
{
	const struct options *o = t->options;
	*model = NULL;
	if (o->report) {
		t->report = output_open(NULL, o->common.line_buffered);
		output_text(t->report, "step\tvalue\n");
		output_flush(t->report);
	}
	if (!o->report || o->common.output)
		*model = output_open(o->common.output, o->common.line_buffered);
	curve_open(t);
	if (*model && !o->common.no_header) {
		model_write_header(*model, t->factors);
		output_flush(*model);
	}
}

static uint32_t blocks_wanted(const struct options *o)
{
	return o->hogwild ? 1 : (uint32_t)o->blocks;
}

static void prepare_sgd(struct training *t, enum kernel_choice kernel)
{
	const struct options *o = t->options;
	t->schedule = schedule_new(t->problem, blocks_wanted(o), o->common.seed);
	t->cell = loss_of_cosines((enum loss)o->fit.loss) ? cosine_cell_of(kernel) : sgd_cell_of(kernel);
	t->sgd = (struct sgd){
		.problem = t->problem,
		.users = &t->users,
		.items = &t->items,
		.user_features = t->user_features,
		.item_features = t->item_features,
		.positives = positives_new(t->problem),
		.loss = (enum loss)o->fit.loss,
		.optimizer = (enum optimizer)o->fit.optimizer,
		.learning_rate = (float)o->fit.learning_rate,
		.rho = (float)o->fit.rho,
		.epsilon = (float)o->fit.epsilon,
		.kos_k = (uint32_t)o->fit.kos_k,
		.kos_n = (uint32_t)o->fit.kos_n,
		.max_sampled = (uint32_t)o->fit.max_sampled,
		.negatives = (uint32_t)o->fit.negatives,
		.temperature = (float)o->fit.temperature,
		.margin = (float)o->fit.margin,
		.negative_weight = (float)o->fit.negative_weight,
		.rank_loss = loss_rank_weights(t->problem->items.n, (uint32_t)o->fit.max_sampled),
	};
}

static void prepare_ials(struct training *t, enum kernel_choice kernel)
{
	const struct options *o = t->options;
	enum { AUTO, EXACT, BLOCK, CG };
	bool steps = o->solver == AUTO || o->solver == CG;
	const struct normal_kernel *normal = normal_kernel_of(kernel);
	uint32_t stride = (uint32_t)t->users.stride;
	t->kept_gram[0] = kept_gram(&t->kept[MODEL_USER], stride, normal);
	t->kept_gram[1] = kept_gram(&t->kept[MODEL_ITEM], stride, normal);
	struct ials_options options = {
		.unobserved = o->fit.unobserved,
		.regularization = o->fit.regularization,
		.exponent = o->fit.exponent,
		.steps = steps ? (uint32_t)o->cg_steps : 0,
		.block = o->solver == BLOCK ? (uint32_t)o->block_factors : t->factors,
		.kept_users = t->kept[MODEL_USER].n,
		.kept_items = t->kept[MODEL_ITEM].n,
		.users_gram = t->kept_gram[0],
		.items_gram = t->kept_gram[1],
	};
	t->ials = ials_new(t->problem, &t->users, &t->items, &options, kernel, t->pool);
}

/* The numbers of one side at their start. */
static struct params start_side(const struct training *t, const struct side_ids *ids,
				const struct features *f, const char *kind, const char *feature_kind)
{
	const struct options *o = t->options;
	bool ials = o->fit.loss == LOSS_IALS;
	uint32_t factors = t->factors;
	double scale = o->fit.init_scale / (ials ? sqrt(factors) : (double)factors);
	size_t states = ials ? 0 : o->fit.optimizer == ADADELTA ? 2 : 1;
	struct params p = params_new(features_rows(f, ids), factors, states,
				     o->fit.optimizer == ADADELTA ? 0 : 1);
	for (uint32_t r = 0; r < (f ? f->first : ids->n); r++)
		params_draw(&p, r, problem_id(ids, r), kind, o->common.seed, scale);
	for (uint32_t r = 0; f && r < f->n; r++)
		params_draw(&p, f->first + r, features_name(f, r), feature_kind, o->common.seed,
			    scale);
	if (loss_of_cosines((enum loss)o->fit.loss))
		cosine_unit_rows(&p);
	return p;
}

static struct features *read_features(struct side_file *file, const char *entity,
				      const struct side_ids *ids, bool identity, bool normalize)
{
	if (!file->table)
		return NULL;
	struct features *f = features_read(file, ids, identity, normalize);
	if (f->empty)
		warn("%u fitted %ss have no feature at all: they score 0", f->empty, entity);
	return f;
}

/* Whatever the start, and whatever the loss of an earlier model was. */
static void prepare_cosines(struct training *t)
{
	cosine_no_biases(&t->users);
	cosine_no_biases(&t->items);
	if (!t->user_features)
		cosine_unit_rows(&t->users);
	if (!t->item_features)
		cosine_unit_rows(&t->items);
}

static void prepare(struct training *t, enum kernel_choice kernel)
{
	const struct options *o = t->options;
	const struct side_ids *users = &t->problem->users, *items = &t->problem->items;
	t->user_features = read_features(&t->user_file, "user", users, !o->no_user_identity,
					 !o->no_normalize);
	t->item_features = read_features(&t->item_file, "item", items, !o->no_item_identity,
					 !o->no_normalize);
	t->users = start_side(t, users, t->user_features, "user", "user_feature");
	t->items = start_side(t, items, t->item_features, "item", "item_feature");
	if (t->init)
		init_apply(t);
	if (loss_of_cosines((enum loss)o->fit.loss))
		prepare_cosines(t);
	if (t->user_features)
		t->user_sums = params_new(users->n, t->users.factors, 0, 0);
	if (t->item_features)
		t->item_sums = params_new(items->n, t->items.factors, 0, 0);
	t->pool = pool_new((size_t)o->common.threads);
	size_t cells = BLOCKS_MAX * BLOCKS_MAX;
	cells = (size_t)o->common.threads > cells ? (size_t)o->common.threads : cells;
	t->loss = memory_zero(cells, sizeof *t->loss);
	t->dot = kernel_dot_of(kernel);
	if (o->fit.loss == LOSS_IALS)
		prepare_ials(t, kernel);
	else
		prepare_sgd(t, kernel);
}

static void release(struct training *t)
{
	ials_free(t->ials);
	positives_free(&t->sgd.positives);
	free(t->sgd.rank_loss);
	schedule_free(t->schedule);
	params_free(&t->users);
	params_free(&t->items);
	params_free(&t->user_sums);
	params_free(&t->item_sums);
	features_free(t->user_features);
	features_free(t->item_features);
	problem_free(t->problem);
	for (int kind = 0; kind < MODEL_KINDS; kind++)
		kept_free(&t->kept[kind]);
	free(t->kept_gram[0]);
	free(t->kept_gram[1]);
	model_free(t->init);
	free(t->loss);
	free(t->state.history);
	pool_free(t->pool);
}

static int run(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct training t = {.options = o};
	unsigned fit = option_splits("fit-splits", o->fit_splits);
	enum kernel_choice kernel = kernel_resolve((enum kernel_choice)o->kernel);
	if (kernel == KERNEL_AUTO)
		usage_error("--kernel: this processor does not have these instructions");
	t.metric = judge_metric_of(o->report ? o->report : o->stop_metric,
				   o->report ? "report" : "stop-metric");
	check_options(o);
	t.factors = (uint32_t)o->fit.factors;
	if (o->init)
		init_open(&t);
	struct table *table = table_open(files, count, &format);
	struct output *model;
	struct dataset_columns columns = columns_of(o);
	table_column(table, columns.user);
	table_column(table, columns.item);
	table_optional_column(table, columns.weight);
	table_optional_column(table, columns.split);
	if (o->user_features)
		t.user_file = side_features_open(o->user_features, columns.user, "user");
	if (o->item_features)
		t.item_file = side_features_open(o->item_features, columns.item, "item");
	open_outputs(&t, &model);
	struct dataset *data = dataset_read(table, &columns);
	uint64_t rows = table_rows(table), rejected = table_rejected(table);
	table_close(table);
	t.problem = problem_new(data, fit, o->fit.loss == LOSS_LOGISTIC, (uint64_t)o->stop_users, o->common.seed);
	if (o->fit.loss != LOSS_IALS)
		schedule_arrange(t.problem, blocks_wanted(o), o->common.seed);
	t.judged = t.problem->judged_all > 0;
	if (t.problem->unused)
		warn("%llu rows left out: their weight is %s0",
		     (unsigned long long)t.problem->unused,
		     o->fit.loss == LOSS_LOGISTIC ? "" : "not above ");
	if (t.problem->rows == 0)
		die(STATUS_DATA, "no %s rows: there is nothing to fit",
		    fit == SPLIT_ALL ? "input" : o->fit_splits);
	if (o->report && !t.judged)
		die(STATUS_DATA, "--report %s: there are no validation rows to judge by", o->report);
	stop_catch();
	prepare(&t, kernel);
	train(&t, kernel);
	check_collapse(&t);
	uint64_t written = 0;
	if (model) {
		written = write_model(&t, model);
		output_close(model);
	}
	curve_close(&t);
	if (t.report)
		output_close(t.report);
	release(&t);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static bool writes_stdout(const void *options)
{
	const struct options *o = options;
	return o->report || !o->common.output;
}

static const struct program PROGRAM = {
	.name = "train-mf",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Fit a matrix factorization to the interactions of a dataset.",
	.reads = "user item [weight] [split]; without weight all count 1, without split all are train",
	.writes = "kind id bias f0 .. f(k-1)",
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
