/* The option table: values land in their places, defaults are set, and what is wrong
 * ends with 2 and a message that names the option and the value. */
#include <getopt.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "frame/options.h"
#include "unit.h"

struct options {
	struct common common;
	const char *name;
	int64_t count;
	uint64_t size;
	double share, wait;
	int how, form;
	bool flag, calm;
	struct option_list list;
};

static const struct option_row OPTIONS[] = {
	OPTION_TEXT("name", "NAME", name, .letter = 'n', .fallback = "nobody", .help = "a name"),
	OPTION_INT("count", "N", count, .letter = 'c', .fallback = "3", .low = 1, .high = 10,
		.help = "a count"),
	OPTION_SIZE("size", "BYTES", size, .fallback = "2K", .low = 1, .high = INFINITY,
		.help = "a size"),
	OPTION_REAL("share", "X", share, .low = ABOVE_ZERO, .high = 1, .help = "a share"),
	OPTION_DURATION("wait", "TIME", wait, .fallback = "1m", .low = 0, .high = INFINITY,
		.help = "a time"),
	OPTION_CHOICE("how", "HOW", how, "fast|slow|not", .fallback = "slow", .help = "a way"),
	OPTION_FLAG("flag", flag, .letter = 'f', .help = "a flag"),
	OPTION_NO_FLAG("no-calm", calm, .help = "not calm"),
	OPTION_LIST("list", "X", list, .help = "things"),
	OPTION_ALIAS("how-much", "N", "count"),
	COMMON_OUTPUT, COMMON_SEED, COMMON_LOG,
	OPTION_END
};

static const struct program PROGRAM = {
	.name = "some-tool", .usage = "", .summary = "", .reads = "", .writes = "",
	.options = OPTIONS, .options_size = sizeof(struct options),
};

/* Rows with rules of every kind, a heading, and commands of the program's own. */
static const struct option_row RULES[] = {
	OPTION_TEXT("name", "NAME", name, .letter = 'n', .required = true, .unless = "flag|size",
		.help = "a name"),
	OPTION_INT("count", "N", count, .fallback = "3", .requires = "flag,name|how=fast/not",
		.help = "a count"),
	OPTION_SIZE("size", "BYTES", size, .excludes = "name,how=fast,count!=3,FILE", .help = "a size"),
	OPTION_CHOICE("how", "HOW", how, "fast|slow|not", .fallback = "slow", .help = "a way"),
	OPTION_FLAG("flag", flag, .help = "a flag"),
	OPTION_MODE("form", form, "long|short", .help = "a form"),
	OPTION_NO_FLAG("no-calm", calm, .excludes = "form=short", .help = "not calm"),
	OPTION_GROUP("Others"),
	OPTION_REAL("share", "X", share, .low = 0, .high = BELOW_ONE, .required_by = "how=not",
		.help = "fast: a share"),
	OPTION_LIST("list", "X", list, .of = "best,worst", .help = "things"),
	COMMON_LOG,
	OPTION_END
};

static const struct program_command COMMANDS[] = {
	{.name = "run"}, {"best", "", "the best"}, {"worst", "", "the worst"}, {.name = NULL},
};

static const struct program RULED = {
	.name = "some-tool", .usage = "", .summary = "", .reads = "", .writes = "", .command = true,
	.options = RULES, .options_size = sizeof(struct options), .commands = COMMANDS,
};

/* What is wrong in a table itself. */
static const struct option_row BROKEN[] = {
	OPTION_FLAG("flag", flag, .letter = 'f', .requires = "flog", .help = "a flag"),
	OPTION_FLAG("calm", calm, .letter = 'f', .excludes = "calm", .help = "calm"),
	OPTION_CHOICE("how", "HOW", how, "fast|slow", .fallback = "slow", .required = true, .help = "a way"),
	OPTION_TEXT("name", "NAME", name, .required_by = "how=quick", .of = "best", .help = "a name"),
	OPTION_ALIAS("whole", "N", "part"),
	OPTION_END
};

static const struct program BROKEN_PROGRAM = {
	.name = "some-tool", .usage = "", .summary = "", .reads = "", .writes = "",
	.options = BROKEN, .options_size = sizeof(struct options),
};

