#include "streams/marks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static size_t find_plain(const char *text, size_t from, size_t n, const char bytes[MARKS], uint32_t *to,
			 size_t count, struct marks_seen *seen)
{
	for (size_t i = from; i < n; i++) {
		char c = text[i];
		bool any = false;
		for (int k = 0; k < MARKS; k++) {
			bool is = c == bytes[k];
			seen->mark[k] |= is;
			any |= is;
		}
		if (any)
			to[count++] = (uint32_t)i;
		seen->nul |= c == '\0';
		seen->high |= (unsigned char)c >= 0x80;
		seen->tab |= c == '\t';
		seen->cr |= c == '\r';
	}
	return count;
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,popcnt")))
static bool any_bit(__m256i v)
{
	return !_mm256_testz_si256(v, v);
}

/* 64 bytes a step; the offsets are written eight at a time (see separators.c). */
__attribute__((target("avx2,bmi,popcnt")))
static size_t find_avx2(const char *text, size_t n, const char bytes[MARKS], uint32_t *to,
			struct marks_seen *seen)
{
	const __m256i zero = _mm256_setzero_si256(), tab = _mm256_set1_epi8('\t'), cr = _mm256_set1_epi8('\r');
	__m256i wanted[MARKS], found[MARKS], nuls = zero, high = zero, tabs = zero, crs = zero;
	for (int k = 0; k < MARKS; k++) {
		wanted[k] = _mm256_set1_epi8(bytes[k]);
		found[k] = zero;
	}
	size_t i = 0, count = 0;
	for (; i + 64 <= n; i += 64) {
		uint64_t mask = 0;
		for (int half = 0; half < 2; half++) {
			__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(text + i + 32 * half)), any = zero;
			for (int k = 0; k < MARKS; k++) {
				__m256i is = _mm256_cmpeq_epi8(v, wanted[k]);
				found[k] = _mm256_or_si256(found[k], is);
				any = _mm256_or_si256(any, is);
			}
			mask |= (uint64_t)(uint32_t)_mm256_movemask_epi8(any) << 32 * half;
			nuls = _mm256_or_si256(nuls, _mm256_cmpeq_epi8(v, zero));
			tabs = _mm256_or_si256(tabs, _mm256_cmpeq_epi8(v, tab));
			crs = _mm256_or_si256(crs, _mm256_cmpeq_epi8(v, cr));
			high = _mm256_or_si256(high, v);
		}
		size_t here = (size_t)__builtin_popcountll(mask);
		uint32_t *at = to + count;
		for (size_t done = 0; done < here; done += 8) {
			for (int k = 0; k < 8; k++) {
				at[done + (size_t)k] = (uint32_t)i + (uint32_t)_tzcnt_u64(mask);
				mask = _blsr_u64(mask);
			}
		}
		count += here;
	}
	for (int k = 0; k < MARKS; k++)
		seen->mark[k] |= any_bit(found[k]);
	seen->nul |= any_bit(nuls);
	seen->tab |= any_bit(tabs);
	seen->cr |= any_bit(crs);
	seen->high |= _mm256_movemask_epi8(high) != 0;
	return find_plain(text, i, n, bytes, to, count, seen);
}
#endif

size_t marks_find(const char *text, size_t n, const char bytes[MARKS], uint32_t *to,
		  struct marks_seen *seen)
{
	*seen = (struct marks_seen){.nul = false};
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
		return find_avx2(text, n, bytes, to, seen);
#endif
	return find_plain(text, 0, n, bytes, to, 0, seen);
}
