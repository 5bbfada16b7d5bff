/* keep-header - runs a command on all lines but the first.
 *
 * In:   any stream with a header line, plain or compressed.
 * Out:  the header, then what the command makes of the other lines.
 *
 *	keep-header sort -t "$(printf '\t')" -k3,3gr < items.tsv
 *
 * Several files are one stream: keep-header FILE... -- COMMAND. Of the rows it knows only
 * that none is the header again: checking them is left to the tools that read them.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/signals.h"
#include "streams/hints.h"
#include "streams/input.h"
#include "streams/output.h"
#include "frame/options.h"
#include "frame/run.h"

struct options {
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_OUTPUT("output", "FILE", common.output, .letter = 'o',
		.help = "write to FILE instead of standard output, only if the command succeeds; "
			"compressed where its name ends in .gz or .zst"),
	COMMON_LOG,
	OPTION_END
};

enum { COPY_BYTES = 64 << 10 };
enum { CANNOT_RUN = 126, NOT_FOUND = 127 }; /* as env(1) and the shell say it */

/* The lines after the headers of all files, block by block. */
struct lines {
	char **files;
	int count, next;
	struct input *in, **all;
	struct span header;      /* of the first file, a copy */
	char *first;             /* that file's name, a copy */
	uint64_t rows, file_rows; /* in all, and of the open file before the block */
};

