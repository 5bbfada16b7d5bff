/* staged.h - the generations of which parts are there, and that are not published: for --status. */
#ifndef RECPIPE_LOAD_REDIS_STAGED_H
#define RECPIPE_LOAD_REDIS_STAGED_H

#include "data/strmap.h"
#include "load.h"

/* Their names. NULL, with a warning, where the user may not look for keys (SCAN). */
struct strmap *staged_find(struct load *l);

/* Rows name value of each, in the order of the names: staged NAME (parts that are there, as 2/16),
 * staged_missing NAME (the first parts that are not), staged_seconds NAME (since the first came). */
void staged_write(struct load *l, const struct strmap *names, struct output *out);

#endif
