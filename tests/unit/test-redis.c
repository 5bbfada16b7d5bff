/* The URLs of a server: what they mean, and those that are refused (no server is
 * needed). */
#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "services/published.h"
#include "services/redis.h"
#include "unit.h"

static void check_tcp(const char *url, const char *host, int port, int database)
{
	struct redis_target t = redis_target_parse(url, "redis", NULL, 1);
	CHECK_TEXT(t.host, host);
	CHECK(t.path == NULL && t.user == NULL && t.password == NULL);
	CHECK_INT(t.port, port);
	CHECK_INT(t.database, database);
	free(t.host);
}

static void check_unix(const char *url, const char *path, int database)
{
	struct redis_target t = redis_target_parse(url, "redis", NULL, 1);
	CHECK_TEXT(t.path, path);
	CHECK(t.host == NULL);
	CHECK_INT(t.database, database);
	free(t.path);
}

static void check_refused(const char *url)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			abort();
		redis_target_parse(url, "redis", NULL, 1);
		_exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_USAGE))
		printf("  %s\n", url);
}

static void check_secrets(void)
{
	FILE *f = fopen("secret", "w");
	if (!f || fputs("from a file\r\nsecond line\n", f) < 0 || fclose(f) != 0)
		abort();
	setenv("REDISCLI_AUTH", "from outside", 1);
	struct redis_target t = redis_target_parse("redis://bob@h", "redis", NULL, 1);
	CHECK_TEXT(t.user, "bob");
	CHECK_TEXT(t.password, "from outside");
	free(t.host), free(t.user), free(t.password);
	t = redis_target_parse("unix://bob@/a/b", "redis", "secret", 1);
	CHECK_TEXT(t.user, "bob");
	CHECK_TEXT(t.path, "/a/b");
	CHECK_TEXT(t.password, "from a file");
	free(t.path), free(t.user), free(t.password);
	unsetenv("REDISCLI_AUTH");
	unlink("secret");
}

/* Redis's own rule: what is in the first pair of braces decides, if it is something. */
static void check_slots(void)
{
	static const char *const ONE[] = {"{recs}", "a{b}", "{a}{", "x{{}", "{a}b{}", "{ }"};
	static const char *const SEVERAL[] = {"", "recs", "{}", "{}{a}", "a{", "a}b{", "}{", "{"};
	for (size_t i = 0; i < sizeof ONE / sizeof *ONE; i++)
		CHECK(published_is_one_slot(ONE[i]));
	for (size_t i = 0; i < sizeof SEVERAL / sizeof *SEVERAL; i++)
		CHECK(!published_is_one_slot(SEVERAL[i]));
}

/* `good` neighbors come before the end or what is wrong. */
static void check_neighbors(const char *text, int good, const char *last, double weight)
{
	struct span neighbor, rest = span_of(text), id = span_of("");
	float w, last_weight = 0;
	int n = 0;
	while (published_next_neighbor(&rest, &neighbor, &w)) {
		id = neighbor;
		last_weight = w;
		n++;
	}
	if (!CHECK(n == good && span_equal(id, span_of(last)) && fabs((double)last_weight - weight) <= 0))
		printf("  %s\n", text);
}

static void check_values(void)
{
	check_neighbors("", 0, "", 0);
	check_neighbors("a\t1", 1, "a", 1);
	check_neighbors("a\t1\t b c \t-0.25", 2, " b c ", -0.25);
	check_neighbors("a\t1\tb", 1, "a", 1);
	check_neighbors("a\t1\tb\t", 1, "a", 1);
	check_neighbors("a\t1\t\t2", 1, "a", 1);
	check_neighbors("a\t1\tb\tnan\tc\t1", 1, "a", 1);
	check_neighbors("a\t1e39", 0, "", 0);
	check_neighbors("a\t-1e39", 0, "", 0);
	check_neighbors("a\t0x1", 0, "", 0);
	check_neighbors("a", 0, "", 0);
	check_neighbors("\t1", 0, "", 0);
}

int main(void)
{
	static const char *const REFUSED[] = {
		"", "h:1", "http://h", "redis:/h", "redis://", "redis:///3", "redis://:7", "redis://h:",
		"redis://h:0x7", "redis://h:-1", "redis://h:65536", "redis://h:6379x", "redis://h/x",
		"redis://h/-1", "redis://h/1/2", "redis://bob:secret@h", "redis://:secret@h",
		"redis://bob@h", "redis://[::1", "redis://[]", "redis://[::1]x", "redis://[::1]x:7",
		"unix://", "unix://?db=1", "unix:///s?db=", "unix:///s?db=x", "unix://u:p@/s",
	};
	unsetenv("REDISCLI_AUTH");
	check_tcp("redis://localhost", "localhost", 6379, 0);
	check_tcp("redis://10.0.0.1:7000/3", "10.0.0.1", 7000, 3);
	check_tcp("redis://h/", "h", 6379, 0);
	check_tcp("redis://[::1]:7/2", "::1", 7, 2);
	check_tcp("redis://[fe80::1%eth0]", "fe80::1%eth0", 6379, 0);
	check_tcp("redis://@h", "h", 6379, 0);
	check_unix("unix:///run/redis.sock", "/run/redis.sock", 0);
	check_unix("unix://socket?db=5", "socket", 5);
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
		check_refused(REFUSED[i]);
	check_secrets();
	check_slots();
	check_values();
	CHECK(redis_is_transient("LOADING Redis is loading the dataset in memory"));
	CHECK(redis_is_transient("BUSY Redis is busy"));
	CHECK(redis_is_transient("ERR max number of clients reached"));
	CHECK(!redis_is_transient("ERR unknown command 'WATCH'"));
	CHECK(!redis_is_transient("WRONGPASS invalid username-password pair"));
	CHECK(!redis_is_transient("OOM command not allowed when used memory > 'maxmemory'."));
	return unit_finish();
}
