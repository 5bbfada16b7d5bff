/* file-age.h - is a file older than --max-age? */
#ifndef RECPIPE_NEXT_TRACK_FILE_AGE_H
#define RECPIPE_NEXT_TRACK_FILE_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct file_age {
	double max_age_s;        /* 0: it does not age */
	int64_t written_ms;      /* 0: not known */
	bool stale;
};

/* When the file was written; where it ages and that cannot be told, false: see the failure (NULL: ends
 * the program). */
bool file_age_note(struct file_age *a, const char *path, double max_age_s, struct failure *failure);

/* Is it too old? The first time is reported, of `what`. */
bool file_age_is_over(struct file_age *a, const char *what);

#endif
