/* Where values of JSON end, and a text of many may be cut: 64 bytes at a time, strings and brackets by bits.
 * Only what is plain is looked at so; whatever else there is, is json-split.c's to look at, byte by byte.
 */
#include "streams/json-cut.h"

#include "base/memory.h"
#include "streams/byte-masks.h"

/* What strings are before a byte. */
struct strings {
	bool inside, escaped;  /* one has not ended; a backslash before the next byte */
};

/* What comes before a stride: so many bytes, at whose beginning one can look for the last cut. */
enum { STRIDE = 16 * MASK_BYTES };
struct json_stride {
	struct strings strings;
	size_t depth;          /* brackets that are open, that of an array around all excluded */
};

/* The bits after a backslash that counts. */
static uint64_t escaped_bits(uint64_t backslash, bool *carry)
{
	uint64_t escaped = *carry;
	backslash &= ~escaped;
	for (*carry = false; backslash; backslash &= backslash - 1) {
		int i = __builtin_ctzll(backslash);
		*carry = i == MASK_BYTES - 1;
		if (*carry)
			break;
		escaped |= UINT64_C(2) << i;
		backslash &= ~(UINT64_C(2) << i);
	}
	return escaped;
}

/* Of 64 bytes: the brackets outside strings, what is inside strings, and backslashes that are not, which is
 * not of JSON. */
struct bits {
	uint64_t open, close, inside, odd;
};

__attribute__((always_inline))
static inline struct bits bits_of(const char *p, uint64_t valid, struct strings *at,
				  const enum masks_kernel kernel)
{
	uint64_t quote = mask_of(p, '"', kernel) & valid, backslash = mask_of(p, '\\', kernel) & valid;
	if (backslash | at->escaped)
		quote &= ~escaped_bits(backslash, &at->escaped);
	uint64_t inside = mask_inside(quote, kernel) ^ (at->inside ? UINT64_MAX : 0), outside = ~inside & valid;
	at->inside = inside >> (MASK_BYTES - 1);
	return (struct bits){
		.open = mask_like(p, '{' & 0xdf, 0x20, kernel) & outside,
		.close = mask_like(p, '}' & 0xdf, 0x20, kernel) & outside,
		.inside = inside,
		.odd = backslash & outside,
	};
}

static inline size_t count(uint64_t bits)
{
	return (size_t)__builtin_popcountll(bits);
}

/* The first of the bytes at which a bracket ends what `depth` brackets have begun; 64: none. */
static size_t find_end(const struct bits *b, size_t depth)
{
	for (uint64_t brackets = b->open | b->close; brackets; brackets &= brackets - 1) {
		depth += b->open & brackets & -brackets ? 1 : (size_t)-1;
		if (depth == 0)
			return (size_t)__builtin_ctzll(brackets);
	}
	return MASK_BYTES;
}

/* ---- the end of a value ---- */

#define GOES_ON SIZE_MAX /* it does not end in the text, which is plain */

__attribute__((always_inline))
static inline size_t value_end(struct span text, uint64_t *lines, const enum masks_kernel kernel)
{
	struct strings at = {false, false};
	uint64_t lf_before = 0;
	size_t depth = 0;
	for (size_t i = 0; i < text.n; i += MASK_BYTES) {
		uint64_t valid = mask_first(text.n - i);
		struct bits b = bits_of(text.at + i, valid, &at, kernel);
		uint64_t lf = mask_of(text.at + i, '\n', kernel) & valid, odd = b.odd | (lf & b.inside);
		if (odd || i == 0 || count(b.close) >= depth) {
			size_t end = find_end(&b, depth);
			bool plain = !(odd & mask_first(end));
			if (plain && end < MASK_BYTES)
				*lines = lf_before + count(lf & mask_first(end));
			if (!plain || end < MASK_BYTES)
				return plain ? i + end + 1 : 0;
		}
		depth += count(b.open) - count(b.close);
		lf_before += count(lf);
	}
	return GOES_ON;
}

/* ---- a cut ---- */

/* Notes what comes before each stride, up to where the text is not plain or the array ends: returns that, or
 * its length. */
