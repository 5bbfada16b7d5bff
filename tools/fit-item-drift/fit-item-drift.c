/* fit-item-drift - which evolution in time do items' ratings have, if any?
 *
 * In:   user item rating timestamp.
 * Out:  form parameters lambda validation_rmse test_rmse gain gain_stderr: one row
 *       per form; with --print-curve timestamp value; with --predict a prediction
 *       behind each row.
 *
 *	fit-item-drift < ratings.tsv
 *
 * Forms b_i(t) on top of mu + b_u + b_i are fitted by ridge regression and compared
 * on rows held out. It makes no lists: see train-mf(1).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "drift.h"

struct options {
	const char *forms, *lambdas, *form, *print_curve, *save, *predict, *plot;
	const char *user, *item, *rating, *timestamp;
	double validation, test;
	int split, unit;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	{"forms", 0, OPTION_TEXT, "NAME,..", offsetof(struct options, forms), "all", 0, 0, NULL,
	 "the forms to compare with static: bins-5, bins-10, bins-30, linear, spline-6, spline-12, "
	 "novelty-20, novelty-5, age, season, step, user-drift, user-day"},
	{"lambdas", 0, OPTION_TEXT, "X,..", offsetof(struct options, lambdas), "1,3,10,30,100,300",
	 0, 0, NULL, "strengths of the ridge to pick from on the validation rows"},
	{"split", 0, OPTION_CHOICE, "HOW", offsetof(struct options, split), "random", 0, 0,
	 "random|user-last|temporal", "hold out rows by a hash, each user's last, or the last of all"},
	{"validation", 0, OPTION_REAL, "SHARE", offsetof(struct options, validation), "0.1",
	 ABOVE_ZERO, 0.5, NULL, "share of the rows that picks the strength"},
	{"test", 0, OPTION_REAL, "SHARE", offsetof(struct options, test), "0.1", ABOVE_ZERO, 0.5, NULL,
	 "share of the rows that the gain is measured on"},
	{"form", 0, OPTION_TEXT, "NAME", offsetof(struct options, form), NULL, 0, 0, NULL,
	 "the form for --print-curve, --plot and --save (the best on the validation rows)"},
	{"print-curve", 0, OPTION_TEXT, "ITEM", offsetof(struct options, print_curve), NULL, 0, 0,
	 NULL, "write the item's curve in place of the comparison: timestamp, value"},
	{"plot", 0, OPTION_FILE, "FILE", offsetof(struct options, plot), NULL, 0, 0, NULL,
	 "write a gnuplot script, curve and data in it, for the item of --print-curve or the one "
	 "with most rows; gnuplot FILE draws it as SVG"},
	{"save", 0, OPTION_FILE, "FILE", offsetof(struct options, save), NULL, 0, 0, NULL,
	 "keep the fitted form in FILE"},
	{"predict", 0, OPTION_FILE, "FILE", offsetof(struct options, predict), NULL, 0, 0, NULL,
	 "fit nothing: add to each row (user, item, timestamp) what the form kept in FILE predicts"},
	{"timestamp-unit", 0, OPTION_CHOICE, "UNIT", offsetof(struct options, unit), "s", 0, 0, "s|ms",
	 "what timestamps count"},
	{"user", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, user), "user", 0, 0, NULL,
	 "the column of users"},
	{"item", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, item), "item", 0, 0, NULL,
	 "the column of items"},
	{"rating", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, rating), "rating", 0, 0, NULL,
	 "the column of ratings"},
	{"timestamp", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, timestamp), "timestamp",
	 0, 0, NULL, "the column of times"},
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_THREADS(struct options, common),
	COMMON_SEED(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

static double ticks_per_day(const struct options *o)
{
	return o->unit == 1 ? 86400e3 : 86400;
}

/* ---- reading ---- */

struct columns {
	size_t user, item, rating, timestamp;
};

static struct columns columns_of(struct table *t, const struct options *o)
{
	struct columns c = {0};
	c.user = table_column(t, o->user, option_given("user") ? "user" : NULL);
	c.item = table_column(t, o->item, option_given("item") ? "item" : NULL);
	if (!o->predict)
		c.rating = table_column(t, o->rating, option_given("rating") ? "rating" : NULL);
	c.timestamp = table_column(t, o->timestamp, option_given("timestamp") ? "timestamp" : NULL);
	return c;
}

