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
	int how;
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
		program_start(&PROGRAM, n, words, &o);
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
	check_refused("--count", "option '--count' needs a value");
	check_refused("-c", "option '-c' needs a value");
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
	return program_start(&PROGRAM, n, words, o);
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
	return unit_finish();
}
