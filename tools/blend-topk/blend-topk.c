/* blend-topk - several systems' lists for the same users into one list each.
 *
 * In:   two or more top-N streams: user rank item score, the users of all in one order.
 * Out:  user rank item score.
 *
 *	blend-topk --weight 1,0.3 --k 100 ridge.tsv ials.tsv > topk.tsv
 *
 * The streams are read side by side. It tunes no weights: see tune-hparams(1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/output.h"
#include "streams/table.h"
#include "domain/topn.h"
#include "frame/options.h"
#include "frame/run.h"
#include "blend.h"
#include "streams.h"

struct options {
	int method, normalize;
	double rrf_k;
	const char *weight;
	int64_t k;
	const char *user, *rank, *item, *score;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_CHOICE("method", "NAME", method, BLEND_METHODS, .fallback = "rrf",
		.help = "how to blend: by reciprocal ranks, by normalized scores, or in turns"),
	OPTION_TEXT("weight", "X,...", weight, .excludes = "method=round-robin",
		.help = "weight of each stream, in the order of the files (default 1 for all)"),
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "100", .low = 1, .high = 1 << 20,
		.help = "length of the lists"),
	OPTION_REAL("rrf-k", "X", rrf_k, .fallback = "60", .low = 0, .high = 1e9,
		.requires = "method=rrf",
		.help = "an item at rank r counts 1 / (X + r); the larger, the more it matters that "
			"several lists have it"),
	OPTION_CHOICE("normalize", "HOW", normalize, BLEND_SCALES, .fallback = "min-max",
		.requires = "method=score",
		.help = "scale of each list's scores: from 0 (its last) to 1 (its first), in standard "
			"deviations, or as they are"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(""), COMMON_ABOUT,

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_LAYOUT, COMMON_ON_CONTROL,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the user column"),
	OPTION_COLUMN("rank", rank, .fallback = "rank",
		.help = "name of the rank column; without it the rows are in rank order"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the item column"),
	OPTION_COLUMN("score", score, .fallback = "score",
		.help = "name of the score column, which --method score reads"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* One weight for each stream. */
static double *weights_of(const char *text, size_t streams)
{
	double *weights = memory_new(streams, sizeof *weights), sum = 0;
	size_t n = 0;
	char shown[QUOTED_SIZE];
	for (size_t i = 0; i < streams; i++)
		weights[i] = 1;
	if (!text)
		return weights;
	for (struct span word, rest = span_of(text); span_next(&rest, ',', &word); n++) {
		double x;
		if (number_double(word.at, word.n, &x) != NUMBER_OK || x < 0 || x > 1e9)
			usage_error("--weight: not a number from 0 to 1e9: %s", quoted(word.at, word.n, shown));
		if (n < streams)
			weights[n] = x;
		sum += x;
	}
	if (n != streams)
		usage_error("--weight: there are %zu streams, and %zu weights", streams, n);
	if (!(sum > 0))
		usage_error("--weight: all weights are 0");
	return weights;
}

static struct stream stream_open(const struct options *o, char **file)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct topn_columns columns = {
		.user = option_column("user", o->user), .rank = option_column("rank", o->rank),
		.item = option_column("item", o->item),
	};
	struct stream s = {.table = table_open(file, 1, &format)};
	if (o->method == BLEND_SCORE) {
		columns.score = option_column("score", o->score);
		table_column(s.table, columns.score);
	}
	s.reader = topn_open(s.table, &columns);
	return s;
}

static void report(const struct streams *s, char **files, uint64_t users, uint64_t short_lists, int64_t k)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].lists < users)
			note("%s: %llu of %llu users have no list", shown_input(files[i]),
			     (unsigned long long)(users - s->at[i].lists), (unsigned long long)users);
	if (short_lists)
		warn("%llu of %llu lists are shorter than %lld", (unsigned long long)short_lists,
		     (unsigned long long)users, (long long)k);
}

static uint64_t write_list(struct output *out, const struct blend *b, struct span user)
{
	for (size_t i = 0; i < b->n; i++)
		topn_write_row(out, user, (uint32_t)i + 1, strmap_key(b->items, b->best[i].item), b->best[i].score);
	return b->n;
}

static int blend_streams(const struct options *o, char **files, size_t n)
{
	double *weights = weights_of(o->weight, n);
	struct stream *at = memory_zero(n, sizeof *at);
	for (size_t i = 0; i < n; i++)
		at[i] = stream_open(o, files + i);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (o->common.packed)
		output_pack_doubles(out);
	if (!o->common.no_header)
		topn_write_header(out);
	output_flush(out);

	struct streams streams = streams_of(at, n);
	struct blend blend = blend_new((enum blend_method)o->method, (enum blend_scale)o->normalize, o->rrf_k,
				       weights, n, (size_t)o->k);
	const struct topn_list *lists[STREAMS_MAX];
	uint64_t rows = 0, written = 0, short_lists = 0;
	while (streams_next(&streams, lists)) {
		size_t first = 0;
		while (!lists[first])
			first++;
		blend_lists(&blend, lists);
		written += write_list(out, &blend, lists[first]->user);
		short_lists += blend.n < (size_t)o->k;
		progress_step(streams_bytes(&streams), streams_size(&streams), "bytes");
	}
	progress_clear();
	report(&streams, files, blend.users, short_lists, o->k);
	for (size_t i = 0; i < n; i++) {
		rows += table_rows(at[i].table);
		topn_close(at[i].reader);
		table_close(at[i].table);
	}
	output_close(out);
	run_report(rows, written, 0);
	blend_free(&blend);
	streams_free(&streams);
	free(at);
	free(weights);
	return STATUS_DONE;
}

/* With one file the other stream is standard input. */
static int run(const struct options *o, char **files, int count)
{
	static char STDIN[] = "-";
	char *both[] = {count ? files[0] : NULL, STDIN};
	if (count == 0)
		usage_error("a file of lists is required; standard input is the second stream then");
	if (count > STREAMS_MAX)
		usage_error("there are %d streams; %d can be blended", count, (int)STREAMS_MAX);
	int standard = 0;
	for (int i = 0; i < count; i++)
		standard += strcmp(files[i], "-") == 0;
	if (standard + (count == 1) > 1)
		usage_error("standard input can be one stream only");
	return count == 1 ? blend_streams(o, both, 2) : blend_streams(o, files, (size_t)count);
}

static const struct program PROGRAM = {
	.name = "blend-topk",
	.usage = "[OPTION]... A [B]...",
	.summary = "Blend several systems' top-N lists into one list for each user.",
	.reads = "user rank item score; --method rrf and round-robin use no scores",
	.writes = "user rank item score",
	.examples = {
		"blend-topk --k 50 topk.tsv popular.tsv > blended.tsv",
		"blend-topk --method score --weight 1,0.3 topk.tsv popular.tsv > blended.tsv",
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
