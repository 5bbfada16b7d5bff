/* pick-loops.h - scorer_pick, compiled once for each set of instructions: the includer
 * defines PICK, the name. What is compared is compared alike by all of them.
 *
 * The k runs of the greatest maxima have k scores that are no less than the k-th of these maxima:
 * what is less is not among the k best, nor is what lies in another run. So most sums are looked at
 * once, without a branch, and only their maxima after that.
 */
#include <stdint.h>
#include <string.h>
#if defined __AVX2__ || defined __AVX512F__
#include <immintrin.h>
#endif

#include "pick.h"

/* Scores of runs are looked through so many at a time. */
enum { LANES = 16 };

/* The greatest sum of a run, as the bits of a float: those of scores above 0 are in the order of
 * the scores, and above all others. */
static inline void put_most(int32_t *most, const double *run)
{
	float value;
#if defined __AVX512F__
	__m256 eight = _mm512_cvtpd_ps(_mm512_max_pd(_mm512_load_pd(run), _mm512_load_pd(run + 8)));
	__m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
#elif defined __AVX2__
	__m256d a = _mm256_max_pd(_mm256_load_pd(run), _mm256_load_pd(run + 4));
	__m256d b = _mm256_max_pd(_mm256_load_pd(run + 8), _mm256_load_pd(run + 12));
	__m128 four = _mm256_cvtpd_ps(_mm256_max_pd(a, b));
#endif
#if defined __AVX2__ || defined __AVX512F__
	four = _mm_max_ps(four, _mm_movehl_ps(four, four));
	value = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
#else
	double greatest = run[0];
	for (unsigned i = 1; i < SCORE_RUN; i++)
		greatest = run[i] > greatest ? run[i] : greatest;
	value = (float)greatest;
#endif
	memcpy(most, &value, sizeof value);
}

/* Bit i: at[i] is at least `least`. */
static inline uint32_t bits_from(const int32_t *at, int32_t least)
{
	uint32_t bits = 0;
#if defined __AVX512F__
	bits = _mm512_cmpge_epi32_mask(_mm512_loadu_si512(at), _mm512_set1_epi32(least));
#elif defined __AVX2__
	__m256i below = _mm256_set1_epi32(least - 1);
	for (unsigned i = 0; i < LANES; i += 8) {
		__m256i eight = _mm256_loadu_si256((const __m256i *)(const void *)(at + i));
		bits |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(eight, below))) << i;
	}
#else
	for (unsigned i = 0; i < LANES; i++)
		bits |= (uint32_t)(at[i] >= least) << i;
#endif
	return bits;
}

/* How many of the maxima are at least `least`, which is above 0. */
static inline size_t count_from(const int32_t *most, size_t n, int32_t least)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i += LANES)
		count += (size_t)__builtin_popcount(bits_from(most + i, least));
	return count;
}

/* Bits of a score above 0 that at least k of the maxima reach, not many more if that can be, or
 * those of the least score above 0 when there are no k. */
static int32_t threshold(const int32_t *most, size_t n, size_t k)
{
	enum { FOUR_OCTAVES = 4 << 23 };
	int32_t low = 1, high = 1;
	for (size_t i = 0; i < n; i++)
		high = most[i] >= high ? most[i] + 1 : high;
	if (count_from(most, n, low) <= k)
		return low;
	/* At least k reach `low`, fewer reach `high`. */
	for (int32_t at = high - FOUR_OCTAVES > low ? high - FOUR_OCTAVES : low; high - low > 1;
	     at = low + (high - low) / 2) {
		size_t count = count_from(most, n, at);
		if (count < k) {
			high = at;
			continue;
		}
		low = at;
		if (count <= k + k / 8)
			break;
	}
	return low;
}

/* Puts the k greatest of n keys, which are all different, first, in no order: quickselect (Hoare
 * 1961), the parts made without a branch that depends on a key. */
