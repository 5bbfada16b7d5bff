#include "streams/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/compress.h"
#include "streams/packing.h"

enum { OUTPUT_BYTES = 256 << 10, WRITEBACK_BYTES = 16 << 20 };

/* All that are open, the newest first. */
static struct output *open_ones;

void output_remove_temporaries(void)
{
	temporary_remove_all();
}

void output_catch_signals(void (*end)(int))
{
	temporary_catch_signals(end);
}

static void open_device(struct output *out, int flags)
{
	out->file = openat(out->target.folder, out->target.name, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags,
			   0666);
}

static void open_temporary(struct output *out)
{
	out->temporary = memory_zero(1, sizeof *out->temporary);
	out->file = temporary_open(&out->target, out->temporary, out->failure);
}

enum { LATER = -2 }; /* the file of output_open_live, until something is written */

/* It is opened when there is something to write; that it cannot be is known now. */
static void plan_live(struct output *out)
{
	bool may = out->target.exists || faccessat(out->target.folder, ".", W_OK | X_OK, AT_EACCESS) == 0;
	out->file = may ? LATER : -1;
}

static void open_live(struct output *out)
{
	open_device(out, O_CREAT | O_TRUNC | O_NOFOLLOW);
	if (out->file < 0)
		failure_set_errno(out->failure, STATUS_FAILED, "cannot write %s", shown_file(out->path));
}

static void check_alone(const struct output *out)
{
	for (const struct output *other = open_ones; other; other = other->next)
		if (out->target.kind == TARGET_FILE && target_same(&out->target, &other->target))
			die(STATUS_USAGE, "%s would be written twice", out->path);
}

static void release(struct output *out)
{
	struct output **at = &open_ones;
	while (*at && *at != out)
		at = &(*at)->next;
	if (*at)
		*at = out->next;
	packing_free(out->packing);
	compress_close(out->compressor);
	buffer_free(&out->compressed);
	buffer_free(&out->packed);
	free(out->data);
	free(out->path);
	free(out->temporary);
	target_free(&out->target);
	free(out);
}

/* A name that ends in .gz or .zst is an order. */
static bool start_compressor(struct output *out)
{
	enum compression kind = compression_named(out->path);
	const char *other = compression_not_written(out->path);
	if (other)
		return failure_set(out->failure, STATUS_USAGE,
				   "cannot write %s: %s is not written; a name in .zst or .gz compresses",
				   shown_file(out->path), other);
	if (kind == COMPRESSION_NONE)
		return true;
	out->compressor = compress_open(kind);
	return out->compressor || failure_set(out->failure, STATUS_FAILED, "out of memory");
}

static struct output *open_at(const char *path, bool live, struct failure *failure)
{
	struct output *out = memory_zero(1, sizeof *out);
	out->failure = failure;
	if (path && strcmp(path, "-") != 0)
		out->path = memory_text(path, strlen(path));
	out->file = -1;
	if (!start_compressor(out)) {
		release(out);
		return NULL;
	}
	if (target_find(path, &out->target) == 0) {
		if (!failure)
			check_alone(out);
		if (out->target.kind == TARGET_STREAM)
			out->file = out->target.stream;
		else if (out->target.kind == TARGET_DEVICE)
			open_device(out, 0);
		else if (live)
			plan_live(out);
		else
			open_temporary(out);
	}
	if (out->file < 0 && out->file != LATER) {
		failure_set_errno(failure, STATUS_FAILED, "cannot write %s", shown_file(path));
		release(out);
		return NULL;
	}
	out->data = memory_new(OUTPUT_BYTES, 1);
	out->capacity = OUTPUT_BYTES;
	if (failure)
		return out;
	out->next = open_ones;
	open_ones = out;
	return out;
}

struct output *output_open(const char *path, bool line_buffered)
{
	struct output *out = open_at(path, false, NULL);
	out->by_line = line_buffered || isatty(out->file);
	return out;
}

struct output *output_open_or(const char *path, struct failure *failure)
{
	return open_at(path, false, failure);
}

struct output *output_open_live(const char *path)
{
	struct output *out = open_at(path, true, NULL);
	out->by_line = true;
	return out;
}

struct output *output_open_memory(void)
{
	struct output *out = memory_zero(1, sizeof *out);
	out->memory = true;
	out->file = out->target.folder = -1;
	out->capacity = OUTPUT_BYTES + OUTPUT_BYTES / 8;
	out->data = memory_new(out->capacity, 1);
	return out;
}

void output_append(struct output *out, struct output *part)
{
	if (part->n <= OUTPUT_BYTES / 8) {
		output_bytes(out, part->data, part->n);
	} else {
		output_flush(out);
		struct output whole = *part;
		part->data = out->data;
		part->capacity = out->capacity;
		out->data = whole.data;
		out->capacity = whole.capacity;
		out->n = whole.n;
		output_flush(out);
	}
	part->n = 0;
}

static const char *name_of(const struct output *out)
{
	return out->path ? shown_file(out->path) : "standard output";
}

/* A large file goes to the disk while it is made, 16 MB at a time, so that the sync at its end, which has
 * to wait, finds little left. `length` bytes were written. Where that cannot be it is no failure: what is
 * wrong with the disk the sync says. */
