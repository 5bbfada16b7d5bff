#include "file-neighbors.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "domain/neighbors.h"
#include "file-age.h"
#include "mapped-lists.h"

struct file_neighbors {
	struct mapped_lists mapped; /* read in place of what follows, when it holds a file */
	bool has_pool;           /* what can be drawn is what is in the file */
	struct neighbors *read;
	bool *offered;           /* by number of the item */
	struct file_age age;
};

static const struct mapped_kind KIND = {PACKED_NEIGHBORS, {"item", "neighbor", "weight"}, 3};

struct file_neighbors *file_neighbors_read(struct table *t, const char *path, double max_age_s)
{
	struct file_neighbors *f = memory_zero(1, sizeof *f);
	file_age_note(&f->age, path, max_age_s, table_failure(t));
	if (mapped_take(&f->mapped, t, &KIND))
		return f;
	struct neighbors_reader reader = neighbors_open(t);
	f->read = neighbors_read(&reader);
	table_close(t);
	return f;
}

struct file_neighbors *file_neighbors_reopen(const struct file_neighbors *old, const char *path,
					     struct failure *why)
{
	struct file_neighbors *f = memory_zero(1, sizeof *f);
	f->has_pool = old->has_pool;
	if (mapped_open(&f->mapped, path, &KIND, f->has_pool) &&
	    file_age_note(&f->age, path, old->age.max_age_s, &f->mapped.failure))
		return f;
	*why = f->mapped.failure;
	file_neighbors_free(f);
	return NULL;
}

bool file_neighbors_are_mapped(const struct file_neighbors *f)
{
	return f->mapped.table;
}

/* All ids of a packed file, in byte order: those of keys and of members are. */
static void add_mapped(struct strmap *pool, const struct mapped_lists *m)
{
	const struct packed_ids *keys = &m->packed.keys, *members = &m->packed.members;
	uint32_t k = 0, i = 0;
	while (k < keys->n || i < members->n) {
		struct span key = {0}, member = {0};
		if (k < keys->n)
			key = mapped_key(m, keys->sorted[k]);
		if (i < members->n)
			member = mapped_member(m, members->sorted[i]);
		int order = k == keys->n ? 1 : i == members->n ? -1 : span_compare(key, member);
		strmap_add(pool, order <= 0 ? key : member);
		k += order <= 0;
		i += order >= 0;
	}
}

/* All items of the file, in byte order. */
static struct strmap *pool_of(const struct file_neighbors *f)
{
	struct strmap *pool = strmap_new();
	if (f->mapped.table)
		add_mapped(pool, &f->mapped);
	for (uint32_t i = 0; f->read && i < f->read->items; i++)
		strmap_add(pool, strmap_key(f->read->ids, i));
	return pool;
}

void file_neighbors_check_offers(struct file_neighbors *f, struct catalog_sampler *s)
{
	uint32_t n = f->read ? f->read->items : f->mapped.packed.members.n, never;
	if (f->has_pool || !sampler_has_stock(s)) {
		sampler_put_pool(s, pool_of(f));
		f->has_pool = true;
	}
	if (f->read)
		f->offered = sampler_offers(s, f->read->ids, &never);
	else
		never = mapped_check_offers(&f->mapped, s);
	if (never)
		warn("%u of the %u items in the neighbors are never recommended: --items does not offer them",
		     never, n);
}

static void fill_from_table(struct filling *to, struct span track, const struct neighbors *n,
			    const bool *offered)
{
	uint32_t i = strmap_find(n->ids, track);
	if (i == STRMAP_NONE)
		return;
	for (uint64_t at = n->start[i]; at < n->start[i + 1]; at++) {
		struct neighbor x = n->at[at];
		if (!filling_add(to, strmap_key(n->ids, x.item), x.weight, offered[x.item]))
			return;
	}
}

static void fill_from_packed(struct filling *to, struct span track, const struct mapped_lists *m)
{
	uint64_t from, end;
	if (!mapped_find(m, track, &from, &end))
		return;
	for (; from < end; from++) {
		struct packed_entry e = packed_entry(&m->packed, from);
		if (!isfinite(e.weight))
			mapped_die_damaged(m);
		struct span item = mapped_member(m, e.member); /* is there such a member? */
		if (!filling_add(to, item, (float)e.weight, m->offered[e.member]))
			return;
	}
}

bool file_neighbors_find(const struct file_neighbors *f, struct span track, uint32_t most, struct list *l)
{
	struct filling to = filling_begin(l, most);
	if (f->read)
		fill_from_table(&to, track, f->read, f->offered);
	else
		fill_from_packed(&to, track, &f->mapped);
	return l->n > 0;
}

int64_t file_neighbors_written_ms(const struct file_neighbors *f)
{
	return f->age.written_ms;
}

bool file_neighbors_are_stale(struct file_neighbors *f)
{
	return file_age_is_over(&f->age, "neighbors");
}

void file_neighbors_free(struct file_neighbors *f)
{
	if (!f)
		return;
	mapped_free(&f->mapped);
	neighbors_free(f->read);
	free(f->offered);
	free(f);
}
