#include "framing.h"

#include <stdint.h>
#include <strings.h>

struct framing {
	unsigned lengths, codings;
	bool chunked, blank;     /* the last coding is that one; a name that ends in a blank */
};

static enum MHD_Result see_header(void *framing, enum MHD_ValueKind kind, const char *name, size_t name_n,
				  const char *value, size_t n)
{
	struct framing *f = framing;
	(void)kind;
	if (name_n > 0 && (name[name_n - 1] == ' ' || name[name_n - 1] == '\t'))
		f->blank = true;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		f->lengths++;
	if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		f->codings++;
		f->chunked = n == 7 && strcasecmp(value, "chunked") == 0;
	}
	return MHD_YES;
}

const char *framing_problem(struct MHD_Connection *connection, unsigned *status)
{
	struct framing f = {0};
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &f);
	*status = MHD_HTTP_BAD_REQUEST;
	if (f.blank)
		return "a blank before the colon of a header";
	if (f.lengths + f.codings > 1)
		return "more than one Content-Length or Transfer-Encoding";
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
