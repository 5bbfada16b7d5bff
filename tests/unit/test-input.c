/* Blocks and lines of random texts: from files and from pipes in drips, plain and
 * gzip with several members, with and without a last LF; always the same bytes. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/random.h"
#include "streams/input.h"
#include "child.h"
#include "unit.h"

static char path[] = "input-XXXXXX";

static void write_file(const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		abort();
}

/* Lines from empty to far longer than a block. */
static void make_text(struct random *r, struct buffer *text, int lines, bool last_lf)
{
	text->n = 0;
	for (int i = 0; i < lines; i++) {
		size_t n = random_below(r, 50);
		if (random_below(r, 200) == 0)
			n = random_below(r, 700000);
		char *to = buffer_room(text, n);
		for (size_t k = 0; k < n; k++)
			to[k] = (char)('!' + (k * 7 + (size_t)i) % 90);
		text->n += n;
		if (i + 1 < lines || last_lf)
			buffer_add_byte(text, '\n');
	}
	if (!last_lf)
		buffer_add_byte(text, 'x'); /* no line of length 0 can be last then */
}

/* The text as gzip members of random lengths. */
static void compress_text(struct random *r, const struct buffer *text, struct buffer *out)
{
	out->n = 0;
	for (size_t at = 0; at < text->n || at == 0;) {
		size_t n = 1 + random_below(r, 300000);
		n = n < text->n - at ? n : text->n - at;
		z_stream z = {0};
		if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
			abort();
		size_t bound = deflateBound(&z, n) + 64;
		z.next_in = (unsigned char *)text->data + at;
		z.avail_in = (unsigned)n;
		z.next_out = (unsigned char *)buffer_room(out, bound);
		z.avail_out = (unsigned)bound;
		if (deflate(&z, Z_FINISH) != Z_STREAM_END)
			abort();
		out->n += bound - z.avail_out;
		deflateEnd(&z);
		at += n ? n : 1;
	}
}

/* What comes out of the file, with its last LF; by blocks or by lines. */
static bool reads_as(const struct buffer *text, bool blocks)
{
	struct input *in = input_open(path);
	struct span piece;
	size_t at = 0;
	uint64_t lines = 0;
	bool right = true;
	while (right && (blocks ? input_block(in, &piece) : input_line(in, &piece))) {
		bool added = at + piece.n > text->n; /* the LF that the last line lacked */
		size_t n = piece.n - (blocks && added);
		right = at + n <= text->n && memcmp(piece.at, text->data + at, n) == 0;
		if (blocks)
			right = right && piece.n > 0 && piece.at[piece.n - 1] == '\n';
		else
			right = right && input_line_number(in) == ++lines &&
				(at + n == text->n || text->data[at + n] == '\n');
		at += n + !blocks;
	}
	right = right && (at == text->n || at == text->n + !blocks);
	input_close(in);
	return right;
}

/* The same text through a pipe on standard input, in drips. */
static bool drips_as(const struct buffer *bytes, const struct buffer *text)
{
	int ends[2];
	if (pipe(ends) != 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		struct random r = random_start(9, 0);
		for (size_t at = 0; at < bytes->n;) {
			size_t n = 1 + random_below(&r, random_below(&r, 4) ? 90000 : 3);
			ssize_t done = write(ends[1], bytes->data + at,
					     n < bytes->n - at ? n : bytes->n - at);
			if (done < 0)
				_exit(1);
			at += (size_t)done;
		}
		_exit(0);
	}
	close(ends[1]);
	int kept = dup(STDIN_FILENO);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	struct input *in = input_open(NULL);
	struct span block;
	size_t at = 0;
	bool right = strcmp(input_name(in), "(standard input)") == 0;
	while (right && input_block(in, &block)) {
		size_t n = at + block.n > text->n ? block.n - 1 : block.n;
		right = at + n <= text->n && memcmp(block.at, text->data + at, n) == 0;
		at += n;
	}
	input_close(in);
	dup2(kept, STDIN_FILENO);
	close(kept);
	int status;
	waitpid(child, &status, 0);
	return right && at == text->n && status == 0;
}

