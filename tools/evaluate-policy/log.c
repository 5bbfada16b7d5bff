#include "log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/compare.h"
#include "base/hash.h"
#include "base/memory.h"
#include "domain/event.h"
#include "domain/heard.h"
#include "frame/run.h"

/* ---- reading ---- */

struct log_reader log_open(struct table *t, const struct log_columns *c)
{
	struct log_reader r = {.t = t, .columns = c, .played = -1};
	r.target = c->target.name ? (long)table_column(t, c->target) : -1;
	r.item = table_column(t, c->item);
	r.probability = table_column(t, c->probability);
	if (c->events) {
		r.user = (long)table_column(t, c->user);
		r.message = table_column(t, c->message);
		r.timestamp = table_column(t, c->timestamp);
		r.played = (long)table_column(t, c->played);
		r.share = table_column(t, c->share);
		r.session = table_optional_column(t, c->session);
		return r;
	}
	r.user = table_optional_column(t, c->user);
	r.played = table_optional_column(t, c->played);
	r.reward = table_column(t, c->reward);
	if (c->positions)
		r.position = table_column(t, c->position);
	r.session = -1;
	if (c->sessions) {
		r.session = (long)table_column(t, c->session);
		r.timestamp = table_column(t, c->timestamp);
	}
	return r;
}

static bool read_probability(struct table *t, size_t column, double *x)
{
	if (!table_double(t, column, x))
		return false;
	if (*x > 0 && *x <= 1)
		return true;
	table_reject(t, column, "not a probability above 0 and up to 1");
	return false;
}

/* Both probabilities; that of the policy may be 0. */
static bool read_probabilities(const struct log_reader *r, struct row *row)
{
	if (!read_probability(r->t, r->probability, &row->probability))
		return false;
	if (r->target < 0)
		return true;
	if (!table_double(r->t, (size_t)r->target, &row->target))
		return false;
	if (row->target >= 0 && row->target <= 1)
		return true;
	table_reject(r->t, (size_t)r->target, "not a probability");
	return false;
}

/* An id's number; false where it is empty, and the row was rejected. */
static bool read_id(struct table *t, size_t column, struct strmap *ids, uint32_t *number)
{
	struct span id = table_field(t, column);
	if (id.n == 0) {
		table_reject(t, column, "an empty id");
		return false;
	}
	*number = strmap_add(ids, id);
	return true;
}

/* The session's number: sessions of the same name of two users are two. */
static uint32_t session_number(struct strmap *sessions, struct buffer *key, uint32_t user, struct span name)
{
	key->n = 0;
	buffer_add_span(key, (struct span){(const char *)&user, sizeof user});
	buffer_add_span(key, name);
	return strmap_add(sessions, (struct span){key->data, key->n});
}

/* A user's sessions by their names, whatever order the rows came in. Frees the map. */
static void rank_sessions(struct log *log, struct strmap *sessions)
{
	uint32_t *rank;
	strmap_free(strmap_in_order(sessions, &rank));
	for (size_t i = 0; i < log->n; i++)
		log->rows[i].session = strmap_renumbered(log->rows[i].session, rank);
	free(rank);
}

static bool read_event(const struct log_reader *r, struct names *names, struct row *row)
{
	struct table *t = r->t;
	if (!event_message(t, r->message, &row->last) ||
	    !table_time(t, r->timestamp, r->columns->unit, &row->time) ||
	    !table_double(t, r->share, &row->reward) ||
	    !read_id(t, (size_t)r->played, names->items, &row->played))
		return false;
	if (table_field(t, r->item).n == 0)
		return true;
	return read_probabilities(r, row) &&
		read_id(t, r->item, names->items, &row->item);
}

static bool read_plain(const struct log_reader *r, struct names *names, struct row *row)
{
	struct table *t = r->t;
	if (!read_id(t, r->item, names->items, &row->item) || !read_probabilities(r, row) ||
	    !table_double(t, r->reward, &row->reward))
		return false;
	if (r->columns->positions && !read_id(t, r->position, names->positions, &row->position))
		return false;
	if (r->played >= 0 && table_field(t, (size_t)r->played).n)
		row->played = strmap_add(names->items, table_field(t, (size_t)r->played));
	return !r->columns->sessions || table_time(t, r->timestamp, r->columns->unit, &row->time);
}

