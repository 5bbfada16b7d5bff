/* fold-in - gives users that a model does not know their factors.
 *
 * In:   user item [weight] [split]: what the users took; and a model whose items
 *       stay as they are.
 * Out:  the model again, with these users in the place of its own.
 *
 *	fold-in --model model.tsv < new-users.tsv | export-topk > topk.tsv
 *
 * It does not touch items: train-mf --init moves both sides. With --solve it is one half-step of
 * iALS for a piece of the users, or of the items: training in pieces.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/kernel.h"
#include "data/normal.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "learning/fitting.h"
#include "learning/gram.h"
#include "folding.h"
#include "stream.h"

/* The option row of a row of learning/fitting.h except for its help. */
#define FIT(field, of, option, shown, standard, least, most, words, whose) \
	.name = option, .kind = OPTION_##of, .argument = shown, .fallback = standard, \
	.low = least, .high = most, .choices = words, \
	.at = OPTION_AT(field, OPTION_TYPE_##of)

static const struct option_row OPTIONS[] = {
	OPTION_FILE("model", "FILE", model, .side = true, .letter = 'm',
		.required = true,
		.help = "the model, as train-mf writes it"),
	OPTION_FLAG("users-only", users_only,
		.help = "write only the users' rows, without meta, features and items"),
	OPTION_CHOICE("solve", "SIDE", solve, "none|users|items", .fallback = "none",
		.help = "users, items: a half-step of ials as train-mf --solver exact makes it, for the users "
			"or the items of the rows; writes only their rows"),
	OPTION_FILE("gram", "FILE", gram, .side = true, .requires = "solve!=none",
		.help = "what sum-gram made of the side of the model that stays; else it is summed here"),
	OPTION_SIZE("memory", "SIZE", memory, .low = 1, .high = 1e15, .requires = "gram",
		.excludes = "solver!=exact",
		.help = "keep the equations of as many users (or items) as SIZE has room for, and let the other "
			"side pass by, once for each so many, in place of keeping it; same bytes"),
	OPTION_OUTPUT("loss", "FILE", loss, .requires = "solve!=none",
		.help = "write what the users or items of the rows add to the loss to FILE, for sum-gram --loss"),
	OPTION_CHOICE("solver", "HOW", solver, "exact|block|cg", .fallback = "exact", .requires = "solve!=none",
		.help = "exact, or block by block from the vector that the model has of each row; cg is not made in "
			"pieces"),
	OPTION_INT("block-factors", "N", block_factors, .fallback = "32", .low = 1, .high = 4096,
		.requires = "solver=block", .help = "block: factors per block, as train-mf has it"),
	{FIT_ROW_EPOCHS(FIT),
		.help = "number of passes over the interactions (ials and svd models are solved in one step)"},
	{FIT_ROW_LEARNING_RATE(FIT), .help = "initial learning rate"},
	OPTION_TEXT("fit-splits", "SPLITS", fit_splits, .fallback = "train",
		.help = "splits whose rows to use: a list of train, validation, test, or all"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(""), COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with item ids"),
	OPTION_COLUMN("weight", weight, .fallback = "weight", .help = "name of the column with "
		"weights"),
	OPTION_COLUMN("split", split, .fallback = "split", .help = "name of the column with splits"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

enum { SOLVE_NONE, SOLVE_USERS, SOLVE_ITEMS };
enum { SOLVER_EXACT, SOLVER_BLOCK, SOLVER_CG };

static const char *name_of(enum model_kind kind)
{
	return kind == MODEL_USER ? "user" : "item";
}

/* A row of the model: what is kept of it; true when it is one that stays. */
static bool take_row(struct folding *f, const struct model_row *row)
{
	if (row->kind == MODEL_META)
		fitting_read_meta(&f->fit, row->id, table_file(f->model));
	if (f->fit.loss == LOSS_SVD && f->options->solve == SOLVE_NONE)
		f->from = MODEL_USER_FEATURE;
	if (row->kind == f->from && !f->packed)
		model_side_add(&f->items, row, (uint32_t)f->stride);
	if (row->kind == f->to && f->block && !f->packed)
		model_side_add(&f->own, row, (uint32_t)f->stride);
	return row->kind == f->from;
}

/* What the model must have. */
static void check_model(const struct folding *f)
{
	const char *path = shown_input(f->options->model);
	if (f->fit.loss == LOSSES)
		die(STATUS_DATA, "%s: no meta row names the loss", path);
	if (f->options->solve != SOLVE_NONE && f->fit.loss != LOSS_IALS)
		die(STATUS_DATA, "%s: --solve requires a model of the loss ials", path);
	if (f->items.n == 0)
		die(STATUS_DATA, "%s: no %s", path, f->from == MODEL_USER_FEATURE
		    ? "user_feature rows, which make the users of an svd model"
		    : f->from == MODEL_USER ? "users" : "items");
}

void folding_close_model(struct folding *f)
{
	model_close(f->reader);
	if (f->model)
		table_close(f->model);
	f->reader = NULL;
	f->model = NULL;
}

/* Reads the model up to what is solved for; writes what it reads, unless only the rows that are
 * solved for are asked for. */
static uint64_t read_model(struct folding *f, struct output *out)
{
	const struct options *o = f->options;
	bool alone = o->users_only || o->solve != SOLVE_NONE;
	struct model_row row;
	uint64_t written = 0;
	f->model = option_table("model", o->model);
	f->reader = model_open(f->model);
	f->packed = model_reader_packed(f->reader);
	f->factors = model_reader_factors(f->reader);
	f->stride = kernel_padded(f->factors);
	size_t block = kernel_padded((uint32_t)o->block_factors);
	if (o->solver == SOLVER_BLOCK && block < f->stride) /* one block alone is solved as by --solver exact */
		f->block = block;
	if (f->block && !f->packed)
		f->own.ids = strmap_new();
	if (!o->common.no_header)
		model_write_header(out, f->factors);
	output_flush(out);
	while (model_next(f->reader, &row) && (row.kind != MODEL_USER || f->from == MODEL_USER || f->block)) {
		f->items.n += take_row(f, &row) && f->packed;
		if (!alone) {
			model_write_row(out, row.kind, row.id, row.bias, row.factors, f->factors);
			written++;
		}
	}
	table_skip(f->model);
	check_model(f);
	f->rows = f->items.factors;
	f->biases = f->items.bias;
	if (f->packed) {
		size_t first = f->packed->side[f->from] - f->packed->side[1];
		f->rows = f->packed->rows + first * f->packed->stride;
		f->biases = f->packed->bias + first;
	} else {
		folding_close_model(f);
	}
	return written;
}

/* The number of what stays, or STRMAP_NONE. */
static uint32_t find_item(const struct folding *f, struct span id)
{
	const struct packed_model *p = f->packed;
	if (!p)
		return strmap_find(f->items.ids, id);
	uint32_t at = packed_find_id_among(&p->ids, p->side[f->from], p->side[f->from + 1], id);
	return at == UINT32_MAX ? STRMAP_NONE : at - p->side[f->from];
}

/* The Gram matrix of what stays: from the file, or in the chunks of train-mf; without --solve in
 * one. The upper triangle. */
static void make_gram(struct folding *f)
{
	size_t n = f->stride;
	f->gram = memory_aligned((f->options->solve == SOLVE_NONE ? 1 : GRAM_CHUNKS) * n * n, sizeof(float));
	if (f->given.sum[GRAM_ALL]) {
		memcpy(f->gram, f->given.sum[GRAM_ALL], n * n * sizeof(float));
	} else if (f->options->solve == SOLVE_NONE) {
		f->kernel->gram(f->gram, f->rows, f->rows, f->items.n, n);
	} else {
		for (size_t chunk = 0; chunk < GRAM_CHUNKS; chunk++)
			gram_sum_chunk(f->kernel, f->gram + chunk * n * n, f->rows, f->items.n, chunk, n);
		gram_add_chunks(f->kernel, f->gram, n);
	}
	f->kernel->scale(f->gram, (float)f->fit.unobserved, f->gram, n * n);
	for (size_t i = 0; i < n && f->block; i++) /* blocks look at both triangles */
		for (size_t j = i; j < n; j++)
			f->gram[j * n + i] = f->gram[i * n + j];
}

/* Opens --gram; NULL without it. */
static struct table *open_gram(const struct options *o)
{
	struct table *table = option_table("gram", o->gram);
	if (table)
		table_column(table, column_called("side"));
	return table;
}

/* Reads it, and looks whether it is of this model. */
static void read_gram(struct folding *f, struct table *table)
{
	const struct options *o = f->options;
	if (!table)
		return;
	f->given = gram_read(table, NULL, false);
	table_close(table);
	const char *path = shown_input(o->gram);
	if (!f->given.sum[GRAM_ALL])
		die(STATUS_DATA, "%s: no sum (chunk all): sum-gram --merge makes it of the chunks", path);
	if ((f->given.side == GRAM_USERS) != (f->from == MODEL_USER))
		die(STATUS_DATA, "%s: it is of the %ss, and --solve %ss needs that of the %ss", path,
		    name_of(f->to), name_of(f->to), name_of(f->from));
	if (o->memory) {
		f->items.n = (uint32_t)f->given.rows[GRAM_ALL];
		check_model(f);
	}
	if (f->given.factors != f->factors || f->given.rows[GRAM_ALL] != f->items.n)
		die(STATUS_DATA, "%s: it is of %llu %ss and %u factors, and the model has %u and %u", path,
		    (unsigned long long)f->given.rows[GRAM_ALL], name_of(f->from), f->given.factors,
		    f->items.n, f->factors);
}

float folding_pull(const struct folding *f, uint32_t entries)
{
	double all = entries + f->fit.unobserved * f->items.n;
	return (float)(f->fit.regularization * pow(all, f->fit.exponent));
}

/* At its minimum the objective's part of a user is sum w - x' b. */
bool folding_solve(const struct folding *f, float *matrix, float *x, uint32_t entries, double weights,
		   float *right, size_t worker)
{
	float pull = folding_pull(f, entries);
	for (size_t i = 0; i < f->factors; i++)
		matrix[i * f->stride + i] += pull;
	memcpy(right, x, f->stride * sizeof *x);
	bool solved = f->kernel->solve(matrix, x, f->factors, f->stride);
	if (f->objective)
		objective_add(&f->objective[worker], solved ? weights - (double)f->dot(x, right, f->stride) : NAN,
			      (double)pull * (double)f->dot(x, x, f->stride), entries);
	return solved;
}

/* The user's half of iALS, solved exactly: (unobserved * gram + sum w y y' +
 * pull) x = sum w y, as in train-mf(1). False when it has no solution. */
static bool solve_user(const struct folding *f, const struct user_items *t, float *x, size_t worker)
{
	size_t n = f->stride;
	double weights = 0;
	float *matrix = memory_aligned(n * n, sizeof(float)), *scaled = memory_aligned(n, sizeof(float));
	memcpy(matrix, f->gram, n * n * sizeof(float));
	memset(x, 0, n * sizeof(float));
	for (uint32_t k = 0; k < t->n; k++) {
		f->kernel->scale(scaled, t->weight[k], item_row(f, t->item[k]), n);
		f->kernel->gram(matrix, item_row(f, t->item[k]), scaled, 1, n);
		f->kernel->axpy(x, 1, scaled, n);
		weights += (double)t->weight[k];
	}
	bool solved = folding_solve(f, matrix, x, t->n, weights, scaled, worker);
	free(matrix);
	free(scaled);
	return solved;
}

/* --solver block: from the vector that the model has. */
static bool step_in_blocks(const struct folding *f, struct span id, const struct user_items *t, float *x,
			   size_t worker)
{
	const struct packed_model *p = f->packed;
	const float *before = NULL;
	char shown[QUOTED_SIZE];
	if (p) {
		uint32_t at = packed_find_id_among(&p->ids, p->side[f->to], p->side[f->to + 1], id);
		if (at != UINT32_MAX)
			before = p->rows + (size_t)(at - p->side[1]) * p->stride;
	} else {
		uint32_t at = strmap_find(f->own.ids, id);
		if (at != STRMAP_NONE)
			before = f->own.factors + (size_t)at * f->stride;
	}
	if (!before)
		die(STATUS_DATA, "%s: no %s %s, whose vector --solver block begins at",
		    shown_input(f->options->model), name_of(f->to), quoted(id.at, id.n, shown));
	memcpy(x, before, f->stride * sizeof *x);
	return folding_solve_in_blocks(f, t, x, worker);
}

static struct user_items take(const struct folding *f, uint32_t user)
{
	const struct dataset *d = f->data;
	struct user_items t = {0};
	uint64_t most = d->start[user + 1] - d->start[user];
	uint64_t *pair = memory_new(most, sizeof *pair);
	for (uint64_t row = d->start[user]; row < d->start[user + 1]; row++) {
		if (folding_counts(f, row) && f->item[row] != STRMAP_NONE)
			pair[t.n++] = row;
	}
	t.item = memory_new(t.n, sizeof *t.item);
	t.weight = memory_new(t.n, sizeof *t.weight);
	/* Insertion: the model's items are nearly always in the order of their ids. */
	for (uint32_t k = 0; k < t.n; k++) {
		uint32_t item = f->item[pair[k]], at = k;
		for (; at > 0 && t.item[at - 1] > item; at--) {
			t.item[at] = t.item[at - 1];
			t.weight[at] = t.weight[at - 1];
		}
		t.item[at] = item;
		t.weight[at] = d->weight[pair[k]];
	}
	free(pair);
	return t;
}

static void fold_user(void *context, size_t user, size_t worker)
{
	struct folding *f = context;
	if (worker == 0)
		progress_step(user, f->data->users, "users");
	struct user_items t = take(f, (uint32_t)user);
	struct span id = strmap_key(f->data->user_ids, (uint32_t)user);
	struct user_state m = {.x = f->factor_rows + user * f->stride, .bias_sum = 1};
	f->known[user] = t.n > 0;
	if (t.n && !stop_signal()) {
		if (f->fit.loss == LOSS_SVD) {
			f->kernel->mix(m.x, f->rows, f->stride, t.item, t.weight, t.n,
				       f->stride);
		} else if (f->fit.loss == LOSS_IALS) {
			if (f->block ? !step_in_blocks(f, id, &t, m.x, worker) : !solve_user(f, &t, m.x, worker))
				m.bias = NAN;
		} else {
			m.sums = memory_new(f->factors, sizeof *m.sums);
			for (uint32_t i = 0; i < f->factors; i++)
				m.sums[i] = 1;
			if (loss_of_cosines((enum loss)f->fit.loss))
				folding_turn(f, id, &t, &m);
			else
				folding_descend(f, id, &t, &m);
			free(m.sums);
		}
	}
	for (uint32_t i = 0; i < f->factors; i++)
		m.bias += m.x[i] * 0.0f; /* nan unless all are finite */
	f->bias[user] = m.bias;
	free(t.item);
	free(t.weight);
}

/* The items' numbers in the model; returns how many rows have one it lacks. */
static uint64_t number_items(struct folding *f)
{
	uint64_t rows = dataset_rows(f->data), unknown = 0;
	uint32_t *number = memory_new(f->data->items, sizeof *number);
	for (uint32_t i = 0; i < f->data->items; i++)
		number[i] = find_item(f, strmap_key(f->data->item_ids, i));
	f->item = memory_new(rows, sizeof *f->item);
	for (uint64_t row = 0; row < rows; row++) {
		f->item[row] = number[f->data->item[row]];
		unknown += f->item[row] == STRMAP_NONE && (f->splits >> f->data->split[row] & 1);
	}
	free(number);
	return unknown;
}

static uint64_t write_users(const struct folding *f, struct output *out, uint32_t *without)
{
	uint64_t written = 0;
	for (uint32_t u = 0; u < f->data->users; u++) {
		struct span id = strmap_key(f->data->user_ids, u);
		char text[QUOTED_SIZE];
		if (!f->known[u]) {
			++*without;
			continue;
		}
		if (!isfinite(f->bias[u]))
			die(STATUS_FAILED, "%s %s: the factors overflowed; lower "
			    "--learning-rate or the weights", name_of(f->to), quoted(id.at, id.n, text));
		model_write_row(out, f->to, id, f->bias[u], f->factor_rows + u * f->stride,
				f->factors);
		written++;
	}
	return written;
}

/* Opens the users' rows and finds their columns. */
static struct table *open_rows(const struct options *o, char **files, int count,
			       struct dataset_columns *columns)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *table = table_open(files, count, &format);
	struct column user = option_column("user", o->user), item = option_column("item", o->item);
	bool items = o->solve == SOLVE_ITEMS;
	*columns = (struct dataset_columns){
		.user = items ? item : user, .item = items ? user : item,
		.weight = option_column("weight", o->weight), .split = option_column("split", o->split),
	};
	dataset_find_columns(table, columns);
	return table;
}

/* For what comes out, and the Gram matrix. */
static void make_room(struct folding *f)
{
	if (f->fit.loss == LOSS_IALS)
		make_gram(f);
	f->factor_rows = memory_aligned((size_t)f->data->users * f->stride, sizeof(float));
	f->bias = memory_zero(f->data->users, sizeof *f->bias);
	f->known = memory_zero(f->data->users, sizeof *f->known);
}

/* Gives every user of the data factors, on all threads. */
static void fold_all(struct folding *f)
{
	f->rank_weights = loss_rank_weights(f->items.n, (uint32_t)f->fit.max_sampled);
	struct pool *pool = pool_new((size_t)f->options->common.threads);
	pool_run(pool, f->data->users, fold_user, f);
	pool_free(pool);
}

/* Writes the users; returns how many rows. */
static uint64_t write_folded(const struct folding *f, struct output *out)
{
	uint32_t without = 0;
	uint64_t written = write_users(f, out, &without);
	if (without && without == f->data->users && f->options->solve == SOLVE_NONE)
		die(STATUS_DATA, "no %s has a row that counts (--fit-splits %s) and whose %s the "
		    "model has", name_of(f->to), f->options->fit_splits, f->to == MODEL_USER ? "item" : "user");
	if (f->data->users == 0)
		warn("no rows: the output has no %ss", name_of(f->to));
	if (without)
		warn("%u %ss left out: none of their rows counts", without, name_of(f->to));
	return written;
}

/* --loss: one piece of the loss. Its id is a hash of whom it is of. */
static void write_loss(const struct folding *f, struct output *out)
{
	struct objective all = {.keys = 0};
	struct part_ids ids = {0};
	uint64_t id = 0;
	char *settings = objective_settings(&f->fit, f->factors);
	for (int64_t w = 0; w < f->options->common.threads; w++)
		objective_merge(&all, &f->objective[w]);
	for (uint32_t u = 0; u < f->data->users; u++)
		if (f->known[u])
			id += hash_mix(hash_row(5, strmap_key(f->data->user_ids, u), (struct span){"", 0}));
	part_ids_add(&ids, id);
	objective_write_header(out);
	objective_write(out, f->to == MODEL_USER ? GRAM_USERS : GRAM_ITEMS, &all, &ids, settings);
	output_close(out);
	part_ids_free(&ids);
	free(settings);
}

static void folding_free(struct folding *f)
{
	free(f->objective);
	dataset_free(f->data);
	gram_free(&f->given);
	folding_close_model(f);
	model_side_free(&f->items);
	model_side_free(&f->own);
	free(f->item);
	free(f->rank_weights);
	free(f->gram);
	free(f->factor_rows);
	free(f->bias);
	free(f->known);
}

static int run(const struct options *o, char **files, int count)
{
	struct folding f = {
		.options = o, .splits = option_splits("fit-splits", o->fit_splits), .fit = fitting_new(),
		.to = o->solve == SOLVE_ITEMS ? MODEL_ITEM : MODEL_USER,
		.from = o->solve == SOLVE_ITEMS ? MODEL_USER : MODEL_ITEM,
	};
	f.fit.loss = LOSSES;
	enum kernel_choice kernel = option_kernel(o->kernel);
	if (o->solver == SOLVER_CG)
		usage_error("--solver=cg takes a few steps from the vector that a row had before, and is not made in "
			    "pieces: only exact and block are");
	f.kernel = normal_kernel_of(kernel);
	f.dot = kernel_dot_of(kernel);
	struct dataset_columns columns;
	struct table *table = open_rows(o, files, count, &columns);
	struct table *gram = open_gram(o);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	struct output *loss = o->loss ? output_open(o->loss, false) : NULL;
	if (o->common.packed)
		output_pack(out, PACKED_MODEL);
	if (loss)
		f.objective = memory_zero((size_t)o->common.threads, sizeof *f.objective);
	uint64_t written = 0;
	if (o->memory)
		stream_begin(&f, out);
	else
		written = read_model(&f, out);
	read_gram(&f, gram);
	f.data = dataset_read(table, &columns);
	uint64_t rows = table_rows(table), rejected = table_rejected(table);
	table_close(table);
	stop_catch();
	make_room(&f);
	uint64_t unknown = o->memory ? stream_fold(&f) : number_items(&f);
	if (!o->memory)
		fold_all(&f);
	if (stop_signal())
		stop_now();
	if (unknown)
		warn("%llu rows left out: the model does not have their %ss", (unsigned long long)unknown,
		     f.from == MODEL_USER ? "user" : "item");
	written += write_folded(&f, out);
	output_close(out);
	if (loss)
		write_loss(&f, loss);
	folding_free(&f);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "fold-in",
	.usage = "--model FILE [OPTION]... [FILE]...",
	.summary = "Give new users factors that fit a model whose items stay.",
	.reads = "user item [weight] [split]; the model: kind id bias f0 ...",
	.writes = "kind id bias f0 ...: the model with these users in the place of its own",
	.examples = {
		"fold-in --model model.tsv < new-users.tsv > folded.tsv",
		"fold-in --model model.tsv --fit-splits all --users-only < dataset.tsv > users.tsv",
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
