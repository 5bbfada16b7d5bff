/* The text of a file: what it gives, decompressed, or that of the packed file that it is. */
#include "streams/input-reader.h"

#include <errno.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "streams/hints.h"

enum {
	PACKED_FREE = 256 << 20, /* a compressed packed file may grow to that, beyond it by that: */
	PACKED_RATIO = 100,
	AHEAD_FROM = 1 << 20,    /* of so many decompressed bytes on, threads are worth their beginning */
};

/* Blocks that are read at once; tests make them small. */
static size_t block_bytes = INPUT_BLOCK;

void input_use_blocks(size_t bytes)
{
	block_bytes = bytes;
}

static struct {
	void (*f)(void *context);
	void *context;
} interrupt;

void input_on_interrupt(void (*f)(void *context), void *context)
{
	interrupt.f = f;
	interrupt.context = context;
}

/* 0 at the end of the file, and when reading fails. */
static size_t read_some(struct input *in, void *to, size_t n)
{
	for (;;) {
		ssize_t got = read(in->file, to, n);
		if (got >= 0) {
			in->bytes += (uint64_t)got;
			return (size_t)got;
		}
		if (errno != EINTR)
			return failure_set_errno(&in->failed, STATUS_FAILED, "%s: cannot read", in->name);
		if (interrupt.f)
			interrupt.f(interrupt.context);
	}
}

/* The same for a decompressor. */
static size_t read_more(void *context, void *to, size_t n)
{
	return read_some(context, to, n);
}

void input_go_ahead(struct input *in, size_t threads)
{
	in->threads = 1;
	in->ahead = ahead_open(in->compressed, in->file, threads, AHEAD_PIECE, in->name);
	if (in->ahead)
		in->compressed = NULL;
}

/* Up to `n` bytes of a compressed file. */
static size_t next_decompressed(struct input *in, char *to, size_t n)
{
	if (in->threads > 1 && in->decompressed >= AHEAD_FROM && !interrupt.f)
		input_go_ahead(in, input_threads_left());
	if (!in->ahead) {
		size_t got = decompress_read(in->compressed, to, n);
		in->decompressed += got;
		return got;
	}
	size_t got = ahead_read(in->ahead, to, n, &in->failed);
	in->bytes = ahead_place(in->ahead);
	if (got == 0)
		(void)lseek(in->file, 0, SEEK_END); /* where reading it would have ended */
	return got;
}

/* Up to `n` bytes of the file, decompressed; 0 at the end, and when that fails. */
static size_t next_bytes(struct input *in, char *to, size_t n)
{
	return in->compressed || in->ahead ? next_decompressed(in, to, n) : read_some(in, to, n);
}

/* The rest of a packed file that cannot be mapped: from a pipe, or compressed. */
static struct packed *read_packed(struct input *in)
{
	struct buffer all = {0};
	size_t got;
	buffer_add(&all, in->data + INPUT_PAD, in->n);
	while ((got = next_bytes(in, buffer_room(&all, INPUT_BLOCK), INPUT_BLOCK)) > 0) {
		all.n += got;
		if (all.n > PACKED_FREE && all.n / PACKED_RATIO > in->bytes) {
			failure_set(in->failure, STATUS_DATA, "%s: a packed file that grows to more than %d times "
				    "its size: unpack it before it is read", in->name, (int)PACKED_RATIO);
			break;
		}
	}
	void *bytes = input_failed(in) ? NULL : memory_aligned(all.n, 1);
	size_t n = all.n;
	if (bytes)
		memcpy(bytes, all.data, n);
	buffer_free(&all);
	return bytes ? packed_open_memory(bytes, n, in->name, in->failure) : NULL;
}

/* What fails in a packed file is the caller's at once: whoever reads one may have it by itself. */
static bool packed_failed(struct input *in)
{
	if (has_failed(in->failure))
		in->failed = *in->failure;
	return false;
}

/* The text of a packed file. */
static size_t packed_bytes(struct input *in, char *to, size_t n)
{
	size_t got = packed_text_read(in->text, to, n);
	return got || packed_failed(in) ? got : 0;
}

/* A packed file: from here on its text is read in its place. */
static bool take_packed(struct input *in)
{
	bool whole = !in->compressed && !in->ahead && in->size && lseek(in->file, 0, SEEK_CUR) == (off_t)in->n;
	in->packed = whole ? packed_open_file(in->file, in->size, in->name, in->failure) : read_packed(in);
	in->text = in->packed ? packed_text_open(in->packed) : NULL;
	in->n = 0;
	return in->text || packed_failed(in);
}

/* Is it text? What was compressed is unpacked first where its cure does not do that. */
static bool look_kind(struct input *in, struct span first)
{
	struct hint_cure cure = hint_cure(first);
	const char *what = in->encoded && cure.utf16 ? NULL : cure.what;
	const char *packer = in->compressed ? decompress_format(in->compressed) : NULL;
	if (packer && compression_of(first) != COMPRESSION_NONE)
		return failure_set(&in->failed, STATUS_DATA, "%s: compressed twice: unpack with %s -dc", in->name,
				   packer);
	if (packer && what && !cure.takes_compressed)
		return failure_set(&in->failed, STATUS_DATA, "%s: first unpack with %s -dc: it is %s", in->name,
				   packer, what);
	return !what || failure_set(&in->failed, STATUS_DATA, "%s: %s", in->name, what);
}

/* The text's first bytes: those of a file that is no text are a failure. */
static bool look(struct input *in)
{
	in->looked = true;
	while (in->n && in->n < PACKED_MAGIC_SIZE && in->data[INPUT_PAD] == PACKED_MAGIC[0]) {
		size_t got = next_bytes(in, in->data + INPUT_PAD + in->n, PACKED_MAGIC_SIZE - in->n);
		if (got == 0)
			break;
		in->n += got;
	}
	if (packed_begins(in->data + INPUT_PAD, in->n))
		return take_packed(in);
	return look_kind(in, (struct span){in->data + INPUT_PAD, in->n});
}

bool input_fill(struct input *in)
{
	if (in->at_end)
		return false;
	char *to = in->data + INPUT_PAD + in->n;
	size_t room = in->capacity - in->n;
	size_t got = in->packed ? packed_bytes(in, to, room) : next_bytes(in, to, room);
	in->n += got;
	in->at_end = got == 0;
	if (!in->looked && !look(in))
		return false;
	if (in->packed && in->n == 0) /* just taken */
		in->n = got = packed_bytes(in, in->data + INPUT_PAD, in->capacity);
	return got > 0;
}

void input_resize(struct input *in, size_t capacity)
{
	capacity = capacity > block_bytes ? capacity : block_bytes;
	in->data = memory_resize(in->data, capacity + 2 * INPUT_PAD, 1);
	memset(in->data + INPUT_PAD + in->n, 0, capacity - in->n + INPUT_PAD);
	in->capacity = capacity;
}

bool input_sniff(struct input *in)
{
	struct span start = {in->data + INPUT_PAD, 0};
	while (start.n == 0 || compression_may_be(start)) {
		size_t more = read_some(in, in->data + INPUT_PAD + start.n, in->capacity - start.n);
		if (more == 0)
			break;
		start.n += more;
	}
	if (input_failed(in))
		return false;
	enum compression kind = compression_of(start);
	if (kind == COMPRESSION_NONE) {
		in->n = start.n;
		return look(in);
	}
	in->compressed = decompress_open(kind, in->threads, start, read_more, in, in->name, &in->failed);
	if (in->compressed)
		input_fill(in);
	return !input_failed(in);
}
