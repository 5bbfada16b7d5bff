/* mapped-lists.h - a packed file of lists or neighbors that is mapped: what belongs to a key is looked
 * up in the file, and checked then. */
#ifndef RECPIPE_NEXT_TRACK_MAPPED_LISTS_H
#define RECPIPE_NEXT_TRACK_MAPPED_LISTS_H

#include "catalog-sampler.h"
#include "streams/packed.h"
#include "streams/table.h"

/* A zeroed struct holds no file. It stays where it is while it holds one. */
struct mapped_lists {
	struct table *table;     /* the file is mapped as long as it is open; NULL: there is none */
	struct packed_lists packed;
	bool *offered;           /* by number of a member: may it be offered? */
	struct failure failure;  /* of mapped_open */
};

/* What is looked for: the first columns are these, in this order. */
struct mapped_kind {
	enum packed_kind kind;
	const char *columns[4];
	size_t n;
};

/* Takes the table over, where it is a packed file of this kind. False: it is not, and stays the
 * caller's. */
bool mapped_take(struct mapped_lists *m, struct table *t, const struct mapped_kind *kind);

/* Opens the packed file that has this path now. False, and m->failure says why: it cannot be opened, is
 * of another kind, or has nothing where it `is_pool`: what can be drawn is what it holds. */
bool mapped_open(struct mapped_lists *m, const char *path, const struct mapped_kind *kind, bool is_pool);

/* The id of a key, of a member. Ends the program when the file is damaged. */
struct span mapped_key(const struct mapped_lists *m, uint32_t key);
struct span mapped_member(const struct mapped_lists *m, uint32_t member);

/* All members, in byte order: a new map, the caller's. */
struct strmap *mapped_members(const struct mapped_lists *m);

/* The entries of a key, [from, to); false: it has none. Ends the program when the file is damaged. */
bool mapped_find(const struct mapped_lists *m, struct span key, uint64_t *from, uint64_t *to);

_Noreturn void mapped_die_damaged(const struct mapped_lists *m);

/* Asks the sampler of each member whether it may be offered; returns of how many not. */
uint32_t mapped_check_offers(struct mapped_lists *m, const struct catalog_sampler *s);

void mapped_free(struct mapped_lists *m);

#endif
