/* Any words as a command line: refused with 2, answered (--help), or every value is in its
 * place and range and the rules hold. Words are lines. */
#include <fcntl.h>
#include <getopt.h>
#include <math.h>

#include "base/memory.h"
#include "frame/options.h"
#include "fuzz.h"

struct options {
	struct common common;
	const char *name, *user, *item;
	int64_t count;
	double share;
	int how;
	bool flag;
	struct option_list list;
};

static const struct option_row OPTIONS[] = {
	OPTION_TEXT("name", "NAME", name, .letter = 'n', .unless = "flag|how=fast", .required = true,
		.help = "a name"),
	OPTION_INT("count", "N", count, .letter = 'c', .fallback = "3", .low = 1, .high = 10,
		.requires = "flag", .help = "a count"),
	OPTION_REAL("share", "X", share, .low = ABOVE_ZERO, .high = BELOW_ONE, .help = "a share"),
	OPTION_CHOICE("how", "HOW", how, "fast|slow", .fallback = "slow", .help = "a way"),
	OPTION_FLAG("flag", flag, .letter = 'f', .excludes = "how=fast,list", .help = "a flag"),
	OPTION_LIST("list", "X", list, .of = "run,best", .help = "things"),
	OPTION_ALIAS("how-much", "N", "count"),
	OPTION_GROUP("Input"),
	COMMON_RENAME,
	OPTION_COLUMN("user", user, .fallback = "user", .help = "a column"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "a column"),
	COMMON_INPUT, COMMON_LOG,
	OPTION_END
};

static const struct program_command COMMANDS[] = {
	{.name = "run"}, {"best", "", "the best"}, {"worst", "", "the worst"}, {.name = NULL},
};

static const struct program PROGRAM = {
	.name = "some-tool", .usage = "", .summary = "", .reads = "", .writes = "", .command = true,
	.options = OPTIONS, .options_size = sizeof(struct options), .commands = COMMANDS,
};

struct words {
	char *word[34];
	int n;
};

static void parse(void *arg)
{
	struct words *w = arg;
	struct options o;
	optind = 0; /* getopt begins again */
	int first = program_start(&PROGRAM, w->n, w->word, &o);
	bool share = option_given("share");
	if (first < 1 || first > w->n || o.count < 1 || o.count > 10 || o.how < 0 || o.how > 1 ||
	    (share && !(o.share > 0 && o.share < 1)) || !*o.user || !*o.item ||
	    (o.name && !*o.name) || (!o.name && !o.flag && o.how != 0) || (o.flag && o.how == 0) ||
	    (o.flag && o.list.n) || (option_given("count") && !o.flag) ||
	    (option_command() == 2 && o.list.n) || o.flag != option_given("flag"))
		abort();
	free(o.list.values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char name[] = "some-tool";
	char *text = memory_text((const char *)data, n), *at = text;
	struct words w = {.word = {name}, .n = 1};
	while (*at && w.n < 33) {
		w.word[w.n++] = at;
		at += strcspn(at, "\n");
		if (*at)
			*at++ = '\0';
	}
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0) /* --help has closed it */
		abort();
	if (null > STDERR_FILENO)
		close(null);
	int status = fuzz_run(parse, &w);
	if (status > 0 && status != STATUS_USAGE)
		abort();
	free(text);
	return 0;
}
