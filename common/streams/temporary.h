/* temporary.h - a file that replaces another one when it is complete.
 *
 * It has no name while it is written (O_TMPFILE): whatever ends the program, nothing
 * is left. temporary_commit syncs it, links it as .NAME.recpipe-SIXTEENHEXDIGITS
 * beside the file NAME, and renames it; only a kill -9 in that instant leaves a name.
 * Where the file system has no files without a name, or there is no /proc to link them
 * by, the file has such a name from the beginning, made so that neither a link nor a
 * other user's file can be in its place. A lock (flock) is held until the end: the
 * next run that writes NAME removes what bears such a name, belongs to the caller and
 * is not locked, so that the dead leave nothing for long and the living lose nothing.
 */
#ifndef RECPIPE_STREAMS_TEMPORARY_H
#define RECPIPE_STREAMS_TEMPORARY_H

#include "streams/target.h"

struct temporary {
	int file;   /* open for reading and writing */
	int folder; /* the target's */
	char *name; /* NULL while it has none */
	bool locked;
	bool unattended; /* the program's signals and its exit are left alone */
};

/* Removes what dead runs left beside the target, then opens. -1 and errno when it
 * cannot. The mode is that of a new file, or the caller's alone where a file is to be
 * replaced, until that one's is taken over. A name that the file has is removed when
 * SIGINT, SIGTERM or SIGHUP ends the program and when it exits, unless it is `unattended`. */
int temporary_open(const struct target *t, struct temporary *tmp, bool unattended);

/* Gives it the mode of the replaced file, the group and the owner too where the caller
 * may (a group that it may not give gets no more rights than others have), syncs it,
 * puts it in the target's place, syncs the folder. NULL, or, with errno, what it could
 * not do ("sync"); the name is gone then, unless it was in place before. The file stays
 * open. */
const char *temporary_commit(struct temporary *tmp, const struct target *t);

/* Where nobody else handles the signals that end a program, they remove all such names and then
 * call `end`, which ends it. */
void temporary_catch_signals(void (*end)(int));

/* Removes its name when it has one; the file stays open. */
void temporary_drop(struct temporary *tmp);

/* On disk, whatever interrupts: fsync(2) until it is no EINTR. */
int temporary_sync(int file);

/* The folder of the target on disk, by the open file `file` where it is not readable. */
int temporary_sync_folder(const struct target *t, int file);

/* Removes the names of all temporaries of this process; safe in a signal handler. */
void temporary_remove_all(void);

#endif
