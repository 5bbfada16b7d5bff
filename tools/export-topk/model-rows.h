/* model-rows.h - the rows of the model, and of what it does not have but feature files do:
 * after the last item those that --item-features adds, after the last user those of
 * --user-features.
 */
#ifndef RECPIPE_EXPORT_TOPK_MODEL_ROWS_H
#define RECPIPE_EXPORT_TOPK_MODEL_ROWS_H

#include "domain/model.h"
#include "sides.h"

struct model_rows {
	struct table *table;
	struct model_reader *reader;
	const struct sides *sides;
	uint32_t stride;
	struct model_row waiting;  /* read, but cold items come before it */
	bool has_waiting, ended;
};

/* Steps to the next row; false at the end. It is valid until the next call. */
bool model_rows_next(struct model_rows *r, struct model_row *row);

#endif
