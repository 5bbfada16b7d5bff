#include "streams/encoding.h"

#include <errno.h>
#include <iconv.h>

#include "base/memory.h"
#include "base/quote.h"

enum kind { KIND_UTF8, KIND_UTF16LE, KIND_UTF16BE, KIND_TABLE, KIND_ICONV };

struct encoding {
	enum kind kind;
	char *name;
	uint16_t table[128]; /* KIND_TABLE: characters of the bytes from 0x80 on; 0: none */
	iconv_t iconv;
};

/* The bytes 0x80 to 0x9f of Windows-1252, and 0x80 to 0xbf of Windows-1251 (unicode.org,
 * MAPPINGS/VENDORS/MICSFT/WINDOWS); the others are Latin-1, and U+0410 on. */
static const uint16_t CP1252[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
	0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
	0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};
static const uint16_t CP1251[64] = {
	0x0402, 0x0403, 0x201a, 0x0453, 0x201e, 0x2026, 0x2020, 0x2021, 0x20ac, 0x2030, 0x0409, 0x2039,
	0x040a, 0x040c, 0x040b, 0x040f, 0x0452, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0, 0x2122, 0x0459, 0x203a, 0x045a, 0x045c, 0x045b, 0x045f, 0x00a0, 0x040e, 0x045e, 0x0408,
	0x00a4, 0x0490, 0x00a6, 0x00a7, 0x0401, 0x00a9, 0x0404, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x0407,
	0x00b0, 0x00b1, 0x0406, 0x0456, 0x0491, 0x00b5, 0x00b6, 0x00b7, 0x0451, 0x2116, 0x0454, 0x00bb,
	0x0458, 0x0405, 0x0455, 0x0457,
};

static const struct {
	const char *plain;  /* lower case, without - _ and blanks */
	const char *name;
} NAMES[] = {
	{"utf8", "utf-8"}, {"ascii", "utf-8"}, {"usascii", "utf-8"},
	{"utf16le", "utf-16le"}, {"utf16be", "utf-16be"},
	{"latin1", "latin-1"}, {"iso88591", "latin-1"},
	{"cp1251", "cp1251"}, {"windows1251", "cp1251"},
	{"cp1252", "cp1252"}, {"windows1252", "cp1252"},
};

