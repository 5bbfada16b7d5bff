/* overlap.h - how alike two rankings are. */
#ifndef RECPIPE_COMPARE_TOPK_OVERLAP_H
#define RECPIPE_COMPARE_TOPK_OVERLAP_H

#include <stdint.h>

/* Where an item was seen last. A zeroed struct is empty. */
struct marks {
	uint64_t *in_a, *in_b; /* item -> number of the last comparison that met it there */
	uint64_t compared;
};

struct marks marks_new(uint32_t items);
void marks_free(struct marks *m);

/* Rank-biased overlap, extrapolated from lists that may differ in length: RBO_EXT of
 * Webber, Moffat and Zobel 2010, equation 32. 0 < p < 1; items are below marks_new's, none
 * twice in a list; 0 when one list is empty, nan when both are. */
double overlap_rank_biased(struct marks *m, const uint32_t *a, uint32_t a_n, const uint32_t *b,
			   uint32_t b_n, double p);

#endif
