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

bool rule_needs_time(const struct rule *rule);

/* Does the rule hold out what comes late, by time or by the order of rows? */
bool rule_takes_late(const struct rule *rule);

/* Gives each pair a split, user by user, the test before validation. Pairs are sorted by
 * user, then item; for a tail they must have their places. */
void split_pairs(struct pairs *p, const struct rule *test, const struct rule *validation,
		 uint64_t seed);

#endif
