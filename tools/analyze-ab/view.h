/* view.h - effects shown: TSV for machines, an aligned table for people. */
#ifndef VIEW_H
#define VIEW_H

#include "compare.h"

struct view {
	struct output *out;
	const struct how *how;
	bool table, colour, segment, day;   /* which columns there are */
	struct rows all;                    /* kept for the table, with the next two */
	const char **experiment, **days;
	size_t capacity[2];
};

/* The end of a day: its name, and its share of all tracks in finished sessions. */
struct view_day {
	const char *name;
	double share;
};

/* The header of TSV. */
void view_header(const struct view *v);

/* Shows an experiment's rows; the table keeps them (and the texts) until view_end.
 * `day` may be NULL. */
void view_rows(struct view *v, const char *experiment, const struct rows *rows,
	       const struct view_day *day);

void view_end(const struct view *v);

/* ---- plans (plan.c) ---- */

/* Users an arm, and days at the log's rate of users (`days` of them; nan: not known),
 * that it takes to see each of `shares` of the control's mean. */
void write_plan(const struct experiment_data *d, const double *shares, size_t n_shares, double days,
		struct output *out);

/* A TAB, and a number: nan is empty. */
void put_number(struct output *out, double x);

#endif
