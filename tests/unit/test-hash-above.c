/* hash_above: vector instructions give the places that plain C gives, and plain C those of the
 * definition, at all lengths and limits. */
#include "base/hash.h"
#include "data/hash-above.h"
#include "unit.h"

enum { MOST = 200 };

static size_t by_definition(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least,
			    uint32_t *places)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		if (hash_mix(with ^ numbers[i]) / (UINT64_C(1) << 40) >= least)
			places[found++] = (uint32_t)i;
	return found;
}

int main(void)
{
	static const uint32_t LEAST[] = {0, 1, 0x800000, 0xf00000, 0xffffff};
	uint64_t numbers[MOST];
	uint32_t want[MOST], got[MOST], plain[MOST];
	for (uint64_t i = 0; i < MOST; i++)
		numbers[i] = hash_mix(i * i + 7);
	for (size_t n = 0; n <= MOST; n++) {
		for (size_t l = 0; l < sizeof LEAST / sizeof *LEAST; l++) {
			uint64_t with = hash_mix(n * 100 + l);
			size_t found = by_definition(numbers, n, with, LEAST[l], want);
			CHECK_INT(hash_above(numbers, n, with, LEAST[l], got), found);
			CHECK_INT(hash_above_portable(numbers, n, with, LEAST[l], plain), found);
			CHECK_INT(memcmp(want, got, found * sizeof *want), 0);
			CHECK_INT(memcmp(want, plain, found * sizeof *want), 0);
		}
	}
	return unit_finish();
}
