#include "import.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "streams/hints.h"

/* ---- bad lines ---- */

enum { PLACE_SIZE = 160 };

void bad_event(struct import *m, const char *what)
{
	rejects_row(&m->rejects, m->file, m->line, what, m->raw);
}

/* The number of the element that the event is, or with lists in lists the one of the first list that it
 * is in; 0: it is on a line of its own. */
static uint64_t first_number(const struct import *m)
{
	return m->depth > 1 ? m->lists_of[0].number : m->element;
}

/* Where in the event the bytes are, to be said after that number: `, byte 3: `. */
static const char *place_text(const struct import *m, struct span bytes, char text[PLACE_SIZE])
{
	size_t n = 0;
	uintptr_t offset = (uintptr_t)bytes.at - (uintptr_t)m->raw.at;
	*text = '\0';
	for (size_t i = 1; i < m->depth; i++) /* the elements that the list is in, and that of the list */
		n += (size_t)snprintf(text + n, PLACE_SIZE - n, ".%llu", (unsigned long long)
				      (i + 1 < m->depth ? m->lists_of[i].number : m->element));
	const char *comma = first_number(m) ? ", " : "";
	if (offset <= m->raw.n)
		snprintf(text + n, PLACE_SIZE - n, "%sbyte %zu: ", comma, (size_t)offset + 1);
	else if (*comma)
		snprintf(text + n, PLACE_SIZE - n, ": ");
	return text;
}

void bad_json(struct import *m, const struct json_reader *r)
{
	char text[QUOTED_SIZE], message[3 * QUOTED_SIZE], place[PLACE_SIZE];
	struct span where;
	size_t offset;
	const char *problem = json_problem(r, &offset, &where);
	const char *hint = problem == UNKNOWN_EXPERIMENT ? "name the wanted experiments with "
		"--experiment NAME (may be repeated), or --other-experiments skip" :
		m->line == 1 && !m->element ? hint_json(m->raw) :
		m->o->each && !m->plain && m->element && *m->raw.at != '{' ?
		"--map COLUMN=. takes a plain value" : NULL;
	snprintf(message, sizeof message, "%s%s%s%s%s%s",
		 place_text(m, (struct span){m->raw.at + offset, 0}, place), problem,
		 where.n ? ": " : "", where.n ? quoted(where.at, where.n, text) : "",
		 hint ? "; " : "", hint ? hint : "");
	rejects_element(&m->rejects, m->file, m->line, first_number(m), message, m->raw);
}

/* `hint`: how that might be cured, or NULL. */
static void bad_value(struct import *m, const struct event_column *column, const char *problem,
		      const struct json_value *v, const char *hint)
{
	char name[QUOTED_SIZE], text[QUOTED_SIZE], message[4 * QUOTED_SIZE], place[PLACE_SIZE];
	snprintf(message, sizeof message, "%scolumn %s: %s: %s%s%s", place_text(m, v->raw, place),
		 quoted_name(column->name.at, column->name.n, name), problem,
		 quoted(v->raw.at, v->raw.n, text), hint ? "; " : "", hint ? hint : "");
	rejects_element(&m->rejects, m->file, m->line, first_number(m), message, m->raw);
}

/* ---- values ---- */

struct span value_text(struct import *m, const struct json_value *v)
{
	size_t ignored = 0;
	if (!v->escaped)
		return v->raw;
	m->scratch.n = 0;
	return (struct span){buffer_room(&m->scratch, v->raw.n + 1),
			     json_text(v, m->scratch.data, &ignored)};
}

static bool is_missing(const struct json_value *v)
{
	return v->kind == JSON_ABSENT || v->kind == JSON_NULL;
}

/* A number, or a string that is one. */
static enum number_state value_number(struct import *m, const struct json_value *v, double *x)
{
	if (v->kind != JSON_NUMBER && v->kind != JSON_STRING)
		return NUMBER_SYNTAX;
	struct span text = value_text(m, v);
	return number_double(text.at, text.n, x);
}

/* The value as a time in ms; false when it is not one (bad_line knows). */
static bool read_timestamp(struct import *m, const struct event_column *column,
			   const struct json_value *v, int64_t *ms)
{
	enum time_unit unit = (enum time_unit)m->o->timestamp_unit;
	struct span text = value_text(m, v);
	bool right = v->kind == JSON_STRING || (v->kind == JSON_NUMBER && unit != TIME_ISO);
	enum number_state state = right ? time_read(text.at, text.n, unit, ms) : NUMBER_SYNTAX;
	if (state == NUMBER_OK)
		return true;
	bad_value(m, column, time_problem(state, unit), v, time_hint(unit, text.at, text.n));
	return false;
}

