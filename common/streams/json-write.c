#include "streams/json-write.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/number.h"
#include "base/quote.h"

/* Doubles, which is what most readers of JSON have, hold every whole number up to here. */
enum { EXACT_BITS = 53 };

static size_t add_escaped(struct buffer *b, const char *text, size_t n)
{
	static const char HEX[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*text;
	uint32_t point;
	size_t length = utf8_character(text, n, &point);
	if (length > 0 && c != '"' && c != '\\' && c >= 0x20) {
		buffer_add(b, text, length);
		return length;
	}
	if (c == '"' || c == '\\') {
		buffer_add_byte(b, '\\');
		buffer_add_byte(b, (char)c);
		return 1;
	}
	buffer_add_text(b, c < 0x20 ? "\\u00" : "\\udc");
	buffer_add_byte(b, HEX[c >> 4]);
	buffer_add_byte(b, HEX[c & 15]);
	return 1;
}

void json_write_string(struct buffer *b, struct span text)
{
	buffer_add_byte(b, '"');
	for (size_t i = 0; i < text.n;)
		i += add_escaped(b, text.at + i, text.n - i);
	buffer_add_byte(b, '"');
}

/* -0 is no such number: to most readers it is 0. */
static bool is_exact_integer(struct span s)
{
	size_t sign = s.n > 0 && s.at[0] == '-';
	uint64_t value;
	if (s.n == sign || s.n - sign > 16 || s.at[sign] < '0' || s.at[sign] > '9')
		return false;
	if (s.at[sign] == '0' && s.n > 1)
		return false;
	return number_u64(s.at + sign, s.n - sign, &value) == NUMBER_OK && value >> EXACT_BITS == 0;
}

void json_write_id(struct buffer *b, struct span id)
{
	if (id.n == 0)
		buffer_add_text(b, "null");
	else if (is_exact_integer(id))
		buffer_add_span(b, id);
	else
		json_write_string(b, id);
}

/* After the digits from `i` on. */
static size_t digits_end(struct span s, size_t i)
{
	while (i < s.n && s.at[i] >= '0' && s.at[i] <= '9')
		i++;
	return i;
}

/* RFC 8259, section 6. */
static bool is_json_number(struct span s)
{
	size_t i = s.n > 0 && s.at[0] == '-', from = i;
	i = digits_end(s, i);
	if (i == from || (s.at[from] == '0' && i > from + 1))
		return false;
	if (i < s.n && s.at[i] == '.') {
		from = i + 1;
		i = digits_end(s, from);
		if (i == from)
			return false;
	}
	if (i < s.n && (s.at[i] == 'e' || s.at[i] == 'E')) {
		from = i + 1;
		if (from < s.n && (s.at[from] == '-' || s.at[from] == '+'))
			from++;
		i = digits_end(s, from);
		if (i == from)
			return false;
	}
	return i == s.n;
}

void json_write_number(struct buffer *b, struct span text)
{
	double value;
	if (text.n == 0)
		buffer_add_text(b, "null");
	else if (is_json_number(text))
		buffer_add_span(b, text);
	else if (number_double(text.at, text.n, &value) == NUMBER_OK)
		b->n += number_write_double(value, buffer_room(b, NUMBER_SIZE));
	else
		json_write_string(b, text); /* the caller has not looked */
}
