#include <lzma.h>
#include <stdlib.h>

#include "streams/decompress-engine.h"

static const uint64_t MEMORY_MAX = 256 << 20; /* xz -9 needs 65 MB */

struct xz {
	lzma_stream stream;
	size_t threads;
};

static void *xz_open(size_t threads)
{
	struct xz *z = calloc(1, sizeof *z); /* a new stream is all zeros */
	if (z)
		z->threads = threads;
	return z;
}

/* The library takes streams and the padding between them as one. Blocks that do not fit
 * into the memory together are decoded one after the other. */
static bool xz_begin(void *state)
{
	struct xz *z = state;
#if LZMA_VERSION >= 50040002
	lzma_mt how = {.flags = LZMA_CONCATENATED, .threads = (uint32_t)z->threads,
		.memlimit_threading = MEMORY_MAX, .memlimit_stop = MEMORY_MAX};
	if (z->threads > 1)
		return lzma_stream_decoder_mt(&z->stream, &how) == LZMA_OK;
#endif
	return lzma_stream_decoder(&z->stream, MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
}

static enum decompress_state xz_step(void *state, struct decompress_flow *flow, const char **why)
{
	lzma_stream *z = &((struct xz *)state)->stream;
	z->next_in = flow->in;
	z->avail_in = flow->in_n;
	z->next_out = flow->out;
	z->avail_out = flow->out_n;
	lzma_ret result = lzma_code(z, flow->at_end ? LZMA_FINISH : LZMA_RUN);
	flow->in = z->next_in;
	flow->in_n = z->avail_in;
	flow->out = z->next_out;
	flow->out_n = z->avail_out;
	switch (result) {
	case LZMA_OK: case LZMA_BUF_ERROR: return DECOMPRESS_GOES_ON;
	case LZMA_STREAM_END: return DECOMPRESS_MEMBER_END;
	case LZMA_MEM_ERROR: return DECOMPRESS_NO_MEMORY;
	case LZMA_MEMLIMIT_ERROR:
		*why = "it needs more than 256 MB of memory: unpack with xz -dc";
		return DECOMPRESS_BAD;
	case LZMA_FORMAT_ERROR: *why = "incorrect header"; return DECOMPRESS_BAD;
	case LZMA_OPTIONS_ERROR: *why = "unknown options"; return DECOMPRESS_BAD;
	case LZMA_DATA_ERROR: *why = "it is corrupt, or garbage follows it"; return DECOMPRESS_BAD;
	default: *why = "not decodable"; return DECOMPRESS_BAD;
	}
}

static void xz_close(void *state)
{
	lzma_end(&((struct xz *)state)->stream);
	free(state);
}

const struct decompress_engine DECOMPRESS_XZ = {
	.format = "xz", .open = xz_open, .begin = xz_begin, .step = xz_step, .close = xz_close,
};
