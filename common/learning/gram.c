#include "learning/gram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const SIDE_NAMES[GRAM_SIDES] = {"users", "items"};

void gram_sum_chunk(const struct normal_kernel *kernel, float *sum, const float *vectors, uint64_t rows,
		    size_t chunk, size_t n)
{
	uint64_t begin = gram_begin(rows, chunk), end = gram_begin(rows, chunk + 1);
	const float *from = vectors + begin * n;
	kernel->gram(sum, from, from, (size_t)(end - begin), n);
}

void gram_add_chunks(const struct normal_kernel *kernel, float *chunks, size_t n)
{
	for (size_t chunk = 1; chunk < GRAM_CHUNKS; chunk++)
		kernel->axpy(chunks, 1, chunks + chunk * n * n, n * n);
}

bool gram_merge(struct gram *g, char problem[GRAM_PROBLEM])
{
	uint64_t all = 0;
	for (size_t chunk = 0; chunk < GRAM_CHUNKS; chunk++) {
		if (!g->sum[chunk]) {
			snprintf(problem, GRAM_PROBLEM, "chunk %zu/%d is missing", chunk + 1, GRAM_CHUNKS);
			return false;
		}
		all += g->rows[chunk];
	}
	for (size_t chunk = 0; chunk < GRAM_CHUNKS; chunk++) {
		uint64_t due = gram_begin(all, chunk + 1) - gram_begin(all, chunk);
		if (g->rows[chunk] == due)
			continue;
		snprintf(problem, GRAM_PROBLEM, "the chunks are not of one model: chunk %zu/%d has %llu rows, "
			 "and of %llu it has %llu", chunk + 1, GRAM_CHUNKS, (unsigned long long)g->rows[chunk],
			 (unsigned long long)all, (unsigned long long)due);
		return false;
	}
	float *sum = memory_aligned(g->n * g->n, sizeof *sum);
	memcpy(sum, g->sum[0], g->n * g->n * sizeof *sum);
	for (size_t chunk = 1; chunk < GRAM_CHUNKS; chunk++)
		for (size_t i = 0; i < g->n * g->n; i++)
			sum[i] += g->sum[chunk][i];
	free(g->sum[GRAM_ALL]);
	g->sum[GRAM_ALL] = sum;
	g->rows[GRAM_ALL] = all;
	return true;
}

/* The columns of the table. */
struct gram_columns {
	size_t side, chunk, rows, factor;
	size_t *g;
};

/* g0, g1, ... as far as they go; how many. */
static uint32_t find_columns(struct table *t, struct gram_columns *c)
{
	uint32_t factors = 0;
	c->side = table_column(t, column_called("side"));
	c->chunk = table_column(t, column_called("chunk"));
	c->rows = table_column(t, column_called("rows"));
	c->factor = table_column(t, column_called("factor"));
	c->g = memory_new(table_width(t), sizeof *c->g);
	for (;;) {
		char name[16];
		snprintf(name, sizeof name, "g%u", (unsigned)factors);
		long column = table_find_column(t, name);
		if (column < 0)
			break;
		c->g[factors++] = (size_t)column;
	}
	if (factors == 0)
		table_column(t, column_called("g0"));
	return factors;
}

/* The number of the part that the field names; GRAM_PARTS: none. */
static size_t part_of(struct span text)
{
	uint64_t number;
	if (span_equal(text, span_of("all")))
		return GRAM_ALL;
	const char *slash = memchr(text.at, '/', text.n);
	if (!slash || !span_equal((struct span){slash, (size_t)(text.at + text.n - slash)}, span_of("/16")) ||
	    number_u64(text.at, (size_t)(slash - text.at), &number) != NUMBER_OK || number < 1 ||
	    number > GRAM_CHUNKS)
		return GRAM_PARTS;
	return (size_t)number - 1;
}

/* Where a row belongs. */
struct gram_place {
	size_t part;
	uint64_t rows, factor;
};

