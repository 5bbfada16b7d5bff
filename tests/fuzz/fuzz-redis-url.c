/* Any text as the URL of a server: refused, or a target that is whole. */
#include "base/memory.h"
#include "fuzz.h"
#include "services/redis.h"

static void parse(void *text)
{
	struct redis_target t = redis_target_parse(text, "redis", NULL, 1);
	if ((t.host != NULL) == (t.path != NULL) || t.port < 0 || t.port > 65535 || t.database < 0 ||
	    (t.host && !*t.host) || (t.path && !*t.path) || (t.user && !*t.user))
		abort();
	free(t.host);
	free(t.path);
	free(t.user);
	free(t.password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = memory_text((const char *)data, n);
	fuzz_run(parse, text);
	free(text);
	return 0;
}