__attribute__((always_inline))
static inline size_t note_strides(struct json_cut *cut, struct span text, const enum masks_kernel kernel)
{
	struct strings at = {false, false};
	size_t depth = 0;
	for (size_t i = 0; i < text.n; i += MASK_BYTES) {
		uint64_t valid = mask_first(text.n - i);
		if (i % STRIDE == 0)
			cut->strides[i / STRIDE] = (struct json_stride){at, depth};
		struct bits b = bits_of(text.at + i, valid, &at, kernel);
		uint64_t odd = b.odd;
		if (!cut->array) /* a string ends with its line */
			odd |= mask_of(text.at + i, '\n', kernel) & valid & b.inside;
		if (odd || (count(b.close) > depth && find_end(&b, depth + 1) < MASK_BYTES))
			return i;
		depth += count(b.open) - count(b.close);
	}
	return text.n;
}

/* The last place in a stride that begins at `from`, before `end`, where the text may be cut; 0: none. */
__attribute__((always_inline))
static inline size_t last_place(const struct json_cut *cut, const char *text, size_t from, size_t end,
				const enum masks_kernel kernel)
{
	struct json_stride s = cut->strides[from / STRIDE];
	size_t last = 0;
	for (size_t i = from; i < end && i < from + STRIDE; i += MASK_BYTES) {
		uint64_t valid = mask_first(end - i);
		struct bits b = bits_of(text + i, valid, &s.strings, kernel);
		uint64_t comma = cut->array ? mask_of(text + i, ',', kernel) & ~b.inside & valid : 0;
		for (uint64_t all = b.open | b.close | comma; all; all &= all - 1) {
			uint64_t bit = all & -all;
			size_t place = i + (size_t)__builtin_ctzll(all);
			s.depth += b.open & bit ? 1 : b.close & bit ? (size_t)-1 : 0;
			if (s.depth == 0)
				last = comma & bit ? place : cut->array ? last : place + 1;
		}
	}
	return last;
}

__attribute__((always_inline))
static inline size_t find_cut(struct json_cut *cut, struct span text, const enum masks_kernel kernel)
{
	size_t end = note_strides(cut, text, kernel), place = 0;
	for (size_t n = (end + STRIDE - 1) / STRIDE; n > 0 && place == 0; n--)
		place = last_place(cut, text.at, (n - 1) * STRIDE, end, kernel);
	return place;
}

/* ---- by what the processor has ---- */

#if defined(__x86_64__)
MASKS_AVX512
static size_t value_end_avx512(struct span text, uint64_t *lines)
{
	return value_end(text, lines, MASKS_KERNEL_AVX512);
}

MASKS_AVX512
static size_t find_cut_avx512(struct json_cut *cut, struct span text)
{
	return find_cut(cut, text, MASKS_KERNEL_AVX512);
}

MASKS_AVX2
static size_t value_end_avx2(struct span text, uint64_t *lines)
{
	return value_end(text, lines, MASKS_KERNEL_AVX2);
}

MASKS_AVX2
static size_t find_cut_avx2(struct json_cut *cut, struct span text)
{
	return find_cut(cut, text, MASKS_KERNEL_AVX2);
}
#endif

/* Where it ends; 0 where that is not told. */
static size_t find_value_end(struct span text, uint64_t *lines)
{
#if defined(__x86_64__)
	enum masks_kernel kernel = masks_best();
	if (kernel != MASKS_PORTABLE)
		return (kernel == MASKS_KERNEL_AVX512 ? value_end_avx512 : value_end_avx2)(text, lines);
#endif
	return value_end(text, lines, MASKS_PORTABLE);
}

size_t json_value_end(struct span text, uint64_t *lines)
{
	size_t n = find_value_end(text, lines);
	return n == GOES_ON ? 0 : n;
}

bool json_value_goes_on(struct span text)
{
	return find_value_end(text, &(uint64_t){0}) == GOES_ON;
}

size_t json_cut(void *context, struct span text)
{
	struct json_cut *cut = context;
	cut->strides = memory_grow(cut->strides, &cut->capacity, text.n / STRIDE + 1, sizeof *cut->strides);
#if defined(__x86_64__)
	enum masks_kernel kernel = masks_best();
	if (kernel != MASKS_PORTABLE)
		return (kernel == MASKS_KERNEL_AVX512 ? find_cut_avx512 : find_cut_avx2)(cut, text);
#endif
	return find_cut(cut, text, MASKS_PORTABLE);
}
