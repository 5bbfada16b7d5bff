/* unit.h - the smallest harness for unit tests: count, say what failed, go on. */
#ifndef RECPIPE_TESTS_UNIT_H
#define RECPIPE_TESTS_UNIT_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int unit_checks, unit_failures;

static inline int unit_check(int ok, const char *file, int line, const char *what)
{
	unit_checks++;
	if (!ok) {
		unit_failures++;
		printf("%s:%d: failed: %s\n", file, line, what);
	}
	return ok;
}

#define CHECK(condition) unit_check((condition) ? 1 : 0, __FILE__, __LINE__, #condition)

#define CHECK_INT(got, want) do { \
	long long got_ = (long long)(got), want_ = (long long)(want); \
	if (!unit_check(got_ == want_, __FILE__, __LINE__, #got " == " #want)) \
		printf("  got %lld, want %lld\n", got_, want_); \
} while (0)

#define CHECK_TEXT(got, want) do { \
	const char *got_ = (got), *want_ = (want); \
	if (!unit_check(strcmp(got_, want_) == 0, __FILE__, __LINE__, #got " is " #want)) \
		printf("  got  %s\n  want %s\n", got_, want_); \
} while (0)

#define CHECK_NEAR(got, want, tolerance) do { \
	double got_ = (got), want_ = (want); \
	if (!unit_check(fabs(got_ - want_) <= (tolerance), __FILE__, __LINE__, #got " near " #want)) \
		printf("  got %.17g, want %.17g\n", got_, want_); \
} while (0)

/* The exit status of the test: 0 when every check held and there was one. */
static inline int unit_finish(void)
{
	printf("%d checks, %d failures\n", unit_checks, unit_failures);
	return unit_checks == 0 || unit_failures > 0;
}

#endif
