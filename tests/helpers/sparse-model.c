/* sparse-model GIGABYTES FILE [INDEXED] - a packed model of about that size, of which the disk has little: all
 * factors are 0 but those of the first item and the last user, and so are holes in the file. 1,000
 * items i0 ..., as many users u0 ... as fit, 4,096 factors, the meta row loss=warp. The
 * checksum of the holes is computed, not read. The index of INDEXED, what export-topk --packed=index
 * makes of a smaller one, is that of this one, too. */
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "streams/packed.h"

enum { FACTORS = 4096, ITEMS = 1000 };

struct file {
	int fd;
	uint64_t at;
	struct packed_section section[PACKED_SECTIONS_MAX];
	uint32_t sections;
};

static void put(struct file *f, const void *bytes, size_t n)
{
	const char *from = bytes;
	for (size_t done = 0; done < n;) {
		ssize_t got = pwrite(f->fd, from + done, n - done, (off_t)(f->at + done));
		if (got <= 0)
			die_errno(STATUS_FAILED, "cannot write");
		done += (size_t)got;
	}
	f->at += n;
}

static void add(struct file *f, const char *name, uint32_t size, uint64_t count, uint32_t crc)
{
	struct packed_section *s = &f->section[f->sections++];
	f->at = (f->at + PACKED_ALIGN - 1) / PACKED_ALIGN * PACKED_ALIGN;
	*s = (struct packed_section){.offset = f->at, .count = count, .size = size, .crc = crc};
	memcpy(s->name, name, strlen(name));
}

static void put_section(struct file *f, const char *name, uint32_t size, uint64_t count, const void *bytes)
{
	add(f, name, size, count, (uint32_t)crc32_z(0, bytes, size * count));
	put(f, bytes, size * count);
}

/* One row, zeros, one row. */
static void put_rows(struct file *f, uint64_t rows)
{
	static float row[FACTORS], zeros[FACTORS];
	const size_t size = sizeof row;
	for (size_t i = 0; i < FACTORS; i++)
		row[i] = (float)(i % 7) / 8;
	uLong one = crc32_z(0, (const void *)row, size), hole = 0, power = crc32_z(0, (const void *)zeros, size);
	uint64_t n = rows - 2, length = size;
	for (uint64_t bit = 1; bit <= n; bit *= 2, length *= 2) {
		if (n & bit)
			hole = crc32_combine64(hole, power, (off_t)length);
		power = crc32_combine64(power, power, (off_t)length);
	}
	uLong crc = crc32_combine64(one, hole, (off_t)(n * size));
	crc = crc32_combine64(crc, one, (off_t)size);
	add(f, "rows", (uint32_t)size, rows, (uint32_t)crc);
	put(f, row, size);
	f->at += n * size;
	put(f, row, size);
}

struct ids {
	struct buffer text;
	uint64_t *end;
	uint32_t n;
};

static void add_id(struct ids *ids, const char *text)
{
	buffer_add(&ids->text, text, strlen(text));
	ids->end[++ids->n] = ids->text.n;
}

static void put_ids(struct file *f, uint32_t users)
{
	struct ids ids = {.end = memory_zero(ITEMS + users + 2, sizeof *ids.end)};
	uint32_t *sorted = memory_new(ITEMS + users + 1, sizeof *sorted);
	char text[32];
	add_id(&ids, "loss=warp");
	for (uint32_t i = 0; i < ITEMS + users; i++) { /* of one length each, so in order */
		if (i < ITEMS)
			snprintf(text, sizeof text, "i%07u", (unsigned)i);
		else
			snprintf(text, sizeof text, "u%07u", (unsigned)(i - ITEMS));
		add_id(&ids, text);
	}
	for (uint32_t i = 0; i < ids.n; i++)
		sorted[i] = i;
	put_section(f, "keys", 1, ids.text.n, ids.text.data);
	put_section(f, "key_ends", 8, ids.n + 1, ids.end);
	put_section(f, "keys_sorted", 4, ids.n, sorted);
	free(sorted);
	free(ids.end);
	buffer_free(&ids.text);
}

static void put_end(struct file *f, const struct packed_head *head)
{
	f->at = (f->at + PACKED_ALIGN - 1) / PACKED_ALIGN * PACKED_ALIGN;
	size_t n = f->sections * sizeof *f->section;
	struct packed_tail tail = {.directory = f->at, .bytes = f->at + n + sizeof tail, .sections = f->sections};
	memcpy(tail.magic, PACKED_MAGIC, sizeof tail.magic);
	uLong crc = crc32_z(0, (const void *)head, sizeof *head);
	crc = crc32_z(crc, (const void *)f->section, n);
	tail.crc = (uint32_t)crc32_z(crc, (const void *)&tail, offsetof(struct packed_tail, crc));
	put(f, f->section, n);
	put(f, &tail, sizeof tail);
}

static void copy_index(struct file *f, const char *from)
{
	struct stat about;
	int fd = open(from, O_RDONLY);
	if (fd < 0 || fstat(fd, &about) != 0)
		die_errno(STATUS_FAILED, "cannot open %s", from);
	struct packed *p = packed_open_file(fd, (uint64_t)about.st_size, from, NULL);
	for (uint32_t i = 0; i < p->sections; i++) {
		const struct packed_section *s = &p->section[i];
		if (strncmp(s->name, "index", 5) == 0)
			put_section(f, s->name, s->size, s->count, packed_data(p, s));
	}
	packed_close(p);
	close(fd);
}

int main(int argc, char **argv)
{
	program_name = "sparse-model";
	if (argc < 3 || argc > 4)
		die(STATUS_USAGE, "wants GIGABYTES FILE [INDEXED]");
	uint32_t users = (uint32_t)(strtod(argv[1], NULL) * 1e9 / (FACTORS * sizeof(float))) - ITEMS;
	struct file f = {.fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666)};
	if (f.fd < 0)
		die_errno(STATUS_FAILED, "cannot open %s", argv[2]);
	struct packed_head head = {.version = PACKED_VERSION, .kind = PACKED_MODEL};
	memcpy(head.magic, PACKED_MAGIC, sizeof head.magic);
	put(&f, &head, sizeof head);
	put_rows(&f, ITEMS + users);
	float *bias = memory_zero(ITEMS + users, sizeof *bias);
	put_section(&f, "bias", 4, ITEMS + users, bias);
	free(bias);
	const uint64_t sides[PACKED_SIDES] = {1, 0, ITEMS, 0, users};
	put_section(&f, "sides", 8, PACKED_SIDES, sides);
	put_ids(&f, users);
	struct buffer header = {0};
	buffer_format(&header, "kind\tid\tbias");
	for (unsigned i = 0; i < FACTORS; i++)
		buffer_format(&header, "\tf%u", i);
	put_section(&f, "header", 1, header.n, header.data);
	buffer_free(&header);
	static const char META[] = "program=sparse-model\nversion=1\n";
	put_section(&f, "meta", 1, sizeof META - 1, META);
	if (argc == 4)
		copy_index(&f, argv[3]);
	put_end(&f, &head);
	if (close(f.fd) != 0)
		die_errno(STATUS_FAILED, "cannot write %s", argv[2]);
	printf("%u\n", (unsigned)users);
	return 0;
}
