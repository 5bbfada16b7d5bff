#include "framing.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

struct framing {
	unsigned lengths, codings;
	bool chunked;            /* the last coding is that one */
	bool blank, folded, torn; /* a name that ends in a blank; a line that goes on in the next; one that ends oddly */
};

/* The library reads a line where it lies: there its name and its value are one after the other, blanks between
 * them. A line that goes on in the next one it puts together elsewhere, and not as others do: what folds on is
 * added to the name. Both are in one block of memory, so that what lies between them may be read. */
static bool is_one_line(const char *name, size_t name_n, const char *value)
{
	uintptr_t gap = (uintptr_t)value - (uintptr_t)name - name_n - 1;
	if (name_n == 0 || name[0] == ' ' || name[0] == '\t' || gap > UINT16_MAX)
		return false;
	for (size_t i = 0; i < gap; i++)
		if (name[name_n + 1 + i] != ' ' && name[name_n + 1 + i] != '\t')
			return false;
	return true;
}

/* Both bytes at the end of a line are NUL now. Another one is a NUL that was in the value, or LF without CR. */
static bool ends_clearly(const char *text, size_t n)
{
	return strlen(text) == n && text[n + 1] == '\0';
}

static enum MHD_Result see_header(void *framing, enum MHD_ValueKind kind, const char *name, size_t name_n,
				  const char *value, size_t n)
{
	struct framing *f = framing;
	(void)kind;
	if (name_n > 0 && (name[name_n - 1] == ' ' || name[name_n - 1] == '\t'))
		f->blank = true;
	if (!value || !is_one_line(name, name_n, value))
		f->folded = true;
	else if (!ends_clearly(value, n))
		f->torn = true;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		f->lengths++;
	if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		f->codings++;
		f->chunked = n == 7 && value && strcasecmp(value, "chunked") == 0;
	}
	return MHD_YES;
}

const char *framing_problem(struct MHD_Connection *connection, const char *version, unsigned *status)
{
	struct framing f = {0};
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &f);
	*status = MHD_HTTP_BAD_REQUEST;
	if (f.blank)
		return "a blank before the colon of a header";
	if (f.folded)
		return "a header that begins with a blank, or goes on in the next line";
	if (f.torn || (*version && !ends_clearly(version, strlen(version)))) /* "": HTTP 0.9 */
		return "a line with a NUL, or that ends in LF alone";
	if (f.lengths + f.codings > 1)
		return "more than one Content-Length or Transfer-Encoding";
	if (f.codings && strcmp(version, MHD_HTTP_VERSION_1_0) == 0)
		return "a Transfer-Encoding, which HTTP/1.0 does not have";
	*status = MHD_HTTP_NOT_IMPLEMENTED;
	return f.codings && !f.chunked ? "a Transfer-Encoding other than chunked" : NULL;
}

bool framing_is_target(struct span target, const char *url, const char *version)
{
	/* The request line lies in one buffer: the target, a NUL where the blank was, the version. */
	if ((uintptr_t)version - (uintptr_t)url != target.n + 1)
		return false;
	for (size_t i = 0; i < target.n; i++)
		if ((unsigned char)target.at[i] <= ' ' || target.at[i] == 0x7f)
			return false;
	return true;
}
