#include "base/quote.h"

#include <stdio.h>
#include <string.h>

size_t utf8_character(const char *bytes, size_t n, uint32_t *point)
{
	static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)bytes;
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3
		: s[0] < 0xf8 ? 4 : 0;
	if (length == 0 || length > n)
		return 0;
	uint32_t code = length == 1 ? s[0] : s[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fU);
	}
	if (code < LEAST[length] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	*point = code;
	return length;
}

struct range {
	uint32_t first, last;
};

static bool within(const struct range *ranges, size_t n, uint32_t point)
{
	for (size_t i = 0; i < n; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

static bool is_noncharacter(uint32_t point)
{
	return (point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
}

/* What a terminal is not to have as it is. */
static bool is_hidden(uint32_t point)
{
	static const struct range RANGES[] = {
		{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
		{0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};
	return within(RANGES, sizeof RANGES / sizeof *RANGES, point) || is_noncharacter(point);
}

/* What a page is not to have at all. Joiners and marks stay: titles in Persian and
 * families of emoji need them. */
static bool is_refused(uint32_t point)
{
	static const struct range RANGES[] = {
		{0x00, 0x08}, {0x0b, 0x0c}, {0x0e, 0x1f}, {0x7f, 0x9f}, {0x2028, 0x202e},
		{0x2066, 0x2069},
	};
	return within(RANGES, sizeof RANGES / sizeof *RANGES, point) || is_noncharacter(point);
}

size_t quote_unit(const char *bytes, size_t n, char out[QUOTE_UNIT], size_t *length)
{
	uint32_t point = 0;
	size_t took = utf8_character(bytes, n, &point);
	if (took > 0 && !is_hidden(point)) {
		memcpy(out, bytes, took);
		*length = took;
		return took;
	}
	char text[QUOTE_UNIT + 1];
	int used = took == 0 ? snprintf(text, sizeof text, "\\x%02x", (unsigned char)*bytes)
		: point == '\t' ? snprintf(text, sizeof text, "\\t")
		: point == '\n' ? snprintf(text, sizeof text, "\\n")
		: point == '\r' ? snprintf(text, sizeof text, "\\r")
		: point < 0x80 ? snprintf(text, sizeof text, "\\x%02x", (unsigned)point)
		: point < 0x10000 ? snprintf(text, sizeof text, "\\u%04x", (unsigned)point)
		: snprintf(text, sizeof text, "\\U%08x", (unsigned)point);
	*length = used < 0 ? 0 : (size_t)used;
	memcpy(out, text, *length);
	return took ? took : 1;
}

void quote_terminal(struct buffer *b, const char *text, size_t n)
{
	for (size_t i = 0, length; i < n; b->n += length)
		i += quote_unit(text + i, n - i, buffer_room(b, QUOTE_UNIT), &length);
}

void quote_gnuplot(struct buffer *b, const char *text, size_t n, bool tic)
{
	enum { SHOWN = 44 };
	buffer_add_byte(b, '=');
	for (size_t i = 0, shown = 0, length; i < n; shown += length) {
		char unit[QUOTE_UNIT];
		i += quote_unit(text + i, n - i, unit, &length);
		if (shown + length > SHOWN) {
			buffer_add_text(b, "...");
			break;
		}
		if (tic && unit[0] == '%')
			buffer_add_byte(b, '%');
		buffer_add(b, unit, length);
	}
	buffer_add_byte(b, '\n');
}

void quote_sh(struct buffer *b, const char *text, size_t n)
{
	buffer_add_byte(b, '\'');
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\'')
			buffer_add_text(b, "'\\''");
		else
			buffer_add_byte(b, text[i]);
	}
	buffer_add_byte(b, '\'');
}

bool sh_is_word(const char *text, size_t n)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-_.+,:/@%";
	for (size_t i = 0; i < n; i++)
		if (!memchr(PLAIN, text[i], sizeof PLAIN - 1))
			return false;
	return n > 0;
}

void quote_sh_word(struct buffer *b, const char *text, size_t n)
{
	if (sh_is_word(text, n))
		buffer_add(b, text, n);
	else
		quote_sh(b, text, n);
}

/* U+FFFD, the replacement character */
static const char REPLACEMENT[] = "\xef\xbf\xbd";

/* How many bytes from here on have no meaning in any page or script. */
static size_t harmless_run(const char *text, size_t n)
{
	size_t i = 0;
	for (; i < n; i++) {
		char c = text[i];
		if (c < 0x20 || c > 0x7e || c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '\\')
			break;
	}
	return i;
}

/* Appends the next of what goes into a page: all that is harmless, or a character,
 * unless it is one of `special`; sets `length` to what it took. Returns whether it was
 * appended. */
static bool add_for_page(struct buffer *b, const char *text, size_t n, const char *special,
			 size_t *length)
{
	uint32_t point = 0;
	*length = harmless_run(text, n);
	if (*length > 0) {
		buffer_add(b, text, *length);
		return true;
	}
	*length = utf8_character(text, n, &point);
	if (*length == 0 || is_refused(point)) {
		*length = *length ? *length : 1;
		buffer_add_text(b, REPLACEMENT);
		return true;
	}
	if (strchr(special, *text))
		return false;
	buffer_add(b, text, *length);
	return true;
}

void quote_html(struct buffer *b, const char *text, size_t n)
{
	for (size_t i = 0, length; i < n; i += length) {
		if (add_for_page(b, text + i, n - i, "&<>\"'\r", &length))
			continue;
		buffer_add_text(b, text[i] == '&' ? "&amp;" : text[i] == '<' ? "&lt;"
				: text[i] == '>' ? "&gt;" : text[i] == '"' ? "&quot;"
				: text[i] == '\'' ? "&#39;" : "&#13;");
	}
}

void quote_js(struct buffer *b, const char *text, size_t n)
{
	buffer_add_byte(b, '"');
	for (size_t i = 0, length; i < n; i += length) {
		if (add_for_page(b, text + i, n - i, "\"\\<\t\n\r", &length))
			continue;
		if (text[i] == '"' || text[i] == '\\')
			buffer_format(b, "\\%c", text[i]);
		else
			buffer_format(b, "\\u%04x", (unsigned char)text[i]);
	}
	buffer_add_byte(b, '"');
}
