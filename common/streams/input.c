#include "streams/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "streams/ahead.h"
#include "streams/decompress.h"
#include "streams/hints.h"
#include "streams/packed.h"

enum {
	BLOCK_BYTES = 256 << 10, /* stays in the second-level cache */
	PAD_BYTES = 64,          /* readable on both sides, for vector loads */
	PACKED_FREE = 256 << 20, /* a compressed packed file may grow to that, beyond it by that: */
	PACKED_RATIO = 100,
	AHEAD_FROM = 1 << 20,    /* of so many decompressed bytes on, threads are worth their beginning, */
	SOON_FROM = 64 << 10,    /* and of so many bytes of a file */
};

struct input {
	int file;
	const char *name;
	char *odd_name;           /* what `name` is when it is not the path itself */
	bool looked, at_end;
	bool encoded;             /* UTF-16 is let in */
	struct decompressor *compressed;
	struct ahead *ahead;      /* has `compressed` then, and bytes are from here on its place */
	size_t threads;           /* that may be used yet; 1: none but the caller's */
	uint64_t decompressed;
	char *data;                 /* PAD_BYTES, then the text */
	size_t start, n, capacity;  /* text not given out yet: start ... n */
	uint64_t bytes, size, line;
	struct packed *packed;      /* what is read is its text */
	struct packed_text *text;
	struct failure failed;      /* what has failed, until it is the caller's turn to know: */
	struct failure *failure;    /* NULL: it ends the program */
};

/* Blocks that are read at once; tests make them small. */
static size_t block_bytes = BLOCK_BYTES;

void input_use_blocks(size_t bytes)
{
	block_bytes = bytes;
}

static bool failed(const struct input *in)
{
	return has_failed(&in->failed);
}

