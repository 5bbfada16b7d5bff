#include "streams/packed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "streams/columns.h"

const char PACKED_MAGIC[PACKED_MAGIC_SIZE] = "\x89RPK\r\n\x1a\n";
const char *const PACKED_KIND_NAMES[PACKED_KINDS] = {NULL, "model", "neighbors", "lists"};
const char *const PACKED_SIDE_NAMES[PACKED_SIDES] = {
	"meta", "item_feature", "item", "user_feature", "user",
};

_Static_assert(sizeof(struct packed_head) == 64 && sizeof(struct packed_section) == 48 &&
	       sizeof(struct packed_tail) == 64, "as in the file");

void *(*packed_map)(int file, uint64_t size);
void (*packed_unmap)(void *at, uint64_t size);

/* ---- opening ---- */

bool packed_begins(const void *bytes, size_t n)
{
	return n >= PACKED_MAGIC_SIZE && memcmp(bytes, PACKED_MAGIC, PACKED_MAGIC_SIZE) == 0;
}

bool packed_bad(const struct packed *p, const char *why)
{
	return failure_set(p->failure, STATUS_DATA, "%s: damaged packed file: %s", p->name, why);
}

static uint64_t aligned(uint64_t offset)
{
	return (offset + PACKED_ALIGN - 1) / PACKED_ALIGN * PACKED_ALIGN;
}

/* The sections lie one after the other, without a gap, up to the directory. */
static bool sections_fit(const struct packed *p, uint64_t directory)
{
	uint64_t at = sizeof(struct packed_head);
	for (uint32_t i = 0; i < p->sections; i++) {
		const struct packed_section *s = &p->section[i];
		if (s->offset != at || s->size == 0 || s->zero || s->name[PACKED_NAME_SIZE - 1] ||
		    at > directory || s->count > (directory - at) / s->size)
			return false;
		at = aligned(at + s->count * s->size);
	}
	return at == directory;
}

static bool read_directory(struct packed *p)
{
	struct packed_head head;
	struct packed_tail tail;
	if (p->size < sizeof head + sizeof tail || p->size % 16)
		return packed_bad(p, "it is cut short");
	memcpy(&head, p->bytes, sizeof head);
	memcpy(&tail, p->bytes + p->size - sizeof tail, sizeof tail);
	if (head.version != PACKED_VERSION)
		return failure_set(p->failure, STATUS_DATA, "%s: a packed file of version %u; this program reads "
				   "version %d", p->name, (unsigned)head.version, PACKED_VERSION);
	if (!packed_begins(tail.magic, sizeof tail.magic) || tail.bytes != p->size)
		return packed_bad(p, "it is cut short");
	if (tail.sections > PACKED_SECTIONS_MAX || tail.directory % PACKED_ALIGN ||
	    tail.directory > p->size - sizeof tail ||
	    p->size - sizeof tail - tail.directory != tail.sections * sizeof(struct packed_section))
		return packed_bad(p, "its directory is not where it should be");
	p->section = (const void *)(p->bytes + tail.directory);
	p->sections = tail.sections;
	uLong crc = crc32_z(0, p->bytes, sizeof head);
	crc = crc32_z(crc, (const void *)p->section, p->sections * sizeof *p->section);
	crc = crc32_z(crc, (const void *)&tail, offsetof(struct packed_tail, crc));
	static const uint8_t zeros[sizeof tail.zero];
	if (crc != tail.crc || memcmp(tail.zero, zeros, sizeof zeros) != 0)
		return packed_bad(p, "the checksum of its directory is wrong");
	if (!sections_fit(p, tail.directory))
		return packed_bad(p, "its sections overlap or leave gaps");
	if (head.kind < PACKED_MODEL || head.kind >= PACKED_KINDS)
		return failure_set(p->failure, STATUS_DATA, "%s: a packed file of an unknown kind, %u", p->name,
				   (unsigned)head.kind);
	p->kind = (enum packed_kind)head.kind;
	return true;
}

static struct packed *open_at(const void *bytes, size_t size, const char *name, struct failure *failure)
{
	struct packed *p = memory_zero(1, sizeof *p);
	p->bytes = bytes;
	p->size = size;
	p->name = memory_text(name, strlen(name));
	p->failure = failure;
	return p;
}

/* Closes it where the directory is wrong. */
static struct packed *opened(struct packed *p)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	failure_set(p->failure, STATUS_FAILED, "%s: packed files need a little-endian machine", p->name);
#else
	if (read_directory(p))
		return p;
#endif
	packed_close(p);
	return NULL;
}

struct packed *packed_open_memory(void *bytes, size_t size, const char *name, struct failure *failure)
{
	struct packed *p = open_at(bytes, size, name, failure);
	p->owned = bytes;
	return opened(p);
}

/* The file in memory, as far as it goes; NULL when it cannot be read. */
static void *read_whole(int file, uint64_t size, const char *name, struct failure *failure, uint64_t *got)
{
	char *bytes = memory_aligned(size ? size : 1, 1);
	for (*got = 0; *got < size;) {
		ssize_t n = pread(file, bytes + *got, size - *got, (off_t)*got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			failure_set_errno(failure, STATUS_FAILED, "%s: cannot read", name);
			free(bytes);
			return NULL;
		}
		if (n == 0)
			break;
		*got += (uint64_t)n;
	}
	return bytes;
}

struct packed *packed_open_file(int file, uint64_t size, const char *name, struct failure *failure)
{
	uint64_t got;
	void *at = packed_map ? packed_map(file, size) : NULL;
	if (at) {
		struct packed *p = open_at(at, size, name, failure);
		p->mapped = at;
		return opened(p);
	}
	at = read_whole(file, size, name, failure, &got);
	return at ? packed_open_memory(at, got, name, failure) : NULL;
}

