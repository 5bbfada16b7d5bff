/* process.h - a worker's process, with a pipe to its standard input and one from its standard output. */
#ifndef RECPIPE_SERVE_HTTP_PROCESS_H
#define RECPIPE_SERVE_HTTP_PROCESS_H

#include <sys/types.h>

struct process {
	pid_t id;
	int in, out;             /* what it reads is written to `in`; neither blocks */
};

/* Starts it, in a group of its own; id 0: it cannot be started now. A command that cannot be run ends with
 * 127 or 126, and says so. */
struct process process_start(char **command);

/* Kills it and the children that it has. */
void process_kill(pid_t id);

#endif
