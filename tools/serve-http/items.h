/* items.h - the rows of the catalog by item, as they are. */
#ifndef RECPIPE_SERVE_HTTP_ITEMS_H
#define RECPIPE_SERVE_HTTP_ITEMS_H

#include "base/buffer.h"
#include "base/failure.h"
#include "base/span.h"

struct items;

/* NULL, and why: it cannot be read, has no column item, or an item twice. */
struct items *items_read(const char *path, struct failure *why);

const struct span *items_columns(const struct items *items, size_t *n);

/* The item's fields into `fields`, which has room for them; false: there is no such item. */
bool items_find(const struct items *items, struct span item, struct span *fields);

void items_free(struct items *items);

#endif
