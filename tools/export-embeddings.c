/* export-embeddings - the vectors of a model for other programs to look at.
 *
 * In:   a model: kind id bias f0 f1 ...
 * Out:  word2vec text or a numpy array on stdout, or a folder for TensorBoard's
 *       projector (tensors.tsv, metadata.tsv, projector_config.pbtxt).
 *
 *	export-embeddings --format projector --directory look --metadata items.tsv model.tsv
 *
 * It draws nothing itself: see plot-embeddings(1).
 */
#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "domain/embedding.h"
#include "domain/model.h"

struct options {
	int format, kind;
	bool bias, unit;
	int64_t sample;
	const char *directory, *metadata, *ids, *id;
	struct common common;
};

enum format { PROJECTOR, NPY, WORD2VEC };
enum { PROJECTOR_ROWS = 100000 }; /* TensorBoard reads no more */

static const enum model_kind KINDS[] = {
	MODEL_ITEM, MODEL_USER, MODEL_ITEM_FEATURE, MODEL_USER_FEATURE,
};

static const struct option_row OPTIONS[] = {
	OPTION_CHOICE("format", "NAME", format, "projector|npy|word2vec", .fallback = "word2vec",
		.help = "output format"),
	OPTION_CHOICE("kind", "KIND", kind, "item|user|item_feature|user_feature", .fallback = "item",
		.help = "kind of model rows to use"),
	OPTION_FILE("directory", "DIR", directory,
		.requires = "format=projector", .required_by = "format=projector", .excludes = "output",
		.help = "output folder of --format projector; created if missing"),
	OPTION_FILE("metadata", "FILE", metadata, .side = true,
		.requires = "format=projector",
		.help = "a table by id, such as the catalog: its columns become the projector's "
			"metadata"),
	COMMON_OUTPUT_FILE, COMMON_ABOUT,

	OPTION_GROUP("Vectors"),
	OPTION_FLAG("bias", bias, .help = "append the bias as the last component"),
	OPTION_FLAG("unit", unit, .help = "scale the vectors to length 1"),
	OPTION_INT("sample", "N", sample, .low = 1, .high = 4294967294.0,
		.help = "at most N rows, sampled by a hash of seed and id"),
	COMMON_SEED,
	OPTION_TEXT("id", "COLUMN", id,
		.requires = "metadata",
		.help = "name of the id column of the --metadata file (default by --kind: item or user)"),
	OPTION_OUTPUT("ids", "FILE", ids,
		.requires = "format=npy",
		.help = "with --format npy: write the rows' ids to FILE, one per line"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

static struct span id_of(const struct embedding *e, uint32_t i)
{
	return strmap_key(e->ids, i);
}

/* --- word2vec and numpy ------------------------------------------------------- */

/* `rows width`, then a line `id x x x ...` a row, all parted by one blank. */
static void write_word2vec(const struct embedding *e, struct output *out)
{
	output_u64(out, e->n);
	output_byte(out, ' ');
	output_u64(out, e->width);
	output_end_row(out);
	for (uint32_t i = 0; i < e->n; i++) {
		struct span id = id_of(e, i);
		char text[QUOTED_SIZE];
		if (id.n == 0 || memchr(id.at, ' ', id.n))
			die(STATUS_DATA, "word2vec's format cannot hold an id that is empty or has a "
			    "blank: %s", quoted(id.at, id.n, text));
		output_span(out, id);
		for (uint32_t f = 0; f < e->width; f++) {
			output_byte(out, ' ');
			output_float(out, embedding_row(e, i)[f]);
		}
		output_end_row(out);
	}
}

/* A float as four bytes, the lowest first, whatever the machine's order. */
static void write_float_le(struct output *out, float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	char bytes[4] = {(char)bits, (char)(bits >> 8), (char)(bits >> 16), (char)(bits >> 24)};
	output_bytes(out, bytes, sizeof bytes);
}

/* Version 1.0 of numpy's file format: magic, length of the header, the header
 * padded with blanks so that the data begin at a multiple of 64. */
static void write_npy(const struct embedding *e, struct output *out, const char *ids)
{
	struct buffer header = {0};
	buffer_format(&header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%u, %u), }",
		      (unsigned)e->n, (unsigned)e->width);
	while ((10 + header.n + 1) % 64)
		buffer_add_byte(&header, ' ');
	buffer_add_byte(&header, '\n');
	output_bytes(out, "\x93NUMPY\x01\x00", 8);
	output_byte(out, (char)(header.n & 0xff));
	output_byte(out, (char)(header.n >> 8));
	output_bytes(out, header.data, header.n);
	for (uint32_t i = 0; i < e->n; i++)
		for (uint32_t f = 0; f < e->width; f++)
			write_float_le(out, embedding_row(e, i)[f]);
	buffer_free(&header);
	if (!ids)
		return;
	struct output *names = output_open(ids, false);
	for (uint32_t i = 0; i < e->n; i++) {
		output_span(names, id_of(e, i));
		output_end_row(names);
	}
	output_close(names);
}

