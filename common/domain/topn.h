/* topn.h - top-N rows (user rank item score): lists, one user after the other. */
#ifndef RECPIPE_DOMAIN_TOPN_H
#define RECPIPE_DOMAIN_TOPN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "streams/output.h"
#include "streams/table.h"

/* `score` without a name: scores are not wanted, and a column of them is not read. */
struct topn_columns {
	struct column user, rank, item, score;
};

struct topn_reader;

/* One user's list. Spans are valid until the next topn_next. */
struct topn_list {
	struct span user;
	uint32_t n;
	struct span *items;
	double *scores; /* nan where the stream has no score column */
	uint64_t line;  /* of the first row */
	const char *file;
};

/* Rows of a user are contiguous and ranks go 1, 2, 3, ...: anything else is bad
 * data (exit 3). A user that comes back later is bad data too. Without a rank
 * column (and none named) the rows' order is the ranking. With skip_bad the
 * ranks after a rejected row of the list may jump. Without a score column
 * (and none named) the scores are nan. */
struct topn_reader *topn_open(struct table *t, const struct topn_columns *columns);

/* Is there a score column, and is it read? */
bool topn_has_scores(const struct topn_reader *reader);

/* From now on the caller checks for users that come back; saves 16 to 32 bytes per user. */
void topn_let_users_repeat(struct topn_reader *reader);

bool topn_next(struct topn_reader *reader, struct topn_list *list);
void topn_close(struct topn_reader *reader);

void topn_write_header(struct output *out);
void topn_write_row(struct output *out, struct span user, uint32_t rank,
		    struct span item, double score);

/* The same of lists that have no scores: user rank item. */
void topn_write_header_unscored(struct output *out);
void topn_write_row_unscored(struct output *out, struct span user, uint32_t rank, struct span item);

/* The same for a score that was computed in single precision. */
void topn_write_row_float(struct output *out, struct span user, uint32_t rank,
			  struct span item, float score);

#endif
