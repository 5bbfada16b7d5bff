#include "streams/regular.h"

#include <string.h>

enum { FIRST_BYTES = 6 };

void first_line_take(struct first_line *first, struct span line)
{
	first->text.n = 0;
	buffer_add_span(&first->text, line);
	buffer_add_byte(&first->text, '\n');
	first->word = first->mask = 0;
	for (unsigned i = 0; i < FIRST_BYTES && i < first->text.n; i++) {
		first->word |= (uint64_t)(unsigned char)first->text.data[i] << 8 * i;
		first->mask |= UINT64_C(0xff) << 8 * i;
	}
	first->mask &= UINT64_MAX >> 17; /* regular_rows wants the highest bit for itself */
}

/* Is there a row that ends in CR or is the header again? A look at the bytes around the
 * ends of rows said so. */
static bool has_oddity(const char *text, size_t n, const uint32_t *ends, size_t lines, size_t width,
		       const struct buffer *first)
{
	size_t at = 0;
	for (size_t r = 0; r < lines; r++) {
		size_t end = ends[r * width + width - 1];
		if (first->n && n - at >= first->n && memcmp(text + at, first->data, first->n) == 0)
			return true;
		if (end > at && text[end - 1] == '\r')
			return true;
		at = end + 1;
	}
	return false;
}

/* Eight bytes, the first one lowest. */
static inline uint64_t eight_bytes(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

bool regular_rows(const char *text, size_t n, const uint32_t *ends, size_t lines, size_t width,
		  const struct first_line *first)
{
	if (*text == '\n')
		return false;
	/* Eight bytes around a row's end, less what they should not be (CR, LF, header): the
	 * second must be 0, the first and what is compared of the others must not. A field that
	 * is 0 turns negative when its least is subtracted. */
	const uint64_t unlike = '\r' | (uint64_t)'\n' << 8 | first->word << 16;
	const uint64_t compared = first->mask << 16;
	const uint32_t *last = ends + width - 1;
	uint64_t odd = ((eight_bytes(text) << 16 ^ unlike) & compared) - 0x10000, misplaced = 0;
	for (size_t r = 0; r < lines; r++, last += width) {
		uint64_t bytes = eight_bytes(text + *last - 1) ^ unlike;
		misplaced |= bytes;
		odd |= ((bytes & 0xff) - 1) | ((bytes & compared) - 0x10000);
	}
	bool blank = false;
	for (size_t r = 1; width == 1 && r < lines; r++)
		blank |= ends[r] == ends[r - 1] + 1;
	return !(misplaced & 0xff00) && !blank &&
		(!(odd >> 63) || !has_oddity(text, n, ends, lines, width, &first->text));
}
