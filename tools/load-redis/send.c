#include "send.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "discard.h"
#include "frame/run.h"
#include "guard.h"
#include "report.h"
#include "services/redis.h"
#include "stage.h"

enum { WINDOW_BYTES = 128 << 10 };

/* ---- the end of a load that fails ---- */

void send_discard(struct load *l)
{
	discard(l);
	guard_end(l);
}

/* Reads what is on its way from command number `from` on, so that it is known what was
 * done. */
static void settle(struct load *l, size_t from)
{
	for (size_t i = from; i < l->flight.n; i++) {
		redisReply *reply = redis_reply(&l->redis);
		l->inexact |= !reply;
		if (!reply)
			break;
		l->acknowledged += l->flight.commands[i].begins && reply->type != REDIS_REPLY_ERROR;
		freeReplyObject(reply);
	}
	l->flight.n = 0;
}

static struct load *unfinished;

static void discard_unfinished(void)
{
	struct load *l = unfinished;
	if (!l)
		return;
	if (l->o->delta)
		settle(l, 0);
	if (l->o->delta && (l->acknowledged || l->inexact)) {
		struct buffer b = {0};
		report_delta(l, &b);
		tell("%s", buffer_text(&b));
		buffer_free(&b);
	}
	send_discard(l);
	redis_disconnect(&l->redis);
}

