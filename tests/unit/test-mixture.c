/* The densities that TPE compares: each adds up to 1 over its space, whatever the kinds
 * of the axes, and a level says the same when it is asked for again. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "unit.h"

#include "../../tools/tune-hparams/mixture.c"

enum { TRIALS = 40 };

/* A study of trials in one corner; every fifth has no value of the last parameter. */
static struct study study_of(const char *const *parameters)
{
	struct study study = {0};
	for (; *parameters; parameters++)
		CHECK(!space_add(&study.space, *parameters));
	struct random r = random_start(3, 1);
	study.n = TRIALS;
	study.trials = memory_zero(TRIALS, sizeof *study.trials);
	for (size_t i = 0; i < TRIALS; i++) {
		struct trial *t = &study.trials[i];
		t->number = (int64_t)i + 1;
		t->point = memory_new(study.space.n, sizeof *t->point);
		for (size_t p = 0; p < study.space.n; p++) {
			const struct parameter *q = &study.space.parameters[p];
			double share = random_share(&r) * random_share(&r);
			t->point[p] = q->kind == KIND_CHOICE ? floor(share * (double)q->n_choices)
							     : space_value(q, share);
		}
		if (i % 5 == 0 && study.space.n > 1)
			t->point[study.space.n - 1] = NAN;
	}
	return study;
}

/* The mixture's mass: continuous axes in so many pieces. */
static double mass(const char *const *parameters, double narrowest, int pieces)
{
	struct study study = study_of(parameters);
	const struct space *space = &study.space;
	const struct trial *trials[TRIALS];
	for (size_t i = 0; i < TRIALS; i++)
		trials[i] = &study.trials[i];
	struct mixture *m = mixture_new(&study, trials, TRIALS, narrowest);
	size_t counts[3], all = 1;
	for (size_t p = 0; p < space->n; p++) {
		double levels = space_levels(&space->parameters[p]);
		all *= counts[p] = isinf(levels) ? (size_t)pieces : (size_t)levels;
	}
	double sum = 0;
	for (int again = 0; again < 2; again++) {
		double before = sum;
		sum = 0;
		for (size_t cell = 0; cell < all; cell++) {
			struct place at[3];
			double point[3], size = 1;
			size_t rest = cell;
			for (size_t p = 0; p < space->n; rest /= counts[p++]) {
				const struct parameter *q = &space->parameters[p];
				double n = (double)counts[p], k = (double)(rest % counts[p]);
				bool smooth = isinf(space_levels(q));
				point[p] = q->kind == KIND_CHOICE ? k
					 : smooth ? space_value(q, (k + 0.5) / n)
						  : q->low + k * q->step;
				size /= smooth ? n : 1;
			}
			mixture_place(space, point, at);
			sum += exp(mixture_log(m, at)) * size;
		}
		CHECK(again == 0 || (sum >= before && sum <= before));
	}
	mixture_free(m);
	for (size_t i = 0; i < TRIALS; i++)
		free(study.trials[i].point);
	free(study.trials);
	space_free(&study.space);
	return sum;
}

#define MASS(narrowest, pieces, ...) mass((const char *const[]){__VA_ARGS__, NULL}, narrowest, pieces)

static bool near_one(double x)
{
	return fabs(x - 1) < 0.01;
}

/* A range that is no multiple of its step: its end, and a point that somebody wanted, lie
 * on no level and must not be taken for one. */
static void test_between_levels(void)
{
	struct study study = study_of((const char *const[]){"k=int:1:8:4", NULL});
	const struct trial *trials[TRIALS];
	for (size_t i = 0; i < TRIALS; i++)
		trials[i] = &study.trials[i];
	struct mixture *m = mixture_new(&study, trials, TRIALS, 0.1);
	static const double VALUES[] = {1, 5, 3, 8, 6};
	static const bool ON[] = {true, true, false, false, false};
	double said[5];
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < 5; i++) {
			struct place at;
			mixture_place(&study.space, &VALUES[i], &at);
			CHECK((at.level < 2) == ON[i]);
			double now = mixture_log(m, &at);
			CHECK(isfinite(now) && (again == 0 || (now >= said[i] && now <= said[i])));
			said[i] = now;
		}
	}
	CHECK(said[1] < said[2] || said[1] > said[2]); /* 5 is not what was between */
	mixture_free(m);
	for (size_t i = 0; i < TRIALS; i++)
		free(study.trials[i].point);
	free(study.trials);
	space_free(&study.space);
}

int main(void)
{
	test_between_levels();
	CHECK(near_one(MASS(0.02, 2000, "rate=log:1e-4:1")));
	CHECK(near_one(MASS(0.1, 2000, "share=float:0:1")));
	CHECK(near_one(MASS(0.01, 0, "few=int:1:20")));
	CHECK(near_one(MASS(0.2, 0, "wide=log-int:8:2000"))); /* more levels than are kept */
	CHECK(near_one(MASS(0.1, 0, "loss=choice:warp,bpr,logistic")));
	CHECK(near_one(MASS(0.05, 200, "loss=choice:warp,bpr", "k=int:1:12", "rate=log:1e-3:1")));
	return unit_finish();
}
