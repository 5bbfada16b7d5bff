/* Files of side features: sorted whatever the order of the rows, bad rows refused, and
 * which column is that of the ids. */
#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "learning/side-features.h"
#include "child.h"
#include "unit.h"

static const char path[] = "features.tsv";
static const struct column USER = {.name = "user"}, UID = {.name = "uid", .option = "user"};

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static struct side_features read_path(struct column entity)
{
	struct side_file file = side_features_open(table_open_file(path), entity, "user");
	return side_features_read(&file);
}

static void read_once(void *entity)
{
	struct side_features s = read_path(*(const struct column *)entity);
	side_features_free(&s);
}

/* The status that reading ends with, in a process of its own. */
static int status_of(const char *text, struct column entity)
{
	write_text(text);
	return child_status(read_once, &entity, "/dev/null");
}

static void check_key(const struct strmap *map, uint32_t number, const char *want)
{
	CHECK(span_equal(strmap_key(map, number), span_of(want)));
}

static void check_small(void)
{
	write_text("weight\tuser\tfeature\n0.5\tu2\trock\n-3\tu10\tpop\n1\tu2\tjazz\n0\tu2\tpop\n");
	struct side_features s = read_path(USER);
	CHECK(strmap_count(s.entities) == 2 && strmap_count(s.features) == 3);
	check_key(s.entities, 0, "u10");
	check_key(s.entities, 1, "u2");
	check_key(s.features, 0, "jazz");
	check_key(s.features, 1, "pop");
	check_key(s.features, 2, "rock");
	CHECK(s.rows.start[0] == 0 && s.rows.start[1] == 1 && s.rows.start[2] == 4);
	static const uint32_t FEATURES[] = {1, 0, 1, 2};
	static const float WEIGHTS[] = {-3, 1, 0, 0.5f};
	for (int i = 0; i < 4; i++)
		CHECK(s.rows.column[i] == FEATURES[i] && s.rows.value[i] == WEIGHTS[i]);
	CHECK(side_features_size(s.rows.value, 4) == 4.5);
	side_features_free(&s);
	side_features_free(&s);
	write_text("user\tfeature\n");
	s = read_path(USER);
	CHECK(strmap_count(s.entities) == 0 && strmap_count(s.features) == 0);
	CHECK(s.rows.start[0] == 0 && side_features_size(s.rows.value, 0) == 0);
	side_features_free(&s);
	write_text("user\tfeature\na\tx\n");
	s = read_path(USER);
	CHECK(s.rows.value[0] == 1);
	side_features_free(&s);
}

/* Many rows in a drawn order: entity e has every feature whose number e divides. */
static void check_many(void)
{
	enum { ENTITIES = 60, FEATURES = 300 };
	static uint32_t order[ENTITIES * FEATURES];
	struct random r = random_start(5, 0);
	for (uint32_t i = 0; i < ENTITIES * FEATURES; i++)
		order[i] = i;
	random_shuffle(&r, order, ENTITIES * FEATURES, sizeof *order);
	FILE *f = fopen(path, "w");
	if (!f)
		abort();
	fprintf(f, "feature\tuser\tweight\n");
	for (uint32_t i = 0; i < ENTITIES * FEATURES; i++) {
		uint32_t e = order[i] / FEATURES + 1, x = order[i] % FEATURES + 1;
		if (x % e == 0)
			fprintf(f, "f%03u\te%02u\t%u\n", (unsigned)x, (unsigned)e, (unsigned)(e * 1000 + x));
	}
	if (fclose(f) != 0)
		abort();
	struct side_features s = read_path(USER);
	CHECK(strmap_count(s.entities) == ENTITIES && strmap_count(s.features) == FEATURES);
	for (uint32_t e = 1; e <= ENTITIES; e++) {
		uint64_t at = s.rows.start[e - 1];
		for (uint32_t x = e; x <= FEATURES; x += e, at++)
			CHECK(s.rows.column[at] == x - 1 && s.rows.value[at] == (float)(e * 1000 + x));
		CHECK(at == s.rows.start[e]);
	}
	side_features_free(&s);
}

static void check_column(const char *header, struct column entity, const char *want)
{
	char text[64];
	snprintf(text, sizeof text, "%s\n1\t2\t3\n", header);
	write_text(text);
	struct side_features s = read_path(entity);
	check_key(s.entities, 0, want);
	side_features_free(&s);
}

static void check_columns(void)
{
	check_column("user\tfeature\tx", USER, "1");
	check_column("user\tfeature\tx", UID, "1");
	check_column("x\tfeature\tuid", UID, "3");
	check_column("user\tfeature\tuid", UID, "3");
	check_column("user\tfeature\tuid", USER, "1");
	CHECK(status_of("id\tfeature\na\tx\n", USER) == STATUS_DATA);
	CHECK(status_of("id\tfeature\na\tx\n", UID) == STATUS_USAGE);
	CHECK(status_of("user\tname\na\tx\n", UID) == STATUS_DATA);
}

static void check_bad(void)
{
	CHECK(status_of("user\tfeature\na\tx\nb\tx\na\ty\n", USER) == 0);
	CHECK(status_of("user\tfeature\na\tx\nb\tx\na\tx\n", USER) == STATUS_DATA);
	CHECK(status_of("user\tfeature\tweight\na\tx\t1\na\tx\t2\n", USER) == STATUS_DATA);
	CHECK(status_of("user\tfeature\n\tx\n", USER) == STATUS_DATA);
	CHECK(status_of("user\tfeature\na\t\n", USER) == STATUS_DATA);
	CHECK(status_of("user\tfeature\tweight\na\tx\tnan\n", USER) == STATUS_DATA);
	CHECK(status_of("user\tfeature\tweight\na\tx\t\n", USER) == STATUS_DATA);
}

int main(void)
{
	check_small();
	check_many();
	check_columns();
	check_bad();
	return unit_finish();
}
