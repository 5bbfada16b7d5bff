/* json-scan.h - the bytes of JSON: strings, numbers, words, checked where they stand.
 *
 * For the files of json.h alone. Everything may look at JSON_PAD bytes after a line, and
 * stops at the LF after it at the latest. The loops are here to be compiled into those
 * that call them.
 */
#ifndef RECPIPE_STREAMS_JSON_SCAN_H
#define RECPIPE_STREAMS_JSON_SCAN_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "streams/json.h"

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* The first byte from `p` on that does not simply belong to a string: quote,
 * backslash, control byte, not ASCII. There is one: the LF after the line. */
static inline const char *string_special(const char *p)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);
	for (;; p += 16) {
		__m128i c = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i odd = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(c, quote), _mm_cmpeq_epi8(c, escape)),
			_mm_or_si128(_mm_cmpeq_epi8(_mm_max_epu8(c, control), control), c));
		unsigned mask = (unsigned)_mm_movemask_epi8(odd);
		if (mask)
			return p + __builtin_ctz(mask);
	}
#else
	while (*p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
		p++;
	return p;
#endif
}

/* After the digits that begin at `p`. */
static inline const char *skip_digits(const char *p)
{
#ifdef __SSE2__
	const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
	for (;; p += 16) {
		__m128i c = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i d = _mm_sub_epi8(c, zero);
		unsigned mask = (unsigned)_mm_movemask_epi8(
			_mm_cmpeq_epi8(_mm_min_epu8(d, nine), d));
		if (mask != 0xffff)
			return p + __builtin_ctz(~mask);
	}
#else
	while ((unsigned char)(*p - '0') < 10)
		p++;
	return p;
#endif
}

#ifdef __SSE2__
/* The first `n` of 32 bytes, the same? */
static inline bool same_32(const char *a, const char *b, size_t n)
{
	unsigned low = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
		_mm_loadu_si128((const __m128i *)(const void *)a),
		_mm_loadu_si128((const __m128i *)(const void *)b)));
	unsigned high = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
		_mm_loadu_si128((const __m128i *)(const void *)(a + 16)),
		_mm_loadu_si128((const __m128i *)(const void *)(b + 16))));
	uint64_t same = (uint64_t)high << 16 | low;
	return (~same & ((UINT64_C(1) << n) - 1)) == 0;
}
#endif

/* The same `n` bytes? Both sides are readable 32 bytes on. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
#ifdef __SSE2__
	if (n <= 32)
		return same_32(a, b, n);
	if (n <= 64)
		return same_32(a, b, 32) && same_32(a + n - 32, b + n - 32, 32);
#endif
	return memcmp(a, b, n) == 0;
}

/* Length of the UTF-8 sequence (2 to 4 bytes) at `s`, 0 when it is invalid. Stops
 * at the first byte that does not fit, so at the LF after the line. */
static inline size_t utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char c = s[0];
	if (c >= 0xc2 && c < 0xe0)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (c >= 0xe0 && c < 0xf0) {
		bool ok = (s[1] & 0xc0) == 0x80 && !(c == 0xe0 && s[1] < 0xa0) &&
			!(c == 0xed && s[1] > 0x9f);
		return ok && (s[2] & 0xc0) == 0x80 ? 3 : 0;
	}
	if (c >= 0xf0 && c < 0xf5) {
		bool ok = (s[1] & 0xc0) == 0x80 && !(c == 0xf0 && s[1] < 0x90) &&
			!(c == 0xf4 && s[1] > 0x8f);
		return ok && (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80 ? 4 : 0;
	}
	return 0;
}

/* Why a scalar is bad, and where. */
struct json_fault {
	const char *problem, *at;
};

static inline const char *fault_set(struct json_fault *f, const char *at, const char *problem)
{
	*f = (struct json_fault){problem, at};
	return NULL;
}

/* Checks the escape at the backslash `p`; after it, or NULL. */
const char *json_scan_escape(const char *p, struct json_fault *f);

/* Unescapes a string that has been checked; returns its length, at most raw.n. */
size_t json_unescape(struct span raw, char *out);

/* From after the opening quote to the closing one, or NULL. */
static inline const char *scan_string(const char *p, bool *escaped, struct json_fault *f)
{
	*escaped = false;
	for (;;) {
		p = string_special(p);
		if (*p == '"')
			return p;
		if (*p == '\\') {
			*escaped = true;
			p = json_scan_escape(p, f);
			if (!p)
				return NULL;
			continue;
		}
		if ((unsigned char)*p < 0x20)
			return fault_set(f, p, *p == '\n' ? "a string without its closing quote"
					 : "a control byte in a string");
		while ((unsigned char)*p >= 0x80) {
			size_t n = utf8_length(p);
			if (n == 0)
				return fault_set(f, p, "bytes that are not UTF-8");
			p += n;
		}
	}
}

static inline const char *scan_number(const char *p, struct json_fault *f)
{
	const char *from = p;
	p += *p == '-';
	const char *digits = p;
	p = skip_digits(p);
	if (p == digits)
		return fault_set(f, from, "a number without digits");
	if (*digits == '0' && p - digits > 1)
		return fault_set(f, from, "a number with a leading zero");
	if (*p == '.') {
		const char *after = p + 1;
		p = skip_digits(after);
		if (p == after)
			return fault_set(f, from, "a number without digits after its decimal point");
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		const char *power = p;
		p = skip_digits(p);
		if (p == power)
			return fault_set(f, from, "a number without digits in its exponent");
	}
	return p;
}

/* The scalar at `p` into `*v`; after it, or NULL: then either `f` tells why,
 * or there is none (f->problem stays NULL). */
static inline const char *scan_scalar(const char *p, struct json_value *v, struct json_fault *f)
{
	const char *end;
	v->escaped = false;
	switch (*p) {
	case '"':
		end = scan_string(p + 1, &v->escaped, f);
		if (!end)
			return NULL;
		v->kind = JSON_STRING;
		v->raw.at = p + 1;
		v->raw.n = (size_t)(end - p - 1);
		return end + 1;
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		end = scan_number(p, f);
		if (!end)
			return NULL;
		v->kind = JSON_NUMBER;
		break;
	case 'n':
		if (memcmp(p, "null", 4) != 0)
			return NULL;
		v->kind = JSON_NULL;
		end = p + 4;
		break;
	case 't':
		if (memcmp(p, "true", 4) != 0)
			return NULL;
		v->kind = JSON_TRUE;
		end = p + 4;
		break;
	case 'f':
		if (memcmp(p, "false", 5) != 0)
			return NULL;
		v->kind = JSON_FALSE;
		end = p + 5;
		break;
	default:
		return NULL;
	}
	v->raw.at = p;
	v->raw.n = (size_t)(end - p);
	return end;
}

#endif
