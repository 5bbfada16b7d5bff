/* counter-loops.h - shared items counted over one block of the index. Included
 * by neighbors.c once for each width of the counters: COUNTER and COUNT_BLOCK
 * (the function's name) are set by the includer.
 */
#ifndef RECPIPE_JACCARD_COUNTED
#define RECPIPE_JACCARD_COUNTED
struct set {
	const uint32_t *items;
	uint32_t n, user;
};
#endif

/* Counts, then takes in who is within `limit`; returns the new limit. The
 * counters are 0 before and after. Whole chunks without a count that is high
 * enough are skipped 16 bytes at a time. */
static double COUNT_BLOCK(const struct index *x, uint32_t block, const struct set *mine,
			  const struct wanted *w, double limit, COUNTER *count, struct finder *f)
{
	typedef COUNTER lanes __attribute__((vector_size(16)));
	enum { LANES = 16 / sizeof(COUNTER) };
	uint32_t base = block * BLOCK, n = x->n - base < BLOCK ? x->n - base : BLOCK;
	const uint64_t *start = x->start + (uint64_t)block * x->items;
	for (uint32_t i = 0; i < mine->n; i++) {
		const uint32_t *at = x->posting + start[mine->items[i]];
		const uint32_t *end = x->posting + start[mine->items[i] + 1];
		for (; at + 4 <= end; at += 4) {
			count[at[0]]++;
			count[at[1]]++;
			count[at[2]]++;
			count[at[3]]++;
		}
		for (; at < end; at++)
			count[*at]++;
	}
	for (uint32_t from = 0; from < n; from += CHUNK) {
		/* The sets of a chunk grow; for every measure its first one needs least. */
		double least = least_shared(w->measure, mine->n, x->size[base + from], limit);
		if (least > mine->n)
			continue;
		COUNTER need = (COUNTER)least;
		lanes all = {0}, wanted = all + need;
		for (uint32_t i = 0; i < CHUNK; i += LANES) {
			lanes c;
			memcpy(&c, count + from + i, sizeof c);
			all |= (lanes)(c >= wanted);
		}
		uint64_t any[2];
		memcpy(any, &all, sizeof any);
		if (!(any[0] | any[1]))
			continue;
		uint32_t to = from + CHUNK < n ? from + CHUNK : n;
		for (uint32_t i = from; i < to; i++) {
			uint32_t user = x->user[base + i];
			if (count[i] < need || user == mine->user)
				continue;
			double d = measure_distance(w->measure, mine->n, x->size[base + i], count[i]);
			if (d <= limit)
				limit = take(f, w, (struct neighbor){d, user});
		}
	}
	memset(count, 0, n * sizeof *count);
	return limit;
}

#undef COUNTER
#undef COUNT_BLOCK
