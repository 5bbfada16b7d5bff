/* output.h - buffered output whose every write and final close are checked.
 *
 * What a path names is replaced when all is written: the new file has no name until
 * output_close has synced it (temporary.h), so a killed tool leaves the old one whole
 * and nothing beside it. Symbolic links are followed, also to what does not exist yet;
 * a pipe or a device is written as it is (target.h). A path that ends in .gz or .zst is
 * compressed (compress.h); one in .xz or of another kind is a usage error. Any failure ends the program with
 * exit 1, the old file in place; only when the folder cannot be synced or a file cannot
 * be closed after that, the new one is there, whole.
 */
#ifndef RECPIPE_STREAMS_OUTPUT_H
#define RECPIPE_STREAMS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/failure.h"
#include "base/number.h"
#include "base/span.h"
#include "streams/packed.h"
#include "streams/target.h"
#include "streams/temporary.h"

struct output {
	char *data;
	size_t n, capacity;
	int file;
	bool by_line;      /* flush at each output_end_row */
	bool memory;       /* output_open_memory's */
	char *path;        /* NULL: standard output */
	struct target target;
	struct temporary *temporary; /* NULL: written as it is */
	struct output *next;         /* the others that are open */
	struct packing *packing;     /* what is written is packed by it (packing.h), into `packed` */
	struct buffer packed;
	struct compressor *compressor; /* by the name's end (compress.h), into `compressed` */
	struct buffer compressed;
	struct failure *failure;     /* NULL: what fails ends the program */
};

/* Standard output when `path` is NULL or "-". `line_buffered` or a terminal:
 * flushed at each row. A file that this program is writing already is a usage error:
 * what the options' table cannot see (a file in a folder that was given). */
struct output *output_open(const char *path, bool line_buffered);

/* The same, in blocks, for a caller who wants to know: NULL when that fails. What fails
 * later is in `failure`, too; what comes after it goes nowhere, and output_close leaves
 * the old file in place. Signals and exit are left alone, and whether something else
 * writes the same file is not looked at. */
struct output *output_open_or(const char *path, struct failure *failure);

/* The same for a file that others watch while it grows: emptied with the first row, and written
 * in place; until then what was there stays. output_close syncs it; output_abandon leaves it as it is. */
struct output *output_open_live(const char *path);

/* What a thread writes that another one shall put into a file: it stays in memory. */
struct output *output_open_memory(void);

/* Adds what was written to `part`, one of output_open_memory, which is empty then. Whole rows. */
void output_append(struct output *out, struct output *part);

/* From now on the rows that are written, header first, go into a packed file of this kind
 * (streams/packed.h). Nothing was written yet. A terminal is a usage error. */
void output_pack(struct output *out, enum packed_kind kind);

/* The same for lists whose scores are doubles. */
void output_pack_doubles(struct output *out);

/* A row of a model (packing_add_model_row), for an output that is packed. */
void output_model_row(struct output *out, uint32_t side, struct span id, float bias, const float *factors,
		      uint32_t n);

/* Puts `n` sections of the writer's own into the packed file; they stay the caller's until
 * output_close. */
struct packing_section;
void output_pack_also(struct output *out, const struct packing_section *sections, size_t n);

void output_flush(struct output *out);

/* output_room's rare case: flushes whole rows, and grows where the begun one and `n` bytes are more.
 * So a program that ends with an error after that leaves no part of a row, unless one row alone
 * fills the buffer. */
void output_make_room(struct output *out, size_t n);

/* Room for at least `n` more bytes; advance `n` yourself afterwards. */
static inline char *output_room(struct output *out, size_t n)
{
	if (out->capacity - out->n < n)
		output_make_room(out, n);
	return out->data + out->n;
}

static inline void output_bytes(struct output *out, const char *bytes, size_t n)
{
	char *to = output_room(out, n);
	if (n)
		memcpy(to, bytes, n);
	out->n += n;
}

static inline void output_span(struct output *out, struct span s)
{
	output_bytes(out, s.at, s.n);
}

static inline void output_text(struct output *out, const char *text)
{
	output_bytes(out, text, strlen(text));
}

static inline void output_byte(struct output *out, char c)
{
	*output_room(out, 1) = c;
	out->n++;
}

static inline void output_tab(struct output *out)
{
	output_byte(out, '\t');
}

static inline void output_double(struct output *out, double x)
{
	out->n += number_write_double(x, output_room(out, NUMBER_SIZE));
}

static inline void output_float(struct output *out, float x)
{
	out->n += number_write_float(x, output_room(out, NUMBER_SIZE));
}

static inline void output_u64(struct output *out, uint64_t x)
{
	out->n += number_write_u64(x, output_room(out, NUMBER_SIZE));
}

static inline void output_i64(struct output *out, int64_t x)
{
	out->n += number_write_i64(x, output_room(out, NUMBER_SIZE));
}

/* Ends the row with LF. */
static inline void output_end_row(struct output *out)
{
	output_byte(out, '\n');
	if (out->by_line)
		output_flush(out);
}

/* Flushes, syncs, renames, closes; frees. False when the failure has a reason to. */
bool output_close(struct output *out);

/* Gives the file up: removes the temporary, leaves the old file; frees. */
void output_abandon(struct output *out);

/* Removes the temporaries of all open outputs; safe in a signal handler. */
void output_remove_temporaries(void);

/* SIGINT, SIGTERM and SIGHUP do that and then call `end`, which ends the program, as their default
 * does once a file has a temporary. */
void output_catch_signals(void (*end)(int));

#endif
