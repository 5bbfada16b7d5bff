#include "file-lists.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/packed.h"
#include "domain/topn.h"

struct file_lists {
	struct table *table;     /* of a packed file, which is mapped as long as it is open */
	struct packed_lists packed; /* read in place of what follows, when there is a table */
	struct failure failure;  /* why it could not be opened again */
	bool scores, has_pool;   /* scores are wanted; what can be drawn is what the lists hold */
	struct strmap *users, *items;
	uint64_t *start;         /* the list of user u is start[u] ... start[u + 1] */
	uint32_t *item;
	double *score;
	bool *offered;           /* by number of the item */
	double max_age_s;
	int64_t written_ms;
	bool stale;
};

/* The lists of a packed file, its columns in their places. False: it is not one. */
static bool take_packed(struct file_lists *f, struct table *t)
{
	struct packed *p = table_packed(t);
	if (!p || p->kind != PACKED_LISTS || table_column(t, column_called("user")) != 0 ||
	    table_column(t, column_called("rank")) != 1 || table_column(t, column_called("item")) != 2 ||
	    (f->scores && table_column(t, column_called("score")) != 3))
		return false;
	f->table = t;
	return packed_lists_open(p, &f->packed);
}

/* The age of the file `path`, which the table was opened from; false: see the table's failure. */
static bool note_age(struct file_lists *f, const struct table *t, const char *path, double max_age_s)
{
	struct stat about;
	f->max_age_s = max_age_s;
	if (max_age_s <= 0)
		return true;
	if (stat(path, &about) != 0)
		return failure_set_errno(table_failure(t), STATUS_FAILED, "cannot determine the age of %s", path);
	f->written_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	return true;
}

struct file_lists *file_lists_reopen(struct file_lists *old, const char *path, struct catalog_sampler *s)
{
	struct file_lists *f = memory_zero(1, sizeof *f);
	char *files[] = {(char *)(uintptr_t)path};
	f->scores = old->scores;
	f->has_pool = old->has_pool;
	struct table *t = table_open_or(files, 1, &(struct table_format){0}, &f->failure);
	if (t && take_packed(f, t) && note_age(f, t, path, old->max_age_s)) {
		file_lists_check_offers(f, s);
		file_lists_free(old);
		return f;
	}
	if (has_failed(&f->failure))
		tell("%s; the old lists stay in use", f->failure.text);
	else
		tell("%s: not packed lists; the old lists stay in use", path);
	if (t && !f->table)
		table_close(t);
	file_lists_free(f);
	return old;
}

bool file_lists_are_mapped(const struct file_lists *f)
{
	return f->table;
}

struct file_lists *file_lists_read(struct table *t, const char *path, double max_age_s, bool scores)
{
	struct file_lists *f = memory_zero(1, sizeof *f);
	f->scores = scores;
	note_age(f, t, path, max_age_s);
	if (take_packed(f, t))
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

_Noreturn static void die_damaged(const struct file_lists *f)
{
	die(STATUS_DATA, "%s: damaged packed file: a list is not what it should be", f->packed.file->name);
}

/* The id of an item of the lists. */
static struct span item_id(const struct file_lists *f, uint32_t item)
{
	if (!f->table)
		return strmap_key(f->items, item);
	struct span id = item < f->packed.members.n ? packed_id(&f->packed.members, item) : (struct span){0};
	if (!id.at)
		die_damaged(f);
	return id;
}

/* All items of the lists, in byte order. */
static struct strmap *pool_of(const struct file_lists *f, uint32_t n)
{
	uint32_t *order = f->table ? NULL : strmap_sorted(f->items);
	const uint32_t *sorted = f->table ? f->packed.members.sorted : order;
	struct strmap *pool = strmap_new();
	for (uint32_t i = 0; i < n; i++)
		strmap_add(pool, item_id(f, sorted[i]));
	free(order);
	return pool;
}

void file_lists_check_offers(struct file_lists *f, struct catalog_sampler *s)
{
	uint32_t n = f->table ? f->packed.members.n : strmap_count(f->items);
	if (f->has_pool || !sampler_has_stock(s)) {
		sampler_put_pool(s, pool_of(f, n));
		f->has_pool = true;
	}
	f->offered = memory_new(n, sizeof *f->offered);
	uint32_t never = 0;
	for (uint32_t i = 0; i < n; i++) {
		f->offered[i] = sampler_can_offer(s, item_id(f, i));
		never += !f->offered[i];
	}
	if (never)
		warn("%u of the %u items in the lists are never recommended: --items does not offer them",
		     never, n);
}

/* What a table would say: the shortest text of the float, as a double. */
static double score_of(const struct file_lists *f, float score)
{
	char text[NUMBER_SIZE];
	double x = (double)NAN;
	if (!isfinite(score))
		die_damaged(f);
	if (f->scores)
		number_double(text, number_write_float(score, text), &x);
	return x;
}

static bool find_packed(const struct file_lists *f, struct span user, struct list *l)
{
	uint32_t u = packed_find_id(&f->packed.keys, user);
	uint64_t from, to;
	if (u == UINT32_MAX)
		return false;
	if (!packed_lists_range(&f->packed, u, &from, &to))
		die_damaged(f);
	list_clear(l);
	l->checked = true;
	for (; from < to; from++) {
		struct packed_entry e = packed_entry(&f->packed, from);
		struct span item = item_id(f, e.member);
		list_add(l, item, score_of(f, e.weight), f->offered[e.member]);
	}
	return l->n > 0;
}

bool file_lists_find(const struct file_lists *f, struct span user, struct list *l)
{
	if (f->table)
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
	if (f->table)
		table_close(f->table);
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
