/* Epoch after epoch, until it is enough; the best one is kept. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "epochs.h"
#include "training.h"

/* A mean loss of so many times the mean weight is no loss of scores that rank. */
static const double LOSS_MAX = 1e6;

/* Training that ran away ends here, with what to change. */
static void check_sanity(const struct training *t, uint32_t epoch, double loss)
{
	const struct options *o = t->options;
	char advice[160];
	bool ials = o->fit.loss == LOSS_IALS, svd = o->fit.loss == LOSS_SVD;
	if (svd && !isfinite(loss))
		die(STATUS_FAILED, "the factors overflowed; lower the weights or raise "
		    "--user-exponent (it is %g) and --item-exponent (%g)", o->fit.user_exponent,
		    o->fit.item_exponent);
	if (ials && !isfinite(loss))
		die(STATUS_FAILED, "epoch %u: a system of equations has no solution in float; "
		    "raise --regularization (it is %g)", epoch, o->fit.regularization);
	if (o->fit.optimizer == ADADELTA)
		snprintf(advice, sizeof advice, "lower --epsilon (it is %g), raise --rho (it is %g)",
			 o->fit.epsilon, o->fit.rho);
	else
		snprintf(advice, sizeof advice, "lower --learning-rate (it is %g)",
			 o->fit.learning_rate);
	if (!isfinite(loss) || !params_finite(&t->users.params) ||
	    !params_finite(&t->items.params))
		die(STATUS_FAILED, "epoch %u: the factors overflowed; %s or the "
		    "weights", epoch, advice);
	if (!ials && !svd && loss > LOSS_MAX * train_data_mean_weight(t->data))
		die(STATUS_FAILED, "epoch %u: training diverged, its mean loss is %g; %s or "
		    "--init-scale (it is %g)", epoch, loss, advice, o->fit.init_scale);
}

/* Is this epoch evaluated, when there is something to evaluate on? */
static bool is_evaluated(const struct options *o, uint32_t epoch)
{
	return epoch % o->stop_every == 0 || epoch == epochs_most(o);
}

/* Notes an epoch's outcome: writes it down, keeps the best; the value is nan where nothing was evaluated. */
static void record_epoch(struct training *t, double loss, double value, bool choose,
			 struct curve *curve)
{
	struct progress_state *s = &t->state;
	s->history = memory_grow(s->history, &s->capacity, s->epoch + 1, sizeof *s->history);
	s->history[s->epoch++] = (struct epoch_record){loss, value, s->seconds};
	if (!choose || (!isnan(value) && (s->best_epoch == 0 || value > s->best_value))) {
		s->best_epoch = s->epoch;
		s->best_value = value;
		if (choose) {
			params_keep(&t->users.params);
			params_keep(&t->items.params);
		}
	}
	curve_step(curve, s->epoch, &s->history[s->epoch - 1]);
	if (t->options->checkpoint)
		checkpoint_write(t->options->checkpoint, s, &t->users.params, &t->items.params);
}

/* What a side starts from. */
static uint64_t hash_features(uint64_t h, const struct side *s)
{
	const struct features *f = s->features;
	uint32_t n = s->ids->n;
	if (!f)
		return h;
	h = checkpoint_hash(h, f->start, ((size_t)n + 1) * sizeof *f->start);
	h = checkpoint_hash(h, f->row, f->start[n] * sizeof *f->row);
	return checkpoint_hash(h, f->weight, f->start[n] * sizeof *f->weight);
}

static uint64_t hash_kept(uint64_t h, const struct side *s)
{
	h = kept_hash(h, &s->kept_features, (uint32_t)s->params.stride);
	return kept_hash(h, &s->kept, (uint32_t)s->params.stride);
}

