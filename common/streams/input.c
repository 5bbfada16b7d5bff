/* The text of a file as it is given out: in blocks, lines, pieces. */
#include "streams/input-reader.h"

#include <unistd.h>

#include "base/memory.h"
#include "streams/hints.h"

/* What has failed is the caller's now; false where something has. */
static bool deliver(struct input *in)
{
	return !has_failed(&in->failed) || failure_set(in->failure, in->failed.status, "%s", in->failed.text);
}

static bool too_long(struct input *in)
{
	struct span line = {in->data + INPUT_PAD, in->n};
	bool cr = hint_has_cr(line);
	return failure_set(&in->failed, STATUS_DATA, "%s: a line is longer than %d bytes%s%s", in->name,
		    (int)INPUT_LINE_MAX, cr ? "; " : "", cr ? HINT_CR : "");
}

/* Moves what was not given out to the front and makes room after it. */
static bool make_room(struct input *in)
{
	char *text = in->data + INPUT_PAD;
	size_t kept = in->n - in->start;
	if (in->start) {
		memmove(text, text + in->start, kept);
		in->start = 0;
		in->n = kept;
	}
	if (kept > INPUT_LINE_MAX)
		return too_long(in);
	if (in->capacity - in->n < in->capacity / 2)
		input_resize(in, in->capacity * 2);
	return true;
}

static bool next_block(struct input *in, struct span *block)
{
	for (size_t searched = in->start; !input_failed(in);) {
		char *text = in->data + INPUT_PAD, *from = text + in->start;
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
		if (!input_fill(in)) {
			if (in->n == in->start || input_failed(in))
				return false;
			in->data[INPUT_PAD + in->n++] = '\n'; /* the last line's own */
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
	const char *from = in->data + INPUT_PAD + in->start;
	size_t kept = in->n - in->start;
	in->data = room->data;
	in->capacity = room->capacity;
	in->start = in->n = 0;
	if (!in->data || in->capacity < kept)
		input_resize(in, kept);
	memcpy(in->data + INPUT_PAD, from, kept);
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

bool input_take_cut(struct input *in, struct input_room *room, size_t (*cut)(struct span text),
		    struct span *block)
{
	change_room(in, room);
	bool got = next_block(in, block);
	if (got) {
		size_t n = cut(*block);
		in->start -= block->n - n;
		block->n = n;
		got = n > 0;
	}
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
	for (size_t searched = in->start; !input_failed(in);) {
		char *text = in->data + INPUT_PAD;
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
		if (!input_fill(in)) {
			if (in->n == in->start || input_failed(in))
				return false;
			in->data[INPUT_PAD + in->n++] = '\n';
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
		if (!input_fill(in)) {
			deliver(in);
			return false;
		}
	}
	*piece = (struct span){in->data + INPUT_PAD + in->start, in->n - in->start};
	in->start = in->n;
	return piece->n > 0;
}

void input_give_back(struct input *in, size_t n)
{
	in->start -= n;
}

/* Room for more of a piece; false when it is long already. */
static bool piece_room(struct input *in)
{
	enum { PIECE_MAX = 4 * INPUT_BLOCK };
	if (in->capacity - in->n >= in->capacity / 2)
		return true;
	if (in->capacity >= PIECE_MAX)
		return false;
	input_resize(in, in->capacity * 2);
	return true;
}

bool input_take_piece(struct input *in, struct input_room *room,
		      size_t (*cut)(void *context, struct span text), void *context, struct span *piece)
{
	change_room(in, room);
	char *text = in->data + INPUT_PAD;
	size_t n = in->n ? cut(context, (struct span){text, in->n}) : 0;
	while (n == 0 && !input_failed(in) && piece_room(in) && input_fill(in)) {
		text = in->data + INPUT_PAD;
		n = cut(context, (struct span){text, in->n});
	}
	*piece = (struct span){text, n};
	in->start = n;
	change_room(in, room);
	return n > 0;
}

struct span input_start(struct input *in, size_t n)
{
	while (in->n - in->start < n && !input_failed(in) && make_room(in) && input_fill(in))
		;
	deliver(in);
	return (struct span){in->data + INPUT_PAD + in->start, in->n - in->start};
}

void input_skip(struct input *in)
{
	bool compressed = (in->compressed || in->ahead) && !in->packed; /* a packed one was read whole */
	while (compressed && !input_failed(in)) {
		in->start = in->n = 0;
		if (!input_fill(in))
			break;
	}
	deliver(in);
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
	if (!in->looked && !input_fill(in)) {
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
