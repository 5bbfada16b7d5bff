#include "options.h"

#include "base/error.h"
#include "data/kernel.h"
#include "domain/metrics.h"
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
	{FIT_ROW_LOSS(FIT), .help = "loss function"},
	{FIT_ROW_FACTORS(FIT), .help = "number of latent factors"},
	OPTION_INT("epochs", "N", fit.epochs, .fallback = "30", .low = 0, .high = 100000,
		.help = "maximum number of passes over the interactions; 0: write the model that training "
			"starts from"),
	{FIT_ROW_LEARNING_RATE(FIT), .help = "initial learning rate"},
	OPTION_INT("patience", "N", patience, .fallback = "5", .low = 0, .high = 100000,
		.help = "stop after N epochs without improvement on the validation rows and keep the best "
			"epoch; 0: run all epochs and keep the last"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Validation and stopping"),
	OPTION_TEXT("stop-metric", "METRIC", stop_metric, .fallback = "ndcg@10",
		.help = "metric for --patience and --curve: one of " LIST_METRICS_TEXT ", with @K"),
	OPTION_INT("stop-users", "N", stop_users, .fallback = "5000", .low = 1, .high = 4000000000,
		.help = "evaluate on at most N users, sampled by the seed"),
	OPTION_INT("stop-every", "N", stop_every, .fallback = "1", .low = 1, .high = 100000,
		.help = "evaluate after each N epochs, and after the last; --patience counts evaluations "
			"then"),
	OPTION_TEXT("report", "METRIC", report,
		.help = "use METRIC as --stop-metric and write `step value` rows to standard output, the "
			"result last; the model is written to --output only"),
	OPTION_STATE("curve", "FILE", curve,
		.help = "write epoch, loss, metric and seconds to FILE after each epoch"),

	OPTION_GROUP("Optimizer and regularization"),
	{FIT_ROW_OPTIMIZER(FIT), .help = "optimizer; adadelta does not use --learning-rate"},
	{FIT_ROW_RHO(FIT), .help = "adadelta: decay rate of the running means"},
	{FIT_ROW_EPSILON(FIT), .help = "adadelta: constant added to the running means"},
	{FIT_ROW_USER_ALPHA(FIT),
		.help = "L2 penalty on user factors: each visit adds X/2 times their squares to the loss; must "
			"be 0 with softmax and ccl"},
	{FIT_ROW_ITEM_ALPHA(FIT), .help = "L2 penalty on item factors, as --user-alpha"},
	{FIT_ROW_INIT_SCALE(FIT), .excludes = "loss=softmax/ccl",
		.help = "factors start uniform in -X/2 to X/2, divided by their number (ials: by its "
			"square root); softmax and ccl start at length 1"},

	OPTION_GROUP("Losses warp and warp-kos"),
	{FIT_ROW_MAX_SAMPLED(FIT),
		.help = "warp, warp-kos: maximum number of negatives drawn per interaction"},
	{FIT_ROW_KOS_K(FIT),
		.help = "warp-kos: learn from the K-th best of the drawn positives"},
	{FIT_ROW_KOS_N(FIT), .help = "warp-kos: number of positives drawn per step"},

	OPTION_GROUP("Loss ials"),
	OPTION_REAL("unobserved-weight", "X", fit.unobserved, .low = 0, .high = 1e6,
		.help = "ials: weight of unobserved pairs; unless given, 1.5 times the square root of the "
			"share of all pairs that are fitted"),
	{FIT_ROW_REGULARIZATION(FIT), .help = "ials: L2 penalty on the factors"},
	{FIT_ROW_EXPONENT(FIT), .help = "ials: exponent of the frequency of a user or item in its "
		"penalty"},
	OPTION_CHOICE("solver", "HOW", solver, SOLVERS, .fallback = "auto",
		.help = "ials: solve for all factors of a row exactly, block by block (--block-factors), "
			"or by conjugate gradients (--cg-steps); auto is cg, the fastest"),
	OPTION_INT("cg-steps", "N", cg_steps, .fallback = "3", .low = 1, .high = 1000,
		.help = "ials: conjugate gradient steps per row and epoch"),
	OPTION_INT("block-factors", "N", block_factors, .fallback = "32", .low = 1, .high = 4096,
		.help = "ials: factors per block, rounded up to a multiple of 16"),
	OPTION_FLAG("exact-loss", exact_loss, .excludes = "keep-old",
		.help = "ials: the loss of --curve is the whole objective, with the users' penalty, and summed "
			"exactly: it has the same bytes when training is done in pieces"),

	OPTION_GROUP("Loss svd"),
	{FIT_ROW_USER_EXPONENT(FIT),
		.help = "svd: divide a user's rows by the A-th power of their sum"},
	{FIT_ROW_ITEM_EXPONENT(FIT),
		.help = "svd: divide an item's rows by the B-th power of their sum"},
	{FIT_ROW_POWER_ITERATIONS(FIT),
		.help = "svd: passes that bring the vectors nearer to the singular ones"},
	{FIT_ROW_OVERSAMPLING(FIT),
		.help = "svd: vectors sought in addition to those kept"},

	OPTION_GROUP("Losses softmax and ccl"),
	{FIT_ROW_NEGATIVES(FIT),
		.help = "softmax, ccl: number of negatives, shared by 32 interactions"},
	{FIT_ROW_TEMPERATURE(FIT),
		.help = "softmax: temperature; the lower, the more weight the hardest negatives get"},
	{FIT_ROW_MARGIN(FIT), .help = "ccl: margin; negatives with a score below X are ignored"},
	{FIT_ROW_NEGATIVE_WEIGHT(FIT),
		.help = "ccl: weight of the mean over the negatives"},

	OPTION_GROUP("Features"),
	OPTION_FILE("user-features", "FILE", user_features, .side = true,
		.excludes = "loss=ials/svd",
		.help = "columns user, feature, [weight]: a user is the sum of these features and an "
			"identity"),
	OPTION_FILE("item-features", "FILE", item_features, .side = true,
		.excludes = "loss=ials/svd",
		.help = "the same for items: columns item, feature, [weight]"),
	OPTION_FLAG("no-user-identity", no_user_identity,
		.requires = "user-features",
		.help = "represent users by their features only"),
	OPTION_FLAG("no-item-identity", no_item_identity,
		.requires = "item-features",
		.help = "represent items by their features only"),
	OPTION_FLAG("no-normalize", no_normalize,
		.requires = "user-features|item-features",
		.help = "use feature weights as given instead of dividing them by their sum (including "
			"the identity's weight 1)"),

	OPTION_GROUP("Continuing an earlier run"),
	OPTION_FILE("init", "MODEL", init, .side = true,
		.excludes = "loss=svd",
		.help = "warm start from an earlier model; what is not in it starts as usual"),
	OPTION_FLAG("keep-old", keep_old,
		.requires = "init",
		.help = "keep users, items and features of the --init model that have no fitted rows, "
			"unchanged"),
	OPTION_STATE("checkpoint", "FILE", checkpoint,
		.excludes = "loss=svd",
		.help = "save the state to FILE after each epoch, and resume from it if it exists"),

	OPTION_GROUP("Input and output"),
	OPTION_TEXT("fit-splits", "SPLITS", fit_splits, .fallback = "train",
		.help = "splits whose rows to fit: a list of train, validation, test, or all"),
	COMMON_PACKED(""), COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_INT("blocks", "N", blocks, .fallback = "4", .low = 1, .high = BLOCKS_MAX,
		.help = "maximum number of blocks of users and items, and so of busy threads; changes the "
			"result"),
	OPTION_FLAG("hogwild", hogwild,
		.excludes = "loss=ials/svd",
		.help = "let threads update shared rows without locks; the result then differs from run "
			"to run, unless there is one thread"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with item ids"),
	OPTION_COLUMN("weight", weight, .fallback = "weight",
		.help = "name of the column with weights: how much an interaction counts"),
	OPTION_COLUMN("split", split, .fallback = "split", .help = "name of the column with splits"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* Options that are no hyperparameters of learning/fitting.h, and the losses that heed them. */
static const struct {
	const char *option;
	unsigned losses;
} OTHERS[] = {
	{"solver", FIT_IALS}, {"cg-steps", FIT_IALS}, {"block-factors", FIT_IALS}, {"exact-loss", FIT_IALS},
	{"patience", FIT_STARTED}, {"stop-every", FIT_STARTED}, {"blocks", FIT_STEPS},
};

static bool heeds(const struct fitting *f, const char *option)
{
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		if (strcmp(OTHERS[i].option, option) == 0)
			return OTHERS[i].losses >> f->loss & 1;
	return fitting_heeds(f, option);
}

/* What another loss or optimizer would use changes nothing; in a script for several losses it
 * may stand. */
static void warn_of_unheeded(const struct fitting *f)
{
	struct fitting other = *f;
	other.optimizer = f->optimizer == ADAGRAD ? ADADELTA : ADAGRAD;
	for (const struct option_row *row = TRAIN_OPTIONS; row->name; row++) {
		if (row->kind == OPTION_GROUP || !option_given(row->name) || heeds(f, row->name))
			continue;
		if (heeds(&other, row->name))
			warn("--%s has no effect with --optimizer=%s", row->name,
			     f->optimizer == ADAGRAD ? "adagrad" : "adadelta");
		else
			warn("--%s has no effect with --loss=%s", row->name, LOSS_NAMES[f->loss]);
	}
}

/* The same for what another solver of ials would use. */
static void warn_of_solver(const struct options *o)
{
	bool steps = o->solver == SOLVER_AUTO || o->solver == SOLVER_CG, blocks = o->solver == SOLVER_BLOCK;
	struct span solver = choice_word(SOLVERS, o->solver);
	if (o->fit.loss != LOSS_IALS)
		return;
	if (option_given("cg-steps") && !steps)
		warn("--cg-steps has no effect with --solver=%.*s", (int)solver.n, solver.at);
	if (option_given("block-factors") && !blocks)
		warn("--block-factors has no effect with --solver=%.*s", (int)solver.n, solver.at);
}

/* What the table of options cannot say. */
void check_options(const struct options *o)
{
	if (o->fit.loss == LOSS_WARP_KOS && o->fit.kos_k > o->fit.kos_n)
		usage_error("--kos-k %lld is more than --kos-n %lld", (long long)o->fit.kos_k,
			    (long long)o->fit.kos_n);
	if (loss_of_cosines((enum loss)o->fit.loss) && (o->fit.user_alpha > 0 || o->fit.item_alpha > 0))
		usage_error("--loss=%s cannot be combined with %s", LOSS_NAMES[o->fit.loss],
			    o->fit.user_alpha > 0 ? "--user-alpha" : "--item-alpha");
	warn_of_unheeded(&o->fit);
	warn_of_solver(o);
}
