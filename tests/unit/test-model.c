/* Models: what is written reads back to the bit, padded and aligned. */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "data/kernel.h"
#include "domain/model.h"
#include "unit.h"

static const char path[] = "model.tsv";

static void write_ordered(uint32_t factors, uint32_t items, uint32_t users)
{
	struct random r = random_start(factors, items);
	struct output *out = output_open(path, false);
	float *row = calloc(factors, sizeof *row);
	char id[32];
	model_write_header(out, factors);
	model_write_meta(out, factors, "loss", "warp=x");
	model_write_meta(out, factors, "lossy", "");
	for (uint32_t i = 0; i < items + users; i++) {
		for (uint32_t f = 0; f < factors; f++)
			row[f] = (float)random_normal(&r);
		uint32_t number = i < items ? i : i - items;
		struct span name = {id, (size_t)snprintf(id, sizeof id, "x%u", (unsigned)number)};
		model_write_row(out, i < items ? MODEL_ITEM : MODEL_USER, name, (float)i, row,
				factors);
	}
	output_close(out);
	free(row);
}

static void read_back(uint32_t factors, uint32_t items, uint32_t users)
{
	struct random r = random_start(factors, items);
	struct table *t = table_open_file(path);
	struct model *m = model_read(t);
	table_close(t);
	CHECK_INT(m->factors, factors);
	CHECK_INT(m->stride, kernel_padded(factors));
	CHECK_INT(m->side[MODEL_ITEM].n, items);
	CHECK_INT(m->side[MODEL_USER].n, users);
	CHECK_INT(strmap_count(m->side[MODEL_META].ids), 2);
	int wrong = 0;
	for (uint32_t i = 0; i < items + users; i++) {
		const struct model_side *s = &m->side[i < items ? MODEL_ITEM : MODEL_USER];
		uint32_t number = i < items ? i : i - items;
		const float *row = s->factors + (size_t)number * m->stride;
		wrong += (uintptr_t)row % 64 != 0;
		wrong += s->bias[number] != (float)i;
		for (uint32_t f = 0; f < m->stride; f++)
			wrong += row[f] != (f < factors ? (float)random_normal(&r) : 0);
	}
	CHECK_INT(wrong, 0);
	CHECK(span_equal(strmap_key(m->side[MODEL_META].ids, 0), span_of("loss=warp=x")));
	CHECK(span_equal(strmap_key(m->side[MODEL_META].ids, 1), span_of("lossy=")));
	model_free(m);
}

int main(void)
{
	static const uint32_t FACTORS[] = {1, 3, 15, 16, 17, 64};
	for (size_t i = 0; i < sizeof FACTORS / sizeof *FACTORS; i++) {
		write_ordered(FACTORS[i], 200, 70);
		read_back(FACTORS[i], 200, 70);
	}
	write_ordered(2, 0, 0);
	read_back(2, 0, 0);
	remove(path);
	return unit_finish();
}
