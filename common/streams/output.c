#include "streams/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { OUTPUT_BYTES = 256 << 10, TEMPORARIES = 64 };

/* The temporaries of this process: a signal handler and exit need to find them. */
static char *volatile temporaries[TEMPORARIES];

void output_remove_temporaries(void)
{
	for (int i = 0; i < TEMPORARIES; i++)
		if (temporaries[i])
			unlink(temporaries[i]);
}

static void on_signal(int number)
{
	output_remove_temporaries();
	signal(number, SIG_DFL);
	raise(number);
}

static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDINGS = sizeof ENDING / sizeof *ENDING };

/* Where nobody else handles the signals that end a program, on_signal does. */
static void install_clean_up(void)
{
	static bool installed;
	if (installed)
		return;
	installed = true;
	if (atexit(output_remove_temporaries) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	for (size_t i = 0; i < ENDINGS; i++) {
		struct sigaction old, action = {.sa_handler = on_signal};
		sigemptyset(&action.sa_mask);
		if (sigaction(ENDING[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(ENDING[i], &action, NULL);
	}
}

static void remember(char *path)
{
	for (int i = 0; i < TEMPORARIES; i++) {
		if (!temporaries[i]) {
			temporaries[i] = path;
			return;
		}
	}
	unlink(path);
	die(STATUS_FAILED, "too many files open for writing");
}

static void forget(const char *path)
{
	for (int i = 0; i < TEMPORARIES; i++)
		if (temporaries[i] == path)
			temporaries[i] = NULL;
}

/* Makes the temporary file of a template and remembers it; no signal comes
 * between the two. -1 and errno when it cannot. */
static int make_temporary(char *template)
{
	sigset_t ending, before;
	sigemptyset(&ending);
	for (size_t i = 0; i < ENDINGS; i++)
		sigaddset(&ending, ENDING[i]);
	install_clean_up();
	pthread_sigmask(SIG_BLOCK, &ending, &before);
	int file = mkostemp(template, O_CLOEXEC);
	int error = errno;
	if (file >= 0)
		remember(template);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return file;
}

/* Opens a temporary beside the file that `path` names (behind symbolic links);
 * what is no regular file (a device, a pipe) is written as it is. */
static void open_path(struct output *out, const char *path)
{
	struct stat about;
	bool exists = stat(path, &about) == 0;
	if (exists && !S_ISREG(about.st_mode)) {
		out->path = memory_text(path, strlen(path));
		out->file = open(path, O_WRONLY | O_CLOEXEC);
		if (out->file < 0)
			die_errno(STATUS_FAILED, "cannot write %s", path);
		return;
	}
	char *real = exists ? realpath(path, NULL) : NULL;
	if (exists && !real)
		die_errno(STATUS_FAILED, "cannot write %s", path);
	out->path = real ? real : memory_text(path, strlen(path));
	out->temporary = memory_format("%s.XXXXXX", out->path);
	out->file = make_temporary(out->temporary);
	if (out->file < 0)
		die_errno(STATUS_FAILED, "cannot write %s", path);
	mode_t mask = umask(0);
	umask(mask);
	mode_t mode = exists ? about.st_mode & 0777 : 0666 & ~mask;
	if (fchmod(out->file, mode) != 0)
		die_errno(STATUS_FAILED, "cannot set the mode of %s", path);
}

struct output *output_open(const char *path, bool line_buffered)
{
	struct output *out = memory_zero(1, sizeof *out);
	if (!path || strcmp(path, "-") == 0)
		out->file = STDOUT_FILENO;
	else
		open_path(out, path);
	out->by_line = line_buffered || isatty(out->file);
	out->capacity = OUTPUT_BYTES;
	out->data = memory_new(out->capacity, 1);
	return out;
}

static const char *name_of(const struct output *out)
{
	return out->path ? out->path : "standard output";
}

void output_flush(struct output *out)
{
	for (size_t done = 0; done < out->n;) {
		ssize_t n = write(out->file, out->data + done, out->n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot write to %s", name_of(out));
		if (n == 0)
			die(STATUS_FAILED, "cannot write to %s: nothing is taken", name_of(out));
		done += (size_t)n;
	}
	out->n = 0;
}

void output_make_room(struct output *out, size_t n)
{
	output_flush(out);
	if (out->capacity < n) {
		free(out->data);
		out->data = memory_new(n, 1);
		out->capacity = n;
	}
}

/* The new name survives a power failure only when the folder is on disk. */
static void sync_folder(const char *path)
{
	char *copy = memory_text(path, strlen(path));
	int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		if (fsync(folder) != 0 && errno != EINVAL && errno != EROFS)
			die_errno(STATUS_FAILED, "cannot sync the folder of %s", path);
		if (close(folder) != 0)
			die_errno(STATUS_FAILED, "cannot close the folder of %s", path);
	} else if (errno != EACCES) { /* a folder may be writable and not readable */
		die_errno(STATUS_FAILED, "cannot open the folder of %s", path);
	}
	free(copy);
}

static void release(struct output *out)
{
	free(out->data);
	free(out->path);
	free(out->temporary);
	free(out);
}

void output_close(struct output *out)
{
	output_flush(out);
	if (out->temporary && fsync(out->file) != 0)
		die_errno(STATUS_FAILED, "cannot sync %s", name_of(out));
	if (out->file != STDOUT_FILENO && close(out->file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", name_of(out));
	if (out->temporary) {
		if (rename(out->temporary, out->path) != 0)
			die_errno(STATUS_FAILED, "cannot rename to %s", out->path);
		forget(out->temporary);
		sync_folder(out->path);
	}
	release(out);
}

void output_abandon(struct output *out)
{
	if (out->file != STDOUT_FILENO)
		close(out->file);
	if (out->temporary) {
		unlink(out->temporary);
		forget(out->temporary);
	}
	release(out);
}
