/* The tracks of open sessions against a slow memory that forgets nothing: each snapshot is the last
 * tracks of the user's session, several requests at a time; and what is used stays within the limit,
 * where the sessions that go are the oldest. Then the sums and the best of them against a sort. */
#include "../../tools/next-track/list.c"
#include "../../tools/next-track/session-scores.c"
#include "../../tools/next-track/sessions.c"

#include "base/random.h"
#include "services/published.h"
#include "unit.h"

enum { USERS = 7, LAST = 3, GROUP = 5, LONG = 300 };

static char names[LONG][LONG]; /* ids of 0 to LONG - 1 bytes, by their length */

static struct span name_of(uint32_t n)
{
	memset(names[n], 'a' + (int)(n % 26), n);
	return (struct span){names[n], n};
}

static void snapshots(void)
{
	struct sessions *s = sessions_new(LAST, 1 << 20);
	struct random r = random_start(4, 0);
	struct {
		uint32_t n, track[2000];
		double share[2000];
	} *all = memory_zero(USERS, sizeof *all);
	size_t wrong = 0, full = 0;
	for (int round = 0; round < 400; round++) {
		uint32_t n[GROUP], want_n[GROUP], want[GROUP][LAST];
		double share[GROUP][LAST];
		for (int i = 0; i < GROUP; i++) {
			uint32_t u = random_below(&r, USERS), track = random_below(&r, LONG);
			bool ends = random_below(&r, 8) == 0;
			double heard = random_share(&r);
			sessions_step(s, u, (struct heard){name_of(track), heard}, ends, &n[i]);
			all[u].track[all[u].n] = track;
			all[u].share[all[u].n++] = heard;
			if (ends)
				all[u].n = 0;
			want_n[i] = all[u].n < LAST ? all[u].n : LAST;
			for (uint32_t b = 0; b < want_n[i]; b++) {
				want[i][b] = all[u].track[all[u].n - 1 - b];
				share[i][b] = all[u].share[all[u].n - 1 - b];
			}
		}
		const struct heard *at = sessions_take_snapshot(s);
		for (int i = 0; i < GROUP; i++) {
			wrong += n[i] != want_n[i];
			full += n[i] == LAST;
			for (uint32_t b = 0; b < n[i]; b++, at++)
				wrong += !span_equal(at->track, name_of(want[i][b])) ||
					memcmp(&at->share, &share[i][b], sizeof at->share) != 0;
		}
	}
	CHECK_INT(wrong, 0);
	CHECK(full > 500);
	sessions_free(s);
	free(all);
}

/* A hundred users, room for some: the tracks of those who asked lately are there. */
static void limit(void)
{
	enum { LIMIT = 4000, ALL = 100 };
	struct sessions *s = sessions_new(LAST, LIMIT);
	struct random r = random_start(5, 0);
	size_t wrong = 0, forgotten = 0;
	uint32_t n, order[3] = {ALL, ALL, ALL};
	for (int i = 0; i < 20000; i++) {
		uint32_t u = random_below(&r, ALL);
		bool lately = u == order[0] || u == order[1] || u == order[2];
		sessions_step(s, u, (struct heard){name_of(random_below(&r, LONG)), 1}, false, &n);
		sessions_take_snapshot(s);
		wrong += s->used > LIMIT || n == 0 || (lately && n < 2);
		forgotten += !lately && n == 1;
		memmove(order + 1, order, 2 * sizeof *order);
		order[0] = u;
	}
	CHECK_INT(wrong, 0);
	CHECK(forgotten > 1000);
	/* One that is larger than all the memory is answered, and forgotten. */
	char *large = memory_zero(2 * LIMIT, 1);
	sessions_step(s, 1, (struct heard){{large, 2 * LIMIT}, 1}, false, &n);
	const struct heard *at = sessions_take_snapshot(s);
	CHECK(n > 0 && at[0].track.n == 2 * LIMIT);
	CHECK_INT(s->used, 0);
	CHECK_INT(s->oldest, NOBODY);
	CHECK_INT(s->newest, NOBODY);
	sessions_step(s, 2, (struct heard){name_of(3), 1}, false, &n);
	CHECK_INT(n, 1);
	sessions_step(s, 2, (struct heard){name_of(4), 1}, true, &n);
	CHECK_INT(n, 0);
	CHECK_INT(s->used, 0);
	free(large);
	sessions_free(s);
}

static void amounts(void)
{
	CHECK(session_amount(0, 0.25) == -1.0);
	CHECK(session_amount(0.125, 0.25) == -0.5);
	CHECK(session_amount(0.25, 0.25) == 0.0);
	CHECK(session_amount(0.625, 0.25) == 0.5);
	CHECK(session_amount(1, 0.25) == 1.0);
	CHECK(session_amount(0, 0) == 0.0);
	CHECK(session_amount(0.5, 0) == 0.5);
}

/* Small whole weights, so that sums are exact and ties many. */
static void best(void)
{
	enum { ITEMS = 2500 };
	struct session_scores s = {0};
	struct list l = {0};
	struct random r = random_start(6, 0);
	double *sum = memory_zero(ITEMS, sizeof *sum);
	char (*ids)[12] = memory_zero(ITEMS, sizeof *ids);
	size_t wrong = 0;
	for (int i = 0; i < ITEMS; i++)
		snprintf(ids[i], sizeof ids[i], "%d", i);
	for (int round = 0; round < 60; round++) {
		bool out[ITEMS] = {false};
		uint32_t items = round % 3 == 0 ? 10 : ITEMS, most = round % 2 ? 7 : 2000, n = 0;
		memset(sum, 0, ITEMS * sizeof *sum);
		session_scores_clear(&s);
		for (int track = 0; track < 4; track++) {
			double amount = (double)random_below(&r, 5) - 2;
			uint32_t gone = random_below(&r, items);
			session_scores_exclude(&s, span_of(ids[gone]));
			out[gone] = true;
			list_clear(&l);
			for (int i = 0; i < 1000; i++) {
				uint32_t item = random_below(&r, items), weight = random_below(&r, 4);
				bool allowed = random_below(&r, 10) > 0;
				list_add(&l, span_of(ids[item]), (double)weight - 1, allowed);
				if (allowed)
					sum[item] += amount * ((double)weight - 1);
			}
			session_scores_add(&s, &l, amount);
		}
		session_scores_best(&s, most, &l);
		for (uint32_t i = 0; i < items; i++)
			n += sum[i] > 0 && !out[i];
		wrong += l.n != (n < most ? n : most);
		for (uint32_t i = 0; i < l.n; i++) {
			size_t item = (size_t)atol(l.items[i].at);
			wrong += out[item] || fabs(l.scores[i] - sum[item]) > 0;
			sum[item] = 0;
			if (i)
				wrong += l.scores[i] > l.scores[i - 1] || (!(l.scores[i] < l.scores[i - 1]) &&
					span_compare(l.items[i - 1], l.items[i]) >= 0);
		}
		/* Nothing that is left would have come before the last one. */
		for (uint32_t i = 0; i < items && l.n == most; i++)
			wrong += !out[i] && sum[i] > 0 && (sum[i] > l.scores[l.n - 1] ||
				(!(sum[i] < l.scores[l.n - 1]) && span_compare(span_of(ids[i]), l.items[l.n - 1]) < 0));
	}
	CHECK_INT(wrong, 0);
	session_scores_free(&s);
	list_free(&l);
	free(sum);
	free(ids);
}

int main(void)
{
	snapshots();
	limit();
	amounts();
	best();
	return unit_finish();
}
