#include "streams/separators.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct found {
	size_t n, lines;
	bool has_nul;
};

static void find_plain(const char *text, size_t from, size_t n, uint32_t *ends, struct found *f)
{
	for (size_t i = from; i < n; i++) {
		char c = text[i];
		if (c == '\t' || c == '\n')
			ends[f->n++] = (uint32_t)i;
		f->lines += c == '\n';
		f->has_nul |= c == '\0';
	}
}

#if defined(__x86_64__)
/* 64 bytes a step: two comparisons make a bit mask, and its bits are written
 * out eight at a time, more than there are (the next step overwrites them), so
 * that the loop's length is easy to predict. */
__attribute__((target("avx2,bmi,popcnt")))
static void find_avx2(const char *text, size_t n, uint32_t *ends, struct found *f)
{
	const __m256i tab = _mm256_set1_epi8('\t'), lf = _mm256_set1_epi8('\n');
	const __m256i zero = _mm256_setzero_si256();
	__m256i nul = zero;
	size_t i = 0, count = 0, lines = 0;
	for (; i + 64 <= n; i += 64) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
		__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(text + i + 32));
		__m256i a_lf = _mm256_cmpeq_epi8(a, lf), b_lf = _mm256_cmpeq_epi8(b, lf);
		__m256i a_end = _mm256_or_si256(a_lf, _mm256_cmpeq_epi8(a, tab));
		__m256i b_end = _mm256_or_si256(b_lf, _mm256_cmpeq_epi8(b, tab));
		uint64_t lf_mask = (uint32_t)_mm256_movemask_epi8(a_lf) |
			(uint64_t)(uint32_t)_mm256_movemask_epi8(b_lf) << 32;
		uint64_t mask = (uint32_t)_mm256_movemask_epi8(a_end) |
			(uint64_t)(uint32_t)_mm256_movemask_epi8(b_end) << 32;
		nul = _mm256_or_si256(nul, _mm256_or_si256(_mm256_cmpeq_epi8(a, zero),
							   _mm256_cmpeq_epi8(b, zero)));
		lines += (size_t)__builtin_popcountll(lf_mask);
		size_t here = (size_t)__builtin_popcountll(mask);
		uint32_t *to = ends + count;
		for (size_t done = 0; done < here; done += 8) {
			for (int k = 0; k < 8; k++) {
				to[done + (size_t)k] = (uint32_t)i + (uint32_t)_tzcnt_u64(mask);
				mask = _blsr_u64(mask);
			}
		}
		count += here;
	}
	f->n = count;
	f->lines = lines;
	f->has_nul = !_mm256_testz_si256(nul, nul);
	find_plain(text, i, n, ends, f);
}

/* The same with the mask's bits packed by the processor: sixteen offsets a store, of
 * which as many count as there are bits. */
__attribute__((target("avx512f,avx512bw,bmi,popcnt")))
static void find_avx512(const char *text, size_t n, uint32_t *ends, struct found *f)
{
	const __m512i tab = _mm512_set1_epi8('\t'), lf = _mm512_set1_epi8('\n');
	const __m512i step = _mm512_set1_epi32(16);
	__m512i at = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	uint64_t nul = 0;
	size_t i = 0, count = 0, lines = 0;
	for (; i + 64 <= n; i += 64) {
		__m512i block = _mm512_loadu_si512((const void *)(text + i));
		uint64_t lf_mask = _mm512_cmpeq_epi8_mask(block, lf);
		uint64_t mask = lf_mask | _mm512_cmpeq_epi8_mask(block, tab);
		nul |= _mm512_testn_epi8_mask(block, block);
		lines += (size_t)__builtin_popcountll(lf_mask);
		for (int quarter = 0; quarter < 4; quarter++) {
			__mmask16 m = (__mmask16)(mask >> 16 * quarter);
			_mm512_storeu_si512((void *)(ends + count), _mm512_maskz_compress_epi32(m, at));
			count += (size_t)__builtin_popcount(m);
			at = _mm512_add_epi32(at, step);
		}
	}
	f->n = count;
	f->lines = lines;
	f->has_nul = nul != 0;
	find_plain(text, i, n, ends, f);
}
#endif

size_t separators_find(const char *text, size_t n, uint32_t *ends,
		       size_t *line_count, bool *has_nul)
{
	struct found f = {0};
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi"))
		find_avx512(text, n, ends, &f);
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
		find_avx2(text, n, ends, &f);
	else
#endif
		find_plain(text, 0, n, ends, &f);
	*line_count = f.lines;
	*has_nul = f.has_nul;
	return f.n;
}
