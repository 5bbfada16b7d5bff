#include "streams/json.h"

#include <stdint.h>
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buffer.h"
#include "base/memory.h"
#include "base/quote.h"

enum {
	NOWHERE = -1,      /* a place below which nothing is wanted */
	SHAPES = 4,        /* how many shapes of line are remembered */
	SHAPE_PARTS = 256, /* larger lines are not */
	SHAPE_BYTES = 8192,
	FEW_KEYS = 32,     /* up to here keys are compared pair by pair */
	MISSES = 32,       /* so many lines without a known shape: look more rarely */
};

/* A wanted place: a key or index below another one. */
struct place {
	long parent;
	bool is_index;
	size_t index;
	struct span key;       /* its own memory */
	long first, next;      /* first place below, next one beside it */
	long slot;             /* -1: nothing is handed out */
	bool object_only;      /* json_expect_object was called */
	const char *closed;    /* json_close_keys' words, or NULL */
};

/* A key of an open object, unescaped, for the search for duplicates. */
struct key {
	const char *at;
	size_t n;
	uint64_t hash;
	const char *from;      /* where it is in the line */
};

/* An open object or array. */
struct frame {
	bool object;
	long place, slot;
	size_t first_key, index;
	const char *from;
};

/* A scalar of a line: what precedes it since the last one is its literal. */
struct part {
	uint32_t from, to;     /* in the line it was seen in */
	uint32_t literal, literal_n;
	long slot;             /* -1: none; MUST_BE_NULL */
};
enum { MUST_BE_NULL = -2 };

struct shape {
	char *text;            /* the line, padded */
	struct part *parts;
	size_t n_parts, tail, tail_n;
};

struct json_reader {
	struct place *places;
	size_t n_places, places_capacity;
	struct json_value *values;
	size_t n_slots, slots_capacity;

	const char *line;
	const char *problem;
	struct span problem_at;

	struct frame frames[JSON_DEPTH_MAX];
	struct key *keys;
	size_t n_keys, keys_capacity;
	char *unescaped;       /* keys with escapes; never longer than the line */
	size_t n_unescaped, unescaped_capacity;

	struct part parts[SHAPE_PARTS];
	size_t n_parts;
	bool plain;            /* the line so far can become a shape */
	struct shape shapes[SHAPES];
	size_t n_shapes, last_shape, next_shape;
	unsigned misses, lines;
	bool no_shapes;
};

/* ---- bytes ---- */

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
 * backslash, control byte, not ASCII. There is one: the LF behind the line. */
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

/* Behind the digits that begin at `p`. */
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

/* The same `n` bytes? Both sides are readable 32 bytes on. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
#ifdef __SSE2__
	if (n <= 32) {
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
	return memcmp(a, b, n) == 0;
}

/* Length of the UTF-8 sequence (2 to 4 bytes) at `s`, 0 when it is none. Stops
 * at the first byte that does not fit, so at the LF behind the line. */
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

