#include "options.h"

#include "base/error.h"
#include "data/kernel.h"
#include "learning/loss.h"
#include "cosine.h"
#include "schedule.h"
#include "sgd.h"

/* The front of the option row of a row of learning/fitting.h; help comes behind it. */
#define FIT(field, kind, option, argument, fallback, low, high, choices, whose) \
	option, 0, OPTION_##kind, argument, offsetof(struct options, fit.field), fallback, \
	low, high, choices

const struct option_row TRAIN_OPTIONS[] = {
	{FIT_ROW_LOSS(FIT), "what is minimized"},
	{FIT_ROW_FACTORS(FIT), "numbers per user and item"},
	{FIT_ROW_EPOCHS(FIT), "visit every interaction N times at most"},
	{FIT_ROW_LEARNING_RATE(FIT), "the length of the first steps"},
	{FIT_ROW_MAX_SAMPLED(FIT), "warp, warp-kos: draw at most N negatives for an interaction"},
	{FIT_ROW_KOS_K(FIT), "warp-kos: learn from the K-th best of the user's drawn positives"},
	{FIT_ROW_KOS_N(FIT), "warp-kos: draw N of the user's positives"},
	{FIT_ROW_OPTIMIZER(FIT), "how steps shrink; adadelta needs no --learning-rate"},
	{FIT_ROW_RHO(FIT), "adadelta: the share of the past in its running means"},
	{FIT_ROW_EPSILON(FIT), "adadelta: added to its running means"},
	{FIT_ROW_USER_ALPHA(FIT),
	 "pull users' numbers to zero: each visit adds X/2 times their squares to the loss"},
	{FIT_ROW_ITEM_ALPHA(FIT), "the same for items"},
	{FIT_ROW_UNOBSERVED(FIT),
	 "ials: the weight of every pair's score being 0, beside a fitted row's weight"},
	{FIT_ROW_REGULARIZATION(FIT), "ials: the weight of squared factors"},
	{FIT_ROW_EXPONENT(FIT), "ials: the power of a row's frequency in its regularization"},
	{"solver", 0, OPTION_CHOICE, "HOW", offsetof(struct options, solver), "auto", 0, 0,
	 "auto|exact|block|cg", "ials: solve for all factors of a row at once, for "
	 "--block-factors of them after the other, or take --cg-steps toward the solution; auto "
	 "is cg, the fastest"},
	{"cg-steps", 0, OPTION_INT, "N", offsetof(struct options, cg_steps), "3", 1, 1000, NULL,
	 "ials: steps of conjugate gradients for a row in an epoch"},
	{"block-factors", 0, OPTION_INT, "N", offsetof(struct options, block_factors), "32", 1,
	 4096, NULL, "ials: the factors of a block, a multiple of 16 or made one"},
	{FIT_ROW_NEGATIVES(FIT),
	 "softmax, ccl: set an interaction against N items not taken, which 32 interactions share"},
	{FIT_ROW_TEMPERATURE(FIT),
	 "softmax: what scores are divided by; the lower, the more the negatives that come "
	 "closest count"},
	{FIT_ROW_MARGIN(FIT), "ccl: negatives of a score below X cost nothing"},
	{FIT_ROW_NEGATIVE_WEIGHT(FIT),
	 "ccl: the weight of the negatives' mean beside the item taken"},
	{FIT_ROW_INIT_SCALE(FIT),
	 "factors start uniform between -X/2 and X/2, divided by their number (ials: by its "
	 "root); softmax and ccl start at the length 1"},
	{"user-features", 0, OPTION_FILE, "FILE", offsetof(struct options, user_features), NULL, 0, 0,
	 NULL, "columns user, feature, [weight]: a user is the sum of what is here and of an "
	 "identity of its own"},
	{"item-features", 0, OPTION_FILE, "FILE", offsetof(struct options, item_features), NULL, 0, 0,
	 NULL, "the same for items: columns item, feature, [weight]"},
	{"no-user-identity", 0, OPTION_FLAG, NULL, offsetof(struct options, no_user_identity), NULL,
	 0, 0, NULL, "users are the sums of their features alone"},
	{"no-item-identity", 0, OPTION_FLAG, NULL, offsetof(struct options, no_item_identity), NULL,
	 0, 0, NULL, "items are the sums of their features alone"},
	{"no-normalize", 0, OPTION_FLAG, NULL, offsetof(struct options, no_normalize), NULL, 0, 0,
	 NULL, "take feature weights as they are, rather than divided by their sum (identity, of "
	 "weight 1, included)"},
	{"fit-splits", 0, OPTION_TEXT, "SPLITS", offsetof(struct options, fit_splits), "train", 0, 0,
	 NULL, "fit the rows of these splits: a list of train, validation, test, or all"},
	{"patience", 0, OPTION_INT, "N", offsetof(struct options, patience), "5", 0, 100000, NULL,
	 "stop when N epochs have brought nothing on the validation rows, and keep the best "
	 "epoch; 0: run all epochs and keep the last"},
	{"stop-metric", 0, OPTION_TEXT, "METRIC", offsetof(struct options, stop_metric), "ndcg@10",
	 0, 0, NULL, "the metric of --patience and --curve: precision, recall, ndcg, map, mrr or "
	 "hit with @K"},
	{"stop-users", 0, OPTION_INT, "N", offsetof(struct options, stop_users), "5000", 1,
	 4000000000, NULL, "judge by N users, drawn with the seed, when more have validation rows"},
	{"report", 0, OPTION_TEXT, "METRIC", offsetof(struct options, report), NULL, 0, 0, NULL,
	 "use METRIC as --stop-metric and write `step value` rows to standard output, the last "
	 "line being the result; the model goes to --output alone"},
	{"curve", 0, OPTION_STATE, "FILE", offsetof(struct options, curve), NULL, 0, 0, NULL,
	 "write epoch, loss, metric and seconds to FILE, each epoch as it ends"},
	{"init", 0, OPTION_FILE, "MODEL", offsetof(struct options, init), NULL, 0, 0, NULL,
	 "start from the numbers of an earlier model; what is not in it starts as usual"},
	{"keep-old", 0, OPTION_FLAG, NULL, offsetof(struct options, keep_old), NULL, 0, 0, NULL,
	 "keep users, items and features of the --init model that have no fitted rows now, as they "
	 "are"},
	{"checkpoint", 0, OPTION_STATE, "FILE", offsetof(struct options, checkpoint), NULL, 0, 0, NULL,
	 "keep the state after each epoch in FILE, and go on from there when it exists"},
	{"hogwild", 0, OPTION_FLAG, NULL, offsetof(struct options, hogwild), NULL, 0, 0, NULL,
	 "let all threads write the same rows without order: the result then differs from run "
	 "to run, unless there is one thread"},
	{"blocks", 0, OPTION_INT, "N", offsetof(struct options, blocks), "4", 1, BLOCKS_MAX, NULL,
	 "cut users and items in at most N blocks, which is also how many threads find work; "
	 "changes the result"},
	{"kernel", 0, OPTION_CHOICE, "KERNEL", offsetof(struct options, kernel), "auto", 0, 0,
	 KERNEL_CHOICES, "vector instructions; portable gives the same bytes on every machine"},
	{"user", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, user), "user", 0, 0, NULL,
	 "the column of user ids"},
	{"item", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, item), "item", 0, 0, NULL,
	 "the column of item ids"},
	{"weight", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, weight), "weight", 0, 0, NULL,
	 "the column of weights: how much an interaction counts"},
	{"split", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, split), "split", 0, 0, NULL,
	 "the column of splits"},
	COMMON_THREADS(struct options, common),
	COMMON_SEED(struct options, common),
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