void log_read(struct log_reader *r, struct names *names, struct log *log)
{
	const struct log_columns *c = r->columns;
	struct table *t = r->t;
	struct strmap *sessions = strmap_new();
	struct buffer key = {0};
	log->has_users = r->user >= 0;
	log->has_played = r->played >= 0;
	while (table_next(t)) {
		struct row row = {.user = STRMAP_NONE, .item = STRMAP_NONE, .position = STRMAP_NONE,
				  .played = STRMAP_NONE, .session = STRMAP_NONE};
		if (log->has_users && !read_id(t, (size_t)r->user, names->users, &row.user))
			continue;
		if (!(c->events ? read_event(r, names, &row) : read_plain(r, names, &row)))
			continue;
		struct span who = log->has_users ? table_field(t, (size_t)r->user) : table_row(t);
		row.fold = (uint16_t)(hash_row(c->seed, who, span_of("fold")) % c->folds);
		if (r->session >= 0)
			row.session = session_number(sessions, &key, row.user, table_field(t, (size_t)r->session));
		log->rows = memory_grow(log->rows, &log->capacity, log->n + 1, sizeof *log->rows);
		log->rows[log->n++] = row;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	progress_clear();
	rank_sessions(log, sessions);
	buffer_free(&key);
}

/* ---- order ---- */

struct ranks names_in_order(struct names *names)
{
	struct ranks r;
	names->users = strmap_in_order(names->users, &r.user);
	names->items = strmap_in_order(names->items, &r.item);
	names->positions = strmap_in_order(names->positions, &r.position);
	return r;
}

void ranks_free(struct ranks *ranks)
{
	free(ranks->user);
	free(ranks->item);
	free(ranks->position);
}

void log_renumber(struct log *log, const struct ranks *ranks)
{
	for (size_t i = 0; i < log->n; i++) {
		struct row *row = &log->rows[i];
		row->user = strmap_renumbered(row->user, ranks->user);
		row->item = strmap_renumbered(row->item, ranks->item);
		row->played = strmap_renumbered(row->played, ranks->item);
		row->position = strmap_renumbered(row->position, ranks->position);
	}
}

static int by_all(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	COMPARE(x->user, y->user);
	COMPARE(x->time, y->time);
	COMPARE(x->last, y->last);
	COMPARE(x->played, y->played);
	COMPARE(x->item, y->item);
	COMPARE(x->position, y->position);
	COMPARE(x->probability, y->probability);
	COMPARE(x->target, y->target);
	COMPARE(x->reward, y->reward);
	COMPARE(x->fold, y->fold);
	COMPARE(x->session, y->session);
	return 0;
}

void log_sort(struct log *log)
{
	if (log->n > 1)
		qsort(log->rows, log->n, sizeof *log->rows, by_all);
	for (size_t i = 0; !log->has_users && i < log->n; i++)
		log->rows[i].user = (uint32_t)i;
}

static int by_session(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	COMPARE(x->session, y->session);
	return by_all(a, b);
}

void log_sort_sessions(struct log *log)
{
	if (log->n > 1)
		qsort(log->rows, log->n, sizeof *log->rows, by_session);
}

/* ---- what was heard of each recommendation ---- */

/* Takes out what recommends nothing and, counted, what was not heard; with `lost`, whole sessions. */
static void keep_heard(struct log *log, const bool *lost, const uint32_t *chain)
{
	size_t kept = 0;
	for (size_t i = 0; i < log->n; i++) {
		struct row row = log->rows[i];
		bool unheard = isnan(row.reward);
		if (row.item == STRMAP_NONE)
			continue;
		log->unheard += unheard;
		row.session = chain[i];
		if (!unheard && !(lost && lost[chain[i]]))
			log->rows[kept++] = row;
	}
	log->n = kept;
}

void log_number_sessions(struct log *log)
{
	uint32_t most = 0, n = 0;
	for (size_t i = 0; i < log->n; i++)
		most = log->rows[i].session > most ? log->rows[i].session : most;
	uint32_t *number = memory_new((size_t)most + 1, sizeof *number);
	memset(number, 0xff, ((size_t)most + 1) * sizeof *number);
	for (size_t i = 0; i < log->n; i++) {
		uint32_t *session = &log->rows[i].session;
		if (number[*session] == STRMAP_NONE)
			number[*session] = n++;
		*session = number[*session];
	}
	log->sessions = n;
	free(number);
}

void log_chain(struct log *log, int64_t wait_ms, bool whole)
{
	uint32_t *chain = memory_new(log->n + 1, sizeof *chain), chains = 0;
	bool named = log->n && log->rows[0].session != STRMAP_NONE;
	if (named) {
		log_number_sessions(log);
		chains = log->sessions;
	}
	struct heard_waiting w = {.n = 0};
	for (size_t i = 0; i < log->n; i++) {
		struct row *event = &log->rows[i];
		double share = event->reward;
		event->reward = NAN; /* not known yet */
		const struct heard_event heard = {event->time, event->user, event->session, event->played,
			event->item};
		size_t from = heard_follow(&w, i, &heard, wait_ms);
		chain[i] = named ? event->session : from < log->n ? chain[from] : chains++;
		if (from < log->n)
			log->rows[from].reward = share;
	}
	bool *lost = whole ? memory_zero((size_t)chains + 1, sizeof *lost) : NULL;
	for (size_t i = 0; whole && i < log->n; i++)
		lost[chain[i]] |= log->rows[i].item != STRMAP_NONE && isnan(log->rows[i].reward);
	keep_heard(log, lost, chain);
	log_number_sessions(log);
	free(lost);
	free(chain);
}

void log_free(struct log *log)
{
	free(log->rows);
}
