/* A dataset in memory: the same whatever the order of the rows, defaults for
 * absent columns, bad rows set aside where that is asked for. */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "domain/dataset.h"
#include "unit.h"

static const char path[] = "dataset.tsv";
static const struct dataset_columns COLUMNS = {
	.user = {.name = "user"}, .item = {.name = "item"}, .weight = {.name = "weight"},
	.split = {.name = "split"}, .timestamp = {.name = "timestamp"}, .unit = TIME_MS,
};

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static struct dataset *read_path(bool skip, uint64_t *rejected)
{
	char *files[] = {(char *)path};
	struct table_format format = {.skip_bad = skip};
	struct table *t = table_open(files, 1, &format);
	struct dataset *d = dataset_read(t, &COLUMNS);
	if (rejected)
		*rejected = table_rejected(t);
	table_close(t);
	return d;
}

enum { ROWS = 3000 };

/* The number behind an id's first letter. */
static int number_of(struct span id)
{
	int value = 0;
	for (size_t i = 1; i < id.n; i++)
		value = value * 10 + (id.at[i] - '0');
	return value;
}

static void write_rows(const uint32_t *order)
{
	FILE *f = fopen(path, "w");
	if (!f)
		abort();
	fprintf(f, "timestamp\tuser\titem\tweight\tsplit\n");
	for (uint32_t i = 0; i < ROWS; i++) {
		uint32_t row = order[i], user = row / 40, item = row % 40 * 7;
		fprintf(f, "%d\tu%u\ti%u\t%g\t%s\n", (int)row - 1000, (unsigned)user, (unsigned)item,
			(double)row / 8 - 3, SPLIT_NAMES[row % 3]);
	}
	if (fclose(f) != 0)
		abort();
}

static void any_order(void)
{
	static uint32_t order[ROWS];
	struct random r = random_start(1, 2);
	for (uint32_t i = 0; i < ROWS; i++)
		order[i] = i;
	write_rows(order);
	struct dataset *first = read_path(false, NULL);
	for (uint32_t i = ROWS; i > 1; i--) {
		uint32_t j = random_below(&r, i), swap = order[j];
		order[j] = order[i - 1];
		order[i - 1] = swap;
	}
	write_rows(order);
	struct dataset *second = read_path(false, NULL);
	CHECK_INT(first->users, 75);
	CHECK_INT(first->items, 40);
	CHECK_INT(dataset_rows(first), ROWS);
	CHECK_INT(dataset_rows(second), ROWS);
	CHECK(memcmp(first->start, second->start, 76 * sizeof *first->start) == 0);
	CHECK(memcmp(first->item, second->item, ROWS * sizeof *first->item) == 0);
	CHECK(memcmp(first->weight, second->weight, ROWS * sizeof *first->weight) == 0);
	CHECK(memcmp(first->split, second->split, ROWS) == 0);
	CHECK(memcmp(first->timestamp, second->timestamp, ROWS * sizeof *first->timestamp) == 0);
	int wrong = 0;
	for (uint32_t u = 0; u < 75; u++) {
		for (uint64_t i = first->start[u]; i < first->start[u + 1]; i++) {
			struct span user = strmap_key(first->user_ids, u);
			struct span item = strmap_key(first->item_ids, first->item[i]);
			int row = number_of(user) * 40 + number_of(item) / 7;
			wrong += first->timestamp[i] != row - 1000;
			wrong += first->split[i] != row % 3;
			wrong += first->weight[i] != (float)((double)row / 8 - 3);
			wrong += i > first->start[u] && first->item[i] <= first->item[i - 1];
		}
		wrong += u > 0 && span_compare(strmap_key(first->user_ids, u - 1),
					       strmap_key(first->user_ids, u)) >= 0;
	}
	CHECK_INT(wrong, 0);
	dataset_free(first);
	dataset_free(second);
}

int main(void)
{
	uint64_t rejected;
	any_order();
	write_text("item\tuser\nb\tx\na\tx\n");
	struct dataset *d = read_path(false, NULL);
	CHECK_INT(dataset_rows(d), 2);
	CHECK(d->timestamp == NULL);
	CHECK_NEAR(d->weight[0], 1, 0);
	CHECK_INT(d->split[1], SPLIT_TRAIN);
	CHECK_INT(d->item[0], 0);
	dataset_free(d);
	write_text("user\titem\ttimestamp\n");
	d = read_path(false, NULL);
	CHECK_INT(dataset_rows(d), 0);
	CHECK(d->timestamp != NULL);
	dataset_free(d);
	log_level = LOG_QUIET;
	write_text("user\titem\tweight\tsplit\ttimestamp\n\ta\t1\ttrain\t1\nu\t\t1\ttrain\t1\n"
		   "u\ta\tx\ttrain\t1\nu\ta\t1\tTrain\t1\nu\ta\t1\ttest\tx\nu\ta\t-1\ttest\t1\n");
	d = read_path(true, &rejected);
	CHECK_INT(rejected, 5);
	CHECK_INT(dataset_rows(d), 1);
	CHECK_NEAR(d->weight[0], -1, 0);
	dataset_free(d);
	struct span bad;
	CHECK_INT(split_mask("all", &bad), SPLIT_ALL);
	CHECK_INT(split_mask("test,train", &bad), 1 << SPLIT_TEST | 1 << SPLIT_TRAIN);
	CHECK_INT(split_mask("test,tra,all", &bad), 0);
	CHECK(span_equal(bad, span_of("tra")));
	remove(path);
	return unit_finish();
}
