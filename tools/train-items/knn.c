/* knn.c - items that the same users have: co-occurrence counted over an inverted index.
 *
 * An item's row is counted by going through the items of each of its users. The counters of
 * all items lie in cache while the catalog is not too large, so a co-occurrence costs one
 * increment.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"
#include "counts.h"

/* The logarithm of a number of items in 2^-12. Integers, so that sums are exact. */
enum { LOG_BITS = 12 };

struct together {
	struct history *h;          /* its items are places in the order of frequency */
	uint32_t *order;            /* place -> item */
	struct csr users;           /* item -> its users */
	float *factor;              /* place -> f(b) of struct bound */
	uint32_t *users_of;         /* place -> b of it */
	uint32_t *log;              /* of each user's number of items, or NULL: not needed */
};

static uint64_t log_of(uint64_t n)
{
	return (uint64_t)llround(log((double)n) * (1 << LOG_BITS));
}

/* Users ahead of the one at hand whose items are fetched into cache: the first lines of them,
 * after which the processor sees by itself where it goes. Matters where the users' items do not
 * lie in cache. */
enum { AHEAD = 8, LINE = 64 / sizeof(uint32_t), LINES = 4 };

static inline void fetch_ahead(const struct history *h, const uint32_t *user, const uint32_t *end)
{
	if (user + 2 * AHEAD < end)
		__builtin_prefetch(&h->start[user[2 * AHEAD]]);
	if (user + AHEAD >= end)
		return;
	uint64_t from = h->start[user[AHEAD]], to = h->start[user[AHEAD] + 1];
	to = to < from + LINES * LINE ? to : from + LINES * LINE;
	for (; from < to; from += LINE)
		__builtin_prefetch(&h->item[from]);
}

/* ---- from counts to weights ---- */

/* log(items + 1), in 2^-12. */
static double log_of_all(const struct counts *c)
{
	return log((double)c->items + 1) * (1 << LOG_BITS);
}

/* The sum over users of the square of log((items + 1) / their items); `all` is log_of_all. */
static inline double sum_idf(double all, const struct sums *s)
{
	double count = (double)s->count, sum = (double)s->sum, square = (double)s->square;
	return (all * all * count - 2 * all * sum + square) / (double)(1 << 2 * LOG_BITS);
}

/* An item's term weight in BM25 where it occurs once: Robertson and Zaragoza (2009), with items
 * as documents and their number of users as the length. */
static double bm25_term(const struct options *o, double users, double mean)
{
	return (o->bm25_k1 + 1) / (o->bm25_k1 * (1 - o->bm25_b + o->bm25_b * users / mean) + 1);
}

/* An item's side of its pairs, the same for all of them. */
void prepare_together(const struct options *o, struct counts *c)
{
	if (o->similarity != SIMILARITY_TF_IDF && o->similarity != SIMILARITY_BM25)
		return;
	double all = log_of_all(c), mean = (double)c->rows / (double)c->items;
	c->factor = memory_new((size_t)c->items + 1, sizeof *c->factor);
	for (uint32_t i = 0; i < c->items; i++)
		c->factor[i] = o->similarity == SIMILARITY_TF_IDF
				       ? sum_idf(all, &c->item[i])
				       : bm25_term(o, (double)c->item[i].count, mean);
}

static float weight_of(const struct options *o, double all_users, double a, double b, double shared)
{
	double weight = shared;
	if (o->similarity == SIMILARITY_COSINE)
		weight = shared / sqrt(a * b);
	else if (o->similarity == SIMILARITY_JACCARD)
		weight = shared / (a + b - shared);
	else if (o->similarity == SIMILARITY_LIFT)
		weight = shared * all_users / (a * b);
	if (o->shrink > 0)
		weight *= shared / (shared + o->shrink);
	return (float)weight;
}

void weigh_together(const struct options *o, const struct counts *c, uint32_t item,
		    const struct tally *t, size_t n, float *weights)
{
	double users = (double)c->users, own_users = (double)c->item[item].count;
	if (o->similarity != SIMILARITY_TF_IDF && o->similarity != SIMILARITY_BM25) {
		for (size_t i = 0; i < n; i++)
			weights[i] = weight_of(o, users, own_users, (double)c->item[t[i].item].count,
					       (double)t[i].sums.count);
		return;
	}
	double all = log_of_all(c), own = c->factor[item];
	for (size_t i = 0; i < n; i++) {
		double shared = (double)t[i].sums.count, other = c->factor[t[i].item];
		double weight = sum_idf(all, &t[i].sums);
		if (o->similarity == SIMILARITY_TF_IDF)
			weight /= sqrt(own * other);
		else
			weight = weight * own * other;
		if (o->shrink > 0)
			weight *= shared / (shared + o->shrink);
		weights[i] = (float)weight;
	}
}

