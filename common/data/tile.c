#include "data/tile.h"

#include <string.h>

#include "data/kernel.h"

/* --- portable: 4 users by 8 items, vectors of 4 (SSE2, NEON, or plain code) --- */

enum { PORTABLE_WIDTH = 4 };

typedef float vector4 __attribute__((vector_size(16)));

static void keep_portable(struct bucket *b, float *threshold, const float *score, unsigned n,
			  uint32_t at)
{
	for (unsigned i = 0; i < n; i++) {
		if (score[i] >= *threshold) {
			if (b->n >= b->capacity)
				*threshold = bucket_shrink(b);
			b->score[b->n] = score[i];
			b->at[b->n++] = at + i;
		}
	}
}

static void scan_portable(const struct panels *panels, size_t first, size_t last,
			  const uint32_t *users, float *threshold, struct bucket *buckets)
{
	for (size_t p = first; p < last; p++) {
		for (size_t part = 0; part < PANEL; part += 8) {
			const float *item = (const float *)panels->at +
					    p * panels->depth * PANEL + part;
			const float *user = (const float *)users;
			vector4 sum[PORTABLE_WIDTH][2], bias[2];
			memcpy(bias, panels->bias + p * PANEL + part, sizeof bias);
			for (unsigned j = 0; j < PORTABLE_WIDTH; j++) {
				sum[j][0] = bias[0];
				sum[j][1] = bias[1];
			}
			for (uint32_t f = 0; f < panels->depth; f++) {
				const vector4 *v = (const vector4 *)item;
				vector4 v0 = v[0], v1 = v[1];
#pragma GCC unroll 4
				for (unsigned j = 0; j < PORTABLE_WIDTH; j++) {
					vector4 u = {user[j], user[j], user[j], user[j]};
					sum[j][0] += u * v0;
					sum[j][1] += u * v1;
				}
				item += PANEL;
				user += PORTABLE_WIDTH;
			}
			for (unsigned j = 0; j < PORTABLE_WIDTH; j++) {
				float score[8];
				memcpy(score, sum[j], sizeof score);
				keep_portable(&buckets[j], &threshold[j], score, 8,
					      (uint32_t)(p * PANEL + part));
			}
		}
	}
}

static size_t count_portable(const float *values, size_t n, float low)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += values[i] >= low;
	return count;
}

static double dot_portable(const float *a, const float *b, size_t n)
{
	double sum[8] = {0};
	for (size_t i = 0; i < n; i += 8)
		for (size_t j = 0; j < 8; j++)
			sum[j] += (double)a[i + j] * (double)b[i + j];
	return tile_tree8(sum);
}

static const struct tile_kernel PORTABLE = {
	"portable", PORTABLE_WIDTH, false, false, 4, 0, scan_portable, count_portable, dot_portable,
};

#if defined(__x86_64__)
#include <immintrin.h>

#include "data/tile-avx512.h"

/* --- AVX2: 6 users by 16 items ------------------------------------------------ */

#define USERS6(X) X(0) X(1) X(2) X(3) X(4) X(5)

__attribute__((target("avx2,fma"), noinline))
static void keep_avx2(struct bucket *b, float *threshold, __m256 s0, __m256 s1,
		      unsigned mask, uint32_t at)
{
	float score[16];
	if (b->n >= b->capacity)
		*threshold = bucket_shrink(b);
	_mm256_storeu_ps(score, s0);
	_mm256_storeu_ps(score + 8, s1);
	for (; mask; mask &= mask - 1) {
		unsigned i = (unsigned)__builtin_ctz(mask);
		b->score[b->n] = score[i];
		b->at[b->n++] = at + i;
	}
}

