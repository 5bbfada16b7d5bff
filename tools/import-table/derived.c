#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "plan.h"

/* Columns of --map that are made of several: A|B is the first that is not empty, A/B a ratio; the
 * bars bind more closely, as in import-logs. */

bool derived_is(const struct plan *p, struct span text, const char *file)
{
	char *name = memory_text(text.at, text.n);
	bool whole = columns_find(&p->cells, name, file, false) >= 0;
	free(name);
	return !whole && (memchr(text.at, '/', text.n) || memchr(text.at, '|', text.n));
}

/* The cells of A|B become sources; returns how many, 0 when a name is empty. */
static size_t add_sources(struct plan *p, struct span text, const char *file)
{
	size_t n = 0;
	for (struct span name; span_next(&text, '|', &name); n++) {
		if (name.n == 0)
			return 0;
		size_t cell = plan_cell(p, name, "map", file);
		p->sources = memory_grow(p->sources, &p->sources_capacity, p->n_sources + 1, sizeof *p->sources);
		p->sources[p->n_sources++] = cell;
	}
	return n;
}

void derived_add(struct plan *p, struct span name, struct span text, const char *file)
{
	char shown[QUOTED_SIZE];
	struct out_column column = {.name = name, .kind = OUT_FIRST, .over = p->n_sources};
	const char *slash = memchr(text.at, '/', text.n);
	struct span over = {text.at, slash ? (size_t)(slash - text.at) : text.n};
	column.n_over = add_sources(p, over, file);
	if (slash) {
		column.kind = OUT_RATIO;
		column.n_under = add_sources(p, (struct span){slash + 1, text.n - over.n - 1}, file);
	}
	if (column.n_over == 0 || (slash && column.n_under == 0))
		usage_error("option '--map': not a column, A|B or A/B: %s", quoted(text.at, text.n, shown));
	plan_add(p, column, "--map");
}