static const struct program *tried = &PROGRAM;

enum { WORDS = 24 };

/* Splits at blanks; returns how many words. */
static int split(char *text, char *words[WORDS])
{
	static char name[] = "some-tool";
	int n = 0;
	words[n++] = name;
	for (char *word = strtok(text, " "); word && n < WORDS - 1; word = strtok(NULL, " "))
		words[n++] = word;
	words[n] = NULL;
	return n;
}

/* Exit status and stderr of parsing the words; 99 when they are taken. */
static int refused(const char *line, char said[1024])
{
	char text[256], *words[WORDS];
	snprintf(text, sizeof text, "%s", line);
	int n = split(text, words), pipe_ends[2];
	if (pipe(pipe_ends) != 0)
		abort();
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		struct options o;
		dup2(pipe_ends[1], STDERR_FILENO);
		optind = 0; /* getopt begins again */
		program_start(tried, n, words, &o);
		_exit(99);
	}
	close(pipe_ends[1]);
	size_t got = 0;
	for (ssize_t more; (more = read(pipe_ends[0], said + got, 1023 - got)) > 0;)
		got += (size_t)more;
	said[got] = '\0';
	close(pipe_ends[0]);
	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_refused(const char *line, const char *message)
{
	char said[1024], want[1024];
	int status = refused(line, said);
	snprintf(want, sizeof want,
		 "some-tool: %s\nTry 'some-tool --help' for more information.\n", message);
	CHECK_TEXT(said, want);
	CHECK_INT(status, STATUS_USAGE);
}

static void check_mistakes(void)
{
	check_refused("--count=4x", "option '--count': not a number: \"4x\"");
	check_refused("--count 11", "option '--count': must be 1 to 10: \"11\"");
	check_refused("--how-much 11", "option '--count': must be 1 to 10: \"11\"");
	check_refused("--how-many 1", "unknown option: \"--how-many\"");
	check_refused("-c 0", "option '--count': must be 1 to 10: \"0\"");
	check_refused("--count=", "option '--count': must not be empty: \"\"");
	check_refused("--count=99999999999999999999", "option '--count': out of range: \"99999999999999999999\"");
	check_refused("--share=0", "option '--share': must be above 0, at most 1: \"0\"");
	check_refused("--share=nan", "option '--share': not a number: \"nan\"");
	check_refused("--size=3T", "option '--size': not a number: \"3T\"");
	check_refused("--wait=-1s", "option '--wait': out of range: \"-1s\"");
	check_refused("--how=quick", "option '--how': must be one of fast|slow|not: \"quick\"");
	check_refused("--name=", "option '--name': must not be empty: \"\"");
	check_refused("--flag=1", "option '--flag' takes no value");
	check_refused("--count", "option '--count' requires a value");
	check_refused("-c", "option '-c' requires a value");
	check_refused("-z", "unknown option: \"-z\"");
	check_refused("--coutn=2", "unknown option: \"--coutn\"; did you mean '--count'?");
	check_refused("--zebra", "unknown option: \"--zebra\"");
	check_refused("--seed=-1", "option '--seed': out of range: \"-1\"");
	check_refused("--s=1", "ambiguous option: \"--s\"");
}

static int start(const char *line, struct options *o, char *words[WORDS])
{
	static char text[256];
	snprintf(text, sizeof text, "%s", line);
	optind = 0; /* getopt begins anew */
	int n = split(text, words);
	return program_start(tried, n, words, o);
}

