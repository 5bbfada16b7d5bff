#include "file-lists.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "domain/topn.h"

struct file_lists {
	struct strmap *users, *items;
	uint64_t *start;         /* the list of user u is start[u] ... start[u + 1] */
	uint32_t *item;
	double *score;
	bool *offered;           /* by number of the item */
	double max_age_s;
	int64_t written_ms;
	bool stale;
};

struct file_lists *file_lists_read(struct table *t, const char *path, double max_age_s, bool scores)
{
	struct file_lists *f = memory_zero(1, sizeof *f);
	const struct topn_columns columns = {
		.user = column_called("user"), .rank = column_called("rank"), .item = column_called("item"),
		.score = column_called(scores ? "score" : NULL),
	};
	struct topn_reader *reader = topn_open(t, &columns);
	struct topn_list list;
	size_t capacity[3] = {0};
	uint64_t n = 0;
	struct stat about;
	f->users = strmap_new();
	f->items = strmap_new();
	f->max_age_s = max_age_s;
	if (max_age_s > 0 && stat(path, &about) != 0)
		die_errno(STATUS_FAILED, "cannot determine the age of %s", path);
	if (max_age_s > 0)
		f->written_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
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

void file_lists_check_offers(struct file_lists *f, struct catalog_sampler *s)
{
	uint32_t n = strmap_count(f->items);
	if (!sampler_has_stock(s)) {
		uint32_t *order = strmap_sorted(f->items);
		struct strmap *pool = strmap_new();
		for (uint32_t i = 0; i < n; i++)
			strmap_add(pool, strmap_key(f->items, order[i]));
		free(order);
		sampler_put_pool(s, pool);
	}
	f->offered = memory_new(n, sizeof *f->offered);
	uint32_t never = 0;
	for (uint32_t i = 0; i < n; i++) {
		f->offered[i] = sampler_can_offer(s, strmap_key(f->items, i));
		never += !f->offered[i];
	}
	if (never)
		warn("%u of the %u items in the lists are never recommended: --items does not offer them",
		     never, n);
}

bool file_lists_find(const struct file_lists *f, struct span user, struct list *l)
{
	uint32_t u = strmap_find(f->users, user);
	if (u == STRMAP_NONE)
		return false;
	list_clear(l);
	l->checked = true;
	for (uint64_t i = f->start[u]; i < f->start[u + 1]; i++)
		list_add(l, strmap_key(f->items, f->item[i]), f->score[i], f->offered[f->item[i]]);
	return l->n > 0;
}

bool file_lists_are_stale(struct file_lists *f)
{
	if (!f->stale && f->max_age_s > 0 &&
	    (double)(clock_unix_ms() - f->written_ms) / 1000 > f->max_age_s) {
		tell("the lists are older than --max-age: answers come from the fallback");
		f->stale = true;
	}
	return f->stale;
}

void file_lists_free(struct file_lists *f)
{
	if (!f)
		return;
	strmap_free(f->users);
	strmap_free(f->items);
	free(f->start);
	free(f->item);
	free(f->score);
	free(f->offered);
	free(f);
}
