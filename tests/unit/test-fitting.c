/* The table of hyperparameters: defaults in their ranges, and a model's meta rows written
 * and read back. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "learning/fitting.h"

#include "unit.h"

static bool take(struct fitting *f, const char *id, const char *problem)
{
	char text[FITTING_PROBLEM] = "";
	bool taken = fitting_take_meta(f, span_of(id), text);
	CHECK_TEXT(text, problem);
	return taken;
}

/* All meta rows of the fit, one a line. */
static char *written(const struct fitting *f)
{
	struct buffer b = {0};
	struct fitting_meta meta;
	for (size_t at = 0; fitting_next_meta(f, &at, &meta);)
		buffer_format(&b, "%s=%s\n", meta.name, meta.value);
	return buffer_text(&b);
}

static void check_written(const struct fitting *f, const char *want)
{
	char *text = written(f);
	CHECK_TEXT(text, want);
	free(text);
}

static void check_rows(void)
{
	struct fitting f = fitting_new();
	f.rows = 7;
	f.seed = UINT64_MAX;
	f.epoch = 3;
	check_written(&f, "loss=warp\noptimizer=adagrad\nlearning_rate=0.05\nuser_alpha=0\nitem_alpha=0\n"
		      "max_sampled=10\nrows=7\ninit_scale=1\nseed=18446744073709551615\nepoch=3\n");
	f.optimizer = ADADELTA;
	f.loss = LOSS_WARP_KOS;
	f.user_identity = ANSWER_NO;
	f.normalize = ANSWER_YES;
	check_written(&f, "loss=warp-kos\noptimizer=adadelta\nrho=0.95\nepsilon=1e-6\nuser_alpha=0\n"
		      "item_alpha=0\nmax_sampled=10\nkos_k=5\nkos_n=10\nuser_identity=no\nnormalize=yes\n"
		      "rows=7\ninit_scale=1\nseed=18446744073709551615\nepoch=3\n");
	f = fitting_new();
	f.loss = LOSS_IALS;
	check_written(&f, "loss=ials\nunobserved_weight=0.2\nregularization=0.01\n"
		      "regularization_exponent=1\nrows=0\ninit_scale=1\nseed=0\nepoch=0\n");
	f.loss = LOSS_SOFTMAX;
	check_written(&f, "loss=softmax\noptimizer=adagrad\nlearning_rate=0.05\nuser_alpha=0\n"
		      "item_alpha=0\nnegatives=256\ntemperature=0.2\nrows=0\ninit_scale=1\nseed=0\nepoch=0\n");
	f.loss = LOSS_CCL;
	check_written(&f, "loss=ccl\noptimizer=adagrad\nlearning_rate=0.05\nuser_alpha=0\n"
		      "item_alpha=0\nnegatives=256\nmargin=0.5\nnegative_weight=5\nrows=0\ninit_scale=1\n"
		      "seed=0\nepoch=0\n");
	f.loss = LOSS_SVD;
	check_written(&f, "loss=svd\nuser_exponent=0.5\nitem_exponent=0.5\npower_iterations=8\n"
		      "oversampling=16\nrows=0\nseed=0\nepoch=0\n");
}

/* What is written is read again, whatever the loss. */
static void check_again(void)
{
	for (int loss = 0; loss < LOSSES; loss++) {
		struct fitting f = fitting_new(), again = fitting_new();
		f.loss = loss;
		f.learning_rate = 0.1;
		f.kos_k = 2;
		f.temperature = 0.025;
		f.margin = -1;
		f.negatives = NEGATIVES_MAX;
		f.exponent = 0.75;
		f.user_exponent = 0.25;
		f.oversampling = 0;
		f.item_identity = ANSWER_YES;
		f.seed = 12;
		char *text = written(&f);
		for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
			CHECK(take(&again, at, ""));
		free(text);
		text = written(&f);
		check_written(&again, text);
		free(text);
	}
}

static void check_ranges(void)
{
	struct fitting f = fitting_new();
	CHECK_INT(f.factors, 64);
	CHECK_INT(f.epochs, 30);
	CHECK(take(&f, "max_sampled=1000", "") && f.max_sampled == 1000);
	CHECK(!take(&f, "max_sampled=1001", "must be 1 to 1000"));
	CHECK(!take(&f, "kos_n=0", "must be 1 to 256"));
	CHECK(!take(&f, "negatives=1e3", "not a number"));
	CHECK(!take(&f, "temperature=0.0249", "must be 0.025 to 1000"));
	CHECK(!take(&f, "learning_rate=0", "must be above 0, at most 1000000"));
	CHECK(!take(&f, "regularization=-0.5", "must be 0 to 1000000000"));
	CHECK(!take(&f, "seed=-1", number_problem(NUMBER_RANGE)));
	CHECK(!take(&f, "normalize=maybe", "must be one of no|yes"));
	CHECK(!take(&f, "loss=hinge", "must be one of " LOSS_CHOICES));
	CHECK(!take(&f, "optimizer=ada", "must be one of adagrad|adadelta"));
	CHECK(!take(&f, "optimizer=", "must be one of adagrad|adadelta"));
	/* Of another version, or of nobody. */
	CHECK(take(&f, "flavor=9", "") && take(&f, "kos-k=9", "") && take(&f, "factors=9", "") &&
	      take(&f, "loss", "") && take(&f, "", ""));
	CHECK(f.kos_k == 5 && f.factors == 64 && f.loss == LOSS_WARP);
}

int main(void)
{
	check_rows();
	check_again();
	check_ranges();
	return unit_finish();
}
