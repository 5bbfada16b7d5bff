/* Any bytes as a packed file: refused, or a table that packs to the same table again. The first byte
 * picks what the bytes are: a file as it is; one whose checksums are made right first, so that what
 * is behind them is reached; a table that is to be packed, as one of the kinds. */
#include "fuzz.h"
#include "../packed-mend.h"
#include "base/buffer.h"
#include "domain/model.h"
#include "domain/neighbors.h"
#include "streams/packing.h"

struct form {
	enum packed_kind kind;
	bool doubles;
};

static struct buffer text_of(const void *file, size_t n, struct form *form)
{
	struct buffer text = {0};
	void *aligned = memory_aligned(n ? n : 1, 1);
	if (n)
		memcpy(aligned, file, n);
	struct packed *p = packed_open_memory(aligned, n, "fuzz", NULL);
	struct packed_text *t = packed_text_open(p);
	size_t got;
	while ((got = packed_text_read(t, buffer_room(&text, 100), 100)) > 0)
		text.n += got;
	struct packed_lists lists = {0};
	if (p->kind != PACKED_MODEL)
		packed_lists_open(p, &lists);
	*form = (struct form){p->kind, lists.doubles};
	packed_text_close(t);
	packed_close(p);
	return text;
}

static void lookups(const void *file, size_t n)
{
	void *aligned = memory_aligned(n ? n : 1, 1);
	if (n)
		memcpy(aligned, file, n);
	struct packed *p = packed_open_memory(aligned, n, "fuzz", NULL);
	struct packed_lists l;
	if (p->kind != PACKED_MODEL) {
		packed_lists_open(p, &l);
		for (uint32_t i = 0; i < l.keys.n; i++) {
			struct span id = packed_id(&l.keys, i);
			if (id.at)
				packed_find_id(&l.keys, id);
			packed_lists_range(&l, i, &(uint64_t){0}, &(uint64_t){0});
		}
		packed_find_id(&l.members, span_of("i1"));
	}
	packed_close(p);
}

static struct buffer pack(struct form form, struct span text)
{
	struct buffer file = {0};
	struct packing *p = packing_open(form.kind, &file, "fuzz", NULL);
	if (form.doubles)
		packing_use_doubles(p);
	size_t half = text.n / 2;
	packing_add(p, (struct span){text.at, half});
	packing_add(p, (struct span){text.at + half, text.n - half});
	packing_end(p);
	packing_free(p);
	return file;
}

/* What a tool makes of it. */
static void read_as_tool(const void *bytes, size_t n, enum packed_kind kind)
{
	char path[32];
	int file = fuzz_file(bytes, n, path);
	char *files[] = {path};
	struct table *t = table_open(files, 1, &(struct table_format){0});
	if (kind == PACKED_MODEL) {
		model_free(model_read(t));
	} else if (kind == PACKED_NEIGHBORS) {
		struct neighbors_reader r = neighbors_open(t);
		neighbors_free(neighbors_read(&r));
	} else {
		while (table_next(t))
			continue;
	}
	table_close(t);
	close(file);
}

static void read_file(void *context)
{
	const struct fuzz_picked *b = context;
	struct form form, again;
	struct buffer text = text_of(b->at, b->n, &form);
	struct buffer file = pack(form, (struct span){text.data, text.n});
	struct buffer second = text_of(file.data, file.n, &again);
	if (second.n != text.n || (text.n && memcmp(text.data, second.data, text.n) != 0))
		abort();
	read_as_tool(b->at, b->n, form.kind);
	buffer_free(&text);
	buffer_free(&file);
	buffer_free(&second);
}

static void pack_text(void *context)
{
	const struct fuzz_picked *b = context;
	struct form form = {b->pick % 4 == 2 ? PACKED_MODEL : PACKED_LISTS, b->pick % 8 == 7}, again;
	struct span text = {(const char *)b->at, b->n};
	struct buffer file = pack(form, text), second = text_of(file.data, file.n, &again);
	if (second.n != text.n || memcmp(text.at, second.data, text.n) != 0)
		abort();
	buffer_free(&file);
	buffer_free(&second);
}

static void look_up(void *context)
{
	const struct fuzz_picked *b = context;
	lookups(b->at, b->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	log_level = LOG_QUIET;
	if (n == 0)
		return 0;
	struct fuzz_picked b = {data[0], data + 1, n - 1};
	if (b.pick % 4 >= 2) {
		fuzz_run(pack_text, &b);
		return 0;
	}
	unsigned char *copy = memory_new(n, 1);
	memcpy(copy, b.at, b.n);
	if (b.pick % 4 == 1)
		packed_mend(copy, b.n);
	b.at = copy;
	fuzz_run(read_file, &b);
	fuzz_run(look_up, &b);
	free(copy);
	return 0;
}
