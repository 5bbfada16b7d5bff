#include "tune.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

/* The journal's columns before those of the parameters. */
static const char HEADER[] = "trial\tstate\tvalue\tstep\tseconds\ttime\tmessage";
enum { FIXED = 7 };

bool study_better(const struct study *study, double a, double b)
{
	if (isnan(a))
		return false;
	return isnan(b) || (study->maximize ? a > b : a < b);
}

const struct trial *study_best(const struct study *study)
{
	const struct trial *best = NULL;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->state == TRIAL_COMPLETE && (!best || study_better(study, t->value, best->value)))
			best = t;
	}
	return best;
}

struct trial *study_trial(struct study *study, int64_t number)
{
	if (number < 1 || (uint64_t)number > study->n)
		return NULL;
	return &study->trials[number - 1];
}

/* ---- who runs a trial ---- */

/* The start time of a process in clock ticks since boot, as /proc has it; 0 when
 * there is no such process. Numbers of processes are used again, start times are not. */
static unsigned long long start_of(long pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	ssize_t n = read(file, text, sizeof text - 1);
	close(file);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *at = strrchr(text, ')'); /* the name may hold anything */
	if (at && (at[2] == 'Z' || at[2] == 'X'))
		return 0; /* dead, and nobody has looked */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static const char *host(void)
{
	static char name[65];
	if (!*name && gethostname(name, sizeof name - 1) != 0)
		die_errno(STATUS_FAILED, "cannot get the host's name");
	return name;
}

const char *study_owner(void)
{
	static char owner[128];
	static pid_t made_for;
	if (made_for != getpid()) {
		made_for = getpid();
		snprintf(owner, sizeof owner, "%s %ld %llu", host(), (long)made_for,
			 start_of((long)made_for));
	}
	return owner;
}

bool study_owner_alive(const char *owner)
{
	char name[65];
	long pid;
	unsigned long long start;
	if (owner && strcmp(owner, "asked") == 0)
		return true; /* somebody's own loop */
	if (!owner || sscanf(owner, "%64s %ld %llu", name, &pid, &start) != 3)
		return false;
	if (strcmp(name, host()) != 0)
		return true; /* another host's: only time can tell */
	return start_of(pid) == start && start != 0;
}

/* ---- reading ---- */

_Noreturn static void bad_line(const struct study *study, const char *problem, struct span field)
{
	char shown[QUOTED_SIZE];
	die(STATUS_DATA, "%s:%llu: %s: %s", study->path, (unsigned long long)study->lines, problem,
	    quoted(field.at, field.n, shown));
}

static struct trial *trial_for(struct study *study, int64_t number, struct span field)
{
	if (number < 1 || number > 100000000)
		bad_line(study, "not a trial's number", field);
	while (study->n < (uint64_t)number) {
		study->trials = memory_grow(study->trials, &study->capacity, study->n + 1,
					    sizeof *study->trials);
		struct trial *t = &study->trials[study->n++];
		*t = (struct trial){.number = (int64_t)study->n, .state = TRIAL_WAITING,
			.value = NAN, .generation = -1,
			.point = memory_new(study->space.n, sizeof *t->point)};
		for (size_t p = 0; p < study->space.n; p++)
			t->point[p] = NAN;
	}
	return &study->trials[number - 1];
}

static double number_or_nan(const struct study *study, struct span field)
{
	double value;
	if (field.n == 0)
		return NAN;
	if (number_double(field.at, field.n, &value) != NUMBER_OK)
		bad_line(study, "not a number", field);
	return value;
}

static void add_step(struct trial *t, int64_t step, double value)
{
	for (size_t i = 0; i < t->n_steps; i++) {
		if (t->steps[i].step == step) {
			t->steps[i].value = value;
			return;
		}
	}
	t->steps = memory_grow(t->steps, &t->steps_capacity, t->n_steps + 1, sizeof *t->steps);
	t->steps[t->n_steps++] = (struct step){step, value};
}

static void take_setting(struct study *study, struct span text)
{
	static const char DIRECTION[] = "direction=", SEED[] = "seed=";
	if (text.n > strlen(DIRECTION) && memcmp(text.at, DIRECTION, strlen(DIRECTION)) == 0) {
		study->maximize = text.at[strlen(DIRECTION) + 1] == 'a';
	} else if (text.n > strlen(SEED) && memcmp(text.at, SEED, strlen(SEED)) == 0) {
		size_t skip = strlen(SEED);
		if (number_u64(text.at + skip, text.n - skip, &study->seed) != NUMBER_OK)
			bad_line(study, "not a seed", text);
	} else {
		bad_line(study, "an unknown setting", text);
	}
}

static void take_point(struct study *study, struct trial *t, const struct span *fields)
{
	for (size_t p = 0; p < study->space.n; p++) {
		struct span text = fields[p];
		if (text.n == 0)
			t->point[p] = NAN;
		else if (!space_parse(&study->space.parameters[p], text.at, text.n, &t->point[p]))
			bad_line(study, "not a value of the parameter", text);
	}
}

static void set_text(char **to, struct span text)
{
	free(*to);
	*to = memory_text(text.at, text.n);
}

/* One line of the journal, applied to what is known. */
static void take_line(struct study *study, struct span line)
{
	study->lines++;
	size_t width = FIXED + study->space.n, n = 0;
	struct span *field = memory_new(width + 1, sizeof *field);
	for (size_t from = 0, i = 0; i <= line.n; i++) {
		if (i == line.n || line.at[i] == '\t') {
			if (n <= width)
				field[n] = (struct span){line.at + from, i - from};
			n++;
			from = i + 1;
		}
	}
	if (n != width)
		die(STATUS_DATA, "%s:%llu: %zu fields where the header has %zu", study->path,
		    (unsigned long long)study->lines, n, width);
	struct span state = field[1], message = field[6];
	double value = number_or_nan(study, field[2]);
	if (span_equal(state, span_of("study"))) {
		take_setting(study, message);
	} else if (!span_equal(state, span_of("parameter"))) {
		int64_t number, step = -1, time = 0;
		if (number_i64(field[0].at, field[0].n, &number) != NUMBER_OK)
			bad_line(study, "not a trial's number", field[0]);
		if (field[3].n && number_i64(field[3].at, field[3].n, &step) != NUMBER_OK)
			bad_line(study, "not a step", field[3]);
		if (field[5].n && number_i64(field[5].at, field[5].n, &time) != NUMBER_OK)
			bad_line(study, "not a time", field[5]);
		struct trial *t = trial_for(study, number, field[0]);
		t->time_ms = time;
		bool ended = t->state > TRIAL_RUNNING;
		if (span_equal(state, span_of("waiting"))) {
			if (ended)
				bad_line(study, "a trial that has ended", field[0]);
			t->state = TRIAL_WAITING;
			take_point(study, t, field + FIXED);
			set_text(&t->message, message);
		} else if (span_equal(state, span_of("running"))) {
			if (ended)
				bad_line(study, "a trial that has ended", field[0]);
			t->state = TRIAL_RUNNING;
			t->n_steps = 0;
			t->generation = step;
			take_point(study, t, field + FIXED);
			set_text(&t->owner, message);
		} else if (span_equal(state, span_of("step"))) {
			if (!ended)
				add_step(t, step, value);
		} else {
			bool complete = span_equal(state, span_of("complete"));
			bool pruned = span_equal(state, span_of("pruned"));
			if (!complete && !pruned && !span_equal(state, span_of("failed")))
				bad_line(study, "an unknown state", state);
			if (ended)
				bad_line(study, "a trial that has ended", field[0]);
			if (complete && isnan(value))
				bad_line(study, "a complete trial without a value", field[0]);
			t->state = complete ? TRIAL_COMPLETE : pruned ? TRIAL_PRUNED : TRIAL_FAILED;
			t->value = value;
			t->seconds = field[4].n ? number_or_nan(study, field[4]) : 0;
			t->finished = ++study->finished;
			set_text(&t->message, message);
		}
	}
	free(field);
}

/* Takes in the whole lines behind `read`; `end` is the file's size. */
static void catch_up(struct study *study)
{
	struct stat about;
	if (fstat(study->file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot look at %s", study->path);
	uint64_t end = (uint64_t)about.st_size;
	if (end < study->read)
		die(STATUS_DATA, "%s has become shorter while it was read", study->path);
	struct buffer *b = &study->tail;
	b->n = 0;
	while (study->read + b->n < end) {
		size_t more = (size_t)(end - study->read - b->n);
		ssize_t n = pread(study->file, buffer_room(b, more), more,
				  (off_t)(study->read + b->n));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot read %s", study->path);
		if (n == 0)
			break;
		b->n += (size_t)n;
	}
	size_t from = 0;
	for (char *lf; from < b->n && (lf = memchr(b->data + from, '\n', b->n - from));) {
		size_t length = (size_t)(lf - b->data) - from;
		if (memchr(b->data + from, '\0', length))
			bad_line(study, "a NUL byte", (struct span){b->data + from, length});
		take_line(study, (struct span){b->data + from, length});
		from += length + 1;
	}
	study->read += from;
	b->n -= from;
	memmove(b->data ? b->data : "", b->data ? b->data + from : "", b->n);
}

void study_lock(struct study *study)
{
	while (flock(study->file, LOCK_EX) != 0)
		if (errno != EINTR)
			die_errno(STATUS_FAILED, "cannot lock %s", study->path);
	study->locked = true;
	catch_up(study);
	if (study->tail.n == 0)
		return;
	/* Nobody else writes now, so this is what a killed writer left. */
	char shown[QUOTED_SIZE];
	tell("%s: dropped a torn last line: %s", study->path,
	     quoted(study->tail.data, study->tail.n, shown));
	if (ftruncate(study->file, (off_t)study->read) != 0)
		die_errno(STATUS_FAILED, "cannot shorten %s", study->path);
	study->tail.n = 0;
}

void study_unlock(struct study *study)
{
	if (flock(study->file, LOCK_UN) != 0)
		die_errno(STATUS_FAILED, "cannot unlock %s", study->path);
	study->locked = false;
}

/* ---- writing ---- */

/* Text as a field: what would end it becomes a space. */
static void add_field(struct buffer *b, const char *text)
{
	for (; text && *text; text++)
		buffer_add_byte(b, *text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text);
}

static void write_all(struct study *study, const char *bytes, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t w = write(study->file, bytes + done, n - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			int error = errno; /* leave no torn line to the others */
			if (ftruncate(study->file, (off_t)study->read) != 0)
				warn("%s may end in a torn line", study->path);
			errno = error;
			die_errno(STATUS_FAILED, "cannot write to %s", study->path);
		}
		done += (size_t)w;
	}
}

static void add_number(struct buffer *b, double value)
{
	if (!isnan(value))
		b->n += number_write_double(value, buffer_room(b, NUMBER_SIZE));
}

void study_append(struct study *study, const struct row *row, bool sync)
{
	struct buffer b = {0};
	if (row->trial > 0)
		buffer_format(&b, "%lld", (long long)row->trial);
	buffer_format(&b, "\t%s\t", row->state);
	add_number(&b, row->value);
	buffer_add_byte(&b, '\t');
	if (row->step >= 0)
		buffer_format(&b, "%lld", (long long)row->step);
	buffer_add_byte(&b, '\t');
	add_number(&b, row->seconds);
	buffer_format(&b, "\t%lld\t", (long long)clock_unix_ms());
	add_field(&b, row->message);
	for (size_t p = 0; p < study->space.n; p++) {
		buffer_add_byte(&b, '\t');
		if (row->point)
			space_format(&study->space.parameters[p], row->point[p], &b);
	}
	buffer_add_byte(&b, '\n');
	write_all(study, b.data, b.n);
	if (sync && fdatasync(study->file) != 0)
		die_errno(STATUS_FAILED, "cannot sync %s", study->path);
	buffer_free(&b);
	catch_up(study);
}

/* ---- opening ---- */

static void write_beginning(struct study *study, const struct study_terms *given)
{
	struct buffer b = {0};
	buffer_add_text(&b, HEADER);
	for (size_t p = 0; p < given->space.n; p++)
		buffer_format(&b, "\t%s", given->space.parameters[p].name);
	buffer_add_byte(&b, '\n');
	char settings[2][64];
	snprintf(settings[0], sizeof settings[0], "direction=%s",
		 given->maximize ? "maximize" : "minimize");
	snprintf(settings[1], sizeof settings[1], "seed=%llu", (unsigned long long)given->seed);
	for (size_t i = 0; i < 2 + given->space.n; i++) {
		buffer_format(&b, "\t%s\t\t\t\t%lld\t", i < 2 ? "study" : "parameter",
			      (long long)clock_unix_ms());
		if (i < 2)
			buffer_add_text(&b, settings[i]);
		else
			buffer_format(&b, "%s=%s", given->space.parameters[i - 2].name,
				      given->space.parameters[i - 2].definition);
		for (size_t p = 0; p < given->space.n; p++)
			buffer_add_byte(&b, '\t');
		buffer_add_byte(&b, '\n');
	}
	write_all(study, b.data, b.n);
	if (fsync(study->file) != 0)
		die_errno(STATUS_FAILED, "cannot sync %s", study->path);
	buffer_free(&b);
}

/* The header and the parameters' definitions: read once, before any trial. */
static bool read_beginning(struct study *study)
{
	struct stat about;
	if (fstat(study->file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot look at %s", study->path);
	size_t size = (size_t)about.st_size;
	char *text = memory_new(size + 1, 1);
	size_t n = 0;
	while (n < size) {
		ssize_t got = pread(study->file, text + n, size - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			die_errno(STATUS_FAILED, "cannot read %s", study->path);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	char *lf = memchr(text, '\n', n);
	size_t fixed = strlen(HEADER), columns = 0;
	if (!lf) {
		if (strncmp(text, HEADER, n < fixed ? n : fixed) != 0)
			die(STATUS_DATA, "%s:1: this is not the header of a study", study->path);
		free(text);
		return false;
	}
	*lf = '\0';
	if (strncmp(text, HEADER, fixed) != 0 || (text[fixed] != '\0' && text[fixed] != '\t'))
		die(STATUS_DATA, "%s:1: this is not the header of a study", study->path);
	for (const char *at = text + fixed; *at; at++)
		columns += *at == '\t';
	char *line = lf + 1;
	for (size_t number = 2; study->space.n < columns; number++) {
		char *end = strchr(line, '\n');
		if (!end) {
			free(text);
			return false;
		}
		*end = '\0';
		if (strncmp(line, "\tparameter\t", 11) == 0) {
			char *at = line;
			for (int field = 1; at && field < FIXED - 1; field++) /* the line begins with a TAB */
				at = strchr(at + 1, '\t');
			char *stop = at ? strchr(at + 1, '\t') : NULL;
			if (!stop)
				die(STATUS_DATA, "%s:%zu: too few fields", study->path, number);
			*stop = '\0';
			char *where = memory_format("%s:%zu", study->path, number);
			space_add(&study->space, at + 1, where, STATUS_DATA);
			free(where);
		} else if (strncmp(line, "\tstudy\t", 7) != 0) {
			die(STATUS_DATA, "%s:%zu: trials before the parameters", study->path, number);
		}
		line = end + 1;
	}
	const char *name = text + fixed;
	for (size_t p = 0; p < columns; p++) {
		size_t length = strcspn(++name, "\t");
		if (strlen(study->space.parameters[p].name) != length ||
		    memcmp(study->space.parameters[p].name, name, length) != 0)
			die(STATUS_DATA, "%s:1: the header does not agree with the parameters",
			    study->path);
		name += length;
	}
	study->read = (uint64_t)(lf + 1 - text);
	study->lines = 1;
	free(text);
	return true;
}

static void compare_terms(const struct study *study, const struct study_terms *given)
{
	if (given->direction_given && given->maximize != study->maximize)
		usage_error("%s was begun with --%s", study->path,
			    study->maximize ? "maximize" : "minimize");
	if (given->seed_given && given->seed != study->seed)
		usage_error("%s was begun with --seed %llu", study->path,
			    (unsigned long long)study->seed);
	if (given->space.n == 0)
		return;
	bool same = given->space.n == study->space.n;
	for (size_t p = 0; same && p < given->space.n; p++)
		same = strcmp(given->space.parameters[p].name, study->space.parameters[p].name) == 0 &&
			strcmp(given->space.parameters[p].definition,
			       study->space.parameters[p].definition) == 0;
	if (!same)
		usage_error("%s was begun with another space", study->path);
}

void study_open(struct study *study, const char *path, bool create,
		const struct study_terms *given)
{
	*study = (struct study){.path = path};
	study->file = open(path, O_RDWR | O_APPEND | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
	if (study->file < 0)
		die_errno(STATUS_FAILED, "cannot open %s", path);
	while (flock(study->file, LOCK_EX) != 0)
		if (errno != EINTR)
			die_errno(STATUS_FAILED, "cannot lock %s", path);
	if (!read_beginning(study)) {
		/* Empty, or its maker was killed before the beginning was whole. */
		struct stat about;
		if (fstat(study->file, &about) != 0)
			die_errno(STATUS_FAILED, "cannot look at %s", path);
		if (!create)
			die(STATUS_DATA, "%s: no study in it", path);
		if (given->space.n == 0)
			usage_error("a new study needs --space or --param");
		if (about.st_size > 0) {
			tell("%s: begun anew: it held no whole beginning of a study", path);
			if (ftruncate(study->file, 0) != 0)
				die_errno(STATUS_FAILED, "cannot shorten %s", path);
		}
		study->space = (struct space){0};
		write_beginning(study, given);
		if (!read_beginning(study))
			die(STATUS_FAILED, "%s: cannot read what was written", path);
	}
	study_lock(study);
	compare_terms(study, given);
	study_unlock(study);
}

void study_close(struct study *study)
{
	if (study->file >= 0 && close(study->file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", study->path);
	study->file = -1;
}