static uint64_t hash_options(const struct options *o, struct metric metric,
			     enum kernel_choice kernel, bool choose)
{
	const struct fitting *f = &o->fit;
	int64_t whole[] = {f->loss, f->optimizer, o->solver, f->factors, f->max_sampled, f->kos_k,
			   f->kos_n, o->blocks, o->block_factors, o->cg_steps, choose, (int64_t)kernel,
			   (int64_t)o->common.seed, (int64_t)metric.kind, metric.k,
			   o->hogwild, f->negatives, o->stop_every,
			   o->stop_every > 1 ? (int64_t)epochs_most(o) : 0}; /* the last is evaluated */
	double real[] = {f->learning_rate, f->rho, f->epsilon, f->user_alpha, f->item_alpha,
			 f->unobserved, f->regularization, f->exponent, f->temperature,
			 f->margin, f->negative_weight};
	uint64_t h = checkpoint_hash(0, whole, sizeof whole);
	if (o->exact_loss) /* which older checkpoints do not know of */
		h = checkpoint_hash(h, "exact loss", sizeof "exact loss");
	return checkpoint_hash(h, real, sizeof real);
}

static uint64_t hash_rows(uint64_t h, const struct params *p)
{
	return checkpoint_hash(h, p->rows, p->n * p->width * sizeof(float));
}

/* Whatever decides the outcome except the number of epochs, `h` being of the options. */
static uint64_t fingerprint(const struct training *t, uint64_t h)
{
	const struct train_data *p = t->data;
	h = checkpoint_hash(h, p->start, ((size_t)p->users.n + 1) * sizeof *p->start);
	h = checkpoint_hash(h, p->item, p->rows * sizeof *p->item);
	if (p->weight)
		h = checkpoint_hash(h, p->weight, p->rows * sizeof *p->weight);
	h = checkpoint_hash(h, p->eval_start, ((size_t)p->eval_users + 1) * sizeof *p->eval_start);
	if (p->eval_users)
		h = checkpoint_hash(h, p->eval_item,
				    p->eval_start[p->eval_users] * sizeof *p->eval_item);
	h = hash_features(h, &t->users);
	h = hash_features(h, &t->items);
	h = hash_kept(h, &t->items); /* of nothing without --keep-old */
	h = hash_kept(h, &t->users);
	h = hash_rows(h, &t->users.params);
	return hash_rows(h, &t->items.params);
}

enum { VALIDATION_ROWS_FEW = 100 };

/* So few rows say little about which epoch is the best. */
static void check_validation_rows(const struct training *t)
{
	const struct train_data *p = t->data;
	uint64_t rows = p->eval_users ? p->eval_start[p->eval_users] : 0;
	if (rows < VALIDATION_ROWS_FEW)
		warn("early stopping relies on few validation rows (%llu of %u users); --patience 0 "
		     "keeps the last epoch", (unsigned long long)rows, p->eval_users_all);
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
	if (o->fit.loss == LOSS_IALS) {
		double loss = s->history[s->best_epoch - 1].loss / train_data_mean_weight(t->data);
		if (loss > COLLAPSED)
			warn("the factors have collapsed to zero, or nearly so (loss %.3f, and 1 is "
			     "that of zeros): lower --regularization (it is %g), "
			     "--regularization-exponent (%g) or --unobserved-weight (%g)", loss,
			     o->fit.regularization, o->fit.exponent, o->fit.unobserved);
	} else if (o->fit.loss != LOSS_SVD &&
		   (longest_row(&t->users.params) < NOTHING || longest_row(&t->items.params) < NOTHING)) {
		warn("the factors have collapsed to zero: lower --user-alpha (it is %g) or "
		     "--item-alpha (%g), or raise --init-scale (%g)", o->fit.user_alpha,
		     o->fit.item_alpha, o->fit.init_scale);
	}
}

/* From small factors bpr and logistic set out slowly: metrics say nothing while the loss
 * has hardly moved, and patience must not end the training there unnoticed. */
static void check_started(const struct training *t, bool choose)
{
	static const double MOVED = 0.95;
	const struct options *o = t->options;
	const struct progress_state *s = &t->state;
	bool impatient = choose && s->epoch < o->fit.epochs;
	bool steps = !training_of_cosines(t) && (FIT_STEPS >> o->fit.loss & 1);
	double first = s->history[0].loss, last = s->history[s->epoch - 1].loss;
	if (!impatient || !steps || o->init || last <= MOVED * first)
		return;
	warn("early stopping ended the training before the loss fell (%.4g in epoch 1, %.4g in epoch %u): "
	     "raise --init-scale (it is %g), --learning-rate (%g) or --patience (%lld)%s", first, last,
	     s->epoch, o->fit.init_scale, o->fit.learning_rate, (long long)o->patience,
	     o->fit.user_alpha > 0 || o->fit.item_alpha > 0 ? ", or lower --user-alpha or --item-alpha"
							     : "");
}