void send_clean_up_at_exit(struct load *l)
{
	unfinished = l;
	if (atexit(discard_unfinished) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
}

void send_finished(struct load *l)
{
	l->began = false;
	unfinished = NULL;
	guard_end(l);
	free(l->filling.commands);
	free(l->flight.commands);
	buffer_free(&l->filling.bytes);
	buffer_free(&l->flight.bytes);
}

void send_give_up(struct load *l, enum exit_status status, const char *what)
{
	struct buffer b = {0};
	progress_clear();
	buffer_add_text(&b, what); /* before it changes: it may be l->redis.problem */
	buffer_add_text(&b, "; ");
	if (l->out) {
		buffer_add_text(&b, "nothing is published");
	} else {
		send_discard(l);
		if (l->o->delta)
			report_delta(l, &b);
		else
			report_live(l, &b);
		redis_disconnect(&l->redis);
	}
	unfinished = NULL;
	die(status, "%s", buffer_text(&b));
}

void send_give_up_refused(struct load *l)
{
	send_give_up(l, l->redis.refused ? STATUS_FAILED : STATUS_UNAVAILABLE, l->redis.problem);
}

/* What the server thinks of a command, with the line and the user, or with the item, in front. */
_Noreturn static void refuse(struct load *l, const struct command *c, enum exit_status status,
			     const char *error)
{
	char problem[700], shown[QUOTED_SIZE];
	if (c->row)
		snprintf(problem, sizeof problem, "%.100s:%" PRIu64 ": user %s%s %.250s", c->file, c->row,
			 quoted(l->flight.bytes.data + c->user, c->user_n, shown),
			 status == STATUS_DATA ? "" : ":", error);
	else if (c->user_n)
		snprintf(problem, sizeof problem, "staging the neighbors of item %s: %.300s",
			 quoted(l->flight.bytes.data + c->user, c->user_n, shown), error);
	else
		snprintf(problem, sizeof problem, "staging: %.300s", error);
	settle(l, (size_t)(c - l->flight.commands) + 1);
	send_give_up(l, status, problem);
}

/* ---- the connection ---- */

static void connect_server(struct load *l)
{
	double wait = 0.1;
	for (int64_t i = 0;; i++) {
		if (redis_connect(&l->redis))
			return;
		if (l->redis.refused && l->resume)
			refuse(l, l->resume, STATUS_FAILED, l->redis.problem);
		if (l->redis.refused || i >= l->o->retries) {
			enum exit_status status = l->redis.refused ? STATUS_FAILED : STATUS_UNAVAILABLE;
			if (l->began)
				send_give_up(l, status, l->redis.problem);
			die(status, "%s", l->redis.problem);
		}
		warn("%s; retrying in %.1f s", l->redis.problem, wait);
		clock_sleep(wait);
		wait = fmin(wait * 2, 5);
	}
}

/* In a cluster all keys must be in one slot, which a part of them in braces says. */
static void check_cluster(const struct load *l, const char *info)
{
	char shown[QUOTED_SIZE], hint[QUOTED_SIZE];
	const char *prefix = l->o->prefix;
	if (!strstr(info, "redis_mode:cluster") || published_is_one_slot(prefix))
		return;
	char *braced = memory_format("{%s}", prefix);
	die(STATUS_FAILED, "%s is a Redis Cluster: the keys of the prefix %s are in several slots; use "
	    "--prefix %s", l->redis.target->name, quoted(prefix, strlen(prefix), shown),
	    quoted(braced, strlen(braced), hint));
}

/* Changes whenever the server is started. NULL: the connection is lost. */
static char *server_run_id(struct load *l)
{
	redisReply *reply = REDIS(&l->redis, "INFO", "server");
	if (!reply)
		return NULL;
	const char *info = reply->type == REDIS_REPLY_STRING ? reply->str : "";
	const char *at = strstr(info, "run_id:");
	check_cluster(l, info);
	char *id = at ? memory_text(at + 7, strcspn(at + 7, "\r\n")) : memory_text("", 0);
	freeReplyObject(reply);
	return id;
}

char *send_greet(struct load *l)
{
	for (int64_t i = 0;; i++) {
		if (i > l->o->retries)
			send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
		connect_server(l);
		char *id = server_run_id(l);
		if (id)
			return id;
	}
}

redisReply *send_hash(struct load *l, const char *key)
{
	redis_queue(&l->redis, (const char *const[]){"HGETALL", key, NULL});
	redisReply *pairs = redis_good_reply(&l->redis, "HGETALL");
	if (!pairs)
		send_give_up_refused(l);
	if (!redis_is_pairs(pairs))
		send_give_up(l, STATUS_FAILED, "HGETALL: unexpected reply");
	return pairs;
}

long long send_integer(struct load *l, redisReply *reply, const char *what)
{
	if (!reply)
		send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
	long long value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
	if (reply->type == REDIS_REPLY_ERROR) {
		char problem[400];
		snprintf(problem, sizeof problem, "%s: %.300s", what, reply->str);
		bool transient = redis_is_transient(reply->str);
		freeReplyObject(reply);
		send_give_up(l, transient ? STATUS_UNAVAILABLE : STATUS_FAILED, problem);
	}
	freeReplyObject(reply);
	return value;
}

uint64_t send_count(struct load *l)
{
	long long sum = 0;
	if (!is_pointed(l->o))
		return (uint64_t)send_integer(l, REDIS(&l->redis, "HLEN", l->staging[PART_LISTS]), "HLEN");
	struct buffer name = {0};
	for (int64_t i = 0; i < l->o->shards; i++) {
		name.n = 0;
		published_shard_key(&name, l->o->prefix, l->generation, (uint64_t)i);
		sum += send_integer(l, REDIS(&l->redis, "HLEN", buffer_text(&name)), "HLEN");
	}
	buffer_free(&name);
	return (uint64_t)sum;
}

/* ---- replies ---- */

/* The connection was lost with commands on their way: connect again, see that what
 * was acknowledged is still there, and send the rest once more. */
static void recover(struct load *l, size_t from)
{
	warn("%s; what was not acknowledged is sent again", l->redis.problem);
	l->resume = from < l->flight.n ? &l->flight.commands[from] : NULL;
	char *id = send_greet(l);
	l->resume = NULL;
	bool same = strcmp(id, l->run_id) == 0;
	free(same ? id : l->run_id);
	if (!same) /* restarted: from a file that has everything? */
		l->run_id = id;
	if (!same && l->o->stage)
		send_give_up(l, STATUS_UNAVAILABLE, "the server was restarted");
	if (!same && (!l->generation || l->o->layout != LAYOUT_HASH || send_count(l) < l->acknowledged))
		send_give_up(l, STATUS_UNAVAILABLE, "the server has lost lists that it had acknowledged");
	for (size_t i = from; i < l->flight.n; i++)
		l->flight.commands[i].again = true;
	if (from < l->flight.n) {
		size_t at = l->flight.commands[from].at;
		redis_append_bytes(&l->redis, l->flight.bytes.data + at, l->flight.bytes.n - at);
	}
}

/* A list's first command tells whether its user had one in this load before: the
 * server remembers all of them, so that nobody else has to. */
static bool is_repeated(const struct load *l, const struct command *c, const redisReply *reply)
{
	if (!c->begins || c->again || l->o->delta)
		return false;
	if (l->o->layout == LAYOUT_STRING)
		return reply->type == REDIS_REPLY_NIL;
	return reply->type == REDIS_REPLY_INTEGER &&
		reply->integer == (l->o->layout == LAYOUT_HASH ? 0 : 1);
}

/* Matches each reply to the window under way with its command. */
static void take_replies(struct load *l)
{
	int64_t losses = 0;
	struct command *commands = l->flight.commands;
	for (size_t i = 0; i < l->flight.n;) {
		redisReply *reply = redis_reply(&l->redis);
		if (!reply) {
			l->inexact = l->o->delta;
			if (losses++ > l->o->retries)
				send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
			while (i > 0 && commands[i].row && !commands[i].begins)
				l->acknowledged -= commands[--i].begins;
			recover(l, i);
			continue;
		}
		if (reply->type == REDIS_REPLY_ERROR)
			refuse(l, &commands[i], redis_is_transient(reply->str) ? STATUS_UNAVAILABLE
			       : STATUS_FAILED, reply->str);
		if (is_repeated(l, &commands[i], reply))
			refuse(l, &commands[i], STATUS_DATA, "had a list before");
		if (commands[i].counts && reply->type == REDIS_REPLY_STRING)
			stage_refuse_user(l, (struct span){reply->str, reply->len});
		l->there += commands[i].counts && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
		freeReplyObject(reply);
		l->acknowledged += commands[i].begins;
		i++;
	}
	l->inexact = false;
	l->flight.n = l->flight.bytes.n = 0;
}

/* ---- commands ---- */

/* Takes the replies to the window before and sends this one: the server works on it
 * while the next one is read. */
static void send_window(struct load *l)
{
	if (l->out)
		return;
	take_replies(l);
	struct window next = l->flight;
	l->flight = l->filling;
	l->filling = next;
	redis_append_bytes(&l->redis, l->flight.bytes.data, l->flight.bytes.n);
	redis_send(&l->redis); /* when the connection is lost, the replies will tell */
}

struct command send_begin(struct load *l, size_t words)
{
	struct command c = {.at = l->filling.bytes.n};
	redis_format_command(&l->filling.bytes, words);
	return c;
}

void send_end(struct load *l, struct command c)
{
	struct window *w = &l->filling;
	if (l->out) {
		output_bytes(l->out, w->bytes.data, w->bytes.n);
		w->bytes.n = 0;
		return;
	}
	c.n = w->bytes.n - c.at;
	l->began = !l->o->stage && !l->o->publish; /* their parts stay until --staging-ttl is over */
	w->commands = memory_grow(w->commands, &w->capacity, w->n + 1, sizeof *w->commands);
	w->commands[w->n++] = c;
}

void send_words(struct load *l, size_t words, const char *const *word)
{
	struct command c = send_begin(l, words);
	for (size_t i = 0; i < words; i++)
		redis_format_word(&l->filling.bytes, word[i], strlen(word[i]));
	send_end(l, c);
}

bool send_when_full(struct load *l)
{
	bool full = l->filling.n >= (size_t)l->o->window || l->filling.bytes.n > WINDOW_BYTES;
	if (full)
		send_window(l);
	return full;
}

void send_drain(struct load *l)
{
	send_window(l);
	send_window(l);
}
