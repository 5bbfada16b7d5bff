/* Top-N lists: what is written reads back, lists are kept apart, bad rows are
 * set aside where that is asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "domain/topn.h"
#include "unit.h"

static const char path[] = "topn.tsv";
static const struct topn_columns COLUMNS = {
	.user = {.name = "user"}, .rank = {.name = "rank"}, .item = {.name = "item"},
	.score = {.name = "score"},
};

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* Lists as "user:item=score,item=score;" text. */
static void read_lists(char *to, size_t size, bool skip)
{
	char *files[] = {(char *)path};
	struct table_format format = {.skip_bad = skip};
	struct table *t = table_open(files, 1, &format);
	struct topn_reader *r = topn_open(t, &COLUMNS);
	struct topn_list list;
	size_t n = 0;
	to[0] = '\0';
	while (topn_next(r, &list)) {
		n += (size_t)snprintf(to + n, size - n, "%.*s:", (int)list.user.n, list.user.at);
		for (uint32_t i = 0; i < list.n; i++)
			n += (size_t)snprintf(to + n, size - n, "%.*s=%g,", (int)list.items[i].n,
					      list.items[i].at, list.scores[i]);
		n += (size_t)snprintf(to + n, size - n, ";");
	}
	topn_close(r);
	table_close(t);
}

static void small_ones(void)
{
	char got[512];
	write_text("user\trank\titem\tscore\na\t1\tx\t2\na\t2\ty\t1.5\nb\t1\tx\t-1\n");
	read_lists(got, sizeof got, false);
	CHECK_TEXT(got, "a:x=2,y=1.5,;b:x=-1,;");
	write_text("item\tuser\nx\ta\ny\ta\n");
	read_lists(got, sizeof got, false);
	CHECK_TEXT(got, "a:x=nan,y=nan,;");
	write_text("user\trank\titem\tscore\n");
	read_lists(got, sizeof got, false);
	CHECK_TEXT(got, "");
	/* a bad score, a rank that repeats, a user that comes back */
	write_text("user\trank\titem\tscore\na\t1\tx\t2\na\t2\ty\tbad\na\t3\tz\t1\n"
		   "b\t1\tx\t1\nb\t1\tq\t1\na\t1\tw\t1\na\t2\tw\t1\nc\t1\tx\t1\n");
	log_level = LOG_QUIET;
	read_lists(got, sizeof got, true);
	CHECK_TEXT(got, "a:x=2,z=1,;b:x=1,;c:x=1,;");
}

static void round_trip(void)
{
	struct random r = random_start(9, 9);
	struct output *out = output_open(path, false);
	static char want[1 << 20], got[1 << 20];
	size_t n = 0;
	topn_write_header(out);
	for (int u = 0; u < 3000; u++) {
		char user[16];
		snprintf(user, sizeof user, "user%d", u);
		n += (size_t)snprintf(want + n, sizeof want - n, "%s:", user);
		uint32_t count = 1 + random_below(&r, 20);
		for (uint32_t i = 0; i < count; i++) {
			char item[16];
			snprintf(item, sizeof item, "%u", (unsigned)random_below(&r, 100000));
			float score = (float)random_below(&r, 1000) / 8;
			if (u % 2)
				topn_write_row(out, span_of(user), i + 1, span_of(item), (double)score);
			else
				topn_write_row_float(out, span_of(user), i + 1, span_of(item), score);
			n += (size_t)snprintf(want + n, sizeof want - n, "%s=%g,", item,
					      (double)score);
		}
		n += (size_t)snprintf(want + n, sizeof want - n, ";");
	}
	output_close(out);
	read_lists(got, sizeof got, false);
	CHECK(strcmp(got, want) == 0);
}

int main(void)
{
	small_ones();
	round_trip();
	remove(path);
	return unit_finish();
}
