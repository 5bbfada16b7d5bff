/* decompress-engine.h - what a library that decompresses is to decompress.c. */
#ifndef RECPIPE_STREAMS_DECOMPRESS_ENGINE_H
#define RECPIPE_STREAMS_DECOMPRESS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "streams/decompress.h"

/* Bytes that come and room that is left; a step takes from both. */
struct decompress_flow {
	const uint8_t *in;
	size_t in_n;
	uint8_t *out;
	size_t out_n;
	bool at_end;     /* the file has no bytes after these */
};

enum decompress_state {
	DECOMPRESS_GOES_ON,
	DECOMPRESS_MEMBER_END,
	DECOMPRESS_BAD,       /* `why` says it: bad data */
	DECOMPRESS_NO_MEMORY,
};

struct decompress_engine {
	const char *format; /* "gzip", in messages */
	/* A new state, of a library that may use so many threads of its own, NULL without memory;
	 * begins a member; frees. */
	void *(*open)(size_t threads);
	bool (*begin)(void *state);
	/* Takes from the flow what it can. */
	enum decompress_state (*step)(void *state, struct decompress_flow *flow, const char **why);
	void (*close)(void *state);
	/* Is it another member that these bytes begin? NULL: the library knows. */
	bool (*begins)(uint8_t first);
};

extern const struct decompress_engine DECOMPRESS_ZLIB, DECOMPRESS_ZSTD, DECOMPRESS_XZ;

/* ISA-L's, three times as fast as zlib's; NULL where it is not built in. */
extern const struct decompress_engine *const DECOMPRESS_ISAL;

/* decompress_open with this engine. */
struct decompressor *decompress_open_by(const struct decompress_engine *engine, size_t threads,
					struct span start, decompress_source *source, void *context,
					const char *name, struct failure *failure);

const struct decompress_engine *decompress_engine_of(const struct decompressor *d);

/* Where a member has ended and more follows, which `left` bytes of what the source gave are of: is
 * the next member to be begun? Otherwise decompress_read has come to the end. */
typedef bool decompress_goes_on(void *context, size_t left);

/* Another owner has the decompressor: it reads on from this source and fails into this failure. */
void decompress_take_over(struct decompressor *d, decompress_source *source, decompress_goes_on *goes_on,
			  void *context, struct failure *failure);

#endif
