/* Any bytes as the URL of a server, as its reply to what is live, or as the neighbors of an item that
 * it has; the first byte picks which. */
#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "fuzz.h"
#include "services/published.h"

static void parse_url(const char *text)
{
	struct redis_target t = redis_target_parse(text, "redis", NULL, 1);
	if ((t.host == NULL) == (t.path == NULL) || !t.name || t.port < 0 || t.port > 65535 ||
	    t.database < 0 || (t.host && !*t.host) || (t.path && !*t.path))
		abort();
	redis_target_free(&t);
}

static void parse_reply(const uint8_t *at, size_t n)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL;
	struct published p;
	struct buffer key = {0};
	if (!reader || redisReaderFeed(reader, (const char *)at, n) != REDIS_OK)
		abort();
	while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
		if (published_read(reply, &p)) {
			if (p.shards < 1 || p.shards > SHARDS_MAX || p.layout >= LAYOUTS ||
			    !published_same_place(&p, &p))
				abort();
			published_shard_key(&key, "p", p.generation, published_shard_of(span_of("u"), p.shards));
		}
		freeReplyObject(reply);
	}
	buffer_free(&key);
	redisReaderFree(reader);
}

static void step_neighbors(const uint8_t *at, size_t n)
{
	struct span neighbor, rest = {(const char *)at, n};
	float weight;
	size_t before = rest.n;
	while (published_next_neighbor(&rest, &neighbor, &weight)) {
		if (neighbor.n == 0 || memchr(neighbor.at, '\t', neighbor.n) || !isfinite(weight) ||
		    (const uint8_t *)neighbor.at < at || neighbor.n > n || (rest.at && rest.n >= before))
			abort();
		before = rest.n;
	}
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	if (b->pick % 2) {
		parse_reply(b->at, b->n);
		return;
	}
	if (b->pick % 4 == 2) {
		step_neighbors(b->at, b->n);
		return;
	}
	char *text = memory_text((const char *)b->at, b->n);
	parse_url(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsetenv("REDISCLI_AUTH");
	fuzz_picked(read_all, data, n);
	return 0;
}
