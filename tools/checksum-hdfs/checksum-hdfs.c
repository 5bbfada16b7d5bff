/* checksum-hdfs - the checksums that HDFS has of files, computed of local ones.
 *
 * In:   files, as they are: nothing is decompressed.
 * Out:  file bytes algorithm checksum, a row for each; the checksum as `hadoop fs -checksum`
 *       prints it and WebHDFS answers GETFILECHECKSUM.
 *
 *	checksum-hdfs --block-size 128M part-00000 part-00001
 *
 * A block of a file has a CRC of each of its chunks of (mostly) 512 bytes. The MD5 of a
 * block's CRCs, in big-endian order, is the block's; that of the blocks' digests, which
 * Hadoop fills up with zeros to a power of two of at least 32 bytes, is the file's
 * (FileChecksumHelper in hadoop-hdfs-client). COMPOSITE-CRC is one CRC of all the bytes.
 * Blocks are read once, in order, and never held.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"
#include "crc.h"
#include "md5.h"

enum { READ_SIZE = 1 << 18, PADDED_MIN = 32, CRCS_MAX = 1024, TEXT_MAX = 64 };

struct options {
	struct common common;
	const char *algorithm;
	uint64_t block_size;
};

static const struct option_row OPTIONS[] = {
	OPTION_SIZE("block-size", "SIZE", block_size, .fallback = "128M", .low = 512, .high = 1ull << 40,
		.excludes = "algorithm", .help = "size of a block, a multiple of 512"),
	OPTION_TEXT("algorithm", "NAME", algorithm,
		.help = "the algorithm as a server names it: MD5-of-262144MD5-of-512CRC32C (262,144 chunks "
			"of 512 bytes a block; 0: a single block) or COMPOSITE-CRC32C, each also with CRC32"),
	COMMON_OUTPUT, COMMON_LOG,
	OPTION_END
};

struct algorithm {
	enum crc_kind kind;
	bool composite;
	uint64_t chunk, chunks; /* bytes under a CRC, CRCs in a block; 0: all are in one block */
	bool named;             /* the server knows how many blocks there are */
};

/* The sum of one file while it is read. */
struct sum {
	struct algorithm how;
	uint64_t bytes, blocks;
	uint32_t crc;           /* of the chunk so far, or of all */
	uint64_t in_chunk, in_block; /* bytes and CRCs so far */
	uint8_t crcs[4 * CRCS_MAX];  /* those that the MD5 has not yet had */
	size_t n_crcs;
	struct md5 block;
	struct buffer digests;
};

/* A count up to the word that follows it; moves *at past it. */
static bool take_count(const char **at, const char *word, uint64_t *count)
{
	size_t digits = strspn(*at, "0123456789");
	if (number_u64(*at, digits, count) != NUMBER_OK || strncmp(*at + digits, word, strlen(word)) != 0)
		return false;
	*at += digits + strlen(word);
	return true;
}

static bool take_kind(const char *at, enum crc_kind *kind)
{
	*kind = strcmp(at, "CRC32C") == 0 ? CRC_32C : CRC_32;
	return *kind == CRC_32C || strcmp(at, "CRC32") == 0;
}

static bool algorithm_parse(const char *at, struct algorithm *a)
{
	static const char COMPOSITE[] = "COMPOSITE-", MD5_OF[] = "MD5-of-";
	*a = (struct algorithm){.named = true};
	if (strncmp(at, COMPOSITE, sizeof COMPOSITE - 1) == 0) {
		a->composite = true;
		return take_kind(at + sizeof COMPOSITE - 1, &a->kind);
	}
	if (strncmp(at, MD5_OF, sizeof MD5_OF - 1) != 0)
		return false;
	at += sizeof MD5_OF - 1;
	return take_count(&at, "MD5-of-", &a->chunks) && take_count(&at, "", &a->chunk) &&
		a->chunk <= 1 << 30 && take_kind(at, &a->kind);
}

static struct algorithm algorithm_of(const struct options *o)
{
	struct algorithm a = {.kind = CRC_32C, .chunk = 512, .chunks = o->block_size / 512};
	char text[QUOTED_SIZE];
	if (o->algorithm && !algorithm_parse(o->algorithm, &a))
		usage_error("option '--algorithm': not a checksum of HDFS: %s",
			quoted(o->algorithm, strlen(o->algorithm), text));
	if (!o->algorithm && o->block_size % 512)
		usage_error("option '--block-size': not a multiple of 512: %" PRIu64, o->block_size);
	return a;
}

static void give_crcs(struct sum *s)
{
	md5_add(&s->block, s->crcs, s->n_crcs);
	s->n_crcs = 0;
}

static void end_block(struct sum *s)
{
	give_crcs(s);
	md5_end(&s->block, (uint8_t *)buffer_room(&s->digests, MD5_SIZE));
	s->digests.n += MD5_SIZE;
	s->blocks++;
	s->in_block = 0;
	md5_start(&s->block);
}

static void end_chunk(struct sum *s)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		s->crcs[s->n_crcs++] = (uint8_t)(s->crc >> shift);
	if (s->n_crcs == sizeof s->crcs)
		give_crcs(s);
	s->crc = 0, s->in_chunk = 0;
	if (++s->in_block == s->how.chunks)
		end_block(s);
}

