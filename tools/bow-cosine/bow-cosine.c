/* bow-cosine - the texts nearest to what a user liked, as bags of words.
 *
 * In:   item description (the candidates), and --liked FILE: user item description.
 * Out:  user rank item score; --explain adds the shared words, --tokens writes
 *       item token instead.
 *
 *	bow-cosine --liked liked.tsv < candidates.tsv > topk.tsv
 *
 * A user's profile is the mean of the vectors of what he liked; the score is its
 * cosine with a candidate's. It learns nothing: see train-mf(1).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/csr.h"
#include "data/strmap.h"
#include "data/words.h"
#include "streams/input.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/options.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "catalog.h"
#include "rank.h"

struct options {
	const char *liked, *language, *stop_words, *lemmas, *index, *save_index;
	const char *user, *item, *description;
	bool tokens, explain, keep_liked;
	int weight, profile, invalid;
	int64_t k, min_length;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_FILE("liked", "FILE", liked, .side = true,
		.required = true, .unless = "tokens|save-index",
		.help = "what users liked: user, item, description; without a description column the "
			"candidates' texts are used"),
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "10", .low = 1, .high = 1 << 24,
		.help = "length of each user's list"),
	OPTION_TEXT("language", "NAME", language, .fallback = "auto",
		.help = "stemming: a Snowball stemmer (russian, english ...), by each word's script "
			"(auto), or none"),
	OPTION_TEXT("stop-words", "FILE", stop_words, .fallback = "none",
		.help = "drop the words of FILE, one per line; builtin: the built-in lists; none: no "
			"words"),
	OPTION_CHOICE("weight", "HOW", weight, "binary|count|tfidf|bm25", .fallback = "binary",
		.help = "weight of a word in a text"),
	OPTION_FLAG("keep-liked", keep_liked, .help = "also list items that the user is known to like"),
	OPTION_FLAG("explain", explain,
		.requires = "liked",
		.help = "add a column with the shared words and each one's share of the score"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Words and profiles"),
	OPTION_INT("min-length", "N", min_length, .fallback = "1", .low = 1, .high = 1000,
		.help = "drop words of fewer than N characters"),
	OPTION_FILE("lemmas", "FILE", lemmas, .side = true,
		.help = "replace words before stemming; a table with columns word and lemma"),
	OPTION_CHOICE("invalid", "HOW", invalid, "fail|replace", .fallback = "fail",
		.help = "on a text that is not UTF-8: reject the row, or replace bad bytes by U+FFFD"),
	OPTION_FLAG("tokens", tokens,
		.excludes = "liked,explain,index,save-index",
		.help = "write the normalized words instead of lists: item, token"),
	OPTION_CHOICE("profile", "HOW", profile, "mean|unit", .fallback = "mean",
		.help = "the profile is the mean of the raw vectors, or of vectors of length 1"),

	OPTION_GROUP("Index"),
	OPTION_OUTPUT("save-index", "FILE", save_index, .help = "save the candidates' words to FILE"),
	OPTION_FILE("index", "FILE", index,
		.excludes = "save-index,FILE",
		.help = "read the candidates from a FILE of --save-index"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	OPTION_COLUMN("user", user, .fallback = "user",
		.help = "name of the user column of --liked"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with items"),
	OPTION_COLUMN("description", description, .fallback = "description",
		.help = "name of the column with texts"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* What users liked: row i is text[i] of `texts`, and an item, for user[i]. */
struct liked {
	struct strmap *users, *items;
	uint32_t *user, *item, *text, *first_text; /* first_text: of each of `items` */
	size_t n, capacity[4];
	uint32_t *order;        /* users in byte order */
	uint64_t *start;        /* user -> rows, after liked_group */
	struct bags bags;       /* of texts of their own */
	const struct bags *texts;
};

/* ---- words ---- */

