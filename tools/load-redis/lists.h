/* lists.h - the parts of a generation as commands, in the layout that is wanted. */
#ifndef RECPIPE_LOAD_REDIS_LISTS_H
#define RECPIPE_LOAD_REDIS_LISTS_H

#include "domain/catalog.h"
#include "domain/neighbors.h"
#include "domain/topn.h"
#include "load.h"

/* Every list; returns how many. SIGINT and SIGTERM end the load cleanly. */
uint64_t lists_send(struct load *l, struct topn_reader *reader, const struct table *t);

/* The catalog as a hash of number -> item: a random number is a random item. */
void lists_send_items(struct load *l, const struct catalog *c);

/* Adds the items of the column of the table, which is closed, to `text`, with TABs between them;
 * returns how many. */
uint64_t lists_read_popular(struct table *t, size_t column, struct buffer *text);
void lists_send_popular(struct load *l, struct buffer *text);

/* The neighbors of each item that has some, as the value of the item in a hash. SIGINT and
 * SIGTERM end the load cleanly. */
void lists_send_neighbors(struct load *l, const struct neighbors *n);

/* How many items have neighbors? */
uint64_t lists_count_neighbors(const struct neighbors *n);

/* What the generation is. `input`: where it comes from. */
void lists_send_meta(struct load *l, uint64_t lists, const char *input);

/* What is staged lives for --staging-ttl from now on. Keys of users are not meant: it is
 * as if they all came at once. */
void lists_keep(struct load *l);

/* Stops here when SIGINT or SIGTERM came: nothing is published. Takes a struct load. */
void lists_heed_signals(void *load);

#endif
