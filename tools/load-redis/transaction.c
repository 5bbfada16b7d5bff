#include "transaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "send.h"

bool transaction_begin(struct load *l)
{
	l->queued = 0;
	redis_queue(&l->redis, (const char *const[]){"MULTI", NULL});
	redisReply *reply = redis_good_reply(&l->redis, "MULTI");
	if (!reply && l->redis.context)
		send_give_up_refused(l);
	if (reply)
		freeReplyObject(reply);
	return reply != NULL;
}

/* Is it an error of the command itself, whatever its keys hold? */
static bool is_refusal(const char *problem)
{
	return strstr(problem, ": NOPERM ") || strstr(problem, ": ERR unknown command");
}

void transaction_try(struct load *l)
{
	struct redis *r = &l->redis;
	char *key = memory_format("%s:try", l->staging[PART_META]);
	const char *const *const commands[] = {
		(const char *const[]){"WATCH", key, NULL}, (const char *const[]){"MULTI", NULL},
		(const char *const[]){"EXEC", NULL}, (const char *const[]){"RENAME", key, key, NULL},
		(const char *const[]){"PERSIST", key, NULL}, (const char *const[]){"UNLINK", key, NULL},
	};
	for (size_t i = 0; r->context && i < sizeof commands / sizeof *commands; i++) {
		redis_queue(r, commands[i]);
		redisReply *reply = redis_good_reply(r, commands[i][0]);
		if (!reply && r->context && is_refusal(r->problem))
			send_give_up_refused(l);
		if (reply)
			freeReplyObject(reply);
	}
	free(key);
}

void transaction_add(struct load *l, const char *a, const char *b, const char *c)
{
	redis_queue(&l->redis, (const char *const[]){a, b, c, NULL});
	l->queued++;
}

void transaction_renames(struct load *l, const char *from, const char *to, unsigned mask)
{
	for (enum part p = 0; p < PARTS; p++) {
		if (!(mask >> p & 1))
			continue;
		char *a = published_key(l->o->prefix, from, p), *b = published_key(l->o->prefix, to, p);
		transaction_add(l, "RENAME", a, b);
		free(a);
		free(b);
	}
}

void transaction_parts(struct load *l, const char *command, const char *generation, unsigned mask)
{
	for (enum part p = 0; p < PARTS; p++) {
		if (!(mask >> p & 1))
			continue;
		char *name = published_key(l->o->prefix, generation, p);
		transaction_add(l, command, name, NULL);
		free(name);
	}
}

void transaction_shards(struct load *l, const char *command, const char *generation,
			uint64_t shards, const bool *only)
{
	struct buffer name = {0};
	for (uint64_t i = 0; i < shards; i++) {
		if (only && !only[i])
			continue;
		name.n = 0;
		published_shard_key(&name, l->o->prefix, generation, i);
		transaction_add(l, command, buffer_text(&name), NULL);
	}
	buffer_free(&name);
}

enum outcome transaction_end(struct load *l)
{
	size_t queued = l->queued;
	transaction_add(l, "EXEC", NULL, NULL);
	l->committing = true;
	for (size_t i = 0; i < queued; i++) { /* QUEUED; an error has EXEC do nothing */
		redisReply *reply = redis_good_reply(&l->redis, "publishing");
		if (!reply && !l->redis.context)
			return OUTCOME_LOST;
		if (!reply)
			send_give_up_refused(l);
		freeReplyObject(reply);
	}
	redisReply *reply = redis_good_reply(&l->redis, "EXEC");
	if (!reply && !l->redis.context)
		return OUTCOME_LOST;
	if (!reply)
		send_give_up_refused(l);
	if (reply->type == REDIS_REPLY_NIL) {
		freeReplyObject(reply);
		return OUTCOME_CHANGED;
	}
	bool strange = reply->type != REDIS_REPLY_ARRAY || reply->elements != queued;
	const char *problem = strange ? "EXEC: unexpected reply" : NULL;
	for (size_t i = 0; !strange && i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_ERROR)
			problem = reply->element[i]->str;
	if (problem)
		send_give_up(l, STATUS_FAILED, problem);
	freeReplyObject(reply);
	return OUTCOME_DONE;
}
