/* Neighbors: ids become numbers in byte order, rows stay in theirs, and what is out of
 * order, twice there or not a finite number is bad data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "child.h"
#include "domain/neighbors.h"
#include "unit.h"

static const char path[] = "neighbors.tsv";

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static struct neighbors *read_text(bool skip)
{
	char *files[] = {(char *)path};
	struct table_format format = {.skip_bad = skip};
	struct table *t = table_open(files, 1, &format);
	struct neighbors_reader r = neighbors_open(t);
	struct neighbors *n = neighbors_read(&r);
	table_close(t);
	return n;
}

/* "item:neighbor=weight,..;" of all items that have neighbors. */
static void show(const struct neighbors *n, char *to, size_t size)
{
	size_t at = 0;
	to[0] = '\0';
	for (uint32_t i = 0; i < n->items; i++) {
		struct span id = strmap_key(n->ids, i);
		if (n->start[i] == n->start[i + 1])
			continue;
		at += (size_t)snprintf(to + at, size - at, "%.*s:", (int)id.n, id.at);
		for (uint64_t j = n->start[i]; j < n->start[i + 1]; j++) {
			id = strmap_key(n->ids, n->at[j].item);
			at += (size_t)snprintf(to + at, size - at, "%.*s=%g,", (int)id.n, id.at,
					       (double)n->at[j].weight);
		}
		at += (size_t)snprintf(to + at, size - at, ";");
	}
}

static void good_ones(void)
{
	char got[512];
	/* The first neighbor has the last id; "10" lies before "9"; a weight may be 0 or less. */
	write_text("neighbor\tcount\tweight\titem\nz\t1\t2\t10\n9\t1\t1e-3\t10\na\t4\t1e-3\t10\n10\t1\t-0\t9\n"
		   "b\t1\t-2.5\t9\n");
	struct neighbors *n = read_text(false);
	show(n, got, sizeof got);
	CHECK_TEXT(got, "10:z=2,9=0.001,a=0.001,;9:10=0,b=-2.5,;");
	CHECK_INT(n->items, 5);
	CHECK_INT(neighbors_rows(n), 5);
	for (uint32_t i = 1; i < n->items; i++)
		CHECK(span_compare(strmap_key(n->ids, i - 1), strmap_key(n->ids, i)) < 0);
	bool keep[5] = {true, true, true, false, false}; /* 10 9 a b z */
	neighbors_keep(n, keep);
	show(n, got, sizeof got);
	CHECK_TEXT(got, "10:9=0.001,a=0.001,;9:10=0,;");
	neighbors_free(n);
	write_text("item\tneighbor\tweight\n");
	n = read_text(false);
	CHECK_INT(n->items, 0);
	CHECK_INT(neighbors_rows(n), 0);
	neighbors_free(n);
	/* As floats these weights are one, as written they fall: no fault. */
	write_text("item\tneighbor\tweight\na\tz\t0.30000000001\na\tb\t0.3\n");
	n = read_text(false);
	CHECK_INT(neighbors_rows(n), 2);
	CHECK(n->at[0].weight == n->at[1].weight);
	neighbors_free(n);
}

/* Many items, read in blocks: every row comes back. */
static void many(void)
{
	enum { ITEMS = 3000, EACH = 40 };
	FILE *f = fopen(path, "w");
	fputs("item\tneighbor\tweight\n", f);
	for (int i = 0; i < ITEMS; i++)
		for (int j = 0; j < EACH; j++)
			fprintf(f, "i%04d\ti%04d\t%d.5\n", i, (i * 7 + j * 31) % ITEMS, EACH - j);
	fclose(f);
	struct neighbors *n = read_text(false);
	CHECK_INT(n->items, ITEMS);
	CHECK_INT(neighbors_rows(n), ITEMS * EACH);
	int wrong = 0;
	for (uint32_t i = 0; i < ITEMS; i++)
		for (uint32_t j = 0; j < EACH; j++) {
			struct neighbor x = n->at[n->start[i] + j];
			wrong += x.item != (i * 7 + j * 31) % ITEMS || x.weight != (float)(EACH - j) + 0.5f;
		}
	CHECK_INT(wrong, 0);
	neighbors_free(n);
}

static void read_strictly(void *unused)
{
	(void)unused;
	neighbors_free(read_text(false));
}

/* Each of these ends the program with 3, and names line 3, or with skip_bad loses that row. */
static void bad_ones(void)
{
	static const char *const ROWS[] = {
		"b\tx\t1\na\tx\t1\n", "b\tx\t1\nb\ty\t2\n", "b\ty\t1\nb\tx\t1\n", "b\tx\t1\nb\tx\t0.5\n",
		"b\tx\t1\nb\ty\tnan\n", "b\tx\t1\nb\ty\t1e39\n", "b\tx\t1\nb\ty\t-1e39\n",
		"b\tx\t1\nb\ty\t1e999\n", "b\tx\t1\nb\t\t1\n", "b\tx\t1\n\tx\t1\n", "b\tx\t1\nb\ty\t\n",
	};
	char text[256], got[256];
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		snprintf(text, sizeof text, "item\tneighbor\tweight\n%s", ROWS[i]);
		write_text(text);
		CHECK_INT(child_status(read_strictly, NULL, "err"), STATUS_DATA);
		FILE *f = fopen("err", "r");
		got[fread(got, 1, sizeof got - 1, f)] = '\0';
		fclose(f);
		CHECK(strstr(got, "neighbors.tsv:3: column '"));
		snprintf(text, sizeof text, "item\tneighbor\tweight\n%sc\tx\t1\n", ROWS[i]);
		write_text(text);
		log_level = LOG_QUIET;
		struct neighbors *n = read_text(true);
		log_level = LOG_NORMAL;
		CHECK_INT(neighbors_rows(n), 2);
		neighbors_free(n);
	}
}

int main(void)
{
	good_ones();
	many();
	bad_ones();
	return unit_finish();
}
