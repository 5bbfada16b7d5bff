/* append.h - files that grow by whole rows, written by several processes: the lock, the
 * end, and what a killed writer or a full disk leaves there.
 *
 * Whoever writes holds the file's lock (flock), looks at the end, and writes from there
 * (O_APPEND). A row that is there in part is the work of a writer that is dead, or whose
 * disk was full: it is cut off, so that readers and other writers see whole rows only.
 *
 * Nothing here allocates or prints: a signal handler may call it (except for
 * append_sync_folder). What fails says so by its value, and errno says why.
 */
#ifndef RECPIPE_STREAMS_APPEND_H
#define RECPIPE_STREAMS_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the lock, LOCK_EX or LOCK_SH, of an open file; waits for it at most `patience_s`
 * (below 0: as long as it takes). False: errno is EWOULDBLOCK when others hold it. */
bool append_lock(int file, int how, double patience_s);
bool append_unlock(int file);

/* The size up to the last LF of a file of `size` bytes, which can be read; -1 when it
 * cannot. The lock is held. */
int64_t append_whole_size(int file, int64_t size);

/* Cuts the file to `size`. */
bool append_cut(int file, int64_t size);

/* Writes rows (each ends in LF) after a file of `size` bytes, which ends in a whole row.
 * The lock is held. Returns how many bytes of whole rows are in the file then: all, or
 * fewer when the disk does not take more, and then what it took of the next row is cut
 * off. `*size` is the new size; `*torn` becomes true when that cut failed, too. */
size_t append_rows(int file, const char *rows, size_t n, int64_t *size, bool *torn);

/* The folder of `path` on disk, so that a new file's name lasts as its bytes do. */
bool append_sync_folder(const char *path);

#endif
