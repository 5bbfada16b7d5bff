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
	uint64_t lost;          /* rows given up */
};

/* Opens the file for appending; a new or empty one gets the header. */
void log_open(struct log *log, const char *path, bool json, const char *header);

/* Opens the path anew when SIGHUP came since the last call. */
void log_reopen(struct log *log);

/* Writes what is collected, as far as the disk lets it. */
void log_flush(struct log *log);

/* The same, at the end; false when rows are lost. */
bool log_close(struct log *log);

/* A value as JSON: a number as it is, anything else as a string. */
void log_json(struct buffer *b, struct span text);

#endif
