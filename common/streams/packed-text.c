/* A packed file as the table that it was made of: see packed.h. */
#include <math.h>

#include "base/buffer.h"
#include "base/number.h"
#include "streams/packed.h"

struct packed_text {
	struct packed *file;
	struct packed_lists lists;
	struct packed_model model;
	struct buffer text;      /* rows that were not given out yet */
	size_t given;
	bool checked;            /* all but the header, which came first */
	bool only;               /* what packed_text_take has put into the text */
	uint64_t row;            /* the next one */
	uint32_t key;            /* ... and the list that it belongs to, or its kind */
};

struct packed_text *packed_text_open(struct packed *p)
{
	struct packed_text *t = memory_zero(1, sizeof *t);
	t->file = p;
	if (p->kind == PACKED_MODEL ? !packed_model_open(p, &t->model) : !packed_lists_open(p, &t->lists)) {
		packed_text_close(t);
		return NULL;
	}
	buffer_add_span(&t->text, p->kind == PACKED_MODEL ? t->model.header : t->lists.header);
	buffer_add_byte(&t->text, '\n');
	return t;
}

static char *add_number(char *at, uint64_t n)
{
	*at++ = '\t';
	return at + number_write_u64(n, at);
}

static char *add_float(char *at, float x)
{
	*at++ = '\t';
	return at + number_write_float(x, at);
}

static char *add_double(char *at, double x)
{
	*at++ = '\t';
	return at + number_write_double(x, at);
}

/* False at the end. */
static bool add_list_row(struct packed_text *t)
{
	const struct packed_lists *l = &t->lists;
	if (t->row == l->rows)
		return false;
	if (t->row == l->start[t->key + 1])
		t->key++;
	struct packed_entry e = packed_entry(l, t->row);
	struct span key = packed_id(&l->keys, t->key), member = packed_id(&l->members, e.member);
	char *at = buffer_room(&t->text, key.n + member.n + 3 * NUMBER_SIZE + 8), *from = at;
	at = span_put(at, key);
	if (t->file->kind == PACKED_LISTS)
		at = add_number(at, t->row - l->start[t->key] + 1);
	*at++ = '\t';
	at = span_put(at, member);
	if (l->doubles)
		at = add_double(at, e.weight);
	else if (l->entry_size >= 8)
		at = add_float(at, (float)e.weight);
	if (l->entry_size == 16 && !l->doubles)
		at = add_number(at, e.count);
	*at++ = '\n';
	t->text.n += (size_t)(at - from);
	t->row++;
	return true;
}

static bool add_model_row(struct packed_text *t)
{
	const struct packed_model *m = &t->model;
	if (t->row == m->ids.n)
		return false;
	while (t->row >= m->side[t->key + 1])
		t->key++;
	struct span id = packed_id(&m->ids, (uint32_t)t->row);
	char *at = buffer_room(&t->text, id.n + ((size_t)m->factors + 2) * (NUMBER_SIZE + 1)), *from = at;
	at = span_put(at, span_of(PACKED_SIDE_NAMES[t->key]));
	*at++ = '\t';
	at = span_put(at, id);
	size_t row = t->row - m->side[1];
	at = t->key ? add_float(at, m->bias[row]) : add_number(at, 0);
	for (uint32_t f = 0; f < m->factors; f++)
		at = t->key ? add_float(at, m->rows[row * m->stride + f]) : add_number(at, 0);
	*at++ = '\n';
	t->text.n += (size_t)(at - from);
	t->row++;
	return true;
}

static bool add_row(struct packed_text *t)
{
	return t->file->kind == PACKED_MODEL ? add_model_row(t) : add_list_row(t);
}

/* Is what add_row reads of the rows from t->row to before `to` as it should be? */
static bool rows_are_good(struct packed_text *t, uint64_t to)
{
	const struct packed_lists *l = &t->lists;
	const struct packed_model *m = &t->model;
	for (uint64_t row = t->row; row < to; row++) {
		bool good = true;
		if (t->file->kind == PACKED_MODEL) {
			size_t at = row - m->side[1];
			good = row < m->side[1] || isfinite(m->bias[at]);
			for (uint32_t f = 0; row >= m->side[1] && f < m->factors; f++)
				good = good && isfinite(m->rows[at * m->stride + f]);
		} else {
			struct packed_entry e = packed_entry(l, row);
			good = e.member < l->members.n && packed_id(&l->members, e.member).at && isfinite(e.weight);
		}
		if (!good)
			return packed_bad(t->file, "a row is not what it should be");
	}
	return true;
}

static bool take_rows(struct packed_text *t, uint32_t key, uint64_t from, uint64_t to)
{
	t->key = key;
	t->row = from;
	if (!rows_are_good(t, to))
		return false;
	while (t->row < to)
		add_row(t);
	return true;
}

bool packed_text_take(struct packed_text *t, struct span id, uint64_t *rows)
{
	const struct packed_model *m = &t->model;
	uint64_t from, to;
	t->only = t->checked = true;
	if (t->file->kind != PACKED_MODEL) {
		uint32_t key = packed_find_id(&t->lists.keys, id);
		if (key == UINT32_MAX)
			return true;
		if (!packed_lists_range(&t->lists, key, &from, &to))
			return packed_bad(t->file, "a list is not where it should be");
		*rows += to - from;
		return take_rows(t, key, from, to);
	}
	for (uint32_t side = 0; side < PACKED_SIDES; side++) {
		uint32_t row = packed_find_id_among(&m->ids, m->side[side], m->side[side + 1], id);
		if (row == UINT32_MAX)
			continue;
		if (row < m->side[side] || row >= m->side[side + 1])
			return packed_bad(t->file, "an id is not where it should be");
		++*rows;
		if (!take_rows(t, side, row, (uint64_t)row + 1))
			return false;
	}
	return true;
}

size_t packed_text_read(struct packed_text *t, char *to, size_t n)
{
	if (t->given == t->text.n && !t->only) {
		if (!t->checked && !packed_check(t->file))
			return 0;
		t->checked = true;
		t->given = t->text.n = 0;
		while (t->text.n < n)
			if (!add_row(t))
				break;
	}
	size_t left = t->text.n - t->given, take = left < n ? left : n;
	if (take)
		memcpy(to, t->text.data + t->given, take);
	t->given += take;
	return take;
}

void packed_text_close(struct packed_text *t)
{
	if (!t)
		return;
	buffer_free(&t->text);
	free(t);
}

bool packed_text_is_new(const struct packed_text *t)
{
	return !t->checked;
}
