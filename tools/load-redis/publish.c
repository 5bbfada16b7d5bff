#include "publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "generation.h"
#include "guard.h"
#include "keys.h"
#include "lists.h"
#include "send.h"
#include "services/redis.h"
#include "stage.h"
#include "sweep.h"
#include "transaction.h"

static const char LIVE[] = "", PREVIOUS[] = "previous", ASIDE[] = "aside";

/* ---- guards ---- */

/* Ends the load when the live number of lists would shrink by more than is allowed. */
static void check_shrink(struct load *l, uint64_t lists, const struct generation *live)
{
	char problem[256];
	uint64_t before = live->said.lists;
	if (before <= lists || (double)(before - lists) <= l->o->max_shrink * (double)before)
		return;
	snprintf(problem, sizeof problem, "%" PRIu64 " lists instead of %" PRIu64
		 " are fewer than --max-shrink allows", lists, before);
	send_give_up(l, STATUS_DATA, problem);
}

/* Reads what is live, and asks again when the connection is lost. */
static struct generation read_live(struct load *l)
{
	struct generation live;
	for (int64_t i = 0; !generation_read(&l->redis, l->o->prefix, LIVE, LOOK_DESCRIPTION, false, &live);
	     i++) {
		if (l->redis.context || i >= l->o->retries)
			send_give_up_refused(l);
		free(send_greet(l));
	}
	return live;
}

void publish_check_guards(struct load *l, uint64_t lists)
{
	const struct options *o = l->o;
	char problem[256];
	if (lists < (uint64_t)o->min_rows) {
		snprintf(problem, sizeof problem, "%" PRIu64 " lists are fewer than --min-rows %" PRId64,
			 lists, o->min_rows);
		send_give_up(l, STATUS_DATA, lists ? problem : "the input has no lists");
	}
	if (l->out || o->delta)
		return;
	struct generation live = read_live(l);
	check_shrink(l, lists, &live);
}

/* ---- a change of what is live ---- */

/* One that is tried until the server has done it, or says that it has not. */
struct change {
	unsigned staged;         /* parts that the load has, bits by enum part */
	uint64_t lists;          /* that the load has sent */
	struct generation live;  /* as it was seen by the last try */
	struct generation previous;
	char target[sizeof ((struct published *)0)->generation]; /* what is to be live */
};

static bool look(struct load *l, const char *name, enum look how, struct generation *g)
{
	if (generation_read(&l->redis, l->o->prefix, name, how, true, g))
		return true;
	if (l->redis.context)
		send_give_up_refused(l);
	return false;
}

char *publish_live_name(struct load *l)
{
	struct generation live = read_live(l);
	return memory_format("%s", live.said.generation);
}

/* Tries until it is known that the target is live; everything else ends the load. */
static void change(struct load *l, struct change *c, enum outcome (*attempt)(struct load *, struct change *))
{
	enum { CHANGES_MAX = 10 };
	int64_t losses = 0, changes = 0;
	for (;;) {
		enum outcome outcome = attempt(l, c);
		if (outcome == OUTCOME_DONE)
			return;
		if (outcome == OUTCOME_LOST) {
			if (losses++ > l->o->retries)
				send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
			free(send_greet(l));
		}
		char *live = publish_live_name(l);
		bool done = c->target[0] && strcmp(live, c->target) == 0;
		bool other = strcmp(live, c->live.said.generation) != 0;
		free(live);
		if (done)
			return; /* the reply was lost, no more */
		if (outcome == OUTCOME_LOST && l->users)
			keys_keep(l); /* it may be another server, or one that was restarted */
		if (outcome == OUTCOME_CHANGED && (other || ++changes == CHANGES_MAX))
			send_give_up(l, STATUS_UNAVAILABLE, other
				     ? "another load has published in the meantime"
				     : "the keys change while they are published");
	}
}

/* ---- publishing ---- */

/* Ends the load unless the server has all of it. */
static void check_whole(struct load *l, const struct change *c, const struct generation *own)
{
	uint64_t lists = l->users ? l->there : own->lists;
	struct buffer missing = {0};
	generation_add_missing(&missing, own, lists);
	if (l->o->publish && own->said.lists == c->lists && lists != c->lists) {
		char problem[200];
		snprintf(problem, sizeof problem, "its parts had %" PRIu64 " lists, and there are %" PRIu64
			 ": a user is in two of them, or a try that was killed had others, or the server lost some; "
			 "stage them under another name", c->lists, lists);
		send_give_up(l, STATUS_DATA, problem);
	}
	if (own->parts != c->staged || own->said.lists != c->lists || lists != c->lists || missing.n) {
		char *problem = memory_format("the server has lost what it had acknowledged: %s",
			missing.n ? buffer_text(&missing) : "the description of this generation");
		send_give_up(l, STATUS_UNAVAILABLE, problem);
	}
	buffer_free(&missing);
}