/* What has failed is the caller's now; false where something has. */
static bool deliver(struct input *in)
{
	return !has_failed(&in->failed) || failure_set(in->failure, in->failed.status, "%s", in->failed.text);
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

/* Threads that decompress, and compressed files that are read soon, each with a thread of its own. */
static struct {
	size_t threads;
	char **paths; /* the others that will be opened, in this order */
	size_t n;
	struct ready {
		struct ready *next;
		const char *path;
		struct input *in;
		struct failure failure;
	} *first;
	size_t n_ready;
} soon = {.threads = 1};

void input_threads(size_t threads)
{
	soon.threads = threads;
}

/* For the file that is read. */
static size_t threads_left(void)
{
	return soon.threads > soon.n_ready ? soon.threads - soon.n_ready : 1;
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

/* Lets threads decompress what is to come; where they cannot, it is done here, as before. */
static void go_ahead(struct input *in, size_t threads)
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
		go_ahead(in, threads_left());
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
	buffer_add(&all, in->data + PAD_BYTES, in->n);
	while ((got = next_bytes(in, buffer_room(&all, BLOCK_BYTES), BLOCK_BYTES)) > 0) {
		all.n += got;
		if (all.n > PACKED_FREE && all.n / PACKED_RATIO > in->bytes) {
			failure_set(in->failure, STATUS_DATA, "%s: a packed file that grows to more than %d times "
				    "its size: unpack it before it is read", in->name, (int)PACKED_RATIO);
			break;
		}
	}
	void *bytes = failed(in) ? NULL : memory_aligned(all.n, 1);
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

/* The text's first bytes: those of a file that is no text are a failure. */
static bool look(struct input *in)
{
	in->looked = true;
	while (in->n && in->n < PACKED_MAGIC_SIZE && in->data[PAD_BYTES] == PACKED_MAGIC[0]) {
		size_t got = next_bytes(in, in->data + PAD_BYTES + in->n, PACKED_MAGIC_SIZE - in->n);
		if (got == 0)
			break;
		in->n += got;
	}
	if (packed_begins(in->data + PAD_BYTES, in->n))
		return take_packed(in);
	struct span first = {in->data + PAD_BYTES, in->n};
	const char *what = in->encoded && hint_is_utf16(first) ? NULL : hint_binary(first);
	return !what || failure_set(&in->failed, STATUS_DATA, "%s: %s", in->name, what);
}

/* Adds bytes after data[n]; false at the end. */
static bool fill(struct input *in)
{
	if (in->at_end)
		return false;
	char *to = in->data + PAD_BYTES + in->n;
	size_t room = in->capacity - in->n;
	size_t got = in->packed ? packed_bytes(in, to, room) : next_bytes(in, to, room);
	in->n += got;
	in->at_end = got == 0;
	if (!in->looked && !look(in))
		return false;
	if (in->packed && in->n == 0) /* just taken */
		in->n = got = packed_bytes(in, in->data + PAD_BYTES, in->capacity);
	return got > 0;
}

static void resize(struct input *in, size_t capacity)
{
	in->data = memory_resize(in->data, capacity + 2 * PAD_BYTES, 1);
	memset(in->data + PAD_BYTES + in->n, 0, capacity - in->n + PAD_BYTES);
	in->capacity = capacity;
}

/* The first bytes decide whether the file is compressed. */
static bool sniff(struct input *in)
{
	struct span start = {in->data + PAD_BYTES, 0};
	while (start.n == 0 || compression_may_be(start)) {
		size_t more = read_some(in, in->data + PAD_BYTES + start.n, in->capacity - start.n);
		if (more == 0)
			break;
		start.n += more;
	}
	if (failed(in))
		return false;
	enum compression kind = compression_of(start);
	if (kind == COMPRESSION_NONE) {
		in->n = start.n;
		return look(in);
	}
	in->compressed = decompress_open(kind, in->threads, start, read_more, in, in->name, &in->failed);
	if (in->compressed)
		fill(in);
	return !failed(in);
}

/* A terminal waits for text to be typed, which may not be what was meant: that is said once. */
static void tell_terminal(void)
{
	static bool told;
	if (!told && isatty(STDIN_FILENO))
		warn("reading standard input, a terminal: end it with Ctrl-D, or give a file: %s ... < FILE",
		     program_name);
	told = true;
}

/* Opens the file, which must be none of folders. */
static bool open_path(struct input *in, const char *path)
{
	if (!path || strcmp(path, "-") == 0) {
		in->name = "(standard input)";
		in->file = STDIN_FILENO;
		if (!in->failure)
			tell_terminal();
	} else {
		in->name = shown_file(path);
		if (in->name != path)
			in->name = in->odd_name = memory_text(in->name, strlen(in->name));
		in->file = open(path, O_RDONLY | O_CLOEXEC);
		if (in->file < 0)
			return failure_set_errno(&in->failed, STATUS_FAILED, "cannot open %s", in->name);
	}
	struct stat about;
	if (fstat(in->file, &about) != 0)
		return failure_set_errno(&in->failed, STATUS_FAILED, "%s: cannot read", in->name);
	if (S_ISDIR(about.st_mode)) {
		errno = EISDIR;
		return failure_set_errno(&in->failed, STATUS_FAILED, "cannot read %s", in->name);
	}
	if (S_ISREG(about.st_mode)) {
		in->size = (uint64_t)about.st_size;
		(void)posix_fadvise(in->file, 0, 0, POSIX_FADV_SEQUENTIAL); /* only advice */
	} else if (S_ISFIFO(about.st_mode)) {
		(void)fcntl(in->file, F_SETPIPE_SZ, BLOCK_BYTES); /* a larger pipe is a favor */
	}
	return true;
}

static struct input *open_alone(const char *path, bool encoded, struct failure *failure)
{
	struct input *in = memory_zero(1, sizeof *in);
	in->failure = failure;
	in->encoded = encoded;
	in->threads = soon.threads;
	if (open_path(in, path)) {
		resize(in, block_bytes);
		if (sniff(in))
			return in;
	}
	input_close(in);
	return NULL;
}

/* Opens the file for later, if it is worth it. What fails, fails again when it is its turn. */
static void make_ready(const char *path)
{
	struct stat about;
	if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode) ||
	    about.st_size < SOON_FROM)
		return;
	struct ready *r = memory_zero(1, sizeof *r), **at = &soon.first;
	r->path = path;
	r->in = open_alone(path, false, &r->failure);
	if (r->in && r->in->compressed && !r->in->packed)
		go_ahead(r->in, 1);
	if (!r->in || !r->in->ahead) {
		input_close(r->in);
		free(r);
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = r;
	soon.n_ready++;
}

static void make_more_ready(void)
{
	while (soon.n_ready + 1 < soon.threads && soon.n) {
		soon.n--;
		make_ready(*soon.paths++);
	}
}

/* The file if it was opened before. */
static struct input *take_ready(const char *path)
{
	struct ready **at = &soon.first, *r;
	while (*at && (*at)->path != path)
		at = &(*at)->next;
	if (!(r = *at))
		return NULL;
	struct input *in = r->in;
	*at = r->next;
	free(r);
	soon.n_ready--;
	return in;
}

void input_expect(char **paths, int count)
{
	if (count <= 0)
		return;
	soon.paths = paths;
	soon.n = (size_t)count;
	make_more_ready();
}

static struct input *open_input(const char *path, bool encoded, struct failure *failure)
{
	struct input *in = soon.first && path ? take_ready(path) : NULL;
	if (!in)
		return open_alone(path, encoded, failure);
	in->failure = failure;
	in->encoded = encoded;
	make_more_ready();
	ahead_threads(in->ahead, threads_left());
	return in;
}

struct input *input_open_or(const char *path, struct failure *failure)
{
	return open_input(path, false, failure);
}

struct input *input_open(const char *path)
{
	return open_input(path, false, NULL);
}

struct input *input_open_encoded(const char *path)
{
	return open_input(path, true, NULL);
}

bool input_try(char **paths, int count, struct failure *failure)
{
	for (int i = 0; i < count; i++) {
		struct stat about;
		if (strcmp(paths[i], "-") == 0)
			continue;
		if (stat(paths[i], &about) != 0 || access(paths[i], R_OK) != 0)
			return failure_set_errno(failure, STATUS_FAILED, "cannot open %s", shown_file(paths[i]));
		if (S_ISDIR(about.st_mode)) {
			errno = EISDIR;
			return failure_set_errno(failure, STATUS_FAILED, "cannot read %s", shown_file(paths[i]));
		}
	}
	return true;
}

static bool too_long(struct input *in)
{
	struct span line = {in->data + PAD_BYTES, in->n};
	bool cr = hint_has_cr(line);
	return failure_set(&in->failed, STATUS_DATA, "%s: a line is longer than %d bytes%s%s", in->name,
		    (int)INPUT_LINE_MAX, cr ? "; " : "", cr ? HINT_CR : "");
}

/* Moves what was not given out to the front and makes room after it. */
static bool make_room(struct input *in)
{
	char *text = in->data + PAD_BYTES;
	size_t kept = in->n - in->start;
	if (in->start) {
		memmove(text, text + in->start, kept);
		in->start = 0;
		in->n = kept;
	}
	if (kept > INPUT_LINE_MAX)
		return too_long(in);
	if (in->capacity - in->n < in->capacity / 2)
		resize(in, in->capacity * 2);
	return true;
}

static bool next_block(struct input *in, struct span *block)
{
	for (size_t searched = in->start; !failed(in);) {
		char *text = in->data + PAD_BYTES, *from = text + in->start;
		char *last = memrchr(text + searched, '\n', in->n - searched);
		if (last) {
			const char *first = searched == in->start ? from :
				memchr(text + searched, '\n', in->n - searched);
			if (first - from > INPUT_LINE_MAX)
				return too_long(in);
			*block = (struct span){from, (size_t)(last + 1 - from)};
			in->start = (size_t)(last + 1 - text);
			return true;
		}
		if (!make_room(in))
			return false;
		searched = in->n;
		if (!fill(in)) {
			if (in->n == in->start || failed(in))
				return false;
			in->data[PAD_BYTES + in->n++] = '\n'; /* the last line's own */
		}
	}
	return false;
}

bool input_block(struct input *in, struct span *block)
{
	bool got = next_block(in, block);
	deliver(in);
	return got;
}

/* The input reads into that memory from now on, what it has read already included; what it had is the
 * caller's. */
static void change_room(struct input *in, struct input_room *room)
{
	struct input_room old = {in->data, in->capacity};
	const char *from = in->data + PAD_BYTES + in->start;
	size_t kept = in->n - in->start;
	in->data = room->data;
	in->capacity = room->capacity;
	in->start = in->n = 0;
	if (!in->data || in->capacity < kept)
		resize(in, kept > block_bytes ? kept : block_bytes);
	memcpy(in->data + PAD_BYTES, from, kept);
	in->n = kept;
	*room = old;
}

bool input_take_block(struct input *in, struct input_room *room, struct span *block)
{
	change_room(in, room);
	bool got = next_block(in, block);
	change_room(in, room);
	return got;
}

void input_room_free(struct input_room *room)
{
	free(room->data);
	*room = (struct input_room){0};
}

static bool next_line(struct input *in, struct span *line)
{
	for (size_t searched = in->start; !failed(in);) {
		char *text = in->data + PAD_BYTES;
		char *end = memchr(text + searched, '\n', in->n - searched);
		if (end) {
			*line = (struct span){text + in->start,
					      (size_t)(end - (text + in->start))};
			in->start = (size_t)(end + 1 - text);
			in->line++;
			return true;
		}
		if (!make_room(in))
			return false;
		searched = in->n;
		if (!fill(in)) {
			if (in->n == in->start || failed(in))
				return false;
			in->data[PAD_BYTES + in->n++] = '\n';
		}
	}
	return false;
}

bool input_line(struct input *in, struct span *line)
{
	bool got = next_line(in, line);
	deliver(in);
	return got;
}

bool input_piece(struct input *in, struct span *piece)
{
	if (in->start == in->n) {
		in->start = in->n = 0;
		if (!fill(in)) {
			deliver(in);
			return false;
		}
	}
	*piece = (struct span){in->data + PAD_BYTES + in->start, in->n - in->start};
	in->start = in->n;
	return piece->n > 0;
}

struct span input_start(struct input *in, size_t n)
{
	while (in->n - in->start < n && fill(in))
		;
	deliver(in);
	return (struct span){in->data + PAD_BYTES + in->start, in->n - in->start};
}

const char *input_name(const struct input *in)
{
	return in->name;
}

uint64_t input_line_number(const struct input *in)
{
	return in->line;
}

uint64_t input_bytes(const struct input *in)
{
	return in->bytes;
}

uint64_t input_size(const struct input *in)
{
	return in->size;
}

struct packed *input_packed(struct input *in)
{
	if (!in->looked && !fill(in)) {
		deliver(in);
		return NULL;
	}
	return in->packed && packed_text_is_new(in->text) ? in->packed : NULL;
}

bool input_close(struct input *in)
{
	if (!in)
		return true;
	struct failure *failure = in->failure;
	ahead_close(in->ahead);
	decompress_close(in->compressed);
	if (in->file > STDIN_FILENO && close(in->file) != 0)
		failure_set_errno(&in->failed, STATUS_FAILED, "%s: cannot close", in->name);
	deliver(in);
	packed_text_close(in->text);
	packed_close(in->packed);
	free(in->data);
	free(in->odd_name);
	free(in);
	return !has_failed(failure);
}
