/* tile.h - the inner loops of the search, for several instruction sets.
 *
 * Items lie in panels of PANEL: factor f of the panel's items is panel[f * PANEL]
 * ... panel[f * PANEL + 31]. A tile is `width` users whose factors are interleaved
 * the same way. Scores are computed in registers and compared with the user's
 * threshold there; only those that reach it are put in the user's bucket.
 *
 * A kernel with matrix registers wants each user's factors side by side instead.
 *
 * A kernel that multiplies bfloat16 (the upper half of a float) takes two factors
 * at a time: a word of a panel or tile then holds factors 2f and 2f + 1.
 */
#ifndef RECPIPE_DATA_TILE_H
#define RECPIPE_DATA_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/kernel.h"

enum tile_choice {
	TILE_AUTO, TILE_PORTABLE, TILE_AVX2, TILE_AVX512, TILE_BFLOAT16, TILE_AMX,
};
#define TILE_CHOICES "auto|portable|avx2|avx512|bfloat16|amx"

enum { PANEL = 32, TILE_WIDTH_MAX = 16 };

struct panels {
	const uint32_t *at;      /* panel p at p * depth * PANEL words, 64-byte aligned */
	const float *bias;       /* PANEL per panel; -inf where there is no item */
	uint32_t depth;          /* words of an item: its factors, or half as many */
};

/* How many of n values are at least `low`. */
typedef size_t tile_count(const float *values, size_t n, float low);

/* The candidates of one user. `capacity` leaves room for one more panel after it. */
struct bucket {
	float *score;
	uint32_t *at;            /* positions in the panels */
	size_t n, capacity;
	bool by_chunk;           /* errors differ from chunk to chunk: of the scores before
				  * `settled`, score is the least and most the most that the
				  * true one can be */
	float *most;
	size_t settled;
	size_t checked;          /* those before it are not excluded */
	const uint64_t *excluded;/* bit per position, or NULL */
	float error;             /* how far scores of the chunk looked at may be off */
	float threshold;         /* at least `wanted` items truly reach it */
	size_t wanted;           /* k */
	tile_count *count;
};

/* Throws out what cannot be among the best and returns the least score of the chunk
 * that still can be; afterwards there is room for a panel (bucket.c). */
float bucket_shrink(struct bucket *b);

/* Scores panels first ... last-1 for a tile of users. Scores of user j that are
 * at least threshold[j] go to buckets[j]; thresholds rise on the way. */
typedef void tile_scan(const struct panels *panels, size_t first, size_t last,
		       const uint32_t *users, float *threshold, struct bucket *buckets);

/* The dot product of two float vectors in double precision. Every product is
 * exact, and the order of the additions is the same in all variants (8 running
 * sums, then a tree), so all give the same bits. n: a multiple of KERNEL_PAD. */
typedef double tile_dot(const float *a, const float *b, size_t n);

struct tile_kernel {
	const char *name;
	unsigned width;
	bool pairs;     /* words are pairs of bfloat16, otherwise floats */
	bool rows;      /* a tile's users lie one after another, not interleaved */
	double cost;    /* of a score, for each factor: that of AVX-512 in floats is 1 */
	double candidate; /* with pairs: the cost of scoring and sorting one, in that unit */
	tile_scan *scan;
	tile_count *count;
	tile_dot *dot;
};

/* ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)): the tree of all variants. */
static inline double tile_tree8(const double *s)
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* The one with matrix registers (AMX); NULL where the processor or the system has none. */
const struct tile_kernel *tile_kernel_amx(void);

/* Does this machine have it? AUTO is the fastest that it has. */
bool tile_available(enum tile_choice choice);

/* The kernel of an available choice. `rough`: numbers are such that bfloat16 may be
 * used; otherwise those that multiply it are replaced by their like in single
 * precision. */
const struct tile_kernel *tile_kernel_of(enum tile_choice choice, bool rough);

/* The one in single precision that goes with a resolved kernel of kernel.h. */
const struct tile_kernel *tile_kernel_beside(enum kernel_choice kernel);

#endif
