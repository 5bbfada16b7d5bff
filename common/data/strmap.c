#include "data/strmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

/* Keys lie one behind the other in `bytes`; key i ends at end[i]. The table has
 * slots of a key's number + 1 and the upper half of its hash, so that most
 * misses cost no look at the key. */
struct strmap {
	uint32_t count;
	char *bytes;
	size_t bytes_used, bytes_capacity;
	uint64_t *end;
	size_t end_capacity;
	struct slot {
		uint32_t number, tag;
	} *slots;
	uint64_t mask;
};

enum { FIRST_SLOTS = 1024 };

struct strmap *strmap_new(void)
{
	struct strmap *m = memory_zero(1, sizeof *m);
	m->slots = memory_zero(FIRST_SLOTS, sizeof *m->slots);
	m->mask = FIRST_SLOTS - 1;
	return m;
}

void strmap_free(struct strmap *m)
{
	if (!m)
		return;
	free(m->bytes);
	free(m->end);
	free(m->slots);
	free(m);
}

uint32_t strmap_count(const struct strmap *m)
{
	return m->count;
}

struct span strmap_key(const struct strmap *m, uint32_t number)
{
	uint64_t from = number ? m->end[number - 1] : 0;
	return (struct span){m->bytes + from, (size_t)(m->end[number] - from)};
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *slot_of(const struct strmap *m, struct span key, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	for (uint64_t at = hash & m->mask;; at = (at + 1) & m->mask) {
		struct slot *s = &m->slots[at];
		if (s->number == 0)
			return s;
		if (s->tag == tag && span_equal(strmap_key(m, s->number - 1), key))
			return s;
	}
}

static void grow(struct strmap *m)
{
	uint64_t mask = (m->mask + 1) * 2 - 1;
	free(m->slots);
	m->slots = memory_zero((size_t)mask + 1, sizeof *m->slots);
	m->mask = mask;
	for (uint32_t i = 0; i < m->count; i++) {
		struct span key = strmap_key(m, i);
		uint64_t hash = hash_table(key.at, key.n), at = hash & mask;
		while (m->slots[at].number)
			at = (at + 1) & mask;
		m->slots[at] = (struct slot){i + 1, (uint32_t)(hash >> 32)};
	}
}

uint32_t strmap_add(struct strmap *m, struct span key)
{
	uint64_t hash = hash_table(key.at, key.n);
	struct slot *s = slot_of(m, key, hash);
	if (s->number)
		return s->number - 1;
	if (m->count >= STRMAP_NONE - 1)
		die(STATUS_FAILED, "more than %u different ids", STRMAP_NONE - 1);
	m->end = memory_grow(m->end, &m->end_capacity, (size_t)m->count + 1, sizeof *m->end);
	m->bytes = memory_grow(m->bytes, &m->bytes_capacity, m->bytes_used + key.n + 1, 1);
	if (key.n)
		memcpy(m->bytes + m->bytes_used, key.at, key.n);
	m->bytes_used += key.n;
	m->end[m->count] = m->bytes_used;
	*s = (struct slot){++m->count, (uint32_t)(hash >> 32)};
	if (m->count > m->mask / 4 * 3)
		grow(m);
	return m->count - 1;
}

uint32_t strmap_find(const struct strmap *m, struct span key)
{
	const struct slot *s = slot_of(m, key, hash_table(key.at, key.n));
	return s->number ? s->number - 1 : STRMAP_NONE;
}

/* A key's first eight bytes as a number that sorts as they do. */
static uint64_t head(struct span key)
{
	uint64_t value = 0;
	memcpy(&value, key.at, key.n < 8 ? key.n : 8);
	return __builtin_bswap64(value);
}

struct entry {
	uint64_t head;
	uint32_t number;
};

static int compare(const void *a, const void *b, void *map)
{
	const struct entry *x = a, *y = b;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	return span_compare(strmap_key(map, x->number), strmap_key(map, y->number));
}

uint32_t *strmap_sorted(const struct strmap *m)
{
	struct entry *entries = memory_new((size_t)m->count + 1, sizeof *entries);
	for (uint32_t i = 0; i < m->count; i++) {
		struct span key = strmap_key(m, i);
		entries[i] = (struct entry){key.n ? head(key) : 0, i};
	}
	qsort_r(entries, m->count, sizeof *entries, compare, (void *)(uintptr_t)m);
	uint32_t *order = memory_new((size_t)m->count + 1, sizeof *order);
	for (uint32_t i = 0; i < m->count; i++)
		order[i] = entries[i].number;
	free(entries);
	return order;
}