/* Counts what was loaded, and renames it over what is live. */
static enum outcome try_publish(struct load *l, struct change *c)
{
	struct generation own;
	if (l->o->publish) {
		/* Where it is not open any more, its lists may be live: they are left alone. */
		if (!stage_keep(l) || !stage_watch(l))
			return l->redis.context ? OUTCOME_CHANGED : OUTCOME_LOST;
	} else {
		lists_keep(l);
		send_drain(l);
	}
	if (!look(l, l->generation, LOOK_COUNT, &own) || !look(l, LIVE, LOOK_DESCRIPTION, &c->live) ||
	    !look(l, PREVIOUS, LOOK_DESCRIPTION, &c->previous))
		return OUTCOME_LOST;
	check_whole(l, c, &own);
	check_shrink(l, c->lists, &c->live);
	if (!transaction_begin(l))
		return OUTCOME_LOST;
	transaction_parts(l, "UNLINK", PREVIOUS, (1u << PARTS) - 1);
	if (c->previous.said.layout == LAYOUT_HASH && c->previous.said.shards > 1)
		transaction_shards(l, "UNLINK", c->previous.said.generation, c->previous.said.shards, NULL);
	transaction_renames(l, LIVE, PREVIOUS, c->live.parts);
	transaction_renames(l, l->generation, LIVE, c->staged);
	if (l->o->publish)
		stage_close(l);
	transaction_add(l, "UNLINK", l->delta, NULL);
	if (l->shard_seen)
		transaction_shards(l, "PERSIST", l->generation, (uint64_t)l->o->shards, l->shard_seen);
	transaction_parts(l, "PERSIST", LIVE, c->staged);
	return transaction_end(l);
}

/* The keys of users that belong to a generation which is not kept any more. What cannot be
 * taken away is left to its time to live. */
static void sweep_gone(struct load *l, const struct published *gone)
{
	if (!gone->generation[0] || gone->layout == LAYOUT_HASH)
		return;
	for (int64_t i = 0; !sweep_generation(&l->redis, l->o->prefix, gone->generation, gone->layout, 0); i++)
		if (l->redis.context || i >= l->o->retries || !redis_connect(&l->redis)) {
			warn("%s; the lists of the old generation are left to expire by their --ttl",
			     l->redis.problem);
			return;
		}
}

void publish(struct load *l, unsigned staged, uint64_t lists)
{
	struct change c = {.staged = staged, .lists = lists};
	snprintf(c.target, sizeof c.target, "%s", l->generation);
	if (l->users)
		keys_keep(l);
	change(l, &c, try_publish);
	l->began = false;
	guard_end(l);
	if ((c.live.parts & ~staged) >> PART_ITEMS & 1)
		warn("this generation has no catalog (--items), which the one before had");
	if ((c.live.parts & ~staged) >> PART_POPULAR & 1)
		warn("this generation has no popular list (--popular), which the one before had");
	if ((c.live.parts & ~staged) >> PART_NEIGHBORS & 1)
		warn("this generation has no neighbors (--neighbors), which the one before had");
	sweep_gone(l, &c.previous.said);
}

/* ---- and back ---- */

/* Refuses a generation that is not there, or not whole. */
static void check_previous(struct load *l, const struct generation *previous, struct strmap *keys)
{
	char shown[QUOTED_SIZE];
	struct buffer problem = {0};
	uint64_t lists = keys ? strmap_count(keys) : previous->lists;
	if (!previous->said.generation[0]) {
		buffer_format(&problem, "no previous generation under the prefix %s",
			      quoted(l->o->prefix, strlen(l->o->prefix), shown));
		send_give_up(l, STATUS_DATA, buffer_text(&problem));
	}
	generation_add_missing(&problem, previous, lists);
	if (problem.n || lists == 0) {
		char *missing = memory_format("%s", problem.n ? buffer_text(&problem) : "all lists");
		problem.n = 0;
		buffer_format(&problem, "generation %s cannot be restored, missing from it: %s",
			      quoted(previous->said.generation, strlen(previous->said.generation), shown),
			      missing);
		send_give_up(l, STATUS_DATA, buffer_text(&problem));
	}
}

/* The keys of the users get their --ttl once more: they are published now. */
static void keep_previous(struct load *l, struct strmap *keys)
{
	uint64_t there = keys_keep_named(l, keys);
	char problem[200];
	snprintf(problem, sizeof problem, "%" PRIu64 " of %" PRIu64 " lists have expired or been evicted since",
		 strmap_count(keys) - there, (uint64_t)strmap_count(keys));
	if (there != strmap_count(keys))
		send_give_up(l, STATUS_UNAVAILABLE, problem);
}

static enum outcome try_roll_back(struct load *l, struct change *c)
{
	if (!look(l, LIVE, LOOK_DESCRIPTION, &c->live) || !look(l, PREVIOUS, LOOK_COUNT, &c->previous))
		return OUTCOME_LOST;
	const struct published *said = &c->previous.said;
	struct strmap *keys = NULL;
	if (said->generation[0] && said->layout != LAYOUT_HASH) {
		keys = generation_find_keys(&l->redis, l->o->prefix, said->generation);
		if (!keys && l->redis.context)
			send_give_up_refused(l);
		if (!keys)
			return OUTCOME_LOST;
	}
	check_previous(l, &c->previous, keys);
	memcpy(c->target, said->generation, sizeof c->target);
	if (keys)
		keep_previous(l, keys);
	strmap_free(keys);
	if (!transaction_begin(l))
		return OUTCOME_LOST;
	transaction_renames(l, LIVE, ASIDE, c->live.parts);
	transaction_renames(l, PREVIOUS, LIVE, c->previous.parts);
	transaction_renames(l, ASIDE, PREVIOUS, c->live.parts);
	transaction_add(l, "UNLINK", l->delta, NULL);
	return transaction_end(l);
}

void publish_roll_back(struct load *l)
{
	struct change c = {0};
	change(l, &c, try_roll_back);
	send_finished(l);
}
