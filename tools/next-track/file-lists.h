/* file-lists.h - lists from a top-N file: no server is needed. A packed one is mapped, and a list is
 * checked when it is looked up; another one is read. */
#ifndef RECPIPE_NEXT_TRACK_FILE_LISTS_H
#define RECPIPE_NEXT_TRACK_FILE_LISTS_H

#include "catalog-sampler.h"
#include "streams/table.h"

struct file_lists;

/* Reads and closes the table, or keeps it open where it is a packed file; scores only when they
 * are wanted. `max_age_s` 0: lists do not age; otherwise the file's date counts. */
struct file_lists *file_lists_read(struct table *t, const char *path, double max_age_s, bool scores);

/* When there is no catalog: what lists hold is what can be drawn, in byte order. Then
 * asks the sampler once for each item whether it can be offered, and says of how many not. */
void file_lists_check_offers(struct file_lists *f, struct catalog_sampler *s);

/* Is it a packed file? Only such a one may be opened again. */
bool file_lists_are_mapped(const struct file_lists *f);

/* The packed file that has this path now, to be put in place of `old`; file_lists_check_offers comes
 * next. NULL: it cannot be opened, see `why`. */
struct file_lists *file_lists_reopen(const struct file_lists *old, const char *path, struct failure *why);

/* The user's list; false when there is none. */
bool file_lists_find(const struct file_lists *f, struct span user, struct list *l);

/* When the file was written, in ms since 1970; 0: not known. */
int64_t file_lists_written_ms(const struct file_lists *f);

/* Are the lists too old? The first time is reported. */
bool file_lists_are_stale(struct file_lists *f);

void file_lists_free(struct file_lists *f);

#endif
