#include "file-lists.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/topn.h"
#include "file-age.h"
#include "mapped-lists.h"

struct file_lists {
	struct mapped_lists mapped; /* read in place of what follows, when it holds a file */
	bool scores, has_pool;   /* scores are wanted; what can be drawn is what the lists hold */
	struct strmap *users, *items;
	uint64_t *start;         /* the list of user u is start[u] ... start[u + 1] */
	uint32_t *item;
	double *score;
	bool *offered;           /* by number of the item */
	struct file_age age;
};

static struct mapped_kind kind_of(const struct file_lists *f)
{
	return (struct mapped_kind){PACKED_LISTS, {"user", "rank", "item", "score"}, f->scores ? 4 : 3};
}

struct file_lists *file_lists_reopen(const struct file_lists *old, const char *path, struct failure *why)
{
	struct file_lists *f = memory_zero(1, sizeof *f);
	f->scores = old->scores;
	f->has_pool = old->has_pool;
	struct mapped_kind kind = kind_of(f);
	if (mapped_open(&f->mapped, path, &kind, f->has_pool) &&
	    file_age_note(&f->age, path, old->age.max_age_s, &f->mapped.failure))
		return f;
	*why = f->mapped.failure;
	file_lists_free(f);
	return NULL;
}

bool file_lists_are_mapped(const struct file_lists *f)
{
	return f->mapped.table;
}

struct file_lists *file_lists_read(struct table *t, const char *path, double max_age_s, bool scores)
{
	struct file_lists *f = memory_zero(1, sizeof *f);
	f->scores = scores;
	file_age_note(&f->age, path, max_age_s, table_failure(t));
	struct mapped_kind kind = kind_of(f);
	if (mapped_take(&f->mapped, t, &kind))
		return f;
	const struct topn_columns columns = {
		.user = column_called("user"), .rank = column_called("rank"), .item = column_called("item"),
		.score = column_called(scores ? "score" : NULL),
	};
	struct topn_reader *reader = topn_open(t, &columns);
	struct topn_list list;
	size_t capacity[3] = {0};
	uint64_t n = 0;
	f->users = strmap_new();
	f->items = strmap_new();
	while (topn_next(reader, &list)) {
		uint32_t user = strmap_add(f->users, list.user);
		f->start = memory_grow(f->start, &capacity[0], (size_t)user + 2, sizeof *f->start);
		f->start[user] = n;
		f->item = memory_grow(f->item, &capacity[1], (size_t)n + list.n, sizeof *f->item);
		f->score = memory_grow(f->score, &capacity[2], (size_t)n + list.n, sizeof *f->score);
		for (uint32_t i = 0; i < list.n; i++, n++) {
			f->item[n] = strmap_add(f->items, list.items[i]);
			f->score[n] = list.scores[i];
		}
		f->start[user + 1] = n;
	}
	topn_close(reader);
	table_close(t);
	return f;
}

/* All items of the lists, in byte order. */
static struct strmap *pool_of(const struct file_lists *f)
{
	if (f->mapped.table)
		return mapped_members(&f->mapped);
	uint32_t n = strmap_count(f->items), *sorted = strmap_sorted(f->items);
	struct strmap *pool = strmap_new();
	for (uint32_t i = 0; i < n; i++)
		strmap_add(pool, strmap_key(f->items, sorted[i]));
	free(sorted);
	return pool;
}

void file_lists_check_offers(struct file_lists *f, struct catalog_sampler *s)
{
	uint32_t n = f->mapped.table ? f->mapped.packed.members.n : strmap_count(f->items), never = 0;
	if (f->has_pool || !sampler_has_stock(s)) {
		sampler_put_pool(s, pool_of(f));
		f->has_pool = true;
	}
	if (f->mapped.table)
		never = mapped_check_offers(&f->mapped, s);
	else
		f->offered = sampler_offers(s, f->items, &never);
	if (never)
		warn("%u of the %u items in the lists are never recommended: --items does not offer them",
		     never, n);
}

/* What a table would say: the shortest text of the float, as a double. */
static double score_of(const struct file_lists *f, double score)
{
	char text[NUMBER_SIZE];
	double x = (double)NAN;
	if (!isfinite(score))
		mapped_die_damaged(&f->mapped);
	if (f->scores && f->mapped.packed.doubles)
		x = score;
	else if (f->scores)
		number_double(text, number_write_float((float)score, text), &x);
	return x;
}

static bool find_packed(const struct file_lists *f, struct span user, struct list *l)
{
	uint64_t from, to;
	if (!mapped_find(&f->mapped, user, &from, &to))
		return false;
	list_clear(l);
	l->checked = true;
	for (; from < to; from++) {
		struct packed_entry e = packed_entry(&f->mapped.packed, from);
		struct span item = mapped_member(&f->mapped, e.member);
		list_add(l, item, score_of(f, e.weight), f->mapped.offered[e.member]);
	}
	return l->n > 0;
}

bool file_lists_find(const struct file_lists *f, struct span user, struct list *l)
{
	if (f->mapped.table)
		return find_packed(f, user, l);
	uint32_t u = strmap_find(f->users, user);
	if (u == STRMAP_NONE)
		return false;
	list_clear(l);
	l->checked = true;
	for (uint64_t i = f->start[u]; i < f->start[u + 1]; i++)
		list_add(l, strmap_key(f->items, f->item[i]), f->score[i], f->offered[f->item[i]]);
	return l->n > 0;
}

int64_t file_lists_written_ms(const struct file_lists *f)
{
	return f->age.written_ms;
}

bool file_lists_are_stale(struct file_lists *f)
{
	return file_age_is_over(&f->age, "lists");
}

void file_lists_free(struct file_lists *f)
{
	if (!f)
		return;
	mapped_free(&f->mapped);
	if (f->users)
		strmap_free(f->users);
	if (f->items)
		strmap_free(f->items);
	free(f->start);
	free(f->item);
	free(f->score);
	free(f->offered);
	free(f);
}
