#include "staged.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/number.h"
#include "generation.h"
#include "send.h"
#include "stage.h"

/* Keys are PREFIX:NAME:stage. */
static const char END[] = ":stage";

struct search {
	struct strmap *names;
	size_t start;        /* bytes before the name */
};

static bool remember_names(redisReply **keys, size_t n, void *context)
{
	struct search *s = context;
	size_t around = s->start + strlen(END);
	for (size_t i = 0; i < n; i++) {
		if (keys[i]->len < around)
			continue;
		struct span name = {keys[i]->str + s->start, keys[i]->len - around};
		if (name.n && stage_is_name(name)) /* else of a longer prefix */
			strmap_add(s->names, name);
	}
	return true;
}

struct strmap *staged_find(struct load *l)
{
	char *start = memory_format("%s:", l->o->prefix);
	struct search s = {.names = strmap_new(), .start = strlen(start)};
	bool found = generation_scan(&l->redis, start, END, remember_names, &s);
	free(start);
	if (found)
		return s.names;
	strmap_free(s.names);
	if (!l->redis.refused)
		send_give_up_refused(l);
	warn("generations that are staged are not listed: %s", l->redis.problem);
	return NULL;
}

/* The number that a field of the record has; -1: it has none. */
static int64_t number_of(const redisReply *record, const char *field)
{
	int64_t n;
	for (size_t i = 0; i + 1 < record->elements; i += 2) {
		const redisReply *value = record->element[i + 1];
		if (strcmp(record->element[i]->str, field) == 0 &&
		    number_i64(value->str, value->len, &n) == NUMBER_OK)
			return n;
	}
	return -1;
}

static void write_name(struct output *out, const char *what, struct span name)
{
	output_text(out, what);
	output_byte(out, ' ');
	output_span(out, name);
	output_tab(out);
}

static void write_one(const redisReply *record, struct span name, struct output *out)
{
	uint64_t n_missing;
	struct buffer missing = {0};
	int64_t parts = number_of(record, "parts"), began_ms = number_of(record, "began_ms");
	if (parts < 1 || parts > STAGE_PARTS_MAX) /* it has expired meanwhile */
		return;
	stage_sum_parts(record, parts, &n_missing, &missing);
	write_name(out, "staged", name);
	output_i64(out, parts - (int64_t)n_missing);
	output_byte(out, '/');
	output_i64(out, parts);
	output_end_row(out);
	write_name(out, "staged_missing", name);
	output_span(out, (struct span){missing.data, missing.n});
	output_end_row(out);
	write_name(out, "staged_seconds", name);
	if (began_ms >= 0) /* an older load-redis did not say */
		output_i64(out, (clock_unix_ms() - began_ms) / 1000);
	output_end_row(out);
	buffer_free(&missing);
}

void staged_write(struct load *l, const struct strmap *names, struct output *out)
{
	uint32_t n = names ? strmap_count(names) : 0, *order = n ? strmap_sorted(names) : NULL;
	for (uint32_t i = 0; i < n; i++) {
		struct span name = strmap_key(names, order[i]);
		char *key = memory_format("%s:%.*s%s", l->o->prefix, (int)name.n, name.at, END);
		redisReply *record = send_hash(l, key);
		write_one(record, name, out);
		freeReplyObject(record);
		free(key);
	}
	free(order);
}
