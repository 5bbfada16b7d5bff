/* jaccard-users - how far users are from each other, by the sets of what they like.
 *
 * In:   user item rating: a row with a rating of 3 or more puts the item into the set.
 * Out:  user1 user2 distance; with --recommend: user rank item score.
 *
 *	jaccard-users --k 10 < ratings.tsv > neighbors.tsv
 *	jaccard-users --k 50 --recommend 100 < ratings.tsv > topk.tsv
 *
 * Exact unless --approximate. It splits and evaluates nothing: see
 * build-dataset(1) and evaluate-topk(1).
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "domain/dataset.h"
#include "domain/topn.h"
#include "neighbors.h"
#include "recommend.h"
#include "sets.h"

struct options {
	const char *user, *item, *rating, *split, *fit_splits;
	double min_rating, max_distance;
	bool binary, approximate;
	int measure, vote, repeats;
	int64_t k, recommend, bands, band_rows;
	struct option_list of;
	struct common common;
};

static const char *const VOTE[] = {"sum", "mean", "plain"}; /* by enum vote */

static const struct option_row OPTIONS[] = {
	OPTION_INT("k", "N", k, .letter = 'k', .low = 1, .high = 1 << 30,
		.help = "each user's N nearest, ties by id (50 by default with --recommend)"),
	OPTION_CHOICE("measure", "NAME", measure, "jaccard|cosine|overlap", .fallback = "jaccard",
		.help = "similarity measure; the distance is 1 minus it"),
	OPTION_REAL("min-rating", "X", min_rating, .fallback = "3",
		.help = "put items with a rating of at least X into the user's set"),
	OPTION_FLAG("binary", binary,
		.excludes = "rating,min-rating",
		.help = "put every row's item into the set; ratings are not read"),
	OPTION_LIST("of", "USER", of, .help = "compare only this user with all others, nearest first"),
	OPTION_INT("recommend", "N", recommend, .low = 1, .high = 1 << 30,
		.help = "write the N best items that the neighbors rated and the user did not"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Neighbors and votes"),
	OPTION_REAL("max-distance", "D", max_distance, .fallback = "1", .low = 0, .high = 1,
		.help = "maximum distance of a pair"),
	OPTION_CHOICE("vote", "HOW", vote, "sum|mean|plain", .fallback = "sum",
		.requires = "recommend",
		.help = "score from neighbors' ratings: centered by the neighbor's mean and summed "
			"weighted by similarity, the weighted average, or the plain weighted sum"),
	OPTION_TEXT("fit-splits", "NAME,...", fit_splits, .fallback = "train",
		.help = "splits whose rows count (or all), if there is a split column"),

	OPTION_GROUP("Approximate search"),
	OPTION_FLAG("approximate", approximate,
		.requires = "measure=jaccard",
		.help = "compare only pairs found by MinHash; an estimate of those missed is reported"),
	OPTION_INT("bands", "N", bands, .fallback = "40", .low = 1, .high = 4096,
		.requires = "approximate",
		.help = "bands of the MinHash signature; more bands find more pairs and take longer"),
	OPTION_INT("band-rows", "N", band_rows, .fallback = "3", .low = 1, .high = 64,
		.requires = "approximate",
		.help = "rows per band; more rows skip pairs of low similarity"),
	OPTION_CHOICE("repeats", "HOW", repeats, "fail|max", .fallback = "fail",
		.help = "on a duplicate pair: stop, or keep the highest rating"),
	COMMON_SEED,

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with users"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with items"),
	OPTION_COLUMN("rating", rating, .fallback = "rating",
		.help = "name of the column with ratings (weight, time ...)"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.help = "name of the column with splits; optional"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* Distances repeat: their texts are kept by the bits of the number. */
enum { TEXTS = 1 << 12 };

struct text {
	double value;
	uint8_t n;
	char at[NUMBER_SIZE];
};

struct worker {
	struct finder finder;
	struct recommender recommender;
	struct text *texts;
};

struct job {
	const struct options *o;
	const struct sets *s;
	struct wanted wanted;
	struct index *index;
	struct bands *bands;
	double *means;
	uint32_t *query;     /* users that rows are written for, in the order of the output */
	size_t queries, from, chunk;
	struct worker *workers;
	struct buffer *rows; /* one for each chunk of the round */
	uint64_t *written, *empty; /* of each chunk: rows, users without a list */
};

static void find(const struct job *j, uint32_t user, struct finder *f)
{
	if (j->bands)
		find_candidates(j->bands, j->s, &j->wanted, user, f);
	else
		find_exact(j->index, j->s, &j->wanted, user, f);
}

static void add_number(struct buffer *b, struct worker *w, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	if (!w->texts)
		w->texts = memory_zero(TEXTS, sizeof *w->texts);
	struct text *t = &w->texts[hash_mix(bits) % TEXTS];
	if (t->n == 0 || t->value < x || t->value > x) {
		t->value = x;
		t->n = (uint8_t)number_write_double(x, t->at);
	}
	buffer_add(b, t->at, t->n);
}

static void add_pair(struct buffer *b, const struct sets *s, struct worker *w, uint32_t one,
		     uint32_t other, double distance)
{
	buffer_add_span(b, strmap_key(s->user_ids, one));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->user_ids, other));
	buffer_add_byte(b, '\t');
	add_number(b, w, distance);
	buffer_add_byte(b, '\n');
}