static void read_rows(struct table *t, const struct columns *c, const struct options *o,
		      struct ratings *r)
{
	size_t capacity = 0;
	r->user_ids = strmap_new();
	r->item_ids = strmap_new();
	while (table_next(t)) {
		struct row row = {0};
		struct span user = table_field(t, c->user), item = table_field(t, c->item);
		if (user.n == 0 || item.n == 0) {
			table_reject(t, user.n ? c->item : c->user, "an empty id");
			continue;
		}
		if (!table_double(t, c->rating, &row.rating) ||
		    !table_double(t, c->timestamp, &row.time))
			continue;
		if (r->n == UINT32_MAX - 1)
			table_fail(t, "too many rows");
		row.time /= ticks_per_day(o);
		row.user = strmap_add(r->user_ids, user);
		row.item = strmap_add(r->item_ids, item);
		r->row = memory_grow(r->row, &capacity, (size_t)r->n + 1, sizeof *r->row);
		r->row[r->n++] = row;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	uint32_t *user_rank, *item_rank;
	r->user_ids = strmap_in_order(r->user_ids, &user_rank);
	r->item_ids = strmap_in_order(r->item_ids, &item_rank);
	r->users = strmap_count(r->user_ids);
	r->items = strmap_count(r->item_ids);
	for (uint32_t i = 0; i < r->n; i++) {
		r->row[i].user = user_rank[r->row[i].user];
		r->row[i].item = item_rank[r->row[i].item];
	}
	free(user_rank);
	free(item_rank);
}

/* ---- splits ---- */

static void split_random(struct ratings *r, const struct options *o)
{
	for (uint32_t i = 0; i < r->n; i++) {
		double share = hash_share(hash_row(o->common.seed, strmap_key(r->user_ids, r->row[i].user),
						   strmap_key(r->item_ids, r->row[i].item)));
		r->row[i].part = share < o->test ? PART_TEST :
			share < o->test + o->validation ? PART_VALIDATION : PART_TRAIN;
	}
}

static int by_user_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->time < y->time || x->time > y->time)
		return x->time < y->time ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

/* Of a user's n rows the last n * test (at least one) are test rows, those before
 * them validation rows; users with fewer than three rows only train. */
