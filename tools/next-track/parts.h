/* parts.h - what next-track is made of: lists and choices, Redis, the events log. */
#ifndef RECPIPE_NEXT_TRACK_PARTS_H
#define RECPIPE_NEXT_TRACK_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "data/strmap.h"
#include "domain/assignment.h"
#include "domain/catalogue.h"
#include "services/redis.h"
#include "streams/output.h"

/* ---- lists and choices (choose.c) ---- */

enum recommender { BY_INDEXED, BY_POPULAR, BY_STICKY, BY_RANDOM, RECOMMENDERS };
extern const char *const RECOMMENDER_NAMES[RECOMMENDERS];

/* Recommenders that are asked one after the other; `random` is always the last. */
struct chain {
	enum recommender by[RECOMMENDERS];
	size_t n;
};

/* Parses "indexed,popular". False: not a list of recommenders. */
bool chain_parse(struct chain *chain, const char *text);
void chain_add(struct chain *chain, enum recommender by);
bool chain_has(const struct chain *chain, enum recommender by);

enum pick { PICK_UNIFORM, PICK_RANK, PICK_SOFTMAX };

/* A list of items, best first: numbers in `ids`, or spans. */
struct list {
	uint32_t n;
	const uint32_t *numbers;
	const struct strmap *ids;
	const struct span *spans;
};

struct choice {
	struct span item;
	uint32_t rank;         /* 0: none */
	double probability;
};

/* How one is picked from a list: all that the lists share. */
struct picker {
	enum pick how;
	double temperature;
	const struct catalogue *catalogue; /* or NULL: nothing is known of items */
	double *weights;
	size_t capacity;
};

/* Picks an item that is not `played`, and that may be offered as far as the
 * catalogue knows; `bits` are the 64 random ones. False: there is none. */
bool pick_from(struct picker *p, const struct list *list, struct span played, uint64_t bits,
	       struct choice *choice);

/* An item of the catalogue, each with the same chance. False: it is empty. */
bool pick_random(const struct catalogue *c, uint64_t bits, struct choice *choice);

/* Another item by the artist of `played`. */
struct artists;
struct artists *artists_new(const struct catalogue *c);
bool pick_sticky(const struct artists *a, struct span played, uint64_t bits,
		 struct choice *choice);
void artists_free(struct artists *a);

/* All the lists of a top-N file. */
struct lists;
struct lists *lists_read(const char *path);
bool lists_find(const struct lists *lists, struct span user, struct list *list);
void lists_free(struct lists *lists);

/* The ids in the column `item` of a table, in order. */
struct ids {
	struct buffer text;    /* TAB between them */
	struct span *all;
	size_t n, capacity;
};
void ids_read(struct ids *ids, const char *path);
/* Splits text at its TABs; the text is not copied. */
void ids_split(struct ids *ids, struct span text);
void ids_free(struct ids *ids);

/* ---- Redis (remote.c) ---- */

struct remote {
	struct redis redis;
	struct redis_target target;
	char *lists, *items, *popular_key, *meta; /* keys */
	double max_age_s;            /* 0: any */
	bool own_catalogue;          /* the catalogue comes from here */
	struct catalogue *catalogue; /* of P:items */
	struct artists *artists;
	struct ids popular, split;
	char generation[64];         /* "" when nothing is live */
	int64_t published_ms;
	double looked, next_try, pause, lost_since;
	bool up, stale;
	const char *why;             /* why there are no lists: "no-server", .. */
	uint64_t lost_answers;
};

/* Connects, reads what is live. Exit 4 or 1 when the server is not there and
 * `needed`; otherwise says so and goes on without. */
void remote_open(struct remote *r, const char *url, const char *password_file,
		 const char *prefix, double deadline_s, bool needed);

/* Before a batch: connects again when it is time, and looks now and then at
 * what is live. True when the server may be asked. */
bool remote_ready(struct remote *r);

/* Sends for a user's list; the reply comes with remote_take, in this order. */
void remote_ask(struct remote *r, struct span user);

/* False: no list; r->why says why. The list is valid until the next call. */
bool remote_take(struct remote *r, struct list *list);
void remote_close(struct remote *r);

/* ---- the events log (journal.c) ---- */

struct journal;

/* Opens the log for appending; a new TSV file gets `header`. `json`: the
 * course's lines. Exit 3 when the file has another header. */
struct journal *journal_open(const char *path, bool json, const char *header);

/* Where the next event goes: one line, ended by journal_end. */
struct buffer *journal_line(struct journal *j);
void journal_end(struct journal *j);

/* Writes what there is. A full disk does not stop the service: what could not be
 * written is kept (up to 64 MB) and tried again; it is said once. */
void journal_flush(struct journal *j);

/* Opens the path anew, behind logrotate. */
void journal_reopen(struct journal *j);

/* The last attempt. False: events were lost, which has been said. */
bool journal_close(struct journal *j);

#endif