__attribute__((target("avx2,fma")))
static void scan_avx2(const struct panels *panels, size_t first, size_t last,
		      const uint32_t *users, float *threshold, struct bucket *buckets)
{
	for (size_t half = first * 2; half < last * 2; half++) {
		const float *item = (const float *)panels->at +
				    half / 2 * panels->depth * PANEL + half % 2 * 16;
		const float *user = (const float *)users;
		__m256 bias0 = _mm256_loadu_ps(panels->bias + half * 16);
		__m256 bias1 = _mm256_loadu_ps(panels->bias + half * 16 + 8);
#define X(j) __m256 s##j = bias0, t##j = bias1;
		USERS6(X)
#undef X
		for (uint32_t f = 0; f < panels->depth; f++, item += PANEL, user += 6) {
			__m256 v0 = _mm256_load_ps(item), v1 = _mm256_load_ps(item + 8), u;
#define X(j) \
			u = _mm256_broadcast_ss(user + j); \
			s##j = _mm256_fmadd_ps(u, v0, s##j); \
			t##j = _mm256_fmadd_ps(u, v1, t##j);
			USERS6(X)
#undef X
		}
		unsigned mask;
		__m256 low;
#define X(j) \
		low = _mm256_broadcast_ss(threshold + j); \
		mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(s##j, low, _CMP_GE_OQ)) | \
		       (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(t##j, low, _CMP_GE_OQ)) << 8; \
		if (mask) \
			keep_avx2(&buckets[j], &threshold[j], s##j, t##j, mask, \
				  (uint32_t)half * 16);
		USERS6(X)
#undef X
	}
}

__attribute__((target("avx2,fma")))
static size_t count_avx2(const float *values, size_t n, float low)
{
	__m256 least = _mm256_set1_ps(low);
	__m256i sum = _mm256_setzero_si256();
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		sum = _mm256_sub_epi32(sum, _mm256_castps_si256(
			_mm256_cmp_ps(_mm256_loadu_ps(values + i), least, _CMP_GE_OQ)));
	uint32_t parts[8];
	_mm256_storeu_si256((__m256i *)parts, sum);
	size_t count = 0;
	for (int j = 0; j < 8; j++)
		count += parts[j];
	return count + count_portable(values + i, n - i, low);
}

__attribute__((target("avx2,fma")))
static double dot_avx2(const float *a, const float *b, size_t n)
{
	__m256d s0 = _mm256_setzero_pd(), s1 = _mm256_setzero_pd();
	for (size_t i = 0; i < n; i += 8) {
		s0 = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(a + i)),
				     _mm256_cvtps_pd(_mm_loadu_ps(b + i)), s0);
		s1 = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(a + i + 4)),
				     _mm256_cvtps_pd(_mm_loadu_ps(b + i + 4)), s1);
	}
	double sum[8];
	_mm256_storeu_pd(sum, s0);
	_mm256_storeu_pd(sum + 4, s1);
	return tile_tree8(sum);
}

static const struct tile_kernel AVX2 = {
	"avx2", 6, false, false, 1.1, 0, scan_avx2, count_avx2, dot_avx2,
};

/* --- AVX-512: 12 users by 32 items -------------------------------------------- */

#define USERS12(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

__attribute__((target("avx512f,popcnt")))
static void scan_avx512(const struct panels *panels, size_t first, size_t last,
			const uint32_t *users, float *threshold, struct bucket *buckets)
{
	const float *item = (const float *)panels->at + first * panels->depth * PANEL;
	for (size_t p = first; p < last; p++) {
		const float *user = (const float *)users;
		__m512 bias0 = _mm512_loadu_ps(panels->bias + p * PANEL);
		__m512 bias1 = _mm512_loadu_ps(panels->bias + p * PANEL + 16);
#define X(j) __m512 s##j = bias0, t##j = bias1;
		USERS12(X)
#undef X
		for (uint32_t f = 0; f < panels->depth; f++, item += PANEL, user += 12) {
			__m512 v0 = _mm512_load_ps(item), v1 = _mm512_load_ps(item + 16), u;
#define X(j) \
			u = _mm512_set1_ps(user[j]); \
			s##j = _mm512_fmadd_ps(u, v0, s##j); \
			t##j = _mm512_fmadd_ps(u, v1, t##j);
			USERS12(X)
#undef X
		}
#define X(j) offer_avx512(&buckets[j], &threshold[j], s##j, t##j, p * PANEL);
		USERS12(X)
#undef X
	}
}

