/* Where rows of CSV end: by the quotes before, of which those inside a value are even in number. */
#include "streams/csv-rows.h"

#include <string.h>

#include "streams/byte-masks.h"

enum { TEXT_MAX = INPUT_LINE_MAX / 2 }; /* no row of it is too long */

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

/* From `i` on, to where a row begins that is at least MASK_BYTES further, or the end. */
static size_t cut_plain(struct span text, size_t i, struct place *at)
{
	enum state s = at->inside ? QUOTED : at->closed ? CLOSED : at->starts ? VALUE : PLAIN;
	for (size_t enough = i + MASK_BYTES; i < text.n && (i < enough || at->last != i); i++) {
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

static inline void see_ends(struct place *at, size_t i, uint64_t ends)
{
	if (ends)
		at->last = i + MASK_BYTES - (size_t)__builtin_clzll(ends);
}

/* The bytes of `valid` from `i` on; false where one of them must not be there. */
__attribute__((always_inline))
static inline bool take(const char *text, size_t i, uint64_t valid, struct place *at,
			const enum masks_kernel kernel)
{
	const char *p = text + i;
	const int top = MASK_BYTES - 1;
	uint64_t quote = mask_of(p, '"', kernel) & valid;
	if (!quote && at->inside)
		return true;
	uint64_t lf = mask_of(p, '\n', kernel) & valid;
	if (!quote && !at->closed) {
		see_ends(at, i, lf);
		at->starts = p[top] == '\n' || p[top] == ',';
		return true;
	}
	uint64_t comma = mask_of(p, ',', kernel) & valid, cr = mask_of(p, '\r', kernel) & valid;
	uint64_t inside = mask_inside(quote, kernel) ^ (at->inside ? UINT64_MAX : 0);
	uint64_t closing = quote & ~inside, separator = comma | lf;
	uint64_t line_end = lf >> 1 | (uint64_t)(p[MASK_BYTES] == '\n') << top;
	uint64_t may_open = (separator | closing) << 1 | (at->starts | at->closed);
	uint64_t after = (closing << 1 | at->closed) & valid;
	if ((quote & inside & ~may_open) | (after & ~(separator | quote | (cr & line_end))))
		return false;
	see_ends(at, i, lf & ~inside);
	at->inside = inside >> top;
	at->closed = closing >> top;
	at->starts = (separator & ~inside) >> top;
	return true;
}

__attribute__((always_inline))
static inline size_t cut(struct span text, const enum masks_kernel kernel)
{
	struct place at = {.starts = true};
	for (size_t i = 0; i < text.n;) {
		if (take(text.at, i, mask_first(text.n - i), &at, kernel))
			i += MASK_BYTES;
		else
			i = cut_plain(text, i, &at);
	}
	return at.last;
}

MASKS_AVX512
static size_t cut_avx512(struct span text)
{
	return cut(text, MASKS_KERNEL_AVX512);
}

MASKS_AVX2
static size_t cut_avx2(struct span text)
{
	return cut(text, MASKS_KERNEL_AVX2);
}

#endif

size_t csv_cut(struct span text)
{
	if (text.n > TEXT_MAX)
		return 0;
	if (!memchr(text.at, '"', text.n))
		return text.n;
#if defined(__x86_64__)
	enum masks_kernel kernel = masks_best();
	if (kernel != MASKS_PORTABLE)
		return kernel == MASKS_KERNEL_AVX512 ? cut_avx512(text) : cut_avx2(text);
#endif
	struct place at = {.starts = true};
	for (size_t i = 0; i < text.n;)
		i = cut_plain(text, i, &at);
	return at.last;
}
