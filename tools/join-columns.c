/* join-columns - adds the columns of a side file to a stream, by the key they share.
 *
 * In:   any table with the key column (or columns) of --on; a side file --with
 *       the same.
 * Out:  the rows of the stream, in their order, each with the side file's other
 *       columns after it.
 *
 *	join-columns --on item --with items.tsv --take title,artist < topk.tsv
 *
 * The side file is held in memory, the stream is not, and neither is sorted.
 */
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/strmap.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"

struct options {
	const char *on, *with, *with_on, *take, *prefix, *fill;
	bool left, inner;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_TEXT("on", "COLUMN,...", on,
		.required = true,
		.help = "the key: one or more columns, all of which must match"),
	OPTION_FILE("with", "FILE", with, .side = true,
		.required = true,
		.help = "the side file, a table with one row for each key"),
	OPTION_TEXT("with-on", "COLUMN,...", with_on,
		.help = "the key's columns in the side file, if named differently there"),
	OPTION_TEXT("take", "COLUMN,...", take,
		.help = "columns to add, in this order (default: all except the key)"),
	OPTION_TEXT("prefix", "TEXT", prefix,
		.help = "put TEXT in front of the names of the added columns"),
	OPTION_FLAG("left", left,
		.excludes = "inner",
		.help = "keep rows whose key is not in the side file (default)"),
	OPTION_FLAG("inner", inner, .help = "drop rows whose key is not in the side file"),
	OPTION_TEXT("fill", "TEXT", fill,
		.excludes = "inner",
		.help = "value of the added columns in rows without a match; empty by default"),
	COMMON_INPUT, COMMON_OUTPUT, COMMON_LOG,

	OPTION_GROUP("Side files"),
	COMMON_RENAME, COMMON_SIDES,
	OPTION_END
};

/* Columns by number. */
struct columns {
	size_t *at, n;
};

/* The side file: keys to numbers, numbers to the added bytes of a row, which
 * begin with a TAB. */
struct side {
	struct strmap *keys;
	uint64_t *ends;      /* values of key i: ends[i - 1] ... ends[i] */
	size_t ends_capacity;
	struct buffer values;
	struct buffer names; /* TAB and name of each added column */
	size_t width;        /* added columns */
};

static bool listed(const struct columns *c, size_t column)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i] == column)
			return true;
	return false;
}

/* The columns that a list a,b,c names in `t`; `option` is its option's name. */
static struct columns columns_named(const struct table *t, const char *list, const char *option)
{
	struct columns c = {0};
	size_t capacity = 0;
	for (struct span word, rest = span_of(list); span_next(&rest, ',', &word);) {
		char *name = memory_text(word.at, word.n);
		if (!*name)
			usage_error("--%s has an empty name: %s", option, list);
		size_t column = table_column(t, (struct column){name, option});
		if (listed(&c, column))
			usage_error("--%s names %s twice", option, name);
		c.at = memory_grow(c.at, &capacity, c.n + 1, sizeof *c.at);
		c.at[c.n++] = column;
		free(name);
	}
	return c;
}

static struct columns columns_but(const struct table *t, const struct columns *key)
{
	struct columns c = {.at = memory_new(table_width(t), sizeof *c.at)};
	for (size_t i = 0; i < table_width(t); i++)
		if (!listed(key, i))
			c.at[c.n++] = i;
	return c;
}

/* The current row's key: its field, or the fields with TABs between them, which
 * no field contains. Valid until the next row or the next call. */
static struct span key_of(const struct table *t, const struct columns *c, struct buffer *b)
{
	if (c->n == 1)
		return table_field(t, c->at[0]);
	b->n = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (i)
			buffer_add_byte(b, '\t');
		buffer_add_span(b, table_field(t, c->at[i]));
	}
	return (struct span){b->data, b->n};
}

