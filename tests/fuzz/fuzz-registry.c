/* Any bytes as a registry of experiments, as the short form of one, or as a
 * catalog of items; the first byte picks which. */
#include "base/memory.h"
#include "domain/assignment.h"
#include "domain/catalog.h"
#include "fuzz.h"

static void assign(struct experiments *x)
{
	volatile size_t sum = 0;
	(void)sum; /* reading is the test */
	for (size_t i = 0; i < x->n; i++) {
		const struct experiment *e = &x->all[i];
		for (uint32_t hash = 0; hash < 0xf0000000u; hash += 0x0fedcba9u) {
			size_t arm = experiment_arm_of_hash(e, hash);
			if (arm >= e->n || e->arms[arm].weight == 0)
				abort();
		}
		sum += experiment_arm(e, span_of("user"));
	}
	experiments_free(x);
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	struct experiments x = {0};
	if (b->pick % 3 == 1) {
		char *text = memory_text((const char *)b->at, b->n);
		experiments_add(&x, text);
		free(text);
		assign(&x);
		return;
	}
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	if (b->pick % 3 == 0) {
		experiments_read(&x, table_open_file(path));
		assign(&x);
	} else {
		struct catalog *c = catalog_read(table_open_file(path), column_called("item"));
		for (uint32_t i = 0; i < c->n_offered; i++)
			if (c->offered[i] >= strmap_count(c->ids) || !c->is_offered[c->offered[i]])
				abort();
		catalog_free(c);
	}
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
