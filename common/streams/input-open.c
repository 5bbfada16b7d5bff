/* Files that are opened: now, or by threads before it is their turn. */
#include "streams/input-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { SOON_FROM = 64 << 10 }; /* of so many bytes of a file, threads are worth their beginning */

/* Threads that decompress, and compressed files that are read soon, each with a thread of its own. */
static struct {
	size_t threads;
	char **paths; /* the others that will be opened, in this order */
	size_t n;
	struct ready {
		struct ready *next;
		const char *path;
		struct input *in;
		struct failure failure;
	} *first;
	size_t n_ready;
} soon = {.threads = 1};

void input_threads(size_t threads)
{
	soon.threads = threads;
}

size_t input_threads_left(void)
{
	return soon.threads > soon.n_ready ? soon.threads - soon.n_ready : 1;
}

/* A terminal waits for text to be typed, which may not be what was meant: that is said once. */
static void tell_terminal(void)
{
	static bool told;
	if (!told && isatty(STDIN_FILENO))
		warn("reading standard input, a terminal: end it with Ctrl-D, or give a file: %s ... < FILE",
		     program_name);
	told = true;
}

/* Opens the file, which must be none of folders. */
static bool open_path(struct input *in, const char *path)
{
	if (!path || strcmp(path, "-") == 0) {
		in->name = shown_input(path);
		in->file = STDIN_FILENO;
		if (!in->failure)
			tell_terminal();
	} else {
		in->name = shown_file(path);
		if (in->name != path)
			in->name = in->odd_name = memory_text(in->name, strlen(in->name));
		in->file = open(path, O_RDONLY | O_CLOEXEC);
		if (in->file < 0)
			return failure_set_errno(&in->failed, STATUS_FAILED, "cannot open %s", in->name);
	}
	struct stat about;
	if (fstat(in->file, &about) != 0)
		return failure_set_errno(&in->failed, STATUS_FAILED, "%s: cannot read", in->name);
	if (S_ISDIR(about.st_mode)) {
		errno = EISDIR;
		return failure_set_errno(&in->failed, STATUS_FAILED, "cannot read %s", in->name);
	}
	if (S_ISREG(about.st_mode)) {
		in->size = (uint64_t)about.st_size;
		(void)posix_fadvise(in->file, 0, 0, POSIX_FADV_SEQUENTIAL); /* only advice */
	} else if (S_ISFIFO(about.st_mode)) {
		(void)fcntl(in->file, F_SETPIPE_SZ, INPUT_BLOCK); /* a larger pipe is a favor */
	}
	return true;
}

static struct input *open_alone(const char *path, bool encoded, struct failure *failure)
{
	struct input *in = memory_zero(1, sizeof *in);
	in->failure = failure;
	in->encoded = encoded;
	in->threads = soon.threads;
	if (open_path(in, path)) {
		input_resize(in, 0);
		if (input_sniff(in))
			return in;
	}
	input_close(in);
	return NULL;
}

/* Opens the file for later, if it is worth it. What fails, fails again when it is its turn. */
static void make_ready(const char *path)
{
	struct stat about;
	if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode) ||
	    about.st_size < SOON_FROM)
		return;
	struct ready *r = memory_zero(1, sizeof *r), **at = &soon.first;
	r->path = path;
	r->in = open_alone(path, false, &r->failure);
	if (r->in && r->in->compressed && !r->in->packed)
		input_go_ahead(r->in, 1);
	if (!r->in || !r->in->ahead) {
		input_close(r->in);
		free(r);
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = r;
	soon.n_ready++;
}

static void make_more_ready(void)
{
	while (soon.n_ready + 1 < soon.threads && soon.n) {
		soon.n--;
		make_ready(*soon.paths++);
	}
}

/* The file if it was opened before. */
static struct input *take_ready(const char *path)
{
	struct ready **at = &soon.first, *r;
	while (*at && (*at)->path != path)
		at = &(*at)->next;
	if (!(r = *at))
		return NULL;
	struct input *in = r->in;
	*at = r->next;
	free(r);
	soon.n_ready--;
	return in;
}

void input_expect(char **paths, int count)
{
	if (count <= 0)
		return;
	soon.paths = paths;
	soon.n = (size_t)count;
	make_more_ready();
}

static struct input *open_input(const char *path, bool encoded, struct failure *failure)
{
	struct input *in = soon.first && path ? take_ready(path) : NULL;
	if (!in)
		return open_alone(path, encoded, failure);
	in->failure = failure;
	in->encoded = encoded;
	make_more_ready();
	ahead_threads(in->ahead, input_threads_left());
	return in;
}

struct input *input_open_or(const char *path, struct failure *failure)
{
	return open_input(path, false, failure);
}

struct input *input_open(const char *path)
{
	return open_input(path, false, NULL);
}

struct input *input_open_encoded(const char *path)
{
	return open_input(path, true, NULL);
}

bool input_try(char **paths, int count, struct failure *failure)
{
	for (int i = 0; i < count; i++) {
		struct stat about;
		if (strcmp(paths[i], "-") == 0)
			continue;
		if (stat(paths[i], &about) != 0 || access(paths[i], R_OK) != 0)
			return failure_set_errno(failure, STATUS_FAILED, "cannot open %s", shown_file(paths[i]));
		if (S_ISDIR(about.st_mode)) {
			errno = EISDIR;
			return failure_set_errno(failure, STATUS_FAILED, "cannot read %s", shown_file(paths[i]));
		}
	}
	return true;
}
