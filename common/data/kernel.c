#include "data/kernel.h"

#include <stdbool.h>

/* Sixteen running sums, then a fixed tree: the order of the additions is part
 * of the promise that `portable` gives the same bits everywhere. */
static float dot_portable(const float *a, const float *b, size_t n)
{
	float sum[KERNEL_PAD] = {0};
	for (size_t i = 0; i < n; i += KERNEL_PAD)
		for (size_t j = 0; j < KERNEL_PAD; j++)
			sum[j] += a[i + j] * b[i + j];
	for (size_t width = KERNEL_PAD / 2; width; width /= 2)
		for (size_t j = 0; j < width; j++)
			sum[j] += sum[j + width];
	return sum[0];
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,fma")))
static float dot_avx2(const float *a, const float *b, size_t n)
{
	__m256 s0 = _mm256_setzero_ps(), s1 = _mm256_setzero_ps();
	__m256 s2 = _mm256_setzero_ps(), s3 = _mm256_setzero_ps();
	size_t i = 0;
	for (; i + 32 <= n; i += 32) {
		s0 = _mm256_fmadd_ps(_mm256_load_ps(a + i), _mm256_load_ps(b + i), s0);
		s1 = _mm256_fmadd_ps(_mm256_load_ps(a + i + 8), _mm256_load_ps(b + i + 8), s1);
		s2 = _mm256_fmadd_ps(_mm256_load_ps(a + i + 16), _mm256_load_ps(b + i + 16), s2);
		s3 = _mm256_fmadd_ps(_mm256_load_ps(a + i + 24), _mm256_load_ps(b + i + 24), s3);
	}
	if (i < n) {
		s0 = _mm256_fmadd_ps(_mm256_load_ps(a + i), _mm256_load_ps(b + i), s0);
		s1 = _mm256_fmadd_ps(_mm256_load_ps(a + i + 8), _mm256_load_ps(b + i + 8), s1);
	}
	s0 = _mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3));
	__m128 t = _mm_add_ps(_mm256_castps256_ps128(s0), _mm256_extractf128_ps(s0, 1));
	t = _mm_add_ps(t, _mm_movehl_ps(t, t));
	t = _mm_add_ss(t, _mm_movehdup_ps(t));
	return _mm_cvtss_f32(t);
}

__attribute__((target("avx512f")))
static float dot_avx512(const float *a, const float *b, size_t n)
{
	__m512 s0 = _mm512_setzero_ps(), s1 = _mm512_setzero_ps();
	size_t i = 0;
	for (; i + 32 <= n; i += 32) {
		s0 = _mm512_fmadd_ps(_mm512_load_ps(a + i), _mm512_load_ps(b + i), s0);
		s1 = _mm512_fmadd_ps(_mm512_load_ps(a + i + 16), _mm512_load_ps(b + i + 16), s1);
	}
	if (i < n)
		s0 = _mm512_fmadd_ps(_mm512_load_ps(a + i), _mm512_load_ps(b + i), s0);
	return _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f");
}
#else
#define dot_avx2 dot_portable
#define dot_avx512 dot_portable

static bool has_avx2(void)
{
	return false;
}

static bool has_avx512(void)
{
	return false;
}
#endif

enum kernel_choice kernel_resolve(enum kernel_choice wanted)
{
	switch (wanted) {
	case KERNEL_PORTABLE:
		return KERNEL_PORTABLE;
	case KERNEL_AVX2:
		return has_avx2() ? KERNEL_AVX2 : KERNEL_AUTO;
	case KERNEL_AVX512:
		return has_avx512() ? KERNEL_AVX512 : KERNEL_AUTO;
	case KERNEL_AUTO:
		break;
	}
	return has_avx512() ? KERNEL_AVX512 : has_avx2() ? KERNEL_AVX2 : KERNEL_PORTABLE;
}

kernel_dot *kernel_dot_of(enum kernel_choice resolved)
{
	return resolved == KERNEL_AVX512 ? dot_avx512
	     : resolved == KERNEL_AVX2 ? dot_avx2 : dot_portable;
}
