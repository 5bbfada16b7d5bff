/* plot-embeddings - a map of a model's items (or users) to look at.
 *
 * In:   a model: kind id bias f0 f1 ...
 * Out:  id x y; or a picture (SVG); or one HTML page that needs nothing else.
 *
 *	plot-embeddings --method tsne --format html --metadata items.tsv model.tsv > map.html
 *
 * It writes no vectors for other programs: see export-embeddings(1).
 */
#include <float.h>
#include <math.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "domain/embedding.h"
#include "domain/model.h"
#include "neighbors.h"
#include "page.h"
#include "pca.h"
#include "tsne.h"
#include "umap.h"

struct options {
	int format, method, kind, kernel;
	bool bias, unit;
	int64_t sample, iterations, neighbors, exact, size;
	double perplexity, theta;
	const char *metadata, *id, *title, *color;
	struct common common;
};

enum format { TSV, SVG, HTML };
enum { SAMPLES = 1000 }; /* points of which recall is measured */
enum method { PCA, TSNE, UMAP };

static const enum model_kind KINDS[] = {
	MODEL_ITEM, MODEL_USER, MODEL_ITEM_FEATURE, MODEL_USER_FEATURE,
};

static const struct option_row OPTIONS[] = {
	OPTION_CHOICE("format", "NAME", format, "tsv|svg|html", .fallback = "tsv",
		.help = "output format"),
	OPTION_CHOICE("method", "NAME", method, "pca|tsne|umap", .fallback = "pca",
		.help = "method of dimensionality reduction"),
	OPTION_CHOICE("kind", "KIND", kind, "item|user|item_feature|user_feature", .fallback = "item",
		.help = "kind of model rows to use"),
	OPTION_FILE("metadata", "FILE", metadata, .side = true,
		.requires = "format=svg/html",
		.help = "a table by id, such as the catalog: titles, and columns to color by"),
	OPTION_COLUMN("title", title, .fallback = "title",
		.requires = "metadata",
		.help = "--metadata column with titles; default: show the ids"),
	OPTION_TEXT("color", "COLUMN", color,
		.requires = "metadata",
		.help = "--metadata column that colors the points (can be changed on the page)"),
	COMMON_OUTPUT_FILE, COMMON_SEED, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Map"),
	OPTION_REAL("perplexity", "X", perplexity, .fallback = "30", .low = 1, .high = 1000,
		.help = "t-SNE: effective number of neighbors"),
	OPTION_INT("iterations", "N", iterations, .low = 1, .high = 1000000,
		.help = "t-SNE and UMAP: number of iterations (1000; UMAP 500, of more than 10,000 points 200)"),
	OPTION_INT("neighbors", "N", neighbors, .fallback = "15", .low = 2, .high = 24,
		.help = "UMAP: neighbors of a point by cosine"),
	OPTION_INT("exact-neighbors", "N", exact, .fallback = "200000", .low = 0, .high = 4294967294.0,
		.help = "of at most N points neighbors (of UMAP and the page) are found exactly, of more "
			"by NN-descent"),
	OPTION_REAL("theta", "X", theta, .fallback = "0.5", .low = 0, .high = 1,
		.help = "t-SNE: Barnes-Hut accuracy; 0 is exact"),
	OPTION_FLAG("bias", bias, .help = "append the bias as one more component"),
	OPTION_FLAG("unit", unit,
		.help = "scale the vectors to length 1 first, so that only directions matter"),
	OPTION_INT("sample", "N", sample, .low = 3, .high = 4294967294.0,
		.help = "at most N points, sampled by a hash of seed and id"),

	OPTION_GROUP("Picture"),
	OPTION_INT("size", "N", size, .fallback = "900", .low = 50, .high = 20000,
		.help = "width and height of the SVG in pixels"),
	OPTION_TEXT("id", "COLUMN", id,
		.requires = "metadata",
		.help = "name of the id column of the --metadata file (default by --kind: item, user or "
			"feature)"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_ALIAS("colour", "COLUMN", "color"),
	OPTION_END
};

/* Vectors of which a dot product of floats could overflow, or could be nothing at all, times
 * a power of two: distances are the same but for that factor. */
static void scale_rows(struct embedding *e)
{
	enum { FAR = 56 };
	size_t n = (size_t)e->n * e->stride;
	float most = 0;
	int exponent;
	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(e->rows[i]));
	frexpf(most, &exponent);
	if (most <= 0 || (exponent > -FAR && exponent < FAR))
		return;
	for (size_t i = 0; i < n; i++)
		e->rows[i] = ldexpf(e->rows[i], -exponent);
}

