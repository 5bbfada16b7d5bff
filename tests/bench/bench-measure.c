/* bench-measure COMMAND - runs `sh -c COMMAND` with its stdout thrown away and
 * prints CPU seconds, wall seconds and the peak memory of its largest process in
 * MB, with TABs. Exits as the command did. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	program_name = "bench-measure";
	if (argc != 2)
		die(STATUS_USAGE, "wants one command");
	double begin = clock_wall();
	pid_t child = fork();
	if (child < 0)
		die_errno(STATUS_FAILED, "cannot fork");
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", argv[1], (char *)NULL);
		_exit(127);
	}
	int status;
	struct rusage used;
	if (wait4(child, &status, 0, &used) != child)
		die_errno(STATUS_FAILED, "cannot wait");
	printf("%.3f\t%.3f\t%.1f\n", seconds(used.ru_utime) + seconds(used.ru_stime),
	       clock_wall() - begin, (double)used.ru_maxrss / 1024);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
