/* The rule of assignment against values of an independent MurmurHash3, and the
 * lists of the catalog. */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "domain/assignment.h"
#include "domain/catalog.h"
#include "unit.h"

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		die(STATUS_FAILED, "cannot write %s", path);
}

static void course(void)
{
	static const struct {
		const char *experiment, *user;
		uint32_t hash;
		const char *arm;
	} CASES[] = { /* hashes as python's mmh3 gives them */
		{"AA=2", "0", 507129015u, "T1"},
		{"STICKY_ARTIST=4", "0", 98776357u, "T1"},
		{"TOP_POP=4", "0", 2587556889u, "T1"},
		{"USER_BASED=2", "97", 1423168996u, "C"},
		{"PERSONALIZED=2", "97", 4005626787u, "T1"},
		{"AA=2", "194", 1054748356u, "C"},
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct experiments x = {0};
		CHECK_INT(experiments_add(&x, CASES[i].experiment), EXPERIMENT_ADDED);
		struct span id = span_of(CASES[i].user);
		CHECK_INT(experiment_hash(&x.all[0], id), CASES[i].hash);
		CHECK_TEXT(x.all[0].arms[experiment_arm(&x.all[0], id)].name, CASES[i].arm);
		experiments_free(&x);
	}
	struct experiments x = {0};
	CHECK_INT(experiments_add(&x, "PERSONALIZED=2"), EXPERIMENT_ADDED);
	CHECK_INT(x.all[0].n, 2);
	CHECK_INT(experiments_add(&x, "PERSONALIZED=3"), EXPERIMENT_TWICE);
	CHECK_INT(experiments_add(&x, "OTHER=1001"), EXPERIMENT_NOT_SHORT);
	CHECK_INT(experiments_add(&x, "=2"), EXPERIMENT_NOT_SHORT);
	CHECK_INT(experiments_add(&x, "A\tB=2"), EXPERIMENT_NAME_BREAKS);
	CHECK_INT(experiments_add(&x, "user=2"), EXPERIMENT_NAME_FIXED);
	CHECK_INT(x.n, 1);
	CHECK(experiments_find(&x, span_of("PERSONALIZED")) == &x.all[0]);
	CHECK(experiments_find(&x, span_of("PERSONAL")) == NULL);
	CHECK_INT(experiment_find_arm(&x.all[0], span_of("T2")), 2);
	experiments_free(&x);
}

static void weights(void)
{
	write_file("experiments.tsv", "name\tarm\tweight\trecommender\tsalt\n"
		   "AA\tC\t50\t\t\nAA\tT1\t30\trandom\t\nAA\tT2\t20\tindexed\t\n"
		   "same\tC\t7\t\tAA\nsame\tT1\t7\t\tAA\n"
		   "off\tC\t1\t\t\noff\tT1\t0\t\t\n");
	struct experiments x = {0};
	experiments_read(&x, table_open_file("experiments.tsv"));
	CHECK_INT(x.n, 3);
	static const char *WANT[] = {"C", "T1", "C", "C", "T2", "T2", "C"};
	static const char *USER[] = {"0", "1", "2", "3", "4", "5", "6"};
	for (int i = 0; i < 7; i++)
		CHECK_TEXT(x.all[0].arms[experiment_arm(&x.all[0], span_of(USER[i]))].name, WANT[i]);
	CHECK_TEXT(x.all[0].arms[2].recommender, "indexed");
	/* equal weights are the course's rule, whatever they are; the salt replaces the name */
	CHECK_INT(experiment_arm(&x.all[1], span_of("0")), 507129015u % 2);
	for (int i = 0; i < 7; i++)
		CHECK_INT(experiment_arm(&x.all[2], span_of(USER[i])), 0);
	CHECK_INT(experiment_arm_of_hash(&x.all[0], 0), 0);
	CHECK_INT(experiment_arm_of_hash(&x.all[0], UINT32_MAX), 2);
	CHECK_INT(experiment_arm_of_hash(&x.all[0], 0x80000000u), 1);
	CHECK_INT(experiment_arm_of_hash(&x.all[0], 0x7fffffffu), 0);
	experiments_free(&x);
}

static void catalog(void)
{
	write_file("items.tsv", "item\ttitle\tartist\tavailable\tblocked\n"
		   "a\tA\tx\t1\t0\nb\tB\ty\t0\t0\nc\tC\tx\t\t\nd\tD\t\t1\t1\ne\tE\t\t1\t0\n"
		   "f\tF\ty\t1\t0\ng\tG\tx\t1\t1\n");
	struct catalog *c = catalog_read(table_open_file("items.tsv"), column_called("item"));
	CHECK_INT(strmap_count(c->ids), 7);
	CHECK_INT(c->n_offered, 4);
	static const uint32_t OFFERED[] = {0, 2, 4, 5};
	for (int i = 0; i < 4; i++)
		CHECK_INT(c->offered[i], OFFERED[i]);
	CHECK_INT(strmap_find(c->ids, span_of("e")), 4);
	CHECK_INT(strmap_find(c->ids, span_of("z")), STRMAP_NONE);
	CHECK(c->has_artists);
	CHECK_INT(c->artist[4], STRMAP_NONE);
	CHECK_INT(c->artist[0], c->artist[6]);
	CHECK(c->artist[0] != c->artist[1]);
	CHECK(!c->is_offered[6]);
	catalog_free(c);
}

int main(void)
{
	const char *folder = getenv("RECPIPE_TMP");
	if (folder && chdir(folder) != 0)
		die_errno(STATUS_FAILED, "cannot go to %s", folder);
	course();
	weights();
	catalog();
	return unit_finish();
}
