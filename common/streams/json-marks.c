#include "streams/json-marks.h"

#include "base/memory.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* The first word has only the marks of the bytes from `skip` on, which the text begins at. */
__attribute__((target("avx512f,avx512bw")))
static void mark_avx512(const char *text, size_t skip, size_t words, uint64_t *no_digit, uint64_t *special)
{
	const __m512i zero = _mm512_set1_epi8('0'), ten = _mm512_set1_epi8(10), blank = _mm512_set1_epi8(' ');
	const __m512i quote = _mm512_set1_epi8('"'), escape = _mm512_set1_epi8('\\');
	for (size_t i = 0; i < words; i++) {
		__m512i c = _mm512_loadu_si512((const void *)(i ? text - skip + 64 * i : text));
		no_digit[i] = _mm512_cmpge_epu8_mask(_mm512_sub_epi8(c, zero), ten);
		/* Bytes of 0x80 and more are negative, so below a blank. */
		special[i] = _mm512_cmplt_epi8_mask(c, blank) | _mm512_cmpeq_epi8_mask(c, quote) |
			_mm512_cmpeq_epi8_mask(c, escape);
	}
	no_digit[0] <<= skip;
	special[0] <<= skip;
}

__attribute__((target("avx2")))
static void mark_avx2(const char *text, size_t skip, size_t words, uint64_t *no_digit, uint64_t *special)
{
	const __m256i zero = _mm256_set1_epi8('0'), nine = _mm256_set1_epi8(9), blank = _mm256_set1_epi8(' ');
	const __m256i quote = _mm256_set1_epi8('"'), escape = _mm256_set1_epi8('\\');
	for (size_t i = 0; i < words; i++) {
		const char *from = i ? text - skip + 64 * i : text;
		uint64_t digits = 0, odd = 0;
		for (int half = 0; half < 2; half++) {
			__m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(from + 32 * half));
			__m256i d = _mm256_sub_epi8(c, zero);
			__m256i digit = _mm256_cmpeq_epi8(_mm256_min_epu8(d, nine), d);
			__m256i any = _mm256_or_si256(_mm256_cmpgt_epi8(blank, c),
				_mm256_or_si256(_mm256_cmpeq_epi8(c, quote), _mm256_cmpeq_epi8(c, escape)));
			digits |= (uint64_t)(uint32_t)_mm256_movemask_epi8(digit) << 32 * half;
			odd |= (uint64_t)(uint32_t)_mm256_movemask_epi8(any) << 32 * half;
		}
		no_digit[i] = ~digits;
		special[i] = odd;
	}
	no_digit[0] <<= skip;
	special[0] <<= skip;
}
#endif

enum json_marks_kernel json_marks_best(void)
{
#if defined(__x86_64__)
	bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
	if (bits && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return JSON_MARKS_AVX512;
	if (bits && __builtin_cpu_supports("avx2"))
		return JSON_MARKS_AVX2;
#endif
	return JSON_MARKS_NONE;
}

void json_marks_take(struct json_marks *m, struct span text, enum json_marks_kernel kernel)
{
	m->text = (struct span){NULL, 0};
	if (text.n == 0 || kernel == JSON_MARKS_NONE)
		return;
#if defined(__x86_64__)
	/* The last word may be of bytes after the text; one more is loaded from and never counts. */
	size_t skip = (uintptr_t)text.at % 8, words = (text.n + skip) / 64 + 1;
	m->no_digit = memory_grow(m->no_digit, &m->capacity, words + 1, sizeof *m->no_digit);
	m->special = memory_grow(m->special, &m->special_capacity, words + 1, sizeof *m->special);
	(kernel == JSON_MARKS_AVX512 ? mark_avx512 : mark_avx2)(text.at, skip, words, m->no_digit, m->special);
	m->kernel = kernel;
	m->no_digit[words] = m->special[words] = 0;
	m->text = text;
#endif
}

void json_marks_free(struct json_marks *m)
{
	free(m->no_digit);
	free(m->special);
	*m = (struct json_marks){.text = {NULL, 0}};
}