/* Writes a timestamp, a number of milliseconds as it is; false when it was not one. */
static bool write_timestamp(struct import *m, const struct event_column *column,
			    const struct json_value *v)
{
	int64_t ms;
	if (!read_timestamp(m, column, v, &ms))
		return false;
	m->newest = ms > m->newest ? ms : m->newest;
	if (m->o->timestamp_unit == TIME_MS)
		output_span(m->out, value_text(m, v));
	else
		output_i64(m->out, ms);
	return true;
}

/* The same by --date, as milliseconds. */
static bool write_date(struct import *m, const struct event_column *column, const struct json_value *v)
{
	int64_t ms;
	struct span text = value_text(m, v);
	bool right = v->kind == JSON_STRING || v->kind == JSON_NUMBER;
	if (!right || !date_form_read(&column->form, text.at, text.n, &ms)) {
		char problem[QUOTED_SIZE];
		snprintf(problem, sizeof problem, "not a point in time (--date %s)", date_form_name(&column->form));
		bad_value(m, column, problem, v, NULL);
		return false;
	}
	output_i64(m->out, ms);
	return true;
}

static bool write_ratio(struct import *m, const struct event_column *column,
			const struct json_value *over, const struct json_value *under)
{
	double a, b;
	if (is_missing(over) || is_missing(under))
		return true;
	enum number_state state = value_number(m, over, &a);
	if (state != NUMBER_OK) {
		bad_value(m, column, number_problem(state), over, NULL);
		return false;
	}
	state = value_number(m, under, &b);
	if (state != NUMBER_OK) {
		bad_value(m, column, number_problem(state), under, NULL);
		return false;
	}
	if (b == 0 || !isfinite(a / b)) {
		bad_value(m, column, b == 0 ? "a division by zero" : "a ratio out of range", under, NULL);
		return false;
	}
	output_double(m->out, a / b);
	return true;
}

/* The time listened to by the duration of the track; empty when that is not known. */
static bool write_share(struct import *m, const struct event_column *column, const struct json_value *time,
			const struct json_value *track)
{
	double listened, duration;
	if (is_missing(time))
		return true;
	enum number_state state = value_number(m, time, &listened);
	if (state != NUMBER_OK) {
		bad_value(m, column, number_problem(state), time, NULL);
		return false;
	}
	struct span name = is_missing(track) ? (struct span){"", 0} : value_text(m, track);
	if (!durations_find(m->durations, name, &duration)) {
		m->without++;
		return true;
	}
	if (!(duration > 0) || !isfinite(listened / duration)) {
		bad_value(m, column, duration > 0 ? "a share out of range" :
			  "--durations: the track's duration is not above 0", track, NULL);
		return false;
	}
	m->shares++;
	m->large += listened / duration > SHARE_LARGE;
	output_double(m->out, listened / duration);
	return true;
}

/* Everything that is not copied as it is. False: the line was bad. */
static bool write_other(struct import *m, const struct event_column *column,
			const struct json_value *v, size_t *separators)
{
	if (column->kind == COLUMN_RATIO)
		return write_ratio(m, column, v, &m->values[column->under]);
	if (column->kind == COLUMN_SHARE)
		return write_share(m, column, v, &m->values[column->under]);
	if (is_missing(v))
		return true;
	if (v->kind == JSON_OBJECT || v->kind == JSON_ARRAY) {
		bad_value(m, column, v->kind == JSON_OBJECT ? "an object, not a value"
			  : "an array, not a value", v,
			  v->kind == JSON_ARRAY && !m->o->each ? "--each 'PATH[]' takes its elements" : NULL);
		return false;
	}
	if (column->kind == COLUMN_TIMESTAMP)
		return write_timestamp(m, column, v);
	if (column->kind == COLUMN_DATE)
		return write_date(m, column, v);
	if (column->kind == COLUMN_NUMBER) {
		double ignored;
		enum number_state state = value_number(m, v, &ignored);
		if (state != NUMBER_OK) {
			bad_value(m, column, number_problem(state), v, NULL);
			return false;
		}
	}
	size_t before = *separators;
	m->out->n += json_text(v, output_room(m->out, v->raw.n), separators);
	if (*separators > before && m->o->common.on_control == 1) {
		bad_value(m, column, "a TAB or line end inside a value", v, NULL);
		return false;
	}
	return true;
}

/* Is the value 8 to 16 digits, so that it is a number of milliseconds whatever they are? Its length and
 * the first eight of them, as a number that grows with the time, into *order. */
static inline bool is_plain_time(struct span text, uint64_t *order)
{
	const uint64_t zeros = 0x3030303030303030u, sixes = 0x0606060606060606u, high = 0xf0f0f0f0f0f0f0f0u;
	uint64_t first, last;
	if (text.n - 8 > 8)
		return false;
	memcpy(&first, text.at, 8);
	memcpy(&last, text.at + text.n - 8, 8);
	bool digits = (first & (first + sixes) & high) == zeros && (last & (last + sixes) & high) == zeros;
	*order = (uint64_t)(text.n - 8) << 60 | (__builtin_bswap64(first) & ~high);
	return digits;
}