static void check_rules(void)
{
	tried = &RULED;
	check_refused("", "option --name, --flag or --size is required");
	check_refused("--name x --count 3", "--count requires --flag");
	check_refused("--flag --count 3", "--count requires --name, --how=fast or --how=not");
	check_refused("--size 1 --name x", "--size cannot be combined with --name");
	check_refused("--size 1 --how fast", "--size cannot be combined with --how=fast");
	check_refused("--flag --how fast --count 4 --size 1", "--size cannot be combined with --how=fast");
	check_refused("--flag --how not --share .1 --count 4 --size 1",
		      "--size cannot be combined with --count");
	check_refused("--size 1 file", "--size cannot be combined with input files");
	check_refused("--flag --how not", "--how=not requires --share");
	check_refused("--flag --share 1", "option '--share': must be 0 to 1 (exclusive): \"1\"");
	check_refused("--flag --form=round", "option '--form': must be one of long|short: \"round\"");
	check_refused("--flag --form=short --no-calm", "--no-calm cannot be combined with --form=short");
	check_refused("--flag --list x", "option '--list' does not apply to 'run'");
	check_refused("--flag --help=some", "option '--help': must be all: \"some\"");
	struct options o;
	char *words[WORDS];
	CHECK_INT(start("--flag --list=x worst -n y", &o, words), 6);
	CHECK_INT(option_command(), 2);
	CHECK_INT(start("best --list x --flag", &o, words), 5);
	CHECK_INT(option_command(), 1);
	CHECK_INT(start("--flag -- best", &o, words), 3);
	CHECK_INT(option_command(), 0);
	static const char *const FORMS[] = {"--flag --no-calm", "--flag --no-calm --form",
		"--flag --no-calm --form=long", "--flag --form=short"};
	for (int form = 0; form < 4; form++) {
		start(FORMS[form], &o, words);
		CHECK_INT(o.form, form);
	}
	tried = &PROGRAM;
}

/* Exit status and stderr of looking for mistakes in a table. */
static void check_table(const struct program *program, const char *message, int want)
{
	char said[1024];
	setenv("RECPIPE_DUMP_OPTIONS", "check", 1);
	tried = program;
	CHECK_INT(refused("", said), want);
	CHECK_TEXT(said, message);
	tried = &PROGRAM;
	unsetenv("RECPIPE_DUMP_OPTIONS");
}

static void check_values(void)
{
	struct options o;
	char *words[WORDS];
	int first = start("", &o, words);
	CHECK_INT(first, 1);
	CHECK_TEXT(o.name, "nobody");
	CHECK(o.count == 3 && o.size == 2048 && o.how == 1 && !o.flag && o.calm && o.list.n == 0);
	CHECK_NEAR(o.wait, 60, 0);
	CHECK(!option_given("name") && option_switched("progress", "no-progress", true));

	first = start("one -fc7 --share .5 --size=1M --how fast two --no-calm --list a --list=b "
		      "--", &o, words);
	CHECK_TEXT(words[first], "one");
	CHECK_TEXT(words[first + 1], "two");
	CHECK(words[first + 2] == NULL);
	CHECK(o.count == 7 && o.flag && o.size == 1 << 20 && o.how == 0 && !o.calm);
	CHECK_NEAR(o.share, 0.5, 0);
	CHECK(o.list.n == 2 && strcmp(o.list.values[1], "b") == 0);
	CHECK(option_given("count") && !option_given("wait"));
	free(o.list.values);

	start("--seed=18446744073709551615 --progress --no-progress -n me", &o, words);
	CHECK(o.common.seed == UINT64_MAX);
	CHECK(!option_switched("progress", "no-progress", true));
	CHECK_TEXT(o.name, "me");
	start("--no-progress --progress --na=you", &o, words);
	CHECK(option_switched("progress", "no-progress", false));
	CHECK_TEXT(o.name, "you");
}

int main(void)
{
	check_mistakes();
	check_values();
	check_rules();
	check_table(&PROGRAM, "", STATUS_DONE);
	check_table(&RULED, "", STATUS_DONE);
	check_table(&BROKEN_PROGRAM,
		    "some-tool: option table: --flag: a rule names what is no other option: flog\n"
		    "some-tool: option table: --calm: a rule names what is no other option: calm\n"
		    "some-tool: option table: --calm: its letter is that of --flag\n"
		    "some-tool: option table: --how: required, and yet it has a default\n"
		    "some-tool: option table: --name: a rule names a value that there is not: quick\n"
		    "some-tool: option table: --name: for a command that there is not: best\n"
		    "some-tool: option table: --whole: the old name of no option: part\n", STATUS_DATA);
	return unit_finish();
}