/* What contradicts the rows before it is rejected. */
static bool find_place(struct table *t, const struct gram_columns *c, struct gram *g,
		       struct gram_place *at)
{
	struct span side = table_field(t, c->side);
	enum gram_side is = span_equal(side, span_of("users")) ? GRAM_USERS
			    : span_equal(side, span_of("items")) ? GRAM_ITEMS : GRAM_SIDES;
	if (is == GRAM_SIDES || (g->side != GRAM_SIDES && is != g->side)) {
		table_reject(t, c->side, is == GRAM_SIDES ? "not users or items"
							  : "not the side of the rows before it");
		return false;
	}
	at->part = part_of(table_field(t, c->chunk));
	if (at->part == GRAM_PARTS) {
		table_reject(t, c->chunk, "not one of 1/16 ... 16/16, or all");
		return false;
	}
	if (!table_u64(t, c->rows, &at->rows) || !table_u64(t, c->factor, &at->factor))
		return false;
	if (at->factor >= g->factors || at->rows > UINT32_MAX ||
	    (g->sum[at->part] && g->rows[at->part] != at->rows)) {
		table_reject(t, at->factor >= g->factors ? c->factor : c->rows,
			     at->factor >= g->factors ? "not one of the factors"
						      : "not that of the other rows of this chunk");
		return false;
	}
	g->side = is;
	return true;
}

struct gram gram_read(struct table *t, struct output *out, bool header)
{
	struct gram_columns c;
	struct gram g = {.side = GRAM_SIDES, .factors = find_columns(t, &c)};
	g.n = kernel_padded(g.factors);
	if (out && header)
		gram_write_header(out, g.factors);
	if (out)
		output_flush(out);
	bool *seen = memory_zero((size_t)GRAM_PARTS * g.factors, sizeof *seen);
	float *line = memory_new(g.factors, sizeof *line);
	struct gram_place at;
	while (table_next(t)) {
		uint32_t f = 0;
		if (!find_place(t, &c, &g, &at))
			continue;
		while (f < g.factors && table_float(t, c.g[f], &line[f]))
			f++;
		if (f < g.factors)
			continue;
		if (seen[at.part * g.factors + at.factor]) {
			table_reject(t, c.factor, "a second row of that chunk and factor");
			continue;
		}
		seen[at.part * g.factors + at.factor] = true;
		if (!g.sum[at.part])
			g.sum[at.part] = memory_aligned(g.n * g.n, sizeof(float));
		g.rows[at.part] = at.rows;
		memcpy(g.sum[at.part] + at.factor * g.n, line, g.factors * sizeof *line);
	}
	for (size_t part = 0; part < GRAM_PARTS; part++)
		for (uint32_t f = 0; f < g.factors && g.sum[part]; f++)
			if (!seen[part * g.factors + f])
				table_fail(t, "a part of the matrix ends before its row of factor %u", f);
	free(seen);
	free(line);
	free(c.g);
	return g;
}

void gram_free(struct gram *g)
{
	for (size_t part = 0; part < GRAM_PARTS; part++)
		free(g->sum[part]);
	*g = (struct gram){.side = GRAM_SIDES};
}

void gram_write_header(struct output *out, uint32_t factors)
{
	output_text(out, "side\tchunk\trows\tfactor");
	for (uint32_t f = 0; f < factors; f++) {
		output_text(out, "\tg");
		output_u64(out, f);
	}
	output_end_row(out);
}

uint64_t gram_write(struct output *out, const struct gram *g, size_t part)
{
	char name[16] = "all";
	if (part != GRAM_ALL)
		snprintf(name, sizeof name, "%zu/%d", part + 1, GRAM_CHUNKS);
	for (size_t i = 0; i < g->factors; i++) {
		output_text(out, SIDE_NAMES[g->side]);
		output_tab(out);
		output_text(out, name);
		output_tab(out);
		output_u64(out, g->rows[part]);
		output_tab(out);
		output_u64(out, i);
		for (size_t j = 0; j < g->factors; j++) {
			output_tab(out);
			output_float(out, g->sum[part][i <= j ? i * g->n + j : j * g->n + i]);
		}
		output_end_row(out);
	}
	return g->factors;
}
