#include "domain/topn.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/idset.h"

/* The row after a list is read before the list is given away, so the list's
 * bytes are copies: the ids of a list lie one after another in `text`, and
 * become spans when the list is complete (until then `text` may move). */
enum { RANK_TEXTS = 1000 };

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
	uint32_t rank_text[RANK_TEXTS]; /* the digits of small ranks, the first in the lowest byte */
};

struct topn_reader *topn_open(struct table *t, const struct topn_columns *columns)
{
	struct topn_reader *r = memory_zero(1, sizeof *r);
	r->table = t;
	r->user = table_column(t, columns->user);
	r->item = table_column(t, columns->item);
	r->rank = table_optional_column(t, columns->rank);
	r->score = table_optional_column(t, columns->score);
	for (uint32_t rank = 0; rank < RANK_TEXTS; rank++) {
		char text[NUMBER_SIZE] = {0};
		number_write_u64(rank, text);
		for (size_t i = 0; i < 3 && text[i] >= '0'; i++)
			r->rank_text[rank] |= (uint32_t)(unsigned char)text[i] << 8 * i;
	}
	return r;
}

bool topn_has_scores(const struct topn_reader *r)
{
	return r->score >= 0;
}

void topn_let_users_repeat(struct topn_reader *r)
{
	r->users_repeat = true;
}

/* A number of up to six digits, which ranks are; false: use the general parser. */
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

static __attribute__((noinline)) void make_room(struct topn_reader *r)
{
	size_t before = r->scores_capacity;
	r->items = memory_grow(r->items, &r->items_capacity, r->n + 1, sizeof *r->items);
	r->scores = memory_grow(r->scores, &r->scores_capacity, r->n + 1, sizeof *r->scores);
	for (size_t i = before; i < r->scores_capacity; i++)
		r->scores[i] = NAN;
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
				     "the ranks of a user must start at 1" :
				     "the ranks of a user must increase by 1");
			return false;
		}
	}
	if (r->score >= 0 && !table_double(t, (size_t)r->score, &score))
		return false;
	struct span item = table_field(t, r->item);
	if (r->n >= r->items_capacity || r->n >= r->scores_capacity)
		make_room(r);
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
		table_reject(t, r->user, "the rows of a user must be contiguous; this one had "
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

/* Is this the rank `rank`? A few bytes after the field can be read: it lies in a block. */
static inline bool is_rank(const struct topn_reader *r, struct span text, size_t rank)
{
	uint64_t value = 0;
	if (rank >= RANK_TEXTS)
		return short_number(text, &value) && value == rank;
	const unsigned char *at = (const unsigned char *)text.at;
	uint32_t have = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
	return text.n - 1 < 3 && (have & 0xffffffu >> 8 * (3 - text.n)) == r->rank_text[rank];
}

/* Kept apart: most readers of long lists want no scores. */
static __attribute__((noinline)) bool read_score(struct topn_reader *r, const struct row *row)
{
	struct span text = row_field(row, (size_t)r->score);
	return number_double(text.at, text.n, &r->scores[r->n]) == NUMBER_OK;
}

/* Reads rows of `user` from `row` on, at most `rows`: the ranks must go on from r->n + 1.
 * Returns how many were read; *good is false when the next one is of this user, too, but
 * the slow way must look at it. `row` ends after what was read. */
static inline size_t read_rows(struct topn_reader *r, struct row *row, size_t rows, size_t width,
			       struct span user, bool *good)
{
	/* In registers: the compiler cannot know that the lists lie elsewhere. */
	const size_t user_column = r->user, item_column = r->item, rank_column = (size_t)r->rank;
	const bool has_rank = r->rank >= 0, has_score = r->score >= 0;
	struct row at = *row;
	size_t n = r->n, room = r->items_capacity < r->scores_capacity ? r->items_capacity
		: r->scores_capacity, i;
	for (i = 0; i < rows; i++) {
		struct span other = row_field(&at, user_column);
		if (other.n != user.n || !bytes_same(other.at, user.at, user.n))
			break;
		r->n = n;
		if (n >= room) {
			make_room(r);
			room = n + 1;
		}
		if ((has_rank && !is_rank(r, row_field(&at, rank_column), n + 1)) ||
		    (has_score && !read_score(r, &at))) {
			*good = false;
			break;
		}
		r->items[n++] = row_field(&at, item_column);
		at.from = at.ends[width - 1] + 1;
		at.ends += width;
	}
	r->n = n;
	*row = at;
	return i;
}

/* The fast way: a list that is good and at hand to its end, the current row its first,
 * is given away where it lies, and the row after it becomes the current one. False:
 * nothing was taken. */
static bool take_list(struct topn_reader *r, struct topn_list *list)
{
	struct table *t = r->table;
	struct table_block block;
	size_t first;
	bool good = true;
	if (!r->waiting || !table_peek(t, &block, &first))
		return false;
	struct span user = table_field(t, r->user);
	struct row row = {block.at, block.ends - block.width, (size_t)(table_row(t).at - block.at)};
	r->n = 0;
	if (read_rows(r, &row, 1, block.width, user, &good) == 0)
		return false;
	row.from = first;
	size_t more = read_rows(r, &row, block.row_count, block.width, user, &good);
	if (!good || more == block.row_count || (!r->users_repeat && !idset_add(&r->users, user)))
		return false;
	*list = (struct topn_list){user, (uint32_t)r->n, r->items, r->scores, table_line(t), table_file(t)};
	r->rejected = table_rejected(t);
	table_take(t, more + 1);
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

void topn_write_header_unscored(struct output *out)
{
	output_text(out, "user\trank\titem");
	output_end_row(out);
}

static void write_ids(struct output *out, struct span user, uint32_t rank, struct span item)
{
	output_span(out, user);
	output_tab(out);
	output_u64(out, rank);
	output_tab(out);
	output_span(out, item);
}

void topn_write_row_unscored(struct output *out, struct span user, uint32_t rank, struct span item)
{
	write_ids(out, user, rank, item);
	output_end_row(out);
}

void topn_write_row(struct output *out, struct span user, uint32_t rank,
		    struct span item, double score)
{
	write_ids(out, user, rank, item);
	output_tab(out);
	output_double(out, score);
	output_end_row(out);
}

void topn_write_row_float(struct output *out, struct span user, uint32_t rank,
			  struct span item, float score)
{
	write_ids(out, user, rank, item);
	output_tab(out);
	output_float(out, score);
	output_end_row(out);
}
