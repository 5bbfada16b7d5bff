/* Sorted keys against qsort; values of equal keys stay in order. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/radix.h"
#include "unit.h"

struct row {
	uint64_t key;
	uint32_t value;
};

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

static void against_qsort(size_t n, uint64_t mask, uint64_t seed)
{
	struct random r = random_start(seed, n);
	uint64_t *keys = memory_new(n + 1, sizeof *keys), *alone = memory_new(n + 1, sizeof *alone);
	uint32_t *values = memory_new(n + 1, sizeof *values);
	struct row *rows = memory_new(n + 1, sizeof *rows);
	for (size_t i = 0; i < n; i++) {
		alone[i] = keys[i] = random_bits(&r) & mask;
		values[i] = (uint32_t)i;
		rows[i] = (struct row){keys[i], (uint32_t)i};
	}
	qsort(rows, n, sizeof *rows, compare);
	radix_sort(keys, values, n);
	radix_sort(alone, NULL, n);
	int wrong = 0;
	for (size_t i = 0; i < n; i++)
		wrong += keys[i] != rows[i].key || values[i] != rows[i].value ||
			alone[i] != rows[i].key;
	CHECK_INT(wrong, 0);
	free(keys);
	free(alone);
	free(values);
	free(rows);
}

int main(void)
{
	static const size_t SIZES[] = {0, 1, 2, 47, 48, 49, 1000, 20000};
	static const uint64_t MASKS[] = {
		0, 1, 7, 0xfff, UINT64_MAX, 0xff00000000000000u, 0x3ff000ff00u, 1u << 11,
	};
	for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
		for (size_t j = 0; j < sizeof MASKS / sizeof *MASKS; j++)
			against_qsort(SIZES[i], MASKS[j], j);
	CHECK_INT(radix_bits(0), 1);
	CHECK_INT(radix_bits(2), 1);
	CHECK_INT(radix_bits(3), 2);
	CHECK_INT(radix_bits(4), 2);
	CHECK_INT(radix_bits(5), 3);
	CHECK_INT(radix_bits(UINT64_C(1) << 32), 32);
	return unit_finish();
}
