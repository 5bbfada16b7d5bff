#include "streams/packing.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/strmap.h"
#include "streams/columns.h"

enum { FIELDS_MAX = 4 };

/* Ids that come one after the other, each once. */
struct ids {
	struct buffer text;
	uint64_t *end;           /* n + 1, from 0 */
	size_t n, capacity;
};

struct packing {
	enum packed_kind kind;
	bool doubles;            /* scores are */
	struct buffer *out;
	char *name;
	struct failure *failure;
	struct buffer header, rest; /* rest: of a line that is not complete */
	uint32_t columns;
	uint64_t offset;         /* bytes of the file so far */
	struct packed_section section[PACKED_SECTIONS_MAX];
	uint32_t sections;
	uint32_t crc;            /* of the section that grows */
	uint64_t count;          /* ... and its elements */
	struct ids keys;
	uint64_t *start;
	size_t start_capacity;
	struct strmap *members;
	float *row, *bias;       /* a model's */
	size_t bias_capacity;
	uint64_t side[PACKED_SIDES];
	uint32_t last_side;
	const struct packing_section *also; /* the writer's own */
	size_t also_n;
};

static bool bad(const struct packing *p, const char *why)
{
	return failure_set(p->failure, STATUS_FAILED, "%s: cannot be packed: %s", p->name, why);
}

/* ---- the file ---- */

static void put(struct packing *p, const void *bytes, size_t n)
{
	buffer_add(p->out, bytes, n);
	p->offset += n;
}

static void align(struct packing *p)
{
	static const char zeros[PACKED_ALIGN];
	put(p, zeros, (PACKED_ALIGN - p->offset % PACKED_ALIGN) % PACKED_ALIGN);
}

static struct packed_head head_of(const struct packing *p)
{
	struct packed_head head = {.version = PACKED_VERSION, .kind = (uint32_t)p->kind};
	memcpy(head.magic, PACKED_MAGIC, sizeof head.magic);
	return head;
}

static struct packed_section *begin_section(struct packing *p, const char *name, uint32_t size)
{
	struct packed_section *s = &p->section[p->sections++];
	*s = (struct packed_section){.offset = p->offset, .size = size};
	memcpy(s->name, name, strlen(name));
	return s;
}

static void put_section(struct packing *p, const char *name, uint32_t size, const void *bytes, uint64_t count)
{
	struct packed_section *s = begin_section(p, name, size);
	s->count = count;
	s->crc = (uint32_t)crc32_z(0, bytes ? bytes : "", count * size);
	put(p, bytes, count * size);
	align(p);
}

/* An element of the section that grows, the first of the file. */
static void put_element(struct packing *p, const void *element)
{
	uint32_t size = p->section[0].size;
	p->crc = (uint32_t)crc32_z(p->crc, element, size);
	p->count++;
	put(p, element, size);
}

static void add_id(struct ids *ids, struct span id)
{
	ids->end = memory_grow(ids->end, &ids->capacity, ids->n + 2, sizeof *ids->end);
	ids->end[0] = 0;
	buffer_add_span(&ids->text, id);
	ids->end[++ids->n] = ids->text.n;
}

static struct span id_of(const struct ids *ids, uint64_t i)
{
	return (struct span){ids->text.data + ids->end[i], ids->end[i + 1] - ids->end[i]};
}

static int by_id(const void *a, const void *b, void *context)
{
	const struct ids *ids = context;
	return span_compare(id_of(ids, *(const uint32_t *)a), id_of(ids, *(const uint32_t *)b));
}

/* Puts the numbers from `from` to before `to`, which come in the order of the stream, into that of
 * their ids. */
