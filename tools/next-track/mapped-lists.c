#include "mapped-lists.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

bool mapped_take(struct mapped_lists *m, struct table *t, const struct mapped_kind *kind)
{
	struct packed *p = table_packed(t);
	if (!p || p->kind != kind->kind)
		return false;
	for (size_t c = 0; c < kind->n; c++)
		if (table_column(t, column_called(kind->columns[c])) != c)
			return false;
	if (!packed_lists_open(p, &m->packed))
		return false;
	m->table = t;
	return true;
}

bool mapped_open(struct mapped_lists *m, const char *path, const struct mapped_kind *kind, bool is_pool)
{
	char *files[] = {(char *)(uintptr_t)path};
	struct table *t = table_open_or(files, 1, &(struct table_format){0}, &m->failure);
	if (t && mapped_take(m, t, kind)) {
		if (!is_pool || m->packed.members.n > 0)
			return true;
		return failure_set(&m->failure, STATUS_DATA, "%s: no %s, and no --items: there is nothing to "
				   "answer with", path, PACKED_KIND_NAMES[kind->kind]);
	}
	if (!has_failed(&m->failure))
		failure_set(&m->failure, STATUS_DATA, "%s: not packed %s", path,
			    PACKED_KIND_NAMES[kind->kind]);
	if (t)
		table_close(t);
	return false;
}

void mapped_die_damaged(const struct mapped_lists *m)
{
	die(STATUS_DATA, "%s: damaged packed file: a list is not what it should be", m->packed.file->name);
}

static struct span id_of(const struct mapped_lists *m, const struct packed_ids *ids, uint32_t i)
{
	struct span id = i < ids->n ? packed_id(ids, i) : (struct span){0};
	if (!id.at)
		mapped_die_damaged(m);
	return id;
}

struct span mapped_key(const struct mapped_lists *m, uint32_t key)
{
	return id_of(m, &m->packed.keys, key);
}

struct span mapped_member(const struct mapped_lists *m, uint32_t member)
{
	return id_of(m, &m->packed.members, member);
}

struct strmap *mapped_members(const struct mapped_lists *m)
{
	struct strmap *members = strmap_new();
	for (uint32_t i = 0; i < m->packed.members.n; i++)
		strmap_add(members, mapped_member(m, m->packed.members.sorted[i]));
	return members;
}

bool mapped_find(const struct mapped_lists *m, struct span key, uint64_t *from, uint64_t *to)
{
	uint32_t k = packed_find_id(&m->packed.keys, key);
	if (k == UINT32_MAX)
		return false;
	if (!packed_lists_range(&m->packed, k, from, to))
		mapped_die_damaged(m);
	return true;
}

uint32_t mapped_check_offers(struct mapped_lists *m, const struct catalog_sampler *s)
{
	uint32_t n = m->packed.members.n, never = 0;
	m->offered = memory_new(n, sizeof *m->offered);
	for (uint32_t i = 0; i < n; i++) {
		m->offered[i] = sampler_can_offer(s, mapped_member(m, i));
		never += !m->offered[i];
	}
	return never;
}

void mapped_free(struct mapped_lists *m)
{
	if (m->table)
		table_close(m->table);
	free(m->offered);
	*m = (struct mapped_lists){0};
}
