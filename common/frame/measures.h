/* measures.h - the options --metrics and --k, and what the tools that measure lists share of
 * messages.
 */
#ifndef RECPIPE_FRAME_MEASURES_H
#define RECPIPE_FRAME_MEASURES_H

#include "domain/heldout.h"

/* What `metrics` (a value of --metrics: names, each with a k of its own, as ndcg@20, or with
 * those of `k`, a value of --k) asks for, of the first `kinds` kinds of measures. NULL: those
 * of lists, coverage and novelty, and auc if `auc`. A mistake is a usage error. */
struct measures option_measures(const char *metrics, const char *k, int kinds, bool auc);

/* The list has the item of rank `twice` + 1 at an earlier rank, too: bad data. */
_Noreturn void die_item_twice(const struct topn_list *list, uint32_t twice);

#endif
