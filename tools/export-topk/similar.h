/* similar.h - --similar: the nearest neighbors of items or users by the cosine of their
 * factors. */
#ifndef RECPIPE_EXPORT_TOPK_SIMILAR_H
#define RECPIPE_EXPORT_TOPK_SIMILAR_H

#include "lists.h"
#include "model-rows.h"

/* Reads the model's items (or users), then lets each of them ask; returns how many. They
 * are kept once when all of them may be offered, otherwise twice. */
uint64_t answer_similar(struct lists *l, struct model_rows *rows, struct sides *sides,
			const struct options *o);

#endif
