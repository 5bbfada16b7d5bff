/* recommender.h - a child process that answers lines with lines, over pipes.
 *
 * It runs in a process group of its own, which is killed when this program ends
 * early. Whatever goes wrong with it (it ends, is killed, closes a pipe, says
 * nothing in time, writes more than was requested) ends this program with a message
 * that quotes the last line of its standard error.
 */
#ifndef RECPIPE_SIMULATE_SESSIONS_RECOMMENDER_H
#define RECPIPE_SIMULATE_SESSIONS_RECOMMENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

struct recommender;

/* Runs `command` (words, then NULL); it is given up when it says nothing for
 * `timeout_s` seconds while something is due. Call stop_catch() before. */
struct recommender *recommender_start(char **command, double timeout_s);

/* Sends the requests as it takes them, and expects `answers` more lines. The buffer
 * is empty afterwards. */
void recommender_ask(struct recommender *r, struct buffer *requests, size_t answers);

/* No more requests: its input is closed once all are sent, and it has to end with
 * exit status 0. */
void recommender_finish(struct recommender *r);

/* Waits until one of them has said something; passes on what they write to
 * standard error. False when all have ended. */
bool recommenders_wait(struct recommender *const *all, size_t n);

/* The next line that is due, when it is there; holds until the next wait. */
bool recommender_line(struct recommender *r, struct span *line);

/* How many lines are due. */
size_t recommender_due(const struct recommender *r);

/* Frees one that has ended. */
void recommender_free(struct recommender *r);

#endif