/* The usual name of an encoding that is known here; `name` itself of another. */
static const char *usual_name(const char *name)
{
	char plain[16];
	size_t n = 0;
	for (const char *s = name; *s; s++) {
		if (strchr("-_ ", *s))
			continue;
		if (n + 1 == sizeof plain)
			return name;
		plain[n++] = *s >= 'A' && *s <= 'Z' ? (char)(*s + 'a' - 'A') : *s;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (strcmp(plain, NAMES[i].plain) == 0)
			return NAMES[i].name;
	return name;
}

static void fill_table(struct encoding *e)
{
	for (unsigned i = 0; i < 128; i++)
		e->table[i] = (uint16_t)(0x80 + i);
	if (strcmp(e->name, "cp1252") == 0)
		memcpy(e->table, CP1252, sizeof CP1252);
	if (strcmp(e->name, "cp1251") == 0) {
		memcpy(e->table, CP1251, sizeof CP1251);
		for (unsigned i = 64; i < 128; i++)
			e->table[i] = (uint16_t)(0x0410 + i - 64);
	}
}

struct encoding *encoding_open(const char *name)
{
	struct encoding *e = memory_zero(1, sizeof *e);
	name = usual_name(name);
	e->name = memory_text(name, strlen(name));
	if (strcmp(name, "utf-8") == 0) {
		e->kind = KIND_UTF8;
	} else if (strcmp(name, "utf-16le") == 0 || strcmp(name, "utf-16be") == 0) {
		e->kind = name[6] == 'l' ? KIND_UTF16LE : KIND_UTF16BE;
	} else if (strcmp(name, "latin-1") == 0 || strcmp(name, "cp1251") == 0 || strcmp(name, "cp1252") == 0) {
		e->kind = KIND_TABLE;
		fill_table(e);
	} else {
		e->kind = KIND_ICONV;
		e->iconv = iconv_open("UTF-8", name);
		if (e->iconv == (iconv_t)-1) {
			free(e->name);
			free(e);
			return NULL;
		}
	}
	return e;
}

const char *encoding_name(const struct encoding *e)
{
	return e->name;
}

void encoding_close(struct encoding *e)
{
	if (!e)
		return;
	if (e->kind == KIND_ICONV)
		iconv_close(e->iconv);
	free(e->name);
	free(e);
}

/* ---- conversion ---- */

/* Writes the character, at most 4 bytes; returns the end. */
static char *put_utf8(char *to, uint32_t point)
{
	if (point < 0x80) {
		*to++ = (char)point;
	} else if (point < 0x800) {
		*to++ = (char)(0xc0 | point >> 6);
		*to++ = (char)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		*to++ = (char)(0xe0 | point >> 12);
		*to++ = (char)(0x80 | (point >> 6 & 0x3f));
		*to++ = (char)(0x80 | (point & 0x3f));
	} else {
		*to++ = (char)(0xf0 | point >> 18);
		*to++ = (char)(0x80 | (point >> 12 & 0x3f));
		*to++ = (char)(0x80 | (point >> 6 & 0x3f));
		*to++ = (char)(0x80 | (point & 0x3f));
	}
	return to;
}

static size_t convert_table(const struct encoding *e, struct span from, struct buffer *to)
{
	char *at = buffer_room(to, from.n * 3 + sizeof(uint64_t));
	uint64_t word;
	for (size_t i = 0; i < from.n; i++) {
		while (from.n - i > sizeof word) { /* ASCII, many bytes at once */
			memcpy(&word, from.at + i, sizeof word);
			memcpy(at, &word, sizeof word);
			uint64_t high = word & 0x8080808080808080u;
			size_t ascii = high ? (size_t)__builtin_ctzll(high) / 8 : sizeof word;
			at += ascii;
			i += ascii;
			if (high)
				break;
		}
		unsigned char c = (unsigned char)from.at[i];
		if (c < 0x80)
			*at++ = (char)c;
		else if (e->table[c - 0x80])
			at = put_utf8(at, e->table[c - 0x80]);
		else
			*at++ = ENCODING_BAD;
	}
	to->n = (size_t)(at - to->data);
	return from.n;
}

static uint32_t unit16(const char *at, bool little)
{
	uint32_t a = (unsigned char)at[0], b = (unsigned char)at[1];
	return little ? a | b << 8 : a << 8 | b;
}

static size_t convert_utf16(struct span from, bool little, bool end, struct buffer *to)
{
	char *at = buffer_room(to, from.n * 2 + 4);
	size_t i = 0;
	for (; i + 2 <= from.n; i += 2) {
		uint32_t unit = unit16(from.at + i, little);
		if (unit < 0xd800 || unit >= 0xe000) {
			at = put_utf8(at, unit);
			continue;
		}
		if (unit < 0xdc00 && i + 4 > from.n && !end)
			break; /* the other half comes later */
		uint32_t low = unit < 0xdc00 && i + 4 <= from.n ? unit16(from.at + i + 2, little) : 0;
		bool pair = low >= 0xdc00 && low < 0xe000;
		if (pair)
			at = put_utf8(at, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
		else
			*at++ = ENCODING_BAD;
		i += pair ? 2 : 0;
	}
	if (end && i < from.n) {
		*at++ = ENCODING_BAD;
		i = from.n;
	}
	to->n = (size_t)(at - to->data);
	return i;
}

static size_t convert_iconv(struct encoding *e, struct span from, bool end, struct buffer *to)
{
	char *in = (char *)(uintptr_t)from.at;
	size_t left = from.n;
	while (left) {
		char *out = buffer_room(to, left * 2 + 16);
		size_t room = to->capacity - to->n;
		size_t done = iconv(e->iconv, &in, &left, &out, &room);
		to->n = (size_t)(out - to->data);
		if (done != (size_t)-1 || (errno == EINVAL && !end))
			break;
		if (errno == E2BIG) {
			buffer_room(to, left * 4 + 64);
			continue;
		}
		buffer_add_byte(to, ENCODING_BAD);
		in++;
		left--;
	}
	return from.n - left;
}

size_t encoding_convert(struct encoding *e, struct span from, bool end, struct buffer *to)
{
	switch (e->kind) {
	case KIND_TABLE: return convert_table(e, from, to);
	case KIND_UTF16LE: return convert_utf16(from, true, end, to);
	case KIND_UTF16BE: return convert_utf16(from, false, end, to);
	case KIND_ICONV: return convert_iconv(e, from, end, to);
	default:
		buffer_add_span(to, from);
		return from.n;
	}
}

/* ---- the guess ---- */

bool utf8_is_valid(struct span text)
{
	uint32_t point;
	for (size_t i = 0; i < text.n;) {
		uint64_t word;
		if (text.n - i >= sizeof word) {
			memcpy(&word, text.at + i, sizeof word);
			if (!(word & 0x8080808080808080u)) {
				i += sizeof word;
				continue;
			}
		}
		size_t took = utf8_character(text.at + i, text.n - i, &point);
		if (took == 0)
			return false;
		i += took;
	}
	return true;
}

bool utf8_is_ascii(struct span text)
{
	unsigned char all = 0;
	for (size_t i = 0; i < text.n; i++)
		all |= (unsigned char)text.at[i];
	return all < 0x80;
}

const char *encoding_marked(struct span s)
{
	return s.n >= 3 && memcmp(s.at, "\xef\xbb\xbf", 3) == 0 ? "utf-8" :
		s.n >= 2 && memcmp(s.at, "\xff\xfe", 2) == 0 ? "utf-16le" :
		s.n >= 2 && memcmp(s.at, "\xfe\xff", 2) == 0 ? "utf-16be" : NULL;
}

/* UTF-16 without a mark: every other byte of a text that is mostly ASCII or Cyrillic is 0 or 4, neither of
 * which a text of another encoding has. Some are 0: those of separators and line ends. */
static const char *zeros_of_utf16(struct span s)
{
	size_t zeros[2] = {0, 0}, upper[2] = {0, 0};
	for (size_t i = 0; i < s.n; i++) {
		zeros[i & 1] += s.at[i] == '\0';
		upper[i & 1] += s.at[i] == '\0' || s.at[i] == '\4';
	}
	size_t half = s.n / 2, many = half - half / 4, few = half / 16;
	return half >= 4 && zeros[1] && upper[1] >= many && zeros[0] <= few ? "utf-16le" :
		half >= 4 && zeros[0] && upper[0] >= many && zeros[1] <= few ? "utf-16be" : NULL;
}

/* High bytes: how many, those beside another one, those of 0x80 to 0x9f, and what UTF-8 makes
 * of them. */
struct high {
	size_t n, beside, controls, characters, broken;
};

static struct high count_high(struct span s, bool whole)
{
	struct high h = {0};
	uint32_t point;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.at[i];
		bool before = i > 0 && (unsigned char)s.at[i - 1] >= 0xc0;
		bool after = i + 1 < s.n && (unsigned char)s.at[i + 1] >= 0xc0;
		h.n += c >= 0x80;
		h.beside += c >= 0x80 && (before || after);
		h.controls += c >= 0x80 && c < 0xa0;
	}
	for (size_t i = 0, took; i < s.n; i += took ? took : 1) {
		took = utf8_character(s.at + i, s.n - i, &point);
		h.characters += took > 1;
		h.broken += took == 0 && (whole || s.n - i >= 4);
	}
	return h;
}

const char *encoding_guess(struct span s, bool whole, const char **why)
{
	const char *marked = encoding_marked(s);
	*why = "by its byte order mark";
	if (marked)
		return marked;
	*why = "by its zeros";
	if ((marked = zeros_of_utf16(s)))
		return marked;
	struct high h = count_high(s, whole);
	*why = h.n ? "by its characters" : "all of it ASCII";
	if (h.n == 0 || h.characters > h.broken)
		return "utf-8";
	*why = h.beside * 10 >= h.n * 6 ? "words of high bytes; --encoding says better" :
		"single high bytes; --encoding says better";
	return h.beside * 10 >= h.n * 6 ? "cp1251" : h.controls ? "cp1252" : "latin-1";
}
