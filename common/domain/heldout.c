#include "domain/heldout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compare.h"
#include "base/memory.h"

const char *measure_kind_name(int kind)
{
	static const char *const OTHERS[] = {"coverage", "novelty", "popularity", "gini", "diversity",
						"serendipity", "auc"};
	return kind < LIST_METRICS ? LIST_METRIC_NAMES[kind] : OTHERS[kind - LIST_METRICS];
}

size_t measures_add(struct measures *m, int kind, uint32_t k)
{
	struct measure one = {.kind = kind, .k = kind == MEASURE_AUC ? 0 : k};
	if (kind == MEASURE_AUC)
		snprintf(one.name, sizeof one.name, "%s", measure_kind_name(kind));
	else
		snprintf(one.name, sizeof one.name, "%s@%u", measure_kind_name(kind), (unsigned)k);
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->at[i].name, one.name) == 0)
			return SIZE_MAX;
	m->at = memory_grow(m->at, &m->capacity, m->n + 1, sizeof *m->at);
	m->at[m->n] = one;
	m->longest = one.k > m->longest ? one.k : m->longest;
	m->auc |= kind == MEASURE_AUC;
	m->diversity |= kind == MEASURE_DIVERSITY;
	m->serendipity |= kind == MEASURE_SERENDIPITY;
	m->lists |= kind != MEASURE_AUC;
	return m->n++;
}

void measures_free(struct measures *m)
{
	free(m->at);
}

struct heldout heldout_of(const struct dataset *data, uint8_t split)
{
	struct heldout h = {
		.data = data, .split = split,
		.relevant = memory_zero(data->users, sizeof *h.relevant),
		.listeners = memory_zero(data->items, sizeof *h.listeners),
	};
	for (uint32_t u = 0; u < data->users; u++) {
		bool trained = false;
		for (uint64_t r = data->start[u]; r < data->start[u + 1]; r++) {
			h.relevant[u] += data->split[r] == split;
			if (data->split[r] == SPLIT_TRAIN) {
				h.listeners[data->item[r]]++;
				trained = true;
			}
		}
		h.test_users += h.relevant[u] > 0;
		h.train_users += trained;
	}
	return h;
}

void heldout_keep_last(struct heldout *h)
{
	const struct dataset *d = h->data;
	h->last = memory_new(d->users, sizeof *h->last);
	for (uint32_t u = 0; u < d->users; u++) {
		uint64_t last = UINT64_MAX;
		for (uint64_t r = d->start[u]; r < d->start[u + 1]; r++)
			if (d->split[r] == h->split &&
			    (last == UINT64_MAX || d->timestamp[r] >= d->timestamp[last]))
				last = r;
		h->last[u] = last;
		h->relevant[u] = last != UINT64_MAX;
	}
}

void heldout_free(struct heldout *h)
{
	free(h->last);
	free(h->relevant);
	free(h->listeners);
}

struct matched matched_new(const struct heldout *h, const struct measures *measures, struct beside beside)
{
	uint32_t longest = measures->longest;
	struct matched m = {
		.heldout = h, .measures = measures, .longest = longest,
		.item = memory_new(longest, sizeof *m.item),
		.hit = memory_zero(longest, sizeof *m.hit),
		.novelty = memory_zero((size_t)longest + 1, sizeof *m.novelty),
		.seen_in = memory_zero(h->data->items, sizeof *m.seen_in),
		.best_rank = memory_new(h->data->items, sizeof *m.best_rank),
		.exposure = memory_zero(measures->n, sizeof *m.exposure),
		.beside = beside,
	};
	if (measures->diversity)
		m.alike = memory_zero((size_t)longest + 1, sizeof *m.alike);
	if (measures->serendipity)
		m.expected = memory_new(longest, sizeof *m.expected);
	for (size_t i = 0; i < measures->n; i++)
		if (measures->at[i].kind == MEASURE_GINI)
			m.exposure[i] = memory_zero(h->data->items, sizeof **m.exposure);
	memset(m.best_rank, 0xff, h->data->items * sizeof *m.best_rank);
	return m;
}

void matched_free(struct matched *m)
{
	free(m->item);
	free(m->hit);
	free(m->novelty);
	free(m->seen_in);
	free(m->best_rank);
	for (size_t i = 0; m->exposure && i < m->measures->n; i++)
		free(m->exposure[i]);
	free(m->exposure);
	free(m->alike);
	free(m->expected);
}

