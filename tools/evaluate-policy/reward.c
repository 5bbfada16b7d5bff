#include "reward.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Without positions all rows are at the first. */
static uint32_t position_of(const struct row *row)
{
	return row->position == STRMAP_NONE ? 0 : row->position;
}

static double mean_reward(const struct log *log)
{
	double sum = 0;
	for (size_t i = 0; i < log->n; i++)
		sum += log->rows[i].reward;
	return log->n ? sum / (double)log->n : 0;
}

static void find_logged(struct reward_model *m, const struct log *log, const struct policy *p)
{
	m->logged = memory_zero((size_t)m->positions * m->items + 1, sizeof *m->logged);
	m->catalog_never = memory_zero(m->positions, sizeof *m->catalog_never);
	for (size_t i = 0; i < log->n; i++)
		m->logged[(size_t)position_of(&log->rows[i]) * m->items + log->rows[i].item] = true;
	for (uint32_t at = 0; p->catalog && at < m->positions; at++)
		for (uint32_t item = 0; item < m->items; item++)
			m->catalog_never[at] += p->catalog[item] && !m->logged[(size_t)at * m->items + item];
}

/* Of items at positions, the rows and the sum of their rewards. */
struct cells {
	double *count, *sum, rows, all;
};

static struct cells cells_new(size_t n)
{
	return (struct cells){.count = memory_zero(n + 1, sizeof(double)),
			      .sum = memory_zero(n + 1, sizeof(double))};
}

static void cells_free(struct cells *c)
{
	free(c->count);
	free(c->sum);
}

static void cells_add(struct cells *c, const struct reward_model *m, const struct row *row)
{
	size_t cell = (size_t)position_of(row) * m->items + row->item;
	c->count[cell]++;
	c->sum[cell] += row->reward;
	c->rows++;
	c->all += row->reward;
}

/* The means of all rows less those of the fold, one fold after the other: two sums of each cell at a time. */
static void fit(struct reward_model *m, const struct log *log, const struct reward_settings *s)
{
	size_t cells = (size_t)m->positions * m->items;
	struct cells all = cells_new(cells);
	for (size_t i = 0; i < log->n; i++)
		cells_add(&all, m, &log->rows[i]);
	for (uint32_t f = 0; f < m->folds; f++) {
		struct cells own = cells_new(cells);
		for (size_t i = 0; i < log->n && m->folds > 1; i++)
			if (log->rows[i].fold == f)
				cells_add(&own, m, &log->rows[i]);
		double rows = all.rows - own.rows;
		double mean = !isnan(s->mean) ? s->mean : rows > 0 ? (all.all - own.all) / rows : 0;
		for (size_t cell = 0; cell < cells; cell++) {
			double n = all.count[cell] - own.count[cell] + s->weight;
			double total = all.sum[cell] - own.sum[cell] + s->weight * mean;
			m->value[cells * f + cell] = n > 0 ? total / n : mean;
		}
		cells_free(&own);
	}
	cells_free(&all);
}

static void add_up_catalog(struct reward_model *m, const struct policy *p)
{
	size_t contexts = (size_t)m->folds * m->positions;
	m->catalog_total = memory_zero(contexts, sizeof *m->catalog_total);
	for (size_t c = 0; p->catalog && c < contexts; c++)
		for (uint32_t item = 0; item < m->items; item++)
			m->catalog_total[c] += p->catalog[item] ? m->value[c * m->items + item] : 0;
}

struct reward_model reward_model_new(const struct log *log, const struct names *names, const struct policy *p,
				     const struct reward_settings *s, const struct entries *entries)
{
	uint32_t positions = strmap_count(names->positions);
	struct reward_model m = {.folds = s->folds, .positions = positions ? positions : 1,
				 .items = strmap_count(names->items)};
	m.otherwise = isnan(s->mean) ? mean_reward(log) : s->mean;
	find_logged(&m, log, p);
	if (!s->wanted) /* the weights alone count */
		return m;
	if (!entries) {
		m.value = memory_new((size_t)m.folds * m.positions * m.items + 1, sizeof *m.value);
		fit(&m, log, s);
		add_up_catalog(&m, p);
		return m;
	}
	m.entries = *entries;
	m.n_catalog = p->n_catalog;
	for (size_t i = 0; i < log->n; i++) {
		const struct row *row = &log->rows[i];
		m.unknown += !context_find(entries_find(&m.entries, row->user, row->position), row->item);
	}
	return m;
}

struct prospect reward_prospect(const struct reward_model *m, const struct row *row)
{
	uint32_t at = position_of(row);
	struct prospect v = {.logged = m->logged + (size_t)at * m->items, .catalog_never = m->catalog_never[at]};
	if (m->value) {
		size_t context = (size_t)row->fold * m->positions + at;
		v.of_item = m->value + context * m->items;
		v.catalog_total = m->catalog_total[context];
		return v;
	}
	v.listed = entries_find(&m->entries, row->user, row->position);
	v.otherwise = m->otherwise;
	v.catalog_total = m->otherwise * m->n_catalog;
	return v;
}

void reward_model_free(struct reward_model *m)
{
	free(m->value);
	free(m->catalog_total);
	free(m->logged);
	free(m->catalog_never);
}
