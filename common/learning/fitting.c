#include "learning/fitting.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum kind { FIT_CHOICE, FIT_INT, FIT_REAL, FIT_COUNT };

struct row {
	const char *option;
	enum kind kind;
	size_t at;             /* in struct fitting */
	const char *fallback;  /* NULL: 0; of a choice -1 */
	double low, high;
	const char *choices;
	unsigned whose;
};

#define ROW(field, kind, option, argument, fallback, low, high, choices, whose) \
	{option, FIT_##kind, offsetof(struct fitting, field), fallback, low, high, choices, whose}
#define ANSWER(field, option) \
	{option, FIT_CHOICE, offsetof(struct fitting, field), NULL, 0, 0, "no|yes", FIT_ALL}
#define COUNT(field) {#field, FIT_COUNT, offsetof(struct fitting, field), NULL, 0, 0, NULL, FIT_ALL}

/* What is no meta row: the model's columns tell the factors, `epoch` what was run. */
static const struct row UNWRITTEN[] = {FIT_ROW_FACTORS(ROW), FIT_ROW_EPOCHS(ROW)};

/* In the order of a model's meta rows. */
static const struct row ROWS[] = {
	FIT_ROW_LOSS(ROW),
	FIT_ROW_UNOBSERVED(ROW), FIT_ROW_REGULARIZATION(ROW), FIT_ROW_EXPONENT(ROW),
	FIT_ROW_OPTIMIZER(ROW), FIT_ROW_RHO(ROW), FIT_ROW_EPSILON(ROW), FIT_ROW_LEARNING_RATE(ROW),
	FIT_ROW_USER_ALPHA(ROW), FIT_ROW_ITEM_ALPHA(ROW),
	FIT_ROW_MAX_SAMPLED(ROW), FIT_ROW_KOS_K(ROW), FIT_ROW_KOS_N(ROW),
	FIT_ROW_NEGATIVES(ROW), FIT_ROW_TEMPERATURE(ROW),
	FIT_ROW_MARGIN(ROW), FIT_ROW_NEGATIVE_WEIGHT(ROW),
	FIT_ROW_USER_EXPONENT(ROW), FIT_ROW_ITEM_EXPONENT(ROW),
	FIT_ROW_POWER_ITERATIONS(ROW), FIT_ROW_OVERSAMPLING(ROW),
	ANSWER(user_identity, "user-identity"),
	ANSWER(item_identity, "item-identity"),
	ANSWER(normalize, "normalize"),
	COUNT(rows),
	FIT_ROW_INIT_SCALE(ROW),
	COUNT(seed),
	COUNT(epoch),
};
enum { N = sizeof ROWS / sizeof *ROWS, UNWRITTEN_N = sizeof UNWRITTEN / sizeof *UNWRITTEN };

/* Parses the value into its field; false: it is malformed, or out of the row's range. */
static bool set(const struct row *row, struct span value, struct fitting *f, char *problem)
{
	char *at = (char *)f + row->at;
	enum number_state state = NUMBER_OK;
	double number = 0;
	if (row->kind == FIT_CHOICE) {
		int word = choice_index(row->choices, value);
		if (word < 0)
			snprintf(problem, FITTING_PROBLEM, "must be one of %s", row->choices);
		else
			*(int *)at = word;
		return word >= 0;
	}
	if (row->kind == FIT_COUNT)
		state = number_u64(value.at, value.n, (uint64_t *)at);
	if (row->kind == FIT_INT) {
		state = number_i64(value.at, value.n, (int64_t *)at);
		number = (double)*(int64_t *)at;
	}
	if (row->kind == FIT_REAL) {
		state = number_double(value.at, value.n, (double *)at);
		number = *(double *)at;
	}
	if (state != NUMBER_OK) {
		snprintf(problem, FITTING_PROBLEM, "%s", number_problem(state));
		return false;
	}
	if (row->kind == FIT_COUNT || (number >= row->low && number <= row->high))
		return true;
	char range[NUMBER_RANGE_SIZE];
	snprintf(problem, FITTING_PROBLEM, "must be %s", number_range(row->low, row->high, range));
	return false;
}

static void set_default(const struct row *row, struct fitting *f)
{
	char problem[FITTING_PROBLEM];
	if (row->fallback)
		set(row, span_of(row->fallback), f, problem);
	else if (row->kind == FIT_CHOICE)
		*(int *)((char *)f + row->at) = ANSWER_NONE;
}

struct fitting fitting_new(void)
{
	struct fitting f = {0};
	for (size_t i = 0; i < UNWRITTEN_N; i++)
		set_default(&UNWRITTEN[i], &f);
	for (size_t i = 0; i < N; i++)
		set_default(&ROWS[i], &f);
	return f;
}

static bool heeds(const struct fitting *f, const struct row *row)
{
	unsigned optimizer = f->optimizer == ADADELTA ? FIT_ADADELTA : FIT_ADAGRAD;
	unsigned asked = row->whose & (FIT_ADAGRAD | FIT_ADADELTA);
	return row->whose >> f->loss & 1 && (!asked || asked & optimizer);
}

bool fitting_heeds(const struct fitting *f, const char *option)
{
	for (size_t i = 0; i < UNWRITTEN_N; i++)
		if (strcmp(UNWRITTEN[i].option, option) == 0)
			return heeds(f, &UNWRITTEN[i]);
	for (size_t i = 0; i < N; i++)
		if (strcmp(ROWS[i].option, option) == 0)
			return heeds(f, &ROWS[i]);
	return true;
}

/* Does a model that was fitted so have the row? */
static bool has_row(const struct fitting *f, const struct row *row)
{
	if (row->kind == FIT_CHOICE && *(const int *)((const char *)f + row->at) < 0)
		return false;
	return heeds(f, row);
}

static void name_of(const struct row *row, char name[32])
{
	snprintf(name, 32, "%s", row->option);
	for (char *at = name; *at; at++)
		if (*at == '-')
			*at = '_';
}

bool fitting_next_meta(const struct fitting *f, size_t *at, struct fitting_meta *meta)
{
	while (*at < N && !has_row(f, &ROWS[*at]))
		++*at;
	if (*at == N)
		return false;
	const struct row *row = &ROWS[(*at)++];
	const void *field = (const char *)f + row->at;
	name_of(row, meta->name);
	size_t n = 0;
	if (row->kind == FIT_CHOICE) {
		struct span word = choice_word(row->choices, *(const int *)field);
		n = word.n;
		memcpy(meta->value, word.at, n);
	} else if (row->kind == FIT_REAL) {
		n = number_write_double(*(const double *)field, meta->value);
	} else if (row->kind == FIT_INT) {
		n = number_write_i64(*(const int64_t *)field, meta->value);
	} else {
		n = number_write_u64(*(const uint64_t *)field, meta->value);
	}
	meta->value[n] = '\0';
	return true;
}

bool fitting_take_meta(struct fitting *f, struct span id, char problem[FITTING_PROBLEM])
{
	const char *equals = memchr(id.at, '=', id.n);
	if (!equals)
		return true;
	struct span name = {id.at, (size_t)(equals - id.at)};
	struct span value = {equals + 1, id.n - name.n - 1};
	for (size_t i = 0; i < N; i++) {
		char own[32];
		name_of(&ROWS[i], own);
		if (span_equal(name, span_of(own)))
			return set(&ROWS[i], value, f, problem);
	}
	return true;
}

void fitting_read_meta(struct fitting *f, struct span id, const char *path)
{
	char text[QUOTED_SIZE], problem[FITTING_PROBLEM];
	if (fitting_take_meta(f, id, problem))
		return;
	if (id.n >= 5 && memcmp(id.at, "loss=", 5) == 0)
		die(STATUS_DATA, "%s: a loss unknown to this version: %s", path,
		    quoted(id.at + 5, id.n - 5, text));
	die(STATUS_DATA, "%s: meta %s: %s", path, quoted(id.at, id.n, text), problem);
}