void packed_close(struct packed *p)
{
	if (!p)
		return;
	if (p->mapped)
		packed_unmap(p->mapped, p->size);
	free(p->owned);
	free(p->name);
	free(p);
}

/* ---- what is in it ---- */

const struct packed_section *packed_find(const struct packed *p, const char *name, uint32_t size)
{
	for (uint32_t i = 0; i < p->sections; i++)
		if (strcmp(p->section[i].name, name) == 0)
			return size == 0 || p->section[i].size == size ? &p->section[i] : NULL;
	return NULL;
}

struct span packed_id(const struct packed_ids *ids, uint32_t i)
{
	uint64_t from = ids->end[i], to = ids->end[i + 1];
	if (from > to || to > ids->text_n)
		return (struct span){0};
	return (struct span){ids->text + from, to - from};
}

uint32_t packed_find_id_among(const struct packed_ids *ids, uint32_t from, uint32_t to, struct span id)
{
	while (from < to) {
		uint32_t middle = from + (to - from) / 2, number = ids->sorted[middle];
		struct span other = number < ids->n ? packed_id(ids, number) : (struct span){0};
		int order = span_compare(other.at ? other : (struct span){"", 0}, id);
		if (order == 0 && other.at)
			return number;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return UINT32_MAX;
}

uint32_t packed_find_id(const struct packed_ids *ids, struct span id)
{
	return packed_find_id_among(ids, 0, ids->n, id);
}

/* The ids whose sections are called PREFIXids, PREFIXends and PREFIXsorted. */
static bool find_ids(const struct packed *p, const char *text, const char *ends, const char *sorted,
		     struct packed_ids *ids)
{
	const struct packed_section *t = packed_find(p, text, 1), *e = packed_find(p, ends, 8),
		*s = packed_find(p, sorted, 4);
	if (!t || !e || !s || s->count >= UINT32_MAX || e->count != s->count + 1)
		return packed_bad(p, "its ids are not as they should be");
	*ids = (struct packed_ids){.text = packed_data(p, t), .end = packed_data(p, e),
		.sorted = packed_data(p, s), .text_n = t->count, .n = (uint32_t)s->count};
	return true;
}

static bool find_header(const struct packed *p, struct span *header)
{
	const struct packed_section *h = packed_find(p, "header", 1);
	if (!h || h->count == 0)
		return packed_bad(p, "it has no header");
	*header = (struct span){packed_data(p, h), h->count};
	return true;
}

bool packed_lists_open(struct packed *p, struct packed_lists *l)
{
	*l = (struct packed_lists){.file = p};
	const struct packed_section *start = packed_find(p, "start", 8), *entries = packed_find(p, "entries", 0);
	if (p->kind != PACKED_NEIGHBORS && p->kind != PACKED_LISTS)
		return failure_set(p->failure, STATUS_DATA, "%s: a packed %s, where neighbors or lists are "
				   "expected", p->name, PACKED_KIND_NAMES[p->kind]);
	if (!find_header(p, &l->header) || !find_ids(p, "keys", "key_ends", "keys_sorted", &l->keys) ||
	    !find_ids(p, "members", "member_ends", "members_sorted", &l->members))
		return false;
	uint32_t columns = (uint32_t)columns_count(l->header);
	l->doubles = p->kind == PACKED_LISTS && columns == 4 && entries && entries->size == 16;
	if (!start || !entries || start->count != (uint64_t)l->keys.n + 1 || columns < 3 || columns > 4 ||
	    (entries->size != packed_entry_size(p->kind, columns) && !l->doubles))
		return packed_bad(p, "its rows are not as they should be");
	l->start = packed_data(p, start);
	l->entries = packed_data(p, entries);
	l->entry_size = entries->size;
	l->rows = entries->count;
	return true;
}

bool packed_model_open(struct packed *p, struct packed_model *m)
{
	*m = (struct packed_model){.file = p};
	const struct packed_section *side = packed_find(p, "sides", 8), *bias = packed_find(p, "bias", 4),
		*rows = packed_find(p, "rows", 0);
	if (p->kind != PACKED_MODEL)
		return failure_set(p->failure, STATUS_DATA, "%s: packed %s, where a model is expected", p->name,
				   PACKED_KIND_NAMES[p->kind]);
	if (!find_header(p, &m->header) || !find_ids(p, "keys", "key_ends", "keys_sorted", &m->ids))
		return false;
	uint32_t columns = (uint32_t)columns_count(m->header);
	if (!side || !bias || !rows || columns < 4 || side->count != PACKED_SIDES ||
	    rows->size != packed_stride(columns - 3) * sizeof(float) || bias->count != rows->count)
		return packed_bad(p, "its rows are not as they should be");
	const uint64_t *n = packed_data(p, side);
	for (uint32_t k = 0; k < PACKED_SIDES; k++) {
		if (n[k] > m->ids.n - m->side[k])
			return packed_bad(p, "its rows are not as they should be");
		m->side[k + 1] = m->side[k] + (uint32_t)n[k];
	}
	if (m->side[PACKED_SIDES] != m->ids.n || m->ids.n - m->side[1] != rows->count)
		return packed_bad(p, "its rows are not as they should be");
	m->factors = columns - 3;
	m->stride = rows->size / 4;
	m->bias = packed_data(p, bias);
	m->rows = packed_data(p, rows);
	return true;
}
