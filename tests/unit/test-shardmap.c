/* Ids that several threads add at the same time: each has one number and is found by it, in its shard; with
 * one thread, numbers are by first appearance. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/shardmap.h"
#include "frame/pool.h"
#include "unit.h"

enum { IDS = 20000, ROWS = 60000, CHUNKS = 100, ROOM = 32, MOST = 700 };

struct ids {
	struct shardmap *map;
	char text[IDS][ROOM];
	struct span id[IDS];
	uint32_t of_row[ROWS];   /* which id a row has */
	uint32_t number[ROWS];
};

/* The rows of a chunk, some at a time: more and less than a batch of the map's. */
static void add_rows(void *context, size_t chunk, size_t worker)
{
	struct ids *x = context;
	struct span keys[MOST];
	size_t end = (chunk + 1) * (ROWS / CHUNKS);
	(void)worker;
	for (size_t from = chunk * (ROWS / CHUNKS), n; from < end; from += n) {
		n = chunk % 3 ? 1 + (from * 7 + chunk) % 300 : MOST;
		n = n < end - from ? n : end - from;
		for (size_t i = 0; i < n; i++)
			keys[i] = x->id[x->of_row[from + i]];
		shardmap_add_many(x->map, keys, n, x->number + from);
	}
}

static struct ids *make_ids(void)
{
	struct ids *x = memory_zero(1, sizeof *x);
	struct random r = random_start(3, 0);
	for (size_t i = 0; i < IDS; i++) {
		int n = snprintf(x->text[i], ROOM, "%.*s%zu", (int)(i % 20), "a long beginning of ids", i);
		x->id[i] = (struct span){x->text[i], i ? (size_t)n : 0};
	}
	for (size_t i = 0; i < ROWS; i++)
		x->of_row[i] = i < IDS ? (uint32_t)i : random_below(&r, IDS);
	return x;
}

/* Every id has one number, which is its own. */
static int count_wrong(const struct ids *x)
{
	uint32_t *of_id = memory_new(IDS, sizeof *of_id), end = shardmap_end(x->map);
	size_t *seen = memory_zero((size_t)end + 1, sizeof *seen);
	int wrong = 0;
	for (size_t i = 0; i < ROWS; i++) {
		if (x->number[i] >= end) {
			wrong++;
			continue;
		}
		wrong += !span_equal(shardmap_key(x->map, x->number[i]), x->id[x->of_row[i]]);
		wrong += i >= IDS && of_id[x->of_row[i]] != x->number[i];
		of_id[x->of_row[i]] = x->number[i];
	}
	for (size_t s = 0; s < shardmap_shards(x->map); s++)
		for (uint32_t i = 0; i < shardmap_shard_count(x->map, s); i++)
			seen[shardmap_number(x->map, s, i)]++;
	for (size_t i = 0; i < IDS; i++)
		wrong += seen[of_id[i]] != 1;
	free(seen);
	free(of_id);
	return wrong;
}

static void check_threads(size_t threads)
{
	struct ids *x = make_ids();
	struct pool *pool = pool_new(threads);
	x->map = shardmap_new(threads);
	CHECK_INT(shardmap_count(x->map), 0);
	CHECK_INT(shardmap_end(x->map), 0);
	pool_run(pool, CHUNKS, add_rows, x);
	CHECK_INT(shardmap_count(x->map), IDS);
	CHECK_INT(count_wrong(x), 0);
	CHECK(shardmap_memory(x->map) > IDS * 8);
	int later = 0;
	for (size_t i = 0; i < IDS; i++)
		later += x->number[i] != i;
	CHECK(threads > 1 || later == 0);
	shardmap_free(x->map);
	pool_free(pool);
	free(x);
}

int main(void)
{
	for (size_t threads = 1; threads <= 4; threads++)
		check_threads(threads);
	shardmap_free(NULL);
	return unit_finish();
}
