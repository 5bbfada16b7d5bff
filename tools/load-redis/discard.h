/* discard.h - takes away what a load that ends early has staged. */
#ifndef RECPIPE_LOAD_REDIS_DISCARD_H
#define RECPIPE_LOAD_REDIS_DISCARD_H

#include "load.h"

/* As far as the server can be reached; leaves a new connection, or none. */
void discard(struct load *l);

#endif
