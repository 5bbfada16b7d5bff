/* framing.h - requests whose end, or target, two readers may see differently: a proxy in front of us may take
 * another request out of the same bytes (request smuggling), so none of them is answered as if it were clear.
 */
#ifndef RECPIPE_SERVE_HTTP_FRAMING_H
#define RECPIPE_SERVE_HTTP_FRAMING_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/span.h"

/* What is wrong with how the headers, and the lines that they are in, say where the body ends (RFC 9112,
 * 2.2, 5 and 6.1 to 6.3), NULL: nothing. `method` and `version` are what the library gives with the
 * request. *status: what to answer; the connection is of no use after it. */
const char *framing_problem(struct MHD_Connection *connection, const char *method, const char *version,
	unsigned *status);

/* Is the first line a method, a target and a version with one blank between them, without control bytes,
 * or a NUL, at which `target`, the library's text, ends? `method`, `url` and `version` are what the
 * library gives with the request. */
bool framing_is_first_line(const char *method, struct span target, const char *url, const char *version);

#endif
