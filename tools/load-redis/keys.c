#include "keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "guard.h"
#include "send.h"
#include "streams/scratch.h"

/* ---- the file of ids ---- */

static FILE *open_file(void)
{
	FILE *f = fdopen(scratch_open(), "w+");
	if (!f)
		scratch_fail("make");
	return f;
}

void keys_remember(struct load *l, struct span user)
{
	uint32_t n = (uint32_t)user.n;
	if (!l->users)
		l->users = open_file();
	if (fwrite(&n, sizeof n, 1, l->users) != 1 || fwrite(user.at, 1, user.n, l->users) != user.n)
		scratch_fail("write");
	l->n_users++;
}

/* The next user's id, at the end of `key`. */
static void add_user(struct load *l, struct buffer *key)
{
	uint32_t n;
	if (fread(&n, sizeof n, 1, l->users) != 1 ||
	    fread(buffer_room(key, n), 1, n, l->users) != n)
		scratch_fail("read");
	key->n += n;
}

void keys_forget(struct load *l)
{
	if (l->users)
		fclose(l->users);
	l->users = NULL;
}

/* ---- their time to live ---- */

/* How many keys the server has evicted since it was started. False: it does not say, or
 * the connection is lost, which the next command handles. */
static bool read_evicted(struct load *l, uint64_t *n)
{
	redisReply *reply = REDIS(&l->redis, "INFO", "stats");
	const char *at = reply && reply->type == REDIS_REPLY_STRING
		? strstr(reply->str, "\nevicted_keys:") : NULL;
	bool read = false;
	if (at) {
		at += strlen("\nevicted_keys:");
		read = number_u64(at, strcspn(at, "\r\n"), n) == NUMBER_OK;
	}
	if (reply)
		freeReplyObject(reply);
	return read;
}

static void keep(struct load *l, struct span key, const char *seconds)
{
	struct command c = send_begin(l, 3);
	c.counts = true;
	redis_format_word(&l->filling.bytes, "EXPIRE", 6);
	redis_format_word(&l->filling.bytes, key.at, key.n);
	redis_format_word(&l->filling.bytes, seconds, strlen(seconds));
	send_end(l, c);
	send_when_full(l);
}

static uint64_t keep_all(struct load *l, const char *seconds)
{
	struct buffer key = {0};
	l->there = 0;
	if (fflush(l->users) != 0)
		scratch_fail("write");
	rewind(l->users);
	published_user_key(&key, l->o->prefix, l->generation, span_of(""));
	size_t start = key.n;
	for (uint64_t i = 0; i < l->n_users; i++) {
		key.n = start;
		add_user(l, &key);
		keep(l, (struct span){key.data, key.n}, seconds);
	}
	buffer_free(&key);
	send_drain(l);
	return l->there;
}

void keys_keep(struct load *l)
{
	enum { ROUNDS = 3 };
	char seconds[32], problem[200];
	snprintf(seconds, sizeof seconds, "%.0f", l->o->ttl_s);
	guard_start(l);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t before, after;
		bool known = read_evicted(l, &before);
		uint64_t there = keep_all(l, seconds);
		if (there != l->n_users) {
			snprintf(problem, sizeof problem, "%" PRIu64 " of %" PRIu64 " lists are missing: "
				 "the server has evicted them, or they have expired",
				 l->n_users - there, l->n_users);
			send_give_up(l, STATUS_UNAVAILABLE, problem);
		}
		if (!known || (read_evicted(l, &after) && after == before))
			return;
	}
	warn("the server evicts keys: all %" PRIu64 " lists were there when they were counted",
	     l->n_users);
}

uint64_t keys_keep_named(struct load *l, const struct strmap *keys)
{
	char seconds[32];
	snprintf(seconds, sizeof seconds, "%.0f", l->o->ttl_s);
	l->there = 0;
	for (uint32_t i = 0; i < strmap_count(keys); i++)
		keep(l, strmap_key(keys, i), seconds);
	send_drain(l);
	return l->there;
}
