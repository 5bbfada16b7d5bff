#include "epochs.h"

#include <stdlib.h>

#include "base/memory.h"
#include "frame/run.h"
#include "cosine.h"
#include "ials.h"
#include "schedule.h"
#include "sgd.h"
#include "svd.h"

struct epochs {
	struct training *training;
	struct pool *pool;
	enum kernel_choice kernel;
	struct ials *ials;          /* NULL: row by row (but for svd), and what follows is used */
	float *users_gram, *items_gram; /* ials: of kept users and items, or NULL */
	struct schedule *schedule;
	struct sgd sgd;
	sgd_cell *cell;
	uint32_t diagonal;
	uint32_t span;              /* diagonals from there on between two waits for all threads */
	double *loss;               /* of their cells: span * blocks */
	uint64_t visits;            /* of interactions in all, for progress */
};

/* One of as many pieces of the diagonal's only cell as there are threads. */
static struct cell hogwild_cell(const struct epochs *e, size_t chunk)
{
	struct cell cell = schedule_cell(e->schedule, e->diagonal, 0);
	size_t pieces = pool_threads(e->pool);
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
	struct epochs *e = context;
	struct cell cell = hogwild_cell(e, chunk);
	e->loss[chunk] = e->cell(&e->sgd, &cell).loss;
}

/* The cells where `span` user blocks meet `span` item blocks. */
static void train_square(void *context, size_t square, size_t worker)
{
	(void)worker;
	struct epochs *e = context;
	uint32_t from = (uint32_t)square * e->span, blocks = e->schedule->blocks;
	for (uint32_t d = 0; d < e->span; d++) {
		for (uint32_t b = from; b < from + e->span; b++) {
			struct cell cell = schedule_cell(e->schedule, e->diagonal + d, b);
			e->loss[d * blocks + b] = e->cell(&e->sgd, &cell).loss;
		}
	}
}

enum { SHRINK_ROWS = 1024 };

static void shrink_chunk(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct epochs *e = context;
	const struct options *o = e->training->options;
	double visits = (double)e->training->data->rows / ROUNDS;
	size_t from = chunk * SHRINK_ROWS, to = from + SHRINK_ROWS;
	struct params *side[] = {&e->training->users.params, &e->training->items.params};
	double alpha[] = {o->fit.user_alpha, o->fit.item_alpha};
	for (int i = 0; i < 2; i++)
		if (alpha[i] > 0)
			params_shrink(side[i], from, to < side[i]->n ? to : side[i]->n, alpha[i],
				      o->fit.learning_rate, o->fit.epsilon, visits);
}

/* At the end of each round, for all rows alike: a row's pull depends neither on
 * how often it is drawn as a negative nor on the order of the visits. */
static void shrink(struct epochs *e)
{
	uint32_t users = e->training->users.params.n, items = e->training->items.params.n;
	uint32_t rows = users > items ? users : items;
	if (e->training->options->fit.user_alpha > 0 || e->training->options->fit.item_alpha > 0)
		pool_run(e->pool, (rows + SHRINK_ROWS - 1) / SHRINK_ROWS, shrink_chunk, e);
}

/* The cells of the diagonals from `diagonal` on, to the next wait for all threads. */
static void train_span(struct epochs *e)
{
	uint32_t squares = e->schedule->blocks / e->span;
	if (e->training->options->hogwild)
		pool_run(e->pool, pool_threads(e->pool), train_piece, e);
	else if (e->sgd.user_features || e->sgd.item_features)
		for (uint32_t q = 0; q < squares; q++)
			train_square(e, q, 0); /* features belong to many cells: in one order */
	else
		pool_run(e->pool, squares, train_square, e);
}

/* One visit of every row; the mean loss. */
static double visit_all(struct epochs *e, uint32_t epoch)
{
	double loss = 0;
	uint64_t before = e->training->data->rows * (epoch - 1);
	size_t threads = pool_threads(e->pool);
	uint32_t blocks = e->schedule->blocks, diagonals = schedule_diagonals(e->schedule);
	schedule_epoch(e->schedule, epoch, e->pool);
	e->span = schedule_span(e->schedule, e->sgd.user_features || e->sgd.item_features ? 1 : threads);
	size_t cells = e->training->options->hogwild ? threads : (size_t)blocks * e->span;
	for (e->diagonal = 0; e->diagonal < diagonals && !stop_signal(); e->diagonal += e->span) {
		if (e->diagonal % blocks == 0)
			schedule_round(e->schedule, e->diagonal / blocks);
		if (e->diagonal % blocks == 0 && e->training->options->fit.loss == LOSS_WARP_KOS)
			schedule_group(e->schedule, e->pool);
		train_span(e);
		for (size_t c = 0; c < cells; c++)
			loss += e->loss[c];
		if ((e->diagonal + e->span) % blocks == 0)
			shrink(e);
		progress_step(before + e->training->data->rows * (e->diagonal + e->span) / diagonals,
			      e->visits, "interactions");
	}
	return loss / (double)e->training->data->rows;
}

