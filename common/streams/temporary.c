#include "streams/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { NAMED_MAX = 64, NAME_SHOWN = 100, RANDOM_DIGITS = 16, TRIES = 100 };

static const char MARK[] = ".recpipe-";

/* ---- what has a name, for a signal handler and exit to find ---- */

static struct {
	char *volatile name;
	volatile int folder;
	volatile pid_t owner; /* a forked child ends without them */
} named[NAMED_MAX];

void temporary_remove_all(void)
{
	pid_t self = getpid();
	for (int i = 0; i < NAMED_MAX; i++)
		if (named[i].name && named[i].owner == self)
			unlinkat(named[i].folder, named[i].name, 0);
}

static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDINGS = sizeof ENDING / sizeof *ENDING };

static void end_by_default(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static void (*end)(int) = end_by_default;

static void on_signal(int number)
{
	temporary_remove_all();
	end(number);
}

/* Where nobody else handles the signals that end a program, on_signal does. */
static void install_clean_up(void)
{
	static bool installed;
	if (installed)
		return;
	installed = true;
	if (atexit(temporary_remove_all) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	for (size_t i = 0; i < ENDINGS; i++) {
		struct sigaction old, action = {.sa_handler = on_signal};
		sigemptyset(&action.sa_mask);
		if (sigaction(ENDING[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(ENDING[i], &action, NULL);
	}
}

void temporary_catch_signals(void (*its_end)(int))
{
	end = its_end;
	install_clean_up();
}

/* No signal comes between the making of a name and its being remembered. */
static void hold_signals(const struct temporary *tmp, sigset_t *before)
{
	sigset_t ending;
	if (!tmp->unattended)
		install_clean_up();
	sigemptyset(&ending);
	for (size_t i = 0; i < ENDINGS; i++)
		sigaddset(&ending, ENDING[i]);
	pthread_sigmask(SIG_BLOCK, &ending, before);
}

static void let_signals(const sigset_t *before)
{
	int error = errno;
	pthread_sigmask(SIG_SETMASK, before, NULL);
	errno = error;
}

/* False, and the name is gone, when there are too many. */
static bool remember(int folder, char *name)
{
	for (int i = 0; i < NAMED_MAX; i++) {
		if (!named[i].name) {
			named[i].folder = folder;
			named[i].owner = getpid();
			named[i].name = name;
			return true;
		}
	}
	unlinkat(folder, name, 0);
	errno = EMFILE;
	return false;
}

static void forget(const char *name)
{
	for (int i = 0; i < NAMED_MAX; i++)
		if (named[i].name == name)
			named[i].name = NULL;
}

/* ---- names ---- */

/* `.NAME.recpipe-`: of a long name only the beginning, cut between two characters. */
static char *beginning_of(const struct target *t)
{
	size_t n = strlen(t->name);
	if (n > NAME_SHOWN) {
		n = NAME_SHOWN;
		while (n > 1 && ((unsigned char)t->name[n] & 0xc0) == 0x80)
			n--;
	}
	return memory_format(".%.*s%s", (int)n, t->name, MARK);
}

/* A name that nobody can foresee, NULL and errno without random bytes. One that is not
 * locked is called so: it is never taken for one that a dead run has left. */
static char *new_name(const struct target *t, bool locked)
{
	uint64_t bits;
	while (getrandom(&bits, sizeof bits, 0) != sizeof bits)
		if (errno != EINTR)
			return NULL;
	char *beginning = beginning_of(t);
	char *name = memory_format("%s%s%016llx", beginning, locked ? "" : "unlocked-",
				   (unsigned long long)bits);
	free(beginning);
	return name;
}

static bool is_left_over(const char *name, const char *beginning)
{
	size_t n = strlen(beginning);
	return strncmp(name, beginning, n) == 0 && strlen(name + n) == RANDOM_DIGITS &&
		strspn(name + n, "0123456789abcdef") == RANDOM_DIGITS;
}

/* ---- what dead runs left ---- */

/* The lock tells the dead from the living; it is held until the name is gone. */
static void remove_dead(const struct target *t, const char *name)
{
	int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat about;
	int file = openat(t->folder, name, O_RDWR | flags);
	if (file < 0)
		file = openat(t->folder, name, O_RDONLY | flags);
	if (file < 0)
		return;
	bool own = fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
		(about.st_uid == geteuid() ||
		 (geteuid() == 0 && t->exists && about.st_uid == t->about.st_uid));
	if (own && flock(file, LOCK_EX | LOCK_NB) == 0)
		unlinkat(t->folder, name, 0);
	close(file);
}

static void remove_left_overs(const struct target *t)
{
	int folder = t->folder_readable
		? openat(t->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *entries = folder >= 0 ? fdopendir(folder) : NULL;
	if (!entries) {
		if (folder >= 0)
			close(folder);
		return;
	}
	char *beginning = beginning_of(t);
	for (struct dirent *entry; (entry = readdir(entries));)
		if (is_left_over(entry->d_name, beginning))
			remove_dead(t, entry->d_name);
	free(beginning);
	closedir(entries);
}

/* ---- opening ---- */

static mode_t first_mode(const struct target *t)
{
	return t->exists ? 0600 : 0666;
}

/* Is `name` the open file still? */
static bool is_named(const struct temporary *tmp, const char *name)
{
	struct stat own, found;
	return fstat(tmp->file, &own) == 0 &&
		fstatat(tmp->folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
		own.st_dev == found.st_dev && own.st_ino == found.st_ino;
}

/* One try to make a file with a name. 1: the next one may succeed. */
static int try_named(const struct target *t, struct temporary *tmp)
{
	char *name = new_name(t, tmp->locked);
	if (!name)
		return -1;
	tmp->file = openat(t->folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			   first_mode(t));
	if (tmp->file < 0) {
		free(name);
		return errno == EEXIST ? 1 : -1;
	}
	bool kept = true;
	if (tmp->locked && flock(tmp->file, LOCK_EX | LOCK_NB) != 0) {
		kept = false;
		tmp->locked = errno == EWOULDBLOCK; /* else there are no locks here */
	}
	if (kept && is_named(tmp, name)) { /* nobody took it for a dead one before the lock */
		if (remember(tmp->folder, name)) {
			tmp->name = name;
			return 0;
		}
		close(tmp->file);
		free(name);
		errno = EMFILE;
		return -1;
	}
	unlinkat(t->folder, name, 0);
	close(tmp->file);
	free(name);
	return 1;
}

static int open_named(const struct target *t, struct temporary *tmp, bool unattended)
{
	sigset_t before;
	int left = TRIES, made;
	*tmp = (struct temporary){.file = -1, .folder = t->folder, .locked = true,
				  .unattended = unattended};
	hold_signals(tmp, &before);
	do {
		made = try_named(t, tmp);
	} while (made == 1 && --left);
	let_signals(&before);
	return made == 0 ? tmp->file : -1;
}

int temporary_open(const struct target *t, struct temporary *tmp, bool unattended)
{
	remove_left_overs(t);
	if (access("/proc/self/fd", X_OK) != 0)
		return open_named(t, tmp, unattended);
	*tmp = (struct temporary){.folder = t->folder, .unattended = unattended};
	tmp->file = openat(t->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, first_mode(t));
	if (tmp->file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ||
			      errno == ENOENT))
		return open_named(t, tmp, unattended); /* no files without a name here */
	if (tmp->file >= 0)
		tmp->locked = flock(tmp->file, LOCK_EX | LOCK_NB) == 0;
	return tmp->file;
}

/* ---- the end ---- */

static bool not_allowed(void)
{
	return errno == EPERM || errno == EINVAL; /* EINVAL: an id that is not mapped here */
}

/* Owner, group and mode of what is replaced, as far as the caller may give them. */
static int take_over(int file, const struct stat *old)
{
	struct stat own;
	mode_t mode = old->st_mode & 0777;
	if (fstat(file, &own) != 0)
		return -1;
	if ((own.st_uid != old->st_uid || own.st_gid != old->st_gid) &&
	    fchown(file, old->st_uid, old->st_gid) != 0) {
		if (!not_allowed())
			return -1;
		if (own.st_gid != old->st_gid && fchown(file, (uid_t)-1, old->st_gid) != 0) {
			if (!not_allowed())
				return -1;
			mode &= ~(mode_t)070 | (mode & 07) << 3;
		}
	}
	return fchmod(file, mode);
}

/* The same bytes in a file with a name, where the file cannot be linked. */
static int copy_to_named(struct temporary *tmp, const struct target *t)
{
	struct temporary copy;
	char block[1 << 16];
	if (open_named(t, &copy, tmp->unattended) < 0)
		return -1;
	off_t at = 0;
	for (ssize_t n; (n = pread(tmp->file, block, sizeof block, at)) != 0;) {
		if (n > 0)
			n = pwrite(copy.file, block, (size_t)n, at);
		if (n <= 0 && errno != EINTR)
			goto failed;
		at += n > 0 ? n : 0;
	}
	if ((t->exists && take_over(copy.file, &t->about) != 0) || temporary_sync(copy.file) != 0)
		goto failed;
	if (close(tmp->file) != 0) {
		tmp->file = copy.file;
		tmp->name = copy.name;
		return -1;
	}
	*tmp = copy;
	return 0;
failed:;
	int error = errno;
	temporary_drop(&copy);
	close(copy.file);
	errno = error;
	return -1;
}

/* Gives the file a name. */
static int link_file(struct temporary *tmp, const struct target *t)
{
	char open_file[64];
	snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", tmp->file);
	for (int left = TRIES; left > 0; left--) {
		char *name = new_name(t, tmp->locked);
		if (!name)
			return -1;
		if (linkat(AT_FDCWD, open_file, t->folder, name, AT_SYMLINK_FOLLOW) == 0) {
			bool kept = remember(t->folder, name);
			tmp->name = kept ? name : NULL;
			if (!kept)
				free(name);
			return kept ? 0 : -1;
		}
		free(name);
		if (errno != EEXIST)
			break;
	}
	return copy_to_named(tmp, t);
}

int temporary_sync(int file)
{
	int result;
	do {
		result = fsync(file);
	} while (result != 0 && errno == EINTR);
	return result;
}

int temporary_sync_folder(const struct target *t, int file)
{
	if (!t->folder_readable)
		return syncfs(file);
	int result = temporary_sync(t->folder);
	return result != 0 && errno == EINVAL ? 0 : result; /* folders are always on disk there */
}

/* Links and renames, with no signal between the two. */
static const char *put_in_place(struct temporary *tmp, const struct target *t)
{
	const char *failed = NULL;
	sigset_t before;
	hold_signals(tmp, &before);
	if (!tmp->name && link_file(tmp, t) != 0)
		failed = "link";
	else if (renameat(t->folder, tmp->name, t->folder, t->name) != 0)
		failed = "rename to";
	if (!failed) {
		forget(tmp->name);
		free(tmp->name);
		tmp->name = NULL;
	} else {
		int error = errno;
		temporary_drop(tmp);
		errno = error;
	}
	let_signals(&before);
	return failed;
}

const char *temporary_commit(struct temporary *tmp, const struct target *t)
{
	const char *failed = NULL;
	if (t->exists && take_over(tmp->file, &t->about) != 0)
		failed = "set the mode of";
	else if (temporary_sync(tmp->file) != 0)
		failed = "sync";
	if (failed) {
		int error = errno;
		temporary_drop(tmp);
		errno = error;
		return failed;
	}
	failed = put_in_place(tmp, t);
	if (!failed && temporary_sync_folder(t, tmp->file) != 0)
		failed = "sync the folder of";
	return failed;
}

void temporary_drop(struct temporary *tmp)
{
	if (!tmp->name)
		return;
	unlinkat(tmp->folder, tmp->name, 0);
	forget(tmp->name);
	free(tmp->name);
	tmp->name = NULL;
}
