/* json-parts.h - the values of JSON, and of its parts, as text: for the unit test of json-split and its fuzz
 * entry, which compare them. Include it in one file of a program only.
 */
#ifndef RECPIPE_TESTS_JSON_PARTS_H
#define RECPIPE_TESTS_JSON_PARTS_H

#include "base/buffer.h"
#include "streams/json-split.h"
#include "streams/json.h"

static void add_value(struct buffer *out, uint64_t line, uint64_t count, struct span value)
{
	buffer_format(out, "%d %d: ", (int)line, (int)count);
	buffer_add_span(out, value);
	buffer_add_byte(out, '\n');
}

/* The values of a part that is next; how many. Those that a reader takes for bad are what they are. */
static size_t read_part(struct json_split *s, struct json_split *part, struct json_reader *reader,
			struct buffer *out)
{
	uint64_t lines = json_part_lines_before(s), before = json_split_count(s);
	struct span value;
	bool good;
	size_t n = 0;
	if (reader)
		json_look_over(reader, json_part_text(part));
	while (reader ? json_split_read(part, reader, &value, &good) : json_split_next(part, &value)) {
		add_value(out, lines + json_split_line(part), before + json_split_count(part), value);
		n++;
	}
	if (reader)
		json_look_over(reader, (struct span){"", 0});
	json_part_join(s, part);
	return n;
}

#endif
