/* log.h - the events log: whole rows, appended under the file's lock, kept when the disk
 * is full, opened again on SIGHUP. */
#ifndef RECPIPE_NEXT_TRACK_LOG_H
#define RECPIPE_NEXT_TRACK_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct log_options {
	const char *path;
	bool json;              /* no header; rows begin with LOG_JSON_START */
	bool sync;              /* rows are on disk before log_commit returns */
	uint64_t memory_bytes;  /* of rows that wait for the disk */
};

#define LOG_JSON_START "{\"message\": \""

struct log {
	struct log_options o;
	int file;
	bool regular;           /* a file with an end: shared, locked, repaired */
	bool readable;          /* its beginning and end can be looked at */
	bool lockable;
	bool begun;             /* answers are given: nothing may wait long */
	bool named;             /* it had a name when it was opened */
	int64_t size;           /* of the file when this process wrote last; -1: look at it */
	struct buffer header;   /* of the TSV form, with its LF */
	struct buffer rows;     /* not written yet */
	size_t partial;         /* what is no file: bytes that the first row still lacks */
	bool failing;           /* it has been said */
	double next_open;       /* of a file that could not be opened; clock_wall() */
	uint64_t lost;          /* rows given up */
	double next_tell;       /* ... which is reported at most this often */
};

/* Opens the file for appending: cuts off a torn last row, which is reported, and writes the
 * header into an empty file, all under its lock. Exit 1 or 3 when that is not possible.
 * From now on SIGHUP is caught, and what waits when SIGTERM or SIGINT end the program is
 * written first, as far as the disk lets it. There is one log. */
void log_open(struct log *log, const struct log_options *o, const char *header);

/* SIGHUP is caught without a log, too; how often it came (a number that changes). */
void hangup_catch(void);
int hangup_count(void);

/* Writes what is collected, as far as the disk lets it; reopens the path first when
 * SIGHUP came since the last call, or the file was removed. What goes wrong is said, and
 * tried again; rows beyond the memory for them are lost, the oldest first. */
void log_flush(struct log *log);

/* Writes it all, and returns when it is on disk: waits when the disk is full. False: a
 * signal that ends the program came in such a wait. Exit 1 when a sync fails. */
bool log_commit(struct log *log);

/* Flushes and closes; false when rows are lost, and how many is reported. */
bool log_close(struct log *log);

#endif