static void sum_add(struct sum *s, const uint8_t *at, size_t n)
{
	s->bytes += n;
	if (s->how.composite || !s->how.chunk) {
		s->crc = crc_add(s->how.kind, s->crc, at, n);
		return;
	}
	while (n) {
		uint64_t left = s->how.chunk - s->in_chunk;
		size_t some = n < left ? n : (size_t)left;
		s->crc = crc_add(s->how.kind, s->crc, at, some);
		s->in_chunk += some;
		at += some, n -= some;
		if (s->in_chunk == s->how.chunk)
			end_chunk(s);
	}
}

/* The MD5 of the blocks' MD5s, filled up as Hadoop's buffer is. */
static void digest_of_digests(struct sum *s, uint8_t digest[MD5_SIZE])
{
	size_t padded = PADDED_MIN;
	while (padded < s->digests.n)
		padded *= 2;
	size_t more = padded - s->digests.n;
	memset(buffer_room(&s->digests, more), 0, more);
	struct md5 all;
	md5_start(&all);
	md5_add(&all, s->digests.data, padded);
	md5_end(&all, digest);
}

static void put_hex(struct output *out, uint64_t value, int bytes)
{
	char text[TEXT_MAX];
	int n = snprintf(text, sizeof text, "%0*" PRIx64, 2 * bytes, value);
	output_bytes(out, text, (size_t)n);
}

/* The columns algorithm and checksum. An empty file has no block, and so no kind of CRC: the
 * server says MD5-of-0MD5-of-0CRC32. */
static void put_sum(struct output *out, struct sum *s)
{
	const char *kind = s->how.kind == CRC_32C ? "CRC32C" : "CRC32";
	char name[TEXT_MAX];
	uint8_t digest[MD5_SIZE];
	if (s->how.composite) {
		output_text(out, "COMPOSITE-");
		output_text(out, kind);
		output_tab(out);
		put_hex(out, s->crc, 4);
		output_end_row(out);
		return;
	}
	if (s->in_chunk)
		end_chunk(s);
	if (s->in_block)
		end_block(s);
	if (!s->bytes)
		s->how = (struct algorithm){.kind = CRC_32};
	uint64_t chunks = s->how.named || s->blocks > 1 ? s->how.chunks : 0;
	snprintf(name, sizeof name, "MD5-of-%" PRIu64 "MD5-of-%" PRIu64 "%s", chunks, s->how.chunk,
		s->bytes ? kind : "CRC32");
	output_text(out, name);
	output_tab(out);
	digest_of_digests(s, digest);
	put_hex(out, s->how.chunk, 4);
	put_hex(out, chunks, 8);
	for (int i = 0; i < MD5_SIZE; i++)
		put_hex(out, digest[i], 1);
	output_end_row(out);
}

static void sum_file(struct output *out, struct sum *s, const char *path, uint8_t *space)
{
	bool standard = strcmp(path, "-") == 0;
	int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		die_errno(STATUS_FAILED, "cannot open %s", shown_input(path));
	posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
	ssize_t n;
	while ((n = read(file, space, READ_SIZE)) != 0) {
		if (n > 0)
			sum_add(s, space, (size_t)n);
		else if (errno != EINTR)
			die_errno(STATUS_FAILED, "cannot read %s", shown_input(path));
		progress_step(s->bytes, 0, "bytes");
	}
	if (!standard && close(file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", shown_input(path));
	output_text(out, path);
	output_tab(out);
	output_u64(out, s->bytes);
	output_tab(out);
	put_sum(out, s);
}

static void check_names(char **files, int n)
{
	char text[QUOTED_SIZE];
	for (int i = 0; i < n; i++) {
		if (strpbrk(files[i], "\t\n"))
			die(STATUS_FAILED, "a TAB or line end in the name of a file: %s",
				quoted(files[i], strlen(files[i]), text));
		if (strcmp(files[i], "-") != 0 && access(files[i], R_OK) != 0)
			die_errno(STATUS_FAILED, "cannot open %s", shown_input(files[i]));
	}
}

static int run(const struct options *o, char **files, int n)
{
	struct algorithm how = algorithm_of(o);
	check_names(files, n);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	uint8_t *space = memory_aligned(READ_SIZE, 1);
	output_text(out, "file\tbytes\talgorithm\tchecksum\n");
	output_flush(out);
	for (int i = 0; i < n; i++) {
		struct sum *s = memory_zero(1, sizeof *s);
		s->how = how;
		md5_start(&s->block);
		sum_file(out, s, files[i], space);
		buffer_free(&s->digests);
		free(s);
	}
	progress_clear();
	output_close(out);
	free(space);
	run_report((uint64_t)n, (uint64_t)n, 0);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "checksum-hdfs",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Compute the checksums that HDFS has of files, to compare local files with stored ones.",
	.reads = "any files, byte for byte; none, or -, is standard input",
	.writes = "file bytes algorithm checksum",
	.examples = {
		"checksum-hdfs day.json.gz",
		"checksum-hdfs --algorithm MD5-of-262144MD5-of-512CRC32C part-*",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	static char *STANDARD_INPUT[] = {"-"};
	int first = program_start(&PROGRAM, argc, argv, &options);
	bool none = first == argc;
	return finish(run(&options, none ? STANDARD_INPUT : argv + first, none ? 1 : argc - first));
}