/* Goes on from the checkpoint, if there is one. */
static void read_checkpoint(struct training *t, uint64_t of_options, struct curve *curve)
{
	struct progress_state *s = &t->state;
	s->fingerprint = fingerprint(t, of_options);
	if (checkpoint_read(t->options->checkpoint, s, &t->users.params, &t->items.params))
		note("resuming after epoch %u", s->epoch);
	for (uint32_t epoch = 1; epoch <= s->epoch; epoch++)
		curve_step(curve, epoch, &s->history[epoch - 1]);
}

static _Noreturn void stop(struct curve *curve)
{
	curve_stop(curve);
	progress_clear();
	stop_now();
}

/* How good the present numbers are on the validation rows. */
static double validate_now(struct training *t, struct metric metric, enum kernel_choice kernel,
			   struct pool *pool)
{
	bool cosines = training_of_cosines(t);
	side_compose(&t->users, cosines);
	side_compose(&t->items, cosines);
	return validate(t->data, side_rows(&t->users), side_rows(&t->items), metric,
			kernel, pool);
}

/* The numbers of the best epoch; what is to be said of it. */
static void keep_best(struct training *t, bool validates, struct curve *curve)
{
	const struct options *o = t->options;
	const struct progress_state *s = &t->state;
	if (s->best_epoch < s->epoch) {
		params_recall(&t->users.params);
		params_recall(&t->items.params);
	}
	progress_clear();
	if (validates)
		note("kept epoch %u of %u: %s %.6g", s->best_epoch, s->epoch,
		     o->report ? o->report : o->stop_metric, s->best_value);
	curve_end(curve, s->best_epoch, &s->history[s->best_epoch - 1]);
	check_collapse(t);
	check_started(t, validates && o->patience > 0);
}

/* No epoch was run: the numbers are those of the start, and so is their value. */
static void keep_start(struct training *t, double value, struct curve *curve)
{
	const struct options *o = t->options;
	progress_clear();
	if (!isnan(value))
		note("the start: %s %.6g", o->report ? o->report : o->stop_metric, value);
	curve_end(curve, 0, &(struct epoch_record){.loss = NAN, .value = value});
}

/* Have there been fewer evaluations without improvement than --patience says? */
static bool is_worth_more(const struct progress_state *s, const struct options *o)
{
	return s->epoch / o->stop_every - s->best_epoch / o->stop_every < o->patience;
}

void train(struct training *t, enum kernel_choice kernel, struct metric metric,
	   struct curve *curve)
{
	const struct options *o = t->options;
	struct progress_state *s = &t->state;
	uint32_t most = epochs_most(o);
	bool validates = t->data->eval_users_all > 0, choose = validates && o->patience > 0;
	struct pool *pool = pool_new((size_t)o->common.threads);
	struct epochs *epochs = epochs_new(t, kernel, pool);
	curve->validates = validates;
	if (choose && most > 0)
		check_validation_rows(t);
	if (o->checkpoint)
		read_checkpoint(t, hash_options(o, metric, kernel, choose), curve);
	while (s->epoch < most && (!choose || is_worth_more(s, o))) {
		uint32_t epoch = s->epoch + 1;
		double begin = clock_wall();
		double loss = epochs_run(epochs, epoch);
		if (stop_signal())
			stop(curve);
		s->seconds += clock_wall() - begin;
		check_sanity(t, epoch, loss);
		double value = !validates ? 0 : is_evaluated(o, epoch)
			     ? validate_now(t, metric, kernel, pool) : NAN;
		progress_step(t->data->rows * epoch, t->data->rows * (uint64_t)most,
			      "interactions");
		record_epoch(t, loss, value, choose, curve);
	}
	if (s->epoch > 0)
		keep_best(t, validates, curve);
	else
		keep_start(t, validates ? validate_now(t, metric, kernel, pool) : NAN, curve);
	epochs_free(epochs);
	pool_free(pool);
}
