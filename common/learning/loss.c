#include "learning/loss.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

const char *const LOSS_NAMES[LOSSES] = {"warp", "bpr", "logistic", "warp-kos", "ials", "softmax",
	"ccl", "svd"};

static const double RANK_WEIGHT_MAX = 10;

/* e^x for x <= 0 by e^x = 2^n e^r, |r| <= ln 2 / 2, and Taylor's series; plain
 * double arithmetic, so that no mathematical library has a say. */
static double exp_below(double x)
{
	if (x < -80)
		return 0;
	double n = (double)(int)(x * 1.4426950408889634 - 0.5);
	double r = x - n * 0.6931471805599453;
	double e = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 +
		   r * (1.0 / 720 + r * (1.0 / 5040)))))));
	uint64_t bits = (uint64_t)(1023 + (int)n) << 52;
	double power;
	memcpy(&power, &bits, sizeof power);
	return e * power;
}

float loss_exp(float x)
{
	return (float)exp_below((double)x);
}

float loss_sigmoid(float x)
{
	double e = exp_below(-fabs((double)x));
	return (float)((x >= 0 ? 1 : e) / (1 + e));
}

/* log((1 + t) / (1 - t)) = 2 artanh(t) for |t| <= 1/3. */
static double log_ratio(double t)
{
	double q = t * t;
	return 2 * t * (1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 +
	       q * (1.0 / 11))))));
}

float loss_softplus(float x)
{
	double e = exp_below(-fabs((double)x));
	return (float)((x > 0 ? (double)x : 0) + log_ratio(e / (2 + e)));
}

float loss_log(float x)
{
	int power;
	double m = 2 * frexp((double)x, &power); /* exact; m in [1, 2) */
	power--;
	if (m > 1.5) { /* to (3/4, 3/2]: the series converges fast, log(1) is 0 */
		m /= 2;
		power++;
	}
	return (float)(power * 0.6931471805599453 + log_ratio((m - 1) / (m + 1)));
}

float *loss_rank_weights(uint32_t items, uint32_t max_sampled)
{
	float *table = memory_zero((size_t)max_sampled + 1, sizeof *table);
	for (uint32_t sampled = 1; sampled <= max_sampled; sampled++) {
		double rank = floor((items - 1.0) / sampled);
		double loss = log(rank > 1 ? rank : 1);
		table[sampled] = (float)(loss < RANK_WEIGHT_MAX ? loss : RANK_WEIGHT_MAX);
	}
	return table;
}
