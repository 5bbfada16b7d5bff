#include "framing.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { COLON = 1, LINE_END = 2 };

struct framing {
	unsigned lengths, codings;
	uintptr_t next;          /* where the next line is */
	bool chunked;            /* the last coding is that one */
	bool blank, moved;       /* a name that ends in a blank; a line that is not where it should be */
};

/* The library shows a line where it lies, name, colon, blanks and value one after the other, and the next
 * one after CR LF; where the next one is elsewhere there was more, or less: a NUL, at which a text ends, a
 * line that it left out, LF or CR alone. A line that is folded into the next one it puts together
 * elsewhere, and not as others do: what folds on is added to the name. */
static enum MHD_Result see_header(void *framing, enum MHD_ValueKind kind, const char *name, size_t name_n,
				  const char *value, size_t n)
{
	struct framing *f = framing;
	size_t blanks = (uintptr_t)value - (uintptr_t)name - name_n - COLON;
	(void)kind;
	if (name_n > 0 && (name[name_n - 1] == ' ' || name[name_n - 1] == '\t'))
		f->blank = true;
	if (name_n == 0 || name[0] == ' ' || name[0] == '\t' || (uintptr_t)name != f->next ||
	    blanks > UINT16_MAX || memchr(name, '\r', name_n) || memchr(value, '\r', n))
		f->moved = true;
	f->next = (uintptr_t)value + n + LINE_END;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		f->lengths++;
	if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		f->codings++;
		f->chunked = n == 7 && strcasecmp(value, "chunked") == 0;
	}
	return MHD_YES;
}

/* Do the lines, and an empty one, make all of the head? The library has two NULs in place of a line end: LF
 * after another NUL cannot be told from CR LF; and at the end of the head, where no line follows, LF alone
 * and then a line that begins with a colon or NUL, four bytes together, from two CR LF. */
static bool is_whole(struct MHD_Connection *connection, const struct framing *f, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return info && (uintptr_t)method + info->header_size == f->next + LINE_END;
}

const char *framing_problem(struct MHD_Connection *connection, const char *method, const char *version,
	unsigned *status)
{
	struct framing f = {.next = (uintptr_t)version + strlen(version) + LINE_END};
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &f);
	*status = MHD_HTTP_BAD_REQUEST;
	if (f.blank)
		return "a blank before the colon of a header";
	if (f.moved || !is_whole(connection, &f, method))
		return "a header that is folded, begins with a blank, has a NUL, or does not end in CR LF";
	if (f.lengths + f.codings > 1)
		return "more than one Content-Length or Transfer-Encoding";
	if (f.codings && strcmp(version, MHD_HTTP_VERSION_1_0) == 0)
		return "a Transfer-Encoding, which HTTP/1.0 does not have";
	*status = MHD_HTTP_NOT_IMPLEMENTED;
	return f.codings && !f.chunked ? "a Transfer-Encoding other than chunked" : NULL;
}

static bool is_word(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.at[i] <= ' ' || s.at[i] == 0x7f)
			return false;
	return s.n > 0;
}

bool framing_is_first_line(const char *method, struct span target, const char *url, const char *version)
{
	/* It lies in one buffer: method, target and version, a NUL where each of the blanks was. */
	struct span word = span_of(method);
	return (uintptr_t)url - (uintptr_t)method == word.n + 1 &&
		(uintptr_t)version - (uintptr_t)url == target.n + 1 && is_word(word) && is_word(target);
}
