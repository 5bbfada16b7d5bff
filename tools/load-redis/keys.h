/* keys.h - the users' own keys of --layout string and list: remembered while they are
 * loaded, given their time to live and counted at the end.
 *
 * While a load is under way they live for --staging-ttl, so that one that is killed
 * leaves nothing for long. The ids wait in a temporary file: memory does not grow with
 * the number of users.
 */
#ifndef RECPIPE_LOAD_REDIS_KEYS_H
#define RECPIPE_LOAD_REDIS_KEYS_H

#include "data/strmap.h"
#include "load.h"

/* Remembers a user. */
void keys_remember(struct load *l, struct span user);

/* Gives every key its --ttl; the replies count, one by one, which keys are there. Ends
 * the load (exit 4) unless these are all. */
void keys_keep(struct load *l);

/* The same for keys that are known by name, without ending
 * anything: how many are there. */
uint64_t keys_keep_named(struct load *l, const struct strmap *keys);

/* Closes the file of ids. */
void keys_forget(struct load *l);

#endif
