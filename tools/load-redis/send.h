/* send.h - commands to the server, a window at a time; each reply is matched with its list.
 *
 * A window is sent while the next one is filled. When the connection is lost it is made
 * again, and what was not acknowledged is sent once more, a list from its first command
 * on: whatever is done twice comes to the same.
 */
#ifndef RECPIPE_LOAD_REDIS_SEND_H
#define RECPIPE_LOAD_REDIS_SEND_H

#include "load.h"

/* Connects, with back-off, and learns which server this is (the caller frees its name);
 * exit 1 when it refuses, or is a cluster that the prefix does not suit; 4 when it is not
 * there. */
char *send_greet(struct load *l);

/* A command in the window: begun, its words added to l->filling.bytes, ended. */
struct command send_begin(struct load *l, size_t words);
void send_end(struct load *l, struct command c);

/* The same by words. */
void send_words(struct load *l, size_t words, const char *const *word);
#define SEND(l, ...) send_words(l, sizeof((const char *const[]){__VA_ARGS__}) / \
	sizeof(const char *), (const char *const[]){__VA_ARGS__})

/* Between lists: sends the window when it is full, and says so. */
bool send_when_full(struct load *l);

/* Until everything is acknowledged. */
void send_drain(struct load *l);

/* How many lists of this load the server has in hashes. */
uint64_t send_count(struct load *l);

/* The integer of a reply, which is freed; an error ends the load. */
long long send_integer(struct load *l, redisReply *reply, const char *what);

/* The names and values of a hash, which the caller frees; any other reply ends the load. */
redisReply *send_hash(struct load *l, const char *key);

/* Takes what was staged so far away again, as far as the server can be reached; leaves a
 * new connection, or none. */
void send_discard(struct load *l);

/* Ends the load: takes what was staged away again, says why, and what is live now, which
 * the server is asked for. */
_Noreturn void send_give_up(struct load *l, enum exit_status status, const char *what);

/* The same after redis_good_reply: says l->redis.problem. */
_Noreturn void send_give_up_refused(struct load *l);

/* The same at any exit, until send_finished. */
void send_clean_up_at_exit(struct load *l);
void send_finished(struct load *l);

#endif
