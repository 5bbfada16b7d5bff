#include <zstd.h>
#include <zstd_errors.h>

#include "streams/decompress-engine.h"

enum { WINDOW_LOG_MAX = 27 }; /* 128 MB: what zstd -d takes by itself */

static void *zstd_open(size_t threads)
{
	(void)threads;
	ZSTD_DCtx *z = ZSTD_createDCtx();
	if (z)
		ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	return z;
}

static bool zstd_begin(void *state)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only));
}

static enum decompress_state zstd_step(void *state, struct decompress_flow *flow, const char **why)
{
	ZSTD_inBuffer in = {.src = flow->in, .size = flow->in_n};
	ZSTD_outBuffer out = {.dst = flow->out, .size = flow->out_n};
	size_t result = ZSTD_decompressStream(state, &out, &in);
	flow->in += in.pos;
	flow->in_n -= in.pos;
	flow->out += out.pos;
	flow->out_n -= out.pos;
	if (!ZSTD_isError(result))
		return result == 0 ? DECOMPRESS_MEMBER_END : DECOMPRESS_GOES_ON;
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return DECOMPRESS_NO_MEMORY;
	case ZSTD_error_frameParameter_windowTooLarge:
		*why = "its window is above 128 MB: unpack with zstd -dc --long=31";
		return DECOMPRESS_BAD;
	default:
		*why = ZSTD_getErrorName(result);
		return DECOMPRESS_BAD;
	}
}

static void zstd_close(void *state)
{
	ZSTD_freeDCtx(state);
}

/* A frame, or a skippable one. */
static bool zstd_begins(uint8_t first)
{
	return first == 0x28 || (first & 0xf0) == 0x50;
}

const struct decompress_engine DECOMPRESS_ZSTD = {
	.format = "zstd", .open = zstd_open, .begin = zstd_begin, .step = zstd_step, .close = zstd_close,
	.begins = zstd_begins,
};
