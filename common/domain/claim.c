#include "domain/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

/* ---- locks of bytes ---- */

/* Byte n after this is trial n's, byte 0 is for trying it out: no file is that long. */
#define FIRST_BYTE ((off_t)1 << (sizeof(off_t) > 4 ? 62 : 30))

/* A lock of the open file, not of the process, as flock's are. */
static bool lock_bytes(int file, int command, short type, off_t start, off_t n, bool *held)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = n};
	int got;
	do
		got = fcntl(file, command, &l);
	while (got != 0 && errno == EINTR);
	if (held)
		*held = got == 0 && l.l_type != F_UNLCK;
	return got == 0;
}

static bool is_network(int file)
{
	static const unsigned long NFS = 0x6969, SMB = 0x517b, CIFS = 0xff534d42, SMB2 = 0xfe534d42;
	struct statfs about;
	if (fstatfs(file, &about) != 0)
		return true;
	unsigned long type = (unsigned long)about.f_type & 0xffffffff;
	return type == NFS || type == SMB || type == CIFS || type == SMB2;
}

/* Tried out with the file opened once more, as another process would. */
static bool another_sees_it(const struct study *study, int other)
{
	bool taken = true, seen = false;
	if (!lock_bytes(other, F_OFD_GETLK, F_WRLCK, 0, FIRST_BYTE, &taken) || taken)
		return false; /* flock is such a lock here: ours would keep all others out */
	if (!lock_bytes(study->file, F_OFD_SETLK, F_WRLCK, FIRST_BYTE, 1, NULL))
		return false;
	if (!lock_bytes(other, F_OFD_GETLK, F_WRLCK, FIRST_BYTE, 1, &seen))
		seen = false;
	return lock_bytes(study->file, F_OFD_SETLK, F_UNLCK, FIRST_BYTE, 1, NULL) && seen;
}

