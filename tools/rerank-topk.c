/* rerank-topk - what may and should be shown: a filter between export and load.
 *
 * Reads: user rank item score (a top-N stream, the rows of a user together).
 * Writes: the same columns: the lists without what is blocked or not available, with
 * a limit on items per artist, more diverse, cut to --k and ranked again.
 *
 *	export-topk --k 300 model.tsv | rerank-topk --items items.tsv --per-artist 2 --k 100
 *
 * Leaves to others: scores (export-topk), what was heard already (export-topk
 * --exclude). Places that cannot be filled are reported, not made up.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/strmap.h"
#include "data/unit.h"
#include "domain/catalog.h"
#include "domain/model.h"
#include "domain/topn.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/output.h"
#include "streams/table.h"

struct options {
	struct common common;
	const char *items, *model, *user, *rank, *item, *score;
	struct option_list blocks;
	int64_t k, per_artist;
	double mmr;
	bool known_only;
};

static const struct option_row OPTIONS[] = {
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "100", .low = 1, .high = 1e9,
		.help = "length of the output lists; the input lists should be longer"),
	OPTION_FILE("items", "FILE", items, .side = true,
		.help = "the catalog (item, and artist available blocked): what is not available or "
			"is blocked is dropped"),
	OPTION_FLAG("known-only", known_only,
		.requires = "items",
		.help = "also drop items that are not in --items"),
	OPTION_LIST("block", "FILE", blocks, .side = true,
		.help = "drop the items of FILE (column item), or, with a column user, each only for that "
			"user; may be repeated"),
	OPTION_INT("per-artist", "N", per_artist, .low = 1, .high = 1e9,
		.requires = "items",
		.help = "at most N items per artist in a list; requires --items with a column artist"),
	OPTION_REAL("mmr", "SHARE", mmr, .low = 0, .high = 1,
		.requires = "model|items",
		.help = "diversify by maximal marginal relevance: SHARE is the weight of the score, the "
			"rest that of dissimilarity to the items above; 1 changes nothing"),
	OPTION_FILE("model", "FILE", model, .side = true,
		.requires = "mmr",
		.help = "model for the similarity of --mmr, the cosine of the items' factors; default: "
			"the same artist"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(""), COMMON_ABOUT,

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("rank", rank, .fallback = "rank", .help = "name of the column with ranks"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with item ids"),
	OPTION_COLUMN("score", score, .fallback = "score",
		.help = "name of the column with scores; only --mmr needs it"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

struct candidate {
	uint32_t at;          /* in the list as it came */
	uint32_t artist;      /* STRMAP_NONE: unknown */
	uint32_t vector;      /* row of the model, STRMAP_NONE: unknown */
	double relevance;     /* the score between 0 (the list's last) and 1 (its first) */
	double similarity;      /* to the nearest that was taken */
	bool taken;
};

struct rerank {
	const struct options *o;
	struct catalog *catalog;
	struct strmap *blocked;        /* items, for everybody */
	struct strmap *blocked_pairs;  /* user TAB item */
	bool scored;                   /* the lists have scores */
	struct model_side vectors;     /* unit length */
	uint32_t stride;
	struct candidate *candidates;
	size_t candidates_capacity;
	uint32_t *artist_count;        /* in the list being made, by artist */
	struct buffer pair;
	uint64_t users, short_users, missing, empty_users;
	uint64_t dropped_blocked, dropped_offered, dropped_artist;
};

/* Block lists: with a column user the pairs, otherwise the items. */
static void read_block(struct rerank *r, const char *path)
{
	struct table *t = option_table("block", path);
	size_t item = table_column(t, column_called("item"));
	long user = table_find_column(t, "user");
	while (table_next(t)) {
		struct span id = table_field(t, item);
		if (id.n == 0)
			table_reject(t, item, "an empty id");
		if (user < 0) {
			strmap_add(r->blocked, id);
			continue;
		}
		if (table_field(t, (size_t)user).n == 0)
			table_reject(t, (size_t)user, "an empty id");
		r->pair.n = 0;
		buffer_add_span(&r->pair, table_field(t, (size_t)user));
		buffer_add_byte(&r->pair, '\t');
		buffer_add_span(&r->pair, id);
		strmap_add(r->blocked_pairs, (struct span){r->pair.data, r->pair.n});
	}
	table_close(t);
}

