/* unpack - a packed model, packed neighbors or packed lists as the table that they hold.
 *
 * In:   packed files, as --packed of the tools that make such tables writes them.
 * Out:  the table, byte for byte what the same command writes without --packed.
 *
 *	unpack model.packed | head -3
 *	unpack --info model.packed
 *
 * Tools that read such a table read the packed file itself: this is for people and for
 * other programs.
 */
#include <unistd.h>

#include "base/error.h"
#include "streams/input.h"
#include "streams/output.h"
#include "streams/packed.h"
#include "frame/options.h"
#include "frame/run.h"

struct options {
	bool info, check;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_FLAG("info", info, .excludes = "check",
		.help = "print what the file is instead: kind, version, columns, rows, who wrote it, its "
			"sections"),
	OPTION_FLAG("check", check, .help = "check everything in the file and write nothing"),
	COMMON_OUTPUT, COMMON_LOG,
	OPTION_END
};

static void put_pair(struct output *out, const char *name, struct span value)
{
	output_text(out, name);
	output_tab(out);
	output_span(out, value);
	output_end_row(out);
}

static void put_count(struct output *out, const char *name, uint64_t n)
{
	output_text(out, name);
	output_tab(out);
	output_u64(out, n);
	output_end_row(out);
}

/* The lines name=value of the section `meta`. */
static void put_meta(struct output *out, const struct packed *p)
{
	const struct packed_section *s = packed_find(p, "meta", 1);
	const char *at = s ? packed_data(p, s) : "", *end = at + (s ? s->count : 0);
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at)), *stop = lf ? lf : end;
		const char *sign = memchr(at, '=', (size_t)(stop - at));
		if (sign) {
			output_bytes(out, at, (size_t)(sign - at));
			output_tab(out);
			output_bytes(out, sign + 1, (size_t)(stop - sign - 1));
			output_end_row(out);
		}
		at = stop + (lf != NULL);
	}
}

static void put_sections(struct output *out, const struct packed *p)
{
	for (uint32_t i = 0; i < p->sections; i++) {
		const struct packed_section *s = &p->section[i];
		output_text(out, "section ");
		output_text(out, s->name);
		output_tab(out);
		output_u64(out, s->count);
		output_text(out, " x ");
		output_u64(out, s->size);
		output_text(out, " bytes at ");
		output_u64(out, s->offset);
		output_end_row(out);
	}
}

static void put_header(struct output *out, struct span header)
{
	output_text(out, "columns\t");
	for (size_t i = 0; i < header.n; i++)
		output_byte(out, header.at[i] == '\t' ? ' ' : header.at[i]);
	output_end_row(out);
}

/* What is known of the file without reading it all. */
static void put_info(struct output *out, struct packed *p)
{
	struct packed_lists lists;
	struct packed_model model;
	put_pair(out, "name", span_of("value"));
	put_pair(out, "kind", span_of(PACKED_KIND_NAMES[p->kind]));
	put_count(out, "format", PACKED_VERSION);
	put_count(out, "bytes", p->size);
	if (p->kind == PACKED_MODEL) {
		if (!packed_model_open(p, &model))
			return;
		put_header(out, model.header);
		put_count(out, "factors", model.factors);
		put_count(out, "rows", model.ids.n);
		static const char *const NAMES[PACKED_SIDES] = {"rows meta", "rows item_feature", "rows item",
			"rows user_feature", "rows user"};
		for (int k = 0; k < PACKED_SIDES; k++)
			put_count(out, NAMES[k], model.side[k + 1] - model.side[k]);
	} else if (packed_lists_open(p, &lists)) {
		put_header(out, lists.header);
		put_count(out, "lists", lists.keys.n);
		put_count(out, "members", lists.members.n);
		put_count(out, "rows", lists.rows);
	}
	put_meta(out, p);
	put_sections(out, p);
}

static uint64_t rows_of(struct packed *p)
{
	struct packed_lists lists;
	struct packed_model model;
	if (p->kind == PACKED_MODEL)
		return packed_model_open(p, &model) ? model.ids.n : 0;
	return packed_lists_open(p, &lists) ? lists.rows : 0;
}

/* The header is read before the file is checked, and the rest afterwards. */
static void copy_text(struct output *out, struct input *in)
{
	struct span block;
	while (input_block(in, &block)) {
		output_span(out, block);
		if (out->by_line)
			output_flush(out);
		progress_step(input_bytes(in), input_size(in), "bytes");
	}
	progress_clear();
}

static int run(const struct options *o, char **files, int n)
{
	if (n > 1)
		usage_error("one packed file at a time: there is a file too many");
	struct input *in = input_open(n ? files[0] : NULL);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	struct packed *p = input_packed(in);
	if (!p)
		die(STATUS_DATA, "%s: not a packed file", input_name(in));
	if (o->info)
		put_info(out, p);
	else if (o->check)
		packed_check(p);
	else
		copy_text(out, in);
	uint64_t rows = rows_of(p);
	input_close(in);
	output_close(out);
	run_report(rows, o->info || o->check ? 0 : rows, 0);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "unpack",
	.usage = "[OPTION]... [FILE]",
	.summary = "Write the table that a packed file holds.",
	.reads = "a packed model, packed neighbors or packed lists",
	.writes = "kind id bias f0 f1 ... (model), item neighbor weight [count] (neighbors), user rank item "
		  "[score] (lists); with --info: name value",
	.examples = {
		"unpack model.packed > model.tsv",
		"unpack --info lists.packed",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
