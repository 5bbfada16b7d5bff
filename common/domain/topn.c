#include "domain/topn.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/idset.h"

/* The row behind a list is read before the list is given away, so the list's
 * bytes are copies: the ids of a list lie one behind the other in `text`, and
 * become spans when the list is complete (until then `text` may move). */
struct topn_reader {
	struct table *table;
	size_t user, item;
	long rank, score;       /* -1: no such column */
	bool users_repeat;      /* ... and it is not looked after here */
	bool waiting;           /* the current row of the table begins the next list */
	struct idset users;
	struct buffer user_id;
	struct buffer text;
	struct span *items;     /* until the list is complete `at` is not set */
	double *scores;
	size_t n, items_capacity, scores_capacity;
	uint64_t last_rank;
	uint64_t rejected;      /* of the table, when last looked at */
};

static long optional_column(struct table *t, const char *name, bool given, const char *option)
{
	return given ? (long)table_column(t, name, option) : table_find_column(t, name);
}

struct topn_reader *topn_open(struct table *t, const struct topn_columns *columns)
{
	struct topn_reader *r = memory_zero(1, sizeof *r);
	r->table = t;
	r->user = table_column(t, columns->user, columns->user_given ? "user" : NULL);
	r->item = table_column(t, columns->item, columns->item_given ? "item" : NULL);
	r->rank = optional_column(t, columns->rank, columns->rank_given, "rank");
	r->score = optional_column(t, columns->score, columns->score_given, "score");
	return r;
}

void topn_let_users_repeat(struct topn_reader *r)
{
	r->users_repeat = true;
}

/* A number of up to six digits, which ranks are; false: look at it by the book. */
static inline bool short_number(struct span text, uint64_t *value)
{
	if (text.n - 1 > 5)
		return false;
	uint64_t sum = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned char)text.at[i] - (unsigned)'0';
		if (digit > 9)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

/* Reads the current row as the next one of the list. False: it was rejected. */
static bool take_row(struct topn_reader *r)
{
	struct table *t = r->table;
	uint64_t rank = r->last_rank + 1;
	double score = NAN;
	if (r->rank >= 0) {
		if (!short_number(table_field(t, (size_t)r->rank), &rank) &&
		    !table_u64(t, (size_t)r->rank, &rank))
			return false;
		bool jump = table_rejected(t) != r->rejected && rank > r->last_rank;
		if (rank != r->last_rank + 1 && !jump) {
			table_reject(t, (size_t)r->rank, r->last_rank == 0 ?
				     "the ranks of a user begin with 1" :
				     "the ranks of a user go up by 1");
			return false;
		}
	}
	if (r->score >= 0 && !table_double(t, (size_t)r->score, &score))
		return false;
	struct span item = table_field(t, r->item);
	r->items = memory_grow(r->items, &r->items_capacity, r->n + 1, sizeof *r->items);
	r->scores = memory_grow(r->scores, &r->scores_capacity, r->n + 1, sizeof *r->scores);
	r->items[r->n].n = item.n;
	r->scores[r->n++] = score;
	buffer_add_span(&r->text, item);
	r->last_rank = rank;
	r->rejected = table_rejected(t);
	return true;
}

/* Begins a list with the current row, if its user is new and the row is good. */
static bool begin_list(struct topn_reader *r, struct topn_list *list)
{
	struct table *t = r->table;
	struct span user = table_field(t, r->user);
	r->n = r->text.n = 0;
	r->last_rank = 0;
	if (!take_row(r))
		return false;
	if (!r->users_repeat && !idset_add(&r->users, user)) {
		table_reject(t, r->user, "the rows of a user must stand together; this one had "
			     "a list before");
		return false;
	}
	r->user_id.n = 0;
	buffer_add_span(&r->user_id, user);
	list->line = table_line(t);
	list->file = table_file(t);
	return true;
}

/* One row of a look ahead: fields lie between its ends. */
struct row {
	const char *at;
	const uint32_t *ends;
	size_t from;             /* where it begins */
};

static inline struct span row_field(const struct row *row, size_t column)
{
	size_t from = column ? row->ends[column - 1] + 1 : row->from;
	return (struct span){row->at + from, row->ends[column] - from};
}

