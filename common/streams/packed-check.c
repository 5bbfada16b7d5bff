/* Everything that a packed file promises, checked: see packed.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "streams/packed.h"

static bool are_zeros(const unsigned char *at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (at[i])
			return false;
	return true;
}

/* Is `crc` the section's, and what is after it 0? */
static bool is_sum(const struct packed *p, const struct packed_section *s, uint32_t crc)
{
	if (crc != s->crc) {
		char why[64];
		snprintf(why, sizeof why, "the checksum of the section '%s' is wrong", s->name);
		return packed_bad(p, why);
	}
	uint64_t end = s->offset + s->count * s->size;
	if (!are_zeros(p->bytes + end, (PACKED_ALIGN - end % PACKED_ALIGN) % PACKED_ALIGN))
		return packed_bad(p, "what is between its sections is not 0");
	return true;
}

bool packed_check_sum(const struct packed *p, const struct packed_section *s)
{
	return is_sum(p, s, (uint32_t)crc32_z(0, packed_data(p, s), s->count * s->size));
}

bool packed_check_sums(const struct packed *p)
{
	for (uint32_t i = 0; i < p->sections; i++)
		if (!packed_check_sum(p, &p->section[i]))
			return false;
	return true;
}

/* No byte that a field of a table cannot have. */
static bool is_plain(const char *text, size_t n)
{
	return n == 0 || (!memchr(text, '\t', n) && !memchr(text, '\n', n) && !memchr(text, '\0', n));
}

/* Are all ids within the text, and the numbers from `from` to before `to` strictly in order
 * where `sorted` says so? Then each is in it once. */
static bool are_sorted(const struct packed_ids *ids, uint32_t from, uint32_t to)
{
	struct span last = {0};
	for (uint32_t i = from; i < to; i++) {
		uint32_t number = ids->sorted[i];
		if (number < from || number >= to)
			return false;
		struct span id = packed_id(ids, number);
		if (i > from && span_compare(last, id) >= 0)
			return false;
		last = id;
	}
	return true;
}

static bool check_ids(const struct packed *p, const struct packed_ids *ids)
{
	if (ids->end[0] != 0 || ids->end[ids->n] != ids->text_n)
		return packed_bad(p, "its ids do not fill their text");
	for (uint32_t i = 0; i < ids->n; i++)
		if (ids->end[i] > ids->end[i + 1])
			return packed_bad(p, "its ids overlap");
	return is_plain(ids->text, ids->text_n) || packed_bad(p, "an id has a TAB, LF or NUL");
}

static bool check_header(const struct packed *p, struct span header)
{
	return (!memchr(header.at, '\n', header.n) && !memchr(header.at, '\0', header.n)) ||
	       packed_bad(p, "its header has an LF or NUL");
}

static bool check_lists(const struct packed *p, const struct packed_lists *l)
{
	if (!check_header(p, l->header) || !check_ids(p, &l->keys) || !check_ids(p, &l->members))
		return false;
	if (!are_sorted(&l->keys, 0, l->keys.n) || !are_sorted(&l->members, 0, l->members.n))
		return packed_bad(p, "its ids are not sorted");
	if (l->start[0] != 0 || l->start[l->keys.n] != l->rows)
		return packed_bad(p, "its lists do not fill its rows");
	for (uint32_t i = 0; i < l->keys.n; i++)
		if (l->start[i] >= l->start[i + 1])
			return packed_bad(p, "its lists overlap or are empty");
	for (uint64_t i = 0; i < l->rows; i++) {
		struct packed_entry e = packed_entry(l, i);
		if (e.member >= l->members.n)
			return packed_bad(p, "a row has an id that is not there");
		if (!isfinite(e.weight))
			return packed_bad(p, "a row has a number that is not finite");
		if (l->doubles && !are_zeros(l->entries + i * l->entry_size + 4, 4))
			return packed_bad(p, "what is between a row's numbers is not 0");
	}
	return true;
}

static bool is_row(const struct packed_model *m, const float *row)
{
	bool good = true;
	for (uint32_t f = 0; f < m->stride; f++)
		good = good && isfinite(row[f]) && (f < m->factors || row[f] == 0);
	return good || packed_bad(m->file, "a factor is not a finite number, or padding is not 0");
}

/* All but the rows of factors. */
static bool check_model(const struct packed *p, const struct packed_model *m)
{
	if (!check_header(p, m->header) || !check_ids(p, &m->ids))
		return false;
	for (uint32_t k = 0; k < PACKED_SIDES; k++)
		if (!are_sorted(&m->ids, m->side[k], m->side[k + 1]))
			return packed_bad(p, "its ids are not sorted");
	size_t rows = m->ids.n - m->side[1];
	for (size_t i = 0; i < rows; i++)
		if (!isfinite(m->bias[i]))
			return packed_bad(p, "a bias is not a finite number");
	return true;
}

bool packed_check(struct packed *p)
{
	struct packed_lists lists;
	struct packed_model model;
	if (!packed_check_sums(p))
		return false;
	if (p->kind != PACKED_MODEL)
		return packed_lists_open(p, &lists) && check_lists(p, &lists);
	if (!packed_model_open(p, &model))
		return false;
	for (size_t row = 0; row < model.ids.n - model.side[1]; row++)
		if (!is_row(&model, model.rows + row * model.stride))
			return false;
	return check_model(p, &model);
}

bool packed_check_but_rows(struct packed *p)
{
	struct packed_model model;
	if (p->kind != PACKED_MODEL)
		return packed_check(p);
	for (uint32_t i = 0; i < p->sections; i++)
		if (strcmp(p->section[i].name, "rows") != 0 && !packed_check_sum(p, &p->section[i]))
			return false;
	return packed_model_open(p, &model) && check_model(p, &model);
}

bool packed_check_row(const struct packed_model *m, uint64_t row, uint32_t *crc)
{
	const float *at = m->rows + row * m->stride;
	*crc = (uint32_t)crc32_z(*crc, (const void *)at, m->stride * sizeof *at);
	if (!is_row(m, at))
		return false;
	return row + 1 < m->ids.n - m->side[1] || is_sum(m->file, packed_find(m->file, "rows", 0), *crc);
}
