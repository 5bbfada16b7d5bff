/* Side files: the catalog of items, what users are not to be offered, and the
 * vectors and titles of the plots, each against a plain reading of the same text. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "domain/catalog.h"
#include "domain/embedding.h"
#include "domain/exclude.h"
#include "child.h"
#include "unit.h"

static char path[] = "side-XXXXXX";

static struct table *open_text(const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	return table_open_file(path);
}

/* ---- catalog ---- */

static void check_catalog(void)
{
	struct catalog *c = catalog_read(open_text(
		"item\tartist\tavailable\tblocked\n"
		"a\tX\t1\t0\nb\tY\tno\t\nc\t\t\tyes\nd\tX\t\t\ne\tY\ttrue\tfalse\n"), column_called("item"));
	static const bool OFFERED[] = {true, false, false, true, true};
	CHECK_INT(strmap_count(c->ids), 5);
	for (uint32_t i = 0; i < 5; i++)
		CHECK(c->is_offered[i] == OFFERED[i]);
	CHECK_INT(c->n_offered, 3);
	CHECK(c->offered[0] == 0 && c->offered[1] == 3 && c->offered[2] == 4);
	CHECK(c->has_artists && c->artist[0] == c->artist[3] && c->artist[0] != c->artist[1]);
	CHECK(c->artist[2] == STRMAP_NONE);
	catalog_free(c);
	c = catalog_read(open_text("movie\n7\n"), (struct column){"movie", "item"});
	CHECK(c->n_offered == 1 && !c->has_artists && c->artist[0] == STRMAP_NONE);
	catalog_free(c);
	catalog_free(NULL);
}

static void read_catalog(void *table)
{
	catalog_read(table, column_called("item"));
}

static void check_bad_catalog(const char *text, int want)
{
	struct table *t = open_text(text);
	int status = child_status(read_catalog, t, "/dev/null");
	table_close(t);
	if (!CHECK(status == want))
		printf("  %s", text);
}

/* ---- exclude ---- */

static const struct exclude_columns COLUMNS = {
	.user = {.name = "user"}, .item = {.name = "item"}, .split = {.name = "split"},
	.timestamp = {.name = "timestamp"},
};

/* Random histories of a few users: the items of each, by looking at all rows. */
static void check_exclude(struct random *r, int64_t window)
{
	enum { ROWS = 300, USERS = 12 };
	struct { uint32_t user, item, split; int64_t time; } row[ROWS];
	struct buffer text = {0};
	int64_t newest = 0;
	buffer_add_text(&text, "timestamp\titem\tsplit\tuser\n");
	for (int i = 0; i < ROWS; i++) {
		row[i].user = random_below(r, USERS);
		row[i].item = random_below(r, 40);
		row[i].split = random_below(r, 3);
		row[i].time = 1000 + random_below(r, 500);
		static const char *const SPLIT[] = {"train", "validation", "test"};
		if (row[i].split != 2 && row[i].time > newest)
			newest = row[i].time;
		buffer_format(&text, "%d\t%u\t%s\tu%u\n", (int)row[i].time, row[i].item,
			      SPLIT[row[i].split], row[i].user);
	}
	struct exclude *x = exclude_new();
	struct table *t = open_text(buffer_text(&text));
	CHECK(exclude_read(x, t, &COLUMNS, 3, window >= 0) == (window >= 0));
	table_close(t);
	exclude_finish(x, window);
	for (uint32_t u = 0; u < USERS + 1; u++) {
		char name[16];
		uint32_t n, wanted[40] = {0}, got[40] = {0};
		snprintf(name, sizeof name, "u%u", u);
		const uint32_t *items = exclude_of(x, span_of(name), &n);
		for (uint32_t i = 0; i < n; i++) {
			struct span id = strmap_key(exclude_items(x), items[i]);
			uint64_t item = 40;
			CHECK(number_u64(id.at, id.n, &item) == NUMBER_OK && item < 40);
			got[item % 40]++;
		}
		for (int i = 0; i < ROWS; i++)
			if (row[i].user == u && row[i].split != 2 &&
			    (window < 0 || row[i].time >= newest - window))
				wanted[row[i].item]++;
		CHECK(memcmp(wanted, got, sizeof got) == 0);
	}
	exclude_free(x);
	buffer_free(&text);
}

