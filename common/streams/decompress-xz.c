#include <lzma.h>
#include <stdlib.h>

#include "streams/decompress-engine.h"

static const uint64_t MEMORY_MAX = 256 << 20; /* xz -9 needs 65 MB */

static void *xz_open(void)
{
	return calloc(1, sizeof(lzma_stream)); /* a new one is all zeros */
}

/* The library takes streams and the padding between them as one. */
static bool xz_begin(void *state)
{
	return lzma_stream_decoder(state, MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
}

static enum decompress_state xz_step(void *state, struct decompress_flow *flow, const char **why)
{
	lzma_stream *z = state;
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
	lzma_end(state);
	free(state);
}

const struct decompress_engine DECOMPRESS_XZ = {
	.format = "xz", .open = xz_open, .begin = xz_begin, .step = xz_step, .close = xz_close,
};
