#include "visits.h"

#include <stdlib.h>

#include "base/memory.h"
#include "data/strmap.h"

struct record {
	int64_t session;
	uint32_t answers, step; /* step 0: no session is open */
};

struct visits {
	struct strmap *users;
	struct record *records;
	size_t capacity;
};

struct visits *visits_new(void)
{
	struct visits *v = memory_zero(1, sizeof *v);
	v->users = strmap_new();
	return v;
}

void visits_free(struct visits *v)
{
	if (!v)
		return;
	strmap_free(v->users);
	free(v->records);
	free(v);
}

struct visit visits_step(struct visits *v, struct span user, int64_t timestamp_ms, bool last)
{
	uint32_t known = strmap_count(v->users), u = strmap_add(v->users, user);
	v->records = memory_grow(v->records, &v->capacity, (size_t)u + 1, sizeof *v->records);
	struct record *r = &v->records[u];
	if (u == known)
		*r = (struct record){0};
	if (r->step == 0)
		r->session = timestamp_ms;
	struct visit now = {u, r->answers, r->session, ++r->step};
	if (last)
		r->step = 0;
	else
		r->answers++;
	return now;
}
