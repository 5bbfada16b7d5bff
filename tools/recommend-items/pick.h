/* pick.h - scorer_pick for each set of instructions; their results are the same. */
#ifndef RECPIPE_RECOMMEND_ITEMS_PICK_H
#define RECPIPE_RECOMMEND_ITEMS_PICK_H

#include "score.h"

void pick_portable(struct scorer *s);
void pick_avx2(struct scorer *s);
void pick_avx512(struct scorer *s);

#endif
