#include "data/idset.h"

#include "base/hash.h"
#include "base/memory.h"

/* Two row hashes with different seeds; the free mark is moved out of the way. */
static struct idset_mark mark_of(struct span id)
{
	struct span none = {NULL, 0};
	struct idset_mark m = {
		hash_row(0x6a09e667f3bcc908u, id, none),
		hash_row(0xbb67ae8584caa73bu, id, none),
	};
	if (!m.high && !m.low)
		m.low = 1;
	return m;
}

/* The slot where the mark is or belongs. */
static size_t slot_of(const struct idset *set, struct idset_mark m)
{
	size_t mask = set->capacity - 1, at = (size_t)m.high & mask;
	for (;; at = (at + 1) & mask) {
		struct idset_mark have = set->slots[at];
		if ((!have.high && !have.low) || (have.high == m.high && have.low == m.low))
			return at;
	}
}

static void grow(struct idset *set)
{
	struct idset larger = {.n = set->n, .capacity = set->capacity ? 2 * set->capacity : 64};
	larger.slots = memory_zero(larger.capacity, sizeof *larger.slots);
	for (size_t i = 0; i < set->capacity; i++) {
		struct idset_mark m = set->slots[i];
		if (m.high || m.low)
			larger.slots[slot_of(&larger, m)] = m;
	}
	free(set->slots);
	*set = larger;
}

bool idset_add(struct idset *set, struct span id)
{
	if (set->n >= set->capacity / 4 * 3)
		grow(set);
	struct idset_mark m = mark_of(id);
	struct idset_mark *slot = &set->slots[slot_of(set, m)];
	if (slot->high || slot->low)
		return false;
	*slot = m;
	set->n++;
	return true;
}

void idset_free(struct idset *set)
{
	free(set->slots);
	*set = (struct idset){0};
}
