#include "catalog.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/csr.h"
#include "streams/input.h"
#include "streams/output.h"
#include "frame/options.h"

/* ---- bags ---- */

void bags_open(struct bags *b)
{
	if (b->n == UINT32_MAX - 1)
		die(STATUS_DATA, "too many documents");
	b->start = memory_grow(b->start, &b->start_capacity, (size_t)b->n + 2, sizeof *b->start);
	b->length = memory_grow(b->length, &b->length_capacity, (size_t)b->n + 1,
				sizeof *b->length);
	if (b->n == 0)
		b->start[0] = 0;
	b->start[b->n + 1] = b->start[b->n];
	b->length[b->n++] = 0;
}

void bags_put(struct bags *b, uint32_t term, uint32_t count)
{
	uint64_t at = b->start[b->n]++;
	b->term = memory_grow(b->term, &b->term_capacity, (size_t)at + 1, sizeof *b->term);
	b->count = memory_grow(b->count, &b->count_capacity, (size_t)at + 1, sizeof *b->count);
	b->term[at] = term;
	b->count[at] = count;
	b->length[b->n - 1] += count;
}

void bags_add(struct bags *b, const uint32_t *terms, size_t n)
{
	bags_open(b);
	uint64_t from = b->start[b->n];
	for (size_t i = 0; i < n; i++) {
		uint32_t t = terms[i];
		if (t >= b->seen) {
			size_t now = (size_t)t + 1;
			b->last = memory_grow(b->last, &b->last_capacity, now, sizeof *b->last);
			b->place = memory_grow(b->place, &b->place_capacity, now, sizeof *b->place);
			memset(b->last + b->seen, 0, (now - b->seen) * sizeof *b->last);
			b->seen = now;
		}
		if (b->last[t] == b->n) {
			b->count[from + b->place[t]]++;
			b->length[b->n - 1]++;
			continue;
		}
		b->last[t] = b->n;
		b->place[t] = (uint32_t)(b->start[b->n] - from);
		bags_put(b, t, 1);
	}
}

bool bags_same(const struct bags *a, uint32_t i, const struct bags *b, uint32_t k)
{
	uint64_t x = a->start[i], y = b->start[k], n = a->start[i + 1] - x;
	if (n != b->start[k + 1] - y || a->length[i] != b->length[k])
		return false;
	for (uint64_t t = 0; t < n; t++) {
		uint64_t at = y + t; /* where it is when the words come in the same order */
		if (b->term[at] != a->term[x + t])
			for (at = y; at < y + n && b->term[at] != a->term[x + t];)
				at++;
		if (at == y + n || b->count[at] != a->count[x + t])
			return false;
	}
	return true;
}

void bags_free(struct bags *b)
{
	free(b->start);
	free(b->term);
	free(b->count);
	free(b->length);
	free(b->last);
	free(b->place);
	*b = (struct bags){0};
}

/* ---- weights and the index ---- */

double catalog_weight(const struct catalog *c, uint32_t term, uint32_t count, uint32_t length)
{
	double n = c->bags.n, df = term < c->terms ? c->df[term] : 0, x = count;
	switch (c->weighting) {
	case WEIGHT_BINARY:
		return 1;
	case WEIGHT_COUNT:
		return x;
	case WEIGHT_TFIDF:
		return x * (log((1 + n) / (1 + df)) + 1);
	case WEIGHT_BM25:
		break;
	}
	const double k1 = 1.2, b = 0.75;
	double mean = c->mean_length > 0 ? c->mean_length : 1;
	return log(1 + (n - df + 0.5) / (df + 0.5)) * x * (k1 + 1) /
		(x + k1 * (1 - b + b * length / mean));
}

void catalog_finish(struct catalog *c, uint32_t terms, enum weighting weighting)
{
	struct bags *b = &c->bags;
	uint64_t entries = b->n ? b->start[b->n] : 0, length = 0;
	c->weighting = weighting;
	c->terms = terms;
	c->df = memory_zero((size_t)terms + 1, sizeof *c->df);
	c->start = csr_new(terms);
	c->text = memory_new((size_t)entries + 1, sizeof *c->text);
	c->square = memory_new((size_t)b->n + 1, sizeof *c->square);
	if (weighting != WEIGHT_BINARY)
		c->weight = memory_new((size_t)entries + 1, sizeof *c->weight);
	for (uint64_t i = 0; i < entries; i++)
		c->df[b->term[i]]++;
	for (uint32_t t = 0; t < terms; t++)
		csr_add(c->start, t, c->df[t]);
	csr_sum(c->start, terms);
	for (uint32_t d = 0; d < b->n; d++)
		length += b->length[d];
	c->mean_length = b->n ? (double)length / b->n : 0;
	for (uint32_t d = 0; d < b->n; d++) {
		double square = 0;
		for (uint64_t i = b->start[d]; i < b->start[d + 1]; i++) {
			uint64_t at = csr_place(c->start, b->term[i]);
			double x = catalog_weight(c, b->term[i], b->count[i], b->length[d]);
			c->text[at] = d;
			if (c->weight)
				c->weight[at] = (float)x;
			square += x * x;
		}
		c->square[d] = square;
	}
}

void catalog_free(struct catalog *c)
{
	strmap_free(c->items);
	bags_free(&c->bags);
	free(c->df);
	free(c->square);
	free(c->start);
	free(c->text);
	free(c->weight);
}

/* ---- the file: a line that says what it is, one line a term, one a text
 * (item, then term number and count in turn), and one with the hash of all lines
 * above, so that a file with as little as one other digit is refused ---- */

