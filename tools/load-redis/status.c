#include "status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "generation.h"
#include "report.h"
#include "send.h"
#include "staged.h"
#include "services/redis.h"

static void write_row(struct output *out, const char *name, struct span value)
{
	output_text(out, name);
	output_tab(out);
	output_span(out, value);
	output_end_row(out);
}

/* A name and its value; the time for people, too. */
static void write_pair(struct output *out, const redisReply *name, const redisReply *value)
{
	int64_t ms;
	write_row(out, name->str, (struct span){value->str, value->len});
	if (strcmp(name->str, "published_ms") != 0 || number_i64(value->str, value->len, &ms) != NUMBER_OK)
		return;
	char text[32];
	struct tm parts;
	time_t seconds = (time_t)(ms / 1000);
	if (gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
		write_row(out, "published", span_of(text));
}

static redisReply *read_description(struct load *l)
{
	char *meta = published_key(l->o->prefix, "", PART_META);
	redisReply *reply = send_hash(l, meta);
	free(meta);
	return reply;
}

/* What a description says is its generation. */
static bool is_of(const redisReply *description, const char *generation)
{
	for (size_t i = 0; i + 1 < description->elements; i += 2)
		if (strcmp(description->element[i]->str, "generation") == 0)
			return strcmp(description->element[i + 1]->str, generation) == 0;
	return !*generation;
}

static void write_missing(struct output *out, const char *name, const struct generation *g)
{
	struct buffer missing = {0};
	generation_add_missing(&missing, g, g->lists);
	write_row(out, name, (struct span){missing.data, missing.n});
	buffer_free(&missing);
}

static void read_whole(struct load *l, const char *name, struct generation *g)
{
	if (!generation_read_whole(&l->redis, l->o->prefix, name, true, g))
		send_give_up_refused(l);
}

static void write_table(struct load *l, const redisReply *description, const struct generation *live,
			const struct strmap *staged)
{
	struct generation previous;
	read_whole(l, "previous", &previous);
	long long delta = send_integer(l, REDIS(&l->redis, "HLEN", l->delta), "HLEN");
	struct output *out = output_open(l->o->common.output, false);
	output_text(out, "name\tvalue");
	output_end_row(out);
	for (size_t i = 0; i + 1 < description->elements; i += 2)
		write_pair(out, description->element[i], description->element[i + 1]);
	write_missing(out, "missing", live);
	write_row(out, "previous", span_of(previous.said.generation));
	write_missing(out, "previous_missing", &previous);
	output_text(out, "delta\t");
	output_i64(out, delta);
	output_end_row(out);
	staged_write(l, staged, out);
	output_close(out);
}

/* Nothing is live: what is staged, if there is something. */
static void write_staged_alone(struct load *l, const struct strmap *staged)
{
	if (!staged || strmap_count(staged) == 0)
		return;
	struct output *out = output_open(l->o->common.output, false);
	output_text(out, "name\tvalue");
	output_end_row(out);
	staged_write(l, staged, out);
	output_close(out);
}

void status_show(struct load *l)
{
	enum { TRIES = 10 };
	struct generation live;
	struct buffer problem = {0};
	redisReply *description;
	for (int i = 0; i < TRIES; i++) { /* others may publish meanwhile */
		read_whole(l, "", &live);
		description = read_description(l);
		if (is_of(description, live.said.generation) || i + 1 == TRIES)
			break;
		freeReplyObject(description);
	}
	struct strmap *staged = staged_find(l);
	if (!live.said.generation[0]) {
		write_staged_alone(l, staged);
		report_live(l, &problem);
		die(STATUS_DATA, "%s", buffer_text(&problem));
	}
	write_table(l, description, &live, staged);
	freeReplyObject(description);
	strmap_free(staged);
	generation_add_missing(&problem, &live, live.lists);
	if (problem.n == 0)
		return;
	problem.n = 0;
	buffer_add_text(&problem, "live is ");
	report_generation(&problem, &live, (int64_t)live.lists);
	die(STATUS_DATA, "%s", buffer_text(&problem));
}
