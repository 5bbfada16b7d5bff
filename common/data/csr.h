/* csr.h - entries grouped by row, one row after the other (compressed sparse rows).
 *
 * A counting sort in two passes over the entries; those of a row keep their order:
 *
 *	uint64_t *start = csr_new(rows);
 *	for each entry e:  csr_count(start, row of e);
 *	csr_sum(start, rows);
 *	for each entry e:  out[csr_place(start, row of e)] = e;
 *
 * From then on the entries of row r are start[r] ... start[r + 1]. Entries that lie by row
 * already need no second pass but csr_stay. A row must be below `rows`; nothing is checked.
 */
#ifndef RECPIPE_DATA_CSR_H
#define RECPIPE_DATA_CSR_H

#include <stddef.h>
#include <stdint.h>

/* Counters of `rows` rows, all 0; the caller's, to be freed with free(). They are two more
 * than there are rows, so that counting and placing both leave what the next step needs. */
uint64_t *csr_new(size_t rows);

static inline void csr_count(uint64_t *start, size_t row)
{
	start[row + 2]++;
}

/* Counts `n` entries of this row. */
static inline void csr_add(uint64_t *start, size_t row, uint64_t n)
{
	start[row + 2] += n;
}

/* After the last csr_count and csr_add: finds where each row begins. Returns the number of entries. */
uint64_t csr_sum(uint64_t *start, size_t rows);

/* The place of the next entry of this row. Every counted entry is placed once. */
static inline uint64_t csr_place(uint64_t *start, size_t row)
{
	return start[row + 1]++;
}

/* Instead of csr_place for all entries: they stay where they are. */
void csr_stay(uint64_t *start, size_t rows);

/* A sparse matrix: row r has the columns column[start[r] ... start[r + 1]], each with its
 * value. `value` may be NULL. */
struct csr {
	uint64_t *start;
	uint32_t *column;
	float *value;
};

/* The transpose of a matrix of `rows` x `columns`: its rows are the columns of the given one,
 * and in each the given one's rows ascend. The caller's, to be freed with csr_free. */
struct csr csr_transpose(uint32_t rows, uint32_t columns, const uint64_t *start,
			 const uint32_t *column, const float *value);
void csr_free(struct csr *m);

#endif
