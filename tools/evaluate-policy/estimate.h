/* estimate.h - what a policy would have earned, from the rows of another one.
 *
 * With a row's weight w = p(item) / q(item), the policy's probability by the log's, its reward r, and
 * the guessed reward g of what was recommended and e of what the policy would recommend (expected):
 *
 *	ipw     mean of w r                          Horvitz and Thompson 1952
 *	snipw   sum of w r / sum of w                Swaminathan and Joachims 2015
 *	dm      mean of e
 *	dr      mean of e + w (r - g)                Dudik, Langford and Li 2011
 *	sndr    mean of e + sum of w (r - g) / sum of w
 *
 * Of whole sessions the weight of a step is the product of those up to it (per-decision importance
 * sampling, Precup, Sutton and Singh 2000); snipw divides by the mean weight at each step (weighted
 * per-decision, Thomas 2015), in which a session that has ended keeps its last weight and earns 0.
 *
 * Standard errors are those of the estimators' influence functions, summed by user: the users are
 * independent, a user's rows are not.
 */
#ifndef RECPIPE_EVALUATE_POLICY_ESTIMATE_H
#define RECPIPE_EVALUATE_POLICY_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum estimator { ESTIMATE_IPW, ESTIMATE_SNIPW, ESTIMATE_DM, ESTIMATE_DR, ESTIMATE_SNDR, ESTIMATORS };
extern const char *const ESTIMATOR_NAMES[ESTIMATORS];

/* A row, or a session: its weight is then that of its last step. */
struct weighed {
	uint32_t user;
	double reward, weight;
	double weighted;        /* w r; of a session the sum over its steps */
	double guess, expected; /* g, e */
	double never;           /* of what the policy recommends, the share that the log does not have */
};

/* Sums of a user. */
struct sums {
	double n, reward, weight, weighted, expected, surprise; /* surprise: of w (r - g) */
};

struct overlap {
	uint64_t rows;          /* or sessions */
	uint32_t users;
	double effective;       /* (sum of w)^2 / sum of w^2: Kish 1965 */
	double largest;         /* weight */
	double mean_weight, mean_weight_stderr; /* 1, but for chance, where the log's probabilities are right */
	double never;           /* mean */
};

/* All that was seen, by user. */
struct evidence {
	struct sums *user;
	size_t n, capacity;
	struct sums all;
	double squares, largest, never; /* sum of w^2, largest w, sum of never */
	double *steps_value;    /* sessions, snipw: the value, and each user's influence; NULL: rows */
	double *influence;
};

/* Adds a row of the user that came last, or of a new one. */
void evidence_add(struct evidence *e, const struct weighed *w, bool new_user);
struct overlap evidence_overlap(const struct evidence *e);
void evidence_free(struct evidence *e);

/* nan: there is none. */
struct estimate {
	double value, stderr_value, low, high;
	double logged;          /* mean reward of the log */
	double difference, difference_low, difference_high;
	double relative, relative_low, relative_high; /* difference by the size of `logged` */
	double margin;          /* lower end of the interval of value - (1 + gate) logged */
};

struct estimate_settings {
	double alpha, gate;     /* gate: a relative change, -0.05 */
	int64_t resamples;      /* 0: no bootstrap, the influence functions */
	uint64_t seed;
};

struct estimate estimate(const struct evidence *e, enum estimator which, const struct estimate_settings *s);

#endif