static void read_whole(void *unused)
{
	(void)unused;
	struct span block;
	struct input *in = input_open(path);
	while (input_block(in, &block))
		;
	input_close(in);
}

/* The exit status of reading the file to its end. */
static int status_of_reading(void)
{
	return child_status(read_whole, NULL, "/dev/null");
}

/* A gzip file cut anywhere, or with anything behind it, is bad data: never a short
 * text that looks like the whole. */
static void check_broken_gzip(struct random *r)
{
	struct buffer text = {0}, packed = {0};
	for (int i = 0; i < 300; i++)
		buffer_format(&text, "line %d of a text\n", i * i);
	compress_text(r, &text, &packed);
	write_file(packed.data, packed.n);
	CHECK_INT(status_of_reading(), 0);
	for (size_t n = 2; n < packed.n; n += 1 + n / 16) {
		write_file(packed.data, n);
		CHECK_INT(status_of_reading(), STATUS_DATA);
	}
	size_t whole = packed.n;
	buffer_add_byte(&packed, '\0');
	write_file(packed.data, packed.n);
	CHECK_INT(status_of_reading(), STATUS_DATA);
	packed.n = whole;
	packed.data[whole - 6] ^= 1; /* in the checksum */
	write_file(packed.data, packed.n);
	CHECK_INT(status_of_reading(), STATUS_DATA);
	buffer_free(&text);
	buffer_free(&packed);
}

static void check_long_line(void)
{
	FILE *f = fopen(path, "w");
	char block[1 << 16];
	memset(block, 'x', sizeof block);
	for (int i = 0; f && i < INPUT_LINE_MAX / (int)sizeof block + 16; i++)
		if (fwrite(block, sizeof block, 1, f) != 1)
			abort();
	if (!f || fclose(f) != 0)
		abort();
	CHECK_INT(status_of_reading(), STATUS_DATA);
}

/* 600 kB of lines and then an error: what the master's side of a terminal reads when
 * the other side was closed (EIO). */
static void check_read_error(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), status;
	struct termios raw;
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		return; /* no terminals here; checks/io-faults has the same */
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || tcgetattr(slave, &raw) != 0)
		abort();
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	fflush(stdout);
	pid_t writer = fork();
	if (writer == 0) {
		char line[100];
		memset(line, 'x', sizeof line);
		line[sizeof line - 1] = '\n';
		close(master);
		for (int i = 0; i < 6000; i++)
			if (write(slave, line, sizeof line) != sizeof line)
				_exit(1);
		tcdrain(slave); /* what is not read yet goes with the last one who has it open */
		_exit(0);
	}
	close(slave);
	int kept = dup(STDIN_FILENO);
	dup2(master, STDIN_FILENO);
	strcpy(path, "-");
	CHECK_INT(status_of_reading(), STATUS_FAILED);
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(master);
	waitpid(writer, &status, 0);
	CHECK_INT(status, 0);
}

int main(void)
{
	struct random r = random_start(1, 0);
	struct buffer text = {0}, packed = {0};
	int file = mkstemp(path);
	if (file < 0)
		abort();
	close(file);
	for (int round = 0; round < 30; round++) {
		make_text(&r, &text, (int)random_below(&r, 800), round % 2);
		write_file(text.data, text.n);
		CHECK(reads_as(&text, true));
		CHECK(reads_as(&text, false));
		if (round % 5 == 0)
			CHECK(drips_as(&text, &text));
		compress_text(&r, &text, &packed);
		write_file(packed.data, packed.n);
		CHECK(reads_as(&text, true));
		CHECK(reads_as(&text, false));
		if (round % 5 == 0)
			CHECK(drips_as(&packed, &text));
	}
	check_broken_gzip(&r);
	check_long_line();
	unlink(path);
	check_read_error();
	buffer_free(&text);
	buffer_free(&packed);
	return unit_finish();
}
