/* Where the elements of an array end: 64 bytes at a time, strings and brackets by bits. Only what is plainly
 * elements in brackets with a comma between them is cut, so that whatever else there is, is json-split.c's
 * to look at, byte by byte.
 */
#include "streams/json-split.h"

#include <stdlib.h>

#include "base/memory.h"
#include "streams/byte-masks.h"

/* What comes before a byte. */
struct place {
	struct json_part *part;
	uint64_t lines;        /* LF so far, */
	uint64_t lines_cut;    /* and up to the last comma */
	size_t depth;          /* brackets that are open, that of the array included */
	bool inside, escaped;  /* a string; a backslash before the next byte */
	bool element;          /* since the last comma between elements there was one */
};

/* The bits after a backslash that counts. */
static uint64_t escaped_bits(uint64_t backslash, bool *carry)
{
	uint64_t escaped = *carry;
	backslash &= ~escaped;
	for (*carry = false; backslash; backslash &= backslash - 1) {
		int i = __builtin_ctzll(backslash);
		*carry = i == MASK_BYTES - 1;
		if (*carry)
			break;
		escaped |= UINT64_C(2) << i;
		backslash &= ~(UINT64_C(2) << i);
	}
	return escaped;
}

/* The bits of 64 bytes that mean something outside strings. */
struct bits {
	uint64_t open, close, comma, lf;
	uint64_t other;        /* neither those nor blanks */
};

/* Bytes between elements: they are blanks and commas, one after each element. False where they are not. */
static bool between(struct place *at, size_t i, const struct bits *b, uint64_t region)
{
	uint64_t other = b->other & region;
	if (other)
		region &= (other & -other) - 1;
	for (uint64_t comma = b->comma & region; comma; comma &= comma - 1) {
		size_t bit = (size_t)__builtin_ctzll(comma);
		struct json_part *part = at->part;
		if (!at->element)
			return false;
		at->element = false;
		part->ends = memory_grow(part->ends, &part->capacity, part->n + 1, sizeof *part->ends);
		part->ends[part->n++] = (uint32_t)(i + bit);
		at->lines_cut = at->lines + (uint64_t)__builtin_popcountll(b->lf & mask_first(bit));
	}
	return !other;
}

/* From bracket to bracket. False where something comes that is not plain. */
static bool walk(struct place *at, size_t i, const struct bits *b, uint64_t valid)
{
	uint64_t from = 0; /* the bits before are done */
	for (uint64_t brackets = (b->open | b->close) & valid; brackets; brackets &= brackets - 1) {
		uint64_t bit = brackets & -brackets;
		if (at->depth == 1 && !between(at, i, b, (bit - 1) & ~from))
			return false;
		if (b->open & bit) {
			if (at->depth == 1 && at->element)
				return false;
			at->element |= at->depth++ == 1;
		} else if (--at->depth == 0) {
			return false; /* the array ends */
		}
		from = bit | (bit - 1);
	}
	return at->depth > 1 || between(at, i, b, valid & ~from);
}

/* The bytes of `valid` from `i` on; false where they are not plain. */
__attribute__((always_inline))
static inline bool take(struct place *at, const char *text, size_t i, uint64_t valid,
			const enum masks_kernel kernel)
{
	const char *p = text + i;
	uint64_t quote = mask_of(p, '"', kernel) & valid, backslash = mask_of(p, '\\', kernel) & valid;
	if (backslash | at->escaped)
		quote &= ~escaped_bits(backslash, &at->escaped);
	uint64_t inside = mask_inside(quote) ^ (at->inside ? UINT64_MAX : 0);
	struct bits b = {
		.open = mask_like(p, '{' & 0xdf, 0x20, kernel) & ~inside & valid,
		.close = mask_like(p, '}' & 0xdf, 0x20, kernel) & ~inside & valid,
		.lf = mask_of(p, '\n', kernel) & valid,
	};
	/* A line end in a string, a backslash outside: not of JSON. */
	uint64_t odd = (b.lf & inside) | (backslash & ~inside);
	if (odd)
		valid = (odd & -odd) - 1;
	if (at->depth == 1 || ((b.open | b.close) & valid)) {
		uint64_t blank = mask_of(p, ' ', kernel) | mask_of(p, '\t', kernel) | mask_of(p, '\r', kernel);
		b.comma = mask_of(p, ',', kernel) & ~inside & valid;
		b.other = ~(b.open | b.close | b.comma | b.lf | blank) & valid;
		if (!walk(at, i, &b, valid))
			return false;
	}
	at->lines += (uint64_t)__builtin_popcountll(b.lf);
	at->inside = inside >> (MASK_BYTES - 1);
	return !odd;
}

