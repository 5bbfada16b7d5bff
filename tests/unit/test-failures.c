/* Failed trials are an outcome: with every sampler that learns, late trials seldom fail and
 * the best point is found, be it next to where the command fails, in a tenth of the space,
 * behind a choice that always fails, after nothing but failures, or with eight workers.
 * Failures that strike anywhere do not mislead. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "unit.h"

#include "../../tools/tune-hparams/cmaes.c"
#include "../../tools/tune-hparams/feasible.c"
#include "../../tools/tune-hparams/grid.c"
#include "../../tools/tune-hparams/mixture.c"
#include "../../tools/tune-hparams/draw.c"
#include "../../tools/tune-hparams/sample.c"
#include "../../tools/tune-hparams/tpe.c"

enum { LATE = 40, WORKERS = 8, SEEDS = 6 };

/* ---- commands: a value to minimize, or nan for a failure ---- */

static double square(double x)
{
	return x * x;
}

/* The best point is where the command begins to work. */
static double edge(const double *x, double luck)
{
	(void)luck;
	return x[0] < 0.5 ? NAN : square(x[0] - 0.5);
}

/* A learning rate diverges from 0.05 on; the best one is 0.04. */
static double rate(const double *x, double luck)
{
	(void)luck;
	return x[0] > 0.05 ? NAN : square(log10(x[0]) + 1.4) + square((x[1] - 40) / 80) +
		square((log10(x[2]) + 4) / 4);
}

/* A model of so many factors and so large batches does not fit into memory. */
static double size(const double *x, double luck)
{
	(void)luck;
	return x[0] * x[1] > 8192 ? NAN : 9 - log2(x[0]) + square(log2(x[1]) - 5) / 2;
}

/* Four of six choices crash. */
static double crash(const double *x, double luck)
{
	(void)luck;
	return x[0] > 0.5 && x[0] < 4.5 ? NAN : (x[0] > 1) * 0.1 + square(x[1] - 0.4);
}

/* Nine of a hundred points work; the first ten fail with most seeds. */
static double corner(const double *x, double luck)
{
	(void)luck;
	return x[0] < 0.7 || x[1] < 0.7 ? NAN : square(x[0] - 0.8) + square(x[1] - 0.9);
}

static double nothing(const double *x, double luck)
{
	(void)x;
	(void)luck;
	return NAN;
}

/* Three of ten trials fail, wherever they are. */
static double flaky(const double *x, double luck)
{
	return luck < 0.3 ? NAN : square(x[0] - 3) + square(x[1] - 5);
}

/* ---- studies ---- */

struct search {
	double (*command)(const double *x, double luck);
	const char *parameters[4];
	size_t trials, workers;
	enum sampler sampler;
};

struct found {
	size_t late_failures; /* among the last LATE */
	double best;
};

static void ask(struct study *study, const struct sampling *how)
{
	struct trial t = {.number = (int64_t)study->n + 1, .value = NAN, .generation = -1,
		.point = memory_new(study->space.n, sizeof *t.point)};
	for (size_t p = 0; p < study->space.n; p++)
		t.point[p] = NAN;
	CHECK(sample(how, study, &t));
	t.state = TRIAL_RUNNING;
	study->trials[study->n++] = t;
}

