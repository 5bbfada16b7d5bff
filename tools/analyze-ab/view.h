/* view.h - effects shown: TSV for machines, an aligned table for people. */
#ifndef RECPIPE_ANALYZE_AB_VIEW_H
#define RECPIPE_ANALYZE_AB_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compare.h"
#include "streams/output.h"

struct view {
	struct output *out;
	const struct analysis_options *options;
	bool table, color, segment, day, decision; /* which columns there are */
	struct rows all;                    /* kept for the table, with the next two */
	const char **experiment, **days;
	size_t capacity[2];
	uint64_t rows;                      /* shown */
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

/* A TAB, and a number: nan is empty. */
void output_number(struct output *out, double x);

#endif