/* ---- embedding, metadata ---- */

static const char MODEL[] =
	"kind\tid\tbias\tf0\tf1\nmeta\tloss=warp\t0\t0\t0\n"
	"item\ta\t1\t3\t4\nitem\tb\t2\t0\t0\nitem\tc\t3\t1\t0\nuser\tu\t0\t5\t5\n";

static struct embedding *vectors(const struct embedding_options *how)
{
	struct table *t = open_text(MODEL);
	struct model_reader *reader = model_open(t);
	struct embedding *e = embedding_read(reader, how);
	model_close(reader);
	table_close(t);
	return e;
}

static void check_embedding(void)
{
	struct embedding *e = vectors(&(struct embedding_options){.kind = MODEL_ITEM, .bias = true});
	CHECK(e->n == 3 && e->width == 3 && e->rows_in_model == 3);
	const float *row = embedding_row(e, strmap_find(e->ids, span_of("a")));
	CHECK(row[0] == 3 && row[1] == 4 && row[2] == 1);
	for (uint32_t i = e->width; i < e->stride; i++)
		CHECK(row[i] == 0);
	embedding_free(e);
	e = vectors(&(struct embedding_options){.kind = MODEL_ITEM, .unit = true});
	row = embedding_row(e, 0);
	CHECK_NEAR(row[0], 0.6, 1e-7);
	CHECK_NEAR(row[1], 0.8, 1e-7);
	CHECK(embedding_row(e, 1)[0] == 0); /* a zero vector stays */
	embedding_free(e);
	/* The sample is the smallest hashes, in the model's order. */
	e = vectors(&(struct embedding_options){.kind = MODEL_ITEM, .sample = 2, .seed = 5});
	CHECK(e->n == 2 && e->rows_in_model == 3);
	const char *ids[] = {"a", "b", "c"};
	int last = -1, largest = 0;
	for (int i = 1; i < 3; i++)
		if (hash_row(5, span_of(ids[i]), span_of("")) > hash_row(5, span_of(ids[largest]), span_of("")))
			largest = i;
	for (uint32_t i = 0; i < e->n; i++) {
		int at = strmap_key(e->ids, i).at[0] - 'a';
		CHECK(at > last && at != largest);
		last = at;
	}
	embedding_free(e);
}

static void check_metadata(void)
{
	struct metadata *m = metadata_read(open_text("title\tid\tyear\nAb\t1\t\n\t2\t1999\nx\ry\t3\t0\n"), 1);
	CHECK_INT(m->columns, 2);
	CHECK(metadata_column(m, "year") == 1 && metadata_column(m, "id") == -1);
	CHECK(span_equal(metadata_field(m, span_of("1"), 0), span_of("Ab")));
	CHECK(span_equal(metadata_field(m, span_of("1"), 1), span_of("")));
	CHECK(span_equal(metadata_field(m, span_of("2"), 1), span_of("1999")));
	CHECK(span_equal(metadata_field(m, span_of("3"), 0), span_of("x y")));
	CHECK(span_equal(metadata_field(m, span_of("4"), 0), span_of("")));
	metadata_free(m);
}

int main(void)
{
	struct random r = random_start(1, 0);
	int file = mkstemp(path);
	if (file < 0)
		abort();
	close(file);
	check_catalog();
	check_bad_catalog("item\na\na\n", STATUS_DATA);
	check_bad_catalog("item\tblocked\na\tmaybe\n", STATUS_DATA);
	check_bad_catalog("item\tblocked\n\t0\n", STATUS_DATA);
	check_bad_catalog("track\na\n", STATUS_DATA);
	for (int round = 0; round < 20; round++)
		check_exclude(&r, round % 2 ? (int64_t)random_below(&r, 600) : -1);
	check_embedding();
	check_metadata();
	unlink(path);
	return unit_finish();
}
