/* hash-above.h - which of many numbers have a great hash: the inner loop of a draw by hashes, with
 * vector instructions where the processor has them for 64-bit products (AVX-512). Every
 * processor gives the same places.
 */
#ifndef RECPIPE_DATA_HASH_ABOVE_H
#define RECPIPE_DATA_HASH_ABOVE_H

#include <stddef.h>
#include <stdint.h>

/* The places i < n, rising, where hash_mix(with ^ numbers[i]) >> 40 is at least `least`, which is
 * below 2^24; how many. `places` has room for n. */
size_t hash_above(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least, uint32_t *places);

/* The same by plain C. */
size_t hash_above_portable(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least,
			   uint32_t *places);

#endif
