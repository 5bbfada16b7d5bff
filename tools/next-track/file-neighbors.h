/* file-neighbors.h - the neighbors of tracks from a file (item neighbor weight): a packed one is mapped
 * and looked up, another one is read. */
#ifndef RECPIPE_NEXT_TRACK_FILE_NEIGHBORS_H
#define RECPIPE_NEXT_TRACK_FILE_NEIGHBORS_H

#include "catalog-sampler.h"
#include "streams/table.h"

struct file_neighbors;

/* Reads and closes the table, or keeps it open where it is a packed file. `max_age_s` 0: it does not
 * age; otherwise the file's date counts. */
struct file_neighbors *file_neighbors_read(struct table *t, const char *path, double max_age_s);

/* When there is nothing to draw from: all items of the file are, in byte order. Then asks the sampler
 * once for each whether it can be offered, and says of how many not. */
void file_neighbors_check_offers(struct file_neighbors *f, struct catalog_sampler *s);

/* Is it a packed file? Only such a one may be opened again. */
bool file_neighbors_are_mapped(const struct file_neighbors *f);

/* The packed file that has this path now, to be put in place of `old`; file_neighbors_check_offers comes
 * next. NULL: it cannot be opened, see `why`. */
struct file_neighbors *file_neighbors_reopen(const struct file_neighbors *old, const char *path,
					     struct failure *why);

/* The track's neighbors, best first, with their weights as scores: those with weights above 0, up to the
 * one after the `most`th that may be offered (as the track itself may be among them), or all where that
 * is 0. False: there are none. */
bool file_neighbors_find(const struct file_neighbors *f, struct span track, uint32_t most, struct list *l);

/* Are they too old? The first time is reported. */
int64_t file_neighbors_written_ms(const struct file_neighbors *f); /* 0: not known */
bool file_neighbors_are_stale(struct file_neighbors *f);

void file_neighbors_free(struct file_neighbors *f);

#endif
