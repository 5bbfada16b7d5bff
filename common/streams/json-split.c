#include "streams/json-split.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "streams/input.h"
#include "streams/json-cut.h"
#include "streams/json.h"

enum state {
	AT_FIRST,  /* nothing of an array but its bracket was read */
	AT_VALUE,  /* after a comma */
	AFTER,     /* after a value */
	CLOSED,    /* after the bracket that ends the array */
};

/* Lines of a part are counted from here on: none of them is the first one, which messages give hints for. */
enum { LINES_BEFORE = 2 };

struct json_split {
	struct input *in;       /* NULL: of a text that is in memory */
	struct span piece;      /* what is left of the input's last one, or of that text */
	char *lent, kept;       /* the byte after the last value, which is an LF now, and what it was; or NULL */
	struct buffer value;    /* the last value, where it is not in the piece */
	bool array;
	bool part;              /* of an array: its last byte is the comma after its last element */
	bool inside;            /* the array is a list inside a value of the text, where it was: */
	struct {
		bool array;
		uint64_t from, count;
	} outer;
	bool shared;            /* the text is not to be written to, */
	size_t part_bytes;      /* and is taken in parts of so many bytes */
	enum state state;
	unsigned wait;          /* pieces of the input to begin before parts are tried again */
	uint64_t line, from, count;
	const char *problem;
	struct span where;      /* the text there */
	struct input_room room; /* of a part: its text */
	struct json_cut cut;
};

/* ---- the input ---- */

