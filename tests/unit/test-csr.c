/* Groups against the obvious loop over all entries; the transpose twice is the matrix. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/csr.h"
#include "unit.h"

/* `n` entries of `rows` rows, some of which are empty: the last one always. */
static uint32_t *draw(uint32_t rows, uint32_t n, struct random *r)
{
	uint32_t *row = memory_new((size_t)n + 1, sizeof *row);
	for (uint32_t i = 0; i < n; i++)
		row[i] = random_below(r, random_below(r, 3) ? (rows + 2) / 3 : rows - (rows > 1));
	return row;
}

static void against_loop(uint32_t rows, uint32_t n, struct random *r)
{
	uint32_t *row = draw(rows, n, r), *placed = memory_new((size_t)n + 1, sizeof *placed);
	uint64_t *start = csr_new(rows), *in_order = csr_new(rows);
	uint32_t wrong = 0, at = 0;
	for (uint32_t i = 0; i < n; i++) {
		csr_count(start, row[i]);
		csr_add(in_order, row[i], 3);
	}
	CHECK_INT(csr_sum(start, rows), n);
	for (uint32_t i = 0; i < n; i++)
		placed[csr_place(start, row[i])] = i;
	for (uint32_t k = 0; k < rows; k++) {
		wrong += start[k] != at;
		for (uint32_t i = 0; i < n; i++)
			if (row[i] == k)
				wrong += placed[at++] != i;
	}
	wrong += start[rows] != n;
	CHECK_INT(csr_sum(in_order, rows), 3 * (long long)n);
	csr_stay(in_order, rows);
	for (uint32_t k = 0; k <= rows; k++)
		wrong += in_order[k] != 3 * start[k];
	CHECK_INT(wrong, 0);
	free(row);
	free(placed);
	free(start);
	free(in_order);
}

static void against_itself(uint32_t rows, uint32_t columns, uint32_t n, struct random *r)
{
	uint32_t *row = draw(rows, n, r), *column = memory_new((size_t)n + 1, sizeof *column);
	float *value = memory_new((size_t)n + 1, sizeof *value);
	uint64_t *start = csr_new(rows);
	for (uint32_t i = 0; i < n; i++)
		csr_count(start, row[i]);
	csr_sum(start, rows);
	csr_stay(start, rows);
	/* The columns of a row ascend, as those of a transpose do. */
	for (uint32_t k = 0; k < rows; k++) {
		for (uint64_t i = start[k]; i < start[k + 1]; i++) {
			column[i] = (uint32_t)((i - start[k]) * columns / (start[k + 1] - start[k]));
			value[i] = (float)i;
		}
	}
	struct csr turned = csr_transpose(rows, columns, start, column, value);
	struct csr bare = csr_transpose(rows, columns, start, column, NULL);
	struct csr back = csr_transpose(columns, rows, turned.start, turned.column, turned.value);
	CHECK(bare.value == NULL);
	CHECK(memcmp(bare.column, turned.column, n * sizeof *bare.column) == 0);
	CHECK(memcmp(back.start, start, ((size_t)rows + 1) * sizeof *start) == 0);
	CHECK(memcmp(back.column, column, n * sizeof *column) == 0);
	CHECK(memcmp(back.value, value, n * sizeof *value) == 0);
	uint32_t wrong = 0;
	for (uint32_t c = 0; c < columns; c++)
		for (uint64_t i = turned.start[c]; i < turned.start[c + 1]; i++) {
			wrong += column[(size_t)turned.value[i]] != c;
			wrong += i > turned.start[c] && turned.column[i] < turned.column[i - 1];
		}
	CHECK_INT(wrong, 0);
	csr_free(&turned);
	csr_free(&bare);
	csr_free(&back);
	free(start);
	free(row);
	free(column);
	free(value);
}

int main(void)
{
	static const uint32_t ROWS[] = {1, 2, 3, 17, 100}, ENTRIES[] = {0, 1, 2, 50, 1000};
	struct random r = random_start(7, 0);
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		for (size_t k = 0; k < sizeof ENTRIES / sizeof *ENTRIES; k++) {
			against_loop(ROWS[i], ENTRIES[k], &r);
			if (ENTRIES[k])
				against_itself(ROWS[i], 13, ENTRIES[k], &r);
		}
	}
	uint64_t *none = csr_new(0);
	CHECK_INT(csr_sum(none, 0), 0);
	csr_stay(none, 0);
	CHECK_INT(none[0], 0);
	free(none);
	return unit_finish();
}