static int by_user(const void *a, const void *b)
{
	const struct neighbor *x = a, *y = b;
	return (x->user > y->user) - (x->user < y->user);
}

/* Each pair once, the smaller id first, in the order of the ids. */
static uint64_t write_pairs(const struct job *j, struct worker *w, uint32_t user, struct buffer *b)
{
	struct finder *f = &w->finder;
	uint64_t rows = 0;
	if (f->n > 1)
		qsort(f->found, f->n, sizeof *f->found, by_user);
	if (j->wanted.max_distance < 1) {
		for (size_t i = 0; i < f->n; i++) {
			if (f->found[i].user > user) {
				add_pair(b, j->s, w, user, f->found[i].user, f->found[i].distance);
				rows++;
			}
		}
		return rows;
	}
	size_t next = 0;
	for (uint32_t v = 0; v < j->s->users; v++) {
		while (next < f->n && f->found[next].user < v)
			next++;
		bool shares = next < f->n && f->found[next].user == v;
		if (v <= user || sets_size(j->s, v) == 0 || (!shares && j->bands))
			continue;
		add_pair(b, j->s, w, user, v, shares ? f->found[next].distance : 1);
		rows++;
	}
	return rows;
}

/* The nearest first; after them, when all are wanted, those that share nothing. */
static uint64_t write_nearest(const struct job *j, struct worker *w, uint32_t user,
			      struct buffer *b)
{
	struct finder *f = &w->finder;
	uint64_t rows = f->n;
	for (size_t i = 0; i < f->n; i++)
		add_pair(b, j->s, w, user, f->found[i].user, f->found[i].distance);
	if (j->wanted.k || j->wanted.max_distance < 1 || j->bands)
		return rows;
	if (f->n > 1)
		qsort(f->found, f->n, sizeof *f->found, by_user);
	size_t next = 0;
	for (uint32_t v = 0; v < j->s->users; v++) {
		while (next < f->n && f->found[next].user < v)
			next++;
		if (v == user || sets_size(j->s, v) == 0 || (next < f->n && f->found[next].user == v))
			continue;
		add_pair(b, j->s, w, user, v, 1);
		rows++;
	}
	return rows;
}

static uint64_t write_items(const struct job *j, struct worker *w, uint32_t user,
			    struct buffer *b)
{
	size_t n = recommend_items(&w->recommender, j->s, j->means, (enum vote)j->o->vote, user,
				   &w->finder, (size_t)j->o->recommend);
	for (size_t i = 0; i < n; i++) {
		const struct scored *item = &w->recommender.list[i];
		buffer_add_span(b, strmap_key(j->s->user_ids, user));
		buffer_format(b, "\t%zu\t", i + 1);
		buffer_add_span(b, strmap_key(j->s->item_ids, item->item));
		buffer_add_byte(b, '\t');
		b->n += number_write_double(item->score, buffer_room(b, NUMBER_SIZE));
		buffer_add_byte(b, '\n');
	}
	return n;
}

