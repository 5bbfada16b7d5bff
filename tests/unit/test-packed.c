/* Packed files: the same text again, lookups, and every file that is not as it was refused: cut at
 * every length, any bit turned, and what a file with right checksums may still lie about. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "streams/packing.h"
#include "../packed-mend.h"
#include "unit.h"

static const char NEIGHBORS[] =
	"item\tneighbor\tweight\tcount\n10\tz\t2\t7\n10\t9\t0.001\t18446744073709551615\n9\t10\t-2.5\t0\n"
	"\xc3\xa4\tz\t1e-7\t1\n";
static const char LISTS[] = "user\trank\titem\tscore\nu2\t1\tb\t3.5\nu2\t2\ta\t-1e9\nu1\t1\ta\t0\n";
static const char UNSCORED[] = "user\trank\titem\nu1\t1\tb\nu1\t2\ta\n";
/* scores in double precision */
static const char PRECISE[] = "user\trank\titem\tscore\nu2\t1\tb\t0.1234567890123\nu2\t2\ta\t-1e-300\n";
static const char MODEL[] =
	"kind\tid\tbias\tf0\tf1\nmeta\tloss=warp\t0\t0\t0\nitem\tb\t0.5\t1\t-2\nitem\ta\t0\t1e-7\t3\n"
	"user\ta\t1\t2\t3.25\n";

static struct buffer pack(enum packed_kind kind, const char *text, struct failure *failure)
{
	struct buffer file = {0};
	struct packing *p = packing_open(kind, &file, "file", failure);
	if (text == PRECISE)
		packing_use_doubles(p);
	for (size_t i = 0; i < strlen(text); i += 5) { /* in pieces, as an output flushes */
		size_t left = strlen(text) - i;
		if (!packing_add(p, (struct span){text + i, left < 5 ? left : 5}))
			break;
	}
	if (!has_failed(failure))
		packing_end(p);
	packing_free(p);
	return file;
}

static struct packed *open_copy(const void *file, size_t n, struct failure *failure)
{
	void *copy = memory_aligned(n ? n : 1, 1);
	if (n)
		memcpy(copy, file, n);
	return packed_open_memory(copy, n, "file", failure);
}

static bool is_good(const void *file, size_t n, struct failure *failure)
{
	*failure = (struct failure){0};
	struct packed *p = open_copy(file, n, failure);
	bool good = p && packed_check(p);
	packed_close(p);
	return good;
}

static void round_trip(enum packed_kind kind, const char *text)
{
	struct failure failure = {0};
	struct buffer file = pack(kind, text, &failure), again = {0};
	struct packed *p = open_copy(file.data, file.n, &failure);
	if (!CHECK(p))
		return;
	struct packed_text *t = packed_text_open(p);
	size_t got;
	while ((got = packed_text_read(t, buffer_room(&again, 7), 7)) > 0)
		again.n += got;
	CHECK(again.n == strlen(text) && memcmp(again.data, text, again.n) == 0);
	packed_text_close(t);
	packed_close(p);
	buffer_free(&again);
	for (size_t n = 0; n < file.n; n++) /* cut */
		CHECK(!is_good(file.data, n, &failure) && failure.status == STATUS_DATA);
	for (size_t i = 0; i < file.n * 8; i++) { /* one bit turned */
		file.data[i / 8] ^= (char)(1 << i % 8);
		CHECK(!is_good(file.data, file.n, &failure) && failure.status == STATUS_DATA);
		file.data[i / 8] ^= (char)(1 << i % 8);
	}
	CHECK(is_good(file.data, file.n, &failure));
	buffer_free(&file);
}

static void round_trips(void)
{
	round_trip(PACKED_NEIGHBORS, NEIGHBORS);
	round_trip(PACKED_NEIGHBORS, "item\tneighbor\tweight\n");
	round_trip(PACKED_LISTS, LISTS);
	round_trip(PACKED_LISTS, UNSCORED);
	round_trip(PACKED_LISTS, PRECISE);
	round_trip(PACKED_MODEL, MODEL);
	round_trip(PACKED_MODEL, "kind\tid\tbias\tf0\n");
}

