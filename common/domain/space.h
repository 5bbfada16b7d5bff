/* space.h - a search space: named parameters with ranges or choices, some of which
 * exist only where another one has a certain value.
 *
 * A point has one double a parameter: the number, or the index of a choice, or
 * nan where the parameter's condition does not hold. Samplers work in units: every
 * parameter's range, on its scale, mapped to 0 ... 1.
 */
#ifndef RECPIPE_DOMAIN_SPACE_H
#define RECPIPE_DOMAIN_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "streams/table.h"

enum parameter_kind { KIND_FLOAT, KIND_INT, KIND_CHOICE };

struct parameter {
	char *name;
	enum parameter_kind kind;
	bool log;
	double low, high;  /* inclusive; of choices the indexes */
	double step;       /* 0: continuous; by default 1 for an integer */
	double last;       /* the highest of low, low + step, ...; high where they meet it */
	char **choices;    /* KIND_CHOICE */
	size_t n_choices;
	long parent;       /* the parameter that the condition is about, or -1; comes before */
	double *when;      /* its values (or choices) for which this one is active */
	size_t n_when;
	char *definition;  /* as --param takes it, without the name */
};

struct space {
	struct parameter *parameters;
	size_t n;
};

/* Adds `name=definition` and returns NULL, or adds nothing and returns what is wrong with
 * it, which the caller frees. */
char *space_add(struct space *space, const char *text);

/* Adds the rows of a space file (name kind low high scale step choices condition), and closes it. */
void space_read(struct space *space, struct table *t);

void space_free(struct space *space);

/* Index of the parameter, or -1. */
long space_find(const struct space *space, const char *name, size_t n);

/* Does the condition of parameter `p` hold in this point? */
bool space_active(const struct space *space, const double *point, size_t p);

/* Sets what is not active to nan: the one form of a point. */
void space_settle(const struct space *space, double *point);

/* The value as text; nothing when nan. */
void space_format(const struct parameter *p, double value, struct buffer *out);

/* Text to value; false when it is no value of this parameter. */
bool space_parse(const struct parameter *p, const char *text, size_t n, double *value);

/* Is it a value of the parameter: within its range, whole where it has to be? It need not
 * be on a level of the step: a user may have enqueued it. */
bool space_holds(const struct parameter *p, double value);

/* Value to unit and back (back: rounded to the step, kept in the range). Units of
 * a discrete parameter are the middles of its cells; a choice's unit is its index. */
double space_unit(const struct parameter *p, double value);

/* The same of n values, in their place; nan stays. */
void space_units(const struct parameter *p, double *values, size_t n);
double space_value(const struct parameter *p, double unit);

/* The cell of a discrete value in units: from ... to. */
void space_cell(const struct parameter *p, double value, double *from, double *to);

/* Number of different values; infinity for a continuous one. */
double space_levels(const struct parameter *p);

/* The value of a level, from 0, of a parameter that has levels. */
double space_level(const struct parameter *p, double index);

/* The name of the environment variable that holds the value in a trial's command:
 * HP_LEARNING_RATE for learning-rate. The caller frees it. */
char *space_variable(const char *name);

#endif
