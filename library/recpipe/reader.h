/* reader.h - TSV and CSV, plain or compressed (gzip, zstd, xz), read as rows of named columns.
 *
 * What is accepted and what is bad data is that of all tools: recpipe-formats(5).
 */
#ifndef RECPIPE_READER_H
#define RECPIPE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <recpipe/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rcp_reader;

/* How the input is to be read; zeroed: TSV with a header, the first bad row ends it. */
struct rcp_format {
	bool csv;            /* read CSV instead of TSV */
	bool no_header;      /* there is no header line: `columns` has the names */
	bool skip_bad;       /* count bad rows and go on; that all are bad is a failure still */
	const char *columns; /* "a,b,c": names instead of the header's, or NULL */
};

/* Opens files, which are one stream (their headers must be the same); "-", or a count of
 * 0, is standard input. `format` may be NULL. `*reader` is there also when this fails, for
 * rcp_reader_message and rcp_reader_close; NULL only when memory is out. */
enum rcp_status rcp_reader_open(struct rcp_reader **reader, const char *const *paths, int count,
				const struct rcp_format *format);

/* Frees everything; NULL is allowed. Returns what failed first, if anything. */
enum rcp_status rcp_reader_close(struct rcp_reader *reader);

/* What failed, and the one line that says so, with file and line where they are known, and
 * escaped for a terminal. RCP_OK when nothing did; the message is "" then, or that of the
 * last rcp_reader_column which found none. */
enum rcp_status rcp_reader_status(const struct rcp_reader *reader);
const char *rcp_reader_message(const struct rcp_reader *reader);

size_t rcp_reader_width(const struct rcp_reader *reader);
struct rcp_text rcp_reader_column_name(const struct rcp_reader *reader, size_t column);

/* The number of the column, from 0; -1 when there is none of that name, or several. The
 * message says so then and names the others, but the reader has not failed. */
long rcp_reader_column(struct rcp_reader *reader, const char *name);

/* Steps to the next good row: 1; 0 at the end, -1 when it fails, then and ever after. */
int rcp_reader_next(struct rcp_reader *reader);

/* A field of the current row, valid until the next step. {NULL, 0}: there is none. */
struct rcp_text rcp_reader_field(const struct rcp_reader *reader, size_t column);

/* A field as a number: the whole field, `.` in every locale, no blanks, no nan. False when
 * it is not one, or out of range: then the row is a bad one, and rcp_reader_next fails or,
 * with skip_bad, steps over it. */
bool rcp_reader_double(struct rcp_reader *reader, size_t column, double *value);
bool rcp_reader_float(struct rcp_reader *reader, size_t column, float *value);
bool rcp_reader_i64(struct rcp_reader *reader, size_t column, int64_t *value);
bool rcp_reader_u64(struct rcp_reader *reader, size_t column, uint64_t *value);

/* The caller's own reason why the current row is bad, such as "not a country". */
void rcp_reader_reject(struct rcp_reader *reader, size_t column, const char *problem);

/* The current row's file and line; data rows so far, and how many of them were bad. */
const char *rcp_reader_file(const struct rcp_reader *reader);
uint64_t rcp_reader_line(const struct rcp_reader *reader);
uint64_t rcp_reader_rows(const struct rcp_reader *reader);
uint64_t rcp_reader_rejected(const struct rcp_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