static struct side side_read(const struct options *o)
{
	struct side side = {.keys = strmap_new()};
	struct buffer key = {0};
	struct table *t = option_table("with", o->with);
	struct columns on = columns_named(t, o->with_on ? o->with_on : o->on,
					  o->with_on ? "with-on" : "on");
	struct columns take = o->take ? columns_named(t, o->take, "take") : columns_but(t, &on);
	side.width = take.n;
	for (size_t i = 0; i < take.n; i++) {
		buffer_add_byte(&side.names, '\t');
		if (o->prefix)
			buffer_add_text(&side.names, o->prefix);
		buffer_add_span(&side.names, table_column_name(t, take.at[i]));
	}
	while (table_next(t)) {
		struct span k = key_of(t, &on, &key);
		uint32_t number = strmap_count(side.keys);
		if (strmap_add(side.keys, k) != number) {
			char shown[QUOTED_SIZE];
			table_fail(t, "column '%s': a duplicate key: %s",
				   o->with_on ? o->with_on : o->on, quoted(k.at, k.n, shown));
		}
		for (size_t i = 0; i < take.n; i++) {
			buffer_add_byte(&side.values, '\t');
			buffer_add_span(&side.values, table_field(t, take.at[i]));
		}
		side.ends = memory_grow(side.ends, &side.ends_capacity, number + 1, sizeof *side.ends);
		side.ends[number] = side.values.n;
	}
	table_close(t);
	buffer_free(&key);
	free(on.at);
	free(take.at);
	return side;
}

static void side_free(struct side *side)
{
	strmap_free(side->keys);
	free(side->ends);
	buffer_free(&side->values);
	buffer_free(&side->names);
}

/* The bytes that a key adds to its row; false when it has none. */
static bool side_find(const struct side *side, struct span key, struct span *added)
{
	uint32_t number = strmap_find(side->keys, key);
	if (number == STRMAP_NONE)
		return false;
	uint64_t from = number ? side->ends[number - 1] : 0;
	*added = (struct span){side->width ? side->values.data + from : "",
			       (size_t)(side->ends[number] - from)};
	return true;
}

/* No two columns of the output may have one name. */
static void check_names(const struct table *t, const struct side *side)
{
	const char *at = side->names.data, *end = at + side->names.n;
	while (at < end) {
		const char *stop = memchr(at + 1, '\t', (size_t)(end - at - 1));
		struct span name = {at + 1, (size_t)((stop ? stop : end) - at - 1)};
		for (size_t i = 0; i < table_width(t); i++) {
			char shown[QUOTED_SIZE];
			if (name.n && span_equal(table_column_name(t, i), name))
				usage_error("both tables have a column %s: choose others with "
					    "--take, or name them apart with --prefix",
					    quoted(name.at, name.n, shown));
		}
		at = stop ? stop : end;
	}
}

static int run(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct columns on = columns_named(t, o->on, "on");
	struct side side = side_read(o);
	check_names(t, &side);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
		output_span(out, table_header(t));
		output_bytes(out, side.names.data, side.names.n);
		output_end_row(out);
		output_flush(out);
	}

	struct buffer key = {0}, fill = {0};
	for (size_t i = 0; i < side.width; i++)
		buffer_format(&fill, "\t%s", o->fill ? o->fill : "");
	uint64_t written = 0, lone = 0;
	while (table_next(t)) {
		struct span added = {fill.data, fill.n};
		if (!side_find(&side, key_of(t, &on, &key), &added)) {
			lone++;
			if (o->inner)
				continue;
		}
		output_span(out, table_row(t));
		output_span(out, added);
		output_end_row(out);
		written++;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	side_free(&side);
	buffer_free(&key);
	buffer_free(&fill);
	free(on.at);
	if (o->inner && lone)
		warn("%llu rows without a partner in %s are left out", (unsigned long long)lone, o->with);
	else
		note("%llu rows without a partner in %s: kept", (unsigned long long)lone, o->with);
	run_report_filter(rows, written, o->inner ? lone : 0, rejected);
	return STATUS_DONE;
}

static void check(const struct options *o, char **files, int count)
{
	if (o->fill && strpbrk(o->fill, "\t\n"))
		usage_error("--fill may hold neither TAB nor line end");
	if (o->prefix && strpbrk(o->prefix, "\t\n"))
		usage_error("--prefix may hold neither TAB nor line end");
	bool standard_input = count == 0;
	for (int i = 0; i < count; i++)
		standard_input |= strcmp(files[i], "-") == 0;
	if (standard_input && strcmp(o->with, "-") == 0)
		usage_error("the stream and --with cannot both be standard input");
}

static const struct program PROGRAM = {
	.name = "join-columns",
	.usage = "--on COLUMN --with FILE [OPTION]... [FILE]...",
	.summary = "Add the columns of a side file to a stream, by the key they share.",
	.reads = "the columns of --on; all others pass through unchanged",
	.writes = "the columns of the input, then those of the side file but for its key",
	.examples = {
		"join-columns --on item --with items.tsv --take title,artist < topk.tsv",
		"join-columns --on item --with movies.tsv --with-on movieId --inner topk.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	check(&options, argv + first, argc - first);
	return finish(run(&options, argv + first, argc - first));
}
