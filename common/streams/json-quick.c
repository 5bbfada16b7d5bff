/* Lines of a known shape by the marks of their text: the literals are compared a vector at a time, and where
 * a scalar ends is a shift and a count away.
 */
#include "streams/json-reader.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { LITERAL_MAX = 63 }; /* longer ones are json_read_shape's */

static struct quick_part part_of(const struct shape *s, size_t from, size_t to, bool after_string,
				 bool string)
{
	const char *literal = s->text + from - after_string;
	size_t n = to - from + after_string + string;
	return (struct quick_part){.literal = literal, .literal_n = (uint32_t)n, .string = string,
				   .mask = n <= LITERAL_MAX ? (UINT64_C(1) << n) - 1 : 0};
}

void json_quick_prepare(const struct json_reader *r, struct shape *s)
{
	bool before = false, all = true;
	size_t from = 0, n = 0;
	for (size_t k = 0; k < s->n_parts; k++) {
		const struct part *part = &s->parts[k];
		bool string = s->text[part->from] == '"';
		if (part->slot == MUST_BE_NULL)
			continue; /* its text belongs to the literal */
		s->quick[n] = part_of(s, from, part->from, before, string);
		all &= s->quick[n].mask != 0;
		size_t slot = part->slot < 0 ? r->n_slots : (size_t)part->slot;
		s->quick[n++].value = (uint32_t)(slot * sizeof *r->values);
		from = part->to;
		before = string;
	}
	s->quick[n] = part_of(s, from, s->tail + s->tail_n, before, false);
	s->n_quick = n;
	s->is_quick = all && s->quick[n].mask;
}

#if defined(__x86_64__)

__attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))
static inline bool same_avx512(const char *p, const char *literal, uint64_t mask)
{
	if (mask >> 32)
		return _mm512_mask_cmpneq_epi8_mask(mask, _mm512_loadu_si512((const void *)p),
						    _mm512_loadu_si512((const void *)literal)) == 0;
	return _mm256_mask_cmpneq_epi8_mask((uint32_t)mask, _mm256_loadu_si256((const __m256i *)(const void *)p),
					    _mm256_loadu_si256((const __m256i *)(const void *)literal)) == 0;
}

__attribute__((target("avx2,bmi,bmi2")))
static inline uint32_t differ_avx2(const char *p, const char *literal)
{
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(
		_mm256_loadu_si256((const __m256i *)(const void *)p),
		_mm256_loadu_si256((const __m256i *)(const void *)literal)));
}

__attribute__((target("avx2,bmi,bmi2")))
static inline bool same_avx2(const char *p, const char *literal, uint64_t mask)
{
	return (differ_avx2(p, literal) & (uint32_t)mask) == 0 &&
	       (!(mask >> 32) || (differ_avx2(p + 32, literal + 32) & (uint32_t)(mask >> 32)) == 0);
}

/* The same first bytes, by a bit for each? 64 are readable on both sides. `kernel` is constant. */
__attribute__((always_inline))
static inline bool same(const char *p, const char *literal, uint64_t mask,
			const enum json_marks_kernel kernel)
{
	return kernel == JSON_MARKS_AVX512 ? same_avx512(p, literal, mask) : same_avx2(p, literal, mask);
}

static inline void set_value(struct json_value *v, const char *at, size_t n, enum json_kind kind)
{
	v->raw.at = at;
	v->raw.n = n;
	v->kind = kind;
	v->escaped = false;
}

/* Where in a line one is. */
struct position {
	const char *p;
	const struct quick_part *no_quote; /* its literal's first quote is not there */
	struct json_value *v;  /* the last value */
};

/* A value that is neither a plain string nor plain digits. Where a quote is expected after it, one is then
 * one byte before what comes: at the quote of a string, or at the last byte of something else. */
static bool take_odd(struct position *at, const struct quick_part *q, const char *p, struct json_value *v)
{
	struct json_fault fault = {0};
	p = scan_scalar(p, v, &fault);
	if (!p)
		return false;
	if (q->string && v->kind != JSON_STRING)
		at->no_quote = q + 1;
	at->p = q->string ? p - 1 : p;
	return true;
}

