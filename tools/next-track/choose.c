#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "domain/topn.h"
#include "parts.h"
#include "streams/table.h"

const char *const RECOMMENDER_NAMES[RECOMMENDERS] = {"indexed", "popular", "sticky-artist", "random"};

bool chain_has(const struct chain *chain, enum recommender by)
{
	for (size_t i = 0; i < chain->n; i++)
		if (chain->by[i] == by)
			return true;
	return false;
}

void chain_add(struct chain *chain, enum recommender by)
{
	if (!chain_has(chain, by))
		chain->by[chain->n++] = by;
}

bool chain_parse(struct chain *chain, const char *text)
{
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ",");
		int by = 0;
		while (by < RECOMMENDERS &&
		       !span_equal(span_of(RECOMMENDER_NAMES[by]), (struct span){at, n}))
			by++;
		if (by == RECOMMENDERS)
			return false;
		chain_add(chain, (enum recommender)by);
		at += n;
		if (!*at)
			return true;
	}
}

/* A number below n from 64 random bits. */
static uint32_t below(uint64_t bits, uint32_t n)
{
	return (uint32_t)((bits >> 32) * n >> 32);
}

static struct span item_of(const struct list *list, uint32_t i)
{
	return list->spans ? list->spans[i] : strmap_key(list->ids, list->numbers[i]);
}

static bool may_be_offered(const struct catalogue *c, struct span item)
{
	if (!c || c->n_offered == strmap_count(c->ids))
		return true;
	uint32_t number = strmap_find(c->ids, item);
	return number == STRMAP_NONE || c->is_offered[number];
}

bool pick_from(struct picker *p, const struct list *list, struct span played, uint64_t bits,
	       struct choice *choice)
{
	double sum = 0;
	uint32_t known = list->numbers ? strmap_find(list->ids, played) : STRMAP_NONE;
	p->weights = memory_grow(p->weights, &p->capacity, list->n, sizeof *p->weights);
	for (uint32_t i = 0; i < list->n; i++) {
		bool out = list->numbers ? list->numbers[i] == known
			: span_equal(list->spans[i], played);
		double weight = p->how == PICK_UNIFORM ? 1 : p->how == PICK_RANK ? 1.0 / (i + 1)
			: exp(-(double)i / p->temperature);
		if (out || !may_be_offered(p->catalogue, item_of(list, i)))
			weight = 0;
		p->weights[i] = weight;
		sum += weight;
	}
	if (!(sum > 0))
		return false;
	double at = hash_share(bits) * sum;
	uint32_t chosen = list->n;
	for (uint32_t i = 0; i < list->n; i++) {
		if (!(p->weights[i] > 0))
			continue;
		chosen = i;
		if ((at -= p->weights[i]) < 0)
			break;
	}
	*choice = (struct choice){item_of(list, chosen), chosen + 1, p->weights[chosen] / sum};
	return true;
}

bool pick_random(const struct catalogue *c, uint64_t bits, struct choice *choice)
{
	if (!c || c->n_offered == 0)
		return false;
	uint32_t number = c->offered[below(bits, c->n_offered)];
	*choice = (struct choice){strmap_key(c->ids, number), 0, 1.0 / c->n_offered};
	return true;
}

/* ---- items by artist ---- */

struct artists {
	const struct catalogue *catalogue;
	uint32_t *start;  /* artists + 2 */
	uint32_t *items;  /* offered ones, artist by artist */
};

struct artists *artists_new(const struct catalogue *c)
{
	struct artists *a = memory_zero(1, sizeof *a);
	uint32_t n = strmap_count(c->artists);
	a->catalogue = c;
	a->start = memory_zero((size_t)n + 2, sizeof *a->start);
	a->items = memory_new(c->n_offered, sizeof *a->items);
	/* Two places ahead, so that filling the lists moves the starts into place. */
	for (uint32_t i = 0; i < c->n_offered; i++)
		if (c->artist[c->offered[i]] != STRMAP_NONE)
			a->start[c->artist[c->offered[i]] + 2]++;
	for (uint32_t i = 2; i < n + 2; i++)
		a->start[i] += a->start[i - 1];
	for (uint32_t i = 0; i < c->n_offered; i++)
		if (c->artist[c->offered[i]] != STRMAP_NONE)
			a->items[a->start[c->artist[c->offered[i]] + 1]++] = c->offered[i];
	return a;
}

