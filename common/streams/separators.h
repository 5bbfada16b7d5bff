/* separators.h - where the TABs and LFs of a block are. */
#ifndef RECPIPE_STREAMS_SEPARATORS_H
#define RECPIPE_STREAMS_SEPARATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the offset of every TAB and LF of `text` in order to `ends`, which has
 * room for n + 64 elements; returns how many there are. `*line_count` is the
 * number of LFs, `*has_nul` tells of a NUL byte. */
size_t separators_find(const char *text, size_t n, uint32_t *ends,
		       size_t *line_count, bool *has_nul);

#endif
