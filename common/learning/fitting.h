/* fitting.h - what factors were, or will be, fitted with: one table of all that can be
 * chosen, with names, defaults and ranges.
 *
 * A row serves the option of a tool (--kos-k) and the model's meta row (kos_k=5): what one
 * tool writes another reads, in the same range. A new hyperparameter is a field of struct
 * fitting and a row below, which is named in the list in fitting.c.
 */
#ifndef RECPIPE_LEARNING_FITTING_H
#define RECPIPE_LEARNING_FITTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/number.h"
#include "base/span.h"
#include "learning/loss.h"

enum optimizer { ADAGRAD, ADADELTA };

/* What is not said is -1. */
enum answer { ANSWER_NONE = -1, ANSWER_NO, ANSWER_YES };

struct fitting {
	int loss, optimizer;           /* enum loss, enum optimizer */
	int64_t factors, epochs;
	double learning_rate;          /* adagrad */
	double rho, epsilon;           /* adadelta */
	double user_alpha, item_alpha, init_scale;
	int64_t max_sampled;           /* warp, warp-kos */
	int64_t kos_k, kos_n;          /* warp-kos: the k-th best of n positives */
	double unobserved, regularization, exponent; /* ials */
	int64_t negatives;             /* softmax, ccl */
	double temperature;            /* softmax */
	double margin, negative_weight; /* ccl */
	double user_exponent, item_exponent; /* svd */
	int64_t power_iterations, oversampling;

	/* What is not chosen by an option of that name. */
	int user_identity, item_identity, normalize; /* enum answer: of sides with features */
	uint64_t rows, seed, epoch;    /* fitted rows, and the epoch that was kept */
};

/* Arrays and tables have this size at most. */
enum { FACTORS_MAX = 4096, SAMPLED_MAX = 1000, KOS_MAX = 256, NEGATIVES_MAX = 65536 };
enum { POWER_ITERATIONS_MAX = 1000, OVERSAMPLING_MAX = 1000 };

/* e^((s - 1) / temperature), for a cosine s, stays far above the least float. */
#define TEMPERATURE_MIN 0.025

/* Whose the rows are: the losses that have them, and one of the optimizers. */
enum {
	FIT_WARP = 1 << LOSS_WARP, FIT_KOS = 1 << LOSS_WARP_KOS, FIT_IALS = 1 << LOSS_IALS,
	FIT_SOFTMAX = 1 << LOSS_SOFTMAX, FIT_CCL = 1 << LOSS_CCL,
	FIT_SVD = 1 << LOSS_SVD,
	FIT_ALL = (1 << LOSSES) - 1,
	FIT_STEPS = FIT_ALL & ~FIT_IALS & ~FIT_SVD,
	FIT_STARTED = FIT_ALL & ~FIT_SVD,
	FIT_ADAGRAD = 1 << LOSSES, FIT_ADADELTA = 2 << LOSSES,
};

/* R(field, KIND, "option", "ARGUMENT", default, least, most, choices, whose): KIND as in
 * option rows. The name of a meta row is that of the option with _ for -. */
#define FIT_ROW_LOSS(R) \
	R(loss, CHOICE, "loss", "LOSS", "warp", 0, 0, LOSS_CHOICES, FIT_ALL)
#define FIT_ROW_FACTORS(R) \
	R(factors, INT, "factors", "N", "64", 1, FACTORS_MAX, NULL, FIT_ALL)
#define FIT_ROW_EPOCHS(R) \
	R(epochs, INT, "epochs", "N", "30", 1, 100000, NULL, FIT_STARTED)
#define FIT_ROW_UNOBSERVED(R) \
	R(unobserved, REAL, "unobserved-weight", "X", "0.2", 0, 1e6, NULL, FIT_IALS)
#define FIT_ROW_REGULARIZATION(R) \
	R(regularization, REAL, "regularization", "X", "0.01", 0, 1e9, NULL, FIT_IALS)
#define FIT_ROW_EXPONENT(R) \
	R(exponent, REAL, "regularization-exponent", "X", "1", 0, 4, NULL, FIT_IALS)
#define FIT_ROW_OPTIMIZER(R) \
	R(optimizer, CHOICE, "optimizer", "HOW", "adagrad", 0, 0, "adagrad|adadelta", FIT_STEPS)