static void start_writeback(const struct output *out, size_t length)
{
	off_t end = out->temporary ? lseek(out->file, 0, SEEK_CUR) : 0;
	off_t begin = (end - (off_t)length) / WRITEBACK_BYTES * WRITEBACK_BYTES;
	if (end - begin >= WRITEBACK_BYTES)
		(void)sync_file_range(out->file, begin, end - begin, SYNC_FILE_RANGE_WRITE);
}

static void write_file(struct output *out, const char *data, size_t length)
{
	if (out->file == LATER && length)
		open_live(out);
	for (size_t done = 0; done < length && !has_failed(out->failure);) {
		ssize_t n = write(out->file, data + done, length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			failure_set_errno(out->failure, STATUS_FAILED, "cannot write to %s", name_of(out));
		else if (n == 0)
			failure_set(out->failure, STATUS_FAILED, "cannot write to %s: write returned 0", name_of(out));
		else
			done += (size_t)n;
	}
	start_writeback(out, length);
}

/* The bytes go into the file, compressed by its name. */
static void write_all(struct output *out, const char *data, size_t length, enum compress_mode mode)
{
	if (!out->compressor) {
		write_file(out, data, length);
		return;
	}
	if (!compress_add(out->compressor, (struct span){data, length}, mode, &out->compressed))
		failure_set(out->failure, STATUS_FAILED, "cannot write to %s: out of memory", name_of(out));
	write_file(out, out->compressed.data, out->compressed.n);
	out->compressed.n = 0;
}

void output_pack(struct output *out, enum packed_kind kind)
{
	if (isatty(out->file))
		die(STATUS_USAGE, "a packed file is not for a terminal: use --output FILE, or redirect");
	out->by_line = false;
	out->packing = packing_open(kind, &out->packed, name_of(out), out->failure);
}

void output_pack_doubles(struct output *out)
{
	output_pack(out, PACKED_LISTS);
	packing_use_doubles(out->packing);
}

void output_pack_also(struct output *out, const struct packing_section *sections, size_t n)
{
	packing_also(out->packing, sections, n);
}

static void write_packed(struct output *out)
{
	write_all(out, out->packed.data, out->packed.n, COMPRESS_RUN);
	out->packed.n = 0;
}

void output_model_row(struct output *out, uint32_t side, struct span id, float bias, const float *factors,
		      uint32_t n)
{
	if (out->n)
		output_flush(out);
	packing_add_model_row(out->packing, side, id, bias, factors, n);
	if (out->packed.n >= OUTPUT_BYTES)
		write_packed(out);
}

void output_flush(struct output *out)
{
	if (!out->packing) {
		write_all(out, out->data, out->n, out->by_line ? COMPRESS_SYNC : COMPRESS_RUN);
	} else {
		packing_add(out->packing, (struct span){out->data, out->n});
		write_packed(out);
	}
	out->n = 0;
}

void output_make_room(struct output *out, size_t n)
{
	if (out->memory) {
		out->data = memory_grow(out->data, &out->capacity, out->n + n, 1);
		return;
	}
	const char *end = out->packing || !out->n ? NULL : memrchr(out->data, '\n', out->n);
	size_t whole = end ? (size_t)(end + 1 - out->data) : out->n, rest = out->n - whole;
	out->n = whole;
	output_flush(out);
	if (out->capacity < rest + n) {
		out->data = memory_resize(out->data, rest + n, 1);
		out->capacity = rest + n;
	}
	memmove(out->data, out->data + whole, rest);
	out->n = rest;
}

/* Standard output is closed by finish(), standard error by nobody. */
static bool is_ours(const struct output *out)
{
	return out->file > STDERR_FILENO;
}

static void commit(struct output *out)
{
	const char *wrong = NULL;
	if (out->temporary) {
		wrong = temporary_commit(out->temporary, &out->target);
		out->file = out->temporary->file;
	} else if (out->target.kind == TARGET_FILE) {
		if (temporary_sync(out->file) != 0)
			wrong = "sync";
		else if (temporary_sync_folder(&out->target, out->file) != 0)
			wrong = "sync the folder of";
	}
	if (wrong)
		failure_set_errno(out->failure, STATUS_FAILED, "cannot %s %s", wrong, name_of(out));
}

bool output_close(struct output *out)
{
	struct failure *failure = out->failure;
	if (out->memory) {
		release(out);
		return true;
	}
	if (out->file == LATER)
		open_live(out);
	output_flush(out);
	if (out->packing && packing_end(out->packing))
		write_packed(out);
	if (out->compressor)
		write_all(out, NULL, 0, COMPRESS_END);
	if (!has_failed(failure))
		commit(out);
	if (has_failed(failure)) {
		output_abandon(out);
		return false;
	}
	if (is_ours(out) && close(out->file) != 0)
		failure_set_errno(failure, STATUS_FAILED, "cannot close %s", name_of(out));
	if (target_close(&out->target) != 0)
		failure_set_errno(failure, STATUS_FAILED, "cannot close the folder of %s", name_of(out));
	release(out);
	return !has_failed(failure);
}

void output_abandon(struct output *out)
{
	if (out->temporary)
		temporary_drop(out->temporary);
	if (is_ours(out))
		close(out->file);
	release(out);
}