/* What the table of options cannot say. */
void check_options(const struct options *o)
{
	if (o->fit.loss == LOSS_IALS && (o->user_features || o->item_features))
		usage_error("--loss ials knows no features");
	if (o->fit.loss == LOSS_IALS && o->hogwild)
		usage_error("--loss ials has no order to do without: --hogwild is for the others");
	if (o->fit.loss == LOSS_WARP_KOS && o->fit.kos_k > o->fit.kos_n)
		usage_error("--kos-k %lld is more than --kos-n %lld", (long long)o->fit.kos_k,
			    (long long)o->fit.kos_n);
	if (loss_of_cosines((enum loss)o->fit.loss) && (o->fit.user_alpha > 0 || o->fit.item_alpha > 0))
		usage_error("--loss %s keeps vectors at the length 1: --user-alpha and --item-alpha "
			    "are for the others", LOSS_NAMES[o->fit.loss]);
	if (loss_of_cosines((enum loss)o->fit.loss) && option_given("init-scale"))
		usage_error("--loss %s starts at the length 1: --init-scale is for the others",
			    LOSS_NAMES[o->fit.loss]);
	if (o->keep_old && !o->init)
		usage_error("--keep-old requires --init");
	if (o->no_user_identity && !o->user_features)
		usage_error("--no-user-identity needs --user-features");
	if (o->no_item_identity && !o->item_features)
		usage_error("--no-item-identity needs --item-features");
	if (o->no_normalize && !o->user_features && !o->item_features)
		usage_error("--no-normalize needs --user-features or --item-features");
}
