#include "domain/space.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/options.h"
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

/* What a definition is read from, for messages. */
struct place {
	const char *where;
	int status;
};

_Noreturn static void refuse(const struct place *at, const char *problem, const char *text, size_t n)
{
	char shown[QUOTED_SIZE];
	quoted(text, n, shown);
	if (at->status == STATUS_USAGE)
		usage_error("%s: %s: %s", at->where, problem, shown);
	die(STATUS_DATA, "%s: %s: %s", at->where, problem, shown);
}

static double number_of(const struct place *at, const char *text, size_t n)
{
	double value;
	enum number_state state = number_double(text, n, &value);
	if (state != NUMBER_OK)
		refuse(at, number_problem(state), text, n);
	return value;
}

/* Cuts `text` at `mark` into at most `most` pieces. */
static size_t cut(const char *text, size_t n, char mark, struct span *pieces, size_t most)
{
	size_t count = 0, from = 0;
	for (size_t i = 0; i <= n && count < most; i++) {
		if (i == n || text[i] == mark) {
			pieces[count++] = (struct span){text + from, i - from};
			from = i + 1;
		}
	}
	return from > n ? count : most + 1;
}

static bool is(struct span s, const char *word)
{
	return span_equal(s, span_of(word));
}

static void define_choices(struct parameter *p, const struct place *at, struct span list)
{
	struct span words[256];
	size_t n = cut(list.at, list.n, ',', words, 256);
	if (n > 256)
		refuse(at, "more than 256 choices", list.at, list.n);
	p->choices = memory_zero(n, sizeof *p->choices);
	for (size_t i = 0; i < n; i++) {
		if (words[i].n == 0)
			refuse(at, "an empty choice", list.at, list.n);
		for (size_t j = 0; j < i; j++)
			if (span_equal(words[i], words[j]))
				refuse(at, "a choice occurs twice", list.at, list.n);
		p->choices[p->n_choices++] = memory_text(words[i].at, words[i].n);
	}
	p->low = 0;
	p->high = p->last = (double)n - 1;
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

static void define_range(struct parameter *p, const struct place *at, struct span *part, size_t n)
{
	p->low = number_of(at, part[1].at, part[1].n);
	p->high = number_of(at, part[2].at, part[2].n);
	p->step = p->kind == KIND_INT ? 1 : 0;
	size_t all = (size_t)(part[n - 1].at + part[n - 1].n - part[0].at);
	if (n == 4) {
		p->step = number_of(at, part[3].at, part[3].n);
		if (!(p->step > 0))
			refuse(at, "the step must be above 0", part[3].at, part[3].n);
		if (p->log && p->kind == KIND_FLOAT)
			refuse(at, "a logarithmic float has no step", part[0].at, all);
	}
	if (p->low > p->high)
		refuse(at, "the low end is above the high end", part[0].at, all);
	if (p->log && !(p->low > 0))
		refuse(at, "a logarithmic range must begin above 0", part[1].at, part[1].n);
	if (p->kind == KIND_INT && (p->low != floor(p->low) || p->high != floor(p->high) ||
				    p->step != floor(p->step)))
		refuse(at, "an integer's range and step must be integers", part[0].at, all);
	if (!isfinite((p->high + p->step / 2) - (p->low - p->step / 2)))
		refuse(at, "the range is too wide", part[0].at, all);
	set_last(p);
}

/* The name must be new, also as a variable of the environment. */
static void check_name(const struct space *space, const struct place *at, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			refuse(at, "a name has letters, digits and - _ . only", text, n);
	if (space_find(space, text, n) >= 0)
		refuse(at, "a parameter is defined twice", text, n);
	char *name = memory_text(text, n), *own = space_variable(name);
	bool taken = strcmp(own, "HP_TRIAL") == 0;
	for (size_t p = 0; p < space->n && !taken; p++) {
		char *other = space_variable(space->parameters[p].name);
		taken = strcmp(own, other) == 0;
		free(other);
	}
	if (taken)
		refuse(at, "its variable in the environment is taken already", own, strlen(own));
	free(own);
	free(name);
}

/* `parent=value|value` */
static void define_condition(struct space *space, struct parameter *p, const struct place *at,
			     struct span text)
{
	const char *equal = memchr(text.at, '=', text.n);
	if (!equal)
		refuse(at, "a condition is NAME=VALUE|VALUE", text.at, text.n);
	size_t name = (size_t)(equal - text.at);
	p->parent = space_find(space, text.at, name);
	if (p->parent < 0)
		refuse(at, "the condition names no parameter defined before", text.at, name);
	struct span values[256];
	size_t n = cut(equal + 1, text.n - name - 1, '|', values, 256);
	if (n > 256)
		refuse(at, "more than 256 values", text.at, text.n);
	p->when = memory_zero(n, sizeof *p->when);
	for (size_t i = 0; i < n; i++)
		if (!space_parse(&space->parameters[p->parent], values[i].at, values[i].n,
				 &p->when[p->n_when++]))
			refuse(at, "the condition's value is none of that parameter",
			       values[i].at, values[i].n);
}

void space_add(struct space *space, const char *text, const char *where, int status)
{
	const struct place at = {where, status};
	struct parameter p = {.parent = -1};
	const char *equal = strchr(text, '=');
	size_t name = equal ? (size_t)(equal - text) : 0;
	if (name == 0)
		refuse(&at, "a parameter is NAME=KIND:..", text, strlen(text));
	if (text[strcspn(text, "\t\n\r")])
		refuse(&at, "a study has no place for a TAB or the end of a line", text, strlen(text));
	check_name(space, &at, text, name);
	const char *body = equal + 1, *condition = strrchr(body, '@');
	if (condition && !strchr(condition, '='))
		condition = NULL; /* a choice may be called me@home */
	size_t length = condition ? (size_t)(condition - body) : strlen(body);
	struct span part[4];
	size_t n = cut(body, length, ':', part, 4);
	if (is(part[0], "choice") && n >= 2) {
		p.kind = KIND_CHOICE;
		size_t skip = strlen("choice:");
		define_choices(&p, &at, (struct span){body + skip, length - skip});
	} else if ((n == 3 || n == 4) && (is(part[0], "float") || is(part[0], "log") ||
					  is(part[0], "int") || is(part[0], "log-int"))) {
		p.kind = is(part[0], "int") || is(part[0], "log-int") ? KIND_INT : KIND_FLOAT;
		p.log = part[0].at[0] == 'l';
		define_range(&p, &at, part, n);
	} else {
		refuse(&at, "not float:LOW:HIGH[:STEP], log:LOW:HIGH, int:LOW:HIGH[:STEP], "
		       "log-int:LOW:HIGH[:STEP] or choice:A,B,...", body, length);
	}
	if (condition)
		define_condition(space, &p, &at, span_of(condition + 1));
	p.name = memory_text(text, name);
	p.definition = memory_text(body, strlen(body));
	space->parameters = memory_resize(space->parameters, space->n + 1, sizeof p);
	space->parameters[space->n++] = p;
}

void space_free(struct space *space)
{
	for (size_t i = 0; i < space->n; i++) {
		struct parameter *p = &space->parameters[i];
		for (size_t c = 0; c < p->n_choices; c++)
			free(p->choices[c]);
		free(p->choices);
		free(p->when);
		free(p->name);
		free(p->definition);
	}
	free(space->parameters);
	*space = (struct space){0};
}

/* A field of the row, or nothing where the file has no such column. */
static struct span optional(const struct table *t, long column)
{
	return column < 0 ? (struct span){"", 0} : table_field(t, (size_t)column);
}

void space_read(struct space *space, const char *path)
{
	struct table *t = table_open_file(path);
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
		char *where = memory_format("%s:%llu", table_file(t),
					    (unsigned long long)table_line(t));
		space_add(space, buffer_text(&text), where, STATUS_DATA);
		free(where);
		buffer_free(&text);
	}
	table_close(t);
}
