#include "options.h"

#include "base/error.h"
#include "data/kernel.h"
#include "learning/loss.h"
#include "cosine.h"
#include "schedule.h"
#include "sgd.h"

/* The option row of a row of learning/fitting.h but for its help. */
#define FIT(field, of, option, shown, standard, least, most, words, whose) \
	.name = option, .kind = OPTION_##of, .argument = shown, .fallback = standard, \
	.low = least, .high = most, .choices = words, \
	.at = OPTION_AT(fit.field, OPTION_TYPE_##of)

const struct option_row TRAIN_OPTIONS[] = {
	{FIT_ROW_LOSS(FIT), .help = "what is minimized"},
	{FIT_ROW_FACTORS(FIT), .help = "numbers per user and item"},
	{FIT_ROW_EPOCHS(FIT), .help = "visit every interaction N times at most"},
	{FIT_ROW_LEARNING_RATE(FIT), .help = "the length of the first steps"},
	OPTION_TEXT("fit-splits", "SPLITS", fit_splits, .fallback = "train",
		.help = "fit the rows of these splits: a list of train, validation, test, or all"),
	OPTION_INT("patience", "N", patience, .fallback = "5", .low = 0, .high = 100000,
		.help = "stop when N epochs have brought nothing on the validation rows, and keep "
			"the best epoch; 0: run all epochs and keep the last"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Validation and stopping"),
	OPTION_TEXT("stop-metric", "METRIC", stop_metric, .fallback = "ndcg@10",
		.help = "the metric of --patience and --curve: precision, recall, ndcg, map, mrr or "
			"hit with @K"),
	OPTION_INT("stop-users", "N", stop_users, .fallback = "5000", .low = 1, .high = 4000000000,
		.help = "judge by N users, drawn with the seed, when more have validation rows"),
	OPTION_TEXT("report", "METRIC", report,
		.help = "use METRIC as --stop-metric and write `step value` rows to standard output, "
			"the last line being the result; the model goes to --output alone"),
	OPTION_STATE("curve", "FILE", curve,
		.help = "write epoch, loss, metric and seconds to FILE, each epoch as it ends"),

	OPTION_GROUP("Optimizer and regularization"),
	{FIT_ROW_OPTIMIZER(FIT), .help = "how steps shrink; adadelta needs no --learning-rate"},
	{FIT_ROW_RHO(FIT), .help = "adadelta: the share of the past in its running means"},
	{FIT_ROW_EPSILON(FIT), .help = "adadelta: added to its running means"},
	{FIT_ROW_USER_ALPHA(FIT),
		.help = "pull users' numbers to zero: each visit adds X/2 times their squares to the "
			"loss"},
	{FIT_ROW_ITEM_ALPHA(FIT), .help = "the same for items"},
	{FIT_ROW_INIT_SCALE(FIT), .excludes = "loss=softmax/ccl",
		.help = "factors start uniform between -X/2 and X/2, divided by their number (ials: "
			"by its root); softmax and ccl start at the length 1"},

	OPTION_GROUP("Losses warp and warp-kos"),
	{FIT_ROW_MAX_SAMPLED(FIT),
		.help = "warp, warp-kos: draw at most N negatives for an interaction"},
	{FIT_ROW_KOS_K(FIT),
		.help = "warp-kos: learn from the K-th best of the user's drawn positives"},
	{FIT_ROW_KOS_N(FIT), .help = "warp-kos: draw N of the user's positives"},

	OPTION_GROUP("Loss ials"),
	{FIT_ROW_UNOBSERVED(FIT),
		.help = "ials: the weight of every pair's score being 0, beside a fitted row's "
			"weight"},
	{FIT_ROW_REGULARIZATION(FIT), .help = "ials: the weight of squared factors"},
	{FIT_ROW_EXPONENT(FIT), .help = "ials: the power of a row's frequency in its regularization"},
	OPTION_CHOICE("solver", "HOW", solver, "auto|exact|block|cg", .fallback = "auto",
		.help = "ials: solve for all factors of a row at once, for --block-factors of them "
			"after the other, or take --cg-steps toward the solution; auto is cg, the "
			"fastest"),
	OPTION_INT("cg-steps", "N", cg_steps, .fallback = "3", .low = 1, .high = 1000,
		.help = "ials: steps of conjugate gradients for a row in an epoch"),
	OPTION_INT("block-factors", "N", block_factors, .fallback = "32", .low = 1, .high = 4096,
		.help = "ials: the factors of a block, a multiple of 16 or made one"),

	OPTION_GROUP("Losses softmax and ccl"),
	{FIT_ROW_NEGATIVES(FIT),
		.help = "softmax, ccl: set an interaction against N items not taken, which 32 "
			"interactions share"},
	{FIT_ROW_TEMPERATURE(FIT),
		.help = "softmax: what scores are divided by; the lower, the more the negatives that "
			"come closest count"},
	{FIT_ROW_MARGIN(FIT), .help = "ccl: negatives of a score below X cost nothing"},
	{FIT_ROW_NEGATIVE_WEIGHT(FIT),
		.help = "ccl: the weight of the negatives' mean beside the item taken"},

	OPTION_GROUP("Features"),
	OPTION_FILE("user-features", "FILE", user_features,
		.excludes = "loss=ials",
		.help = "columns user, feature, [weight]: a user is the sum of what is here and of "
			"an identity of its own"),
	OPTION_FILE("item-features", "FILE", item_features,
		.excludes = "loss=ials",
		.help = "the same for items: columns item, feature, [weight]"),
	OPTION_FLAG("no-user-identity", no_user_identity,
		.requires = "user-features",
		.help = "users are the sums of their features alone"),
	OPTION_FLAG("no-item-identity", no_item_identity,
		.requires = "item-features",
		.help = "items are the sums of their features alone"),
	OPTION_FLAG("no-normalize", no_normalize,
		.requires = "user-features|item-features",
		.help = "take feature weights as they are, rather than divided by their sum "
			"(identity, of weight 1, included)"),

	OPTION_GROUP("Continuing an earlier run"),
	OPTION_FILE("init", "MODEL", init,
		.help = "start from the numbers of an earlier model; what is not in it starts as "
			"usual"),
	OPTION_FLAG("keep-old", keep_old,
		.requires = "init",
		.help = "keep users, items and features of the --init model that have no fitted rows "
			"now, as they are"),
	OPTION_STATE("checkpoint", "FILE", checkpoint,
		.help = "keep the state after each epoch in FILE, and go on from there when it "
			"exists"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_INT("blocks", "N", blocks, .fallback = "4", .low = 1, .high = BLOCKS_MAX,
		.help = "cut users and items in at most N blocks, which is also how many threads "
			"find work; changes the result"),
	OPTION_FLAG("hogwild", hogwild,
		.excludes = "loss=ials",
		.help = "let all threads write the same rows without order: the result then differs "
			"from run to run, unless there is one thread"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = "vector instructions; portable gives the same bytes on every machine"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "the column of user ids"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "the column of item ids"),
	OPTION_COLUMN("weight", weight, .fallback = "weight",
		.help = "the column of weights: how much an interaction counts"),
	OPTION_COLUMN("split", split, .fallback = "split", .help = "the column of splits"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* What the table of options cannot say. */
void check_options(const struct options *o)
{
	if (o->fit.loss == LOSS_WARP_KOS && o->fit.kos_k > o->fit.kos_n)
		usage_error("--kos-k %lld is more than --kos-n %lld", (long long)o->fit.kos_k,
			    (long long)o->fit.kos_n);
	if (loss_of_cosines((enum loss)o->fit.loss) && (o->fit.user_alpha > 0 || o->fit.item_alpha > 0))
		usage_error("--loss=%s cannot be combined with %s", LOSS_NAMES[o->fit.loss],
			    o->fit.user_alpha > 0 ? "--user-alpha" : "--item-alpha");
}