static void split_user_last(struct ratings *r, const struct options *o)
{
	if (r->n)
		qsort(r->row, r->n, sizeof *r->row, by_user_time);
	for (uint32_t from = 0, to; from < r->n; from = to) {
		for (to = from; to < r->n && r->row[to].user == r->row[from].user;)
			to++;
		double n = to - from;
		uint32_t test = (uint32_t)fmax(1, floor(n * o->test));
		uint32_t validation = (uint32_t)fmax(1, floor(n * o->validation));
		for (uint32_t i = from; i < to && n >= 3; i++)
			r->row[i].part = to - i <= test ? PART_TEST :
				to - i <= test + validation ? PART_VALIDATION : PART_TRAIN;
	}
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Rows after a moment; rows of one moment stay together. */
static void split_temporal(struct ratings *r, const struct options *o)
{
	double *time = memory_new((size_t)r->n + 1, sizeof *time);
	for (uint32_t i = 0; i < r->n; i++)
		time[i] = r->row[i].time;
	if (r->n)
		qsort(time, r->n, sizeof *time, by_double);
	double n = r->n;
	double test = r->n ? time[(uint32_t)fmin(n - 1, floor(n * (1 - o->test)))] : 0;
	double validation = r->n ?
		time[(uint32_t)fmin(n - 1, floor(n * fmax(0, 1 - o->test - o->validation)))] : 0;
	for (uint32_t i = 0; i < r->n; i++)
		r->row[i].part = r->row[i].time >= test ? PART_TEST :
			r->row[i].time >= validation ? PART_VALIDATION : PART_TRAIN;
	free(time);
}

/* ---- comparing ---- */

enum { LAMBDAS = 64 };

struct result {
	double lambda, validation;
	struct fit *fit;     /* with the picked strength */
	double *squares;     /* of the test rows */
	double test, gain, gain_error;
};

struct comparison {
	const struct ratings *r;
	double lambda[LAMBDAS], base;
	uint32_t n_lambdas;
	uint8_t form[FORMS];      /* those that are compared; the first one is static */
	uint32_t n_forms;
	double *validation;       /* form x lambda */
	struct result result[FORMS];
};

static double parse_lambda(struct span text)
{
	double x;
	char shown[QUOTED_SIZE];
	if (number_double(text.at, text.n, &x) != NUMBER_OK || x < 0)
		usage_error("option '--lambdas': not a number from 0 up: %s",
			    quoted(text.at, text.n, shown));
	return x;
}

static uint8_t form_called(struct span name, const char *option)
{
	for (uint8_t i = 0; i < FORMS; i++)
		if (span_equal(name, span_of(DRIFT_FORMS[i].name)))
			return i;
	char shown[QUOTED_SIZE];
	usage_error("option '--%s': no form is called %s", option, quoted(name.at, name.n, shown));
}

/* Cuts the next word off a list with commas. */
static bool next_word(const char **at, struct span *word)
{
	if (!*at)
		return false;
	size_t n = strcspn(*at, ",");
	*word = (struct span){*at, n};
	*at = (*at)[n] ? *at + n + 1 : NULL;
	return true;
}

static void parse_lists(const struct options *o, struct comparison *c)
{
	struct span word;
	bool wanted[FORMS] = {true};
	for (const char *at = o->lambdas; next_word(&at, &word);) {
		if (c->n_lambdas == LAMBDAS)
			usage_error("option '--lambdas': more than %d", LAMBDAS);
		c->lambda[c->n_lambdas++] = parse_lambda(word);
	}
	bool all = strcmp(o->forms, "all") == 0;
	for (const char *at = all ? NULL : o->forms; next_word(&at, &word);)
		wanted[form_called(word, "forms")] = true;
	for (uint8_t i = 0; i < FORMS; i++)
		if (wanted[i] || all)
			c->form[c->n_forms++] = i;
	if (o->form) {
		uint8_t form = form_called(span_of(o->form), "form");
		for (uint32_t i = 0; i < c->n_forms; i++)
			if (c->form[i] == form)
				return;
		usage_error("--form %s is not among --forms", o->form);
	}
}

static double rmse_validation(const struct ratings *r, const struct fit *f)
{
	return sqrt(drift_error(r, f, r->train, r->train + r->validation, NULL));
}

static void try_base(void *context, size_t chunk, size_t worker)
{
	struct comparison *c = context;
	struct fit *f = drift_fit(c->r, &DRIFT_FORMS[0], c->lambda[chunk], 0);
	(void)worker;
	c->validation[chunk] = rmse_validation(c->r, f);
	drift_free(f);
}

static void try_lambda(void *context, size_t chunk, size_t worker)
{
	struct comparison *c = context;
	uint32_t form = 1 + (uint32_t)(chunk / c->n_lambdas), i = (uint32_t)(chunk % c->n_lambdas);
	struct fit *f = drift_fit(c->r, &DRIFT_FORMS[c->form[form]], c->base, c->lambda[i]);
	(void)worker;
	c->validation[form * c->n_lambdas + i] = rmse_validation(c->r, f);
	drift_free(f);
}

static void fit_picked(void *context, size_t chunk, size_t worker)
{
	struct comparison *c = context;
	const struct ratings *r = c->r;
	struct result *result = &c->result[chunk];
	uint32_t test = r->n - r->train - r->validation;
	(void)worker;
	result->squares = memory_new((size_t)test + 1, sizeof *result->squares);
	result->fit = drift_fit(r, &DRIFT_FORMS[c->form[chunk]], c->base, result->lambda);
	result->test = sqrt(drift_error(r, result->fit, r->n - test, r->n, result->squares));
}

static void pick_lambda(struct comparison *c, uint32_t form)
{
	const double *v = c->validation + form * c->n_lambdas;
	uint32_t best = 0;
	for (uint32_t i = 1; i < c->n_lambdas; i++)
		if (v[i] < v[best])
			best = i;
	c->result[form].lambda = c->lambda[best];
	c->result[form].validation = v[best];
}

/* gain = rmse(static) - rmse(form) = (mean of the differences of the squares) /
 * (sum of the two rmse), so its standard error comes from the paired differences. */
static void measure_gain(const struct result *fixed, struct result *f, uint32_t n)
{
	double mean = 0, square = 0, both = fixed->test + f->test;
	for (uint32_t i = 0; i < n; i++)
		mean += fixed->squares[i] - f->squares[i];
	mean /= n;
	for (uint32_t i = 0; i < n; i++) {
		double d = fixed->squares[i] - f->squares[i] - mean;
		square += d * d;
	}
	f->gain = both > 0 ? mean / both : 0;
	f->gain_error = both > 0 && n > 1 ? sqrt(square / (n - 1.0) / n) / both : 0;
}

static void compare(struct comparison *c, size_t threads)
{
	const struct ratings *r = c->r;
	struct pool *pool = pool_new(threads);
	c->validation = memory_zero((size_t)c->n_forms * c->n_lambdas, sizeof *c->validation);
	pool_run(pool, c->n_lambdas, try_base, c);
	pick_lambda(c, 0);
	c->base = c->result[0].lambda;
	pool_run(pool, (size_t)(c->n_forms - 1) * c->n_lambdas, try_lambda, c);
	for (uint32_t i = 1; i < c->n_forms; i++)
		pick_lambda(c, i);
	pool_run(pool, c->n_forms, fit_picked, c);
	for (uint32_t i = 1; i < c->n_forms; i++)
		measure_gain(&c->result[0], &c->result[i], r->n - r->train - r->validation);
	pool_free(pool);
}

/* ---- what comes out ---- */

static void write_comparison(const struct comparison *c, struct output *out)
{
	for (uint32_t i = 0; i < c->n_forms; i++) {
		const struct result *x = &c->result[i];
		const double values[] = {x->lambda, x->validation, x->test, x->gain, x->gain_error};
		output_text(out, DRIFT_FORMS[c->form[i]].name);
		output_tab(out);
		output_u64(out, drift_parameters(c->r, &DRIFT_FORMS[c->form[i]]));
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			output_tab(out);
			output_double(out, values[k]);
		}
		output_end_row(out);
	}
}

