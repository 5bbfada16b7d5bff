#include "events.h"

#include <inttypes.h>

#include "base/number.h"
#include "streams/json-write.h"

void events_open(struct log *log, const struct log_options *o, const struct experiments *x, bool teams)
{
	struct buffer header = {0};
	buffer_add_text(&header, "message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation");
	for (size_t i = 0; i < x->n; i++)
		buffer_format(&header, "\t%s", x->all[i].name);
	buffer_add_text(&header, "\tsession\tstep\tsource\trank\tprobability\tgeneration\ttriggered");
	buffer_add_text(&header, teams ? "\tteam\n" : "\n");
	log_open(log, o, buffer_text(&header));
	buffer_free(&header);
}

static const char *message_of(const struct request *q)
{
	return q->last ? "last" : "next";
}

static const char *arm_of(const struct event *e, const struct experiments *x, size_t i)
{
	return x->all[i].arms[e->arms[i]].name;
}

static void add_number(struct buffer *b, double x)
{
	b->n += number_write_double(x, buffer_room(b, NUMBER_SIZE));
}

/* As the service of the course writes it: no more than that, in this order. */
static void add_json(struct buffer *b, const struct event *e, const struct experiments *x)
{
	const struct request *q = e->request;
	buffer_format(b, LOG_JSON_START "%s\", \"timestamp\": %" PRId64 ", \"user\": ", message_of(q),
		      q->timestamp_ms);
	json_write_id(b, q->user);
	buffer_add_text(b, ", \"track\": ");
	json_write_id(b, q->track);
	buffer_add_text(b, ", \"time\": ");
	json_write_number(b, q->time);
	buffer_add_text(b, ", \"latency\": ");
	add_number(b, e->latency_s);
	buffer_add_text(b, ", \"recommendation\": ");
	json_write_id(b, e->answer ? e->answer->item : (struct span){NULL, 0});
	buffer_add_text(b, ", \"experiments\": {");
	for (size_t i = 0; i < x->n; i++) {
		buffer_add_text(b, i ? ", " : "");
		json_write_string(b, span_of(x->all[i].name));
		buffer_add_text(b, ": ");
		json_write_string(b, span_of(arm_of(e, x, i)));
	}
	buffer_add_text(b, "}}\n");
}

static void add_tsv(struct buffer *b, const struct event *e, const struct experiments *x, bool teams)
{
	const struct request *q = e->request;
	const struct answer *a = e->answer;
	buffer_add_text(b, message_of(q));
	buffer_add_byte(b, '\t');
	b->n += number_write_i64(q->timestamp_ms, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, q->user);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, q->track);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, q->time);
	buffer_add_byte(b, '\t');
	add_number(b, e->latency_s);
	buffer_add_byte(b, '\t');
	if (a)
		buffer_add_span(b, a->item);
	for (size_t i = 0; i < x->n; i++) {
		buffer_add_byte(b, '\t');
		buffer_add_text(b, arm_of(e, x, i));
	}
	buffer_add_byte(b, '\t');
	b->n += number_write_i64(q->visit.session, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\t');
	b->n += number_write_u64(q->visit.step, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\t');
	if (a) {
		buffer_add_text(b, RECOMMENDER_NAMES[a->source]);
		buffer_add_text(b, a->why ? ":" : "");
		buffer_add_text(b, a->why ? a->why : "");
	}
	buffer_add_byte(b, '\t');
	if (a && a->rank)
		b->n += number_write_u64(a->rank, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\t');
	if (a)
		add_number(b, a->probability);
	buffer_add_byte(b, '\t');
	buffer_add_text(b, e->generation);
	buffer_add_text(b, !a ? "\t" : e->triggered ? "\t1" : "\t0");
	if (teams) {
		buffer_add_byte(b, '\t');
		buffer_add_text(b, a && a->team ? a->team : "");
	}
	buffer_add_byte(b, '\n');
}

void events_add(struct log *log, const struct event *e, const struct experiments *x, bool teams)
{
	if (log->o.json)
		add_json(&log->rows, e, x);
	else
		add_tsv(&log->rows, e, x, teams);
}
