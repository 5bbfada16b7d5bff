/* merge.h - --merge: pieces of a model put together. */
#ifndef RECPIPE_UNPACK_MERGE_H
#define RECPIPE_UNPACK_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "frame/options.h"
#include "streams/output.h"

struct merging {
	char **files;                   /* packed models */
	size_t n;                       /* above 0 */
	const char *meta;               /* whose meta rows; NULL: the first file's that has some */
	const struct option_list *set;  /* NAME=VALUE in place of the meta rows of these names */
};

/* Writes the model, with its header: the rows of each kind in the byte order of their ids. Ends the
 * program (3) where the files are not pieces of one model. Returns how many rows. */
uint64_t merge_models(const struct merging *m, struct output *out);

#endif