/* Reads row number r->n + 1 of a list. False: there is something about it that the slow
 * way must look at. */
static inline bool read_row(struct topn_reader *r, const struct row *row)
{
	uint64_t rank = r->n + 1;
	double score = NAN;
	if (r->rank >= 0 && (!short_number(row_field(row, (size_t)r->rank), &rank) || rank != r->n + 1))
		return false;
	if (r->score >= 0) {
		struct span text = row_field(row, (size_t)r->score);
		if (number_double(text.at, text.n, &score) != NUMBER_OK)
			return false;
	}
	if (r->n == r->items_capacity || r->n == r->scores_capacity) {
		r->items = memory_grow(r->items, &r->items_capacity, r->n + 1, sizeof *r->items);
		r->scores = memory_grow(r->scores, &r->scores_capacity, r->n + 1, sizeof *r->scores);
	}
	r->items[r->n] = row_field(row, r->item);
	r->scores[r->n++] = score;
	return true;
}

/* The fast way: a list that is good and at hand to its end, the current row its first,
 * is given away where it lies, and the row behind it becomes the current one. False:
 * nothing was taken. */
static bool take_list(struct topn_reader *r, struct topn_list *list)
{
	struct table *t = r->table;
	struct table_block block;
	size_t first, i;
	if (!r->waiting || !table_peek(t, &block, &first))
		return false;
	struct span user = table_field(t, r->user);
	struct row row = {block.at, block.ends - block.width, (size_t)(table_row(t).at - block.at)};
	r->n = 0;
	if (!read_row(r, &row))
		return false;
	row.from = first;
	for (i = 0; i < block.row_count; i++) {
		row.ends += block.width;
		struct span other = row_field(&row, r->user);
		if (other.n != user.n || !bytes_same(other.at, user.at, user.n))
			break;
		if (!read_row(r, &row))
			return false;
		row.from = row.ends[block.width - 1] + 1;
	}
	if (i == block.row_count || (!r->users_repeat && !idset_add(&r->users, user)))
		return false;
	*list = (struct topn_list){user, (uint32_t)r->n, r->items, r->scores, table_line(t), table_file(t)};
	r->rejected = table_rejected(t);
	table_take(t, i + 1);
	return true;
}

bool topn_next(struct topn_reader *r, struct topn_list *list)
{
	struct table *t = r->table;
	bool begun = false;
	if (take_list(r, list))
		return true;
	while (r->waiting || table_next(t)) {
		struct span user = table_field(t, r->user);
		r->waiting = false;
		if (!begun) {
			begun = begin_list(r, list);
		} else if (span_equal(user, (struct span){r->user_id.data, r->user_id.n})) {
			take_row(r);
		} else {
			r->waiting = true;
			break;
		}
	}
	if (!begun)
		return false;
	const char *at = buffer_text(&r->text);
	for (size_t i = 0; i < r->n; i++) {
		r->items[i].at = at;
		at += r->items[i].n;
	}
	list->user = (struct span){buffer_text(&r->user_id), r->user_id.n};
	list->n = (uint32_t)r->n;
	list->items = r->items;
	list->scores = r->scores;
	return true;
}

void topn_close(struct topn_reader *r)
{
	if (!r)
		return;
	idset_free(&r->users);
	buffer_free(&r->user_id);
	buffer_free(&r->text);
	free(r->items);
	free(r->scores);
	free(r);
}

void topn_write_header(struct output *out)
{
	output_text(out, "user\trank\titem\tscore");
	output_end_row(out);
}

static void write_ids(struct output *out, struct span user, uint32_t rank, struct span item)
{
	output_span(out, user);
	output_tab(out);
	output_u64(out, rank);
	output_tab(out);
	output_span(out, item);
	output_tab(out);
}

void topn_write_row(struct output *out, struct span user, uint32_t rank,
		    struct span item, double score)
{
	write_ids(out, user, rank, item);
	output_double(out, score);
	output_end_row(out);
}

void topn_write_row_float(struct output *out, struct span user, uint32_t rank,
			  struct span item, float score)
{
	write_ids(out, user, rank, item);
	output_float(out, score);
	output_end_row(out);
}
