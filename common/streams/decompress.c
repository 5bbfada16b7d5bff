#include "streams/decompress.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "streams/decompress-engine.h"

enum { RAW_BYTES = 128 << 10 };

struct decompressor {
	const struct decompress_engine *engine;
	void *state;
	decompress_source *source;
	void *context;
	const char *name;
	struct failure *failure;
	bool member_open;
	decompress_goes_on *goes_on; /* NULL: always */
	const char *bad;   /* what is wrong with the data that follow */
	bool more_to_give; /* the last step filled all its room: there may be more without input */
	struct decompress_flow flow;
	size_t capacity;
	uint8_t *raw;
};

static const struct {
	const char *bytes;
	size_t n;
	enum compression kind;
} MAGIC[] = {
	{"\x1f\x8b", 2, COMPRESSION_GZIP},
	{"\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD},
	{"\x50\x2a\x4d\x18", 4, COMPRESSION_ZSTD}, /* a skippable frame, with which pzstd begins */
	{"\xfd" "7zXZ\0", 6, COMPRESSION_XZ},
};

enum compression compression_of(struct span start)
{
	for (size_t i = 0; i < sizeof MAGIC / sizeof *MAGIC; i++)
		if (start.n >= MAGIC[i].n && memcmp(start.at, MAGIC[i].bytes, MAGIC[i].n) == 0)
			return MAGIC[i].kind;
	return COMPRESSION_NONE;
}

bool compression_may_be(struct span start)
{
	for (size_t i = 0; i < sizeof MAGIC / sizeof *MAGIC; i++)
		if (start.n < MAGIC[i].n && memcmp(start.at, MAGIC[i].bytes, start.n) == 0)
			return true;
	return false;
}

static const struct decompress_engine *engine_of(enum compression kind)
{
	switch (kind) {
	case COMPRESSION_ZSTD: return &DECOMPRESS_ZSTD;
	case COMPRESSION_XZ: return &DECOMPRESS_XZ;
	default: return DECOMPRESS_ISAL ? DECOMPRESS_ISAL : &DECOMPRESS_ZLIB;
	}
}

struct decompressor *decompress_open_by(const struct decompress_engine *engine, size_t threads,
					struct span start, decompress_source *source, void *context,
					const char *name, struct failure *failure)
{
	struct decompressor *d = memory_zero(1, sizeof *d);
	*d = (struct decompressor){.engine = engine, .source = source, .context = context,
		.name = name, .failure = failure, .capacity = start.n > RAW_BYTES ? start.n : RAW_BYTES};
	d->raw = memory_new(d->capacity, 1);
	if (start.n)
		memcpy(d->raw, start.at, start.n);
	d->flow = (struct decompress_flow){.in = d->raw, .in_n = start.n};
	d->state = d->engine->open(threads);
	if (!d->state) {
		failure_set(failure, STATUS_FAILED, "%s: out of memory", name);
		decompress_close(d);
		return NULL;
	}
	return d;
}

struct decompressor *decompress_open(enum compression kind, size_t threads, struct span start,
				     decompress_source *source, void *context, const char *name,
				     struct failure *failure)
{
	return decompress_open_by(engine_of(kind), threads, start, source, context, name, failure);
}

const struct decompress_engine *decompress_engine_of(const struct decompressor *d)
{
	return d->engine;
}

const char *decompress_format(const struct decompressor *d)
{
	return d->engine->format;
}

void decompress_take_over(struct decompressor *d, decompress_source *source, decompress_goes_on *goes_on,
			  void *context, struct failure *failure)
{
	d->source = source;
	d->goes_on = goes_on;
	d->context = context;
	d->failure = failure;
}

static size_t bad(struct decompressor *d, const char *why)
{
	return failure_set(d->failure, STATUS_DATA, "%s: bad %s data: %s", d->name, d->engine->format, why);
}

/* More of the file when all that came is taken; false when reading failed. */
static bool refill(struct decompressor *d)
{
	struct decompress_flow *f = &d->flow;
	if (f->in_n > 0 || f->at_end)
		return true;
	f->in = d->raw;
	f->in_n = d->source(d->context, d->raw, d->capacity);
	f->at_end = f->in_n == 0;
	return !has_failed(d->failure);
}

/* A member begins with what comes. */
static bool begin(struct decompressor *d)
{
	if (d->engine->begins && !d->engine->begins(d->flow.in[0]))
		return bad(d, "trailing garbage after the last member");
	if (!d->engine->begin(d->state))
		return bad(d, "cannot start a member");
	return d->member_open = true;
}

/* One step of the engine; false when it failed. What is bad after bytes that it gave is kept for the
 * next. */
static bool step(struct decompressor *d)
{
	size_t in_n = d->flow.in_n, out_n = d->flow.out_n;
	enum decompress_state state = d->engine->step(d->state, &d->flow, &d->bad);
	d->more_to_give = d->flow.out_n == 0;
	if (state == DECOMPRESS_NO_MEMORY)
		return failure_set(d->failure, STATUS_FAILED, "%s: out of memory", d->name);
	if (state == DECOMPRESS_BAD)
		return d->flow.out_n < out_n || bad(d, d->bad);
	if (state == DECOMPRESS_MEMBER_END)
		d->member_open = d->more_to_give = false;
	else if (d->flow.at_end && d->flow.in_n == in_n && d->flow.out_n == out_n)
		return bad(d, "unexpected end of file");
	return true;
}

size_t decompress_read(struct decompressor *d, char *to, size_t n)
{
	d->flow.out = (uint8_t *)to;
	d->flow.out_n = n;
	if (d->bad)
		return bad(d, d->bad);
	while (d->flow.out_n == n) {
		if (!d->more_to_give && !refill(d))
			return 0;
		if (!d->member_open && (d->flow.in_n == 0 || (d->goes_on && !d->goes_on(d->context, d->flow.in_n))))
			return 0;
		if ((!d->member_open && !begin(d)) || !step(d))
			return 0;
	}
	return n - d->flow.out_n;
}

void decompress_close(struct decompressor *d)
{
	if (!d)
		return;
	if (d->state)
		d->engine->close(d->state);
	free(d->raw);
	free(d);
}
