/* A table read by threads against the same one read by one: rows, numbers, what is counted,
 * rejected and said of it, for messy files and blocks of any size. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "frame/ordered.h"
#include "frame/table-threads.h"
#include "streams/input.h"
#include "streams/output.h"
#include "unit.h"

static char one[] = "threads-XXXXXX", two[] = "threads-XXXXXX", rejects[] = "threads-XXXXXX";

static void write_file(const char *path, const struct buffer *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text->data, 1, text->n, f) != text->n || fclose(f) != 0)
		abort();
}

static void read_file(const char *path, struct buffer *text)
{
	FILE *f = fopen(path, "r");
	if (!f)
		abort();
	text->n = 0;
	for (size_t got = 1; got > 0; text->n += got)
		got = fread(buffer_room(text, 65536), 1, 65536, f);
	fclose(f);
}

/* A file of user, value and text, in which one row of `bad` is bad, each in another way. */
static void make_text(struct random *r, struct buffer *text, size_t rows, uint32_t bad, bool crlf)
{
	static const char HEADER[] = "user\tvalue\ttext";
	const char *end = crlf ? "\r\n" : "\n";
	text->n = 0;
	if (random_below(r, 2))
		buffer_add_text(text, "\xef\xbb\xbf");
	buffer_format(text, "%s%s", HEADER, end);
	for (size_t i = 0; i < rows; i++) {
		size_t long_n = random_below(r, 400) == 0 ? random_below(r, 5000) : random_below(r, 12);
		switch (bad ? random_below(r, bad) : 9) {
		case 0: buffer_add_text(text, end); break;
		case 1: buffer_format(text, "u%zu\t1%s", i, end); break;
		case 2: buffer_format(text, "u%zu\t1\tb\tc%s", i, end); break;
		case 3: buffer_format(text, "%s%s", HEADER, end); break;
		case 4: buffer_format(text, "u%zu\tx%zu\tno number%s", i, i, end); break;
		case 5:
			buffer_format(text, "u%zu\t1\t", i);
			buffer_add(text, "\0z", 2);
			buffer_add_text(text, end);
			break;
		default:
			buffer_format(text, "u%zu\t%u.%u\t", i, random_below(r, 30), random_below(r, 1000));
			memset(buffer_room(text, long_n), 'x', long_n);
			text->n += long_n;
			buffer_add_text(text, random_below(r, 50) ? end : "\r\n");
		}
	}
	if (random_below(r, 2) && rows)
		text->n--;
}

struct reading {
	struct table *table;
	struct buffer rows;  /* what came of them */
	double sum;          /* of whole numbers */
	struct reading *parts;
};

static void take_row(struct reading *g)
{
	double value;
	if (!table_double(g->table, 1, &value))
		return;
	g->sum += value * 1000;
	buffer_add_span(&g->rows, table_row(g->table));
	buffer_add_byte(&g->rows, '\n');
}

/* Some rows: a block, or one. */
static bool take_rows(struct reading *g)
{
	struct table_block block;
	if (table_next_block(g->table, &block)) {
		for (size_t i = 0; i < block.row_count && !has_failed(table_failure(g->table)); i++) {
			table_block_row(g->table, i);
			take_row(g);
		}
	} else if (table_next(g->table)) {
		take_row(g);
	} else {
		return false;
	}
	return true;
}

static void begin_part(void *context, size_t slot, struct table *part)
{
	struct reading *g = context;
	g->parts[slot] = (struct reading){.table = part};
}

static void work_part(void *context, size_t slot)
{
	struct reading *g = context;
	while (take_rows(&g->parts[slot]))
		;
}

static void give_part(void *context, size_t slot)
{
	struct reading *g = context, *part = &g->parts[slot];
	buffer_add(&g->rows, part->rows.data, part->rows.n);
	g->sum += part->sum;
	part->sum = 0;
	part->rows.n = 0;
}

static void end_part(void *context, size_t slot)
{
	struct reading *g = context;
	buffer_free(&g->parts[slot].rows);
}

static const struct table_work WORK = {begin_part, work_part, give_part, end_part};

/* What is known after a run. */
struct result {
	struct buffer rows, rejected;
	struct failure failure;
	uint64_t counted, bad;
	double sum;
};