static bool sort_ids(const struct ids *ids, uint32_t *sorted, uint64_t from, uint64_t to)
{
	bool in_order = true;
	for (uint64_t i = from; i < to; i++) {
		sorted[i] = (uint32_t)i;
		in_order = in_order && (i == from || span_compare(id_of(ids, i - 1), id_of(ids, i)) < 0);
	}
	if (in_order)
		return true;
	qsort_r(sorted + from, to - from, sizeof *sorted, by_id, (void *)(uintptr_t)ids);
	for (uint64_t i = from + 1; i < to; i++)
		if (span_equal(id_of(ids, sorted[i - 1]), id_of(ids, sorted[i])))
			return false;
	return true;
}

/* ---- rows ---- */

/* How many fields the line has; more than `most`: most + 1. */
static size_t split_line(struct span line, struct span *fields, size_t most)
{
	size_t n = 0;
	for (struct span field; span_next(&line, '\t', &field); fields[n++] = field)
		if (n == most)
			return n + 1;
	return n;
}

/* A float that is printed again as it stands there. */
static bool take_float(struct span text, float *x)
{
	char again[NUMBER_SIZE];
	return number_float(text.at, text.n, x) == NUMBER_OK &&
	       span_equal(text, (struct span){again, number_write_float(*x, again)});
}

static bool take_double(struct span text, double *x)
{
	char again[NUMBER_SIZE];
	return number_double(text.at, text.n, x) == NUMBER_OK &&
	       span_equal(text, (struct span){again, number_write_double(*x, again)});
}

static bool take_number(struct span text, uint64_t *x)
{
	char again[NUMBER_SIZE];
	return number_u64(text.at, text.n, x) == NUMBER_OK &&
	       span_equal(text, (struct span){again, number_write_u64(*x, again)});
}

/* As it lies in the file, the first `size` bytes of it. */
struct entry {
	uint32_t member;
	float weight;
	union {
		uint64_t count;
		double score;
	};
};

static bool add_list_row(struct packing *p, struct span line)
{
	struct span f[FIELDS_MAX];
	if (split_line(line, f, FIELDS_MAX) != p->columns)
		return bad(p, "a row has another number of fields than the header");
	if (p->keys.n == 0 || !span_equal(id_of(&p->keys, p->keys.n - 1), f[0])) {
		if (p->keys.n >= UINT32_MAX - 1)
			return bad(p, "too many lists");
		add_id(&p->keys, f[0]);
		p->start = memory_grow(p->start, &p->start_capacity, p->keys.n + 1, sizeof *p->start);
		p->start[p->keys.n - 1] = p->count;
	}
	uint32_t at = p->kind == PACKED_LISTS, size = p->section[0].size;
	uint64_t rank = 0;
	struct entry e = {0};
	if (at && (!take_number(f[1], &rank) || rank != p->count - p->start[p->keys.n - 1] + 1))
		return bad(p, "the ranks are not 1, 2, 3, ...");
	if (size >= 8 && !p->doubles && !take_float(f[at + 2], &e.weight))
		return bad(p, "a number is not in single precision, as the shortest text");
	if (size == 16 && p->doubles && !take_double(f[at + 2], &e.score))
		return bad(p, "a number is not in double precision, as the shortest text");
	if (size == 16 && !p->doubles && !take_number(f[at + 3], &e.count))
		return bad(p, "a count is not a whole number");
	e.member = strmap_add(p->members, f[at + 1]);
	put_element(p, &e);
	return true;
}

static bool find_side(struct span name, uint32_t *side)
{
	for (*side = 0; *side < PACKED_SIDES; ++*side)
		if (span_equal(name, span_of(PACKED_SIDE_NAMES[*side])))
			return true;
	return false;
}

/* The fields from the bias on, cut off one by one. */
static bool next_float(struct span *rest, float *x)
{
	struct span field;
	return span_next(rest, '\t', &field) && take_float(field, x);
}

static bool begin_model_row(struct packing *p, uint32_t side, struct span id)
{
	if (side < p->last_side || p->keys.n >= UINT32_MAX - 1)
		return bad(p, "its rows are not those of a model");
	p->last_side = side;
	p->side[side]++;
	add_id(&p->keys, id);
	return true;
}