/* The items' factors at unit length; those without any length are like nothing. */
static void read_vectors(struct rerank *r, const char *path)
{
	struct table *t = option_table("model", path);
	struct model_reader *reader = model_open(t);
	struct model_row row;
	r->stride = (uint32_t)kernel_padded(model_reader_factors(reader));
	while (model_next(reader, &row) && row.kind <= MODEL_ITEM) {
		if (row.kind != MODEL_ITEM)
			continue;
		model_side_add(&r->vectors, &row, r->stride);
		unit_scale(r->vectors.factors + (size_t)(r->vectors.n - 1) * r->stride, r->stride);
	}
	table_skip(t);
	model_close(reader);
	table_close(t);
	if (r->vectors.n == 0)
		die(STATUS_DATA, "%s: the model has no items", path);
}

static bool is_blocked(struct rerank *r, struct span user, struct span item)
{
	if (strmap_count(r->blocked) && strmap_find(r->blocked, item) != STRMAP_NONE)
		return true;
	if (strmap_count(r->blocked_pairs) == 0)
		return false;
	r->pair.n = 0;
	buffer_add_span(&r->pair, user);
	buffer_add_byte(&r->pair, '\t');
	buffer_add_span(&r->pair, item);
	return strmap_find(r->blocked_pairs, (struct span){r->pair.data, r->pair.n}) != STRMAP_NONE;
}

/* The items of a list that may be shown; returns how many. */
static uint32_t gather(struct rerank *r, const struct topn_list *list)
{
	uint32_t n = 0;
	double first = -INFINITY, last = INFINITY;
	r->candidates = memory_grow(r->candidates, &r->candidates_capacity, list->n,
				    sizeof *r->candidates);
	for (uint32_t i = 0; i < list->n; i++) {
		struct candidate c = {.at = i, .artist = STRMAP_NONE, .vector = STRMAP_NONE};
		if (is_blocked(r, list->user, list->items[i])) {
			r->dropped_blocked++;
			continue;
		}
		if (r->catalog) {
			uint32_t known = strmap_find(r->catalog->ids, list->items[i]);
			if (known == STRMAP_NONE ? r->o->known_only : !r->catalog->is_offered[known]) {
				r->dropped_offered++;
				continue;
			}
			if (known != STRMAP_NONE)
				c.artist = r->catalog->artist[known];
		}
		if (r->vectors.n)
			c.vector = strmap_find(r->vectors.ids, list->items[i]);
		first = fmax(first, list->scores[i]);
		last = fmin(last, list->scores[i]);
		r->candidates[n++] = c;
	}
	for (uint32_t i = 0; i < n; i++)
		r->candidates[i].relevance = first > last
			? (list->scores[r->candidates[i].at] - last) / (first - last) : 1;
	return n;
}

/* How alike two items are: the cosine, not below 0, or whether one artist made them. */
static double similarity(const struct rerank *r, const struct candidate *a, const struct candidate *b)
{
	if (!r->vectors.n)
		return a->artist != STRMAP_NONE && a->artist == b->artist;
	if (a->vector == STRMAP_NONE || b->vector == STRMAP_NONE)
		return 0;
	const float *x = r->vectors.factors + (size_t)a->vector * r->stride;
	const float *y = r->vectors.factors + (size_t)b->vector * r->stride;
	double sum = 0;
	for (uint32_t f = 0; f < r->stride; f++)
		sum += (double)x[f] * y[f];
	return sum > 0 ? sum : 0;
}

/* Is there still room for the artist? */
static bool has_room(const struct rerank *r, const struct candidate *c)
{
	return !r->o->per_artist || c->artist == STRMAP_NONE ||
		r->artist_count[c->artist] < (uint64_t)r->o->per_artist;
}

/* The next one to take: the first in the list's order, or with --mmr the one of the
 * greatest SHARE * relevance - (1 - SHARE) * similarity; equal ones in the list's
 * order (Carbonell and Goldstein 1998, equation 1). `n`: there is none. */
static uint32_t best(const struct rerank *r, uint32_t n, uint32_t from, bool diverse)
{
	uint32_t found = n;
	double top = -INFINITY;
	for (uint32_t i = from; i < n; i++) {
		const struct candidate *c = &r->candidates[i];
		if (c->taken || !has_room(r, c))
			continue;
		if (!diverse)
			return i;
		double value = r->o->mmr * c->relevance - (1 - r->o->mmr) * c->similarity;
		if (value > top) {
			top = value;
			found = i;
		}
	}
	return found;
}