static uint32_t best_form(const struct comparison *c)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < c->n_forms; i++)
		if (c->result[i].validation < c->result[best].validation)
			best = i;
	return best;
}

/* One form is tested, the one that the validation rows pick, so that many forms are
 * not many chances. */
static void say_verdict(const struct comparison *c)
{
	uint32_t best = best_form(c);
	const struct result *x = &c->result[best];
	const char *name = DRIFT_FORMS[c->form[best]].name;
	if (best == 0)
		warn("no form beats static: static is best on the validation rows");
	else if (x->gain > 2 * x->gain_error)
		warn("%s is best on the validation rows and beats static by %.4f (standard error %.4f) "
		     "on the test rows", name, x->gain, x->gain_error);
	else
		warn("no form beats static: %s is best on the validation rows, but gains %.4f "
		     "(standard error %.4f) on the test rows", name, x->gain, x->gain_error);
}

enum { CURVE_POINTS = 101 };

/* The curve without a user: mu + b_i + form. */
static void curve_point(const struct comparison *c, const struct fit *f, uint32_t item,
			uint32_t point, double *time, double *value)
{
	*time = c->r->begin + (c->r->end - c->r->begin) * point / (CURVE_POINTS - 1);
	*value = drift_predict(c->r, f, STRMAP_NONE, item, *time);
}

static void write_curve(const struct comparison *c, const struct options *o, const struct fit *f,
			uint32_t item, struct output *out)
{
	for (uint32_t i = 0; i < CURVE_POINTS; i++) {
		double time, value;
		curve_point(c, f, item, i, &time, &value);
		output_double(out, time * ticks_per_day(o));
		output_tab(out);
		output_double(out, value);
		output_end_row(out);
	}
}

/* A text inside double quotes of gnuplot: what means something there, and control
 * bytes, become a space. */
static void output_title(struct output *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		char x = text.at[i];
		bool plain = (unsigned char)x >= 0x20 && !strchr("\"\\`$", x);
		output_byte(out, plain ? x : ' ');
	}
}