int64_t newest_time(const struct import *m)
{
	int64_t ms = 0;
	for (int place = 7; place >= 0; place--)
		ms = ms * 10 + (int64_t)(m->newest_plain >> 8 * place & 15);
	for (uint64_t n = m->newest_plain >> 60; n > 0; n--)
		ms *= 10;
	return ms > m->newest ? ms : m->newest;
}

/* A timestamp that is to be copied as it is; false where it must be read. */
static inline bool take_plain_time(struct import *m, const struct json_value *v)
{
	uint64_t order;
	bool plain = is_plain_time(v->raw, &order);
	if (plain && order > m->newest_plain)
		m->newest_plain = order;
	return plain;
}

/* What of the event is copied. */
static inline const struct column_copy *copies_of(struct import *m)
{
	const struct json_value *v = &m->values[m->plain_slot];
	return m->plain_times && v->kind == JSON_NUMBER && take_plain_time(m, v) ? m->copies_plain : m->copies;
}

/* Room for the row: that of its numbers, and the values' lengths, of which none of an event is above the
 * event's; 32 bytes more can be written to. */
static inline size_t row_room(const struct import *m)
{
	enum { SHORT = 1024 };
	size_t room = m->n_columns * (NUMBER_SIZE + 1) + 32;
	if (m->n_extras == 0 && m->raw.n <= SHORT)
		return room + m->n_columns * m->raw.n;
	for (size_t c = 0; c < m->n_columns; c++)
		room += m->values[m->columns[c].slot].raw.n;
	return room;
}

/* The event as a row. Room for the whole row is made first, so that a line
 * found bad half way can be taken back. */
void write_event(struct import *m)
{
	const char *values = (const char *)m->values;
	size_t separators = 0;
	char *to = output_room(m->out, row_room(m));
	size_t start = m->out->n;
	const struct column_copy *copies = copies_of(m), *end = copies + m->n_columns;
	for (const struct column_copy *copy = copies; copy < end; copy++) {
		const struct json_value *v = (const void *)(values + copy->value);
		if (copy->kinds >> v->kind & !v->escaped) {
			/* The line is readable that far after it, and so is the room. */
			size_t n = v->kind == JSON_NULL ? 0 : v->raw.n;
			memcpy(to, v->raw.at, 32);
			if (n > 32)
				memcpy(to + 32, v->raw.at + 32, n - 32);
			to += n;
		} else {
			m->out->n = (size_t)(to - m->out->data);
			if (!write_other(m, &m->columns[copy - copies], v, &separators)) {
				m->out->n = start;
				return;
			}
			to = m->out->data + m->out->n;
		}
		*to++ = '\t';
	}
	m->out->n = (size_t)(to - m->out->data) - 1;
	output_end_row(m->out);
	m->replaced += separators;
	m->written++;
}

/* ---- values that are not of the event alone ---- */

/* The number of the kind that `v` is; false when there is no such kind. */
static bool take_kind(struct import *m, const struct json_value *v, struct json_value *to)
{
	struct span word = is_missing(v) ? (struct span){"", 0} : value_text(m, v);
	const struct kind *kind = kinds_find(&m->kinds, word);
	if (kind)
		*to = (struct json_value){.raw = kind->value, .kind = JSON_NUMBER};
	else
		bad_value(m, &(struct event_column){.name = m->kinds.column}, "--value has no such kind", v,
			  "*=NUMBER takes all others");
	return kind;
}

bool take_extras(struct import *m)
{
	const struct json_value *read = m->values;
	bool good = true;
	m->values = m->all;
	memcpy(m->all, read, m->n_read * sizeof *m->all);
	for (size_t i = 0; i < m->n_extras && good; i++) {
		const struct extra *extra = &m->extras[i];
		struct json_value *to = &m->all[m->n_read + i];
		switch (extra->kind) {
		case EXTRA_OUTER:
			*to = json_values(m->lists_of[extra->other].reader)[extra->slot];
			break;
		case EXTRA_WHOLE:
			*to = m->whole;
			break;
		case EXTRA_FIRST:
			*to = m->all[is_missing(&m->all[extra->slot]) ? extra->other : extra->slot];
			break;
		case EXTRA_TEXT:
			*to = (struct json_value){.raw = {extra->text, extra->n}, .kind = JSON_STRING};
			break;
		case EXTRA_FILE:
			*to = (struct json_value){.raw = {m->base.data, m->base_n}, .kind = JSON_STRING};
			break;
		case EXTRA_KIND:
			good = take_kind(m, &m->all[extra->slot], to);
		}
	}
	return good;
}
