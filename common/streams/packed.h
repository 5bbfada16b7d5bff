/* packed.h - the packed form of a model, of neighbors or of lists: one binary file that is
 * mapped, shared by all processes of a machine and opened without being read.
 *
 * The layout is described in recpipe-formats(5), "packed files". A file has a head, sections
 * that begin at multiples of 64 bytes, a directory of them, and a tail; all numbers are little
 * endian. Opening checks head, directory (its checksum too) and tail, and that the sections lie
 * one after the other in the file; it takes microseconds. What a section holds is checked by
 * packed_check, which reads it all, and by those who read single values, each time.
 *
 * A file is replaced by rename, never changed in place: one that is cut short while it is
 * mapped ends the program with a message (SIGBUS). A program that does not call packed_use_maps
 * (a library's) has files read into memory instead.
 */
#ifndef RECPIPE_STREAMS_PACKED_H
#define RECPIPE_STREAMS_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/failure.h"
#include "base/span.h"

enum packed_kind { PACKED_MODEL = 1, PACKED_NEIGHBORS, PACKED_LISTS, PACKED_KINDS };
enum {
	PACKED_VERSION = 1,
	PACKED_ALIGN = 64,
	PACKED_MAGIC_SIZE = 8,
	PACKED_NAME_SIZE = 16,
	PACKED_SECTIONS_MAX = 16,
	PACKED_SIDES = 5, /* the kinds of a model's rows; the first are the meta rows */
};

extern const char PACKED_MAGIC[PACKED_MAGIC_SIZE];
extern const char *const PACKED_KIND_NAMES[PACKED_KINDS];
extern const char *const PACKED_SIDE_NAMES[PACKED_SIDES];

/* As they lie in the file. */
struct packed_head {
	char magic[PACKED_MAGIC_SIZE];
	uint32_t version, kind;
	uint8_t zero[48];
};

struct packed_section {
	char name[PACKED_NAME_SIZE]; /* zeros after it */
	uint64_t offset, count;      /* of elements */
	uint32_t size, crc;          /* bytes of an element; CRC-32 of the section's bytes */
	uint64_t zero;
};

struct packed_tail {
	uint64_t directory, bytes;   /* where the directory begins; the file's size */
	uint32_t sections, crc;      /* CRC-32 of head, directory and the first 20 bytes of this */
	uint8_t zero[32];
	char magic[PACKED_MAGIC_SIZE];
};

struct packed {
	const unsigned char *bytes;
	uint64_t size;
	char *name;                  /* of the file, for messages */
	enum packed_kind kind;
	const struct packed_section *section;
	uint32_t sections;
	void *owned, *mapped;        /* the bytes, by what they are to be given back */
	struct failure *failure;
};

/* From now on files are mapped; SIGBUS is caught. */
void packed_use_maps(void);

/* What that sets: NULL where it cannot be mapped. */
extern void *(*packed_map)(int file, uint64_t size);
extern void (*packed_unmap)(void *at, uint64_t size);

/* Do these bytes begin as a packed file does? */
bool packed_begins(const void *bytes, size_t n);

/* Opens a file that lies in memory, at a multiple of 64 bytes; the bytes are freed by packed_close,
 * or now when it fails. NULL when the failure has a reason to (without one: ends the program, exit
 * 3). */
struct packed *packed_open_memory(void *bytes, size_t size, const char *name, struct failure *failure);

/* Maps a regular file of `size` bytes; the descriptor may be closed afterwards. Where it cannot be
 * mapped: as packed_open_memory, from what read(2) gives. */
struct packed *packed_open_file(int file, uint64_t size, const char *name, struct failure *failure);

void packed_close(struct packed *p);

/* Sets `why` to be what is wrong with the file. Returns false. */
bool packed_bad(const struct packed *p, const char *why);

/* The section of that name, which must have elements of `size` bytes; NULL when it is not so. */
const struct packed_section *packed_find(const struct packed *p, const char *name, uint32_t size);

static inline const void *packed_data(const struct packed *p, const struct packed_section *s)
{
	return p->bytes + s->offset;
}

/* Ids by number, and their numbers in the order of their bytes. */
struct packed_ids {
	const char *text;
	const uint64_t *end;     /* n + 1, from 0: id i is text from end[i] to before end[i + 1] */
	const uint32_t *sorted;  /* n */
	uint64_t text_n;
	uint32_t n;
};

/* An id; an empty one with `at` NULL where the file is damaged. i < n. */
struct span packed_id(const struct packed_ids *ids, uint32_t i);

/* The number of an id among sorted[from] to before sorted[to]: by halving. UINT32_MAX: it is not there. */
uint32_t packed_find_id_among(const struct packed_ids *ids, uint32_t from, uint32_t to, struct span id);

