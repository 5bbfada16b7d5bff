#include "domain/space.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/table.h"

long space_find(const struct space *space, const char *name, size_t n)
{
	for (size_t i = 0; i < space->n; i++)
		if (strlen(space->parameters[i].name) == n &&
		    memcmp(space->parameters[i].name, name, n) == 0)
			return (long)i;
	return -1;
}

bool space_active(const struct space *space, const double *point, size_t p)
{
	const struct parameter *q = &space->parameters[p];
	if (q->parent < 0)
		return true;
	if (!space_active(space, point, (size_t)q->parent))
		return false;
	for (size_t i = 0; i < q->n_when; i++)
		if (point[q->parent] == q->when[i])
			return true;
	return false;
}

void space_settle(const struct space *space, double *point)
{
	for (size_t p = 0; p < space->n; p++)
		if (!space_active(space, point, p))
			point[p] = NAN;
}

char *space_variable(const char *name)
{
	struct buffer b = {0};
	buffer_add_text(&b, "HP_");
	for (const char *c = name; *c; c++)
		buffer_add_byte(&b, isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_');
	return buffer_text(&b);
}

void space_format(const struct parameter *p, double value, struct buffer *out)
{
	if (isnan(value))
		return;
	if (p->kind == KIND_CHOICE)
		buffer_add_text(out, p->choices[(size_t)value]);
	else
		out->n += number_write_double(value, buffer_room(out, NUMBER_SIZE));
}

bool space_parse(const struct parameter *p, const char *text, size_t n, double *value)
{
	if (p->kind == KIND_CHOICE) {
		for (size_t i = 0; i < p->n_choices; i++) {
			if (strlen(p->choices[i]) == n && memcmp(p->choices[i], text, n) == 0) {
				*value = (double)i;
				return true;
			}
		}
		return false;
	}
	return number_double(text, n, value) == NUMBER_OK && space_holds(p, *value);
}

/* The scale: logarithms of logarithmic parameters. */
static double scaled(const struct parameter *p, double x)
{
	return p->log ? log(x) : x;
}

/* The lower end of the cell of a discrete value, scaled: half a step below it, on a
 * logarithmic scale half the value where nothing above 0 is left. */
static double cell_begin(const struct parameter *p, double value)
{
	double edge = value - p->step / 2;
	return scaled(p, p->log && !(edge > 0) ? value / 2 : edge);
}

/* The ends of the scaled range; discrete parameters own half a step beyond them. */
static void range(const struct parameter *p, double *from, double *to)
{
	*from = cell_begin(p, p->low);
	*to = scaled(p, p->last + p->step / 2);
}

double space_unit(const struct parameter *p, double value)
{
	space_units(p, &value, 1);
	return value;
}

void space_units(const struct parameter *p, double *values, size_t n)
{
	double from, to;
	if (p->kind == KIND_CHOICE)
		return;
	range(p, &from, &to);
	for (size_t i = 0; i < n; i++) {
		if (isnan(values[i]))
			continue;
		double unit = to > from ? (scaled(p, values[i]) - from) / (to - from) : 0.5;
		values[i] = unit < 0 ? 0 : unit > 1 ? 1 : unit;
	}
}

/* To 10 significant digits: more say nothing, and nobody wants to read them. Powers of
 * ten to the 22nd are numbers without error, and so what they divide or multiply a whole
 * number to is the number that its digits are read as. */
static double readable(double x)
{
	enum { DIGITS = 10, EXACT = 22 };
	static const double TEN[EXACT + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
		1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	int shift = x < 0 || x > 0 ? DIGITS - 1 - (int)floor(log10(fabs(x))) : 0;
	if (shift > EXACT || shift < -EXACT) {
		char text[40];
		double value;
		int n = snprintf(text, sizeof text, "%.*g", DIGITS, x);
		return n > 0 && number_double(text, (size_t)n, &value) == NUMBER_OK ? value : x;
	}
	return shift >= 0 ? rint(x * TEN[shift]) / TEN[shift] : rint(x / TEN[-shift]) * TEN[-shift];
}

/* Level `index` without the dust of its sum: 0.3, not 0.30000000000000004. Digits that tell
 * levels apart are no dust. */
static double on_level(const struct parameter *p, double index)
{
	double x = p->low + index * p->step, clean = readable(x);
	return p->kind == KIND_FLOAT && fabs(clean - x) < 1e-6 * p->step ? clean : x;
}

double space_value(const struct parameter *p, double unit)
{
	double from, to;
	if (p->kind == KIND_CHOICE)
		return unit;
	range(p, &from, &to);
	double x = from + unit * (to - from);
	if (p->log)
		x = exp(x);
	x = p->step > 0 ? on_level(p, round((x - p->low) / p->step)) : readable(x);
	return x < p->low ? p->low : x > p->last ? p->last : x;
}

void space_cell(const struct parameter *p, double value, double *from, double *to)
{
	double low, high;
	range(p, &low, &high);
	if (!(high > low)) {
		*from = 0;
		*to = 1;
		return;
	}
	*from = (cell_begin(p, value) - low) / (high - low);
	*to = (scaled(p, value + p->step / 2) - low) / (high - low);
}

double space_levels(const struct parameter *p)
{
	if (p->kind == KIND_CHOICE)
		return (double)p->n_choices;
	if (p->low == p->high)
		return 1;
	return p->step > 0 ? floor((p->high - p->low) / p->step + 1e-9) + 1 : INFINITY;
}

double space_level(const struct parameter *p, double index)
{
	double x = p->kind == KIND_CHOICE ? index : on_level(p, index);
	return x > p->last ? p->last : x;
}

bool space_holds(const struct parameter *p, double value)
{
	if (p->kind == KIND_CHOICE)
		return value >= 0 && value < (double)p->n_choices && value == floor(value);
	return value >= p->low && value <= p->high && (p->kind == KIND_FLOAT || value == floor(value));
}

/* ---- definitions ---- */

/* What is wrong, with the text that is; the caller frees it. */
static char *problem_of(const char *problem, const char *text, size_t n)
{
	char shown[QUOTED_SIZE];
	return memory_format("%s: %s", problem, quoted(text, n, shown));
}

/* A number of a definition: NULL, or what is wrong with it. */
static char *take_number(struct span text, double *value)
{
	enum number_state state = number_double(text.at, text.n, value);
	return state == NUMBER_OK ? NULL : problem_of(number_problem(state), text.at, text.n);
}

/* Cuts `text` at `mark` into at most `most` pieces. */
static size_t cut(const char *text, size_t n, char mark, struct span *pieces, size_t most)
{
	size_t count = 0;
	struct span rest = {text, n};
	while (count < most && span_next(&rest, mark, &pieces[count]))
		count++;
	return rest.at ? most + 1 : count;
}

static bool is(struct span s, const char *word)
{
	return span_equal(s, span_of(word));
}

static char *define_choices(struct parameter *p, struct span list)
{
	struct span words[256];
	size_t n = cut(list.at, list.n, ',', words, 256);
	if (n > 256)
		return problem_of("more than 256 choices", list.at, list.n);
	p->choices = memory_zero(n, sizeof *p->choices);
	for (size_t i = 0; i < n; i++) {
		if (words[i].n == 0)
			return problem_of("an empty choice", list.at, list.n);
		for (size_t j = 0; j < i; j++)
			if (span_equal(words[i], words[j]))
				return problem_of("a duplicate choice", list.at, list.n);
		p->choices[p->n_choices++] = memory_text(words[i].at, words[i].n);
	}
	p->low = 0;
	p->high = p->last = (double)n - 1;
	return NULL;
}

/* The highest level: the end of the range, also when rounding misses it by a little. */
static void set_last(struct parameter *p)
{
	p->last = p->high;
	if (!(p->step > 0) || !isfinite(space_levels(p)))
		return;
	double last = on_level(p, space_levels(p) - 1);
	if (p->high - last > 1e-9 * p->step)
		p->last = last;
}

static char *define_range(struct parameter *p, struct span *part, size_t n)
{
	char *problem = take_number(part[1], &p->low);
	if (!problem)
		problem = take_number(part[2], &p->high);
	p->step = p->kind == KIND_INT ? 1 : 0;
	size_t all = (size_t)(part[n - 1].at + part[n - 1].n - part[0].at);
	if (!problem && n == 4)
		problem = take_number(part[3], &p->step);
	if (problem)
		return problem;
	if (n == 4) {
		if (!(p->step > 0))
			return problem_of("the step must be above 0", part[3].at, part[3].n);
		if (p->log && p->kind == KIND_FLOAT)
			return problem_of("a logarithmic float has no step", part[0].at, all);
	}
	if (p->low > p->high)
		return problem_of("the low end is above the high end", part[0].at, all);
	if (p->log && !(p->low > 0))
		return problem_of("a logarithmic range must begin above 0", part[1].at, part[1].n);
	if (p->kind == KIND_INT && (p->low != floor(p->low) || p->high != floor(p->high) ||
				    p->step != floor(p->step)))
		return problem_of("an integer's range and step must be integers", part[0].at, all);
	if (!isfinite((p->high + p->step / 2) - (p->low - p->step / 2)))
		return problem_of("the range is too wide", part[0].at, all);
	set_last(p);
	return NULL;
}

/* The name must be new, also as a variable of the environment. */
static char *check_name(const struct space *space, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return problem_of("a name has letters, digits and - _ . only", text, n);
	if (space_find(space, text, n) >= 0)
		return problem_of("a duplicate parameter", text, n);
	char *name = memory_text(text, n), *own = space_variable(name);
	bool taken = strcmp(own, "HP_TRIAL") == 0;
	for (size_t p = 0; p < space->n && !taken; p++) {
		char *other = space_variable(space->parameters[p].name);
		taken = strcmp(own, other) == 0;
		free(other);
	}
	char *problem = taken ? problem_of("its environment variable is already taken", own, strlen(own))
			      : NULL;
	free(own);
	free(name);
	return problem;
}

/* `parent=value|value` */
static char *define_condition(const struct space *space, struct parameter *p, struct span text)
{
	const char *equal = memchr(text.at, '=', text.n);
	if (!equal)
		return problem_of("a condition is NAME=VALUE|VALUE", text.at, text.n);
	size_t name = (size_t)(equal - text.at);
	p->parent = space_find(space, text.at, name);
	if (p->parent < 0)
		return problem_of("the condition names no parameter defined before", text.at, name);
	struct span values[256];
	size_t n = cut(equal + 1, text.n - name - 1, '|', values, 256);
	if (n > 256)
		return problem_of("more than 256 values", text.at, text.n);
	p->when = memory_zero(n, sizeof *p->when);
	for (size_t i = 0; i < n; i++)
		if (!space_parse(&space->parameters[p->parent], values[i].at, values[i].n,
				 &p->when[p->n_when++]))
			return problem_of("the condition's value is not a value of that parameter",
					  values[i].at, values[i].n);
	return NULL;
}

/* What stands after `name=`: range or choices, and a condition. */
static char *define(const struct space *space, struct parameter *p, const char *body)
{
	const char *condition = strrchr(body, '@');
	if (condition && !strchr(condition, '='))
		condition = NULL; /* a choice may be called me@home */
	size_t length = condition ? (size_t)(condition - body) : strlen(body);
	struct span part[4];
	size_t n = cut(body, length, ':', part, 4);
	char *problem;
	if (is(part[0], "choice") && n >= 2) {
		p->kind = KIND_CHOICE;
		size_t skip = strlen("choice:");
		problem = define_choices(p, (struct span){body + skip, length - skip});
	} else if ((n == 3 || n == 4) && (is(part[0], "float") || is(part[0], "log") ||
					  is(part[0], "int") || is(part[0], "log-int"))) {
		p->kind = is(part[0], "int") || is(part[0], "log-int") ? KIND_INT : KIND_FLOAT;
		p->log = part[0].at[0] == 'l';
		problem = define_range(p, part, n);
	} else {
		problem = problem_of("not float:LOW:HIGH[:STEP], log:LOW:HIGH, int:LOW:HIGH[:STEP], "
				     "log-int:LOW:HIGH[:STEP] or choice:A,B,...", body, length);
	}
	if (!problem && condition)
		problem = define_condition(space, p, span_of(condition + 1));
	return problem;
}

static void parameter_free(struct parameter *p)
{
	for (size_t c = 0; c < p->n_choices; c++)
		free(p->choices[c]);
	free(p->choices);
	free(p->when);
	free(p->name);
	free(p->definition);
}

char *space_add(struct space *space, const char *text)
{
	struct parameter p = {.parent = -1};
	const char *equal = strchr(text, '=');
	size_t name = equal ? (size_t)(equal - text) : 0;
	if (name == 0)
		return problem_of("a parameter is NAME=KIND:...", text, strlen(text));
	if (text[strcspn(text, "\t\n\r")])
		return problem_of("a TAB or newline is not allowed in a study", text,
				  strlen(text));
	char *problem = check_name(space, text, name);
	if (!problem)
		problem = define(space, &p, equal + 1);
	if (problem) {
		parameter_free(&p);
		return problem;
	}
	p.name = memory_text(text, name);
	p.definition = memory_text(equal + 1, strlen(equal + 1));
	space->parameters = memory_resize(space->parameters, space->n + 1, sizeof p);
	space->parameters[space->n++] = p;
	return NULL;
}

void space_free(struct space *space)
{
	for (size_t i = 0; i < space->n; i++)
		parameter_free(&space->parameters[i]);
	free(space->parameters);
	*space = (struct space){0};
}

/* A field of the row, or nothing where the file has no such column. */
static struct span optional(const struct table *t, long column)
{
	return column < 0 ? (struct span){"", 0} : table_field(t, (size_t)column);
}

void space_read(struct space *space, struct table *t)
{
	size_t name = table_column(t, column_called("name")), kind = table_column(t, column_called("kind"));
	long low = table_find_column(t, "low"), high = table_find_column(t, "high");
	long scale = table_find_column(t, "scale"), step = table_find_column(t, "step");
	long choices = table_find_column(t, "choices"), condition = table_find_column(t, "condition");
	while (table_next(t)) {
		struct buffer text = {0};
		struct span k = table_field(t, kind), s = optional(t, scale);
		bool log = is(s, "log");
		if (s.n && !log && !is(s, "linear"))
			table_reject(t, (size_t)scale, "not linear or log");
		buffer_add_span(&text, table_field(t, name));
		buffer_add_byte(&text, '=');
		if (is(k, "categorical") || is(k, "choice")) {
			buffer_add_text(&text, "choice:");
			buffer_add_span(&text, optional(t, choices));
		} else {
			if (!is(k, "float") && !is(k, "int"))
				table_reject(t, kind, "not float, int or categorical");
			buffer_add_text(&text, is(k, "int") ? (log ? "log-int" : "int")
					: (log ? "log" : "float"));
			buffer_add_byte(&text, ':');
			buffer_add_span(&text, optional(t, low));
			buffer_add_byte(&text, ':');
			buffer_add_span(&text, optional(t, high));
			if (optional(t, step).n) {
				buffer_add_byte(&text, ':');
				buffer_add_span(&text, optional(t, step));
			}
		}
		if (optional(t, condition).n) {
			buffer_add_byte(&text, '@');
			buffer_add_span(&text, optional(t, condition));
		}
		char *problem = space_add(space, buffer_text(&text));
		if (problem)
			die(STATUS_DATA, "%s:%llu: %s", table_file(t), (unsigned long long)table_line(t),
			    problem);
		buffer_free(&text);
	}
	table_close(t);
}
