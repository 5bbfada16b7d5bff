/* model.h - a model (kind id bias f0 f1 ...) read row by row, checked as all tools check it.
 *
 * The kinds come in this order. A score is the dot product of a user's and an item's
 * factors plus both biases. A meta row's id is `name=value`.
 */
#ifndef RECPIPE_MODEL_H
#define RECPIPE_MODEL_H

#include <stdint.h>

#include <recpipe/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rcp_model;

enum rcp_kind { RCP_META, RCP_ITEM_FEATURE, RCP_ITEM, RCP_USER_FEATURE, RCP_USER };

struct rcp_model_row {
	enum rcp_kind kind;
	struct rcp_text id;
	float bias;
	const float *factors; /* rcp_model_factors of them */
};

/* "-" or NULL is standard input. `*model` is there also when this fails, for
 * rcp_model_message and rcp_model_close; NULL only when memory is out. */
enum rcp_status rcp_model_open(struct rcp_model **model, const char *path);

/* The number of factors. */
uint32_t rcp_model_factors(const struct rcp_model *model);

/* The next row, valid until the next call: 1; 0 at the end, -1 when it fails. */
int rcp_model_next(struct rcp_model *model, struct rcp_model_row *row);

enum rcp_status rcp_model_status(const struct rcp_model *model);
const char *rcp_model_message(const struct rcp_model *model);

/* Frees everything; NULL is allowed. Returns what failed first, if anything. */
enum rcp_status rcp_model_close(struct rcp_model *model);

#ifdef __cplusplus
}
#endif

#endif
