/* sweep.h - takes the keys of a generation away that lie beside the renamed ones. */
#ifndef RECPIPE_LOAD_REDIS_SWEEP_H
#define RECPIPE_LOAD_REDIS_SWEEP_H

#include "services/published.h"

/* Unlinks a generation's hashes, or the users' own keys, which are looked for (SCAN): a
 * second for some million keys of the database. False: the rest is left to its time to
 * live, see r->problem. */
bool sweep_generation(struct redis *r, const char *prefix, const char *generation,
		      enum layout layout, uint64_t shards);

#endif