/* The factors are in p->row. */
static bool end_model_row(struct packing *p, uint32_t side, float bias)
{
	if (side == 0)
		return true;
	p->bias = memory_grow(p->bias, &p->bias_capacity, p->count + 1, sizeof *p->bias);
	p->bias[p->count] = bias;
	put_element(p, p->row);
	return true;
}

static bool add_model_row(struct packing *p, struct span line)
{
	struct span kind, id, rest = line;
	uint32_t side;
	if (!span_next(&rest, '\t', &kind) || !span_next(&rest, '\t', &id) || !rest.at || !find_side(kind, &side))
		return bad(p, "its rows are not those of a model");
	if (!begin_model_row(p, side, id))
		return false;
	float bias;
	bool good = next_float(&rest, &bias);
	for (uint32_t i = 0; good && i < p->columns - 3; i++)
		good = next_float(&rest, &p->row[i]);
	if (!good || rest.at)
		return bad(p, "a number is not in single precision, as the shortest text");
	return end_model_row(p, side, bias);
}

bool packing_add_model_row(struct packing *p, uint32_t side, struct span id, float bias, const float *factors,
			   uint32_t n)
{
	if (p->sections == 0 || p->rest.n || p->kind != PACKED_MODEL || n != p->columns - 3)
		return bad(p, "its rows are not those of a model");
	bool finite = isfinite(bias);
	for (uint32_t f = 0; f < n; f++)
		finite = finite && isfinite(factors[f]);
	if (!finite)
		return bad(p, "a number is not finite");
	if (!begin_model_row(p, side, id))
		return false;
	for (uint32_t f = 0; f < n; f++)
		p->row[f] = factors[f] + 0.0f; /* -0, whose text is 0 */
	return end_model_row(p, side, bias + 0.0f);
}

static bool take_header(struct packing *p, struct span line)
{
	p->columns = (uint32_t)columns_count(line);
	if (p->kind == PACKED_MODEL ? p->columns < 4 : p->columns < 3 || p->columns > FIELDS_MAX)
		return bad(p, "its columns are not those of such a table");
	buffer_add_span(&p->header, line);
	if (p->kind == PACKED_MODEL) {
		uint32_t stride = packed_stride(p->columns - 3);
		p->row = memory_aligned(stride, sizeof *p->row);
		begin_section(p, "rows", stride * 4);
	} else {
		bool doubles = p->doubles && p->columns == 4;
		begin_section(p, "entries", doubles ? 16 : packed_entry_size(p->kind, p->columns));
	}
	return true;
}

static bool add_line(struct packing *p, struct span line)
{
	if (p->sections == 0)
		return take_header(p, line);
	return p->kind == PACKED_MODEL ? add_model_row(p, line) : add_list_row(p, line);
}

/* ---- */

struct packing *packing_open(enum packed_kind kind, struct buffer *out, const char *name,
			     struct failure *failure)
{
	struct packing *p = memory_zero(1, sizeof *p);
	p->kind = kind;
	p->out = out;
	p->name = memory_text(name, strlen(name));
	p->failure = failure;
	p->members = strmap_new();
	struct packed_head head = head_of(p);
	put(p, &head, sizeof head);
	return p;
}

void packing_use_doubles(struct packing *p)
{
	p->doubles = p->kind == PACKED_LISTS;
}

bool packing_add(struct packing *p, struct span text)
{
	while (text.n) {
		const char *lf = memchr(text.at, '\n', text.n);
		struct span line = {text.at, lf ? (size_t)(lf - text.at) : text.n};
		if (!lf || p->rest.n)
			buffer_add_span(&p->rest, line);
		if (!lf)
			return true;
		text.at += line.n + 1;
		text.n -= line.n + 1;
		if (p->rest.n)
			line = (struct span){p->rest.data, p->rest.n};
		p->rest.n = 0;
		if (!add_line(p, line))
			return false;
	}
	return true;
}

