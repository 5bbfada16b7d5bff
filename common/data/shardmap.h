/* shardmap.h - ids to numbers, as strmap.h has it, that several threads look up and add at the same time.
 *
 * Which number an id gets depends on which thread comes first: what is made of the ids must not depend on
 * their numbers. With one thread they are 0, 1, 2, ... in order of first appearance.
 */
#ifndef RECPIPE_DATA_SHARDMAP_H
#define RECPIPE_DATA_SHARDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct shardmap;

/* For so many threads. */
struct shardmap *shardmap_new(size_t threads);

/* NULL is allowed. */
void shardmap_free(struct shardmap *m);

/* numbers[i] is that of keys[i], a new one when it is not in the map yet. Any thread may. */
void shardmap_add_many(struct shardmap *m, const struct span *keys, size_t n, uint32_t *numbers);

/* How many ids there are, and the memory that they take. Any thread may. */
uint32_t shardmap_count(const struct shardmap *m);
size_t shardmap_memory(const struct shardmap *m);

/* ---- while no thread adds ---- */

/* The ids are in shards, some in each: shard s has those of the numbers shardmap_number(m, s, 0) and
 * so on. */
size_t shardmap_shards(const struct shardmap *m);
uint32_t shardmap_shard_count(const struct shardmap *m, size_t shard);
uint32_t shardmap_number(const struct shardmap *m, size_t shard, uint32_t i);

/* All numbers are below it; there may be some that no id has. */
uint32_t shardmap_end(const struct shardmap *m);

/* Stays as long as no id is added. */
struct span shardmap_key(const struct shardmap *m, uint32_t number);

#endif
