/* published.h - how a generation of lists lies in Redis: names of keys, what is live.
 *
 * recpipe-formats(5), "Redis", is the description; load-redis writes it, next-track
 * reads it. P is the prefix, G a generation's name.
 */
#ifndef RECPIPE_SERVICES_PUBLISHED_H
#define RECPIPE_SERVICES_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "services/redis.h"

/* Where lists are: in hashes (user to ids), or each in a key of its own, a string or a
 * Redis list. */
enum layout { LAYOUT_HASH, LAYOUT_STRING, LAYOUT_LIST, LAYOUTS };
extern const char *const LAYOUT_NAMES[LAYOUTS];

/* The parts of a generation, each a key. */
enum part { PART_LISTS, PART_ITEMS, PART_POPULAR, PART_NEIGHBORS, PART_META, PARTS };

enum { SHARDS_MAX = 4096 };

/* The key of a part: of what is live (generation ""), of "previous", of one that is being
 * loaded. The caller frees it. */
char *published_key(const char *prefix, const char *generation, enum part part);

/* P:delta, lists that changed since the last full load. The caller frees it. */
char *published_delta_key(const char *prefix);

/* Are all keys of a prefix in one slot of a cluster: is there something in braces in it? */
bool published_is_one_slot(const char *prefix);

/* Hash number `shard` of a generation in several, and a user's own key: added to `key`. */
void published_shard_key(struct buffer *key, const char *prefix, const char *generation,
			 uint64_t shard);
void published_user_key(struct buffer *key, const char *prefix, const char *generation,
			struct span user);

/* The number of the hash that a user's list is in. */
uint64_t published_shard_of(struct span user, uint64_t shards);

/* What P:meta says of a generation. */
struct published {
	char generation[80];     /* "": nothing is live */
	int64_t published_ms;    /* 0: not known */
	enum layout layout;
	uint64_t shards;         /* hashes that the lists are in; 1: P:lists itself */
	uint64_t items;          /* in P:items */
	uint64_t neighbors;      /* items that have some, in P:neighbors */
	uint64_t lists, popular; /* 0 where published_ask asked */
};

/* Asks for it; the reply goes to published_read. published_ask_all: with the fields that
 * only who publishes needs. */
void published_ask(struct redis *r, const char *key_meta);
void published_ask_all(struct redis *r, const char *key_meta);
/* False: the reply is an error, or something else than a description. */
bool published_read(const redisReply *reply, struct published *p);

/* Are a user's lists of these two found in the same place? */
bool published_same_place(const struct published *a, const struct published *b);

/* Asks for the neighbors of items, n > 0: one command, so all are of one generation. The reply: an
 * array with, for each, a string `neighbor weight neighbor weight ...` with TABs between them, or nil. */
void published_ask_neighbors(struct redis *r, const char *key_neighbors, const struct span *items, size_t n);

/* The next neighbor of such a string, of which `rest` is left; false at the end, and where it goes on
 * otherwise: an empty id, a weight that is not a finite number, too large for single precision, or not
 * there. */
bool published_next_neighbor(struct span *rest, struct span *neighbor, float *weight);

/* Asks for the name of what is live; the reply: a string, or nil. */
void published_ask_name(struct redis *r, const char *key_meta);

/* Asks for the list of a user. `key` is scratch, `key_lists` P:lists. The reply: a string
 * of ids with TABs between them, an array of ids, or nil. */
void published_ask_list(struct redis *r, const struct published *p, const char *prefix,
			const char *key_lists, struct span user, struct buffer *key);

#endif