/* The value of four hexadecimal digits, -1 when they are none. */
static long hex4(const char *p)
{
	long value = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9' ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static char simple_escape(char c)
{
	switch (c) {
	case '"': case '\\': case '/': return c;
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return 0;
	}
}

/* ---- scalars ---- */

/* Why a scalar is bad, and where. */
struct fault {
	const char *problem, *at;
};

static const char *fault_set(struct fault *f, const char *at, const char *problem)
{
	*f = (struct fault){problem, at};
	return NULL;
}

/* \udc80 .. \udcff alone are the bytes 0x80 .. 0xff of what is not UTF-8 (Python's
 * surrogateescape, PEP 383): json-write.h writes them, and a pair never looks so. */
static bool is_single_byte(long code)
{
	return code >= 0xdc80 && code <= 0xdcff;
}

/* Do the bytes that are escaped one by one from `p` on begin with a character of UTF-8?
 * That has a spelling of its own, and one text must not have two. */
static bool is_spelled_out(const char *p)
{
	char bytes[4];
	uint32_t point;
	size_t n = 0;
	for (long code; n < sizeof bytes && p[0] == '\\' && p[1] == 'u'; p += 6, n++) {
		code = hex4(p + 2);
		if (!is_single_byte(code))
			break;
		bytes[n] = (char)(code - 0xdc00);
	}
	return utf8_character(bytes, n, &point) > 0;
}

/* Checks the escape at the backslash `p`; behind it, or NULL. */
static const char *scan_escape(const char *p, struct fault *f)
{
	if (p[1] != 'u')
		return simple_escape(p[1]) ? p + 2 : fault_set(f, p, "an unknown escape");
	long code = hex4(p + 2);
	if (code < 0)
		return fault_set(f, p, "\\u without four hexadecimal digits");
	if (code == 0)
		return fault_set(f, p, "an escaped NUL");
	if (code < 0xd800 || code > 0xdfff)
		return p + 6;
	if (is_single_byte(code))
		return is_spelled_out(p) ? fault_set(f, p, "a character, escaped byte by byte") : p + 6;
	if (code < 0xdc00 && p[6] == '\\' && p[7] == 'u') {
		long low = hex4(p + 8);
		if (low >= 0xdc00 && low <= 0xdfff)
			return p + 12;
	}
	return fault_set(f, p, "half of a surrogate pair");
}

/* From behind the opening quote to the closing one, or NULL. */
static inline const char *scan_string(const char *p, bool *escaped, struct fault *f)
{
	*escaped = false;
	for (;;) {
		p = string_special(p);
		if (*p == '"')
			return p;
		if (*p == '\\') {
			*escaped = true;
			p = scan_escape(p, f);
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

static inline const char *scan_number(const char *p, struct fault *f)
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
			return fault_set(f, from, "a number without digits behind its point");
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

/* The scalar at `p` into `*v`; behind it, or NULL: then either `f` tells why,
 * or there is none (f->problem stays NULL). */
static inline const char *scan_scalar(const char *p, struct json_value *v, struct fault *f)
{
	const char *end;
	v->escaped = false;
	switch (*p) {
	case '"':
		end = scan_string(p + 1, &v->escaped, f);
		if (!end)
			return NULL;
		v->kind = JSON_STRING;
		v->raw = (struct span){p + 1, (size_t)(end - p - 1)};
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
	v->raw = (struct span){p, (size_t)(end - p)};
	return end;
}

static size_t write_utf8(char *out, unsigned long code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Unescapes a string that has been checked. */
static size_t unescape(struct span raw, char *out)
{
	const char *p = raw.at, *end = raw.at + raw.n;
	char *o = out;
	while (p < end) {
		const char *stop = memchr(p, '\\', (size_t)(end - p));
		size_t n = (size_t)((stop ? stop : end) - p);
		memcpy(o, p, n);
		o += n;
		p += n;
		if (!stop)
			break;
		if (p[1] != 'u') {
			*o++ = simple_escape(p[1]);
			p += 2;
			continue;
		}
		unsigned long code = (unsigned long)hex4(p + 2);
		p += 6;
		if (is_single_byte((long)code)) {
			*o++ = (char)(code - 0xdc00);
			continue;
		}
		if (code >= 0xd800 && code <= 0xdbff) {
			code = 0x10000 + ((code - 0xd800) << 10) +
				((unsigned long)hex4(p + 2) - 0xdc00);
			p += 6;
		}
		o += write_utf8(o, code);
	}
	return (size_t)(o - out);
}

size_t json_text(const struct json_value *v, char *out, size_t *separators)
{
	if (v->kind == JSON_ABSENT || v->kind == JSON_NULL)
		return 0;
	if (!v->escaped && v->kind != JSON_OBJECT && v->kind != JSON_ARRAY) {
		if (v->raw.n)
			memcpy(out, v->raw.at, v->raw.n);
		return v->raw.n;
	}
	size_t n = v->raw.n;
	if (v->escaped)
		n = unescape(v->raw, out);
	else
		memcpy(out, v->raw.at, n);
	for (size_t i = 0; i < n; i++) {
		if (out[i] == '\t' || out[i] == '\n' || out[i] == '\r') {
			out[i] = ' ';
			++*separators;
		}
	}
	return n;
}

/* ---- places ---- */

struct json_reader *json_new(void)
{
	struct json_reader *r = memory_zero(1, sizeof *r);
	r->places = memory_grow(NULL, &r->places_capacity, 8, sizeof *r->places);
	r->places[0] = (struct place){.parent = NOWHERE, .first = -1, .next = -1, .slot = -1};
	r->n_places = 1;
	return r;
}

static void drop_shapes(struct json_reader *r)
{
	for (size_t i = 0; i < r->n_shapes; i++) {
		free(r->shapes[i].text);
		free(r->shapes[i].parts);
	}
	r->n_shapes = r->last_shape = r->next_shape = 0;
	r->misses = 0;
}

void json_forget_shapes(struct json_reader *r)
{
	drop_shapes(r);
	r->no_shapes = true;
}

void json_free(struct json_reader *r)
{
	if (!r)
		return;
	drop_shapes(r);
	for (size_t i = 0; i < r->n_places; i++)
		free((char *)(uintptr_t)r->places[i].key.at);
	free(r->places);
	free(r->values);
	free(r->keys);
	free(r->unescaped);
	free(r);
}

/* The place below `place`, -1 when there is none. */
static inline long find_key(const struct json_reader *r, long place, struct span key)
{
	long at = r->places[place].first;
	for (; at >= 0; at = r->places[at].next)
		if (!r->places[at].is_index && span_equal(r->places[at].key, key))
			break;
	return at;
}

static inline long find_index(const struct json_reader *r, long place, size_t index)
{
	long at = r->places[place].first;
	for (; at >= 0; at = r->places[at].next)
		if (r->places[at].is_index && r->places[at].index == index)
			break;
	return at;
}

static size_t add_place(struct json_reader *r, size_t parent, struct place place)
{
	drop_shapes(r);
	r->places = memory_grow(r->places, &r->places_capacity, r->n_places + 1,
				sizeof *r->places);
	place.parent = (long)parent;
	place.first = place.slot = -1;
	place.next = r->places[parent].first;
	r->places[parent].first = (long)r->n_places;
	r->places[r->n_places] = place;
	return r->n_places++;
}

size_t json_key(struct json_reader *r, size_t place, struct span key)
{
	long found = find_key(r, (long)place, key);
	if (found >= 0)
		return (size_t)found;
	return add_place(r, place, (struct place){
		.key = {memory_text(key.n ? key.at : "", key.n), key.n}});
}

size_t json_index(struct json_reader *r, size_t place, size_t index)
{
	long found = find_index(r, (long)place, index);
	if (found >= 0)
		return (size_t)found;
	return add_place(r, place, (struct place){.is_index = true, .index = index});
}

size_t json_slot(struct json_reader *r, size_t place)
{
	if (r->places[place].slot < 0) {
		drop_shapes(r);
		r->values = memory_grow(r->values, &r->slots_capacity, r->n_slots + 1,
					sizeof *r->values);
		r->values[r->n_slots] = (struct json_value){0};
		r->places[place].slot = (long)r->n_slots++;
	}
	return (size_t)r->places[place].slot;
}

void json_expect_object(struct json_reader *r, size_t place)
{
	drop_shapes(r);
	r->places[place].object_only = true;
}

void json_close_keys(struct json_reader *r, size_t place, const char *problem)
{
	json_expect_object(r, place);
	r->places[place].closed = problem;
}

/* A key in a path: a JSON string, or bytes up to one that ends it. */
static bool path_key(const char **at, struct buffer *key)
{
	key->n = 0;
	if (**at != '"') {
		size_t n = strcspn(*at, ".[]\"/ \t\n");
		buffer_add(key, *at, n);
		*at += n;
		return n > 0;
	}
	/* Checked in a copy, which can be padded as a line must be. */
	struct fault f = {0};
	bool escaped;
	size_t n = strlen(*at);
	char *copy = memory_zero(n + 1 + JSON_PAD, 1);
	memcpy(copy, *at, n);
	copy[n] = '\n';
	const char *end = scan_string(copy + 1, &escaped, &f);
	if (end) {
		struct span raw = {copy + 1, (size_t)(end - copy - 1)};
		key->n = unescape(raw, buffer_room(key, raw.n + 1));
		*at += end - copy + 1;
	}
	free(copy);
	return end != NULL;
}

static bool path_number(const char **at, size_t *index)
{
	const char *p = *at;
	*index = 0;
	for (; *p >= '0' && *p <= '9' && p - *at < 9; p++)
		*index = *index * 10 + (size_t)(*p - '0');
	bool ok = p > *at && *p == ']';
	*at = p + ok;
	return ok;
}

long json_path(struct json_reader *r, const char *text, const char **rest)
{
	struct buffer key = {0};
	const char *p = text;
	size_t place = 0, depth = 0;
	bool ok = *p == '.';
	while (ok && (*p == '.' || *p == '[')) {
		size_t index;
		if (*p == '[') {
			p++;
			ok = path_number(&p, &index);
			if (ok)
				place = json_index(r, place, index);
		} else {
			p++;
			ok = path_key(&p, &key);
			if (ok)
				place = json_key(r, place, (struct span){key.data, key.n});
		}
		depth++;
		ok = ok && depth < JSON_DEPTH_MAX;
	}
	buffer_free(&key);
	*rest = p;
	return ok ? (long)place : -1;
}

/* ---- a line, by the grammar ---- */

static bool bad(struct json_reader *r, const char *at, size_t n, const char *problem)
{
	r->problem = problem;
	r->problem_at = (struct span){at, n};
	return false;
}

/* The rest of the line is what is shown. */
static bool bad_here(struct json_reader *r, const char *at, const char *end, const char *problem)
{
	return bad(r, at, at < end ? (size_t)(end - at) : 0, problem);
}

static inline uint64_t key_hash(const char *at, size_t n)
{
	uint64_t first = 0, last = 0;
	if (n >= 8) {
		memcpy(&first, at, 8);
		memcpy(&last, at + n - 8, 8);
	} else {
		memcpy(&first, at, n);
	}
	return (first ^ (last << 23 | last >> 41)) * 0x9e3779b97f4a7c15u + n;
}

/* A key that has been checked: unescaped if need be. */
static struct key key_of(struct json_reader *r, struct span raw, bool escaped, size_t line_n)
{
	struct key key = {raw.at, raw.n, 0, raw.at};
	if (escaped) {
		/* Room for all keys of the line at once, so that none moves. */
		if (r->n_unescaped == 0)
			r->unescaped = memory_grow(r->unescaped, &r->unescaped_capacity,
						   line_n, 1);
		key.at = r->unescaped + r->n_unescaped;
		key.n = unescape(raw, r->unescaped + r->n_unescaped);
		r->n_unescaped += key.n;
	}
	key.hash = key_hash(key.at, key.n);
	return key;
}

static inline bool same_key(const struct key *a, const struct key *b)
{
	return a->hash == b->hash && a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

static int order_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	int order = span_compare((struct span){a->at, a->n}, (struct span){b->at, b->n});
	return order ? order : (a->from > b->from) - (a->from < b->from);
}

static const char TWICE[] = "a key that occurs twice in one object";

/* Remembers a key of the innermost object; false when it had it already. */
static inline bool add_key(struct json_reader *r, const struct frame *f, const struct key *key)
{
	size_t count = r->n_keys - f->first_key;
	for (size_t i = 0; i < count && count < FEW_KEYS; i++)
		if (same_key(&r->keys[f->first_key + i], key))
			return false;
	if (r->n_keys == r->keys_capacity)
		r->keys = memory_grow(r->keys, &r->keys_capacity, r->n_keys + 1, sizeof *r->keys);
	r->keys[r->n_keys++] = *key;
	return true;
}

/* At the end of an object with many keys: sorts them; the first repetition in
 * the line, or NULL. */
static const struct key *find_twice(struct json_reader *r, const struct frame *f)
{
	struct key *keys = r->keys + f->first_key;
	size_t count = r->n_keys - f->first_key;
	const struct key *found = NULL;
	if (count <= FEW_KEYS)
		return NULL;
	qsort(keys, count, sizeof *keys, order_keys);
	for (size_t i = 1; i < count; i++)
		if (same_key(&keys[i - 1], &keys[i]) && (!found || keys[i].from < found->from))
			found = &keys[i];
	return found;
}

static inline void add_part(struct json_reader *r, const char *from, const char *to, long slot)
{
	if (!r->plain)
		return;
	if (r->n_parts == SHAPE_PARTS) {
		r->plain = false;
		return;
	}
	r->parts[r->n_parts++] = (struct part){
		.from = (uint32_t)(from - r->line), .to = (uint32_t)(to - r->line), .slot = slot};
}

/* One line, token by token. `r->parts` becomes the list of its scalars. */
static bool read_grammar(struct json_reader *r, struct span line)
{
	const char *p = line.at, *end = line.at + line.n;
	struct frame *frames = r->frames, *f;
	struct fault fault = {0};
	long place = 0;
	size_t depth = 0;
	r->n_keys = r->n_unescaped = r->n_parts = 0;
	r->plain = line.n <= SHAPE_BYTES;

	p = skip_blanks(p);
	if (p == end)
		return bad(r, p, 0, "a blank line");
	if (*p != '{')
		return bad_here(r, p, end, "not a JSON object");
value:
	p = skip_blanks(p);
	if (*p == '{' || *p == '[') {
		if (depth == JSON_DEPTH_MAX)
			return bad_here(r, p, end, "objects and arrays too deep");
		f = &frames[depth++];
		long slot = place >= 0 ? r->places[place].slot : -1;
		*f = (struct frame){.object = *p == '{', .place = place, .slot = slot,
				    .first_key = r->n_keys, .from = p};
		if (slot >= 0)
			r->plain = false; /* its text is no part of a shape */
		if (place >= 0 && r->places[place].object_only && !f->object)
			return bad_here(r, p, end, "not an object");
		p = skip_blanks(p + 1);
		if (f->object && *p != '}')
			goto key;
		if (!f->object && *p != ']') {
			place = f->place >= 0 ? find_index(r, f->place, 0) : NOWHERE;
			goto value;
		}
		goto close;
	}
	struct json_value v;
	const char *after = scan_scalar(p, &v, &fault);
	if (!after) {
		if (fault.problem)
			return bad_here(r, fault.at, end, fault.problem);
		return bad_here(r, p, end, p >= end ? "the line ends where a value is due"
				: "not a value");
	}
	long slot = -1;
	if (place >= 0) {
		slot = r->places[place].slot;
		if (slot >= 0)
			r->values[slot] = v;
		if (r->places[place].object_only) {
			if (v.kind != JSON_NULL)
				return bad_here(r, p, end, "not an object");
			if (slot >= 0)
				r->plain = false;
			slot = MUST_BE_NULL;
		}
	}
	add_part(r, p, after, slot);
	p = after;
next:
	p = skip_blanks(p);
	f = &frames[depth - 1];
	if (*p == ',') {
		p = skip_blanks(p + 1);
		if (f->object)
			goto key;
		f->index++;
		place = f->place >= 0 ? find_index(r, f->place, f->index) : NOWHERE;
		goto value;
	}
	if (*p != (f->object ? '}' : ']'))
		return bad_here(r, p, end, p >= end ? "the line ends inside an object or array"
				: f->object ? "neither ',' nor '}' behind a value"
				: "neither ',' nor ']' behind a value");
close:
	f = &frames[--depth];
	p++;
	if (f->object) {
		const struct key *twice = find_twice(r, f);
		if (twice)
			return bad(r, twice->from, strcspn(twice->from, "\"\n"), TWICE);
		r->n_keys = f->first_key;
	}
	if (f->slot >= 0)
		r->values[f->slot] = (struct json_value){
			.kind = f->object ? JSON_OBJECT : JSON_ARRAY,
			.raw = {f->from, (size_t)(p - f->from)}};
	if (depth > 0)
		goto next;
	p = skip_blanks(p);
	if (p != end)
		return bad_here(r, p, end, "something behind the object");
	return true;
key:
	if (*p != '"')
		return bad_here(r, p, end, p >= end ? "the line ends inside an object or array"
				: "not a key in quotes");
	bool escaped;
	const char *quote = scan_string(p + 1, &escaped, &fault);
	if (!quote)
		return bad_here(r, fault.at, end, fault.problem);
	struct span raw = {p + 1, (size_t)(quote - p - 1)};
	struct key key = key_of(r, raw, escaped, line.n);
	f = &frames[depth - 1];
	if (!add_key(r, f, &key))
		return bad(r, raw.at, raw.n, TWICE);
	place = NOWHERE;
	if (f->place >= 0) {
		place = find_key(r, f->place, (struct span){key.at, key.n});
		if (place < 0 && r->places[f->place].closed)
			return bad(r, raw.at, raw.n, r->places[f->place].closed);
	}
	p = skip_blanks(quote + 1);
	if (*p != ':')
		return bad_here(r, p, end, p >= end ? "the line ends behind a key"
				: "no ':' behind a key");
	p++;
	goto value;
}

/* ---- a line, by its likeness to an earlier one ---- */

/* A line is literal, scalar, literal, .., literal, where the literals hold all
 * structure and all keys. A line with the literals of a good one and with good
 * scalars is good itself, and has its values at the same paths. */
static void remember_shape(struct json_reader *r, struct span line)
{
	size_t i = r->next_shape;
	struct shape *s = &r->shapes[i];
	if (i == r->n_shapes) {
		s->text = memory_new(SHAPE_BYTES + JSON_PAD, 1);
		s->parts = memory_new(SHAPE_PARTS, sizeof *s->parts);
		r->n_shapes++;
	}
	r->next_shape = (i + 1) % SHAPES;
	r->last_shape = i;
	memcpy(s->text, line.at, line.n);
	memset(s->text + line.n, 0, JSON_PAD);
	s->n_parts = r->n_parts;
	uint32_t from = 0;
	for (size_t k = 0; k < r->n_parts; k++) {
		s->parts[k] = r->parts[k];
		s->parts[k].literal = from;
		s->parts[k].literal_n = r->parts[k].from - from;
		from = r->parts[k].to;
	}
	s->tail = from;
	s->tail_n = line.n - from;
}

/* True when the line has this shape; otherwise nothing is known about it, and
 * some values may have been set. */
static bool read_shape(struct json_reader *r, const struct shape *s, struct span line)
{
	const char *p = line.at, *end = line.at + line.n;
	struct fault fault = {0};
	for (size_t k = 0; k < s->n_parts; k++) {
		const struct part *part = &s->parts[k];
		if ((size_t)(end - p) < part->literal_n ||
		    !same_bytes(p, s->text + part->literal, part->literal_n))
			return false;
		struct json_value v;
		p = scan_scalar(p + part->literal_n, &v, &fault);
		if (!p)
			return false;
		if (part->slot >= 0)
			r->values[part->slot] = v;
		else if (part->slot == MUST_BE_NULL && v.kind != JSON_NULL)
			return false;
	}
	return (size_t)(end - p) == s->tail_n && memcmp(p, s->text + s->tail, s->tail_n) == 0;
}

static inline void forget_values(struct json_reader *r)
{
	for (size_t i = 0; i < r->n_slots; i++)
		r->values[i] = (struct json_value){0};
}

bool json_read(struct json_reader *r, struct span line)
{
	r->line = line.at;
	r->lines++;
	forget_values(r);
	bool look = !r->no_shapes && (r->misses < MISSES || r->lines % 16 == 0);
	for (size_t i = 0; look && i < r->n_shapes; i++) {
		size_t which = (r->last_shape + i) % r->n_shapes;
		if (read_shape(r, &r->shapes[which], line)) {
			r->last_shape = which;
			r->misses = 0;
			return true;
		}
		forget_values(r);
	}
	r->misses += r->misses < MISSES;
	if (!read_grammar(r, line))
		return false;
	if (look && r->plain)
		remember_shape(r, line);
	return true;
}

const struct json_value *json_values(const struct json_reader *r)
{
	return r->values;
}

const char *json_problem(const struct json_reader *r, size_t *offset, struct span *where)
{
	*offset = (size_t)(r->problem_at.at - r->line);
	*where = r->problem_at;
	return r->problem;
}

/* ---- members of an object ---- */

/* Behind the value at `p`, which has been checked. */
static const char *skip_value(const char *p, struct json_value *v)
{
	struct fault fault = {0};
	const char *from = p;
	if (*p != '{' && *p != '[')
		return scan_scalar(p, v, &fault);
	*v = (struct json_value){.kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY};
	size_t depth = 0;
	do {
		bool escaped;
		if (*p == '"')
			p = scan_string(p + 1, &escaped, &fault);
		else if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	} while (depth > 0);
	v->raw = (struct span){from, (size_t)(p - from)};
	return p;
}

bool json_member(struct span *rest, struct json_value *key, struct json_value *value)
{
	const char *p = rest->at, *end = rest->at + rest->n;
	struct fault fault = {0};
	if (rest->n == 0)
		return false;
	p = skip_blanks(p + 1); /* behind '{' or ',' */
	if (p >= end || *p != '"')
		return false;
	p = scan_scalar(p, key, &fault);
	p = skip_blanks(skip_blanks(p) + 1);
	p = skip_blanks(skip_value(p, value));
	*rest = (struct span){p, (size_t)(end - p)};
	return true;
}

bool json_element(struct span *rest, struct json_value *value)
{
	const char *end = rest->at + rest->n;
	if (rest->n == 0)
		return false;
	const char *p = skip_blanks(rest->at + 1); /* behind '[' or ',' */
	if (p >= end || *p == ']')
		return false;
	p = skip_blanks(skip_value(p, value));
	*rest = (struct span){p, (size_t)(end - p)};
	return true;
}