/* ---- rows ---- */

/* Is any of the 64 bytes not 0? */
static inline bool any_lane(const void *lanes)
{
	uint64_t word[8], any = 0;
	memcpy(word, lanes, sizeof word);
	for (size_t i = 0; i < 8; i++)
		any |= word[i];
	return any != 0;
}

/* What a row of plain counts goes by. With w the weight of the worst of the best, b the
 * neighbor's users and f of each similarity its own, no weight reaches w unless
 *
 *	count f(b) >= least + slope b
 *
 * which is cheap to see, most often for 16 neighbors at once. --shrink only lowers weights. */
struct bound {
	float least, slope;
};

static struct bound bound_of(const struct options *o, const struct counts *c, uint32_t item, uint64_t floor)
{
	double a = (double)c->item[item].count, w = (double)scored_score(floor) * (1 - 1e-5);
	switch ((enum similarity)o->similarity) {
	case SIMILARITY_COSINE: /* count / sqrt(b) >= w sqrt(a) */
		return (struct bound){(float)(w * sqrt(a)), 0};
	case SIMILARITY_LIFT:   /* count / b >= w a / users */
		return (struct bound){(float)(w * a / (double)c->users), 0};
	case SIMILARITY_JACCARD: /* count (1 + w) >= w (a + b) */
		return (struct bound){(float)(w / (1 + w) * a), (float)(w / (1 + w))};
	default:
		return (struct bound){(float)w, 0};
	}
}

/* An item's row being made. */
struct list {
	const struct options *o;
	const struct counts *c;
	const struct together *x;
	struct best *best;
	uint32_t item;
	double users;               /* of the item */
	uint64_t floor;             /* that the bound is of */
	struct bound bound;
};

static inline void update_bound(struct list *l)
{
	if (l->best->floor != l->floor)
		l->bound = bound_of(l->o, l->c, l->item, l->floor = l->best->floor);
}

static float bound_factor(const struct options *o, double users)
{
	return o->similarity == SIMILARITY_COSINE ? (float)(1 / sqrt(users))
		: o->similarity == SIMILARITY_LIFT ? (float)(1 / users) : 1;
}

/* The neighbor at this place, if it may be among the best. */
static inline void offer(const struct list *l, uint32_t place, uint32_t count)
{
	uint32_t users = l->x->users_of[place], item = l->x->order[place];
	if ((float)count * l->x->factor[place] < l->bound.least + l->bound.slope * (float)users ||
	    item == l->item || count < (uint64_t)l->o->min_count)
		return;
	float weight = weight_of(l->o, (double)l->c->users, l->users, (double)users, (double)count);
	if (weight > 0)
		best_offer(l->best, weight, item, count);
}

/* Is there a counter that is not 0 and reaches the bound among the 16 from this place on? */
static inline bool any_reaches(const struct list *l, const uint32_t *counter, uint32_t from)
{
	typedef int32_t ints __attribute__((vector_size(16)));
	typedef float floats __attribute__((vector_size(16)));
	ints any = {0};
	for (uint32_t i = from; i < from + LINE; i += 4) {
		ints count, users;
		floats f;
		memcpy(&count, counter + i, sizeof count);
		memcpy(&users, l->x->users_of + i, sizeof users);
		memcpy(&f, l->x->factor + i, sizeof f);
		any |= (ints)(__builtin_convertvector(count, floats) * f >=
			      l->bound.least + l->bound.slope * __builtin_convertvector(users, floats));
	}
	uint64_t word[2];
	memcpy(word, &any, sizeof word);
	return word[0] | word[1];
}

/* Offers what counters that are not 0 stand for, looking at all of them; they are 0 after. The
 * rare ones first: of them come the greatest weights, so that the bound is high soon. */
static void offer_all(struct list *l, uint32_t *counter)
{
	for (uint32_t line = (l->c->items + LINE - 1) / LINE; line-- > 0;) {
		uint32_t from = line * LINE;
		if (!any_lane(counter + from))
			continue;
		if (any_reaches(l, counter, from)) {
			for (uint32_t i = from; i < from + LINE; i++)
				if (counter[i])
					offer(l, i, counter[i]);
			update_bound(l);
		}
		memset(counter + from, 0, LINE * sizeof *counter);
	}
}

