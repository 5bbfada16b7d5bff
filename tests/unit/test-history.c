/* Histories in memory: the same whatever the order of the rows; the order of time, the last
 * row of each item, the last rows of each user. */
#include <stdio.h>
#include <stdlib.h>

#include "domain/dataset.h"
#include "domain/history.h"
#include "unit.h"

static const char path[] = "history.tsv";

static struct history *read_text(const char *text, unsigned splits)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	char *files[] = {(char *)path};
	struct table_format format = {0};
	struct history_columns columns = {.user = {.name = "user"}, .item = {.name = "item"},
		.timestamp = {.name = "timestamp"}, .weight = {.name = "weight"},
		.session = {.name = "session"}, .split = {.name = "split"}, .splits = splits};
	struct table *t = table_open(files, 1, &format);
	struct history *h = history_read(history_open(t, &columns));
	table_close(t);
	return h;
}

/* The items of a user, one after the other. */
static const char *items_of(const struct history *h, const char *user)
{
	static char text[64];
	uint32_t u = strmap_find(h->user_ids, span_of(user));
	size_t n = 0;
	for (uint64_t i = h->start[u]; i < h->start[u + 1]; i++)
		text[n++] = strmap_key(h->item_ids, h->item[i]).at[0];
	text[n] = '\0';
	return text;
}

static void check_order(void)
{
	struct history *h = read_text("item\ttimestamp\tuser\nc\t30\tu\nx\t5\tv\na\t10\tu\nb\t20\tu\nx\t4\tv\n"
				      "c\t15\tu\n", SPLIT_ALL);
	uint64_t dropped;
	CHECK(h->users == 2 && h->items == 4 && history_rows(h) == 6 && h->newest_ms == 30);
	CHECK(!h->weight && !h->session);
	history_sort(h, 1, 0);
	CHECK_TEXT(items_of(h, "u"), "acbc");
	CHECK(h->time[h->start[strmap_find(h->user_ids, span_of("v"))]] == 4);
	history_distinct(h);
	CHECK_TEXT(items_of(h, "u"), "abc");
	CHECK_TEXT(items_of(h, "v"), "x");
	CHECK(history_cut(h, 2, &dropped) == 1 && dropped == 1);
	CHECK_TEXT(items_of(h, "u"), "bc");
	CHECK_TEXT(items_of(h, "v"), "x");
	CHECK(history_rows(h) == 3);
	history_free(h);
}

/* Equal times, and none: an order that the rows' order has no part in, another one with
 * another seed. */
static void check_ties(void)
{
	struct history *h = read_text("user\titem\ttimestamp\nu\tz\t9\nu\ta\t1\nu\tb\t1\nu\tc\t1\nu\td\t1\nu\te\t1\n"
				      "u\tf\t1\n", SPLIT_ALL);
	struct history *r = read_text("user\titem\ttimestamp\nu\tf\t1\nu\te\t1\nu\td\t1\nu\tc\t1\nu\tb\t1\nu\tz\t9\n"
				      "u\ta\t1\n", SPLIT_ALL);
	char first[64];
	history_sort(h, 1, 0);
	history_sort(r, 1, 0);
	snprintf(first, sizeof first, "%s", items_of(h, "u"));
	CHECK_TEXT(items_of(r, "u"), first);
	CHECK(first[6] == 'z');
	history_sort(r, 1, 7); /* no user has more rows */
	CHECK_TEXT(items_of(r, "u"), first);
	history_free(h);
	history_free(r);
	h = read_text("user\titem\nu\ta\nu\tb\nu\tc\nu\td\nu\te\nu\tf\n", SPLIT_ALL);
	CHECK(!h->time && h->newest_ms == INT64_MIN);
	history_sort(h, 1, 0);
	snprintf(first, sizeof first, "%s", items_of(h, "u"));
	history_sort(h, 2, 0);
	CHECK(strcmp(items_of(h, "u"), first) != 0);
	history_free(h);
}

static void check_columns(void)
{
	struct history *h = read_text("user\titem\tsplit\tweight\tsession\ttimestamp\nu\ta\ttrain\t2.5\ts\t7\n"
				      "u\tb\ttest\t1\ts\t9\nu\tc\ttrain\t0\tt\tnever\n", 1 << SPLIT_TRAIN);
	CHECK(h->other == 1 && history_rows(h) == 2 && h->items == 2 && h->newest_ms == 7);
	history_sort(h, 1, 0);
	CHECK_TEXT(items_of(h, "u"), "ca"); /* what has no time is oldest */
	CHECK(h->weight[0] <= 0 && h->weight[1] > 2.4f && h->session[0] != h->session[1]);
	history_free(h);
	h = read_text("user\titem\n", SPLIT_ALL);
	CHECK(h->users == 0 && history_rows(h) == 0);
	history_sort(h, 1, 0);
	history_distinct(h);
	history_free(h);
}

int main(void)
{
	check_order();
	check_ties();
	check_columns();
	return unit_finish();
}
