/* rules.h - which arm an id gets: registry, traffic, layers, overrides. */
#ifndef RECPIPE_AB_SPLIT_RULES_H
#define RECPIPE_AB_SPLIT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "data/strmap.h"
#include "domain/assignment.h"
#include "frame/options.h"
#include "streams/table.h"

enum { NO_ARM = -1, BUCKETS = 10000 };

struct rule {
	const struct experiment *e;
	uint32_t traffic;      /* number of buckets of ids in the experiment */
	uint32_t traffic_seed;
	long layer;            /* or -1 */
	size_t place;          /* within the layer */
};

struct layer {
	char *name;
	uint32_t seed;
	size_t n;              /* experiments */
};

struct rules {
	struct experiments registry;
	struct rule *rule;
	struct layer *layer;
	size_t n_layers;
	struct strmap *overridden;  /* id TAB experiment */
	long *override;             /* its arm */
};


/* The options that rules are made of. */
struct rule_options {
	struct option_list experiments, traffic, layers;
	const char *registry;
};

/* Usage errors and a bad registry end the program. */
struct rules rules_new(const struct rule_options *o);
void rules_free(struct rules *r);

/* Reads user, experiment, arm, and closes the table. */
void rules_read_overrides(struct rules *r, struct table *t);

/* Bucket 0 to BUCKETS - 1 of an id under a seed. */
uint32_t bucket_of(struct span id, uint32_t seed);

/* Is the id in the experiment, by its layer and traffic? */
bool rule_includes(const struct rules *r, const struct rule *rule, struct span id);

/* The arm that an override sets, or NO_ARM. */
long rule_override(const struct rules *r, const struct rule *rule, struct span id);

/* The arm of an id by its hash (or an override), or NO_ARM. */
long rules_arm(const struct rules *r, size_t experiment, struct span id);

#endif
