/* parts.h - what the tables of --partial have in common: a last row that says what the part is.
 *
 * Of what it does not fit, all of these say it and end the program (exit 3).
 */
#ifndef RECPIPE_DOMAIN_PARTS_H
#define RECPIPE_DOMAIN_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "streams/output.h"
#include "streams/table.h"

/* The columns of these names. */
void parts_columns(const struct table *t, const char *const *names, size_t n, size_t *column);

/* The settings of the first part are kept in *settings (NULL until then, the caller frees it); those of
 * the others have to be the same. */
void parts_settings(const struct table *t, char **settings, struct span own);

/* There are `n` parts; are these the ones `wanted` (0: any number)? */
void parts_count(uint64_t n, uint64_t wanted);

/* What a part is the sum of: a hash of the users of each, 0 without any. */
struct part_ids {
	uint64_t *at;
	size_t n, capacity;
};

void part_ids_add(struct part_ids *ids, uint64_t id);

/* As a text: 16 digits each, with commas between them. */
void part_ids_write(const struct part_ids *ids, struct output *out);

/* Adds those of the text. False: *bad is no id. */
bool part_ids_read(struct part_ids *ids, struct span text, struct span *bad);

/* Puts them in order; the same part twice ends the program. Parts without users are alike, and none
 * of them is missed. */
void part_ids_check(struct part_ids *ids);

void part_ids_free(struct part_ids *ids);

#endif
