/* target.h - where a name leads that is to be written: what is replaced, and what is
 * written as it is.
 *
 * Symbolic links are followed to the file that they stand for, which need not exist
 * yet; the links stay. In a folder with the sticky bit where everybody may write (such
 * as /tmp), what a stranger has put there (neither the caller nor the folder's owner)
 * is refused, as the kernel's protected_symlinks and protected_regular do.
 */
#ifndef RECPIPE_STREAMS_TARGET_H
#define RECPIPE_STREAMS_TARGET_H

#include <stdbool.h>
#include <sys/stat.h>

enum target_kind {
	TARGET_FILE,   /* a regular file, or none yet: `name` in `folder` */
	TARGET_DEVICE, /* a pipe or a device that exists: written as it is */
	TARGET_STREAM, /* a file that this process has open (-, /dev/stdout, /dev/fd/N) */
};

struct target {
	enum target_kind kind;
	int folder;          /* open; -1 of a stream */
	bool folder_readable; /* else it was opened with O_PATH, and cannot be synced */
	int stream;          /* the open file's number */
	char *name;          /* NULL of a stream */
	bool exists;
	struct stat about;   /* of what exists */
	dev_t device;        /* of the folder */
	ino_t inode;
};

/* Finds where `path` leads (NULL or "-" is standard output). -1 and errno when it
 * cannot be, nothing to free then: no such folder, a loop of links, a stranger's file,
 * a folder in place of a file, or a file that may not be written. */
int target_find(const char *path, struct target *t);

/* Would the two be one file? Devices never are: any number may write to /dev/null. Nor
 * are two names of one inode, which replacing parts; but a stream to a file is that
 * file under each of its names. */
bool target_same(const struct target *a, const struct target *b);

/* Closes the folder; -1 and errno when that fails. */
int target_close(struct target *t);

/* Closes the folder when it is open, and frees. */
void target_free(struct target *t);

#endif