/* The literal is not there as it should be: but it may be so without a quote, where no string is, or
 * after the exponent of a number. */
__attribute__((always_inline))
static inline bool same_other(struct position *at, const struct quick_part *q,
			      const enum json_marks_kernel kernel)
{
	struct json_fault fault = {0};
	uint64_t mask = q->string ? q->mask >> 1 : q->mask;
	if (at->v && at->v->kind == JSON_NUMBER && (*at->p | 0x20) == 'e') {
		at->p = scan_scalar(at->v->raw.at, at->v, &fault);
		if (!at->p)
			return false;
	}
	return same(at->p, q->literal, q == at->no_quote ? mask & ~UINT64_C(1) : mask, kernel);
}

/* The plain string from `p` on: its quote, NULL when the marks do not tell. */
__attribute__((always_inline))
static inline const char *string_end(const char *p, uint64_t special)
{
	const char *end = special ? p + __builtin_ctzll(special) : NULL;
	return end && *end == '"' ? end : NULL;
}

/* The digits, and the point in them, that begin at `p`: where they end, NULL when the marks do not tell. */
__attribute__((always_inline))
static inline const char *number_end(const char *p, uint64_t ends)
{
	size_t n = ends ? (size_t)__builtin_ctzll(ends) : 0;
	if (n == 0 || (n > 1 && *p == '0'))
		return NULL;
	if (p[n] == '.') {
		size_t point = n;
		ends &= ends - 1;
		n = ends ? (size_t)__builtin_ctzll(ends) : 0;
		if (n <= point + 1)
			return NULL;
	}
	return p + n; /* an e would not be the literal after it */
}

/* json_quick; `kernel` is constant. */
__attribute__((always_inline))
static inline size_t quick(struct json_reader *r, const struct shape *s, const char *from,
			   const enum json_marks_kernel kernel)
{
	const uintptr_t special = json_marks_base(&r->marks, r->marks.special);
	const uintptr_t no_digit = json_marks_base(&r->marks, r->marks.no_digit);
	const struct quick_part *q = s->quick, *last = s->quick + s->n_quick;
	struct json_value *v = NULL;
	const struct quick_part *no_quote = NULL;
	const char *p = from;
	for (;; q++) {
		const char *end = NULL;
		bool usual = same(p, q->literal, q->mask, kernel);
		if (!usual) {
			struct position at = {p, no_quote, v};
			if (!same_other(&at, q, kernel))
				return NOT_QUICK;
			p = at.p;
		}
		p += q->literal_n;
		if (q == last)
			break;
		v = (struct json_value *)(void *)((char *)r->values + q->value);
		if (usual || !q->string)
			end = q->string ? string_end(p, json_marks_at(special, p))
				: number_end(p, json_marks_at(no_digit, p));
		if (end) {
			set_value(v, p, (size_t)(end - p), q->string ? JSON_STRING : JSON_NUMBER);
			p = end;
		} else {
			struct position at = {p, no_quote, v};
			if (!take_odd(&at, q, p - q->string, v))
				return NOT_QUICK;
			p = at.p;
			no_quote = at.no_quote;
		}
	}
	for (size_t i = 0; i < s->n_absent; i++)
		r->values[s->absent[i]] = (struct json_value){0};
	return (size_t)(p - from);
}

__attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))
static size_t quick_avx512(struct json_reader *r, const struct shape *s, const char *from)
{
	return quick(r, s, from, JSON_MARKS_AVX512);
}

__attribute__((target("avx2,bmi,bmi2")))
static size_t quick_avx2(struct json_reader *r, const struct shape *s, const char *from)
{
	return quick(r, s, from, JSON_MARKS_AVX2);
}

size_t json_quick(struct json_reader *r, const struct shape *s, const char *from)
{
	return (r->marks.kernel == JSON_MARKS_AVX512 ? quick_avx512 : quick_avx2)(r, s, from);
}

#else

size_t json_quick(struct json_reader *r, const struct shape *s, const char *from)
{
	(void)r;
	(void)s;
	(void)from;
	return NOT_QUICK;
}

#endif