static struct found run(const struct search *s, uint64_t seed)
{
	struct study study = {.seed = seed, .trials = memory_zero(s->trials, sizeof *study.trials)};
	const struct sampling how = {.sampler = s->sampler, .startup = 10, .candidates = 100};
	struct random luck = random_start(5, seed);
	size_t running[WORKERS], busy = 0;
	struct found found = {0, INFINITY};
	for (const char *const *p = s->parameters; *p; p++)
		CHECK(!space_add(&study.space, *p));
	while (study.finished < s->trials) {
		while (busy < s->workers && study.n < s->trials) {
			ask(&study, &how);
			running[busy++] = study.n - 1;
		}
		size_t first = random_below(&luck, (uint32_t)busy); /* to end */
		struct trial *t = &study.trials[running[first]];
		running[first] = running[--busy];
		t->value = s->command(t->point, random_share(&luck));
		t->state = isnan(t->value) ? TRIAL_FAILED : TRIAL_COMPLETE;
		t->finished = ++study.finished;
		found.best = fmin(found.best, t->value);
		found.late_failures += isnan(t->value) && (size_t)t->number > s->trials - LATE;
	}
	for (size_t i = 0; i < study.n; i++)
		free(study.trials[i].point);
	free(study.trials);
	space_free(&study.space);
	return found;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Over the seeds: at most this share of the late trials fails, and the median of what is
 * found is within `near` of the best value there is. */
static void expect(const char *what, const struct search *s, double share, double near)
{
	double best[SEEDS], failed = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct found found = run(s, seed);
		best[seed] = found.best;
		failed += (double)found.late_failures / LATE / SEEDS;
	}
	qsort(best, SEEDS, sizeof *best, ascending);
	double median = (best[SEEDS / 2 - 1] + best[SEEDS / 2]) / 2;
	printf("%s, sampler %d, %zu at a time: %.3f of the late trials fail, best %.3g\n", what,
	       s->sampler, s->workers, failed, median);
	CHECK(failed <= share && median <= near);
}

#define SEARCH(sampler_, workers_, trials_, command_, ...) (&(struct search){.command = command_, \
	.parameters = {__VA_ARGS__, NULL}, .trials = trials_, .workers = workers_, .sampler = sampler_})
#define CUBE "x=float:0:1", "y=float:0:1"
#define RATE "rate=log:1e-4:1", "k=int:1:100", "penalty=log:1e-8:1e-1"
#define SIZE "factors=log-int:8:512", "batch=log-int:8:512"
#define CRASH "loss=choice:a,b,c,d,e,f", "x=float:0:1"

static void test_searches(void)
{
	static const enum sampler LEARNING[] = {SAMPLER_TPE, SAMPLER_CMAES};
	for (size_t i = 0; i < 2; i++) {
		enum sampler s = LEARNING[i];
		for (size_t workers = 1; workers <= WORKERS; workers += WORKERS - 1) {
			expect("edge", SEARCH(s, workers, 60, edge, "x=float:0:1"), 0.06, 1e-3);
			expect("rate", SEARCH(s, workers, 100, rate, RATE), 0.1, 0.02);
			expect("size", SEARCH(s, workers, 100, size, SIZE), 0.1, 0.9);
			expect("crash", SEARCH(s, workers, 100, crash, CRASH), 0.03, 1e-3);
			expect("corner", SEARCH(s, workers, 100, corner, CUBE), 0.2, 2e-3);
			expect("flaky", SEARCH(s, workers, 100, flaky, "x=float:-5:10", "y=float:0:15"),
			       0.4, 0.2);
		}
	}
	run(SEARCH(SAMPLER_TPE, 2, 60, nothing, CUBE), 1);
	run(SEARCH(SAMPLER_CMAES, 2, 60, nothing, CUBE), 1);
}

/* After nothing but failures the points lie further apart than random ones do. */
static void test_all_fail(void)
{
	struct study study = {.trials = memory_zero(40, sizeof *study.trials)};
	const struct sampling how = {.sampler = SAMPLER_TPE, .startup = 10, .candidates = 100};
	CHECK(!space_add(&study.space, "x=float:0:1"));
	for (size_t i = 0; i < 40; i++) {
		ask(&study, &how);
		study.trials[i].state = TRIAL_FAILED;
	}
	double x[40], widest = 0;
	for (size_t i = 0; i < 40; i++)
		x[i] = study.trials[i].point[0];
	qsort(x, 40, sizeof *x, ascending);
	for (size_t i = 1; i < 40; i++)
		widest = fmax(widest, x[i] - x[i - 1]);
	CHECK(widest < 0.06 && x[0] < 0.06 && x[39] > 0.94); /* random: 0.11 on the average */
	for (size_t i = 0; i < 40; i++)
		free(study.trials[i].point);
	free(study.trials);
	space_free(&study.space);
}

int main(void)
{
	program_name = "test-failures";
	test_searches();
	test_all_fail();
	return unit_finish();
}
