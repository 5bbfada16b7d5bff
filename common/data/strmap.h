/* strmap.h - ids to dense numbers 0, 1, 2, ... in order of first appearance. */
#ifndef RECPIPE_DATA_STRMAP_H
#define RECPIPE_DATA_STRMAP_H

#include <stdint.h>

#include "base/span.h"

enum { STRMAP_NONE = 0xffffffffu };

struct strmap;

struct strmap *strmap_new(void);
void strmap_free(struct strmap *map);

/* The number of `key`, a new one when it is not in the map yet. Keys may be
 * empty and hold any byte; they are copied. At most 2^32 - 2 keys. */
uint32_t strmap_add(struct strmap *map, struct span key);

/* The same for many keys: numbers[i] is that of keys[i]. In a large map this is
 * several times faster, because the keys' places are fetched ahead of their use. */
void strmap_add_many(struct strmap *map, const struct span *keys, size_t n, uint32_t *numbers);

/* The same, of keys whose hashes (hash_table) are known. */
void strmap_add_hashed(struct strmap *map, const struct span *keys, const uint64_t *hash, size_t n,
		       uint32_t *numbers);

/* The number of `key`, or STRMAP_NONE. */
uint32_t strmap_find(const struct strmap *map, struct span key);

/* The key of a number; lives as long as the map (it may move at strmap_add). */
struct span strmap_key(const struct strmap *map, uint32_t number);

uint32_t strmap_count(const struct strmap *map);

/* The memory that the map takes. */
size_t strmap_memory(const struct strmap *map);

/* All numbers ordered by their keys' bytes: a new array of strmap_count
 * elements, owned by the caller. */
uint32_t *strmap_sorted(const struct strmap *map);

/* The same keys numbered by the order of their bytes: a new map, the old one is
 * freed. (*rank)[n] is the new number of what was n: a new array, the caller's. */
struct strmap *strmap_in_order(struct strmap *map, uint32_t **rank);

/* The new number; that of none stays. */
static inline uint32_t strmap_renumbered(uint32_t number, const uint32_t *rank)
{
	return number == STRMAP_NONE ? number : rank[number];
}

#endif
