#include "sets.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"
#include "frame/options.h"
#include "domain/dataset.h"

struct row {
	uint32_t user, item;
	double rating;
};

struct rows {
	struct row *at;
	size_t n, capacity;
};

/* Rows sorted by user, then item: two stable counting sorts. */
static void sort_rows(struct rows *r, uint32_t users, uint32_t items)
{
	struct row *other = memory_new(r->n + 1, sizeof *other);
	for (int pass = 0; pass < 2; pass++) {
		uint32_t keys = pass ? users : items;
		uint64_t *start = csr_new(keys);
		for (size_t i = 0; i < r->n; i++)
			csr_count(start, pass ? r->at[i].user : r->at[i].item);
		csr_sum(start, keys);
		for (size_t i = 0; i < r->n; i++)
			other[csr_place(start, pass ? r->at[i].user : r->at[i].item)] = r->at[i];
		free(start);
		struct row *swap = r->at;
		r->at = other;
		other = swap;
	}
	free(other);
}

/* One row for each pair. */
static void merge_pairs(struct rows *r, const struct sets *s, bool keep_best, const char *file)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++) {
		struct row *last = n ? &r->at[n - 1] : NULL;
		if (!last || last->user != r->at[i].user || last->item != r->at[i].item) {
			r->at[n++] = r->at[i];
		} else if (keep_best) {
			if (r->at[i].rating > last->rating)
				last->rating = r->at[i].rating;
		} else {
			char shown[2][QUOTED_SIZE];
			struct span user = strmap_key(s->user_ids, last->user);
			struct span item = strmap_key(s->item_ids, last->item);
			die(STATUS_DATA, "%s: user %s has the item %s twice (--repeats=max keeps the best "
			    "rating)", file, quoted(user.at, user.n, shown[0]),
			    quoted(item.at, item.n, shown[1]));
		}
	}
	r->n = n;
}

static void read_rows(struct table *t, const struct sets_columns *c, struct sets *s,
		      struct rows *rows, const char **file)
{
	size_t user = table_column(t, option_column("user", c->user));
	size_t item = table_column(t, option_column("item", c->item));
	size_t rating = c->rating ?
		table_column(t, option_column("rating", c->rating)) : 0;
	long split = table_optional_column(t, option_column("split", c->split));
	uint32_t last = STRMAP_NONE;
	*file = table_file(t);
	while (table_next(t)) {
		struct span user_id = table_field(t, user), item_id = table_field(t, item);
		struct row row = {.rating = 1};
		uint8_t row_split = SPLIT_TRAIN;
		if (user_id.n == 0 || item_id.n == 0) {
			table_reject(t, user_id.n ? item : user, "an empty id");
			continue;
		}
		if (split >= 0 && !dataset_split(t, (size_t)split, &row_split))
			continue;
		bool counts = split < 0 || (c->splits >> row_split & 1);
		bool blank = c->rating && table_field(t, rating).n == 0;
		if (c->rating && !blank && !table_double(t, rating, &row.rating))
			continue;
		s->blank += blank && counts;
		s->other += !counts;
		*file = table_file(t);
		if (blank || !counts)
			continue;
		if (last == STRMAP_NONE || !span_equal(strmap_key(s->user_ids, last), user_id))
			last = strmap_add(s->user_ids, user_id);
		row.user = last;
		row.item = strmap_add(s->item_ids, item_id);
		rows->at = memory_grow(rows->at, &rows->capacity, rows->n + 1, sizeof *rows->at);
		rows->at[rows->n++] = row;
	}
}

struct sets *sets_read(struct table *t, const struct sets_columns *columns, double min_rating,
		       bool keep_best, bool keep_all)
{
	struct sets *s = memory_zero(1, sizeof *s);
	struct rows rows = {0};
	const char *file;
	s->user_ids = strmap_new();
	s->item_ids = strmap_new();
	read_rows(t, columns, s, &rows, &file);
	uint32_t *user_rank, *item_rank;
	s->user_ids = strmap_in_order(s->user_ids, &user_rank);
	s->item_ids = strmap_in_order(s->item_ids, &item_rank);
	s->users = strmap_count(s->user_ids);
	s->items = strmap_count(s->item_ids);
	for (size_t i = 0; i < rows.n; i++) {
		rows.at[i].user = user_rank[rows.at[i].user];
		rows.at[i].item = item_rank[rows.at[i].item];
	}
	free(user_rank);
	free(item_rank);
	sort_rows(&rows, s->users, s->items);
	merge_pairs(&rows, s, keep_best, file);
	s->start = memory_zero((size_t)s->users + 1, sizeof *s->start);
	s->item = memory_new(rows.n + 1, sizeof *s->item);
	if (keep_all) {
		s->all_start = memory_zero((size_t)s->users + 1, sizeof *s->all_start);
		s->all_item = memory_new(rows.n + 1, sizeof *s->all_item);
		s->rating = memory_new(rows.n + 1, sizeof *s->rating);
	}
	uint64_t n = 0;
	for (size_t i = 0; i < rows.n; i++) {
		const struct row *row = &rows.at[i];
		if (keep_all) {
			s->all_item[i] = row->item;
			s->rating[i] = row->rating;
			s->all_start[row->user + 1] = i + 1;
		}
		if (row->rating >= min_rating)
			s->item[n++] = row->item;
		s->start[row->user + 1] = n;
	}
	free(rows.at);
	return s;
}

void sets_free(struct sets *s)
{
	if (!s)
		return;
	strmap_free(s->user_ids);
	strmap_free(s->item_ids);
	free(s->start);
	free(s->item);
	free(s->all_start);
	free(s->all_item);
	free(s->rating);
	free(s);
}
