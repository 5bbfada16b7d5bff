/* byte-masks.h - which of 64 bytes of a text are those looked for: a bit for each, the first one lowest.
 *
 * All 64 bytes must be readable; `kernel` is constant in what calls this, so that the compiler makes a
 * function for each.
 */
#ifndef RECPIPE_STREAMS_BYTE_MASKS_H
#define RECPIPE_STREAMS_BYTE_MASKS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define MASKS_AVX512 __attribute__((target("avx512f,avx512bw,popcnt,pclmul")))
#define MASKS_AVX2 __attribute__((target("avx2,popcnt,pclmul")))
#endif

enum masks_kernel { MASKS_PORTABLE, MASKS_KERNEL_AVX2, MASKS_KERNEL_AVX512 };
enum { MASK_BYTES = 64 };

static inline enum masks_kernel masks_best(void)
{
#if defined(__x86_64__)
	bool counts = __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
	if (counts && __builtin_cpu_supports("avx512bw"))
		return MASKS_KERNEL_AVX512;
	if (counts && __builtin_cpu_supports("avx2"))
		return MASKS_KERNEL_AVX2;
#endif
	return MASKS_PORTABLE;
}

#if defined(__x86_64__)
MASKS_AVX512
static inline uint64_t mask_avx512(const char *p, char c, char without)
{
	__m512i v = _mm512_loadu_si512((const void *)p);
	return _mm512_cmpeq_epi8_mask(_mm512_andnot_si512(_mm512_set1_epi8(without), v), _mm512_set1_epi8(c));
}

MASKS_AVX2
static inline uint64_t mask_avx2(const char *p, char c, char without)
{
	uint64_t mask = 0;
	for (int i = 0; i < 2; i++) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		v = _mm256_andnot_si256(_mm256_set1_epi8(without), v);
		uint32_t half = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)));
		mask |= (uint64_t)half << 32 * i;
	}
	return mask;
}
#endif

/* The bytes that are `c` but for the bits in `without`. */
__attribute__((always_inline))
static inline uint64_t mask_like(const char *p, char c, char without, const enum masks_kernel kernel)
{
#if defined(__x86_64__)
	if (kernel == MASKS_KERNEL_AVX512)
		return mask_avx512(p, c, without);
	if (kernel == MASKS_KERNEL_AVX2)
		return mask_avx2(p, c, without);
#endif
	uint64_t mask = 0;
	(void)kernel;
	for (int i = 0; i < MASK_BYTES; i++)
		mask |= (uint64_t)((char)(p[i] & ~without) == c) << i;
	return mask;
}

__attribute__((always_inline))
static inline uint64_t mask_of(const char *p, char c, const enum masks_kernel kernel)
{
	return mask_like(p, c, 0, kernel);
}

/* The first `n` bits. */
static inline uint64_t mask_first(size_t n)
{
	return n < MASK_BYTES ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

#if defined(__x86_64__)
__attribute__((target("pclmul")))
static inline uint64_t mask_inside_pclmul(uint64_t x)
{
	__m128i all = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x), _mm_set1_epi8(-1), 0);
	return (uint64_t)_mm_cvtsi128_si64(all);
}
#endif

/* The bits before and at which the number of bits set is odd: with quotes, what is inside them, the
 * first quote included. */
__attribute__((always_inline))
static inline uint64_t mask_inside(uint64_t x, const enum masks_kernel kernel)
{
#if defined(__x86_64__)
	if (kernel != MASKS_PORTABLE)
		return mask_inside_pclmul(x);
#endif
	(void)kernel;
	for (int i = 1; i < MASK_BYTES; i *= 2)
		x ^= x << i;
	return x;
}

#endif
