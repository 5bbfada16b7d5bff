/* rules.h - who answers whom: chains of recommenders, chosen by experiments. */
#ifndef RECPIPE_NEXT_TRACK_RULES_H
#define RECPIPE_NEXT_TRACK_RULES_H

#include "bandit.h"
#include "domain/assignment.h"
#include "frame/options.h"

enum recommender {
	RANDOM, POPULAR, STICKY_ARTIST, DELTA, INDEXED, CHALLENGER, SEQUENTIAL, CONTEXTUAL, SESSION, RECOMMENDERS
};
extern const char *const RECOMMENDER_NAMES[RECOMMENDERS];

/* Recommenders in the order in which they are asked. The last one is always RANDOM,
 * which always answers. */
struct chain {
	enum recommender of[RECOMMENDERS + 1];
	size_t n;                /* 0: decides nothing */
	bool interleaved;        /* the first two are teams: a draw says which answers */
	size_t arms;             /* so many first ones are the arms of a bandit; 0: there is none */
	size_t bandit;           /* its number in rules.bandits */
};

struct rules {
	struct experiments experiments;
	struct chain **chains;   /* by experiment and arm */
	struct chain usual;      /* where no experiment decides */
	bool wants_lists;        /* some chain has INDEXED, DELTA or SEQUENTIAL */
	bool wants_neighbors;    /* ... CONTEXTUAL or SESSION */
	bool interleaves;        /* some chain does */
	struct bandits bandits;  /* of all chains */
	bool names[RECOMMENDERS]; /* some chain has it, */
	bool given[RECOMMENDERS]; /* one that was given: not that of the default --recommender */
};

/* From the options: the registry's file (or NULL), --experiment, --arm, --recommender.
 * Exit 2 or 3 when they make no sense. */
void rules_set_up(struct rules *r, const char *registry, const struct option_list *experiments,
		  const struct option_list *arms, const char *recommender);

/* Fills in the arm of each experiment and returns the user's chain. `decides` becomes the
 * number of the experiment that chose it, or that of all experiments: none did. */
const struct chain *rules_choose(const struct rules *r, struct span user, size_t *arms,
				 size_t *decides);

#endif
