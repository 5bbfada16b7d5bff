#include "learning/cold-start.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/unit.h"
#include "learning/fitting.h"
#include "learning/side-features.h"

struct cold {
	enum model_kind kind;
	struct side_file file;
	struct side_features side;
	bool *known;                /* by entity: the model has it */
	struct fitting fit;         /* of the model */
	struct model_side features;
	uint32_t stride;
	double *sum;                /* stride, and the bias after */
	float *row;
	uint32_t next;              /* entity that comes next */
	uint64_t left_out;
};

struct cold *cold_open(struct table *t, enum model_kind kind, struct column entity)
{
	struct cold *c = memory_zero(1, sizeof *c);
	c->kind = kind;
	c->fit = fitting_new();
	c->file = side_features_open(t, entity, MODEL_KIND_NAMES[kind]);
	return c;
}

void cold_read(struct cold *c)
{
	c->side = side_features_read(&c->file);
	c->known = memory_zero(strmap_count(c->side.entities), sizeof *c->known);
}

void cold_see(struct cold *c, const struct model_row *row, uint32_t stride, const char *model)
{
	if (!c)
		return;
	c->stride = stride;
	if (row->kind == MODEL_META) {
		fitting_read_meta(&c->fit, row->id, model);
	} else if (row->kind == c->kind - 1) {
		model_side_add(&c->features, row, stride);
	} else if (row->kind == c->kind) {
		uint32_t number = strmap_find(c->side.entities, row->id);
		if (number != STRMAP_NONE)
			c->known[number] = true;
	}
}

void cold_see_model(struct cold *c, const struct model *m, const char *model)
{
	for (enum model_kind kind = 0; kind < MODEL_KINDS; kind++) {
		const struct model_side *side = &m->side[kind];
		for (uint32_t i = 0; i < side->n; i++) {
			struct model_row row = {.kind = kind, .id = strmap_key(side->ids, i)};
			if (kind != MODEL_META) {
				row.bias = side->bias[i];
				row.factors = side->factors + (size_t)i * m->stride;
			}
			cold_see(c, &row, m->stride, model);
		}
	}
}

/* The sum of the entity's features, weighted, goes to c->sum; returns the size of the
 * weights of those that the model knows, 0 when there are none. */
static double add_features(struct cold *c, uint32_t entity)
{
	const struct csr *rows = &c->side.rows;
	double size = 0;
	memset(c->sum, 0, ((size_t)c->stride + 1) * sizeof *c->sum);
	for (uint64_t i = rows->start[entity]; i < rows->start[entity + 1]; i++) {
		struct span name = strmap_key(c->side.features, rows->column[i]);
		uint32_t feature = c->features.n ? strmap_find(c->features.ids, name) : STRMAP_NONE;
		if (feature == STRMAP_NONE)
			continue;
		const float *from = c->features.factors + (size_t)feature * c->stride;
		for (uint32_t f = 0; f < c->stride; f++)
			c->sum[f] += (double)rows->value[i] * (double)from[f];
		c->sum[c->stride] += (double)rows->value[i] * (double)c->features.bias[feature];
		size += side_features_size(&rows->value[i], 1);
	}
	return size;
}

bool cold_next(struct cold *c, struct model_row *row)
{
	if (!c || !c->stride)
		return false;
	if (!c->row) {
		c->row = memory_aligned(c->stride, sizeof *c->row);
		c->sum = memory_new((size_t)c->stride + 1, sizeof *c->sum);
	}
	while (c->next < strmap_count(c->side.entities)) {
		uint32_t entity = c->next++;
		if (c->known[entity])
			continue;
		double size = add_features(c, entity);
		if (size == 0) {
			c->left_out++;
			continue;
		}
		double scale = c->fit.normalize == ANSWER_YES ? 1 / size : 1;
		for (uint32_t f = 0; f < c->stride; f++)
			c->row[f] = (float)(c->sum[f] * scale);
		if (loss_of_cosines((enum loss)c->fit.loss))
			unit_scale(c->row, c->stride);
		*row = (struct model_row){
			c->kind, strmap_key(c->side.entities, entity),
			(float)(c->sum[c->stride] * scale), c->row,
		};
		return true;
	}
	return false;
}

uint64_t cold_left_out(const struct cold *c)
{
	return c ? c->left_out : 0;
}

void cold_free(struct cold *c)
{
	if (!c)
		return;
	side_features_free(&c->side);
	model_side_free(&c->features);
	free(c->known);
	free(c->sum);
	free(c->row);
	free(c);
}