static bool put_keys(struct packing *p)
{
	uint32_t *sorted = memory_new(p->keys.n + 1, sizeof *sorted);
	uint64_t none = 0, from = 0;
	bool good = true;
	if (p->kind != PACKED_MODEL)
		good = sort_ids(&p->keys, sorted, 0, p->keys.n);
	for (uint32_t k = 0; p->kind == PACKED_MODEL && k < PACKED_SIDES; from += p->side[k++])
		good = good && sort_ids(&p->keys, sorted, from, from + p->side[k]);
	put_section(p, "keys", 1, p->keys.text.data, p->keys.text.n);
	put_section(p, "key_ends", 8, p->keys.n ? p->keys.end : &none, p->keys.n + 1);
	put_section(p, "keys_sorted", 4, sorted, p->keys.n);
	free(sorted);
	return good || bad(p, "an id comes twice");
}

static void put_members(struct packing *p)
{
	struct ids ids = {0};
	uint64_t none = 0;
	uint32_t n = strmap_count(p->members), *sorted = strmap_sorted(p->members);
	for (uint32_t i = 0; i < n; i++)
		add_id(&ids, strmap_key(p->members, i));
	put_section(p, "members", 1, ids.text.data, ids.text.n);
	put_section(p, "member_ends", 8, n ? ids.end : &none, n + 1);
	put_section(p, "members_sorted", 4, sorted, n);
	free(sorted);
	buffer_free(&ids.text);
	free(ids.end);
}

static void put_meta(struct packing *p)
{
	struct buffer meta = {0};
	buffer_format(&meta, "program=%s\nversion=%s\n", program_name, RECPIPE_VERSION);
	put_section(p, "header", 1, p->header.data, p->header.n);
	put_section(p, "meta", 1, meta.data, meta.n);
	buffer_free(&meta);
}

static void put_directory(struct packing *p)
{
	struct packed_head head = head_of(p);
	size_t n = p->sections * sizeof *p->section;
	struct packed_tail tail = {.directory = p->offset, .bytes = p->offset + n + sizeof tail,
		.sections = p->sections};
	memcpy(tail.magic, PACKED_MAGIC, sizeof tail.magic);
	uLong crc = crc32_z(0, (const void *)&head, sizeof head);
	crc = crc32_z(crc, (const void *)p->section, n);
	tail.crc = (uint32_t)crc32_z(crc, (const void *)&tail, offsetof(struct packed_tail, crc));
	put(p, p->section, n);
	put(p, &tail, sizeof tail);
}

void packing_also(struct packing *p, const struct packing_section *sections, size_t n)
{
	p->also = sections;
	p->also_n = n;
}

bool packing_end(struct packing *p)
{
	if (p->rest.n || p->sections == 0)
		return bad(p, "its last row has no end");
	p->section[0].count = p->count;
	p->section[0].crc = p->crc;
	align(p);
	if (p->kind == PACKED_MODEL) {
		put_section(p, "bias", 4, p->bias, p->count);
		put_section(p, "sides", 8, p->side, PACKED_SIDES);
	} else {
		uint64_t none = 0;
		if (p->keys.n)
			p->start[p->keys.n] = p->count;
		put_section(p, "start", 8, p->keys.n ? p->start : &none, p->keys.n + 1);
	}
	if (!put_keys(p))
		return false;
	if (p->kind != PACKED_MODEL)
		put_members(p);
	put_meta(p);
	for (size_t i = 0; i < p->also_n; i++)
		put_section(p, p->also[i].name, (uint32_t)p->also[i].size, p->also[i].bytes, p->also[i].count);
	put_directory(p);
	return true;
}

void packing_free(struct packing *p)
{
	if (!p)
		return;
	buffer_free(&p->header);
	buffer_free(&p->rest);
	buffer_free(&p->keys.text);
	free(p->keys.end);
	free(p->start);
	strmap_free(p->members);
	free(p->name);
	free(p->row);
	free(p->bias);
	free(p);
}
