/* pieces.h - the dataset piece by piece: whole users at a time, on several threads, given on in the
 * order of the users' ids.
 */
#ifndef RECPIPE_BUILD_DATASET_PIECES_H
#define RECPIPE_BUILD_DATASET_PIECES_H

#include "build.h"

/* From rows that are all in memory, or are laid aside, to what is written and counted. */
void build_pieces(struct build *b);

#endif
