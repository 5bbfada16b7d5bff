/* pick-loops.h - scorer_pick, compiled once for each set of instructions: the includer
 * defines PICK, the name. What is compared is compared alike by all of them.
 */
#include <stdint.h>
#include <string.h>
#if defined __AVX2__ || defined __AVX512F__
#include <immintrin.h>
#endif

#include "pick.h"

#define SCORED_BEHIND(a, b) (*(a) < *(b))
#define TOPK_NAME scored
#define TOPK_ENTRY uint64_t
#define TOPK_BEHIND SCORED_BEHIND
#include "data/topk-heap.h"

/* Bit i: the i-th sum of a run is above the floor. */
static inline uint32_t bits_above(const double *run, double floor)
{
	uint32_t bits = 0;
#if defined __AVX512F__
	__m512d least = _mm512_set1_pd(floor);
	for (unsigned i = 0; i < SCORE_RUN; i += 8)
		bits |= (uint32_t)_mm512_cmp_pd_mask(_mm512_load_pd(run + i), least, _CMP_GT_OQ) << i;
#elif defined __AVX2__
	__m256d least = _mm256_set1_pd(floor);
	for (unsigned i = 0; i < SCORE_RUN; i += 4)
		bits |= (uint32_t)_mm256_movemask_pd(_mm256_cmp_pd(_mm256_load_pd(run + i), least,
								    _CMP_GT_OQ)) << i;
#else
	for (unsigned i = 0; i < SCORE_RUN; i++)
		bits |= (uint32_t)(run[i] > floor) << i;
#endif
	return bits;
}

/* Offers the sums of a run that are above the floor; returns the floor from then on. */
static inline double offer_run(struct scorer *s, size_t run, double floor)
{
	const double *sums = s->sums + run * SCORE_RUN;
	uint32_t bits = bits_above(sums, floor);
	for (uint32_t left = bits; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		float score = (float)sums[i];
		if (score > 0)
			scored_offer(s->best, &s->n, s->k,
				     scored_of(score, s->items->number[run * SCORE_RUN + i]));
	}
	/* Lower by more than what rounding to a float, a subnormal one too, can add to a sum. */
	return bits && s->n == s->k ? (double)scored_score(s->best[0]) * (1 - 0x1p-20) - 0x1p-149 : floor;
}

void PICK(struct scorer *s)
{
	enum { AT_ONCE = sizeof(uint64_t) };
	double floor = 0;
	s->n = 0;
	for (size_t from = 0; from < s->runs; from += AT_ONCE) {
		uint64_t any;
		memcpy(&any, s->touched + from, sizeof any);
		if (!any)
			continue;
		memset(s->touched + from, 0, sizeof any);
		for (size_t run = from; run < from + AT_ONCE; run++, any >>= 8) {
			if (!(any & 1))
				continue;
			floor = offer_run(s, run, floor);
			memset(s->sums + run * SCORE_RUN, 0, SCORE_RUN * sizeof *s->sums);
		}
	}
	for (size_t i = 0; i < s->n; i++)
		__builtin_prefetch(&s->items->ids[scored_number(s->best[i])]);
	scored_sort(s->best, s->n);
}