bool claim_locks_work(const struct study *study)
{
	struct stat ours, theirs;
	if (is_network(study->file) || fstat(study->file, &ours) != 0)
		return false;
	int other = open(study->path, O_RDWR | O_CLOEXEC);
	if (other < 0)
		return false;
	bool work = fstat(other, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
		ours.st_ino == theirs.st_ino && another_sees_it(study, other);
	if (close(other) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", study->path);
	return work;
}

void claim_take(const struct study *study, int64_t trial)
{
	if (study->locks && !lock_bytes(study->file, F_OFD_SETLK, F_WRLCK, FIRST_BYTE + trial, 1, NULL))
		die_errno(STATUS_FAILED, "cannot lock a trial of %s", study->path);
}

void claim_drop(const struct study *study, int64_t trial)
{
	if (study->locks && !lock_bytes(study->file, F_OFD_SETLK, F_UNLCK, FIRST_BYTE + trial, 1, NULL))
		die_errno(STATUS_FAILED, "cannot unlock a trial of %s", study->path);
}

/* ---- owners ---- */

/* The start time of a process in clock ticks since boot, as /proc has it; 0 when
 * there is no such process. Numbers of processes are used again, start times are not. */
static unsigned long long start_of(long pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	ssize_t n = read(file, text, sizeof text - 1);
	close(file);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *at = strrchr(text, ')'); /* the name may hold anything */
	if (at && (at[2] == 'Z' || at[2] == 'X'))
		return 0; /* dead, and nobody has looked */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

enum { NAME = 65, BOOT = 37, SPACE = 24, OWNER = 320 };

struct owner {
	char host[NAME];
	long pid;
	unsigned long long start;       /* 0: unknown */
	char boot[BOOT], space[SPACE];  /* "-": unknown, as from versions that did not write it */
	bool locked;
};

static const char *host(void)
{
	static char name[NAME];
	if (!*name && gethostname(name, sizeof name - 1) != 0)
		die_errno(STATUS_FAILED, "cannot get the host's name");
	return name;
}

static bool known(const char *text)
{
	return strcmp(text, "-") != 0;
}

static void read_boot(char boot[BOOT])
{
	int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = file < 0 ? -1 : read(file, boot, BOOT - 1);
	if (file >= 0)
		close(file);
	boot[n > 0 ? n : 0] = '\0';
	boot[strcspn(boot, " \t\n")] = '\0';
	if (!*boot)
		memcpy(boot, "-", 2);
}

/* This process. */
static const struct owner *self(void)
{
	static struct owner own;
	if (own.pid == getpid())
		return &own;
	struct stat about;
	own = (struct owner){.pid = getpid(), .start = start_of(getpid())};
	snprintf(own.host, sizeof own.host, "%s", host());
	read_boot(own.boot);
	if (stat("/proc/self/ns/pid", &about) == 0)
		snprintf(own.space, sizeof own.space, "%" PRIu64, (uint64_t)about.st_ino);
	else
		snprintf(own.space, sizeof own.space, "-");
	return &own;
}

const char *claim_owner(const struct study *study)
{
	static char text[2][OWNER]; /* without and with locks */
	static pid_t made_for;
	if (made_for != getpid()) {
		const struct owner *own = self();
		uint64_t token;
		made_for = getpid();
		if (getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token)
			die_errno(STATUS_FAILED, "cannot get a random number");
		for (int locked = 0; locked < 2; locked++)
			snprintf(text[locked], OWNER, "%s %ld %llu %s %s %016" PRIx64 "%s", own->host,
				 own->pid, own->start, own->boot, own->space, token,
				 locked ? " lock" : "");
	}
	return text[study->locks];
}

static bool read_owner(const char *text, struct owner *o)
{
	char token[24], lock[8];
	*o = (struct owner){.boot = "-", .space = "-"};
	int n = sscanf(text, "%64s %ld %llu %36s %23s %23s %7s", o->host, &o->pid, &o->start, o->boot,
		       o->space, token, lock);
	o->locked = n == 7 && strcmp(lock, "lock") == 0;
	return n >= 3;
}

/* A trial that was begun before this host was: its process is gone. What is younger
 * and of another boot is of another host of this name. */
static bool before_boot(const struct trial *t)
{
	enum { SLACK_MS = 60000 }; /* clocks are set now and then */
	struct timespec up;
	if (clock_gettime(CLOCK_BOOTTIME, &up) != 0)
		return false;
	return t->time_ms < clock_unix_ms() - (int64_t)up.tv_sec * 1000 + SLACK_MS;
}

/* By its number and start time, which this process can see only of its own namespace. */
static enum owner_life life_by_number(const struct owner *o)
{
	const struct owner *own = self();
	if (own->start == 0 || o->start == 0 || (known(o->space) && strcmp(o->space, own->space) != 0))
		return OWNER_ELSEWHERE;
	return start_of(o->pid) == o->start ? OWNER_ALIVE : OWNER_GONE;
}

enum owner_life claim_life(const struct study *study, const struct trial *trial)
{
	const struct owner *own = self();
	struct owner o;
	if (trial->owner && strcmp(trial->owner, OWNER_ASKED) == 0)
		return OWNER_ELSEWHERE;
	if (!trial->owner || !read_owner(trial->owner, &o))
		return OWNER_GONE;
	if (strcmp(trial->owner, claim_owner(study)) == 0)
		return OWNER_ALIVE;
	bool same_host = strcmp(o.host, own->host) == 0;
	bool same_boot = known(o.boot) && strcmp(o.boot, own->boot) == 0;
	bool other_boot = known(o.boot) && known(own->boot) && !same_boot;
	bool held = false;
	if (o.locked && study->locks &&
	    lock_bytes(study->file, F_OFD_GETLK, F_WRLCK, FIRST_BYTE + trial->number, 1, &held)) {
		if (held)
			return OWNER_ALIVE;
		if (same_boot || (same_host && !other_boot))
			return OWNER_GONE;
	}
	if (!same_host)
		return OWNER_ELSEWHERE;
	if (other_boot)
		return before_boot(trial) ? OWNER_GONE : OWNER_ELSEWHERE;
	return life_by_number(&o);
}