static void work(void *context, size_t chunk, size_t number)
{
	struct job *j = context;
	struct worker *w = &j->workers[number];
	struct buffer *b = &j->rows[chunk];
	size_t from = j->from + chunk * j->chunk;
	size_t to = from + j->chunk < j->queries ? from + j->chunk : j->queries;
	b->n = 0;
	j->written[chunk] = j->empty[chunk] = 0;
	for (size_t i = from; i < to; i++) {
		find(j, j->query[i], &w->finder);
		uint64_t rows = j->o->recommend ? write_items(j, w, j->query[i], b)
			: j->wanted.k || j->o->of.n ? write_nearest(j, w, j->query[i], b)
			: write_pairs(j, w, j->query[i], b);
		j->written[chunk] += rows;
		j->empty[chunk] += rows == 0;
	}
}

/* Rounds of chunks: found by all threads, written in order. */
static uint64_t write_all(struct job *j, struct pool *pool, struct output *out)
{
	size_t chunks = pool_threads(pool) * 8;
	uint64_t rows = 0, empty = 0;
	j->chunk = j->wanted.k ? 64 : 1;
	j->rows = memory_zero(chunks, sizeof *j->rows);
	j->written = memory_zero(chunks, sizeof *j->written);
	j->empty = memory_zero(chunks, sizeof *j->empty);
	for (j->from = 0; j->from < j->queries; j->from += chunks * j->chunk) {
		size_t left = (j->queries - j->from + j->chunk - 1) / j->chunk;
		size_t now = left < chunks ? left : chunks;
		pool_run(pool, now, work, j);
		for (size_t i = 0; i < now; i++) {
			output_bytes(out, j->rows[i].data, j->rows[i].n);
			rows += j->written[i];
			empty += j->empty[i];
		}
		if (out->by_line)
			output_flush(out);
		progress_step(j->from, j->queries, "users");
	}
	for (size_t i = 0; i < chunks; i++)
		buffer_free(&j->rows[i]);
	free(j->rows);
	free(j->written);
	free(j->empty);
	progress_clear();
	if (empty && j->o->recommend)
		warn("%llu of %zu users have no list: no neighbor rated what they did not",
		     (unsigned long long)empty, j->queries);
	else if (empty && (j->wanted.k || j->o->of.n))
		warn("%llu of %zu users have no neighbor", (unsigned long long)empty, j->queries);
	return rows;
}

/* Who rows are written for: --of, or all users with a set. */
static void choose_users(struct job *j)
{
	const struct option_list *of = &j->o->of;
	j->query = memory_new(j->s->users + of->n + 1, sizeof *j->query);
	for (size_t i = 0; i < of->n; i++) {
		char shown[QUOTED_SIZE];
		uint32_t user = strmap_find(j->s->user_ids, span_of(of->values[i]));
		if (user == STRMAP_NONE)
			die(STATUS_DATA, "the input has no user %s (--of)",
			    quoted(of->values[i], strlen(of->values[i]), shown));
		if (sets_size(j->s, user) == 0)
			warn("user %s has no positive row and no neighbors",
			     quoted(of->values[i], strlen(of->values[i]), shown));
		else
			j->query[j->queries++] = user;
	}
	for (uint32_t u = 0; !of->n && u < j->s->users; u++)
		if (sets_size(j->s, u))
			j->query[j->queries++] = u;
}

/* Of the pairs of similarity 0.5 and more that a sample of users is in, how
 * many were found? */
static void say_error(const struct job *j)
{
	enum { SAMPLE = 200 };
	const struct options *o = j->o;
	double rows = (double)o->band_rows, bands = (double)o->bands;
	struct index *index = index_new(j->s);
	struct wanted near = {.measure = MEASURE_JACCARD, .max_distance = 0.5};
	struct finder exact = {0}, found = {0};
	uint64_t there = 0, got = 0, users = 0;
	uint32_t usable = 0;
	for (uint32_t u = 0; u < j->s->users; u++)
		usable += sets_size(j->s, u) > 0;
	for (uint32_t u = 0; u < j->s->users; u++) {
		struct span id = strmap_key(j->s->user_ids, u);
		double draw = hash_share(hash_row(o->common.seed, id, span_of("sample")));
		if (sets_size(j->s, u) == 0 || draw * usable >= SAMPLE)
			continue;
		find_exact(index, j->s, &near, u, &exact);
		find_candidates(j->bands, j->s, &near, u, &found);
		there += exact.n;
		got += found.n;
		users++;
	}
	warn("approximate: a pair of similarity 0.3, 0.5, 0.8 is found with probability "
	     "%.3f, %.3f, %.3f; of a sample of %llu users %llu of %llu pairs from 0.5 up were found",
	     1 - pow(1 - pow(0.3, rows), bands), 1 - pow(1 - pow(0.5, rows), bands),
	     1 - pow(1 - pow(0.8, rows), bands), (unsigned long long)users,
	     (unsigned long long)got, (unsigned long long)there);
	finder_free(&exact);
	finder_free(&found);
	index_free(index);
}

