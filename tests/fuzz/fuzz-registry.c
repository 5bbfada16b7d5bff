/* Any bytes as a registry of experiments, as the short form of one, or as a
 * catalog of items; the first byte picks which. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "domain/assignment.h"
#include "domain/catalog.h"
#include "fuzz.h"

struct bytes {
	const uint8_t *at;
	size_t n;
};

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
	const struct bytes *b = context;
	struct experiments x = {0};
	if (b->at[0] % 3 == 1) {
		char *text = memory_text((const char *)b->at + 1, b->n - 1);
		experiments_add(&x, text);
		free(text);
		assign(&x);
		return;
	}
	int file = memfd_create("fuzz", 0);
	if (file < 0 || write(file, b->at + 1, b->n - 1) != (ssize_t)(b->n - 1))
		abort();
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (b->at[0] % 3 == 0) {
		experiments_read(&x, path);
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
	struct bytes b = {data, n};
	if (n > 0)
		fuzz_run(read_all, &b);
	return 0;
}