/* Is the item one of the user's test items? Rows are sorted. */
static bool is_relevant(const struct heldout *h, uint32_t user, uint32_t item)
{
	const struct dataset *d = h->data;
	uint64_t low = d->start[user], high = d->start[user + 1];
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (d->item[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->start[user + 1] && d->item[low] == item && heldout_is_test(h, user, low);
}

/* -log2 of the share of the users with train rows that have the item; an item
 * that none has is taken as had by one. */
static double item_novelty(const struct heldout *h, uint32_t item)
{
	uint64_t listeners = item == STRMAP_NONE ? 0 : h->listeners[item];
	return log2((double)h->train_users / (double)(listeners ? listeners : 1));
}

/* What the measures that need more than the dataset have to know of the list. */
static void look_beside(struct matched *m, const struct topn_list *list, uint32_t user)
{
	if (m->alike) {
		diversity_of_list(m->beside.diversity, list->items, m->n, m->alike);
		m->without_features += m->n - m->alike[m->n].n;
	}
	if (!m->expected)
		return;
	baseline_ranks(m->beside.baseline, user, m->item, m->n, m->expected);
	m->without_baseline += !baseline_has(m->beside.baseline, user);
}

bool matched_list(struct matched *m, const struct topn_list *list, uint32_t user, uint32_t *twice)
{
	const struct heldout *h = m->heldout;
	double sum = 0;
	m->lists++;
	m->n = list->n < m->longest ? list->n : m->longest;
	for (uint32_t r = 0; r < list->n; r++) {
		uint32_t item = strmap_find(h->data->item_ids, list->items[r]);
		if (item != STRMAP_NONE && m->seen_in[item] == m->lists) {
			*twice = r;
			return false;
		}
		if (item != STRMAP_NONE)
			m->seen_in[item] = m->lists;
		if (r >= m->longest)
			continue;
		m->item[r] = item;
		m->hit[r] = item != STRMAP_NONE && is_relevant(h, user, item);
		if (item == STRMAP_NONE)
			m->unknown_items++;
		else if (r < m->best_rank[item])
			m->best_rank[item] = r;
		sum += item_novelty(h, item);
		m->novelty[r + 1] = sum;
	}
	for (size_t i = 0; i < m->measures->n; i++)
		for (uint32_t r = 0; m->exposure[i] && r < m->n && r < m->measures->at[i].k; r++)
			if (m->item[r] != STRMAP_NONE)
				m->exposure[i][m->item[r]]++;
	look_beside(m, list, user);
	return true;
}

void matched_no_list(struct matched *m)
{
	m->n = 0;
}

/* The mean share of the users with train rows who have one of the first n items. */
static double popularity(const struct matched *m, uint32_t n)
{
	uint64_t listeners = 0;
	for (uint32_t r = 0; r < n; r++)
		listeners += m->item[r] == STRMAP_NONE ? 0 : m->heldout->listeners[m->item[r]];
	return (double)listeners / (double)m->heldout->train_users / n;
}

/* The share of the first k places whose item is a hit that is not among the baseline's first k. */
static double serendipity(const struct matched *m, uint32_t n, uint32_t k)
{
	uint32_t found = 0;
	for (uint32_t r = 0; r < n; r++)
		found += m->hit[r] && m->expected[r] >= k;
	return (double)found / k;
}

double matched_value(const struct matched *m, const struct measure *measure, uint32_t user)
{
	if (measure->kind < LIST_METRICS)
		return metrics_of_list((enum list_metric)measure->kind, m->hit, m->n, measure->k,
				       m->heldout->relevant[user]);
	uint32_t n = m->n < measure->k ? m->n : measure->k;
	if (measure->kind == MEASURE_SERENDIPITY)
		return serendipity(m, n, measure->k);
	if (measure->kind == MEASURE_DIVERSITY)
		return n ? diversity_value(&m->alike[n]) : NAN;
	if (n == 0 || m->heldout->train_users == 0)
		return NAN;
	return measure->kind == MEASURE_NOVELTY ? m->novelty[n] / n
		: measure->kind == MEASURE_POPULARITY ? popularity(m, n) : NAN;
}

/* The sum over the items, the least shown first, of (2 place - items - 1) * lists, over items *
 * all lists. Products and sums are below 2^128 and exact. */
double gini_of(const uint64_t *exposure, uint32_t n, uint32_t items)
{
	uint64_t *sorted = memory_new(n, sizeof *sorted), all = 0;
	__int128 sum = 0;
	for (uint32_t i = 0; i < n; i++)
		all += sorted[i] = exposure[i];
	qsort(sorted, n, sizeof *sorted, compare_u64);
	for (uint32_t i = 0; i < n; i++) /* after those that no list has */
		sum += (__int128)(2 * (int64_t)(items - n + i) + 1 - (int64_t)items) * (__int128)sorted[i];
	free(sorted);
	return all ? (double)sum / ((double)items * (double)all) : NAN;
}

double coverage_of(const uint32_t *best_rank, uint32_t n, uint32_t items, uint32_t k)
{
	uint32_t covered = 0;
	for (uint32_t i = 0; i < n; i++)
		covered += best_rank[i] < k;
	return items ? (double)covered / items : NAN;
}

double matched_of_all(const struct matched *m, size_t measure)
{
	uint32_t items = m->heldout->data->items;
	if (m->measures->at[measure].kind == MEASURE_GINI)
		return gini_of(m->exposure[measure], items, items);
	return coverage_of(m->best_rank, items, items, m->measures->at[measure].k);
}
