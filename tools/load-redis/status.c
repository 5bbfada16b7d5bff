#include "status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "publish.h"
#include "services/redis.h"
#include "send.h"

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

void status_show(struct load *l)
{
	char *meta = published_key(l->o->prefix, "", PART_META);
	char *previous = published_key(l->o->prefix, "previous", PART_META);
	redisReply *reply = REDIS(&l->redis, "HGETALL", meta);
	if (!reply)
		send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
	if (reply->type != REDIS_REPLY_ARRAY)
		die(STATUS_FAILED, "%s: %s", meta, reply->type == REDIS_REPLY_ERROR ? reply->str
		    : "is no description of a generation");
	if (reply->elements == 0)
		die(STATUS_DATA, "nothing is live under the prefix '%s'", l->o->prefix);
	redisReply *generation = REDIS(&l->redis, "HGET", previous, "generation");
	if (!generation)
		send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
	struct output *out = output_open(l->o->common.output, false);
	output_text(out, "name\tvalue");
	output_end_row(out);
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		write_pair(out, reply->element[i], reply->element[i + 1]);
	bool has_previous = generation->type == REDIS_REPLY_STRING;
	write_row(out, "previous", has_previous ? (struct span){generation->str, generation->len}
		  : span_of(""));
	output_text(out, "delta\t");
	output_i64(out, send_integer(l, REDIS(&l->redis, "HLEN", l->delta), "HLEN"));
	output_end_row(out);
	output_close(out);
	freeReplyObject(generation);
	freeReplyObject(reply);
	free(previous);
	free(meta);
}