static void keep_greatest(uint64_t *key, size_t n, size_t k)
{
	size_t from = 0, to = n;
	while (from < k && k < to) {
		uint64_t a = key[from], b = key[from + (to - from) / 2], c = key[to - 1];
		uint64_t low = a < b ? a : b, high = a < b ? b : a;
		uint64_t pivot = c < low ? low : c > high ? high : c;
		size_t at = from, held = from;
		for (size_t i = from; i < to; i++) {
			uint64_t x = key[i];
			key[i] = key[at];
			key[at] = x;
			held = x == pivot ? at : held;
			at += x >= pivot;
		}
		/* The pivot is the least of those before `at`. */
		if (at > k) {
			to = at - 1;
			key[held] = key[to];
			key[to] = pivot;
		} else {
			from = at;
		}
	}
}

/* The greatest first: chunks whose keys are put where the number of greater ones says, merged. */
static void sort_greatest(uint64_t *key, uint64_t *other, size_t n)
{
	enum { CHUNK = 32 };
	for (size_t from = 0; from < n; from += CHUNK) {
		uint64_t chunk[CHUNK] = {0};
		size_t size = n - from < CHUNK ? n - from : CHUNK;
		memcpy(chunk, key + from, size * sizeof *key);
		for (size_t i = 0; i < size; i++) {
			uint64_t greater = 0;
			for (size_t j = 0; j < CHUNK; j++)
				greater += chunk[j] > chunk[i];
			key[from + greater] = chunk[i];
		}
	}
	for (size_t width = CHUNK; width < n; width *= 2) {
		for (size_t from = 0; from < n; from += 2 * width) {
			size_t middle = n - from < width ? n : from + width;
			size_t end = n - from < 2 * width ? n : from + 2 * width;
			size_t left = from, right = middle, at = from;
			while (left < middle && right < end) {
				bool first = key[left] > key[right];
				other[at++] = first ? key[left] : key[right];
				left += first;
				right += !first;
			}
			memcpy(other + at, key + left, (middle - left) * sizeof *key);
			memcpy(other + at + (middle - left), key + right, (end - right) * sizeof *key);
		}
		memcpy(key, other, n * sizeof *key);
	}
}

/* Takes in the scores of a run that are at least *least; when there are too many, the best stay,
 * and what is less than the least of those is not wanted any more. */
static inline void take_run(struct scorer *s, size_t run, int32_t *least)
{
	int32_t bits[SCORE_RUN];
	for (size_t i = 0; i < SCORE_RUN; i++) {
		float score = (float)s->sums[run * SCORE_RUN + i];
		memcpy(&bits[i], &score, sizeof score);
	}
	for (uint32_t left = bits_from(bits, *least); left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		uint32_t number = s->items->number[run * SCORE_RUN + i];
		__builtin_prefetch(&s->items->ids[number]);
		s->best[s->n++] = scored_key((uint32_t)bits[i], number);
	}
	if (s->n <= s->room - SCORE_RUN)
		return;
	keep_greatest(s->best, s->n, s->k);
	s->n = s->k;
	uint64_t last = s->best[0];
	for (size_t i = 1; i < s->n; i++)
		last = s->best[i] < last ? s->best[i] : last;
	*least = (int32_t)(last >> 32);
}

void PICK(struct scorer *s)
{
	const uint32_t *run = s->listed;
	size_t n = s->listed_n, padded = (n + LANES - 1) / LANES * LANES;
	for (size_t i = 0; i < n; i++)
		put_most(&s->most[i], s->sums + (size_t)run[i] * SCORE_RUN);
	memset(s->most + n, 0, (padded - n) * sizeof *s->most);
	int32_t least = threshold(s->most, padded, s->k);
	s->n = 0;
	for (size_t from = 0; from < padded; from += LANES)
		for (uint32_t left = bits_from(s->most + from, least); left; left &= left - 1)
			take_run(s, run[from + (unsigned)__builtin_ctz(left)], &least);
	if (s->n > s->k) {
		keep_greatest(s->best, s->n, s->k);
		s->n = s->k;
	}
	for (size_t i = 0; i < s->n; i++)
		__builtin_prefetch(s->items->ids[scored_number(s->best[i])].at);
	sort_greatest(s->best, s->best + s->room, s->n);
}
