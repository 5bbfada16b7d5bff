#include "streams/json-scan.h"

#include "base/quote.h"

/* The value of four hexadecimal digits, -1 when they are not digits. */
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

/* \udc80 ... \udcff alone are the bytes 0x80 ... 0xff of what is not UTF-8 (Python's
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

const char *json_scan_escape(const char *p, struct json_fault *f)
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

size_t json_unescape(struct span raw, char *out)
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
		n = json_unescape(v->raw, out);
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
