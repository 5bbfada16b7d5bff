/* neighbors-source.h - where the neighbors of tracks come from: a file, or Redis, whose replies requests
 * bring along. */
#ifndef RECPIPE_NEXT_TRACK_NEIGHBORS_SOURCE_H
#define RECPIPE_NEXT_TRACK_NEIGHBORS_SOURCE_H

#include "catalog-sampler.h"
#include "file-neighbors.h"
#include "request.h"

struct neighbors_source {
	const struct file_neighbors *file; /* NULL: requests bring them along */
	const struct catalog_sampler *sampler;
	bool stale;              /* they are too old to be used */
};

/* The neighbors of track number `back` of the request (0: the one just played), best first, with their
 * weights as scores: those with weights above 0, up to the one after the `most`th that may be offered (as
 * the track itself may be among them), or all where that is 0. False when there are none to be used,
 * and why. */
bool neighbors_find(const struct neighbors_source *s, const struct request *q, uint32_t back, uint32_t most,
		    struct list *l, const char **why);

#endif
