/* A study: what is appended is there for others, steps come in order whatever order
 * they were told in, and a point has one form; a space maps to units and back. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "domain/claim.h"
#include "unit.h"

static const char path[] = "study.tsv";

static struct study_terms terms(void)
{
	struct study_terms t = {.direction_given = true, .maximize = true, .seed_given = true, .seed = 7};
	CHECK(!space_add(&t.space, "loss=choice:warp,bpr"));
	CHECK(!space_add(&t.space, "k=int:1:20@loss=warp"));
	CHECK(!space_add(&t.space, "r=log:1e-4:1"));
	return t;
}

/* Every level of a parameter with steps: its unit lies in its cell, cells meet and fill
 * 0 .. 1, and its text is read back. */
static void test_levels(void)
{
	static const char *const DEFINITIONS[] = {"x=log-int:1:9:2", "x=log-int:1:8:3", "x=log-int:1:1",
		"x=log-int:2:20:3", "x=int:1:8:4", "x=float:0:0.3:0.1", "x=float:-1:1:0.3",
		"x=int:12345678901:12345678911", "x=log-int:3:1000:997", "x=log-int:1:1000:999"};
	for (size_t d = 0; d < sizeof DEFINITIONS / sizeof *DEFINITIONS; d++) {
		struct space space = {0};
		CHECK(!space_add(&space, DEFINITIONS[d]));
		const struct parameter *p = &space.parameters[0];
		double end = 0, from, to, back;
		for (double i = 0; i < space_levels(p); i++) {
			double value = space_level(p, i), unit = space_unit(p, value);
			struct buffer text = {0};
			space_format(p, value, &text);
			CHECK(space_parse(p, text.data, text.n, &back) && space_holds(p, back));
			CHECK(space_value(p, unit) <= back && space_value(p, unit) >= back);
			space_cell(p, value, &from, &to);
			CHECK(fabs(from - end) < 1e-6 && unit >= from && unit <= to);
			end = to;
			buffer_free(&text);
		}
		CHECK(fabs(end - 1) < 1e-6);
		CHECK(space_value(p, 0) <= p->low && space_value(p, 1) >= p->last);
		CHECK(!space_holds(p, NAN) && !space_holds(p, p->high + 1) && !space_holds(p, p->low - 1));
		space_free(&space);
	}
}

static void test_space(void)
{
	struct study_terms t = terms();
	double point[] = {1, 5, 0.1};
	space_settle(&t.space, point);
	CHECK(isnan(point[1]) && point[2] == 0.1);
	const struct parameter *k = &t.space.parameters[1], *r = &t.space.parameters[2];
	for (int value = 1; value <= 20; value++)
		CHECK(space_value(k, space_unit(k, value)) == value);
	CHECK(fabs(space_value(r, 0.5) - 0.01) < 1e-12 && space_unit(r, 1) == 1);
	CHECK(space_value(r, 0) == 1e-4 && space_value(r, 1) == 1);
	int unreadable = 0; /* values have ten digits, and are what these are read as */
	for (int i = 0; i < 5000; i++) {
		char text[40];
		double value = space_value(r, i / 4999.0);
		snprintf(text, sizeof text, "%.10g", value);
		unreadable += strtod(text, NULL) < value || strtod(text, NULL) > value;
	}
	CHECK_INT(unreadable, 0);
	CHECK(space_levels(k) == 20 && isinf(space_levels(r)));
	test_levels();
	char *name = space_variable("learning-rate");
	CHECK(strcmp(name, "HP_LEARNING_RATE") == 0);
	free(name);
	space_free(&t.space);
}

static void append(struct study *s, int64_t trial, const char *state, double value, int64_t step,
		   const double *point)
{
	study_append(s, &(struct study_row){.trial = trial, .state = state, .value = value,
		.step = step, .seconds = NAN, .message = claim_owner(s), .point = point}, false);
}

/* A definition that is none adds nothing and comes back with the reason; terms that are not
 * the study's come back, too. */