static const struct tile_kernel AVX512 = {
	"avx512", 12, false, false, 1, 0, scan_avx512, count_avx512, dot_avx512,
};

/* --- AVX-512 with bfloat16: the same tile, two factors a step ----------------- */

__attribute__((target("avx512f,avx512bf16,popcnt")))
static void scan_bfloat16(const struct panels *panels, size_t first, size_t last,
			  const uint32_t *users, float *threshold, struct bucket *buckets)
{
	const uint32_t *item = panels->at + first * panels->depth * PANEL;
	for (size_t p = first; p < last; p++) {
		const uint32_t *user = users;
		__m512 bias0 = _mm512_loadu_ps(panels->bias + p * PANEL);
		__m512 bias1 = _mm512_loadu_ps(panels->bias + p * PANEL + 16);
#define X(j) __m512 s##j = bias0, t##j = bias1;
		USERS12(X)
#undef X
		for (uint32_t f = 0; f < panels->depth; f++, item += PANEL, user += 12) {
			__m512bh v0 = (__m512bh)_mm512_load_si512(item);
			__m512bh v1 = (__m512bh)_mm512_load_si512(item + 16), u;
#define X(j) \
			u = (__m512bh)_mm512_set1_epi32((int)user[j]); \
			s##j = _mm512_dpbf16_ps(s##j, u, v0); \
			t##j = _mm512_dpbf16_ps(t##j, u, v1);
			USERS12(X)
#undef X
		}
#define X(j) offer_avx512(&buckets[j], &threshold[j], s##j, t##j, p * PANEL);
		USERS12(X)
#undef X
	}
}

/* The costs were measured on a Zen 4: 57,000 items of 64 factors. */
static const struct tile_kernel BFLOAT16 = {
	"bfloat16", 12, true, false, 0.53, 3200, scan_bfloat16, count_avx512, dot_avx512,
};

static const struct tile_kernel *native(enum tile_choice choice)
{
	bool avx2 = kernel_resolve(KERNEL_AVX2) == KERNEL_AVX2;
	bool avx512 = kernel_resolve(KERNEL_AVX512) == KERNEL_AVX512;
	switch (choice) {
	case TILE_AVX2:
		return avx2 ? &AVX2 : NULL;
	case TILE_AVX512:
		return avx512 ? &AVX512 : NULL;
	case TILE_BFLOAT16:
		return avx512 && __builtin_cpu_supports("avx512bf16") ? &BFLOAT16 : NULL;
	case TILE_AMX:
		return avx512 ? tile_kernel_amx() : NULL;
	case TILE_AUTO:
	case TILE_PORTABLE:
		break;
	}
	return NULL;
}
#else
static const struct tile_kernel *native(enum tile_choice choice)
{
	(void)choice;
	return NULL;
}
#endif

static const struct tile_kernel *fastest(bool rough)
{
	const struct tile_kernel *kernel = NULL;
	for (int c = rough ? TILE_AMX : TILE_AVX512; !kernel && c >= TILE_AVX2; c--)
		kernel = native((enum tile_choice)c);
	return kernel ? kernel : &PORTABLE;
}

bool tile_available(enum tile_choice choice)
{
	return choice == TILE_AUTO || choice == TILE_PORTABLE || native(choice);
}

const struct tile_kernel *tile_kernel_of(enum tile_choice choice, bool rough)
{
	if (choice == TILE_AUTO)
		return fastest(rough);
	if (choice == TILE_PORTABLE)
		return &PORTABLE;
	return native(!rough && choice > TILE_AVX512 ? TILE_AVX512 : choice);
}

const struct tile_kernel *tile_kernel_beside(enum kernel_choice kernel)
{
	return tile_kernel_of(kernel == KERNEL_AVX512 ? TILE_AVX512 : kernel == KERNEL_AVX2 ? TILE_AVX2
			      : TILE_PORTABLE, false);
}
