#include "ids.h"

#include <stdlib.h>
#include <string.h>

#include "base/compare.h"
#include "base/memory.h"
#include "data/keysort.h"

/* Ids are dealt to ranges, which are sorted one by one. Edges between ranges are heads of some of the ids,
 * at the depth up to which these begin with the same bytes. Others that do not are less than all of the
 * former, or greater: the first range and the last one are theirs. */
enum { SAMPLED = 1024, RANGES = 64, FEW_IDS = 4096, RANGES_MAX = RANGES + 2 };

struct id_order {
	const struct shardmap *map;
	struct keysort keys;
	struct span prefix;          /* of the ids in the ranges that are neither the first nor the last */
	uint64_t edge[RANGES];       /* the least heads of all ranges but one; UINT64_MAX: there is none */
	uint8_t *range;              /* of each number */
	struct placing {
		uint32_t ids;        /* how many of a shard are in a range; then where the next one goes */
		size_t bytes;        /* of them */
	} (*placing)[RANGES_MAX];    /* of each shard */
	struct {
		uint32_t start;
		size_t bytes;        /* in front of the range */
	} ranges[RANGES_MAX + 1];
	uint32_t *rank;
	struct span *ids;
	char *text;
};

/* ---- edges ---- */

/* The id at about the share i / SAMPLED of the map. */
static struct span sampled(const struct id_order *x, size_t i)
{
	size_t shards = shardmap_shards(x->map), shard = i % shards;
	uint64_t n = shardmap_shard_count(x->map, shard);
	if (n == 0)
		return x->prefix;
	return shardmap_key(x->map, shardmap_number(x->map, shard, (uint32_t)(n * i / SAMPLED)));
}

static void find_edges(struct id_order *x, uint32_t n)
{
	uint64_t head[SAMPLED];
	memset(x->edge, 0xff, sizeof x->edge);
	if (n < FEW_IDS)
		return;
	x->prefix = sampled(x, 0);
	for (size_t i = 1; i < SAMPLED; i++) {
		struct span id = sampled(x, i);
		size_t same = 0;
		while (same < x->prefix.n && same < id.n && x->prefix.at[same] == id.at[same])
			same++;
		x->prefix.n = same;
	}
	for (size_t i = 0; i < SAMPLED; i++)
		head[i] = keysort_head(sampled(x, i), x->prefix.n);
	qsort(head, SAMPLED, sizeof *head, compare_u64);
	for (size_t i = 1; i < RANGES; i++)
		x->edge[i - 1] = head[SAMPLED / RANGES * i];
}

static uint8_t range_of(const struct id_order *x, struct span id)
{
	size_t same = id.n < x->prefix.n ? id.n : x->prefix.n;
	int order = same ? memcmp(id.at, x->prefix.at, same) : 0;
	if (order > 0)
		return RANGES_MAX - 1;
	if (order < 0 || id.n < x->prefix.n)
		return 0;
	uint64_t head = keysort_head(id, x->prefix.n);
	uint8_t range = 0;
	for (uint8_t half = RANGES / 2; half; half /= 2)
		range = (uint8_t)(range + (x->edge[range + half - 1] <= head ? half : 0));
	return (uint8_t)(range + 1);
}

/* ---- steps: for a shard, for a shard, for a range ---- */

static void choose_ranges(void *context, size_t shard, size_t worker)
{
	struct id_order *x = context;
	uint32_t n = shardmap_shard_count(x->map, shard);
	(void)worker;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = shardmap_number(x->map, shard, i);
		struct span id = shardmap_key(x->map, number);
		uint8_t range = x->range[number] = range_of(x, id);
		x->placing[shard][range].ids++;
		x->placing[shard][range].bytes += id.n;
	}
}

static void deal(void *context, size_t shard, size_t worker)
{
	struct id_order *x = context;
	uint32_t n = shardmap_shard_count(x->map, shard);
	(void)worker;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = shardmap_number(x->map, shard, i);
		uint8_t range = x->range[number];
		bool inner = range > 0 && range < RANGES_MAX - 1;
		keysort_put(&x->keys, x->placing[shard][range].ids++, number, shardmap_key(x->map, number),
			    inner ? x->prefix.n : 0);
	}
}

/* What is to be copied comes from anywhere: it is fetched ahead. */
static void copy_ids(struct id_order *x, uint32_t start, uint32_t end, char *to)
{
	enum { AHEAD = 16 };
	const struct keysort *k = &x->keys;
	for (uint32_t i = start; i < end; i++) {
		if (i + 2 * AHEAD < end)
			__builtin_prefetch(&k->key[k->order[i + 2 * AHEAD]]);
		if (i + AHEAD < end)
			__builtin_prefetch(k->key[k->order[i + AHEAD]].at);
		struct span id = k->key[k->order[i]];
		bytes_copy(to, id.at, id.n);
		x->ids[i] = (struct span){to, id.n};
		x->rank[k->order[i]] = i;
		to += id.n;
	}
}

static void sort_range(void *context, size_t range, size_t worker)
{
	struct id_order *x = context;
	bool inner = range > 0 && range < RANGES_MAX - 1;
	uint32_t start = x->ranges[range].start, end = x->ranges[range + 1].start;
	(void)worker;
	keysort_range(&x->keys, start, end, inner ? x->prefix.n : 0);
	copy_ids(x, start, end, x->text + x->ranges[range].bytes);
}

/* From counts to places: the ids of a range lie together, those of a shard in it, too. */
static void place_ranges(struct id_order *x)
{
	uint32_t before = 0;
	size_t bytes = 0;
	for (size_t range = 0; range < RANGES_MAX; range++) {
		x->ranges[range].start = before;
		x->ranges[range].bytes = bytes;
		for (size_t shard = 0; shard < shardmap_shards(x->map); shard++) {
			struct placing *p = &x->placing[shard][range];
			uint32_t n = p->ids;
			p->ids = before;
			before += n;
			bytes += p->bytes;
		}
	}
	x->ranges[RANGES_MAX].start = before;
	x->ids = memory_new(1, ((size_t)before + 1) * sizeof *x->ids + bytes + IDS_SLACK);
	x->text = (char *)(x->ids + before + 1);
}

static void run_steps(struct pool *pool, size_t chunks,
		      void (*step)(void *context, size_t chunk, size_t worker), struct id_order *x)
{
	if (pool) {
		pool_run(pool, chunks, step, x);
		return;
	}
	for (size_t i = 0; i < chunks; i++)
		step(x, i, 0);
}

struct span *ids_in_order(const struct shardmap *map, struct pool *pool, uint32_t **rank)
{
	struct id_order x = {.map = map};
	size_t shards = shardmap_shards(map), end = shardmap_end(map);
	x.keys = keysort_new(end);
	x.range = memory_new(end + 1, sizeof *x.range);
	x.placing = memory_zero(shards, sizeof *x.placing);
	*rank = x.rank = memory_new(end + 1, sizeof *x.rank);
	find_edges(&x, shardmap_count(map));
	run_steps(pool, shards, choose_ranges, &x);
	place_ranges(&x);
	run_steps(pool, shards, deal, &x);
	run_steps(pool, RANGES_MAX, sort_range, &x);
	keysort_free(&x.keys);
	free(x.range);
	free(x.placing);
	return x.ids;
}
