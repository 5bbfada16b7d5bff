/* report.h - what a line of a trial's output says. */
#ifndef RECPIPE_TUNE_HPARAMS_REPORT_H
#define RECPIPE_TUNE_HPARAMS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPORT_WORD = 24 };

struct report {
	int64_t step;            /* -1: a lone number */
	double value;            /* nan when the number cannot be compared */
	char word[REPORT_WORD];  /* how it was written then: nan, inf, 1e999; else empty */
};

/* `step TAB value` or `value`, with blanks around either; nan, infinities and what a double
 * cannot hold are such values, too. False for any other line: it is talk. */
bool report_read(const char *line, size_t n, struct report *report);

#endif
