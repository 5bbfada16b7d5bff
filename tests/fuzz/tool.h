/* tool.h - a whole tool called again and again, for what only it reads.
 *
 * The entry says #define FUZZ_TOOL "NAME" and the Makefile links that tool, its main
 * called tool_main.
 */
#ifndef RECPIPE_TESTS_FUZZ_TOOL_H
#define RECPIPE_TESTS_FUZZ_TOOL_H

#include <fcntl.h>
#include <getopt.h>

#include "fuzz.h"

int tool_main(int argc, char **argv);

struct fuzz_words {
	int n;
	char **words;
};

static void fuzz_tool_run(void *arg)
{
	struct fuzz_words *w = arg;
	tool_main(w->n, w->words);
}

/* Standard input and output are /dev/null. */
static inline void fuzz_tool_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		abort();
	if (null > STDERR_FILENO)
		close(null);
}

/* Runs the tool with the words behind its name; what it prints is thrown away. */
static inline void fuzz_tool(int n, char **words)
{
	char *all[32] = {FUZZ_TOOL};
	if (n > 30)
		abort();
	memcpy(all + 1, words, (size_t)n * sizeof *words);
	fuzz_tool_streams();
	optind = 0;
	struct fuzz_words w = {n + 1, all};
	fuzz_run(fuzz_tool_run, &w);
	fuzz_tool_streams(); /* it has closed its output */
}
#define FUZZ_TOOL_RUN(...) \
	fuzz_tool(sizeof (char *[]){__VA_ARGS__} / sizeof(char *), (char *[]){__VA_ARGS__})

#endif
