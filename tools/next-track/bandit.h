/* bandit.h - recommenders of which the one that is liked more answers more often.
 *
 * The reward of an answer is the share that was heard of it, where the user's next request says that
 * it was played. An arm's rewards make a Beta distribution, 1 + what was heard and 1 + what was not
 * (Agrawal and Goyal 2012); the chances of the arms follow from them (Thompson, or epsilon-greedy), and
 * an arm is drawn with its chance. Chances are kept until the rewards are 2 % more.
 *
 * The state is a table, bandit recommender answers heard, that any number of processes share: each adds
 * what it has learned under the file's lock, and reads what the others have. The file is replaced
 * as a whole.
 */
#ifndef RECPIPE_NEXT_TRACK_BANDIT_H
#define RECPIPE_NEXT_TRACK_BANDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

/* Rewards are counted in millionths, so that sums do not depend on their order. */
#define BANDIT_UNIT 1e6

struct bandit_arm {
	const char *name;
	uint64_t answers, heard;             /* in the state, when it was read last */
	uint64_t new_answers, new_heard;     /* since */
	uint64_t read_answers, read_heard;   /* what bandits_parse found */
	bool read;                           /* it found a row */
	double chance;
};

struct bandit {
	char *name;                          /* "indexed+popular" */
	struct bandit_arm *arms;
	size_t n;
	double next;                         /* the chances are computed again with so many answers */
};

struct bandit_options {
	const char *path;                    /* of the state; NULL: it is lost at the end */
	double epsilon;                      /* 0: Thompson sampling */
	double least;                        /* chance of an arm */
};

struct bandits {
	struct bandit_options o;
	struct bandit *all;
	size_t n;
	struct awaited *awaited;             /* by user */
	size_t capacity, users;
	double saved;                        /* when; clock_wall() */
	bool failed;                         /* to save, which was said */
};

/* The number of the bandit with these arms, which is new when there is none of this name. */
size_t bandits_add(struct bandits *b, struct span name, const char *const *arms, size_t n);

/* Reads the state, if there is one. Exit 3 when it is malformed, 1 when it cannot be read. */
void bandits_open(struct bandits *b, const struct bandit_options *o);

/* The chances of its arms, in arms[].chance. */
const struct bandit *bandits_chances(struct bandits *b, size_t number);

/* A user's request: what was heard of the track just played. */
void bandits_hear(struct bandits *b, uint32_t user, struct span track, double heard);

/* An arm has answered the user. */
void bandits_answered(struct bandits *b, uint32_t user, size_t number, size_t arm, struct span item);

/* Adds what is new to the state when the last time is `every_s` ago. What fails is told once, and tried
 * again. False: something is not saved. */
bool bandits_save(struct bandits *b, double every_s);

void bandits_free(struct bandits *b);

/* The rows of a state: those of these bandits into read_answers and read_heard (0 where there is none),
 * the others into `others`. False: it is malformed. */
bool bandits_parse(struct bandits *b, struct span text, struct buffer *others);

#endif
