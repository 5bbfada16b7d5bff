/* number.h - strict numbers: text to binary and back, the same in every locale.
 *
 * Decimal text only: optional sign, digits, at most one `.`, an exponent for
 * real numbers. The whole text must be the number. No hex, nan, inf, blanks.
 */
#ifndef RECPIPE_BASE_NUMBER_H
#define RECPIPE_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum number_state {
	NUMBER_OK,
	NUMBER_SYNTAX, /* not a number, or not all of it */
	NUMBER_RANGE,  /* a number that the type cannot hold (overflow) */
};

/* Correctly rounded (nearest, ties to even); underflow gives 0 or a subnormal. */
enum number_state number_double(const char *s, size_t n, double *out);
enum number_state number_float(const char *s, size_t n, float *out);
enum number_state number_i64(const char *s, size_t n, int64_t *out);
enum number_state number_u64(const char *s, size_t n, uint64_t *out);

/* Puts a point in place of the mark in a text that is to be a number with another decimal mark; false when it
 * has a point already. (With the mark twice it is no number then.) */
bool number_use_point(char *s, size_t n, char mark);

/* A count of bytes or things: digits, then at most one of K, M, G (powers of 1024). */
enum number_state number_size(const char *s, size_t n, uint64_t *out);

/* A duration in seconds: a real number, then at most one of s, m, h, d, w, or
 * `ms`; without a unit it is seconds. */
enum number_state number_duration(const char *s, size_t n, double *seconds);

/* How many of a number of things are allowed: so many, or a share of them all. */
struct number_limit {
	bool given;      /* false: no limit */
	bool is_share;
	uint64_t count;
	double share;    /* 0 to 1 */
};

/* A limit as text: a whole number, or a share in percent (`5%`, 0% to 100%). */
enum number_state number_limit(const char *s, size_t n, struct number_limit *out);

/* "not a number" or "out of range": the words for a message. */
const char *number_problem(enum number_state state);

/* The smallest number above zero: `low` of a range that excludes 0. */
#define ABOVE_ZERO 0x1p-1022
/* The greatest float below 1: as an upper bound, 1 itself is excluded. */
#define BELOW_ONE 0x1.fffffep-1

/* The range low ... high in words: "1 to 1024", "at least 0", "above 0"; returns `out`. An upper
 * bound of NUMBER_VAST or more that is not the only one is a matter of the machine, and left
 * out. duration_range: in days, hours, minutes or seconds, "1s to 3650d", and DURATION_VAST. */
#define NUMBER_VAST 1e15
#define DURATION_VAST 1e11
enum { NUMBER_RANGE_SIZE = 96 };
const char *number_range(double low, double high, char out[NUMBER_RANGE_SIZE]);
const char *duration_range(double low, double high, char out[NUMBER_RANGE_SIZE]);

enum { NUMBER_SIZE = 32 };

/* The shortest text that reads back as the same value; returns its length,
 * no NUL after it. At most NUMBER_SIZE bytes. Integers have no `.0`;
 * exponents as in 1e-07 are written 1e-7, and used below 1e-5 and from 1e16
 * (1e9 for float) on. -0 is written 0. A value that is not finite ends the program (exit 1): check before. */
size_t number_write_double(double value, char out[NUMBER_SIZE]);
size_t number_write_float(float value, char out[NUMBER_SIZE]);
size_t number_write_i64(int64_t value, char out[NUMBER_SIZE]);
size_t number_write_u64(uint64_t value, char out[NUMBER_SIZE]);

#endif
