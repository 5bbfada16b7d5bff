/* framing.h - requests whose end, or target, two readers may see differently: a proxy in front of us may take
 * another request out of the same bytes (request smuggling), so none of them is answered as if it were clear.
 */
#ifndef RECPIPE_SERVE_HTTP_FRAMING_H
#define RECPIPE_SERVE_HTTP_FRAMING_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/span.h"

/* What is wrong with how the headers, and the lines that they are in, say where the body ends (RFC 9112, 2.2, 5 and
 * 6.1 to 6.3), NULL: nothing. `version` is what the library gives with the request.
 * *status: what to answer; the connection is of no use after it. */
const char *framing_problem(struct MHD_Connection *connection, const char *version, unsigned *status);

/* Is there a byte in the target that no target has: a blank, a control byte, or a NUL, at which `target`, the
 * library's text, ends? `url` and `version` are what the library gives with the request. */
bool framing_is_target(struct span target, const char *url, const char *version);

#endif
