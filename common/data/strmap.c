#include "data/strmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/radix.h"

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

static uint32_t add_hashed(struct strmap *m, struct span key, uint64_t hash)
{
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
static void fetch_ahead(const struct strmap *m, const struct span *key, size_t n, uint64_t *hash)
{
	uint32_t number[AHEAD];
	for (size_t i = 0; i < n; i++) {
		hash[i] = hash_table(key[i].at, key[i].n);
		__builtin_prefetch(&m->slots[hash[i] & m->mask]);
	}
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
		fetch_ahead(m, keys + from, some, hash);
		for (size_t i = 0; i < some; i++)
			numbers[from + i] = add_hashed(m, keys[from + i], hash[i]);
	}
}

void strmap_find_many(const struct strmap *m, const struct span *keys, size_t n, uint32_t *numbers)
{
	uint64_t hash[AHEAD];
	for (size_t from = 0; from < n; from += AHEAD) {
		size_t some = n - from < AHEAD ? n - from : AHEAD;
		fetch_ahead(m, keys + from, some, hash);
		for (size_t i = 0; i < some; i++) {
			const struct slot *s = slot_of(m, keys[from + i], hash[i]);
			numbers[from + i] = s->number ? s->number - 1 : STRMAP_NONE;
		}
	}
}

uint32_t strmap_find(const struct strmap *m, struct span key)
{
	const struct slot *s = slot_of(m, key, hash_table(key.at, key.n));
	return s->number ? s->number - 1 : STRMAP_NONE;
}

/* Eight bytes of a key from `depth` on as a number that sorts as they do; zeros
 * where the key has ended. */
static uint64_t head(struct span key, size_t depth)
{
	uint64_t value = 0;
	if (key.n > depth)
		memcpy(&value, key.at + depth, key.n - depth < 8 ? key.n - depth : 8);
	return __builtin_bswap64(value);
}

struct sorting {
	const struct strmap *map;
	uint64_t *heads;   /* of the keys in `order`, at the depth that is being sorted */
	uint32_t *order;
};

static int compare(const void *a, const void *b, void *map)
{
	return span_compare(strmap_key(map, *(const uint32_t *)a),
			    strmap_key(map, *(const uint32_t *)b));
}

/* Sorts keys whose bytes before `depth` are equal: by their next eight bytes, then
 * each run of equal ones by the next bytes. Keys that end inside these bytes
 * come first in their run, the shortest before the others: they differ in length
 * alone, so there are nine at most. */
static void sort_from(const struct sorting *s, size_t begin, size_t end, size_t depth)
{
	enum { FEW = 1024 };
	while (end - begin > FEW) {
		size_t rest_begin = begin, rest_end = begin;
		for (size_t i = begin; i < end; i++)
			s->heads[i] = head(strmap_key(s->map, s->order[i]), depth);
		radix_sort(s->heads + begin, s->order + begin, end - begin);
		depth += 8;
		for (size_t from = begin, to; from < end; from = to) {
			for (to = from + 1; to < end && s->heads[to] == s->heads[from]; to++)
				;
			if (to - from == 1)
				continue;
			size_t ended = from;
			for (size_t i = from; i < to; i++) {
				uint32_t number = s->order[i];
				size_t n = strmap_key(s->map, number).n, j = ended;
				if (n > depth)
					continue;
				s->order[i] = s->order[ended];
				for (; j > from && strmap_key(s->map, s->order[j - 1]).n > n; j--)
					s->order[j] = s->order[j - 1];
				s->order[j] = number;
				ended++;
			}
			/* The longest run is left to the loop: the stack stays low however
			 * long the ids' common beginning is. */
			size_t smaller_begin = ended, smaller_end = to;
			if (to - ended > rest_end - rest_begin) {
				smaller_begin = rest_begin;
				smaller_end = rest_end;
				rest_begin = ended;
				rest_end = to;
			}
			if (smaller_end - smaller_begin > 1)
				sort_from(s, smaller_begin, smaller_end, depth);
		}
		begin = rest_begin;
		end = rest_end;
	}
	if (end - begin > 1)
		qsort_r(s->order + begin, end - begin, sizeof *s->order, compare,
			(void *)(uintptr_t)s->map);
}

uint32_t *strmap_sorted(const struct strmap *m)
{
	struct sorting s = {.map = m};
	s.heads = memory_new((size_t)m->count + 1, sizeof *s.heads);
	s.order = memory_new((size_t)m->count + 1, sizeof *s.order);
	for (uint32_t i = 0; i < m->count; i++)
		s.order[i] = i;
	sort_from(&s, 0, m->count, 0);
	free(s.heads);
	return s.order;
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
