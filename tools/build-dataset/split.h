/* split.h - which pairs are for validation and test. */
#ifndef RECPIPE_BUILD_DATASET_SPLIT_H
#define RECPIPE_BUILD_DATASET_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "pairs.h"

struct rule {
	enum rule_kind { RULE_NONE, RULE_SHARE, RULE_TAIL, RULE_LAST, RULE_AFTER } kind;
	double share;   /* of all rows; of tail: of each user's */
	int64_t number; /* N of last, TIMESTAMP of after in ms */
};

/* --test and --validation: a share, tail:SHARE, last:N or after:TIMESTAMP; NULL: nothing.
 * A usage error names `option`. */
struct rule rule_parse(const char *text, const char *option, enum time_unit unit);

/* The value of an option that is a point in time, in the input's unit or a date: in ms. */
int64_t time_option(const char *text, const char *option, enum time_unit unit);

bool rule_needs_time(const struct rule *rule);

/* Does the rule hold out what comes late, by time or by the order of rows? */
bool rule_takes_late(const struct rule *rule);

struct splitting {
	struct rule test, validation;
	uint64_t seed;
	uint64_t keep_train; /* a user with fewer train pairs than this has none held out */
	/* The users for whom that was done, and the pairs that went back to train. */
	uint64_t kept_users, kept_pairs;
};

/* Gives each pair a split, user by user, the test before validation. Pairs are sorted by
 * user, then item; for a tail they must have their places. Adds to what was kept. */
void split_pairs(struct pairs *p, struct splitting *how);

#endif
