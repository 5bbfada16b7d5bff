/* gzip by ISA-L where it is built in, else by zlib. */
#include <stdlib.h>
#include <zlib.h>

#include "streams/decompress-engine.h"

static bool gzip_begins(uint8_t first)
{
	return first == 0x1f;
}

/* ---- zlib ---- */

static void *zlib_open(size_t threads)
{
	(void)threads;
	z_stream *z = calloc(1, sizeof *z);
	if (z && inflateInit2(z, 15 + 16) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static bool zlib_begin(void *state)
{
	return inflateReset(state) == Z_OK;
}

static enum decompress_state zlib_step(void *state, struct decompress_flow *flow, const char **why)
{
	z_stream *z = state;
	z->next_in = (Bytef *)(uintptr_t)flow->in; /* zlib only reads it */
	z->avail_in = (uInt)flow->in_n;
	z->next_out = flow->out;
	z->avail_out = (uInt)flow->out_n;
	int result = inflate(z, Z_NO_FLUSH);
	flow->in = z->next_in;
	flow->in_n = z->avail_in;
	flow->out = z->next_out;
	flow->out_n = z->avail_out;
	switch (result) {
	case Z_OK: case Z_BUF_ERROR: return DECOMPRESS_GOES_ON;
	case Z_STREAM_END: return DECOMPRESS_MEMBER_END;
	case Z_MEM_ERROR: return DECOMPRESS_NO_MEMORY;
	default:
		*why = z->msg ? z->msg : "not decodable";
		return DECOMPRESS_BAD;
	}
}

static void zlib_close(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct decompress_engine DECOMPRESS_ZLIB = {
	.format = "gzip", .open = zlib_open, .begin = zlib_begin, .step = zlib_step, .close = zlib_close,
	.begins = gzip_begins,
};

/* ---- ISA-L ---- */

#ifdef RECPIPE_NO_ISAL

const struct decompress_engine *const DECOMPRESS_ISAL = NULL;

#else

#include <isa-l/igzip_lib.h>

static void *isal_open(size_t threads)
{
	(void)threads;
	return malloc(sizeof(struct inflate_state));
}

static bool isal_begin(void *state)
{
	struct inflate_state *s = state;
	isal_inflate_init(s);
	s->crc_flag = ISAL_GZIP;
	return true;
}

static const char *isal_why(int result)
{
	switch (result) {
	case ISAL_INVALID_BLOCK: return "invalid block";
	case ISAL_INVALID_SYMBOL: return "invalid code";
	case ISAL_INVALID_LOOKBACK: return "invalid distance too far back";
	case ISAL_INVALID_WRAPPER: return "incorrect header";
	case ISAL_UNSUPPORTED_METHOD: return "unknown compression method";
	case ISAL_INCORRECT_CHECKSUM: return "incorrect data check";
	default: return "not decodable";
	}
}

static enum decompress_state isal_step(void *state, struct decompress_flow *flow, const char **why)
{
	struct inflate_state *s = state;
	s->next_in = (uint8_t *)(uintptr_t)flow->in; /* only read */
	s->avail_in = (uint32_t)flow->in_n;
	s->next_out = flow->out;
	s->avail_out = (uint32_t)flow->out_n;
	int result = isal_inflate(s);
	/* Of a copy from too far back it counts bytes that it has not written. */
	if (result < 0 && result != ISAL_INCORRECT_CHECKSUM) {
		*why = isal_why(result);
		return DECOMPRESS_BAD;
	}
	flow->in = s->next_in;
	flow->in_n = s->avail_in;
	flow->out = s->next_out;
	flow->out_n = s->avail_out;
	if (result < 0 || result == ISAL_NEED_DICT) {
		*why = isal_why(result);
		return DECOMPRESS_BAD;
	}
	return s->block_state == ISAL_BLOCK_FINISH ? DECOMPRESS_MEMBER_END : DECOMPRESS_GOES_ON;
}

static const struct decompress_engine ISAL = {
	.format = "gzip", .open = isal_open, .begin = isal_begin, .step = isal_step, .close = free,
	.begins = gzip_begins,
};

const struct decompress_engine *const DECOMPRESS_ISAL = &ISAL;

#endif
