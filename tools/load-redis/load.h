/* load.h - what the parts of load-redis share: the options, and a load under way. */
#ifndef RECPIPE_LOAD_REDIS_LOAD_H
#define RECPIPE_LOAD_REDIS_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "frame/options.h"
#include "services/published.h"
#include "services/redis.h"
#include "streams/output.h"

struct options {
	struct common common;
	const char *redis, *prefix, *items, *popular, *neighbors, *password_file;
	const char *user, *rank, *item;
	const char *stage, *part, *publish; /* names of generations; K/N */
	int64_t window, min_rows, retries, shards, parts;
	double max_shrink, timeout_s, staging_ttl_s, ttl_s;
	int layout;
	bool status, rollback, dry_run, emit, delta;
};

/* A command that was written and is not acknowledged yet. */
struct command {
	size_t at, n;            /* its bytes */
	uint64_t row;            /* the line of the list's first row, for messages; 0: none */
	const char *file;        /* where that is */
	size_t user, user_n;     /* the user's id among the bytes; without a row, an item's; or 0 */
	bool begins;             /* the first command of a list: sent again from here */
	bool again;              /* was on its way when a connection was lost */
	bool counts;             /* its reply is 1 when a key is there */
};

/* Commands in the form of the wire, one after another. */
struct window {
	struct buffer bytes;
	struct command *commands;
	size_t n, capacity;
};

struct load {
	const struct options *o;
	struct redis redis;
	struct output *out;      /* --emit-resp: the commands go there, and nothing is awaited */
	char *generation;        /* the name of what is being loaded */
	char *staging[PARTS];    /* its keys; with --delta the lists' is P:delta */
	char *delta;
	struct window filling;
	struct window flight;    /* the one before, which the server works on meanwhile */
	char *run_id;            /* of the server: another one may have lost keys */
	bool *shard_seen;        /* NULL: the lists are not in several hashes */
	FILE *users;             /* their ids, where they have keys of their own; or NULL */
	uint64_t n_users;
	pid_t guard;             /* a process (guard.h), or 0 */
	int guard_way;           /* to it */
	uint64_t items, popular, neighbors; /* that were sent beside the lists */
	uint64_t acknowledged;   /* lists that the server has */
	size_t queued;           /* commands of the transaction under way */
	uint64_t there;          /* replies of 1 to commands that count */
	double kept_at;          /* clock_wall() when what is staged was given its time to live */
	bool began;              /* something is staged, which goes when the load fails */
	bool committing;         /* an EXEC was sent: it may have been done without a reply */
	bool inexact;            /* more than `acknowledged` may have been done */
	const struct command *resume; /* where a lost connection left off, or NULL */
};

/* Are the lists elsewhere than in one hash? */
static inline bool is_pointed(const struct options *o)
{
	return !o->delta && (o->layout != LAYOUT_HASH || o->shards > 1);
}

#endif
