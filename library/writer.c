#include <recpipe/writer.h>

#include <math.h>
#include <stdlib.h>

#include "guard.h"
#include "streams/decompress.h"
#include "streams/hints.h"
#include "streams/output.h"
#include "streams/packed.h"

struct rcp_writer {
	struct failure failure;
	struct guard guard;
	struct output *output;
	size_t fields, width; /* of this row; of the first one, 0: it is not ended yet */
	bool blank;           /* no byte in this row yet */
	bool ends_in_cr;      /* the field written last */
};

enum rcp_status rcp_writer_open(struct rcp_writer **writer, const char *path)
{
	struct rcp_writer *w = *writer = calloc(1, sizeof *w);
	if (!w)
		return RCP_FAILED;
	if (GUARD(&w->guard, &w->failure, true))
		w->output = output_open_or(path, &w->failure);
	guard_end();
	w->blank = true;
	return rcp_writer_status(w);
}

enum rcp_status rcp_writer_status(const struct rcp_writer *w)
{
	return (enum rcp_status)w->failure.status;
}

const char *rcp_writer_message(const struct rcp_writer *w)
{
	return w->failure.text;
}

static void put_field(struct rcp_writer *w, const char *at, size_t n)
{
	if (w->fields++)
		output_tab(w->output);
	output_bytes(w->output, at, n);
	w->blank = w->blank && n == 0;
	w->ends_in_cr = n > 0 && at[n - 1] == '\r';
}

/* Would a reader not take these bytes as the beginning of a header? */
static bool is_no_beginning(const char *at, size_t n)
{
	return hint_binary((struct span){at, n}) || (n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) ||
		compression_of((struct span){at, n}) != COMPRESSION_NONE || packed_begins(at, n);
}

enum rcp_status rcp_writer_field(struct rcp_writer *w, const char *at, size_t n)
{
	char shown[QUOTED_SIZE];
	if (has_failed(&w->failure))
		return rcp_writer_status(w);
	if (n && (memchr(at, '\t', n) || memchr(at, '\n', n) || memchr(at, '\0', n)))
		failure_set(&w->failure, STATUS_USAGE, "a field with a TAB, LF or NUL in it: %s",
			    quoted(at, n, shown));
	else if (n && !w->width && !w->fields && is_no_beginning(at, n))
		failure_set(&w->failure, STATUS_USAGE, "a header that begins with the mark of another format: %s",
			    quoted(at, n, shown));
	else if (GUARD(&w->guard, &w->failure, false))
		put_field(w, at, n);
	guard_end();
	return rcp_writer_status(w);
}

enum rcp_status rcp_writer_text(struct rcp_writer *w, const char *text)
{
	return rcp_writer_field(w, text, strlen(text));
}

static enum rcp_status no_number(struct rcp_writer *w)
{
	failure_set(&w->failure, STATUS_USAGE, "a number that is not finite");
	return rcp_writer_status(w);
}

enum rcp_status rcp_writer_double(struct rcp_writer *w, double value)
{
	char text[NUMBER_SIZE];
	return isfinite(value) ? rcp_writer_field(w, text, number_write_double(value, text)) : no_number(w);
}

enum rcp_status rcp_writer_float(struct rcp_writer *w, float value)
{
	char text[NUMBER_SIZE];
	return isfinite(value) ? rcp_writer_field(w, text, number_write_float(value, text)) : no_number(w);
}

enum rcp_status rcp_writer_i64(struct rcp_writer *w, int64_t value)
{
	char text[NUMBER_SIZE];
	return rcp_writer_field(w, text, number_write_i64(value, text));
}

enum rcp_status rcp_writer_u64(struct rcp_writer *w, uint64_t value)
{
	char text[NUMBER_SIZE];
	return rcp_writer_field(w, text, number_write_u64(value, text));
}

enum rcp_status rcp_writer_end_row(struct rcp_writer *w)
{
	if (has_failed(&w->failure))
		return rcp_writer_status(w);
	if (!w->width)
		w->width = w->fields;
	if (w->fields <= 1 && w->blank)
		failure_set(&w->failure, STATUS_USAGE, "a row without a byte would be a blank line");
	else if (w->ends_in_cr)
		failure_set(&w->failure, STATUS_USAGE, "a row that ends in CR: it would be read as the line's end");
	else if (w->fields != w->width)
		failure_set(&w->failure, STATUS_USAGE, "a row of %zu fields, the first has %zu", w->fields,
			    w->width);
	else if (GUARD(&w->guard, &w->failure, false))
		output_end_row(w->output);
	guard_end();
	w->fields = 0;
	w->blank = true;
	return rcp_writer_status(w);
}

enum rcp_status rcp_writer_close(struct rcp_writer *w, char *message)
{
	if (!w) {
		if (message)
			*message = '\0';
		return RCP_OK;
	}
	if (w->output && w->fields)
		failure_set(&w->failure, STATUS_USAGE, "the last row is not ended");
	if (w->output && !w->width)
		failure_set(&w->failure, STATUS_USAGE, "there is no header");
	if (w->output && GUARD(&w->guard, &w->failure, true))
		output_close(w->output);
	guard_end();
	enum rcp_status status = rcp_writer_status(w);
	if (message)
		memcpy(message, w->failure.text, RCP_MESSAGE);
	free(w);
	return status;
}

void rcp_writer_abandon(struct rcp_writer *w)
{
	if (w && w->output)
		output_abandon(w->output);
	free(w);
}
