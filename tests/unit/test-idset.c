/* A set of ids against a plain array of what was put in. */
#include <stdio.h>

#include "base/random.h"
#include "data/idset.h"
#include "unit.h"

int main(void)
{
	enum { IDS = 5000 };
	static bool in[IDS];
	struct idset set = {0};
	struct random r = random_start(3, 4);
	int wrong = 0;
	for (int i = 0; i < 4 * IDS; i++) {
		uint32_t id = random_below(&r, IDS);
		char text[16];
		int n = snprintf(text, sizeof text, "%u", (unsigned)id);
		wrong += idset_add(&set, (struct span){text, (size_t)n}) == in[id];
		in[id] = true;
	}
	CHECK_INT(wrong, 0);
	size_t count = 0;
	for (int i = 0; i < IDS; i++)
		count += in[i];
	CHECK_INT(set.n, count);
	CHECK(idset_add(&set, (struct span){NULL, 0}));
	CHECK(!idset_add(&set, (struct span){"", 0}));
	CHECK(idset_add(&set, (struct span){"a\0", 2}));
	CHECK(idset_add(&set, (struct span){"a", 1}));
	idset_free(&set);
	CHECK_INT(set.n, 0);
	return unit_finish();
}
