#include "data/shardmap.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/strmap.h"

/* The highest bits of an id's hash say in which shard it is (a table of strmap's takes the lowest ones for
 * the slot), and the lowest bits of its number do. */
struct shardmap {
	unsigned bits; /* 0: one shard, and one thread */
	struct shard {
		_Alignas(64) pthread_mutex_t lock;
		struct strmap *ids;
	} *shards;
};

enum { BITS = 3, SHARDS = 1 << BITS, SOME = 512 };

struct shardmap *shardmap_new(size_t threads)
{
	struct shardmap *m = memory_zero(1, sizeof *m);
	m->bits = threads > 1 ? BITS : 0;
	m->shards = memory_aligned(shardmap_shards(m), sizeof *m->shards);
	for (size_t s = 0; s < shardmap_shards(m); s++) {
		pthread_mutex_init(&m->shards[s].lock, NULL);
		m->shards[s].ids = strmap_new();
	}
	return m;
}

void shardmap_free(struct shardmap *m)
{
	if (!m)
		return;
	for (size_t s = 0; s < shardmap_shards(m); s++) {
		pthread_mutex_destroy(&m->shards[s].lock);
		strmap_free(m->shards[s].ids);
	}
	free(m->shards);
	free(m);
}

/* Some ids, together where they are of one shard: those of shard s begin at from[s]. */
struct sorted_ids {
	uint32_t from[SHARDS + 1];
	struct span key[SOME];
	uint64_t hash[SOME];
	uint16_t place[SOME]; /* where each was */
};

static void sort_by_shard(struct sorted_ids *to, const struct span *keys, size_t n)
{
	uint64_t hash[SOME];
	uint32_t next[SHARDS + 1] = {0};
	for (size_t i = 0; i < n; i++) {
		hash[i] = hash_table(keys[i].at, keys[i].n);
		next[(hash[i] >> (64 - BITS)) + 1]++;
	}
	for (size_t s = 0; s < SHARDS; s++)
		next[s + 1] += next[s];
	memcpy(to->from, next, sizeof next);
	for (size_t i = 0; i < n; i++) {
		uint32_t at = next[hash[i] >> (64 - BITS)]++;
		to->key[at] = keys[i];
		to->hash[at] = hash[i];
		to->place[at] = (uint16_t)i;
	}
}

/* The ids of a shard, which the caller has locked; unlocks it. */
static void add_locked(struct shardmap *m, size_t shard, const struct sorted_ids *ids, uint32_t *numbers)
{
	struct strmap *map = m->shards[shard].ids;
	uint32_t from = ids->from[shard], n = ids->from[shard + 1] - from, found[SOME];
	strmap_add_hashed(map, ids->key + from, ids->hash + from, n, found);
	bool many = strmap_count(map) > (STRMAP_NONE >> BITS) - 1;
	pthread_mutex_unlock(&m->shards[shard].lock);
	if (many)
		die(STATUS_FAILED, "more than %u different ids", STRMAP_NONE - 1);
	for (uint32_t i = 0; i < n; i++)
		numbers[ids->place[from + i]] = found[i] << BITS | (uint32_t)shard;
}

/* Shards that others have at the moment come last. */
static void add_some(struct shardmap *m, const struct span *keys, size_t n, uint32_t *numbers)
{
	struct sorted_ids ids;
	size_t later[SHARDS], n_later = 0;
	sort_by_shard(&ids, keys, n);
	for (size_t s = 0; s < SHARDS; s++) {
		if (ids.from[s] == ids.from[s + 1])
			continue;
		if (pthread_mutex_trylock(&m->shards[s].lock) == 0)
			add_locked(m, s, &ids, numbers);
		else
			later[n_later++] = s;
	}
	for (size_t i = 0; i < n_later; i++) {
		pthread_mutex_lock(&m->shards[later[i]].lock);
		add_locked(m, later[i], &ids, numbers);
	}
}

void shardmap_add_many(struct shardmap *m, const struct span *keys, size_t n, uint32_t *numbers)
{
	if (m->bits == 0) {
		strmap_add_many(m->shards->ids, keys, n, numbers);
		return;
	}
	for (size_t from = 0; from < n; from += SOME)
		add_some(m, keys + from, n - from < SOME ? n - from : SOME, numbers + from);
}

uint32_t shardmap_count(const struct shardmap *m)
{
	uint32_t count = 0;
	for (size_t s = 0; s < shardmap_shards(m); s++) {
		pthread_mutex_lock(&m->shards[s].lock);
		count += strmap_count(m->shards[s].ids);
		pthread_mutex_unlock(&m->shards[s].lock);
	}
	return count;
}

size_t shardmap_memory(const struct shardmap *m)
{
	size_t bytes = 0;
	for (size_t s = 0; s < shardmap_shards(m); s++) {
		pthread_mutex_lock(&m->shards[s].lock);
		bytes += strmap_memory(m->shards[s].ids);
		pthread_mutex_unlock(&m->shards[s].lock);
	}
	return bytes;
}

size_t shardmap_shards(const struct shardmap *m)
{
	return (size_t)1 << m->bits;
}

uint32_t shardmap_shard_count(const struct shardmap *m, size_t shard)
{
	return strmap_count(m->shards[shard].ids);
}

uint32_t shardmap_number(const struct shardmap *m, size_t shard, uint32_t i)
{
	return i << m->bits | (uint32_t)shard;
}

uint32_t shardmap_end(const struct shardmap *m)
{
	uint32_t most = 0;
	for (size_t s = 0; s < shardmap_shards(m); s++) {
		uint32_t n = shardmap_shard_count(m, s);
		most = n > most ? n : most;
	}
	return most << m->bits;
}

struct span shardmap_key(const struct shardmap *m, uint32_t number)
{
	uint32_t shard = number & ((UINT32_C(1) << m->bits) - 1);
	return strmap_key(m->shards[shard].ids, number >> m->bits);
}
