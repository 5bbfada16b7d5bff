/* Any bytes as the URL of a server, or as its reply to what is live; the first byte picks
 * which. */
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

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	if (b->pick % 2) {
		parse_reply(b->at, b->n);
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