static void write_plot(const struct comparison *c, const struct fit *f, uint32_t item,
		       const char *path)
{
	const struct ratings *r = c->r;
	struct output *out = output_open(path, false);
	output_text(out, "set terminal svg size 900,500 noenhanced\n"
		    "set xdata time\nset timefmt \"%s\"\nset format x \"%Y-%m\"\n"
		    "set ylabel \"rating\"\nset key outside top\n$curve << END\n");
	for (uint32_t i = 0; i < CURVE_POINTS; i++) {
		double time, value;
		curve_point(c, f, item, i, &time, &value);
		output_double(out, time * 86400);
		output_byte(out, ' ');
		output_double(out, value);
		output_byte(out, '\n');
	}
	output_text(out, "END\n$data << END\n");
	for (uint32_t i = 0; i < r->n; i++) {
		const struct row *row = &r->row[i];
		if (row->item != item)
			continue;
		double user = row->part == PART_TRAIN || row->user < r->users ?
			f->user[(size_t)row->user * drift_user_width(f->form)] : 0;
		output_double(out, row->time * 86400);
		output_byte(out, ' ');
		output_double(out, row->rating - user);
		output_byte(out, '\n');
	}
	output_text(out, "END\nplot $data using 1:2 with points pointtype 7 pointsize 0.3 "
		    "title \"ratings less the user's bias\", \\\n  $curve using 1:2 with lines "
		    "linewidth 2 title \"");
	output_title(out, strmap_key(r->item_ids, item));
	output_text(out, ": ");
	output_text(out, f->form->name);
	output_text(out, "\"\n");
	output_close(out);
}

static uint32_t item_of(const struct options *o, const struct ratings *r)
{
	char shown[QUOTED_SIZE];
	uint32_t best = 0;
	if (o->print_curve) {
		best = strmap_find(r->item_ids, span_of(o->print_curve));
		if (best == STRMAP_NONE)
			die(STATUS_DATA, "the input has no item %s (--print-curve)",
			    quoted(o->print_curve, strlen(o->print_curve), shown));
		return best;
	}
	for (uint32_t i = 1; i < r->items; i++)
		if (r->item_start[i + 1] - r->item_start[i] >
		    r->item_start[best + 1] - r->item_start[best])
			best = i;
	return best;
}

/* ---- the kept form: kind id number value ---- */

static void save_value(struct output *out, const char *kind, struct span id, uint64_t number,
		       double value)
{
	output_text(out, kind);
	output_tab(out);
	output_span(out, id);
	output_tab(out);
	output_u64(out, number);
	output_tab(out);
	output_double(out, value);
	output_end_row(out);
}

static void save_fit(const struct ratings *r, const struct fit *f, const char *path)
{
	struct output *out = output_open(path, false);
	output_text(out, "kind\tid\tnumber\tvalue");
	output_end_row(out);
	save_value(out, "form", span_of(f->form->name), 0, 0);
	save_value(out, "meta", span_of("mu"), 0, f->mu);
	save_value(out, "meta", span_of("begin"), 0, r->begin);
	save_value(out, "meta", span_of("end"), 0, r->end);
	for (uint32_t k = 0; f->form->owner == OWNER_ALL && k < f->form->size; k++)
		save_value(out, "all", span_of("all"), k, f->extra[k]);
	for (uint32_t i = 0; i < r->items; i++) {
		uint32_t width = drift_item_width(f->form);
		for (uint32_t k = 0; k < width; k++)
			save_value(out, "item", strmap_key(r->item_ids, i), k,
				   f->item[(size_t)i * width + k]);
		if (!isinf(r->first[i]))
			save_value(out, "first", strmap_key(r->item_ids, i), 0, r->first[i]);
		if (f->form->shape == SHAPE_STEP)
			save_value(out, "step", strmap_key(r->item_ids, i), 0, f->step[i]);
	}
	for (uint32_t u = 0; u < r->users; u++) {
		uint32_t width = drift_user_width(f->form);
		for (uint32_t k = 0; k < width; k++)
			save_value(out, "user", strmap_key(r->user_ids, u), k,
				   f->user[(size_t)u * width + k]);
		if (f->form->shape == SHAPE_USER_DRIFT)
			save_value(out, "time", strmap_key(r->user_ids, u), 0, r->mean_time[u]);
	}
	for (uint32_t d = 0; f->form->owner == OWNER_DAY && d < r->days; d++)
		save_value(out, "day", strmap_key(r->user_ids, (uint32_t)(r->day[d] >> 32)),
			   r->day[d] & UINT32_MAX, f->extra[d]);
	output_close(out);
}

struct kept {
	uint32_t owner;
	uint64_t number;
	double value;
	int kind;
};

