/* streams/spool: what is put is taken, in any pieces, from several places at once. */
#include "streams/spool.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "child.h"
#include "unit.h"

enum { N = 100000, SIZES = 7 };

static unsigned char byte_of(size_t i)
{
	return (unsigned char)(i * 2654435761u >> 13);
}

static void put_all(struct spool *s, size_t n)
{
	static const size_t SIZE[SIZES] = {1, 4, 63, 64, 65, 4096, 0};
	unsigned char bytes[4096];
	for (size_t i = 0, turn = 0; i < n; turn++) {
		size_t some = SIZE[turn % SIZES] < n - i ? SIZE[turn % SIZES] : n - i;
		for (size_t j = 0; j < some; j++)
			bytes[j] = byte_of(i + j);
		spool_put(s, bytes, some);
		i += some;
	}
}

/* Are bytes `at` to `end` what was put there? */
static bool right(struct spool_reader *r, size_t at, size_t end, size_t step)
{
	unsigned char bytes[8192];
	while (at < end) {
		size_t some = step < end - at ? step : end - at;
		spool_take(r, bytes, some);
		for (size_t j = 0; j < some; j++)
			if (bytes[j] != byte_of(at + j))
				return false;
		at += some;
	}
	return spool_left(r) == 0;
}

static void test_round_trip(void)
{
	static const size_t STEP[] = {1, 7, 64, 100, 5000};
	struct spool *s = spool_new(64);
	put_all(s, N);
	CHECK(spool_size(s) == N);
	spool_flush(s);
	CHECK(spool_size(s) == N);
	for (size_t i = 0; i < sizeof STEP / sizeof *STEP; i++) {
		struct spool_reader a, b;
		spool_reader_start(&a, s, 0, N, 100);
		spool_reader_start(&b, s, 12345, 54321, 4096);
		CHECK(spool_left(&b) == 54321 - 12345);
		CHECK(right(&b, 12345, 54321, STEP[i]));
		CHECK(right(&a, 0, N, STEP[i]));
		spool_reader_free(&a);
		spool_reader_free(&b);
		spool_reader_start(&a, s, 0, N, 4096);
		spool_skip(&a, STEP[i]);
		CHECK(right(&a, STEP[i], 3 * STEP[i], STEP[i]) == false);
		spool_skip(&a, N - 3 * STEP[i] - 10);
		CHECK(right(&a, N - 10, N, 3));
		spool_reader_free(&a);
	}
	spool_free(s);
	spool_free(NULL);
}

static void test_nothing_is_left(void)
{
	char folder[] = "spool-XXXXXX";
	CHECK(mkdtemp(folder) != NULL);
	setenv("TMPDIR", folder, 1);
	struct spool *s = spool_new(10);
	put_all(s, 1000);
	CHECK(rmdir(folder) == 0); /* it has no name there */
	spool_free(s);
}

static void too_much(void *unused)
{
	(void)unused;
	struct spool_reader r;
	struct spool *s = spool_new(10);
	char bytes[101];
	put_all(s, 100);
	spool_flush(s);
	spool_reader_start(&r, s, 0, 100, 64);
	spool_take(&r, bytes, 101);
}

static void truncated(void *unused)
{
	(void)unused;
	struct spool_reader r;
	struct spool *s = spool_new(10);
	char bytes[100];
	put_all(s, 100);
	spool_flush(s);
	if (ftruncate(s->file, 50) != 0)
		exit(99);
	spool_reader_start(&r, s, 0, 100, 200);
	spool_take(&r, bytes, 100);
}

static void full(void *unused)
{
	(void)unused;
	struct rlimit limit = {5000, 5000};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	struct spool *s = spool_new(1000);
	put_all(s, 100000);
	spool_flush(s);
}

static void nowhere(void *unused)
{
	(void)unused;
	setenv("TMPDIR", "/nowhere/at/all", 1);
	spool_new(10);
}

/* Does f end the program with exit 1 and these words? */
static bool fails(void (*f)(void *), const char *words)
{
	char text[1000];
	if (child_status(f, NULL, "errors") != STATUS_FAILED)
		return false;
	FILE *errors = fopen("errors", "r");
	size_t n = errors ? fread(text, 1, sizeof text - 1, errors) : 0;
	if (errors)
		fclose(errors);
	text[n] = '\0';
	return strstr(text, words) != NULL;
}

static void test_failures(void)
{
	CHECK(fails(too_much, "ends too early"));
	CHECK(fails(truncated, "cannot read a temporary file"));
	CHECK(fails(full, "cannot write a temporary file"));
	CHECK(fails(nowhere, "cannot make a temporary file in /nowhere/at/all"));
}

int main(void)
{
	test_round_trip();
	test_failures();
	test_nothing_is_left();
	return unit_finish();
}
