/* The losses' functions against the mathematical library's. */
#include <stdlib.h>

#include "base/span.h"
#include "learning/loss.h"

#include "unit.h"

/* What is chosen by word is what is known by number. */
static void check_names(void)
{
	const char *at = LOSS_CHOICES;
	for (int i = 0; i < LOSSES; i++) {
		struct span word = {at, strcspn(at, "|")};
		CHECK(span_equal(word, span_of(LOSS_NAMES[i])));
		at += word.n + (at[word.n] == '|');
	}
	CHECK(*at == '\0');
}

int main(void)
{
	check_names();
	for (int i = -4000; i <= 4000; i++) {
		double x = i / 37.0;
		CHECK_NEAR(loss_sigmoid((float)x), 1 / (1 + exp(-(double)(float)x)), 1e-6);
		double want = x > 30 ? (double)(float)x : log1p(exp((double)(float)x));
		CHECK_NEAR(loss_softplus((float)x), want, 1e-6 * (1 + want));
		CHECK_NEAR(loss_exp((float)-fabs(x)), exp(-(double)(float)fabs(x)), 1e-7);
		double grown = (double)(float)exp(x / 2);
		CHECK_NEAR(loss_log((float)grown), log(grown), 1e-6 * (1 + fabs(x)));
	}
	CHECK_NEAR(loss_exp(0), 1, 0);
	CHECK_NEAR(loss_exp(-1e30f), 0, 0);
	CHECK_NEAR(loss_log(1), 0, 1e-9);
	CHECK_NEAR(loss_sigmoid(-1e30f), 0, 0);
	CHECK_NEAR(loss_sigmoid(1e30f), 1, 0);
	float *weights = loss_rank_weights(1000, 999);
	CHECK_NEAR(weights[0], 0, 0);
	CHECK_NEAR(weights[1], log(999), 1e-6);
	CHECK_NEAR(weights[2], log(499), 1e-6);
	CHECK_NEAR(weights[999], 0, 0);
	free(weights);
	weights = loss_rank_weights(4000000000u, 1);
	CHECK_NEAR(weights[1], 10, 0);
	free(weights);
	weights = loss_rank_weights(1, 2);
	CHECK_NEAR(weights[1], 0, 0);
	free(weights);
	return unit_finish();
}
