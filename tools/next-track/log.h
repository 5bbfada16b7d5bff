/* log.h - the events log: whole rows appended, kept when the disk is full, opened
 * again on SIGHUP. */
#ifndef NEXT_TRACK_LOG_H
#define NEXT_TRACK_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

struct log {
	const char *path;
	int file;
	bool json;
	struct buffer header;   /* of the TSV form, with its LF */
	struct buffer rows;     /* not written yet */
	size_t partial;         /* bytes of the first row that are written already */
	bool failing;           /* it has been said */
	double next_open;       /* of a file that could not be opened; clock_wall() */
	uint64_t lost;          /* rows given up */
};

/* Opens the file for appending; a new or empty one gets the header. Exit 1 or 3 when that
 * is not possible. From now on SIGHUP is caught, and what waits when SIGTERM or SIGINT end
 * the program is written first, as far as the disk lets it. There is one log. */
void log_open(struct log *log, const char *path, bool json, const char *header);

/* Writes what is collected, as far as the disk lets it; opens the path anew first when
 * SIGHUP came since the last call. What goes wrong is said, and tried again. */
void log_flush(struct log *log);

/* The same, at the end; false when rows are lost. */
bool log_close(struct log *log);

#endif