static void read_all(struct result *to, const struct table_format *format, size_t threads)
{
	char *files[] = {one, two};
	struct reading g = {0};
	to->failure = (struct failure){0};
	g.parts = memory_new(table_threads_slots(threads), sizeof *g.parts);
	g.table = table_open_or(files, 2, format, &to->failure);
	if (g.table) {
		struct table_threads *t = table_threads_open(g.table, threads, &WORK, &g);
		while (take_rows(&g))
			table_threads_run(t);
		table_threads_close(t);
		to->counted = table_rows(g.table);
		to->bad = table_rejected(g.table);
		table_close(g.table);
	}
	read_file(rejects, &to->rejected);
	to->rows = g.rows;
	to->sum = g.sum;
	free(g.parts);
}

static bool same_text(const struct buffer *a, const struct buffer *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->data, b->data, a->n) == 0);
}

static unsigned failures;

static void compare(const struct table_format *format)
{
	static const size_t THREADS[] = {2, 3, 7};
	struct result want = {0};
	read_all(&want, format, 1);
	failures += has_failed(&want.failure);
	for (size_t i = 0; i < sizeof THREADS / sizeof *THREADS; i++) {
		struct result got = {0};
		read_all(&got, format, THREADS[i]);
		CHECK_TEXT(got.failure.text, want.failure.text);
		CHECK_INT(got.failure.status, want.failure.status);
		if (!has_failed(&want.failure)) {
			CHECK(same_text(&got.rows, &want.rows));
			CHECK_INT(got.counted, want.counted);
			CHECK_NEAR(got.sum, want.sum, 0);
		}
		CHECK_INT(got.bad, want.bad);
		CHECK(same_text(&got.rejected, &want.rejected));
		buffer_free(&got.rows);
		buffer_free(&got.rejected);
	}
	buffer_free(&want.rows);
	buffer_free(&want.rejected);
}

/* Blocks of so many bytes, files in which one of `bad` rows is bad. */
static void messy(struct random *r, size_t block, uint32_t bad)
{
	struct buffer text = {0};
	input_use_blocks(block);
	for (int file = 0; file < 2; file++) {
		make_text(r, &text, random_below(r, 700), bad, random_below(r, 4) == 0);
		write_file(file ? two : one, &text);
	}
	struct table_format format = {.skip_bad = true, .rejects = rejects};
	compare(&format);
	format.max_errors = (struct number_limit){.given = true, .count = random_below(r, 20)};
	compare(&format);
	format = (struct table_format){.skip_bad = false};
	compare(&format);
	buffer_free(&text);
}

/* ---- order ---- */

struct sums {
	size_t next, most, slot[64], given;
	bool ordered;
};

static bool take_number(void *context, size_t slot)
{
	struct sums *s = context;
	s->slot[slot] = s->next;
	return s->next++ < s->most;
}

static void work_number(void *context, size_t slot)
{
	struct sums *s = context;
	if (s->slot[slot] % 5 == 0)
		usleep(300); /* late */
}

static void give_number(void *context, size_t slot)
{
	struct sums *s = context;
	s->ordered &= s->slot[slot] == s->given++;
}

static void order_is_kept(size_t threads)
{
	static const struct ordered_steps STEPS = {take_number, work_number, give_number};
	struct pool *pool = pool_new(threads);
	for (size_t most = 0; most < 100; most += most / 2 + 1) {
		struct sums s = {.most = most, .ordered = true};
		ordered_run(pool, &STEPS, &s);
		CHECK_INT(s.given, most);
		CHECK(s.ordered);
	}
	pool_free(pool);
}

int main(void)
{
	static const size_t BLOCKS[] = {16, 100, 1000, 5000, 262144};
	struct random r = random_start(19, 7);
	char *paths[] = {one, two, rejects};
	for (size_t i = 0; i < 3; i++) {
		int file = mkstemp(paths[i]);
		if (file < 0 || close(file) != 0)
			return 1;
	}
	for (size_t threads = 1; threads < 9; threads += 2)
		order_is_kept(threads);
	for (size_t i = 0; i < sizeof BLOCKS / sizeof *BLOCKS; i++) {
		messy(&r, BLOCKS[i], 0);
		messy(&r, BLOCKS[i], 40);
		messy(&r, BLOCKS[i], 2000);
		messy(&r, BLOCKS[i], 10);
	}
	CHECK(failures > 20);
	for (size_t i = 0; i < 3; i++)
		unlink(paths[i]);
	return unit_finish();
}