/* --- TensorBoard's projector -------------------------------------------------- */

static struct output *open_in(const char *directory, const char *name)
{
	char *path = memory_format("%s/%s", directory, name);
	struct output *out = output_open(path, false);
	free(path);
	return out;
}

static void write_tensors(const struct embedding *e, struct output *out)
{
	for (uint32_t i = 0; i < e->n; i++) {
		for (uint32_t f = 0; f < e->width; f++) {
			if (f)
				output_tab(out);
			output_float(out, embedding_row(e, i)[f]);
		}
		output_end_row(out);
	}
	output_close(out);
}

/* A header exactly when there are two columns or more: with one column the
 * projector would take it for a label. */
static uint32_t write_metadata(const struct embedding *e, const struct metadata *m,
			       struct output *out)
{
	uint32_t missing = 0;
	size_t columns = m ? m->columns : 0;
	if (columns) {
		output_text(out, "id");
		for (size_t c = 0; c < columns; c++) {
			output_tab(out);
			output_text(out, m->names[c]);
		}
		output_end_row(out);
	}
	for (uint32_t i = 0; i < e->n; i++) {
		struct span id = id_of(e, i);
		if (id.n == 0)
			die(STATUS_DATA, "the projector's metadata cannot hold an empty id");
		output_span(out, id);
		for (size_t c = 0; c < columns; c++) {
			output_tab(out);
			output_span(out, metadata_field(m, id, c));
		}
		output_end_row(out);
		missing += m && strmap_find(m->ids, id) == STRMAP_NONE;
	}
	output_close(out);
	return missing;
}

static void write_projector(const struct embedding *e, const struct metadata *m,
			    const char *directory)
{
	if (e->width < 2)
		die(STATUS_DATA, "the projector needs vectors of two components or more: add --bias");
	if (e->n > PROJECTOR_ROWS)
		warn("TensorBoard reads the first %d of these %u rows only: --sample %d draws some",
		     PROJECTOR_ROWS, (unsigned)e->n, PROJECTOR_ROWS);
	if (mkdir(directory, 0777) != 0 && errno != EEXIST)
		die_errno(STATUS_FAILED, "cannot make the folder %s", directory);
	uint32_t missing = write_metadata(e, m, open_in(directory, "metadata.tsv"));
	write_tensors(e, open_in(directory, "tensors.tsv"));
	struct output *config = open_in(directory, "projector_config.pbtxt");
	output_text(config, "embeddings {\n  tensor_name: \"recpipe\"\n"
		    "  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n}\n");
	output_close(config);
	if (missing)
		warn("%u of %u ids are not in the --metadata file", (unsigned)missing,
		     (unsigned)e->n);
}

/* --- the run ------------------------------------------------------------------ */

static int run(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *side = option_table("metadata", o->metadata);
	enum model_kind kind = KINDS[o->kind];
	const char *column = o->id ? o->id : kind == MODEL_USER ? "user"
				   : kind == MODEL_ITEM ? "item" : "feature";
	size_t id_column = side ? table_column(side, option_column("id", column)) : 0;
	struct model_reader *reader = model_open(t);
	struct output *out = o->format == PROJECTOR ? NULL
			   : output_open(o->common.output, o->common.line_buffered);
	struct metadata *m = side ? metadata_read(side, id_column) : NULL;
	const struct embedding_options how = {
		kind, o->bias, o->unit, (uint64_t)o->sample, o->common.seed,
	};
	struct embedding *e = embedding_read(reader, &how);
	embedding_check(e, kind);
	if (o->format == PROJECTOR)
		write_projector(e, m, o->directory);
	else if (o->format == NPY)
		write_npy(e, out, o->ids);
	else
		write_word2vec(e, out);
	uint64_t rows = table_rows(t), rejected = table_rejected(t), written = e->n;
	if (out)
		output_close(out);
	model_close(reader);
	table_close(t);
	metadata_free(m);
	embedding_free(e);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static bool writes_stdout(const void *options)
{
	const struct options *o = options;
	return o->format != PROJECTOR && !o->common.output;
}

static const struct program PROGRAM = {
	.name = "export-embeddings",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Write a model's vectors for TensorBoard's projector, numpy or word2vec readers.",
	.reads = "kind id bias f0 f1 ... (a model); of --metadata files item (or user, feature) and "
		 "any other columns",
	.writes = "word2vec text; a numpy array; or tensors.tsv, metadata.tsv and "
		  "projector_config.pbtxt",
	.examples = {
		"export-embeddings model.tsv > items.w2v",
		"export-embeddings --format projector --directory look --metadata items.tsv model.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
	.writes_stdout = writes_stdout,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
