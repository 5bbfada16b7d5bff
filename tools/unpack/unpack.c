/* unpack - a packed model, packed neighbors or packed lists as the table that they hold.
 *
 * In:   packed files, as --packed of the tools that make such tables writes them.
 * Out:  the table, byte for byte what the same command writes without --packed.
 *
 *	unpack model.packed | head -3
 *	unpack --info model.packed
 *	unpack --id u17 lists.packed
 *	unpack --pack topk.tsv > topk.packed
 *
 * Tools that read such a table read the packed file itself: this is for people and for
 * other programs.
 */
#include <unistd.h>

#include "base/error.h"
#include "domain/model.h"
#include "domain/topn.h"
#include "streams/input.h"
#include "streams/output.h"
#include "streams/packed.h"
#include "frame/options.h"
#include "frame/run.h"
#include "merge.h"

struct options {
	bool info, check, merge, pack;
	struct option_list id, set;
	const char *meta;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_FLAG("info", info, .excludes = "check",
		.help = "print what the file is instead: kind, version, columns, rows, who wrote it, its "
			"sections"),
	OPTION_LIST("id", "ID", id, .excludes = "info,check",
		.help = "write only the rows of ID: a user's list, an item's neighbors, the rows of a model "
			"with that id; nothing else is read or checked"),
	OPTION_FLAG("merge", merge, .excludes = "info,check,id",
		.help = "put pieces of a model together, as fold-in --solve --packed makes them: the rows of each "
			"kind in the order of their ids"),
	OPTION_FILE("meta", "FILE", meta, .requires = "merge",
		.help = "take the meta rows of this packed model, and no other row of it"),
	OPTION_LIST("set", "NAME=VALUE", set, .requires = "merge",
		.help = "a meta row in place of the one of that name, which must be there"),
	OPTION_FLAG("packed", common.packed, .requires = "merge", .excludes = "line-buffered",
		.help = "write a packed file"),
	OPTION_FLAG("pack", pack, .excludes = "info,check,id,merge,line-buffered",
		.help = "read a model or lists that are text (or packed), and write them packed"),
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

/* The model's own: lines `model NAME` and the value. */
static void put_model_meta(struct output *out, const struct packed_model *m)
{
	for (uint32_t i = 0; i < m->side[1]; i++) {
		struct span id = packed_id(&m->ids, i);
		const char *sign = id.at ? memchr(id.at, '=', id.n) : NULL;
		if (!sign)
			continue;
		output_text(out, "model ");
		output_bytes(out, id.at, (size_t)(sign - id.at));
		output_tab(out);
		output_bytes(out, sign + 1, id.n - (size_t)(sign + 1 - id.at));
		output_end_row(out);
	}
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
		put_model_meta(out, &model);
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

/* The rows of the ids alone; how many. */
static uint64_t copy_ids(struct output *out, struct packed *p, const struct option_list *ids)
{
	enum { BLOCK = 1 << 16 };
	char block[BLOCK], shown[QUOTED_SIZE];
	struct packed_text *text = packed_text_open(p);
	uint64_t rows = 0;
	for (size_t i = 0; i < ids->n; i++) {
		uint64_t before = rows;
		struct span id = span_of(ids->values[i]);
		packed_text_take(text, id, &rows);
		if (rows == before)
			die(STATUS_DATA, "%s: it has no row of the id %s", p->name, quoted(id.at, id.n, shown));
	}
	for (size_t got; (got = packed_text_read(text, block, sizeof block)) > 0;)
		output_bytes(out, block, got);
	packed_text_close(text);
	return rows;
}

static int run_merge(const struct options *o, char **files, int n)
{
	char *input[] = {"-"};
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (o->common.packed)
		output_pack(out, PACKED_MODEL);
	const struct merging merging = {n ? files : input, n ? (size_t)n : 1, o->meta, &o->set};
	uint64_t rows = merge_models(&merging, out);
	output_close(out);
	run_report(rows, rows, 0);
	return STATUS_DONE;
}

static uint64_t pack_model(struct table *t, struct output *out)
{
	struct model_reader *r = model_open_unchecked(t);
	struct model_row row;
	uint64_t rows = 0;
	output_pack(out, PACKED_MODEL);
	model_write_header(out, model_reader_factors(r));
	output_flush(out);
	for (; model_next(r, &row); rows++) {
		model_write_row(out, row.kind, row.id, row.bias, row.factors, model_reader_factors(r));
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	model_close(r);
	return rows;
}

/* Scores may be of either precision, which the file's first rows do not tell: doubles hold both. */
static uint64_t pack_lists(struct table *t, struct output *out)
{
	struct topn_reader *r = topn_open(t, &(struct topn_columns){
		column_called("user"), column_called("rank"), column_called("item"), column_called("score")});
	bool scored = topn_has_scores(r);
	struct topn_list list;
	uint64_t rows = 0;
	output_pack_doubles(out);
	(scored ? topn_write_header : topn_write_header_unscored)(out);
	output_flush(out);
	for (; topn_next(r, &list); rows += list.n) {
		for (uint32_t i = 0; i < list.n; i++) {
			if (scored)
				topn_write_row(out, list.user, i + 1, list.items[i], list.scores[i]);
			else
				topn_write_row_unscored(out, list.user, i + 1, list.items[i]);
		}
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	topn_close(r);
	return rows;
}

static int run_pack(const struct options *o, char **files, int n)
{
	struct table *t = table_open(files, n, &(struct table_format){0});
	bool lists = table_find_column(t, "kind") < 0 && table_find_column(t, "user") >= 0;
	if (!lists && table_find_column(t, "neighbor") >= 0)
		die(STATUS_DATA, "%s: neighbors: train-items --packed writes them so", table_file(t));
	struct output *out = output_open(o->common.output, false);
	uint64_t rows = lists ? pack_lists(t, out) : pack_model(t, out);
	table_close(t);
	output_close(out);
	run_report(rows, rows, 0);
	return STATUS_DONE;
}

static int run(const struct options *o, char **files, int n)
{
	if (o->merge)
		return run_merge(o, files, n);
	if (n > 1)
		usage_error("one file at a time: there is a file too many");
	if (o->pack)
		return run_pack(o, files, n);
	struct input *in = input_open(n ? files[0] : NULL);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	struct packed *p = input_packed(in);
	if (!p)
		die(STATUS_DATA, "%s: not a packed file", input_name(in));
	uint64_t rows = 0, written = 0;
	if (o->info)
		put_info(out, p);
	else if (o->id.n)
		rows = written = copy_ids(out, p, &o->id);
	else if (o->check)
		packed_check(p);
	else
		copy_text(out, in);
	if (!o->id.n) {
		rows = rows_of(p);
		written = o->info || o->check ? 0 : rows;
	}
	input_close(in);
	output_close(out);
	run_report(rows, written, 0);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "unpack",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Write the table that a packed file holds.",
	.reads = "a packed model, packed neighbors or packed lists",
	.writes = "kind id bias f0 f1 ... (model), item neighbor weight [count] (neighbors), user rank item "
		  "[score] (lists); with --info: name value",
	.examples = {
		"unpack model.packed > model.tsv",
		"unpack --id u17 lists.packed",
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