static void lookups(void)
{
	struct failure failure = {0};
	struct buffer file = pack(PACKED_LISTS, LISTS, &failure);
	struct packed *p = open_copy(file.data, file.n, &failure);
	struct packed_lists l;
	uint64_t from, to;
	if (!CHECK(p && packed_lists_open(p, &l)))
		return;
	CHECK(packed_find_id(&l.keys, span_of("u2")) == 0 && packed_find_id(&l.keys, span_of("u1")) == 1);
	CHECK(packed_find_id(&l.keys, span_of("u")) == UINT32_MAX);
	CHECK(packed_find_id(&l.keys, span_of("u3")) == UINT32_MAX);
	CHECK(packed_lists_range(&l, 0, &from, &to) && from == 0 && to == 2);
	CHECK(span_equal(packed_id(&l.members, packed_entry(&l, 1).member), span_of("a")));
	CHECK(packed_entry(&l, 0).weight == 3.5);
	packed_close(p);
	buffer_free(&file);
}

/* What cannot be packed: it would not be the same text again. */
static void refused_text(enum packed_kind kind, const char *text)
{
	struct failure failure = {0};
	struct buffer file = pack(kind, text, &failure);
	CHECK(failure.status == STATUS_FAILED);
	buffer_free(&file);
}

static void refusals(void)
{
	refused_text(PACKED_LISTS, "user\trank\titem\tscore\nu\t2\ta\t1\n");
	refused_text(PACKED_LISTS, "user\trank\titem\tscore\nu\t1\ta\t1\nv\t1\ta\t1\nu\t1\tb\t1\n");
	refused_text(PACKED_LISTS, "user\trank\titem\tscore\nu\t1\ta\t1.0\n");
	refused_text(PACKED_LISTS, "user\trank\titem\tscore\nu\t1\ta\t0.1234567890123\n");
	refused_text(PACKED_LISTS, "user\trank\titem\tscore\nu\t1\ta\n");
	refused_text(PACKED_LISTS, "user\trank\titem\tscore\nu\t1\ta\t1");
	refused_text(PACKED_NEIGHBORS, "item\tneighbor\tweight\tcount\na\tb\t1\t-1\n");
	refused_text(PACKED_MODEL, "kind\tid\tbias\tf0\nuser\ta\t1\t1\nitem\ta\t1\t1\n");
	refused_text(PACKED_MODEL, "kind\tid\tbias\tf0\nuser\ta\t1\t1\nuser\ta\t1\t1\n");
	refused_text(PACKED_MODEL, "kind\tid\tbias\tf0\nuser\ta\t1\n");
	refused_text(PACKED_MODEL, "kind\tid\tbias\tf0\nuser\ta\t1\t1\t1\n");
	refused_text(PACKED_MODEL, "kind\tid\tbias\tf0\nuser\ta\n");
	refused_text(PACKED_MODEL, "kind\tid\tbias\tf0\nuser\n");
}

/* ---- files whose checksums are right ---- */

static struct packed_section *section_of(struct buffer *file, const char *name)
{
	struct packed_tail tail;
	memcpy(&tail, file->data + file->n - sizeof tail, sizeof tail);
	struct packed_section *s = (void *)(file->data + tail.directory);
	for (uint32_t i = 0; i < tail.sections; i++)
		if (strcmp(s[i].name, name) == 0)
			return &s[i];
	abort();
}

static void seal(struct buffer *file)
{
	packed_mend((unsigned char *)file->data, file->n);
}

/* Puts `n` bytes at `at` of a section, and expects a message with `word`. */
static void lie(enum packed_kind kind, const char *text, const char *section, size_t at, const void *bytes,
		size_t n, const char *word)
{
	struct failure failure = {0};
	struct buffer file = pack(kind, text, &failure);
	memcpy(file.data + section_of(&file, section)->offset + at, bytes, n);
	seal(&file);
	CHECK(!is_good(file.data, file.n, &failure));
	if (!CHECK(failure.status == STATUS_DATA && strstr(failure.text, word)))
		printf("%s at %zu: %s\n", section, at, failure.text);
	buffer_free(&file);
}

