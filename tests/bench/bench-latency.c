/* bench-latency - a listener who waits for each answer before asking again.
 *
 *	bench-latency SECONDS PAUSE-US REQUESTS COMMAND..
 *
 * Starts the command with a pipe to it and one back, gives it the first line of the
 * file REQUESTS (the header, which is answered by one), then one request at a time, the
 * lines of the file again and again, with a pause in between. Prints one row: answers,
 * milliseconds (median, p99, p99.9, the longest), and how many answers did not come from
 * `indexed`.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

struct listener {
	FILE *to, *from;
	pid_t child;
};

static struct listener start(char **command)
{
	int ask[2], tell[2];
	if (pipe(ask) != 0 || pipe(tell) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	struct listener l = {.child = fork()};
	if (l.child < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (l.child == 0) {
		if (dup2(ask[0], 0) < 0 || dup2(tell[1], 1) < 0)
			_exit(126);
		close(ask[1]);
		close(tell[0]);
		execvp(command[0], command);
		_exit(127);
	}
	close(ask[0]);
	close(tell[1]);
	l.to = fdopen(ask[1], "w");
	l.from = fdopen(tell[0], "r");
	if (!l.to || !l.from)
		die_errno(STATUS_FAILED, "cannot use a pipe");
	return l;
}

/* One line there, one back into `answer`; seconds that took. */
static double ask(struct listener *l, const char *line, char *answer, size_t size)
{
	double begin = clock_wall();
	if (fputs(line, l->to) < 0 || fflush(l->to) != 0 || !fgets(answer, (int)size, l->from))
		die(STATUS_FAILED, "no answer to %.60s", line);
	return clock_wall() - begin;
}

static bool is_indexed(const char *answer)
{
	const char *tab = strchr(answer, '\t');
	tab = tab ? strchr(tab + 1, '\t') : NULL;
	return tab && strncmp(tab + 1, "indexed\t", 8) == 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	program_name = "bench-latency";
	if (argc < 5)
		die(STATUS_USAGE, "SECONDS PAUSE-US REQUESTS COMMAND..");
	double seconds = strtod(argv[1], NULL), pause_s = strtod(argv[2], NULL) / 1e6;
	FILE *file = fopen(argv[3], "r");
	char line[4096], answer[4096];
	if (!file || !fgets(line, sizeof line, file))
		die_errno(STATUS_FAILED, "cannot read %s", argv[3]);
	long start_at = ftell(file);
	struct listener l = start(argv + 4);
	ask(&l, line, answer, sizeof answer);
	double *took = NULL, end = clock_wall() + seconds;
	size_t n = 0, capacity = 0, others = 0;
	while (clock_wall() < end) {
		if (!fgets(line, sizeof line, file)) {
			if (fseek(file, start_at, SEEK_SET) != 0)
				die_errno(STATUS_FAILED, "cannot read %s again", argv[3]);
			continue;
		}
		took = memory_grow(took, &capacity, n + 1, sizeof *took);
		took[n++] = ask(&l, line, answer, sizeof answer);
		others += !is_indexed(answer);
		if (pause_s > 0)
			clock_sleep(pause_s);
	}
	int status;
	fclose(l.to);
	fclose(file);
	if (waitpid(l.child, &status, 0) != l.child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die(STATUS_FAILED, "the command failed");
	fclose(l.from);
	if (n == 0)
		die(STATUS_FAILED, "nothing was asked");
	qsort(took, n, sizeof *took, by_value);
	printf("%zu\t%.3f\t%.3f\t%.3f\t%.3f\t%zu\n", n, took[n / 2] * 1e3, took[n - n / 100 - 1] * 1e3,
	       took[n - n / 1000 - 1] * 1e3, took[n - 1] * 1e3, others);
	free(took);
	return 0;
}
