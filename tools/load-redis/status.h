/* status.h - what is live, since when, from which input, and whether it is whole. */
#ifndef RECPIPE_LOAD_REDIS_STATUS_H
#define RECPIPE_LOAD_REDIS_STATUS_H

#include "load.h"

/* Prints the table name value to --output; exit 3 when nothing is live, or something of it
 * is missing. */
void status_show(struct load *l);

#endif