#define FIT_ROW_LEARNING_RATE(R) \
	R(learning_rate, REAL, "learning-rate", "X", "0.05", ABOVE_ZERO, 1e6, NULL, \
	  FIT_STEPS | FIT_ADAGRAD)
#define FIT_ROW_RHO(R) \
	R(rho, REAL, "rho", "X", "0.95", 0, BELOW_ONE, NULL, FIT_STEPS | FIT_ADADELTA)
#define FIT_ROW_EPSILON(R) \
	R(epsilon, REAL, "epsilon", "X", "1e-6", 1e-30, 1, NULL, FIT_STEPS | FIT_ADADELTA)
#define FIT_ROW_USER_ALPHA(R) \
	R(user_alpha, REAL, "user-alpha", "X", "0", 0, 1e6, NULL, FIT_STEPS)
#define FIT_ROW_ITEM_ALPHA(R) \
	R(item_alpha, REAL, "item-alpha", "X", "0", 0, 1e6, NULL, FIT_STEPS)
#define FIT_ROW_MAX_SAMPLED(R) \
	R(max_sampled, INT, "max-sampled", "N", "10", 1, SAMPLED_MAX, NULL, FIT_WARP | FIT_KOS)
#define FIT_ROW_KOS_K(R) \
	R(kos_k, INT, "kos-k", "K", "5", 1, KOS_MAX, NULL, FIT_KOS)
#define FIT_ROW_KOS_N(R) \
	R(kos_n, INT, "kos-n", "N", "10", 1, KOS_MAX, NULL, FIT_KOS)
#define FIT_ROW_NEGATIVES(R) \
	R(negatives, INT, "negatives", "N", "256", 1, NEGATIVES_MAX, NULL, FIT_SOFTMAX | FIT_CCL)
#define FIT_ROW_TEMPERATURE(R) \
	R(temperature, REAL, "temperature", "X", "0.2", TEMPERATURE_MIN, 1000, NULL, FIT_SOFTMAX)
#define FIT_ROW_MARGIN(R) \
	R(margin, REAL, "margin", "X", "0.5", -1, 1, NULL, FIT_CCL)
#define FIT_ROW_NEGATIVE_WEIGHT(R) \
	R(negative_weight, REAL, "negative-weight", "X", "5", 0, 1e6, NULL, FIT_CCL)
#define FIT_ROW_USER_EXPONENT(R) \
	R(user_exponent, REAL, "user-exponent", "A", "0.5", 0, 4, NULL, FIT_SVD)
#define FIT_ROW_ITEM_EXPONENT(R) \
	R(item_exponent, REAL, "item-exponent", "B", "0.5", 0, 4, NULL, FIT_SVD)
#define FIT_ROW_POWER_ITERATIONS(R) \
	R(power_iterations, INT, "power-iterations", "N", "8", 0, POWER_ITERATIONS_MAX, NULL, FIT_SVD)
#define FIT_ROW_OVERSAMPLING(R) \
	R(oversampling, INT, "oversampling", "N", "16", 0, OVERSAMPLING_MAX, NULL, FIT_SVD)
#define FIT_ROW_INIT_SCALE(R) \
	R(init_scale, REAL, "init-scale", "X", "1", 0, 1e6, NULL, FIT_STARTED)

/* All defaults; answers are ANSWER_NONE, counts 0. */
struct fitting fitting_new(void);

/* Has the option, "kos-k", an effect on a fit with this loss and optimizer? Of a name that is
 * not in the table: true. */
bool fitting_heeds(const struct fitting *f, const char *option);

/* Steps through the meta rows of a model that was fitted so, in the order of the model:
 * `*at` is 0 at first. False at the end. */
struct fitting_meta {
	char name[32];
	char value[NUMBER_SIZE + 1];
};
bool fitting_next_meta(const struct fitting *f, size_t *at, struct fitting_meta *meta);

/* Takes a meta row (`name=value`) into `f`; a name that is not in the table is passed
 * over. False when the value is no such value, `problem` then says why. */
enum { FITTING_PROBLEM = 128 };
bool fitting_take_meta(struct fitting *f, struct span id, char problem[FITTING_PROBLEM]);

/* The same for a row of the model `path`: such a value is bad data (exit 3). */
void fitting_read_meta(struct fitting *f, struct span id, const char *path);

#endif
