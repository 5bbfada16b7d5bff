#include "requests.h"

#include <math.h>

#include "base/clock.h"
#include "domain/event.h"
#include "replies.h"

struct request_columns requests_find_columns(struct table *t, const struct options *o)
{
	struct column timestamp = option_column("timestamp", o->timestamp);
	struct request_columns c = {
		.message = table_column(t, option_column("message", o->message)),
		.user = table_column(t, option_column("user", o->user)),
		.track = table_column(t, option_column("track", o->track)),
		.time = table_column(t, option_column("time", o->time)),
		.timestamp = o->clock == 2 ? (long)table_column(t, timestamp)
			: table_optional_column(t, timestamp),
		.name = o->replies ? table_find_column(t, "request") : -1,
		.most = o->replies ? table_find_column(t, "k") : -1,
		.unit = (enum time_unit)o->timestamp_unit,
		.replies = o->replies,
	};
	c.request_clock = o->clock == 2 || (o->clock == 0 && c.timestamp >= 0);
	return c;
}

/* A list that is wanted: the k best of it. */
static bool parse_list(struct table *t, const struct request_columns *c, struct request *q)
{
	uint64_t most = 0;
	size_t of = q->kind == REQUEST_LIST ? c->user : c->track;
	q->user = table_field(t, c->user);
	q->track = table_field(t, c->track);
	if (table_field(t, of).n == 0) {
		table_reject(t, of, "an empty id");
		return false;
	}
	bool limited = c->most >= 0 && table_field(t, (size_t)c->most).n > 0;
	if (limited && !table_u64(t, (size_t)c->most, &most))
		return false;
	if (limited && most == 0) {
		table_reject(t, (size_t)c->most, "a list has at least one item");
		return false;
	}
	q->most = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
	return true;
}

static bool parse_step(struct table *t, const struct request_columns *c, struct request *q)
{
	if (!event_message(t, c->message, &q->last))
		return false;
	q->user = table_field(t, c->user);
	if (q->user.n == 0) {
		table_reject(t, c->user, "an empty id");
		return false;
	}
	q->track = table_field(t, c->track);
	q->time = table_field(t, c->time);
	double share = 1;
	if (q->time.n && !table_double(t, c->time, &share))
		return false;
	q->heard = fmin(fmax(share, 0), 1);
	if (c->request_clock)
		return table_time(t, (size_t)c->timestamp, c->unit, &q->timestamp_ms);
	q->timestamp_ms = clock_unix_ms();
	return true;
}

bool request_parse(struct table *t, const struct request_columns *c, struct request *q)
{
	*q = (struct request){.last = false};
	if (c->name >= 0)
		q->name = table_field(t, (size_t)c->name);
	if (c->replies && replies_find_kind(table_field(t, c->message), &q->kind))
		return parse_list(t, c, q);
	return parse_step(t, c, q);
}