bool pick_sticky(const struct artists *a, struct span played, uint64_t bits,
		 struct choice *choice)
{
	if (!a)
		return false;
	uint32_t number = strmap_find(a->catalogue->ids, played);
	if (number == STRMAP_NONE || a->catalogue->artist[number] == STRMAP_NONE)
		return false;
	uint32_t artist = a->catalogue->artist[number];
	const uint32_t *items = a->items + a->start[artist];
	uint32_t n = a->start[artist + 1] - a->start[artist], at = n;
	for (uint32_t i = 0; i < n; i++)
		if (items[i] == number)
			at = i;
	uint32_t others = n - (at < n);
	if (others == 0)
		return false;
	uint32_t i = below(bits, others);
	*choice = (struct choice){strmap_key(a->catalogue->ids, items[i + (i >= at)]), 0, 1.0 / others};
	return true;
}

void artists_free(struct artists *a)
{
	if (!a)
		return;
	free(a->start);
	free(a->items);
	free(a);
}

/* ---- lists of a file ---- */

struct lists {
	struct strmap *users, *ids;
	uint64_t *start;
	uint32_t *items;
	size_t n, start_capacity, capacity;
};

struct lists *lists_read(const char *path)
{
	const struct topn_columns columns = {"user", "rank", "item", "score", false, false, false, false};
	struct lists *l = memory_zero(1, sizeof *l);
	struct table *t = table_open_file(path);
	struct topn_reader *reader = topn_open(t, &columns);
	struct topn_list list;
	l->users = strmap_new();
	l->ids = strmap_new();
	while (topn_next(reader, &list)) {
		uint32_t user = strmap_add(l->users, list.user);
		l->start = memory_grow(l->start, &l->start_capacity, (size_t)user + 2, sizeof *l->start);
		l->start[user] = l->n;
		l->items = memory_grow(l->items, &l->capacity, l->n + list.n, sizeof *l->items);
		for (uint32_t i = 0; i < list.n; i++)
			l->items[l->n++] = strmap_add(l->ids, list.items[i]);
		l->start[user + 1] = l->n;
	}
	topn_close(reader);
	table_close(t);
	return l;
}

bool lists_find(const struct lists *l, struct span user, struct list *list)
{
	uint32_t number = strmap_find(l->users, user);
	if (number == STRMAP_NONE)
		return false;
	*list = (struct list){.n = (uint32_t)(l->start[number + 1] - l->start[number]),
		.numbers = l->items + l->start[number], .ids = l->ids};
	return true;
}

void lists_free(struct lists *l)
{
	if (!l)
		return;
	strmap_free(l->users);
	strmap_free(l->ids);
	free(l->start);
	free(l->items);
	free(l);
}

/* ---- plain lists of ids ---- */

void ids_split(struct ids *ids, struct span text)
{
	const char *at = text.at, *end = text.at + text.n;
	ids->n = 0;
	while (at < end) {
		const char *tab = memchr(at, '\t', (size_t)(end - at));
		const char *stop = tab ? tab : end;
		ids->all = memory_grow(ids->all, &ids->capacity, ids->n + 1, sizeof *ids->all);
		ids->all[ids->n++] = (struct span){at, (size_t)(stop - at)};
		at = stop + 1;
	}
}

void ids_read(struct ids *ids, const char *path)
{
	struct table *t = table_open_file(path);
	size_t item = table_column(t, "item", NULL);
	while (table_next(t)) {
		if (table_field(t, item).n == 0)
			table_reject(t, item, "an empty id");
		if (ids->text.n)
			buffer_add_byte(&ids->text, '\t');
		buffer_add_span(&ids->text, table_field(t, item));
	}
	table_close(t);
	ids_split(ids, (struct span){ids->text.data, ids->text.n});
}

void ids_free(struct ids *ids)
{
	buffer_free(&ids->text);
	free(ids->all);
	*ids = (struct ids){0};
}
