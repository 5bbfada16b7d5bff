/* Any bytes as a model, whole, and what its meta rows say of the fit; the first byte picks
 * strict or skipping. */
#include "fuzz.h"
#include "domain/model.h"
#include "learning/fitting.h"

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	char *files[] = {path};
	struct table_format format = {.skip_bad = b->pick & 1};
	struct table *t = table_open(files, 1, &format);
	struct model *m = model_read(t);
	volatile double sum = 0;
	(void)sum; /* reading is the test */
	for (int k = MODEL_ITEM_FEATURE; k < MODEL_KINDS; k++)
		for (uint32_t i = 0; i < m->side[k].n; i++)
			for (uint32_t f = 0; f < m->stride; f++)
				sum += (double)m->side[k].factors[(size_t)i * m->stride + f];
	struct fitting fit = fitting_new();
	const struct strmap *metas = m->side[MODEL_META].ids;
	for (uint32_t i = 0; i < strmap_count(metas); i++) {
		char problem[FITTING_PROBLEM];
		fitting_take_meta(&fit, strmap_key(metas, i), problem);
	}
	struct fitting_meta row;
	for (size_t at = 0; fitting_next_meta(&fit, &at, &row);)
		sum += (double)row.value[0];
	model_free(m);
	table_close(t);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