static void read_stop_words(struct words *w, const char *path, uint64_t *hash)
{
	struct input *in = input_open(path);
	struct span line;
	while (input_line(in, &line)) {
		char shown[QUOTED_SIZE];
		if (line.n && line.at[line.n - 1] == '\r')
			line.n--;
		if (!words_stop(w, line))
			die(STATUS_DATA, "%s:%llu: not one word: %s", path,
			    (unsigned long long)input_line_number(in), quoted(line.at, line.n, shown));
		*hash = hash_row(*hash, line, span_of("stop"));
	}
	input_close(in);
}

static void read_lemmas(struct words *w, const char *path, uint64_t *hash)
{
	struct table *t = option_table("lemmas", path);
	size_t word = table_column(t, column_called("word")), lemma = table_column(t, column_called("lemma"));
	while (table_next(t)) {
		struct span from = table_field(t, word), to = table_field(t, lemma);
		if (!words_lemma(w, from, to)) {
			char shown[2][QUOTED_SIZE];
			table_fail(t, "a word and its lemma must be one word each: %s, %s",
				   quoted(from.at, from.n, shown[0]), quoted(to.at, to.n, shown[1]));
		}
		*hash = hash_row(*hash, from, to);
	}
	table_close(t);
}

/* The words' treatment, and in `settings` a text that two treatments share only
 * when they are the same. */
static struct words *words_from(const struct options *o, struct buffer *settings)
{
	struct words *w = words_new(o->language, (uint32_t)o->min_length);
	uint64_t hash = 0;
	char shown[QUOTED_SIZE];
	if (!w)
		usage_error("option '--language': no stemmer of this name: %s",
			    quoted(o->language, strlen(o->language), shown));
	bool builtin = strcmp(o->stop_words, "builtin") == 0;
	bool file = !builtin && strcmp(o->stop_words, "none") != 0;
	if (builtin)
		words_stop_builtin(w);
	if (file)
		read_stop_words(w, o->stop_words, &hash);
	if (o->lemmas)
		read_lemmas(w, o->lemmas, &hash);
	buffer_format(settings, "language=%s min-length=%lld stop-words=%s tables=%08x", o->language,
		      (long long)o->min_length, builtin ? "builtin" : file ? "file" : "none",
		      (unsigned)(hash >> 32));
	buffer_text(settings);
	return w;
}

/* The words of the current row; false when the row was rejected. */
static bool split_row(struct table *t, size_t column, const struct options *o, struct words *w,
		      struct words_result *result)
{
	*result = words_split(w, table_field(t, column), o->invalid == 1);
	if (result->valid)
		return true;
	char problem[80];
	snprintf(problem, sizeof problem, "not UTF-8 at byte %zu", result->bad + 1);
	table_reject(t, column, problem);
	return false;
}

/* ---- reading ---- */

struct candidates {
	struct table *table;
	size_t item, description;
};

static struct candidates candidates_open(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct candidates c = {.table = table_open(files, count, &format)};
	table_wants(c.table, o->item, o->description, NULL);
	c.item = table_column(c.table, option_column("item", o->item));
	c.description = table_column(c.table, option_column("description", o->description));
	return c;
}

