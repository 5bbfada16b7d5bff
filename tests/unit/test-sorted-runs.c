/* streams/sorted-runs: the parts of all runs come by key, those of one key in the order of the runs, with
 * all of their rows, whatever the buffers are. */
#include "streams/sorted-runs.h"

#include <stdio.h>

#include "unit.h"

enum { RUNS = 7, KEYS = 40 };

/* The first key is empty; the others have their number with zeros in front: bytes are in the order of numbers. */
static struct span key_of(unsigned key, char text[16])
{
	if (key == 0)
		return (struct span){text, 0};
	return (struct span){text, (size_t)snprintf(text, 16, "k%03u", key)};
}

/* Run 3 has no part; a part has none to four rows; not all runs have all keys. */
static bool has_part(unsigned run, unsigned key)
{
	return run != 3 && (run + key) % 3 != 0;
}

static uint32_t rows_of(unsigned run, unsigned key)
{
	return (run * 5 + key) % 5;
}

static uint32_t row_of(unsigned run, unsigned key, uint32_t row)
{
	return run * 100000 + key * 100 + row;
}

static struct sorted_runs *make(size_t buffer)
{
	char text[16];
	struct sorted_runs *r = sorted_runs_new(buffer);
	for (unsigned run = 0; run < RUNS; run++) {
		sorted_runs_begin(r);
		for (unsigned key = 0; key < KEYS; key++) {
			if (!has_part(run, key))
				continue;
			struct spool *s = sorted_runs_put(r, key_of(key, text), rows_of(run, key));
			for (uint32_t i = 0; i < rows_of(run, key); i++) {
				uint32_t row = row_of(run, key, i);
				if (i % 2)
					spool_put(s, &row, sizeof row);
				else
					memcpy(spool_room(s, sizeof row), &row, sizeof row);
			}
		}
	}
	CHECK(sorted_runs_count(r) == RUNS);
	return r;
}

/* Takes the rows of the part; are they right? */
static bool right_rows(struct spool_reader *from, unsigned run, unsigned key, uint32_t rows)
{
	bool right = rows == rows_of(run, key);
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t room, row;
		memcpy(&row, spool_view(from, &room, sizeof room), sizeof row);
		right &= row == row_of(run, key, i);
	}
	return right;
}

static void test_merged(size_t buffer)
{
	char text[16];
	struct span key;
	struct sorted_runs *r = make(buffer);
	sorted_runs_merge(r, buffer);
	for (unsigned k = 0; k < KEYS; k++)
		for (unsigned run = 0; run < RUNS; run++) {
			uint32_t rows;
			if (!has_part(run, k))
				continue;
			CHECK(sorted_runs_key(r, &key) && span_equal(key, key_of(k, text)));
			CHECK(sorted_runs_key(r, &key) && span_equal(key, key_of(k, text))); /* asked twice */
			struct spool_reader *from = sorted_runs_take(r, &rows);
			CHECK(right_rows(from, run, k, rows));
		}
	CHECK(!sorted_runs_key(r, &key));
	CHECK(!sorted_runs_key(r, &key));
	sorted_runs_free(r);
}

static void test_as_written(size_t buffer)
{
	struct sorted_runs *r = make(buffer);
	struct spool_reader all;
	sorted_runs_read(r, &all, buffer);
	for (unsigned run = 0; run < RUNS; run++)
		for (unsigned key = 0; key < KEYS; key++)
			if (has_part(run, key)) {
				uint32_t rows = sorted_runs_pass_key(&all);
				CHECK(right_rows(&all, run, key, rows));
			}
	CHECK(spool_left(&all) == 0);
	spool_reader_free(&all);
	sorted_runs_free(r);
}

int main(void)
{
	struct span key;
	struct sorted_runs *none = sorted_runs_new(16);
	sorted_runs_merge(none, 16);
	CHECK(!sorted_runs_key(none, &key));
	sorted_runs_free(none);
	sorted_runs_free(NULL);
	for (size_t buffer = 4; buffer < 5000; buffer = buffer * 3 + 1) {
		test_merged(buffer);
		test_as_written(buffer);
	}
	return unit_finish();
}
