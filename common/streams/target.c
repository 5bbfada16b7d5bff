#include "streams/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"

enum { LINKS_MAX = 40 }; /* as the kernel follows */
enum { PROC = 0x9fa0 };    /* the file system of /proc, as statfs(2) numbers it */

/* What a stranger put where everybody may put something. */
static bool is_strange(const struct stat *folder, const struct stat *about)
{
	return (folder->st_mode & S_ISVTX) && (folder->st_mode & S_IWOTH) &&
		about->st_uid != geteuid() && about->st_uid != folder->st_uid;
}

/* Opens the folder of `path`; its last part is the name, NULL when it has none. */
static int open_folder(struct target *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t n = (size_t)(name - path);
	char *folder = n ? memory_text(path, n) : memory_text(".", 1);
	int flags = O_DIRECTORY | O_CLOEXEC;
	t->folder_readable = true;
	t->folder = open(folder, O_RDONLY | flags);
	if (t->folder < 0 && errno == EACCES) { /* one may be written and not be read */
		t->folder_readable = false;
		t->folder = open(folder, O_PATH | flags);
	}
	free(folder);
	t->name = *name ? memory_text(name, strlen(name)) : NULL;
	return t->folder < 0 ? -1 : 0;
}

/* The text of the symbolic link, NULL and errno. */
static char *link_text(const struct target *t)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(t->folder, t->name, text, sizeof text);
	if (n < 0)
		return NULL;
	if ((size_t)n == sizeof text) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return memory_text(text, (size_t)n);
}

static bool in_proc(int folder)
{
	struct statfs about;
	return fstatfs(folder, &about) == 0 && about.f_type == PROC;
}

static int find_stream(struct target *t, int file)
{
	int how = fcntl(file, F_GETFL);
	if (how >= 0 && (how & O_ACCMODE) == O_RDONLY && file != STDOUT_FILENO)
		how = -1, errno = EBADF;
	if (how < 0 && file != STDOUT_FILENO) /* writing says it of that one */
		return -1;
	t->kind = TARGET_STREAM;
	t->stream = file;
	t->exists = fstat(file, &t->about) == 0;
	return 0;
}

/* A link in /proc is no text to follow: one of this process's own files (what /dev/stdout
 * and /dev/fd lead to) is that open file, with its place and its mode; any other is for
 * the kernel to open. */
static int find_in_proc(struct target *t, const struct stat *folder)
{
	struct stat own;
	char *end;
	long file = strtol(t->name, &end, 10);
	if (stat("/proc/self/fd", &own) == 0 && own.st_dev == folder->st_dev &&
	    own.st_ino == folder->st_ino && *end == '\0' && end > t->name) {
		close(t->folder);
		t->folder = -1;
		free(t->name);
		t->name = NULL;
		return find_stream(t, (int)file);
	}
	t->kind = TARGET_DEVICE;
	return fstatat(t->folder, t->name, &t->about, 0);
}

/* May the file there be replaced? What may not be written may not. */
static int check_file(const struct target *t, const struct stat *folder)
{
	if (is_strange(folder, &t->about)) {
		errno = EACCES;
		return -1;
	}
	if ((folder->st_mode & S_ISVTX) && t->about.st_uid != geteuid() &&
	    folder->st_uid != geteuid() && geteuid() != 0) {
		errno = EPERM; /* renaming over it would say so at the end */
		return -1;
	}
	return faccessat(t->folder, t->name, W_OK, AT_EACCESS);
}

/* Looks at `name` in `folder`. 1: a link, whose text is *next. */
static int look(struct target *t, char **next)
{
	struct stat folder;
	if (fstat(t->folder, &folder) != 0)
		return -1;
	t->device = folder.st_dev;
	t->inode = folder.st_ino;
	if (!t->name) {
		errno = EISDIR;
		return -1;
	}
	if (fstatat(t->folder, t->name, &t->about, AT_SYMLINK_NOFOLLOW) != 0) {
		t->kind = TARGET_FILE;
		return errno == ENOENT ? 0 : -1;
	}
	t->exists = true;
	if (S_ISDIR(t->about.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (!S_ISLNK(t->about.st_mode)) {
		t->kind = S_ISREG(t->about.st_mode) ? TARGET_FILE : TARGET_DEVICE;
		return check_file(t, &folder);
	}
	if (in_proc(t->folder))
		return find_in_proc(t, &folder);
	if (is_strange(&folder, &t->about)) {
		errno = EACCES;
		return -1;
	}
	*next = link_text(t);
	return *next ? 1 : -1;
}

/* Where a link's text leads from the folder of `path`. */
static char *follow(const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');
	if (*text == '/' || !slash)
		return memory_text(text, strlen(text));
	return memory_format("%.*s/%s", (int)(slash - path), path, text);
}

int target_find(const char *path, struct target *t)
{
	*t = (struct target){.folder = -1};
	if (!path || strcmp(path, "-") == 0)
		return find_stream(t, STDOUT_FILENO);
	char *at = memory_text(path, strlen(path));
	for (int links = 0;; links++) {
		char *text = NULL;
		int found = open_folder(t, at);
		if (found == 0)
			found = look(t, &text);
		if (found == 1 && links == LINKS_MAX) {
			errno = ELOOP;
			found = -1;
		}
		if (found == 1) {
			char *next = follow(at, text);
			free(at);
			at = next;
		} else {
			free(at);
		}
		free(text);
		int error = errno;
		if (found != 0)
			target_free(t);
		errno = error;
		if (found != 1)
			return found;
		*t = (struct target){.folder = -1};
	}
}

static bool same_file(const struct target *a, const struct target *b)
{
	return a->exists && b->exists && S_ISREG(a->about.st_mode) && S_ISREG(b->about.st_mode) &&
		a->about.st_dev == b->about.st_dev && a->about.st_ino == b->about.st_ino;
}

bool target_same(const struct target *a, const struct target *b)
{
	bool stream_a = a->kind == TARGET_STREAM, stream_b = b->kind == TARGET_STREAM;
	if (stream_a && stream_b)
		return a->stream == b->stream;
	if (stream_a || stream_b)
		return same_file(a, b);
	if (a->exists && (S_ISCHR(a->about.st_mode) || S_ISBLK(a->about.st_mode)))
		return false;
	return a->device == b->device && a->inode == b->inode && strcmp(a->name, b->name) == 0;
}

int target_close(struct target *t)
{
	int folder = t->folder;
	t->folder = -1;
	return folder >= 0 ? close(folder) : 0;
}

void target_free(struct target *t)
{
	target_close(t);
	free(t->name);
	*t = (struct target){.folder = -1};
}