static void read_candidates(const struct candidates *from, const struct options *o,
			    struct words *w, struct catalog *c)
{
	struct table *t = from->table;
	while (table_next(t)) {
		struct span id = table_field(t, from->item);
		struct words_result result;
		if (id.n == 0) {
			table_reject(t, from->item, "an empty id");
			continue;
		}
		if (!split_row(t, from->description, o, w, &result))
			continue;
		if (strmap_add(c->items, id) != c->bags.n) {
			table_reject(t, from->item, "a duplicate item");
			continue;
		}
		bags_add(&c->bags, result.terms, result.n);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
}

static uint64_t write_tokens(const struct candidates *from, const struct options *o,
			     struct words *w, struct output *out)
{
	struct table *t = from->table;
	uint64_t rows = 0;
	while (table_next(t)) {
		struct words_result result;
		if (!split_row(t, from->description, o, w, &result))
			continue;
		for (size_t i = 0; i < result.n; i++) {
			output_span(out, table_field(t, from->item));
			output_tab(out);
			output_span(out, strmap_key(words_terms(w), result.terms[i]));
			output_end_row(out);
		}
		rows += result.n;
	}
	return rows;
}

/* An item is one text, wherever it stands. */
static void check_text(struct table *t, struct span item, const struct liked *l, uint32_t text,
		       const struct bags *others, uint32_t other, const char *where)
{
	char shown[QUOTED_SIZE];
	if (!bags_same(&l->bags, text, others, other))
		table_fail(t, "the item %s has another text %s: different texts need different ids",
			   quoted(item.at, item.n, shown), where);
}

/* The text of the current row, the row's item being number `candidate` of the catalog;
 * false when the row was rejected. */
static bool read_liked_text(struct table *t, size_t column, const struct options *o, struct words *w,
			    const struct catalog *c, struct liked *l, struct span item,
			    uint32_t candidate, uint32_t *text)
{
	struct words_result result;
	if (!split_row(t, column, o, w, &result))
		return false;
	*text = l->bags.n;
	bags_add(&l->bags, result.terms, result.n);
	if (candidate != STRMAP_NONE)
		check_text(t, item, l, *text, &c->bags, candidate, "among the candidates");
	uint32_t known = strmap_count(l->items), number = strmap_add(l->items, item);
	if (number < known) {
		check_text(t, item, l, *text, &l->bags, l->first_text[number], "in an earlier row");
		return true;
	}
	l->first_text = memory_grow(l->first_text, &l->capacity[3], (size_t)known + 1,
				    sizeof *l->first_text);
	l->first_text[number] = *text;
	return true;
}

static void read_liked(struct table *t, const struct options *o, struct words *w,
		       const struct catalog *c, struct liked *l)
{
	size_t user = table_column(t, option_column("user", o->user));
	size_t item = table_column(t, column_called(o->item));
	long description = table_find_column(t, o->description);
	l->users = strmap_new();
	l->items = strmap_new();
	l->texts = description >= 0 ? &l->bags : &c->bags;
	while (table_next(t)) {
		struct span who = table_field(t, user), what = table_field(t, item);
		char shown[QUOTED_SIZE];
		if (who.n == 0 || what.n == 0)
			table_fail(t, "an empty id");
		uint32_t text = strmap_find(c->items, what);
		if (description < 0 && text == STRMAP_NONE)
			table_fail(t, "the liked item %s is not a candidate, and there is no column '%s'",
				   quoted(what.at, what.n, shown), o->description);
		uint32_t candidate = text;
		if (description >= 0 && !read_liked_text(t, (size_t)description, o, w, c, l, what,
							 candidate, &text))
			continue;
		l->user = memory_grow(l->user, &l->capacity[0], l->n + 1, sizeof *l->user);
		l->item = memory_grow(l->item, &l->capacity[1], l->n + 1, sizeof *l->item);
		l->text = memory_grow(l->text, &l->capacity[2], l->n + 1, sizeof *l->text);
		l->user[l->n] = strmap_add(l->users, who);
		l->item[l->n] = candidate;
		l->text[l->n++] = text;
	}
}

/* Rows of a user together, users in byte order. */
static void liked_group(struct liked *l)
{
	uint32_t users = strmap_count(l->users);
	uint32_t *item = memory_new(l->n + 1, sizeof *item), *text = memory_new(l->n + 1, sizeof *text);
	l->order = strmap_sorted(l->users);
	l->start = csr_new(users);
	for (size_t i = 0; i < l->n; i++)
		csr_count(l->start, l->user[i]);
	csr_sum(l->start, users);
	for (size_t i = 0; i < l->n; i++) {
		uint64_t at = csr_place(l->start, l->user[i]);
		item[at] = l->item[i];
		text[at] = l->text[i];
	}
	free(l->item);
	free(l->text);
	l->item = item;
	l->text = text;
}

static void liked_free(struct liked *l)
{
	strmap_free(l->users);
	strmap_free(l->items);
	free(l->user);
	free(l->item);
	free(l->text);
	free(l->first_text);
	free(l->order);
	free(l->start);
	bags_free(&l->bags);
}

/* ---- ranking ---- */

struct job {
	const struct options *o;
	const struct catalog *c;
	const struct liked *l;
	const struct strmap *terms;
	size_t from;
	struct ranker *rankers;
	struct buffer *rows;
	struct tally {
		uint64_t rows, liked, empty; /* written, left out as liked, users without a list */
	} *tally;                            /* of each chunk */
};

enum { USERS_PER_CHUNK = 8 };

static void explain(const struct job *j, const struct ranker *r, uint32_t text, struct buffer *b)
{
	const struct bags *bags = &j->c->bags;
	size_t most = (size_t)(bags->start[text + 1] - bags->start[text]);
	struct share *shares = memory_new(most + 1, sizeof *shares);
	size_t n = rank_explain(r, j->c, text, j->terms, shares);
	buffer_add_byte(b, '\t');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buffer_add_byte(b, ' ');
		buffer_add_span(b, strmap_key(j->terms, shares[i].term));
		buffer_format(b, "=%.4f", shares[i].share);
	}
	free(shares);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Makes the numbers distinct; returns how many are left. */
static size_t distinct(uint32_t *numbers, size_t n)
{
	size_t kept = 0;
	if (n > 1)
		qsort(numbers, n, sizeof *numbers, by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || numbers[i] != numbers[kept - 1])
			numbers[kept++] = numbers[i];
	return kept;
}

static void rank_user(const struct job *j, struct ranker *r, uint32_t user, struct buffer *b,
		      struct tally *tally)
{
	const struct liked *l = j->l;
	uint64_t from = l->start[user];
	size_t n = (size_t)(l->start[user + 1] - from), skips = 0;
	uint32_t *skip = memory_new(n + 1, sizeof *skip);
	for (size_t i = 0; !j->o->keep_liked && i < n; i++)
		if (l->item[from + i] != STRMAP_NONE)
			skip[skips++] = l->item[from + i];
	skips = distinct(skip, skips);
	rank_texts(r, j->c, l->texts, l->text + from, n, j->o->profile == 1, skip, skips,
		   strmap_count(j->terms), (size_t)j->o->k);
	free(skip);
	tally->rows += r->n;
	tally->liked += skips;
	tally->empty += r->n == 0;
	for (size_t i = 0; i < r->n; i++) {
		buffer_add_span(b, strmap_key(l->users, user));
		buffer_format(b, "\t%zu\t", i + 1);
		buffer_add_span(b, strmap_key(j->c->items, r->found[i].text));
		buffer_add_byte(b, '\t');
		b->n += number_write_double(r->found[i].score, buffer_room(b, NUMBER_SIZE));
		if (j->o->explain)
			explain(j, r, r->found[i].text, b);
		buffer_add_byte(b, '\n');
	}
}

static void work(void *context, size_t chunk, size_t worker)
{
	struct job *j = context;
	struct ranker *r = &j->rankers[worker];
	size_t users = strmap_count(j->l->users), from = j->from + chunk * USERS_PER_CHUNK;
	size_t to = from + USERS_PER_CHUNK < users ? from + USERS_PER_CHUNK : users;
	j->rows[chunk].n = 0;
	j->tally[chunk] = (struct tally){0};
	for (size_t i = from; i < to; i++)
		rank_user(j, r, j->l->order[i], &j->rows[chunk], &j->tally[chunk]);
}

static uint64_t rank_all(struct job *j, size_t threads, struct output *out)
{
	struct pool *pool = pool_new(threads);
	size_t chunks = pool_threads(pool) * 8, users = strmap_count(j->l->users);
	struct tally all = {0};
	j->rankers = memory_zero(pool_threads(pool), sizeof *j->rankers);
	j->rows = memory_zero(chunks, sizeof *j->rows);
	j->tally = memory_zero(chunks, sizeof *j->tally);
	for (j->from = 0; j->from < users; j->from += chunks * USERS_PER_CHUNK) {
		size_t left = (users - j->from + USERS_PER_CHUNK - 1) / USERS_PER_CHUNK;
		size_t now = left < chunks ? left : chunks;
		pool_run(pool, now, work, j);
		for (size_t i = 0; i < now; i++) {
			output_bytes(out, j->rows[i].data, j->rows[i].n);
			all.rows += j->tally[i].rows;
			all.liked += j->tally[i].liked;
			all.empty += j->tally[i].empty;
		}
		progress_step(j->from, users, "users");
	}
	for (size_t i = 0; i < pool_threads(pool); i++)
		ranker_free(&j->rankers[i]);
	for (size_t i = 0; i < chunks; i++)
		buffer_free(&j->rows[i]);
	free(j->rankers);
	free(j->rows);
	free(j->tally);
	pool_free(pool);
	progress_clear();
	if (all.liked)
		warn("%llu candidates are left out of the lists of those who like them (--keep-liked "
		     "keeps them)", (unsigned long long)all.liked);
	if (all.empty)
		warn("%llu of %zu users have no list: no candidate that is left shares a word",
		     (unsigned long long)all.empty, users);
	return all.rows;
}

static int run(const struct options *o, char **files, int count)
{
	struct buffer settings = {0};
	struct words *w = words_from(o, &settings);
	struct candidates from = {0};
	struct table *liked = option_table("liked", o->liked);
	uint64_t rows_in = 0, rows_out = 0, rejected = 0;
	if (liked) {
		table_wants(liked, o->user, o->item, NULL);
		table_column(liked, option_column("user", o->user));
		table_column(liked, column_called(o->item));
	}
	if (!o->index)
		from = candidates_open(o, files, count);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header && (o->tokens || liked)) {
		output_text(out, o->tokens ? "item\ttoken" : o->explain ?
			    "user\trank\titem\tscore\tshared" : "user\trank\titem\tscore");
		output_end_row(out);
		output_flush(out);
	}
	struct catalog c = {.items = strmap_new()};
	struct liked l = {0};
	if (o->tokens)
		rows_out = write_tokens(&from, o, w, out);
	else if (o->index)
		catalog_load(&c, words_terms(w), settings.data, o->index);
	else
		read_candidates(&from, o, w, &c);
	if (from.table) {
		rows_in = table_rows(from.table);
		rejected = table_rejected(from.table);
		table_close(from.table);
	}
	if (!o->tokens)
		catalog_finish(&c, strmap_count(words_terms(w)), (enum weighting)o->weight);
	if (o->save_index)
		catalog_save(&c, words_terms(w), settings.data, o->save_index);
	if (liked) {
		read_liked(liked, o, w, &c, &l);
		table_close(liked);
		liked_group(&l);
		struct job j = {.o = o, .c = &c, .l = &l, .terms = words_terms(w)};
		rows_out = rank_all(&j, (size_t)o->common.threads, out);
	}
	output_close(out);
	liked_free(&l);
	catalog_free(&c);
	words_free(w);
	buffer_free(&settings);
	run_report(rows_in, rows_out, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "bow-cosine",
	.usage = "--liked FILE [OPTION]... [FILE]...",
	.summary = "The texts nearest to what each user liked, as bags of words.",
	.reads = "item, description; from --liked user, item, description",
	.writes = "user, rank, item, score; with --explain shared too; with --tokens item, token",
	.examples = {
		"bow-cosine --liked liked.tsv < candidates.tsv > topk.tsv",
		"bow-cosine --tokens --stop-words builtin < candidates.tsv | cut -f 2 | sort | uniq -c",
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
