/* gram.h - the sum of the outer products of a side's vectors, which a half-step of iALS needs
 * of the side that stays.
 *
 * It is made of 16 chunks of the side's rows, in the order of the file; each is summed apart in
 * float, then they are added in their order. So any process may sum any chunk, and the bytes are
 * those of one process. As a table: columns side, chunk, rows, factor, g0 ... g(k-1), one
 * row for each row of the matrix; chunk is `3/16`, or `all` for the sum (recpipe-formats(5)).
 */
#ifndef RECPIPE_LEARNING_GRAM_H
#define RECPIPE_LEARNING_GRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/normal.h"
#include "streams/output.h"
#include "streams/table.h"

enum { GRAM_CHUNKS = 16, GRAM_ALL = GRAM_CHUNKS, GRAM_PARTS };

enum gram_side { GRAM_USERS, GRAM_ITEMS, GRAM_SIDES };
#define GRAM_SIDE_CHOICES "users|items"

/* Chunks 0 ... 15 and the sum, as far as they are there. */
struct gram {
	enum gram_side side;             /* GRAM_SIDES: nothing is there */
	uint32_t factors;
	size_t n;                        /* factors, padded */
	float *sum[GRAM_PARTS];          /* n * n, upper triangle; NULL: it is not there */
	uint64_t rows[GRAM_PARTS];       /* rows of the side in it */
};

/* The first row of a chunk of `rows`; that of chunk 16 is `rows`. */
static inline uint64_t gram_begin(uint64_t rows, size_t chunk)
{
	return rows * chunk / GRAM_CHUNKS;
}

/* sum (n * n, zeros before) becomes that of a chunk of `rows` vectors of n floats. */
void gram_sum_chunk(const struct normal_kernel *kernel, float *sum, const float *vectors, uint64_t rows,
		    size_t chunk, size_t n);

/* Adds chunk after chunk to the first, n * n floats each; all kernels give the same. */
void gram_add_chunks(const struct normal_kernel *kernel, float *chunks, size_t n);

/* The sum of all chunks; false, with `problem` said, when one is missing or they cannot be of one
 * side. */
enum { GRAM_PROBLEM = 160 };
bool gram_merge(struct gram *g, char problem[GRAM_PROBLEM]);

/* Reads such a table to its end; what is wrong with it is bad data (exit 3). The header goes to
 * `out` before the first row is read, with `header`; `out` may be NULL. */
struct gram gram_read(struct table *t, struct output *out, bool header);
void gram_free(struct gram *g);

void gram_write_header(struct output *out, uint32_t factors);

/* One of its parts; returns how many rows. */
uint64_t gram_write(struct output *out, const struct gram *g, size_t part);

#endif