static uint64_t rerank(struct rerank *r, const struct topn_list *list, struct output *out)
{
	uint32_t n = gather(r, list), rank = 0, from = 0;
	bool diverse = option_given("mmr");
	while (rank < r->o->k) {
		uint32_t i = best(r, n, from, diverse);
		if (i == n)
			break;
		struct candidate *c = &r->candidates[i];
		c->taken = true;
		if (c->artist != STRMAP_NONE && r->artist_count)
			r->artist_count[c->artist]++;
		for (uint32_t j = 0; diverse && j < n; j++)
			if (!r->candidates[j].taken)
				r->candidates[j].similarity = fmax(r->candidates[j].similarity,
								 similarity(r, c, &r->candidates[j]));
		from = diverse ? 0 : i + 1;
		rank++;
		if (r->scored)
			topn_write_row(out, list->user, rank, list->items[c->at], list->scores[c->at]);
		else
			topn_write_row_unscored(out, list->user, rank, list->items[c->at]);
	}
	for (uint32_t i = 0; i < n && r->artist_count; i++) {
		if (r->candidates[i].artist == STRMAP_NONE)
			continue;
		if (!r->candidates[i].taken && !has_room(r, &r->candidates[i]))
			r->dropped_artist++;
	}
	for (uint32_t i = 0; i < n && r->artist_count; i++)
		if (r->candidates[i].artist != STRMAP_NONE)
			r->artist_count[r->candidates[i].artist] = 0;
	r->users++;
	r->empty_users += rank == 0;
	r->short_users += rank < r->o->k;
	r->missing += (uint64_t)r->o->k - rank;
	return rank;
}

static void set_up(struct rerank *r)
{
	const struct options *o = r->o;
	bool artists = o->per_artist || (option_given("mmr") && !o->model);
	r->blocked = strmap_new();
	r->blocked_pairs = strmap_new();
	if (o->items) {
		r->catalog = catalog_read(option_table("items", o->items), column_called("item"));
		if (artists && !r->catalog->has_artists)
			die(STATUS_DATA, "%s: no column 'artist', which %s needs", shown_input(o->items),
			    o->per_artist ? "--per-artist" : "--mmr without --model");
		r->artist_count = memory_zero(strmap_count(r->catalog->artists), sizeof *r->artist_count);
	}
	for (size_t i = 0; i < o->blocks.n; i++)
		read_block(r, o->blocks.values[i]);
	if (o->model)
		read_vectors(r, o->model);
}

static void report(const struct rerank *r)
{
	if (r->dropped_blocked + r->dropped_offered + r->dropped_artist)
		warn("dropped: %" PRIu64 " blocked, %" PRIu64 " not available, %" PRIu64
		     " of artists with enough", r->dropped_blocked, r->dropped_offered, r->dropped_artist);
	if (r->missing)
		warn("%" PRIu64 " of %" PRIu64 " lists are shorter than %" PRId64 ": %" PRIu64
		     " places are missing, %" PRIu64 " lists are empty", r->short_users, r->users, r->o->k,
		     r->missing, r->empty_users);
}

static int run(const struct options *o, char **files, int count)
{
	struct rerank r = {.o = o};
	struct table_format format = COMMON_FORMAT(&o->common);
	const struct topn_columns columns = {
		.user = option_column("user", o->user), .rank = option_column("rank", o->rank),
		.item = option_column("item", o->item), .score = option_column("score", o->score),
	};
	set_up(&r);
	struct table *t = table_open(files, count, &format);
	if (option_given("mmr")) /* else scores may be missing, and are not written then */
		table_column(t, columns.score);
	struct topn_reader *reader = topn_open(t, &columns);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (o->common.packed)
		output_pack_doubles(out);
	r.scored = topn_has_scores(reader);
	if (!o->common.no_header) {
		if (r.scored)
			topn_write_header(out);
		else
			topn_write_header_unscored(out);
		output_flush(out);
	}
	struct topn_list list;
	uint64_t written = 0;
	while (topn_next(reader, &list)) {
		written += rerank(&r, &list, out);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	topn_close(reader);
	table_close(t);
	output_close(out);
	report(&r);
	catalog_free(r.catalog);
	strmap_free(r.blocked);
	strmap_free(r.blocked_pairs);
	if (r.vectors.n)
		model_side_free(&r.vectors);
	buffer_free(&r.pair);
	free(r.candidates);
	free(r.artist_count);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "rerank-topk",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Drop what may not be shown, spread artists, diversify, and cut lists to their length.",
	.reads = "user rank item [score]; of --items: item artist available blocked; of --block: item [user]",
	.writes = "user rank item, and score where there is one",
	.examples = {
		"rerank-topk --items items.tsv --per-artist 2 --k 100 < long-topk.tsv > topk.tsv",
		"rerank-topk --block dislikes.tsv --mmr 0.7 --model model.tsv < long-topk.tsv > topk.tsv",
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