static void test_problems(void)
{
	static const char *const DEFINITIONS[][2] = {
		{"x", "a parameter is NAME=KIND:...: \"x\""},
		{"loss=int:1:2", "a duplicate parameter: \"loss\""},
		{"x=choice:a,b,a", "a duplicate choice: \"a,b,a\""},
		{"x=float:2:1", "the low end is above the high end: \"float:2:1\""},
		{"x=float:1:y", "not a number: \"y\""},
		{"x=int:1:2@loss=no", "the condition's value is not a value of that parameter: \"no\""},
	};
	struct study_terms t = terms();
	for (size_t d = 0; d < sizeof DEFINITIONS / sizeof *DEFINITIONS; d++) {
		char *problem = space_add(&t.space, DEFINITIONS[d][0]);
		CHECK_TEXT(problem, DEFINITIONS[d][1]);
		free(problem);
		CHECK_INT(t.space.n, 3);
	}
	unlink(path);
	struct study s;
	struct study_terms none = {0};
	CHECK_INT(study_open(&s, path, STUDY_MAKE, &none), STUDY_NO_SPACE);
	study_close(&s);
	CHECK(access(path, F_OK) != 0);
	FILE *empty = fopen(path, "w");
	CHECK(empty && fclose(empty) == 0);
	CHECK_INT(study_open(&s, path, STUDY_MAKE, &none), STUDY_NO_SPACE);
	study_close(&s);
	CHECK_INT(study_open(&s, path, STUDY_MAKE, &t), STUDY_OPENED);
	study_close(&s);
	t.seed = 8;
	CHECK_INT(study_open(&s, path, STUDY_WORK, &t), STUDY_OTHER_SEED);
	CHECK_INT(s.seed, 7);
	study_close(&s);
	t.maximize = false;
	CHECK_INT(study_open(&s, path, STUDY_WORK, &t), STUDY_OTHER_DIRECTION);
	study_close(&s);
	t = terms();
	CHECK(!space_add(&t.space, "more=int:1:2"));
	CHECK_INT(study_open(&s, path, STUDY_WORK, &t), STUDY_OTHER_SPACE);
	study_close(&s);
	space_free(&t.space);
}

/* Two who have the study open see each other's rows. */
static void test_shared(void)
{
	unlink(path);
	struct study_terms t = terms();
	struct study a, b;
	CHECK_INT(study_open(&a, path, STUDY_MAKE, &t), STUDY_OPENED);
	CHECK_INT(study_open(&b, path, STUDY_WORK, &t), STUDY_OPENED);
	const double point[] = {0, 5, 0.25};
	study_lock(&a);
	append(&a, 1, "running", NAN, -1, point);
	append(&a, 1, "step", 3, 2, NULL);
	append(&a, 1, "step", 1, 1, NULL);
	append(&a, 1, "step", 4, 2, NULL);
	study_unlock(&a);
	study_lock(&b);
	const struct trial *trial = study_trial(&b, 1);
	CHECK(trial && trial->state == TRIAL_RUNNING && trial->point[2] == 0.25);
	CHECK(claim_life(&b, trial) == OWNER_ALIVE);
	CHECK(trial->n_steps == 2 && trial->steps[0].step == 1 && trial_value_at(trial, 2) == 4);
	CHECK(isnan(trial_value_at(trial, 3)));
	append(&b, 1, "complete", 4, 2, NULL);
	append(&b, 2, "running", NAN, -1, point);
	append(&b, 2, "complete", 9, -1, NULL);
	study_unlock(&b);
	study_lock(&a);
	CHECK(study_best(&a)->number == 2 && a.maximize && a.seed == 7);
	CHECK(study_trial(&a, 1)->finished == 1 && !study_trial(&a, 3));
	study_unlock(&a);
	study_close(&a);
	study_close(&b);
	space_free(&t.space);
}

/* ---- what must be on disk, and where the file must be ---- */

static int syncs;
static bool sync_fails;

/* In the C library's place: no test can see a sync otherwise. */
int fdatasync(int file)
{
	(void)file;
	syncs++;
	errno = EIO;
	return sync_fails ? -1 : 0;
}

/* The exit status of what is done to the study in a process of its own. */
static int status_of(void (*action)(struct study *study), struct study *study)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(99);
		action(study);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void begin_trial(struct study *s)
{
	const double point[] = {0, 5, 0.25};
	study_append(s, &(struct study_row){.trial = 1, .state = "running", .value = NAN,
		.step = -1, .seconds = NAN, .message = claim_owner(s), .point = point}, true);
}

static void lock_and_unlock(struct study *s)
{
	study_lock(s);
	study_unlock(s);
}

/* Rows that begin or end a trial are on disk when study_append returns, or the program
 * says that they are not; others are not waited for. */
static void test_sync(void)
{
	unlink(path);
	struct study_terms t = terms();
	struct study s;
	CHECK_INT(study_open(&s, path, STUDY_MAKE, &t), STUDY_OPENED);
	study_lock(&s);
	syncs = 0;
	begin_trial(&s);
	CHECK_INT(syncs, 1);
	append(&s, 1, "step", 3, 2, NULL);
	CHECK_INT(syncs, 1);
	sync_fails = true;
	CHECK_INT(status_of(begin_trial, &s), STATUS_FAILED);
	sync_fails = false;
	study_unlock(&s);
	study_close(&s);
	space_free(&t.space);
}

/* What is written to a file without a name is lost: whoever works on it must hear of it. */
static void test_removed(void)
{
	unlink(path);
	struct study_terms t = terms();
	struct study s;
	CHECK_INT(study_open(&s, path, STUDY_MAKE, &t), STUDY_OPENED);
	CHECK_INT(status_of(lock_and_unlock, &s), STATUS_DONE);
	CHECK(rename(path, "elsewhere.tsv") == 0);
	CHECK_INT(status_of(lock_and_unlock, &s), STATUS_DONE);
	unlink("elsewhere.tsv");
	CHECK_INT(status_of(lock_and_unlock, &s), STATUS_FAILED);
	study_close(&s);
	space_free(&t.space);
}

