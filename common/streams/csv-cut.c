/* Where rows of CSV end: by the quotes before, of which those inside a value are even in number. */
#include "streams/csv-rows.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
	STEP = 64,
	TEXT_MAX = INPUT_LINE_MAX / 2, /* no row of it is too long */
};

/* What comes before a byte. */
struct place {
	bool inside;   /* a quote whose value has not ended, */
	bool closed;   /* or directly the quote that may have ended one, */
	bool starts;   /* or a comma, a line end or nothing, after which a value begins */
	size_t last;   /* where the last row has ended */
};

/* ---- byte by byte ---- */

enum state { VALUE, PLAIN, QUOTED, CLOSED, BAD };

static enum state step(enum state s, const char *p)
{
	if (s == QUOTED)
		return *p == '"' ? CLOSED : QUOTED;
	if (*p == '\n' || s == BAD)
		return *p == '\n' ? VALUE : BAD;
	if (*p == ',')
		return VALUE;
	if (*p == '"')
		return s == PLAIN ? BAD : QUOTED;
	if (s == CLOSED)
		return *p == '\r' && p[1] == '\n' ? CLOSED : BAD;
	return PLAIN;
}

/* From `i` on, to where a row begins that is at least STEP bytes further, or the end. */
static size_t cut_plain(struct span text, size_t i, struct place *at)
{
	enum state s = at->inside ? QUOTED : at->closed ? CLOSED : at->starts ? VALUE : PLAIN;
	for (size_t enough = i + STEP; i < text.n && (i < enough || at->last != i); i++) {
		enum state next = step(s, text.at + i);
		if (s != QUOTED && text.at[i] == '\n')
			at->last = i + 1;
		s = next;
	}
	*at = (struct place){.starts = true, .last = at->last};
	return i;
}

/* ---- 64 bytes at a time ---- */

#if defined(__x86_64__)

enum kernel { KERNEL_AVX2, KERNEL_AVX512 };

__attribute__((target("avx512f,avx512bw")))
static inline uint64_t equal_avx512(const char *p, char c)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512((const void *)p), _mm512_set1_epi8(c));
}

__attribute__((target("avx2")))
static inline uint64_t equal_avx2(const char *p, char c)
{
	const __m256i *v = (const __m256i *)(const void *)p;
	__m256i all = _mm256_set1_epi8(c);
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(v), all));
	uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(v + 1), all));
	return (uint64_t)high << 32 | low;
}

/* Which of 64 bytes are `c`; `kernel` is constant. */
__attribute__((always_inline))
static inline uint64_t equal(const char *p, char c, const enum kernel kernel)
{
	return kernel == KERNEL_AVX512 ? equal_avx512(p, c) : equal_avx2(p, c);
}

/* Bits that an odd number of bits is set up to. */
static inline uint64_t odd_so_far(uint64_t x)
{
	for (int i = 1; i < STEP; i *= 2)
		x ^= x << i;
	return x;
}

static inline void see_ends(struct place *at, size_t i, uint64_t ends)
{
	if (ends)
		at->last = i + STEP - (size_t)__builtin_clzll(ends);
}

/* The bytes of `valid` from `i` on; false where one of them must not be there. `kernel` is constant. */
__attribute__((always_inline))
static inline bool take(const char *text, size_t i, uint64_t valid, struct place *at,
			const enum kernel kernel)
{
	const char *p = text + i;
	uint64_t quote = equal(p, '"', kernel) & valid;
	if (!quote && at->inside)
		return true;
	uint64_t lf = equal(p, '\n', kernel) & valid;
	if (!quote && !at->closed) {
		see_ends(at, i, lf);
		at->starts = p[STEP - 1] == '\n' || p[STEP - 1] == ',';
		return true;
	}
	uint64_t comma = equal(p, ',', kernel) & valid, cr = equal(p, '\r', kernel) & valid;
	uint64_t inside = odd_so_far(quote) ^ (at->inside ? UINT64_MAX : 0);
	uint64_t closing = quote & ~inside, separator = comma | lf;
	uint64_t line_end = lf >> 1 | (uint64_t)(p[STEP] == '\n') << (STEP - 1);
	uint64_t may_open = (separator | closing) << 1 | (at->starts | at->closed);
	uint64_t after = (closing << 1 | at->closed) & valid;
	if ((quote & inside & ~may_open) | (after & ~(separator | quote | (cr & line_end))))
		return false;
	see_ends(at, i, lf & ~inside);
	at->inside = inside >> (STEP - 1);
	at->closed = closing >> (STEP - 1);
	at->starts = (separator & ~inside) >> (STEP - 1);
	return true;
}

/* csv_cut; `kernel` is constant. */
__attribute__((always_inline))
static inline size_t cut(struct span text, const enum kernel kernel)
{
	struct place at = {.starts = true};
	for (size_t i = 0; i < text.n;) {
		size_t left = text.n - i;
		uint64_t valid = left < STEP ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
		if (take(text.at, i, valid, &at, kernel))
			i += STEP;
		else
			i = cut_plain(text, i, &at);
	}
	return at.last;
}

__attribute__((target("avx512f,avx512bw")))
static size_t cut_avx512(struct span text)
{
	return cut(text, KERNEL_AVX512);
}

__attribute__((target("avx2")))
static size_t cut_avx2(struct span text)
{
	return cut(text, KERNEL_AVX2);
}

#endif

size_t csv_cut(struct span text)
{
	if (text.n > TEXT_MAX)
		return 0;
	if (!memchr(text.at, '"', text.n))
		return text.n;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bw"))
		return cut_avx512(text);
	if (__builtin_cpu_supports("avx2"))
		return cut_avx2(text);
#endif
	struct place at = {.starts = true};
	for (size_t i = 0; i < text.n;)
		i = cut_plain(text, i, &at);
	return at.last;
}
