/* tokens.h - who may ask: the lines of --token-file. */
#ifndef RECPIPE_SERVE_HTTP_TOKENS_H
#define RECPIPE_SERVE_HTTP_TOKENS_H

#include "base/buffer.h"
#include "base/failure.h"

/* One token a line; blank lines and those that begin with # do not count. */
struct tokens {
	struct buffer text;
	struct span *all;
	size_t n;
};

/* False, and why: it cannot be read, has no token, or one with less than 8 bytes or with blanks. */
bool tokens_read(struct tokens *t, const char *path, struct failure *why);

/* Does the header Authorization (NULL: there is none) carry one of them? Takes as long for a wrong token as
 * for a right one of its length. */
bool tokens_allow(const struct tokens *t, const char *authorization);

void tokens_free(struct tokens *t);

#endif
