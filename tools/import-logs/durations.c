#include "import.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/strmap.h"
#include "streams/table.h"
#include "frame/sides.h"

struct durations {
	struct strmap *tracks;
	double *of;           /* by the track's number; NAN: not known */
};

struct durations *durations_read(const char *path)
{
	struct durations *d = memory_zero(1, sizeof *d);
	struct table *t = option_table("durations", path);
	size_t track = table_column(t, (struct column){"track", NULL}), capacity = 0;
	size_t duration = table_column(t, (struct column){"duration", NULL});
	d->tracks = strmap_new();
	while (table_next(t)) {
		uint32_t before = strmap_count(d->tracks), number = strmap_add(d->tracks, table_field(t, track));
		if (number < before)
			table_fail(t, "this track has a duration already");
		d->of = memory_grow(d->of, &capacity, (size_t)number + 1, sizeof *d->of);
		d->of[number] = NAN;
		if (table_field(t, duration).n)
			table_double(t, duration, &d->of[number]);
	}
	table_close(t);
	return d;
}

bool durations_find(const struct durations *d, struct span track, double *duration)
{
	uint32_t number = strmap_find(d->tracks, track);
	bool known = number != STRMAP_NONE && !isnan(d->of[number]);
	if (known)
		*duration = d->of[number];
	return known;
}

void durations_free(struct durations *d)
{
	if (!d)
		return;
	strmap_free(d->tracks);
	free(d->of);
	free(d);
}
