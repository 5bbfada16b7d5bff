/* baseline.h - the lists of a system that a better one is held against: what it finds is expected.
 */
#ifndef RECPIPE_DOMAIN_BASELINE_H
#define RECPIPE_DOMAIN_BASELINE_H

#include <stdint.h>

#include "domain/dataset.h"
#include "domain/topn.h"

struct baseline;

/* For the users and items of the dataset, which outlives it; of a list at most the first `longest`
 * items are kept. */
struct baseline *baseline_new(const struct dataset *data, uint32_t longest);
void baseline_free(struct baseline *b);

/* Takes all lists of a stream. */
void baseline_read(struct baseline *b, struct topn_reader *lists);

/* ranks[i]: the rank - 1 of items[i] in the user's list; UINT32_MAX when it is not in it. Items that
 * are STRMAP_NONE are in none. */
void baseline_ranks(struct baseline *b, uint32_t user, const uint32_t *items, uint32_t n, uint32_t *ranks);

/* Has the user a list? */
bool baseline_has(const struct baseline *b, uint32_t user);

#endif