static const char MAGIC[] = "bow-cosine index 2";

struct index_writer {
	struct output *out;
	struct buffer line;
	uint64_t hash;
};

static uint64_t hash_line(uint64_t hash, struct span line)
{
	return hash_row(hash, line, span_of(""));
}

static void output_number(struct index_writer *w, char before, uint64_t x)
{
	buffer_add_byte(&w->line, before);
	w->line.n += number_write_u64(x, buffer_room(&w->line, NUMBER_SIZE));
}

static void end_line(struct index_writer *w)
{
	struct span line = {w->line.data, w->line.n};
	w->hash = hash_line(w->hash, line);
	output_span(w->out, line);
	output_byte(w->out, '\n');
	w->line.n = 0;
}

void catalog_save(const struct catalog *c, const struct strmap *terms, const char *settings,
		    const char *path)
{
	struct index_writer w = {.out = output_open(path, false)};
	const struct bags *b = &c->bags;
	buffer_format(&w.line, "%s\t%s", MAGIC, settings);
	output_number(&w, '\t', c->terms);
	output_number(&w, '\t', b->n);
	end_line(&w);
	for (uint32_t t = 0; t < c->terms; t++) {
		buffer_add_span(&w.line, strmap_key(terms, t));
		end_line(&w);
	}
	for (uint32_t d = 0; d < b->n; d++) {
		buffer_add_span(&w.line, strmap_key(c->items, d));
		for (uint64_t i = b->start[d]; i < b->start[d + 1]; i++) {
			output_number(&w, '\t', b->term[i]);
			output_number(&w, ' ', b->count[i]);
		}
		end_line(&w);
	}
	buffer_format(&w.line, "end %016llx", (unsigned long long)w.hash);
	end_line(&w);
	output_close(w.out);
	buffer_free(&w.line);
}

struct index_reader {
	struct input *in;
	uint64_t hash;       /* of the lines before the current one */
	uint64_t hash_after;
};

_Noreturn static void damaged(const struct index_reader *r, const char *how)
{
	die(STATUS_DATA, "%s:%llu: this index is damaged: %s", input_name(r->in),
	    (unsigned long long)input_line_number(r->in), how);
}

static struct span next_line(struct index_reader *r)
{
	struct span line;
	if (!input_line(r->in, &line))
		die(STATUS_DATA, "%s: this index is truncated", input_name(r->in));
	r->hash = r->hash_after;
	r->hash_after = hash_line(r->hash, line);
	return line;
}

/* Cuts the next field off a line. */
static struct span next_field(struct span *line, char separator)
{
	const char *end = line->n ? memchr(line->at, separator, line->n) : NULL;
	struct span field = {line->at, end ? (size_t)(end - line->at) : line->n};
	size_t used = field.n + (end != NULL);
	line->at += used;
	line->n -= used;
	return field;
}

static uint32_t number_field(const struct index_reader *r, struct span field, uint64_t limit)
{
	uint64_t x = 0;
	if (number_u64(field.at, field.n, &x) != NUMBER_OK || x >= limit)
		damaged(r, "not a number, or too large");
	return (uint32_t)x;
}

/* The first line; the numbers of terms and texts. */
static void read_heading(struct index_reader *r, const char *settings, uint32_t *terms,
			 uint32_t *texts)
{
	struct span line = next_line(r), magic = next_field(&line, '\t');
	const size_t version = sizeof MAGIC - 2;
	if (!span_equal(magic, span_of(MAGIC))) {
		bool other = magic.n >= version && memcmp(magic.at, MAGIC, version) == 0;
		die(STATUS_DATA, "%s: %s", input_name(r->in), other ?
		    "an index of another version of bow-cosine: make it again with --save-index" :
		    "not an index of bow-cosine");
	}
	struct span theirs = next_field(&line, '\t');
	if (!span_equal(theirs, span_of(settings))) {
		char shown[QUOTED_SIZE];
		usage_error("%s was made with other settings, %s, than these: %s", input_name(r->in),
			    quoted(theirs.at, theirs.n, shown), settings);
	}
	*terms = number_field(r, next_field(&line, '\t'), UINT32_MAX);
	*texts = number_field(r, line, UINT32_MAX);
}

static void read_text(struct index_reader *r, struct catalog *c, uint32_t terms)
{
	struct span line = next_line(r);
	uint32_t d = c->bags.n;
	if (strmap_add(c->items, next_field(&line, '\t')) != d)
		damaged(r, "a duplicate item");
	bags_open(&c->bags);
	while (line.n) {
		uint32_t term = number_field(r, next_field(&line, ' '), terms);
		bags_put(&c->bags, term, number_field(r, next_field(&line, '\t'), UINT32_MAX));
	}
}

void catalog_load(struct catalog *c, struct strmap *terms, const char *settings,
		    const char *path)
{
	struct index_reader r = {.in = input_open(path)};
	uint32_t n_terms, n_texts;
	read_heading(&r, settings, &n_terms, &n_texts);
	for (uint32_t t = 0; t < n_terms; t++)
		if (strmap_add(terms, next_line(&r)) != t)
			damaged(&r, "a duplicate term");
	for (uint32_t d = 0; d < n_texts; d++)
		read_text(&r, c, n_terms);
	struct span line = next_line(&r);
	char end[32];
	snprintf(end, sizeof end, "end %016llx", (unsigned long long)r.hash);
	if (!span_equal(line, span_of(end)))
		damaged(&r, "the checksum does not match");
	if (input_line(r.in, &line))
		damaged(&r, "there is data after its end");
	input_close(r.in);
}