static void list_counts(const struct options *o, const struct counts *c, uint32_t item, struct scratch *s)
{
	const struct together *x = c->source;
	const struct history *h = x->h;
	const uint32_t *user = x->users.column + x->users.start[item];
	const uint32_t *end = x->users.column + x->users.start[item + 1];
	scratch_prepare(s, c, sizeof(uint32_t));
	uint32_t *counter = s->counters;
	uint64_t increments = 0;
	struct list l = {.o = o, .c = c, .x = x, .best = &s->best, .item = item,
		.users = (double)c->item[item].count};
	for (const uint32_t *u = user; u < end && increments < c->items; u++)
		increments += h->start[*u + 1] - h->start[*u];
	if (increments >= c->items / 8) {
		for (; user < end; user++) {
			fetch_ahead(h, user, end);
			for (uint64_t i = h->start[*user], to = h->start[*user + 1]; i < to; i++)
				counter[h->item[i]]++;
		}
		offer_all(&l, counter);
		return;
	}
	size_t touched = 0;
	for (; user < end; user++) {
		fetch_ahead(h, user, end);
		for (uint64_t i = h->start[*user], to = h->start[*user + 1]; i < to; i++) {
			uint32_t other = h->item[i];
			s->touched[touched] = other;
			touched += counter[other]++ == 0;
		}
	}
	for (size_t i = 0; i < touched; i++) {
		uint32_t place = s->touched[i];
		offer(&l, place, counter[place]);
		update_bound(&l);
		counter[place] = 0;
	}
}

/* Counts and the sums over users' logarithms. */
static size_t row_of_many(const struct counts *c, uint32_t item, struct scratch *s)
{
	const struct together *x = c->source;
	const struct history *h = x->h;
	const uint32_t *user = x->users.column + x->users.start[item];
	const uint32_t *end = x->users.column + x->users.start[item + 1];
	scratch_prepare(s, c, sizeof(struct sums));
	struct sums *counter = s->counters;
	size_t touched = 0, n = 0;
	for (; user < end; user++) {
		fetch_ahead(h, user, end);
		uint64_t l = x->log[*user], square = l * l;
		for (uint64_t i = h->start[*user], to = h->start[*user + 1]; i < to; i++) {
			struct sums *at = &counter[h->item[i]];
			s->touched[touched] = h->item[i];
			touched += at->count++ == 0;
			at->sum += l;
			at->square += square;
		}
	}
	for (size_t i = 0; i < touched; i++) {
		struct sums *at = &counter[s->touched[i]];
		if (x->order[s->touched[i]] != item)
			s->tallies[n++] = (struct tally){*at, x->order[s->touched[i]]};
		*at = (struct sums){0};
	}
	return n;
}

/* The same where no item has more than LOG_USERS_MAX users: the count lies above the sum, whose terms
 * have at most 17 bits, so that a row takes two additions. */
struct log_counter {
	uint64_t count_sum, square;
};
enum { SUM_BITS = 42, LOG_USERS_MAX = (1 << (64 - SUM_BITS)) - 1 };

/* The counter of a place as a tally; the counter is 0 again. */
static inline struct tally take_tally(const struct together *x, struct log_counter *counter, uint32_t place)
{
	struct log_counter at = counter[place];
	counter[place] = (struct log_counter){0};
	return (struct tally){{at.count_sum >> SUM_BITS, at.count_sum & ((UINT64_C(1) << SUM_BITS) - 1),
		at.square}, x->order[place]};
}