/* Coordinates that a float cannot hold, times a power of two that makes all of them fit. */
static void scale_map(double *at, uint32_t points)
{
	double most = 0;
	int exponent;
	for (size_t i = 0; i < 2 * (size_t)points; i++)
		most = fmax(most, fabs(at[i]));
	frexp(most, &exponent);
	if (exponent <= FLT_MAX_EXP - 1)
		return;
	for (size_t i = 0; i < 2 * (size_t)points; i++)
		at[i] = ldexp(at[i], -exponent);
	warn("coordinates beyond the range of a float: divided by 2^%d", exponent);
}

static void make_tsne(const struct options *o, struct embedding *e, enum kernel_choice kernel,
		      struct pool *pool, double *at)
{
	scale_rows(e);
	double most = ((double)e->n - 1) / 3;
	struct tsne t = {
		.rows = e->rows, .n = e->n, .stride = e->stride,
		.perplexity = fmin(o->perplexity, most), .theta = o->theta,
		.iterations = o->iterations ? (uint32_t)o->iterations : 1000, .seed = o->common.seed,
		.dot = kernel_dot_of(kernel), .pool = pool,
	};
	if (t.perplexity < o->perplexity)
		warn("--perplexity %g is too much for %u points: it is %g", o->perplexity,
		     (unsigned)e->n, t.perplexity);
	double divergence = tsne_run(&t, at);
	progress_clear();
	note("Kullback-Leibler divergence %.4f", divergence);
}

static void make_umap(const struct options *o, const struct neighbors *near, struct pool *pool, double *at)
{
	const struct umap u = {
		.near = near, .k = o->neighbors < near->k ? (uint32_t)o->neighbors : near->k,
		.seed = o->common.seed, .pool = pool,
		.epochs = o->iterations ? (uint32_t)o->iterations : near->n <= 10000 ? 500 : 200,
	};
	umap_run(&u, at);
	progress_clear();
}

/* The share of neighbors that are such on the map, which is said of UMAP's and on the page. */
static double measure_map(const struct options *o, const struct neighbors *near, const double *at,
			  struct pool *pool)
{
	bool said = o->method == UMAP && !o->common.quiet;
	if (!said && o->format != HTML)
		return NAN;
	double recall = umap_recall(near, at, SAMPLES, o->common.seed, pool);
	if (said)
		warn("of the 10 nearest by cosine, the map has %.1f %% among the 10 nearest points", 100 * recall);
	return recall;
}

/* The neighbors that UMAP and the page need; in *found the share of them that NN-descent found, or NAN. */
static struct neighbors find_neighbors(const struct options *o, const struct embedding *e,
				       enum kernel_choice kernel, struct pool *pool, double *found)
{
	enum { SHOWN = 10 };
	uint32_t wanted = o->method == UMAP && o->neighbors > SHOWN ? (uint32_t)o->neighbors : SHOWN;
	uint32_t k = wanted < e->n - 1 ? wanted : e->n - 1;
	float *rows = unit_rows_new(e->rows, e->n, e->stride, e->width);
	const struct unit_rows u = {rows, e->n, e->stride, e->width};
	bool exact = e->n <= (uint64_t)o->exact;
	struct neighbors near = exact ? neighbors_exact(&u, k, kernel, pool)
		: neighbors_descent(&u, k, o->common.seed, kernel, pool);
	progress_clear();
	*found = NAN;
	if (!exact) {
		double recall = *found = neighbors_recall(&near, &u, SAMPLES, o->common.seed, kernel, pool);
		if (recall < 0.95)
			warn("neighbors by NN-descent: only %.1f %% of the 10 nearest of %d points were found",
			     100 * recall, SAMPLES);
		else if (!o->common.quiet)
			warn("neighbors by NN-descent: %.1f %% of the 10 nearest of %d points were found",
			    100 * recall, SAMPLES);
	}
	free(rows);
	return near;
}

/* Two coordinates a row. */
static double *make_map(const struct options *o, struct embedding *e, const struct neighbors *near,
			enum kernel_choice kernel, struct pool *pool)
{
	double *at = memory_zero(2 * (size_t)e->n, sizeof *at), share[2];
	pca_project(e->rows, e->n, e->width, e->stride, 2, at, share);
	if (o->method == PCA) {
		note("the two axes have %.1f %% and %.1f %% of the variance", 100 * share[0],
		     100 * share[1]);
		scale_map(at, e->n);
	} else if (o->method == TSNE) {
		make_tsne(o, e, kernel, pool, at);
	} else {
		make_umap(o, near, pool, at);
	}
	return at;
}