/* The number of an id: by halving. UINT32_MAX: it is not there. */
uint32_t packed_find_id(const struct packed_ids *ids, struct span id);

/* Neighbors or lists: what belongs to each key, in the order of the stream. */
struct packed_lists {
	struct packed *file;
	struct packed_ids keys, members;
	const uint64_t *start;   /* keys.n + 1, from 0 */
	const unsigned char *entries;
	uint32_t entry_size;     /* 4: members; 8: with weights; 16: with counts, or doubles */
	bool doubles;            /* scores are in double precision */
	uint64_t rows;
	struct span header;      /* of the table: names and TABs, no LF */
};

struct packed_entry {
	uint32_t member;
	double weight;           /* a score */
	uint64_t count;
};

/* Bytes of an entry, by the number of the table's columns: the ids', and up to two more. Lists may
 * have 16, too: then the score is a double, at 8, after 4 zeros. */
static inline uint32_t packed_entry_size(enum packed_kind kind, uint32_t columns)
{
	return 4u << (columns - (kind == PACKED_LISTS ? 3 : 2));
}

/* False, as packed_bad, when the file is not one of these. */
bool packed_lists_open(struct packed *p, struct packed_lists *lists);

/* The entry of a row: row < rows. */
static inline struct packed_entry packed_entry(const struct packed_lists *l, uint64_t row)
{
	const unsigned char *at = l->entries + row * l->entry_size;
	struct packed_entry e = {0};
	memcpy(&e.member, at, sizeof e.member);
	if (l->doubles) {
		memcpy(&e.weight, at + 8, sizeof e.weight);
		return e;
	}
	float weight = 0;
	if (l->entry_size >= 8)
		memcpy(&weight, at + 4, sizeof weight);
	if (l->entry_size == 16)
		memcpy(&e.count, at + 8, sizeof e.count);
	e.weight = (double)weight;
	return e;
}

/* The rows of a key; false where the file is damaged. key < keys.n. */
static inline bool packed_lists_range(const struct packed_lists *l, uint32_t key, uint64_t *from,
				      uint64_t *to)
{
	*from = l->start[key];
	*to = l->start[key + 1];
	return *from <= *to && *to <= l->rows;
}

/* A model: rows of floats, those of meta rows left out. */
struct packed_model {
	struct packed *file;
	struct packed_ids ids;   /* of all rows, in the order of the stream, sorted within their kind */
	uint32_t side[PACKED_SIDES + 1]; /* rows of kind k: side[k] to before side[k + 1] */
	uint32_t factors, stride;
	const float *bias, *rows; /* of row i: bias[i - side[1]], rows + (i - side[1]) * stride */
	struct span header;
};

/* Floats from one row to the next: the factors, and zeros up to a multiple of 64 bytes. */
static inline uint32_t packed_stride(uint32_t factors)
{
	return (factors + 15) / 16 * 16;
}

bool packed_model_open(struct packed *p, struct packed_model *model);

/* Checks the checksum of one section, and the zeros after it. */
bool packed_check_sum(const struct packed *p, const struct packed_section *s);

/* Checks the checksums of all sections. */
bool packed_check_sums(const struct packed *p);

/* Checks everything: checksums, ids, numbers. False, as packed_bad, at the first that is wrong. */
bool packed_check(struct packed *p);

/* The same, but for a model's rows of factors, the bulk of the file. */
bool packed_check_but_rows(struct packed *p);

/* For who reads a model's rows of factors in their order, once: checks row number `row` (from 0), and,
 * with the last one, their checksum and what is after them. `crc` is 0 before the first. */
bool packed_check_row(const struct packed_model *m, uint64_t row, uint32_t *crc);

/* The file's table as TSV, piece by piece. The first piece is the header; before the second one the
 * file is checked by packed_check. */
struct packed_text;
struct packed_text *packed_text_open(struct packed *p); /* NULL: as packed_bad */

/* Up to `n` bytes of it; 0 at the end, and when the failure has a reason to. */
size_t packed_text_read(struct packed_text *t, char *to, size_t n);
void packed_text_close(struct packed_text *t);

/* From now on only the rows of the ids that are asked for are given out: of a list's or neighbors'
 * key; of a model those of that id, of every kind. Nothing else of the file is read or checked.
 * Adds to `rows` how many there are; false, as packed_bad, where the file is damaged there. Before
 * the first read. */
bool packed_text_take(struct packed_text *t, struct span id, uint64_t *rows);

/* Has nothing but the header been given out, so that another reader may read the rest? */
bool packed_text_is_new(const struct packed_text *t);

#endif