uint32_t epochs_blocks(const struct options *o)
{
	return o->hogwild ? 1 : (uint32_t)o->blocks;
}

uint32_t epochs_most(const struct options *o)
{
	return o->fit.loss == LOSS_SVD ? 1 : (uint32_t)o->fit.epochs;
}

static void prepare_sgd(struct epochs *e, enum kernel_choice kernel)
{
	struct training *t = e->training;
	const struct options *o = t->options;
	e->schedule = schedule_new(t->data, epochs_blocks(o), o->common.seed);
	e->cell = loss_of_cosines((enum loss)o->fit.loss) ? cosine_cell_of(kernel) : sgd_cell_of(kernel);
	e->sgd = (struct sgd){
		.data = t->data,
		.users = &t->users.params,
		.items = &t->items.params,
		.user_features = t->users.features,
		.item_features = t->items.features,
		.positives = positives_new(t->data),
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
		.rank_loss = loss_rank_weights(t->data->items.n, (uint32_t)o->fit.max_sampled),
	};
}

static void prepare_ials(struct epochs *e, enum kernel_choice kernel)
{
	struct training *t = e->training;
	const struct options *o = t->options;
	bool steps = o->solver == SOLVER_AUTO || o->solver == SOLVER_CG;
	const struct normal_kernel *normal = normal_kernel_of(kernel);
	uint32_t stride = (uint32_t)t->users.params.stride;
	e->users_gram = kept_gram(&t->users.kept, stride, normal);
	e->items_gram = kept_gram(&t->items.kept, stride, normal);
	struct ials_options options = {
		.unobserved = o->fit.unobserved,
		.regularization = o->fit.regularization,
		.exponent = o->fit.exponent,
		.steps = steps ? (uint32_t)o->cg_steps : 0,
		.block = o->solver == SOLVER_BLOCK ? (uint32_t)o->block_factors : t->factors,
		.exact_loss = o->exact_loss,
		.kept_users = t->users.kept.n,
		.kept_items = t->items.kept.n,
		.users_gram = e->users_gram,
		.items_gram = e->items_gram,
	};
	e->ials = ials_new(t->data, &t->users.params, &t->items.params, &options, kernel, e->pool);
}

struct epochs *epochs_new(struct training *t, enum kernel_choice kernel, struct pool *pool)
{
	struct epochs *e = memory_zero(1, sizeof *e);
	size_t cells = BLOCKS_MAX * BLOCKS_MAX, threads = pool_threads(pool);
	e->training = t;
	e->pool = pool;
	e->kernel = kernel;
	e->visits = t->data->rows * (uint64_t)t->options->fit.epochs;
	e->loss = memory_zero(threads > cells ? threads : cells, sizeof *e->loss);
	if (t->options->fit.loss == LOSS_IALS)
		prepare_ials(e, kernel);
	else if (t->options->fit.loss != LOSS_SVD)
		prepare_sgd(e, kernel);
	return e;
}

/* All at once: there is no second epoch. */
static double run_svd(struct epochs *e)
{
	struct training *t = e->training;
	const struct fitting *f = &t->options->fit;
	struct svd_options options = {
		.user_exponent = f->user_exponent,
		.item_exponent = f->item_exponent,
		.power_iterations = (uint32_t)f->power_iterations,
		.oversampling = (uint32_t)f->oversampling,
		.seed = t->options->common.seed,
	};
	return svd_fit(t->data, &t->users.params, &t->items.params, &t->added, &options, e->kernel,
		       e->pool);
}

double epochs_run(struct epochs *e, uint32_t epoch)
{
	if (e->training->options->fit.loss == LOSS_SVD)
		return run_svd(e);
	return e->ials ? ials_epoch(e->ials) : visit_all(e, epoch);
}

void epochs_free(struct epochs *e)
{
	ials_free(e->ials);
	positives_free(&e->sgd.positives);
	free(e->sgd.rank_loss);
	schedule_free(e->schedule);
	free(e->users_gram);
	free(e->items_gram);
	free(e->loss);
	free(e);
}