/* A byte order mark in front and a CR at the end are no part of a header. */
static struct span bare(struct span line)
{
	if (line.n >= 3 && memcmp(line.at, "\xef\xbb\xbf", 3) == 0)
		line = (struct span){line.at + 3, line.n - 3};
	if (line.n > 0 && line.at[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Opens all files, so that one that is missing is found before anything runs. */
static void lines_open(struct lines *l, char **files, int count)
{
	static char *standard_input[] = {"-"};
	l->files = count > 0 ? files : standard_input;
	l->count = count > 0 ? count : 1;
	l->all = memory_zero((size_t)l->count, sizeof *l->all);
	for (int i = 0; i < l->count; i++)
		l->all[i] = input_open(l->files[i]);
}

/* The next file's first block without its header line; false after the last
 * file. Its header must be that of the first. */
static bool next_file(struct lines *l, struct span *block)
{
	if (l->next == l->count)
		return false;
	l->in = l->all[l->next++];
	if (!input_block(l->in, block))
		die(STATUS_DATA, "%s: no header line: the input is empty", input_name(l->in));
	const char *end = memchr(block->at, '\n', block->n);
	struct span header = bare((struct span){block->at, (size_t)(end - block->at)});
	block->n -= (size_t)(end + 1 - block->at);
	block->at = end + 1;
	if (hint_has_cr(header))
		die(STATUS_DATA, "%s:1: a CR inside the header; %s", input_name(l->in), HINT_CR);
	l->file_rows = 0;
	if (!l->first) {
		l->header = (struct span){memory_text(header.at, header.n), header.n};
		l->first = memory_text(input_name(l->in), strlen(input_name(l->in)));
	} else if (!span_equal(l->header, header)) {
		die(STATUS_DATA, "%s:1: the header differs from that of %s", input_name(l->in),
		    l->first);
	}
	return true;
}

/* The next lines; false at the end of the last file. */
static bool next_block(struct lines *l, struct span *block)
{
	while (!input_block(l->in, block)) {
		input_close(l->in);
		if (!next_file(l, block))
			return false;
		if (block->n > 0)
			return true;
	}
	return true;
}

/* Removes the CR in front of each LF, in a copy when there is one. */
static struct span without_cr(struct span block, char **copy, size_t *capacity)
{
	if (!memchr(block.at, '\r', block.n))
		return block;
	*copy = memory_grow(*copy, capacity, block.n, 1);
	size_t n = 0;
	for (size_t i = 0; i < block.n; i++)
		if (block.at[i] != '\r' || i + 1 == block.n || block.at[i + 1] != '\n')
			(*copy)[n++] = block.at[i];
	return (struct span){*copy, n};
}

static size_t count_lines(struct span block);

/* Files that were joined by cat have a header among their rows, which would be sorted
 * or counted as one. */
static void check_rows(struct lines *l, struct span block)
{
	const struct span header = l->header;
	const char *at = block.at, *end = block.at + block.n;
	while (header.n && (at = memmem(at, (size_t)(end - at), header.at, header.n))) {
		const char *behind = at + header.n + (at[header.n] == '\r');
		const char *before = at - block.at >= 3 && memcmp(at - 3, "\xef\xbb\xbf", 3) == 0 ? at - 3 : at;
		if (*behind == '\n' && (before == block.at || before[-1] == '\n')) {
			uint64_t line = l->file_rows + 2 +
				count_lines((struct span){block.at, (size_t)(before - block.at)});
			die(STATUS_DATA, "%s:%llu: the header line again; %s", input_name(l->in),
			    (unsigned long long)line, HINT_AGAIN);
		}
		at++;
	}
}

static size_t count_lines(struct span block)
{
	size_t n = 0;
	for (size_t i = 0; i < block.n; i++)
		n += block.at[i] == '\n';
	return n;
}

/* Writes all of it; false when the reader has gone. */
static bool feed(int to, struct span bytes)
{
	for (size_t done = 0; done < bytes.n;) {
		ssize_t n = write(to, bytes.at + done, bytes.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return false;
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot write to the command");
		done += (size_t)n;
	}
	return true;
}

_Noreturn static void cannot_run(const char *name, const char *why, int status)
{
	tell("cannot run %s: %s", name, why);
	exit(status);
}

/* Is there such a program? Asked before anything is written. */
static void check_command(const char *name)
{
	if (strchr(name, '/')) {
		if (access(name, X_OK) != 0)
			cannot_run(name, strerror(errno), errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
		return;
	}
	const char *path = getenv("PATH");
	for (const char *at = path ? path : "/usr/bin:/bin"; at;) {
		const char *end = strchrnul(at, ':');
		char *file = end == at ? memory_text(name, strlen(name)) :
			memory_format("%.*s/%s", (int)(end - at), at, name);
		bool found = access(file, X_OK) == 0;
		free(file);
		if (found)
			return;
		at = *end ? end + 1 : NULL;
	}
	cannot_run(name, "no such command", NOT_FOUND);
}

/* The command that runs, for what has to end early: its input ends, and it may say
 * what it has to say before this program is gone. */
static pid_t running;
static int running_input = -1;

static void leave_nobody_behind(void)
{
	if (running <= 0)
		return;
	if (running_input >= 0)
		close(running_input);
	while (waitpid(running, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Starts the command with its output going to `to`; `*input` is where it reads. */
static pid_t start(char **command, int to, int *input)
{
	int pipe_ends[2];
	if (pipe2(pipe_ends, O_CLOEXEC) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	pid_t child = fork();
	if (child < 0)
		die_errno(STATUS_FAILED, "cannot fork");
	if (child == 0) {
		if (dup2(pipe_ends[0], STDIN_FILENO) < 0 || dup2(to, STDOUT_FILENO) < 0)
			_exit(CANNOT_RUN);
		execvp(command[0], command);
		int why = errno;
		warn("cannot run %s: %s", command[0], strerror(why));
		_exit(why == ENOENT ? NOT_FOUND : CANNOT_RUN);
	}
	if (close(pipe_ends[0]) != 0)
		die_errno(STATUS_FAILED, "cannot close a pipe");
	*input = running_input = pipe_ends[1];
	running = child;
	if (atexit(leave_nobody_behind) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	signal(SIGPIPE, SIG_IGN); /* a command may stop reading: head(1) */
	return child;
}

static int status_of(pid_t child)
{
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die_errno(STATUS_FAILED, "cannot wait for the command");
	running = 0;
	return status;
}

/* What the command writes when the output is compressed: it cannot write the file itself. */
struct copier {
	pthread_t thread;
	bool started;
	int from, to; /* a pipe's ends; `to` is the command's */
	struct output *out;
};

static void *copy_output(void *context)
{
	struct copier *c = context;
	for (;;) {
		ssize_t n = read(c->from, output_room(c->out, COPY_BYTES), COPY_BYTES);
		if (n == 0)
			return NULL;
		if (n > 0)
			c->out->n += (size_t)n;
		else if (errno != EINTR)
			die_errno(STATUS_FAILED, "cannot read what the command writes");
	}
}

/* Where the command writes to. */
static int copier_open(struct copier *c, struct output *out)
{
	int ends[2];
	*c = (struct copier){.from = -1, .to = -1, .out = out};
	if (!out->compressor)
		return out->file;
	if (pipe2(ends, O_CLOEXEC) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	c->from = ends[0];
	c->to = ends[1];
	return c->to;
}

/* The command has been started. */
static void copier_start(struct copier *c)
{
	if (c->to < 0)
		return;
	int error = pthread_create(&c->thread, NULL, copy_output, c);
	if (error)
		die(STATUS_FAILED, "cannot start a thread: %s", strerror(error));
	c->started = true;
	if (close(c->to) != 0)
		die_errno(STATUS_FAILED, "cannot close a pipe");
}

/* All that was written is in the output. */
static void copier_end(struct copier *c)
{
	if (!c->started)
		return;
	pthread_join(c->thread, NULL);
	if (close(c->from) != 0)
		die_errno(STATUS_FAILED, "cannot close a pipe");
}

static int run(const struct options *o, char **files, int count, char **command)
{
	struct lines lines = {0};
	struct span block;
	char *copy = NULL;
	size_t capacity = 0;
	check_command(command[0]);
	lines_open(&lines, files, count);
	next_file(&lines, &block);
	struct output *out = output_open(o->common.output, false);
	output_span(out, lines.header);
	output_byte(out, '\n');
	output_flush(out);

	int to;
	struct copier copier;
	pid_t child = start(command, copier_open(&copier, out), &to);
	copier_start(&copier);
	do {
		size_t rows = count_lines(block);
		check_rows(&lines, block);
		lines.rows += rows;
		lines.file_rows += rows;
		if (!feed(to, without_cr(block, &copy, &capacity)))
			break;
		progress_step(lines.rows, 0, "rows");
	} while (next_block(&lines, &block));
	if (close(to) != 0)
		die_errno(STATUS_FAILED, "cannot close the command's input");
	running_input = -1;
	free(copy);
	free(lines.all);
	free(lines.first);
	free((char *)lines.header.at);

	copier_end(&copier);
	int status = status_of(child);
	if (status != 0)
		output_abandon(out);
	else
		output_close(out);
	if (WIFSIGNALED(status))
		die_by_signal(WTERMSIG(status));
	run_report(lines.rows, lines.rows, 0);
	return WEXITSTATUS(status);
}

static const struct program PROGRAM = {
	.name = "keep-header",
	.usage = "[OPTION]... [FILE... --] COMMAND [ARGUMENT]...",
	.summary = "Run a command on all lines but the first.",
	.reads = "any columns; the first line is passed on, the others go to the command",
	.writes = "the first line, then the output of the command",
	.examples = {
		"keep-header sort -t \"$(printf '\\t')\" -k2,2 < items.tsv",
		"keep-header a.tsv b.tsv.gz -- grep -F Mozart > some.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
	.command = true,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options), command = first;
	if (strcmp(argv[first - 1], "--") != 0)
		for (int i = first; i < argc; i++)
			if (strcmp(argv[i], "--") == 0) {
				command = i + 1;
				break;
			}
	if (command >= argc)
		usage_error("there is no command to run");
	int count = command > first ? command - 1 - first : 0;
	return finish(run(&options, argv + first, count, argv + command));
}