static size_t row_of_logs(const struct counts *c, uint32_t item, struct scratch *s)
{
	const struct together *x = c->source;
	const struct history *h = x->h;
	const uint32_t *user = x->users.column + x->users.start[item];
	const uint32_t *end = x->users.column + x->users.start[item + 1];
	scratch_prepare(s, c, sizeof(struct log_counter));
	struct log_counter *counter = s->counters;
	size_t touched = 0, n = 0;
	uint64_t increments = 0;
	for (const uint32_t *u = user; u < end && increments < c->items; u++)
		increments += h->start[*u + 1] - h->start[*u];
	bool dense = increments >= c->items / 8;
	for (; user < end; user++) {
		fetch_ahead(h, user, end);
		uint64_t l = x->log[*user], one = (UINT64_C(1) << SUM_BITS) + l, square = l * l;
		const uint32_t *at = h->item + h->start[*user], *to = h->item + h->start[*user + 1];
		if (dense) {
			for (; at < to; at++) {
				counter[*at].count_sum += one;
				counter[*at].square += square;
			}
			continue;
		}
		for (; at < to; at++) {
			s->touched[touched] = *at;
			touched += counter[*at].count_sum == 0;
			counter[*at].count_sum += one;
			counter[*at].square += square;
		}
	}
	for (size_t i = 0; i < (dense ? c->items : touched); i++) {
		uint32_t place = dense ? (uint32_t)i : s->touched[i];
		if (counter[place].count_sum == 0)
			continue;
		s->tallies[n] = take_tally(x, counter, place);
		n += s->tallies[n].item != item;
	}
	return n;
}

static void free_together(void *source)
{
	struct together *x = source;
	history_free(x->h);
	csr_free(&x->users);
	free(x->log);
	free(x->order);
	free(x->factor);
	free(x->users_of);
	free(x);
}

void keep_latest(const struct options *o, struct history *h)
{
	uint64_t most = o->max_history ? (uint64_t)o->max_history : 5000, dropped;
	history_sort(h, o->common.seed, h->weight ? 1 : most);
	history_distinct(h);
	uint32_t cut = history_cut(h, most, &dropped);
	if (cut)
		warn("%u of %u users have more than %llu items: %llu items are left out, %s (--max-history)",
		     cut, h->users, (unsigned long long)most, (unsigned long long)dropped,
		     h->time ? "the oldest" : "drawn by a hash, as there are no times");
}

/* The logarithms of all users, and their sums over the users of each item. */
static void sum_logs(struct counts *c, struct together *x)
{
	const struct history *h = x->h;
	uint64_t all = 0;
	x->log = memory_new((size_t)h->users + 1, sizeof *x->log);
	for (uint32_t u = 0; u < h->users; u++) {
		uint64_t l = log_of(h->start[u + 1] - h->start[u]);
		x->log[u] = (uint32_t)l;
		all = counts_add(all, l * l);
		for (uint64_t i = h->start[u]; i < h->start[u + 1]; i++) {
			c->item[h->item[i]].sum += l;
			c->item[h->item[i]].square += l * l;
		}
	}
}

struct counts *count_together(const struct options *o, struct history *h)
{
	struct counts *c = memory_zero(1, sizeof *c);
	struct together *x = memory_zero(1, sizeof *x);
	bool logs = o->partial || o->similarity == SIMILARITY_TF_IDF || o->similarity == SIMILARITY_BM25 ||
		h->users > INT32_MAX; /* any_reaches looks at counts as int32_t */
	keep_latest(o, h);
	*x = (struct together){.h = h,
		.users = csr_transpose(h->users, h->items, h->start, h->item, NULL)};
	*c = (struct counts){.method = METHOD_KNN, .item_ids = h->item_ids, .items = h->items,
		.users = h->users, .rows = history_rows(h), .parts = 1, .logs = logs, .symmetric = true,
		.item = memory_zero((size_t)h->items + 1, sizeof *c->item), .source = x,
		.settings = memory_format("knn max-history=%lld",
					  (long long)(o->max_history ? o->max_history : 5000)),
		.row = row_of_logs, .list = logs ? NULL : list_counts, .free_source = free_together};
	h->item_ids = NULL;
	for (uint32_t i = 0; i < h->items; i++) {
		c->item[i].count = x->users.start[i + 1] - x->users.start[i];
		if (c->item[i].count > LOG_USERS_MAX)
			c->row = row_of_many;
	}
	if (logs)
		sum_logs(c, x);
	uint32_t *place;
	x->order = counts_by_frequency(c->item, h->items, &place);
	for (uint64_t i = 0; i < c->rows; i++)
		h->item[i] = place[h->item[i]];
	free(place);
	x->factor = memory_zero((size_t)h->items + LINE, sizeof *x->factor);
	x->users_of = memory_zero((size_t)h->items + LINE, sizeof *x->users_of);
	for (uint32_t i = 0; i < h->items; i++) {
		x->users_of[i] = (uint32_t)c->item[x->order[i]].count;
		x->factor[i] = bound_factor(o, (double)x->users_of[i]);
	}
	return c;
}
