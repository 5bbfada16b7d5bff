/* plan.h - what is written of a row: columns of the input under their new names, constants,
 * values of kinds; and which rows.
 *
 * The cells of a row are its fields, after the name of its section where there are sections; of
 * a matrix (--wide) there are three for each value: row, column, value.
 */
#ifndef RECPIPE_IMPORT_TABLE_PLAN_H
#define RECPIPE_IMPORT_TABLE_PLAN_H

#include "base/date-format.h"
#include "data/condition.h"
#include "data/kinds.h"
#include "settings.h"
#include "streams/columns.h"

enum out_kind { OUT_CELL, OUT_TEXT, OUT_FILE, OUT_VALUE, OUT_FIRST, OUT_RATIO };

struct out_column {
	struct span name;
	enum out_kind kind;
	size_t cell;             /* OUT_CELL */
	struct span text;        /* OUT_TEXT */
	size_t over, n_over;     /* OUT_FIRST, and the dividend of OUT_RATIO: the cells, in plan.sources, of */
	size_t n_under;          /* which the first that is not empty counts; the divisor's come after them */
	bool number, dated;      /* it must be a number; it is a point in time */
	bool undated;            /* --date COLUMN=none: it stays as it is */
	struct date_form form;   /* of what is dated */
};

struct plan {
	struct columns cells;    /* their names */
	size_t width;            /* fields that a row must have */
	struct out_column *outs;
	size_t n_outs, outs_capacity;
	size_t *sources;         /* cells that columns are made of */
	size_t n_sources, sources_capacity;
	struct condition *wheres;
	size_t n_wheres;
	struct kinds kinds;      /* of --value */
	size_t kind_cell;
	long list;               /* the cell of --split-list, or -1 */
	char list_separator[SEPARATOR_SIZE];
	size_t room, copies;     /* bytes that a row needs without its cells; how often one is written */
	struct buffer names;     /* of the cells */
};

/* `names`: the columns of the input, TABs between them. `file` is for messages. Ends the program
 * where an option names what is not there. */
void plan_make(struct plan *p, const struct options *o, const struct settings *s, struct span names,
	       const char *file);

/* ---- for the files of plan_make ---- */

/* A cell by its name, or its number (#2); ends the program where there is none. */
size_t plan_cell(const struct plan *p, struct span name, const char *option, const char *file);

/* Ends the program where there already is a column of that name. */
void plan_add(struct plan *p, struct out_column column, const char *option);

/* Is the text of --map A|B, A/B or both, and no column's name? */
bool derived_is(const struct plan *p, struct span text, const char *file);

/* Adds the column that such a text describes. */
void derived_add(struct plan *p, struct span name, struct span text, const char *file);

/* ---- after it ---- */

/* The command that reads other files in the same way, without guesses. */
void plan_command(const struct plan *p, const struct options *o, const struct settings *s, char **files,
		  int count, struct buffer *command);

void plan_free(struct plan *p);

#endif