static void write_tsv(const struct options *o, const struct embedding *e, const double *at,
		      struct output *out)
{
	if (!o->common.no_header) {
		output_text(out, "id\tx\ty");
		output_end_row(out);
	}
	for (uint32_t i = 0; i < e->n; i++) {
		output_span(out, strmap_key(e->ids, i));
		output_tab(out);
		output_float(out, (float)at[2 * (size_t)i]);
		output_tab(out);
		output_float(out, (float)at[2 * (size_t)i + 1]);
		output_end_row(out);
	}
}

/* Refuses to map what cannot be: fewer than two components, or too few points. */
static void check_embedding(const struct options *o, const struct embedding *e,
			    enum model_kind kind)
{
	embedding_check(e, kind);
	if (e->width < 2)
		die(STATUS_DATA, "a map needs vectors of two components or more: add --bias");
	if (o->method != PCA && e->n < 4)
		die(STATUS_DATA, "%s needs four points or more, there are %u",
		    o->method == TSNE ? "t-SNE" : "UMAP", (unsigned)e->n);
}

static int run(const struct options *o, char **files, int count)
{
	enum kernel_choice kernel = option_kernel(o->kernel);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *side = option_table("metadata", o->metadata);
	enum model_kind kind = KINDS[o->kind];
	const char *column = o->id ? o->id : kind == MODEL_USER ? "user"
				   : kind == MODEL_ITEM ? "item" : "feature";
	size_t id_column = side ? table_column(side, option_column("id", column)) : 0;
	if (side && option_given("title"))
		table_column(side, option_column("title", o->title));
	if (o->color)
		table_column(side, option_column("color", o->color));
	struct model_reader *reader = model_open(t);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	struct metadata *m = side ? metadata_read(side, id_column) : NULL;
	const struct embedding_options how = {
		kind, o->bias, o->unit, (uint64_t)o->sample, o->common.seed,
	};
	struct embedding *e = embedding_read(reader, &how);
	check_embedding(o, e, kind);
	struct pool *pool = pool_new((size_t)o->common.threads);
	struct neighbors near = {0};
	double found = NAN;
	if (o->method == UMAP || o->format == HTML)
		near = find_neighbors(o, e, kernel, pool, &found);
	double *at = make_map(o, e, &near, kernel, pool);
	double recall = measure_map(o, &near, at, pool);
	pool_free(pool);
	const struct page page = {
		.embedding = e, .metadata = m, .at = at, .size = o->size, .near = &near,
		.recall = recall, .found = found,
		.title = m ? metadata_column(m, o->title) : -1,
		.color = o->color ? metadata_column(m, o->color) : -1,
	};
	if (o->format == TSV)
		write_tsv(o, e, at, out);
	else if (o->format == SVG)
		page_write_svg(&page, out);
	else
		page_write_html(&page, out);
	uint64_t rows = table_rows(t), rejected = table_rejected(t), written = e->n;
	output_close(out);
	model_close(reader);
	table_close(t);
	metadata_free(m);
	embedding_free(e);
	neighbors_free(&near);
	free(at);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "plot-embeddings",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Draw a map of a model's items or users, by PCA, t-SNE or UMAP.",
	.reads = "kind id bias f0 f1 ... (a model); of --metadata files item (or user, feature) and "
		 "any other columns",
	.writes = "id x y; or SVG; or a self-contained HTML page",
	.examples = {
		"plot-embeddings model.tsv > map.tsv",
		"plot-embeddings --method tsne --format html --metadata items.tsv model.tsv > map.html",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

/* What the method or the format does not use changes nothing; a script for several of them may have it. */
static void warn_of_unheeded(const struct options *o)
{
	static const char *const METHODS[] = {[PCA] = "pca", [TSNE] = "tsne", [UMAP] = "umap"};
	static const struct {
		const char *option;
		bool used[UMAP + 1];
	} OF[] = {{"perplexity", {[TSNE] = true}}, {"theta", {[TSNE] = true}}, {"neighbors", {[UMAP] = true}},
		{"iterations", {[TSNE] = true, [UMAP] = true}}};
	for (size_t i = 0; i < sizeof OF / sizeof *OF; i++)
		if (option_given(OF[i].option) && !OF[i].used[o->method])
			warn("--%s has no effect with --method=%s", OF[i].option, METHODS[o->method]);
	if (option_given("size") && o->format != SVG)
		warn("--size has no effect with --format=%s", o->format == TSV ? "tsv" : "html");
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	warn_of_unheeded(&options);
	return finish(run(&options, argv + first, argc - first));
}