static void say_left_out(const struct sets *s)
{
	uint32_t empty = 0;
	for (uint32_t u = 0; u < s->users; u++)
		empty += sets_size(s, u) == 0;
	if (empty)
		warn("%u of %u users have no positive row and are left out", empty, s->users);
	if (s->blank)
		warn("%llu rows have no rating and are left out", (unsigned long long)s->blank);
	if (s->other)
		warn("%llu rows of other splits are left out (--fit-splits)", (unsigned long long)s->other);
}

/* A mean subtracted from equal ratings leaves nothing: whole datasets of weight 1 gave
 * lists in the order of the ids. */
static void say_level(const struct options *o, const struct sets *s)
{
	uint32_t level = o->vote == VOTE_PLAIN ? 0 : recommend_level_users(s);
	if (level)
		warn("the ratings of %u of %u users are all equal: --vote %s subtracts their mean and leaves "
		     "0; --vote plain or --binary counts them", level, s->users, VOTE[o->vote]);
}

static void check_options(const struct options *o)
{
	if (o->binary && option_given("vote") && o->vote != VOTE_PLAIN)
		usage_error("--binary cannot be combined with --vote=%s", VOTE[o->vote]);
}

static int run(struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct sets_columns columns = {o->user, o->item, o->binary ? NULL : o->rating, o->split,
		option_splits("fit-splits", o->fit_splits)};
	check_options(o);
	if (o->binary)
		o->vote = VOTE_PLAIN;
	struct table *t = table_open(files, count, &format);
	table_wants(t, o->user, o->item, columns.rating);
	table_column(t, option_column("user", o->user));
	table_column(t, option_column("item", o->item));
	if (!o->binary)
		table_column(t, option_column("rating", o->rating));
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
		output_text(out, o->recommend ? "user\trank\titem\tscore" : "user1\tuser2\tdistance");
		output_end_row(out);
		output_flush(out);
	}
	double least = o->binary ? -INFINITY : o->min_rating;
	struct sets *s = sets_read(t, &columns, least, o->repeats == 1, o->recommend > 0);
	uint64_t rows_in = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	say_left_out(s);
	if (rejected && s->users == 0)
		die(STATUS_DATA, "nothing is left, and %llu of %llu rows were bad",
		    (unsigned long long)rejected, (unsigned long long)rows_in);
	struct pool *pool = pool_new((size_t)o->common.threads);
	struct job j = {.o = o, .s = s, .wanted = {(enum measure)o->measure,
		(uint32_t)(o->k ? o->k : o->recommend ? 50 : 0), o->max_distance}};
	choose_users(&j);
	j.workers = memory_zero(pool_threads(pool), sizeof *j.workers);
	if (o->approximate)
		j.bands = bands_new(s, (uint32_t)o->bands, (uint32_t)o->band_rows, o->common.seed);
	else
		j.index = index_new(s);
	if (o->recommend) {
		say_level(o, s);
		j.means = recommend_means(s);
	}
	uint64_t rows_out = write_all(&j, pool, out);
	if (j.bands && log_level != LOG_QUIET)
		say_error(&j);
	output_close(out);
	for (size_t i = 0; i < pool_threads(pool); i++) {
		finder_free(&j.workers[i].finder);
		recommender_free(&j.workers[i].recommender);
		free(j.workers[i].texts);
	}
	pool_free(pool);
	free(j.workers);
	free(j.query);
	free(j.means);
	index_free(j.index);
	bands_free(j.bands);
	sets_free(s);
	run_report(rows_in, rows_out, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "jaccard-users",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Distances between users by the items that they like, and what their neighbors "
		"recommend.",
	.reads = "user, item, rating (or those that --user, --item, --rating name); split when there",
	.writes = "user1, user2, distance; with --recommend: user, rank, item, score",
	.examples = {
		"jaccard-users --k 10 < ratings.tsv > neighbors.tsv",
		"jaccard-users --binary --k 50 --recommend 100 < dataset.tsv > topk.tsv",
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
