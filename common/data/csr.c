#include "data/csr.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

uint64_t *csr_new(size_t rows)
{
	return memory_zero(rows + 2, sizeof(uint64_t));
}

/* Counts are two places after their row; as sums they are one after where it begins, and
 * placing moves that to the row's end: where the next one begins. */
uint64_t csr_sum(uint64_t *start, size_t rows)
{
	for (size_t r = 0; r < rows; r++)
		start[r + 2] += start[r + 1];
	return start[rows + 1];
}

void csr_stay(uint64_t *start, size_t rows)
{
	memmove(start, start + 1, (rows + 1) * sizeof *start);
}

struct csr csr_transpose(uint32_t rows, uint32_t columns, const uint64_t *start,
			 const uint32_t *column, const float *value)
{
	uint64_t n = start[rows];
	struct csr m = {
		.start = csr_new(columns),
		.column = memory_new((size_t)n + 1, sizeof *m.column),
		.value = value ? memory_new((size_t)n + 1, sizeof *m.value) : NULL,
	};
	for (uint64_t i = 0; i < n; i++)
		csr_count(m.start, column[i]);
	csr_sum(m.start, columns);
	for (uint32_t r = 0; r < rows; r++) {
		for (uint64_t i = start[r]; i < start[r + 1]; i++) {
			uint64_t at = csr_place(m.start, column[i]);
			m.column[at] = r;
			if (value)
				m.value[at] = value[i];
		}
	}
	return m;
}

void csr_free(struct csr *m)
{
	free(m->start);
	free(m->column);
	free(m->value);
	*m = (struct csr){0};
}