/* What is known of the one who runs trial 5, by its owner's text. */
__attribute__((format(printf, 3, 4)))
static enum owner_life life(const struct study *s, int64_t time_ms, const char *format, ...)
{
	char text[512];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return claim_life(s, &(struct trial){.number = 5, .owner = text, .time_ms = time_ms});
}

/* Hosts, boots and namespaces; with locks and without. The parts of this process' own text
 * are taken apart: host, pid, start, boot, namespace, token. */
static void test_owners(void)
{
	unlink(path);
	struct study_terms t = terms();
	struct study a, b;
	CHECK_INT(study_open(&a, path, STUDY_MAKE, &t), STUDY_OPENED);
	CHECK_INT(study_open(&b, path, STUDY_WORK, &t), STUDY_OPENED);
	char host[65], boot[40], space[24], token[24], lock[8] = "";
	long pid;
	unsigned long long start;
	int64_t now = (int64_t)time(NULL) * 1000;
	CHECK(sscanf(claim_owner(&a), "%64s %ld %llu %39s %23s %23s %7s", host, &pid, &start, boot, space,
		     token, lock) >= 6 && pid == getpid());
	if (!a.locks || strcmp(lock, "lock") != 0)
		printf("no locks on this file system: not tested\n");
	for (int locked = 0; locked <= a.locks; locked++) {
		struct study s = a;
		s.locks = locked;
		CHECK(life(&s, now, "%s", OWNER_ASKED) == OWNER_ELSEWHERE);
		CHECK(life(&s, now, "nonsense") == OWNER_GONE);
		CHECK(claim_life(&s, &(struct trial){.number = 5}) == OWNER_GONE);
		CHECK(life(&s, now, "elsewhere 1 1") == OWNER_ELSEWHERE);
		CHECK(life(&s, now, "%s", claim_owner(&s)) == OWNER_ALIVE);
		/* As version 0.1.0 wrote it. */
		CHECK(life(&s, now, "%s %ld %llu", host, pid, start) == OWNER_ALIVE);
		CHECK(life(&s, now, "%s %ld %llu", host, pid, start + 1) == OWNER_GONE);
		CHECK(life(&s, now, "%s %ld 0", host, pid) == OWNER_ELSEWHERE);
		/* Without locks the process is looked for, but in its own namespace only. */
		CHECK(life(&s, now, "%s %ld %llu %s %s 1", host, pid, start, boot, space) == OWNER_ALIVE);
		CHECK(life(&s, now, "%s %ld %llu %s %s 1", host, pid, start + 1, boot, space) == OWNER_GONE);
		CHECK(life(&s, now, "%s %ld %llu %s 77 1", host, pid, start, boot) == OWNER_ELSEWHERE);
		CHECK(life(&s, now, "%s 1 0 - - 1", host) == OWNER_ELSEWHERE);
		/* Another boot: of this host, or of another one with its name. */
		CHECK(life(&s, 1000, "%s 1 1 other-boot 77 1 lock", host) == OWNER_GONE);
		CHECK(life(&s, now, "%s 1 1 other-boot 77 1 lock", host) == OWNER_ELSEWHERE);
		CHECK(life(&s, 1000, "elsewhere 1 1 other-boot 77 1 lock") == OWNER_ELSEWHERE);
		if (!locked)
			continue;
		/* A lock says more than numbers: it is dropped with its process, wherever that is. */
		claim_take(&b, 5);
		CHECK(life(&s, now, "%s %ld %llu %s 77 1 lock", host, pid, start + 1, boot) == OWNER_ALIVE);
		CHECK(life(&s, now, "elsewhere 1 0 %s 77 1 lock", boot) == OWNER_ALIVE);
		CHECK(life(&s, now, "%s 1 0 - - 1 lock", host) == OWNER_ALIVE);
		CHECK(life(&s, 1000, "%s 1 1 other-boot 77 1 lock", host) == OWNER_ALIVE);
		claim_drop(&b, 5);
		claim_take(&b, 4);
		CHECK(life(&s, now, "%s %ld %llu %s 77 1 lock", host, pid, start, boot) == OWNER_GONE);
		CHECK(life(&s, now, "elsewhere 1 0 %s 77 1 lock", boot) == OWNER_GONE);
		CHECK(life(&s, now, "%s 1 0 - - 1 lock", host) == OWNER_GONE);
		CHECK(life(&s, now, "elsewhere 1 0 - - 1 lock") == OWNER_ELSEWHERE);
		claim_drop(&b, 4);
	}
	study_close(&a);
	study_close(&b);
	space_free(&t.space);
}

int main(void)
{
	program_name = "test-study";
	test_space();
	test_problems();
	test_shared();
	test_owners();
	test_sync();
	test_removed();
	return unit_finish();
}