static void lies(void)
{
	const uint32_t nan = 0x7fc00000, big = 1000, swapped[] = {1, 0}, twice[] = {0, 0};
	const uint64_t huge = UINT64_MAX, one = 1, two = 2;
	lie(PACKED_LISTS, LISTS, "entries", 0, &big, 4, "not there");
	lie(PACKED_LISTS, LISTS, "entries", 4, &nan, 4, "not finite");
	lie(PACKED_LISTS, PRECISE, "entries", 4, &big, 4, "not 0");
	lie(PACKED_LISTS, PRECISE, "entries", 24, &(double){HUGE_VAL}, 8, "not finite");
	lie(PACKED_LISTS, LISTS, "keys_sorted", 0, twice, 8, "not sorted");
	lie(PACKED_LISTS, LISTS, "keys_sorted", 0, (uint32_t[]){0, 1}, 8, "not sorted");
	lie(PACKED_LISTS, LISTS, "members_sorted", 0, (uint32_t[]){0, 1}, 8, "not sorted");
	lie(PACKED_LISTS, LISTS, "members_sorted", 0, &big, 4, "not sorted");
	lie(PACKED_LISTS, LISTS, "start", 8, &huge, 8, "lists");
	lie(PACKED_LISTS, LISTS, "start", 0, &one, 8, "lists");
	lie(PACKED_LISTS, LISTS, "start", 16, &two, 8, "lists");
	lie(PACKED_LISTS, LISTS, "key_ends", 8, &huge, 8, "ids");
	lie(PACKED_LISTS, LISTS, "keys", 0, "\n", 1, "TAB");
	lie(PACKED_LISTS, LISTS, "keys", 0, "\0", 1, "TAB");
	lie(PACKED_LISTS, LISTS, "header", 1, "\n", 1, "header");
	lie(PACKED_LISTS, LISTS, "header", 4, "x", 1, "rows");
	lie(PACKED_MODEL, MODEL, "rows", 0, &nan, 4, "finite");
	lie(PACKED_MODEL, MODEL, "rows", 8, &big, 4, "padding");
	lie(PACKED_MODEL, MODEL, "bias", 4, &nan, 4, "bias");
	lie(PACKED_MODEL, MODEL, "sides", 0, &huge, 8, "rows");
	lie(PACKED_MODEL, MODEL, "sides", 0, &two, 8, "rows");
	lie(PACKED_MODEL, MODEL, "keys_sorted", 4, swapped, 8, "not sorted");
}

/* A directory that lies: `field` of the section's entry. */
static void lie_of(const char *section, size_t field, uint64_t value, size_t n, const char *word)
{
	struct failure failure = {0};
	struct buffer file = pack(PACKED_NEIGHBORS, NEIGHBORS, &failure);
	memcpy((char *)section_of(&file, section) + field, &value, n);
	seal(&file);
	CHECK(!is_good(file.data, file.n, &failure) && failure.status == STATUS_DATA &&
	      strstr(failure.text, word));
	buffer_free(&file);
}

static void directories(void)
{
	static const uint64_t BAD[] = {0, 1, 64, UINT64_MAX, UINT64_MAX / 4 + 1, UINT64_MAX / 16 + 2};
	static const char *const NAMES[] = {"entries", "start", "keys", "key_ends", "keys_sorted", "meta"};
	for (size_t s = 0; s < sizeof NAMES / sizeof *NAMES; s++) {
		for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
			if (s || BAD[i] != 64) /* where the first section is */
				lie_of(NAMES[s], offsetof(struct packed_section, offset), BAD[i], 8, "");
			/* one byte fewer is no lie about what is only looked at */
			if (s < 5 || BAD[i] > 64)
				lie_of(NAMES[s], offsetof(struct packed_section, count), BAD[i], 8, "");
		}
		lie_of(NAMES[s], offsetof(struct packed_section, size), 0, 4, "");
		if (s == 0) /* as many bytes, modulo 2^64 */
			lie_of(NAMES[s], offsetof(struct packed_section, count), 4 + (UINT64_C(1) << 60), 8,
			       "overlap");
		if (s < 5)
			lie_of(NAMES[s], offsetof(struct packed_section, name), 'x', 1, "");
		lie_of(NAMES[s], offsetof(struct packed_section, zero), 1, 8, "");
	}
}

/* Versions and kinds of later programs. */
static void strangers(void)
{
	struct failure failure = {0};
	struct buffer file = pack(PACKED_LISTS, LISTS, &failure);
	file.data[8] = 2;
	seal(&file);
	CHECK(!is_good(file.data, file.n, &failure) && strstr(failure.text, "version 2"));
	file.data[8] = 1;
	file.data[12] = 9;
	seal(&file);
	CHECK(!is_good(file.data, file.n, &failure) && strstr(failure.text, "unknown kind"));
	file.data[12] = PACKED_MODEL;
	seal(&file);
	CHECK(!is_good(file.data, file.n, &failure) && failure.status == STATUS_DATA);
	buffer_free(&file);
}

int main(void)
{
	round_trips();
	lookups();
	refusals();
	lies();
	directories();
	strangers();
	return unit_finish();
}
