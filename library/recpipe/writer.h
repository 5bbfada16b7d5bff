/* writer.h - TSV written so that a file is whole or is not there.
 *
 * The file takes its place when rcp_writer_close has synced it; until then an old one
 * stays as it is. The first row is the header: every other has as many fields.
 *
 * The first failure is kept. What is written after it goes nowhere and returns the same
 * status, so it is enough to look at what rcp_writer_close returns.
 */
#ifndef RECPIPE_WRITER_H
#define RECPIPE_WRITER_H

#include <stdint.h>

#include <recpipe/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rcp_writer;

/* NULL or "-" is standard output; a path that ends in .gz or .zst is compressed, one in .xz
 * is RCP_USAGE. `*writer` is there also when this fails, for rcp_writer_message and
 * rcp_writer_close; NULL only when memory is out. */
enum rcp_status rcp_writer_open(struct rcp_writer **writer, const char *path);

/* The row's next field. RCP_USAGE when it has a TAB, LF or NUL in it, or begins the header
 * with what a reader takes for another format: a byte order mark, gzip, zstd, xz. */
enum rcp_status rcp_writer_field(struct rcp_writer *writer, const char *at, size_t n);
enum rcp_status rcp_writer_text(struct rcp_writer *writer, const char *text);

/* The shortest text that reads back to the same number; nan and infinities are RCP_USAGE. */
enum rcp_status rcp_writer_double(struct rcp_writer *writer, double value);
enum rcp_status rcp_writer_float(struct rcp_writer *writer, float value);
enum rcp_status rcp_writer_i64(struct rcp_writer *writer, int64_t value);
enum rcp_status rcp_writer_u64(struct rcp_writer *writer, uint64_t value);

/* RCP_USAGE when the row is blank, ends in CR, or has another number of fields than the
 * first. */
enum rcp_status rcp_writer_end_row(struct rcp_writer *writer);

enum rcp_status rcp_writer_status(const struct rcp_writer *writer);
const char *rcp_writer_message(const struct rcp_writer *writer);

/* Writes and syncs what is left and puts the file into its place, if nothing has failed;
 * otherwise it is as rcp_writer_abandon. RCP_USAGE without a header. Frees the writer either
 * way. With `message` (at least RCP_MESSAGE bytes, or NULL) says what failed. NULL is
 * allowed. */
enum { RCP_MESSAGE = 2048 };
enum rcp_status rcp_writer_close(struct rcp_writer *writer, char *message);

/* Gives the file up, leaves the old one, frees the writer. */
void rcp_writer_abandon(struct rcp_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
