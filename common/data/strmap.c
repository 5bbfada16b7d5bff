#include "data/strmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/keysort.h"

/* Keys lie one after another in `bytes`; key i ends at end[i]. The table has
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

size_t strmap_memory(const struct strmap *m)
{
	return m->bytes_capacity + m->end_capacity * sizeof *m->end + (m->mask + 1) * sizeof *m->slots;
}

struct span strmap_key(const struct strmap *m, uint32_t number)
{
	uint64_t from = number ? m->end[number - 1] : 0;
	return (struct span){m->bytes + from, (size_t)(m->end[number] - from)};
}

static bool is_key(const struct strmap *m, uint32_t number, struct span key)
{
	struct span there = strmap_key(m, number);
	return there.n == key.n && bytes_same(there.at, key.at, key.n);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *slot_of(const struct strmap *m, struct span key, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	for (uint64_t at = hash & m->mask;; at = (at + 1) & m->mask) {
		struct slot *s = &m->slots[at];
		if (s->number == 0)
			return s;
		if (s->tag == tag && is_key(m, s->number - 1, key))
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

static uint32_t add_hashed(struct strmap *m, struct span key, uint64_t hash)
{
	struct slot *s = slot_of(m, key, hash);
	if (s->number)
		return s->number - 1;
	if (m->count >= STRMAP_NONE - 1)
		die(STATUS_FAILED, "more than %u different ids", STRMAP_NONE - 1);
	m->end = memory_grow(m->end, &m->end_capacity, (size_t)m->count + 1, sizeof *m->end);
	m->bytes = memory_grow(m->bytes, &m->bytes_capacity, m->bytes_used + key.n + 1, 1);
	bytes_copy(m->bytes + m->bytes_used, key.at, key.n);
	m->bytes_used += key.n;
	m->end[m->count] = m->bytes_used;
	*s = (struct slot){++m->count, (uint32_t)(hash >> 32)};
	if (m->count > m->mask / 4 * 3)
		grow(m);
	return m->count - 1;
}

uint32_t strmap_add(struct strmap *m, struct span key)
{
	return add_hashed(m, key, hash_table(key.at, key.n));
}

/* The key that the hash's tag speaks for, 0 when there is none, otherwise its number
 * + 1: the key itself is not looked at. */
static uint32_t likely(const struct strmap *m, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	uint64_t at = hash & m->mask;
	while (m->slots[at].number && m->slots[at].tag != tag)
		at = (at + 1) & m->mask;
	return m->slots[at].number;
}

enum { AHEAD = 32 };

/* A look-up waits for memory three times: slot, end, bytes. Each is asked for in
 * a round of its own over some keys, so that the waits overlap. What a round sees
 * may be out of date when the key is added: then only the fetch was in vain. */
static void fetch_ahead(const struct strmap *m, const uint64_t *hash, size_t n)
{
	uint32_t number[AHEAD];
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&m->slots[hash[i] & m->mask]);
	for (size_t i = 0; i < n; i++) {
		number[i] = likely(m, hash[i]);
		if (number[i])
			__builtin_prefetch(&m->end[number[i] - 1]);
	}
	for (size_t i = 0; i < n; i++)
		if (number[i])
			__builtin_prefetch(strmap_key(m, number[i] - 1).at);
}

void strmap_add_many(struct strmap *m, const struct span *keys, size_t n, uint32_t *numbers)
{
	uint64_t hash[AHEAD];
	for (size_t from = 0; from < n; from += AHEAD) {
		size_t some = n - from < AHEAD ? n - from : AHEAD;
		for (size_t i = 0; i < some; i++)
			hash[i] = hash_table(keys[from + i].at, keys[from + i].n);
		strmap_add_hashed(m, keys + from, hash, some, numbers + from);
	}
}

void strmap_add_hashed(struct strmap *m, const struct span *keys, const uint64_t *hash, size_t n,
		       uint32_t *numbers)
{
	for (size_t from = 0; from < n; from += AHEAD) {
		size_t some = n - from < AHEAD ? n - from : AHEAD;
		fetch_ahead(m, hash + from, some);
		for (size_t i = 0; i < some; i++)
			numbers[from + i] = add_hashed(m, keys[from + i], hash[from + i]);
	}
}

uint32_t strmap_find(const struct strmap *m, struct span key)
{
	const struct slot *s = slot_of(m, key, hash_table(key.at, key.n));
	return s->number ? s->number - 1 : STRMAP_NONE;
}

uint32_t *strmap_sorted(const struct strmap *m)
{
	struct keysort s = keysort_new(m->count);
	for (uint32_t i = 0; i < m->count; i++)
		keysort_put(&s, i, i, strmap_key(m, i), 0);
	keysort_range(&s, 0, m->count, 0);
	uint32_t *order = s.order;
	s.order = NULL;
	keysort_free(&s);
	return order;
}

struct strmap *strmap_in_order(struct strmap *map, uint32_t **rank)
{
	uint32_t n = strmap_count(map), *order = strmap_sorted(map);
	struct strmap *sorted = strmap_new();
	*rank = memory_new((size_t)n + 1, sizeof **rank);
	for (uint32_t i = 0; i < n; i++) {
		(*rank)[order[i]] = i;
		strmap_add(sorted, strmap_key(map, order[i]));
	}
	free(order);
	strmap_free(map);
	return sorted;
}