/* How long the byte order mark is that the text begins with. */
static size_t mark_length(struct span s)
{
	return s.n >= 3 && memcmp(s.at, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

char json_first_byte(struct input *in)
{
	enum { MOST = 4096 };
	struct span s = {"", 0}, more;
	while (s.n < MOST && (more = input_start(in, s.n + 1)).n > s.n) {
		s = more;
		size_t i = mark_length(s);
		while (i < s.n && json_is_space(s.at[i]))
			i++;
		bool mark = i == 0 && s.n < 3 && *s.at == '\xef';
		if (i < s.n && !mark)
			return s.at[i];
	}
	return '\0';
}

/* Is there a byte more? */
static bool more(struct json_split *s)
{
	if (s->piece.n > 0)
		return true;
	s->wait -= s->wait > 0;
	return s->in && input_piece(s->in, &s->piece);
}

static void skip(struct json_split *s, size_t n)
{
	s->piece = (struct span){s->piece.at + n, s->piece.n - n};
}

/* The next byte that is no blank and no line end, not taken; -1 at the end. */
static int peek(struct json_split *s)
{
	for (; more(s); skip(s, 1)) {
		if (!json_is_space(*s->piece.at))
			return (unsigned char)*s->piece.at;
		s->line += *s->piece.at == '\n';
	}
	return -1;
}

struct json_split *json_split_open(struct input *in)
{
	struct json_split *s = memory_zero(1, sizeof *s);
	*s = (struct json_split){.in = in, .line = 1, .from = 1};
	struct span start = input_start(in, 3);
	size_t mark = mark_length(start);
	if (mark && more(s))
		skip(s, mark);
	s->array = peek(s) == '[';
	if (s->array)
		skip(s, 1);
	return s;
}

struct json_split *json_split_open_list(struct span list, size_t part_bytes)
{
	struct json_split *s = memory_zero(1, sizeof *s);
	*s = (struct json_split){.piece = {list.at + 1, list.n - 1}, .array = true, .shared = true,
		.part_bytes = part_bytes};
	return s;
}

void json_split_close(struct json_split *s)
{
	if (!s)
		return;
	buffer_free(&s->value);
	input_room_free(&s->room);
	free(s->cut.strides);
	free(s);
}

/* ---- values ---- */

static bool bad(struct json_split *s, const char *problem)
{
	s->problem = problem;
	s->from = s->line;
	s->where = s->piece;
	return false;
}

const char JSON_SPLIT_LONG[] = "a value is longer than 64 MB";
static const char LONG_INSIDE[] = "what is next in the list, or after it, is longer than 64 MB";
static const char CUT[] = "the array has no ']' at its end";

/* Goes to where the next value begins; false where there is none. */
static bool start_value(struct json_split *s)
{
	for (;;) {
		if (s->inside && s->state == CLOSED)
			return false;
		int c = peek(s);
		if (c < 0)
			return s->array && s->state != CLOSED ? bad(s, CUT) : false;
		if (!s->array)
			return true;
		if (s->part && s->piece.n == 1 && s->state == AFTER)
			return false;
		if (s->state == CLOSED)
			return bad(s, "extra data after the array");
		if (c == ']' && s->state != AT_VALUE) {
			s->state = CLOSED;
		} else if (s->state == AFTER) {
			if (c != ',')
				return bad(s, "expected ',' or ']' after an element");
			s->state = AT_VALUE;
		} else {
			return c == ',' || c == ']' ? bad(s, "an element is missing") : true;
		}
		skip(s, 1);
	}
}

/* Where in a value one is. */
struct place {
	size_t depth;
	bool string, escape, done;
};

/* Is this a byte that ends a value without brackets? */
static bool ends_scalar(char c)
{
	return json_is_space(c) || c == ',' || c == ']' || c == '}';
}

/* One byte inside a string. */
static void step_string(struct place *at, char c)
{
	bool escape = at->escape;
	at->escape = !escape && c == '\\';
	at->string = escape || c != '"';
}

/* One byte outside strings. */
static void step_outside(struct place *at, char c)
{
	at->string = c == '"';
	if (c == '{' || c == '[')
		at->depth++;
	else if (c == '}' || c == ']')
		at->done = at->depth == 0 || --at->depth == 0;
}

/* Does nothing happen at this byte? */
static bool is_plain(const struct place *at, char c)
{
	static const bool SPECIAL[256] = {
		['"'] = true, ['\\'] = true, ['\n'] = true, ['{'] = true, ['}'] = true, ['['] = true,
		[']'] = true,
	};
	bool bracket = (c & 0xdf) == '[' || (c & 0xdf) == ']';
	return !SPECIAL[(unsigned char)c] || (at->string && bracket);
}

/* Takes what the piece has of the value. */
static void take_piece(struct json_split *s, struct place *at)
{
	const char *from = s->piece.at, *p = from, *end = from + s->piece.n;
	for (; p < end && !at->done; p++) {
		if (!at->escape && (at->string || at->depth))
			while (p < end && is_plain(at, *p))
				p++;
		if (p == end)
			break;
		bool first = s->value.n == 0 && p == from;
		if (!at->string && at->depth == 0 && !first && ends_scalar(*p))
			at->done = true;
		else if (*p == '\n' && at->string && !s->array)
			at->done = true; /* no string has one: the next line is another value */
		if (at->done)
			break;
		if (*p == '\n' && !at->string) {
			buffer_add(&s->value, from, (size_t)(p - from));
			buffer_add_byte(&s->value, ' ');
			from = p + 1;
		}
		s->line += *p == '\n';
		if (at->string)
			step_string(at, *p);
		else
			step_outside(at, *p);
	}
	buffer_add(&s->value, from, (size_t)(p - from));
	skip(s, (size_t)(p - s->piece.at));
}

/* The value where it is, if its end is in the piece, too: the byte after it becomes an LF for as long. */
static bool take_whole(struct json_split *s, struct span *value)
{
	uint64_t lines = 0;
	bool brackets = *s->piece.at == '{' || *s->piece.at == '[';
	size_t n = brackets ? json_value_end(s->piece, &lines) : 0;
	if (n == 0 || (n == s->piece.n && s->in))
		return false;
	char *text = (char *)(uintptr_t)s->piece.at;
	if (s->shared) {
		buffer_add(&s->value, text, n);
		text = s->value.data;
	} else {
		s->lent = text + n;
		s->kept = text[n];
		text[n] = '\n';
	}
	for (char *lf = text; lines > 0 && (lf = memchr(lf, '\n', n - (size_t)(lf - text))); lines--) {
		*lf = ' ';
		s->line++;
	}
	skip(s, n);
	*value = (struct span){text, n};
	return true;
}

/* The value, copied byte by byte from that place in it on. False where it does not end. */
static bool take_bytes(struct json_split *s, struct place at)
{
	while (!at.done && more(s)) {
		take_piece(s, &at);
		if (s->value.n > INPUT_LINE_MAX)
			return bad(s, s->inside ? LONG_INSIDE : JSON_SPLIT_LONG);
	}
	return at.done || !s->array || bad(s, CUT);
}

/* What was copied, as a line. */
static struct span copied_line(struct json_split *s)
{
	char *pad = buffer_room(&s->value, 1 + JSON_PAD);
	memset(pad, 0, 1 + JSON_PAD);
	*pad = '\n';
	return (struct span){s->value.data, s->value.n};
}

/* The value that one is at; false where it does not end. */
static bool take_value(struct json_split *s, struct span *value)
{
	s->from = s->line;
	s->value.n = 0;
	if (!take_whole(s, value) && !take_bytes(s, (struct place){0}))
		return false;
	if (s->value.n > 0)
		*value = copied_line(s);
	s->state = AFTER;
	s->count++;
	return true;
}

/* The byte after the last value is what it was; goes to the next one. */
static bool next(struct json_split *s)
{
	if (s->lent)
		*s->lent = s->kept;
	s->lent = NULL;
	return !s->problem && start_value(s);
}

bool json_split_next(struct json_split *s, struct span *value)
{
	return next(s) && take_value(s, value);
}

bool json_split_read(struct json_split *s, struct json_reader *r, struct span *value, bool *good)
{
	size_t n;
	if (!next(s))
		return false;
	*good = *s->piece.at == '{' && json_read_known(r, s->piece.at, &n);
	if (*good) {
		*value = (struct span){s->piece.at, n};
		s->from = s->line;
		s->state = AFTER;
		s->count++;
		skip(s, n);
		return true;
	}
	if (!take_value(s, value))
		return false;
	*good = json_read(r, *value);
	return true;
}

/* ---- a list inside a value ---- */

/* Reads on until there are n bytes, or the value that begins there is known to end, or to be odd. */
static void read_ahead(struct json_split *s, size_t n)
{
	struct span text = s->piece;
	input_give_back(s->in, text.n);
	while (text.n < n && json_value_goes_on(text)) {
		size_t had = text.n;
		text = input_start(s->in, had + 1);
		if (text.n == had)
			break;
		s->wait -= s->wait > 0;
	}
	input_piece(s->in, &s->piece);
}

bool json_split_is_long(struct json_split *s, size_t n, struct span *start)
{
	if (!next(s) || *s->piece.at != '{')
		return false;
	if (s->in)
		read_ahead(s, n);
	*start = s->piece;
	return start->n >= n && json_value_goes_on((struct span){start->at, n});
}

void json_split_enter(struct json_split *s, size_t n)
{
	s->outer.array = s->array;
	s->outer.from = s->from = s->line;
	s->outer.count = s->count + 1;
	for (size_t i = 0; i < n; i++)
		s->line += s->piece.at[i] == '\n';
	skip(s, n);
	s->inside = s->array = true;
	s->state = AT_FIRST;
	s->count = 0;
	s->wait = 0;
}

bool json_split_leave(struct json_split *s, size_t depth, struct span *rest)
{
	if (s->problem)
		return false;
	s->array = s->outer.array;
	s->value.n = 0;
	if (!take_bytes(s, (struct place){.depth = depth}))
		return false;
	*rest = copied_line(s);
	s->inside = false;
	s->from = s->outer.from;
	s->count = s->outer.count;
	s->state = AFTER;
	s->wait = 0; /* the end of the list is no odd element */
	return true;
}

/* ---- parts ---- */

struct json_split *json_part_new(void)
{
	return memory_zero(1, sizeof (struct json_split));
}

bool json_split_has_parts(const struct json_split *s)
{
	return s->state == AFTER && !s->problem && s->wait == 0;
}

/* Of a text in memory, the same as input_take_piece. */
static bool copy_piece(struct json_split *s, struct json_split *part, struct span *piece)
{
	enum { PAD = 64 };
	size_t n = 0;
	/* What is less than half a part is not worth it. */
	for (size_t most = s->part_bytes; n == 0 && most / 2 < s->piece.n; most *= 2)
		n = json_cut(&part->cut, (struct span){s->piece.at, most < s->piece.n ? most : s->piece.n});
	if (part->room.capacity < n + 1) {
		part->room.data = memory_resize(part->room.data, n + 1 + PAD, 1);
		part->room.capacity = n + 1;
	}
	if (n > 0) {
		memcpy(part->room.data, s->piece.at, n + 1); /* the comma, too */
		memset(part->room.data + n + 1, 0, PAD);
	}
	*piece = (struct span){part->room.data, n};
	skip(s, n);
	return n > 0;
}

bool json_split_take(struct json_split *s, struct json_split *part)
{
	struct span piece;
	if (s->lent)
		*s->lent = s->kept;
	s->lent = part->lent = NULL;
	part->array = part->part = part->cut.array = s->array;
	if (s->in) {
		input_give_back(s->in, s->piece.n);
		s->piece.n = 0;
	}
	if (s->in ? !input_take_piece(s->in, &part->room, json_cut, &part->cut, &piece)
		  : !copy_piece(s, part, &piece)) {
		s->wait = 2; /* all that was read goes one by one: a try moves it, too much for each odd element */
		return false;
	}
	part->piece = (struct span){piece.at, piece.n + s->array};
	part->state = AFTER;
	part->line = LINES_BEFORE;
	part->count = 0;
	part->problem = NULL;
	return true;
}

struct span json_part_text(const struct json_split *part)
{
	return part->piece;
}

bool json_part_join(struct json_split *s, const struct json_split *part)
{
	s->count = part->inside ? part->count : s->count + part->count; /* with a problem inside */
	s->from = s->line + part->from - LINES_BEFORE;
	s->line += part->line - LINES_BEFORE;
	s->problem = part->problem;
	s->where = part->where;
	return !s->problem;
}

uint64_t json_part_lines_before(const struct json_split *s)
{
	return s->line - LINES_BEFORE;
}

const char *json_split_problem(const struct json_split *s, struct span *where)
{
	*where = s->problem == CUT ? (struct span){"", 0} : s->where;
	return s->problem;
}

bool json_split_is_array(const struct json_split *s)
{
	return s->array;
}

uint64_t json_split_line(const struct json_split *s)
{
	return s->from;
}

uint64_t json_split_count(const struct json_split *s)
{
	return s->count;
}
