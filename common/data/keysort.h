/* keysort.h - numbered keys in the order of their bytes, all of them or range by range.
 *
 * Keys are put to places in any order; then what lies in a range of places is sorted there. So threads
 * may sort ranges of their own, when no key of one range belongs into another.
 */
#ifndef RECPIPE_DATA_KEYSORT_H
#define RECPIPE_DATA_KEYSORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

struct keysort {
	struct span *key;  /* by number */
	uint32_t *order;   /* numbers, by place */
	uint64_t *head;    /* of the key that is at the place; scratch afterwards */
};

/* Room for keys of the numbers 0 ... n - 1, and as many places. */
struct keysort keysort_new(size_t n);
void keysort_free(struct keysort *s);

/* Eight bytes of a key from `depth` on as a number that sorts as they do; zeros where the key has
 * ended. */
static inline uint64_t keysort_head(struct span key, size_t depth)
{
	uint64_t value = 0;
	if (key.n > depth)
		memcpy(&value, key.at + depth, key.n - depth < 8 ? key.n - depth : 8);
	return __builtin_bswap64(value);
}

/* Puts a key at a place, to be sorted from `depth` on. */
static inline void keysort_put(struct keysort *s, size_t place, uint32_t number, struct span key,
			       size_t depth)
{
	s->key[number] = key;
	s->order[place] = number;
	s->head[place] = keysort_head(key, depth);
}

/* Sorts the places begin ... end - 1 by their keys, which differ, and are the same before `depth`:
 * that with which they were put. */
void keysort_range(const struct keysort *s, size_t begin, size_t end, size_t depth);

#endif