static int by_day(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* Reads what save_fit wrote into `r` and a fit. */
static struct fit *load_fit(struct ratings *r, const char *path)
{
	static const char *const KINDS[] = {"form", "meta", "all", "item", "first", "step", "user",
		"time", "day"};
	enum { FORM, META, ALL, ITEM, FIRST, STEP, USER, TIME, DAY, KIND_COUNT };
	struct table *t = table_open_file(path);
	size_t kind = table_column(t, "kind", NULL), id = table_column(t, "id", NULL);
	size_t number = table_column(t, "number", NULL), value = table_column(t, "value", NULL);
	struct kept *kept = NULL;
	size_t n = 0, capacity = 0, days = 0;
	struct fit *f = memory_zero(1, sizeof *f);
	r->user_ids = strmap_new();
	r->item_ids = strmap_new();
	while (table_next(t)) {
		struct kept k = {0};
		struct span name = table_field(t, id);
		while (k.kind < KIND_COUNT && !span_equal(table_field(t, kind), span_of(KINDS[k.kind])))
			k.kind++;
		if (k.kind == KIND_COUNT || (k.kind != FORM && !f->form))
			table_fail(t, "this is no form that --save kept");
		table_u64(t, number, &k.number);
		table_double(t, value, &k.value);
		if (k.kind == FORM) {
			for (uint32_t i = 0; i < FORMS; i++)
				if (span_equal(name, span_of(DRIFT_FORMS[i].name)))
					f->form = &DRIFT_FORMS[i];
			if (!f->form)
				table_fail(t, "a form that this version does not know");
			continue;
		}
		if (k.kind == META) {
			double *to = span_equal(name, span_of("mu")) ? &f->mu :
				span_equal(name, span_of("begin")) ? &r->begin :
				span_equal(name, span_of("end")) ? &r->end : NULL;
			if (!to)
				table_fail(t, "this is no form that --save kept");
			*to = k.value;
			continue;
		}
		uint64_t limit = k.kind == ALL ? f->form->size : k.kind == ITEM ?
			drift_item_width(f->form) : k.kind == USER ? drift_user_width(f->form) :
			k.kind == DAY ? UINT32_MAX : 1;
		if (k.number >= limit || (k.kind == ALL && f->form->owner != OWNER_ALL) ||
		    (k.kind == DAY && f->form->owner != OWNER_DAY))
			table_fail(t, "a parameter that the form does not have");
		k.owner = k.kind == ALL ? 0 : k.kind == ITEM || k.kind == FIRST || k.kind == STEP ?
			strmap_add(r->item_ids, name) : strmap_add(r->user_ids, name);
		days += k.kind == DAY;
		kept = memory_grow(kept, &capacity, n + 1, sizeof *kept);
		kept[n++] = k;
	}
	if (!f->form)
		table_fail(t, "this is no form that --save kept");
	table_close(t);
	r->users = strmap_count(r->user_ids);
	r->items = strmap_count(r->item_ids);
	f->user = memory_zero((size_t)r->users * drift_user_width(f->form) + 1, sizeof *f->user);
	f->item = memory_zero((size_t)r->items * drift_item_width(f->form) + 1, sizeof *f->item);
	f->extra = memory_zero(days + SIZE_MAX_, sizeof *f->extra);
	f->step = memory_zero((size_t)r->items + 1, sizeof *f->step);
	r->first = memory_new((size_t)r->items + 1, sizeof *r->first);
	r->mean_time = memory_zero((size_t)r->users + 1, sizeof *r->mean_time);
	r->day = memory_new(days + 1, sizeof *r->day);
	for (uint32_t i = 0; i < r->items; i++)
		r->first[i] = INFINITY;
	if (days)
		qsort(kept, n, sizeof *kept, by_day);
	for (size_t i = 0; i < n; i++) {
		const struct kept *k = &kept[i];
		if (k->kind == ALL)
			f->extra[k->number] = k->value;
		else if (k->kind == ITEM)
			f->item[(size_t)k->owner * drift_item_width(f->form) + k->number] = k->value;
		else if (k->kind == FIRST)
			r->first[k->owner] = k->value;
		else if (k->kind == STEP)
			f->step[k->owner] = k->value;
		else if (k->kind == USER)
			f->user[(size_t)k->owner * drift_user_width(f->form) + k->number] = k->value;
		else if (k->kind == TIME)
			r->mean_time[k->owner] = k->value;
		else {
			f->extra[r->days] = k->value;
			r->day[r->days++] = (uint64_t)k->owner << 32 | k->number;
		}
	}
	free(kept);
	return f;
}

static uint64_t predict(struct table *t, const struct columns *c, const struct options *o,
			struct output *out)
{
	struct ratings r = {0};
	struct fit *f = load_fit(&r, o->predict);
	uint64_t rows = 0;
	while (table_next(t)) {
		double time;
		if (!table_double(t, c->timestamp, &time))
			continue;
		uint32_t user = strmap_find(r.user_ids, table_field(t, c->user));
		uint32_t item = strmap_find(r.item_ids, table_field(t, c->item));
		output_span(out, table_row(t));
		output_tab(out);
		output_double(out, drift_predict(&r, f, user, item, time / ticks_per_day(o)));
		output_end_row(out);
		rows++;
	}
	drift_free(f);
	ratings_free(&r);
	return rows;
}

static void check_options(const struct options *o)
{
	if (o->predict && (o->save || o->print_curve || o->plot || o->form))
		usage_error("--predict fits nothing: it goes with none of --save, --print-curve, --plot, "
			    "--form");
	if (o->form && !o->save && !o->print_curve && !o->plot)
		usage_error("--form is for --print-curve, --plot and --save");
}

static void write_header(const struct options *o, struct table *t, struct output *out)
{
	if (o->common.no_header)
		return;
	if (o->predict) {
		output_span(out, table_header(t));
		output_text(out, "\tprediction");
	} else if (o->print_curve) {
		output_text(out, "timestamp\tvalue");
	} else {
		output_text(out, "form\tparameters\tlambda\tvalidation_rmse\ttest_rmse\tgain\t"
			    "gain_stderr");
	}
	output_end_row(out);
	output_flush(out);
}

/* Everything behind the reading; returns the rows written. */
static uint64_t fit_and_write(const struct options *o, struct comparison *c, struct ratings *r,
			      struct output *out)
{
	if (o->split == 0)
		split_random(r, o);
	else if (o->split == 1)
		split_user_last(r, o);
	else
		split_temporal(r, o);
	ratings_prepare(r);
	if (r->train == 0 || r->validation == 0 || r->train + r->validation == r->n) {
		if (r->n)
			die(STATUS_DATA, "%u rows give %u train, %u validation and %u test rows: none may be 0",
			    r->n, r->train, r->validation, r->n - r->train - r->validation);
		warn("the input has no rows: nothing is fitted");
		return 0;
	}
	uint32_t item = item_of(o, r);
	c->r = r;
	compare(c, (size_t)o->common.threads);
	uint32_t chosen = best_form(c);
	for (uint32_t i = 0; o->form && i < c->n_forms; i++)
		if (strcmp(DRIFT_FORMS[c->form[i]].name, o->form) == 0)
			chosen = i;
	const struct fit *f = c->result[chosen].fit;
	if (o->print_curve)
		write_curve(c, o, f, item, out);
	else
		write_comparison(c, out);
	say_verdict(c);
	if (o->plot)
		write_plot(c, f, item, o->plot);
	if (o->save)
		save_fit(r, f, o->save);
	return o->print_curve ? CURVE_POINTS : c->n_forms;
}

static int run(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct comparison c = {0};
	struct ratings r = {0};
	uint64_t rows_out = 0;
	check_options(o);
	parse_lists(o, &c);
	struct table *t = table_open(files, count, &format);
	struct columns columns = columns_of(t, o);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	write_header(o, t, out);
	if (o->predict)
		rows_out = predict(t, &columns, o, out);
	else
		read_rows(t, &columns, o, &r);
	uint64_t rows_in = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	if (!o->predict)
		rows_out = fit_and_write(o, &c, &r, out);
	output_close(out);
	for (uint32_t i = 0; i < c.n_forms; i++) {
		drift_free(c.result[i].fit);
		free(c.result[i].squares);
	}
	free(c.validation);
	ratings_free(&r);
	run_report(rows_in, rows_out, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "fit-item-drift",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Compare forms of the evolution of items' ratings in time with no evolution at all.",
	.reads = "user, item, rating, timestamp (or those that options name)",
	.writes = "form, parameters, lambda, validation_rmse, test_rmse, gain, gain_stderr",
	.examples = {
		"fit-item-drift -j 2 < ratings.tsv",
		"fit-item-drift --forms linear,season --form season --print-curve 42 < ratings.tsv",
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
