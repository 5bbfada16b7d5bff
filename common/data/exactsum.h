/* exactsum.h - the exact sum of doubles, rounded once: the same for any order
 * and any split (a superaccumulator after Neal 2015, "Fast exact summation
 * using small and large superaccumulators"). */
#ifndef RECPIPE_DATA_EXACTSUM_H
#define RECPIPE_DATA_EXACTSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXACTSUM_CHUNKS = 68 };

/* A zeroed struct is an empty sum. */
struct exactsum {
	int64_t chunk[EXACTSUM_CHUNKS];
	uint32_t pending; /* additions since the last carry */
};

/* Adds a finite value. */
void exactsum_add(struct exactsum *sum, double value);

/* Adds what `other` holds. */
void exactsum_merge(struct exactsum *sum, const struct exactsum *other);

/* The sum, rounded to nearest, ties to even. */
double exactsum_value(const struct exactsum *sum);

/* The sum itself, nothing rounded, as C has numbers of base 16 ("-0x1f00000000p-83", "0x0p0"):
 * the same text for the same sum. Returns the length; there is no NUL. */
enum { EXACTSUM_TEXT = 8 * EXACTSUM_CHUNKS + 32 };
size_t exactsum_text(const struct exactsum *sum, char out[EXACTSUM_TEXT]);

/* Adds what such a text says; false, and nothing is added, when it is not one. */
bool exactsum_add_text(struct exactsum *sum, const char *text, size_t n);

#endif
