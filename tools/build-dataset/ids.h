/* ids.h - ids in the order of their bytes, sorted by several threads. */
#ifndef RECPIPE_BUILD_DATASET_IDS_H
#define RECPIPE_BUILD_DATASET_IDS_H

#include <stdint.h>

#include "base/span.h"
#include "data/shardmap.h"
#include "frame/pool.h"

/* Bytes that can be read after the last id of an array, so that short ones are copied by 16. */
enum { IDS_SLACK = 16 };

/* Ids in byte order, in one block with their text, and for each number in the map where its id is there;
 * the caller's. */
struct span *ids_in_order(const struct shardmap *map, struct pool *pool, uint32_t **rank);

#endif