__attribute__((always_inline))
static inline void cut(struct place *at, struct span text, const enum masks_kernel kernel)
{
	for (size_t i = 0; i < text.n; i += MASK_BYTES)
		if (!take(at, text.at, i, mask_first(text.n - i), kernel))
			break;
}

static void cut_portable(struct place *at, struct span text)
{
	cut(at, text, MASKS_PORTABLE);
}

#if defined(__x86_64__)
MASKS_AVX512
static void cut_avx512(struct place *at, struct span text)
{
	cut(at, text, MASKS_KERNEL_AVX512);
}

MASKS_AVX2
static void cut_avx2(struct place *at, struct span text)
{
	cut(at, text, MASKS_KERNEL_AVX2);
}
#endif

size_t json_part_cut(void *context, struct span text)
{
	struct json_part *part = context;
	struct place at = {.part = part, .depth = 1, .element = true};
	part->n = 0;
	switch (masks_best()) {
#if defined(__x86_64__)
	case MASKS_KERNEL_AVX512:
		cut_avx512(&at, text);
		break;
	case MASKS_KERNEL_AVX2:
		cut_avx2(&at, text);
		break;
#endif
	default:
		cut_portable(&at, text);
	}
	part->n_lines = at.lines_cut;
	return part->n > 1 ? part->ends[part->n - 1] : 0;
}

/* ---- the elements of a part ---- */

/* Line ends between two places. */
static uint64_t count_lines(const char *from, const char *end)
{
	uint64_t n = 0;
	for (; from < end && (from = memchr(from, '\n', (size_t)(end - from))); from++)
		n++;
	return n;
}

/* Where each element begins, by lines; it becomes one line. */
static void join_lines(struct json_part *part, char *text)
{
	uint64_t line = count_lines(text, text + part->ends[0]);
	part->lines = memory_grow(part->lines, &part->lines_capacity, part->n, sizeof *part->lines);
	for (size_t i = 0; i + 1 < part->n; i++) {
		char *from = text + part->ends[i] + 1, *end = text + part->ends[i + 1];
		for (; json_is_space(*from); from++)
			line += *from == '\n';
		part->lines[i] = line;
		line += count_lines(from, end);
		for (char *lf = from; (lf = memchr(lf, '\n', (size_t)(end - lf)));)
			*lf = ' ';
	}
}

struct span json_part_open(struct json_part *part)
{
	char *text = part->room.data + (part->text.at - part->room.data);
	part->next = 0;
	if (part->n_lines)
		join_lines(part, text);
	for (size_t i = 1; i < part->n; i++) {
		char *end = text + part->ends[i];
		while (json_is_space(end[-1]))
			end--;
		*end = '\n';
	}
	return (struct span){text, part->text.n + 1};
}

bool json_part_next(struct json_part *part, struct span *rest, uint64_t *line, uint64_t *count)
{
	if (part->next + 1 >= part->n)
		return false;
	const char *from = part->text.at + part->ends[part->next] + 1;
	while (json_is_space(*from))
		from++;
	*rest = (struct span){from, (size_t)(part->text.at + part->text.n + 1 - from)};
	*line = part->line + (part->n_lines ? part->lines[part->next] : 0);
	*count = part->count + ++part->next;
	return true;
}

void json_part_free(struct json_part *part)
{
	input_room_free(&part->room);
	free(part->ends);
	free(part->lines);
}
