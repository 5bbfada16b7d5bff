#include "domain/study.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/claim.h"
#include "streams/append.h"
#include "streams/temporary.h"

/* The journal's columns before those of the parameters. */
static const char HEADER[] = "trial\tstate\tvalue\tstep\tseconds\ttime\tmessage";
enum journal_column { TRIAL, STATE, VALUE, STEP, SECONDS, TIME, MESSAGE, FIXED };

/* ---- trials ---- */

const char TRIAL_DEFAULTS[] = "enqueued: defaults";

struct trial *study_trial(struct study *study, int64_t number)
{
	if (number < 1 || (uint64_t)number > study->n)
		return NULL;
	return &study->trials[number - 1];
}

bool trial_told(const struct trial *t)
{
	return t->state == TRIAL_COMPLETE || t->state == TRIAL_PRUNED;
}

bool trial_ended(const struct trial *t)
{
	return t->state > TRIAL_RUNNING;
}

/* The first step that is not below `step`. */
static size_t step_place(const struct trial *t, int64_t step)
{
	size_t from = 0, to = t->n_steps;
	if (to && t->steps[to - 1].step < step)
		return to; /* as it is when they come in order */
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (t->steps[middle].step < step)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

double trial_value_at(const struct trial *t, int64_t step)
{
	size_t i = step_place(t, step);
	return i < t->n_steps && t->steps[i].step == step ? t->steps[i].value : NAN;
}

static void add_step(struct trial *t, int64_t step, double value)
{
	size_t i = step_place(t, step);
	if (i < t->n_steps && t->steps[i].step == step) {
		t->steps[i].value = value;
		return;
	}
	t->steps = memory_grow(t->steps, &t->steps_capacity, t->n_steps + 1, sizeof *t->steps);
	memmove(t->steps + i + 1, t->steps + i, (t->n_steps - i) * sizeof *t->steps);
	t->steps[i] = (struct step){step, value};
	t->n_steps++;
}

bool study_better(const struct study *study, double a, double b)
{
	if (isnan(a))
		return false;
	return isnan(b) || (study->maximize ? a > b : a < b);
}

int64_t trial_best_step(const struct study *study, const struct trial *t)
{
	int64_t step = -1;
	double best = NAN;
	for (size_t i = 0; i < t->n_steps; i++) {
		if (study_better(study, t->steps[i].value, best)) {
			best = t->steps[i].value;
			step = t->steps[i].step;
		}
	}
	return step;
}

int study_by_merit(const void *a, const void *b, void *study)
{
	const struct trial *x = *(const struct trial *const *)a, *y = *(const struct trial *const *)b;
	if (study_better(study, x->value, y->value))
		return -1;
	if (study_better(study, y->value, x->value))
		return 1;
	return (x->number > y->number) - (x->number < y->number);
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

/* ---- reading ---- */

_Noreturn static void bad_line(const struct study *study, const char *problem, struct span field)
{
	char shown[QUOTED_SIZE];
	die(STATUS_DATA, "%s:%llu: %s: %s", study->path, (unsigned long long)study->lines, problem,
	    quoted(field.at, field.n, shown));
}

/* The first line: the fixed columns, then one a parameter. */
static void take_header(struct study *study, struct span line)
{
	size_t fixed = strlen(HEADER);
	if (line.n < fixed || memcmp(line.at, HEADER, fixed) != 0 ||
	    (line.n > fixed && line.at[fixed] != '\t'))
		die(STATUS_DATA, "%s:1: this is not the header of a study", study->path);
	study->header = memory_text(line.at, line.n);
	study->width = FIXED;
	for (size_t i = fixed; i < line.n; i++)
		study->width += line.at[i] == '\t';
	study->fields = memory_new(study->width, sizeof *study->fields);
}

static bool has_whole_beginning(const struct study *study)
{
	return study->width > FIXED && study->space.n == study->width - FIXED;
}

/* The definition of the next parameter, in the order of the columns. */
static void take_parameter(struct study *study, struct span definition)
{
	if (has_whole_beginning(study))
		bad_line(study, "a parameter without a column", definition);
	char *text = memory_text(definition.at, definition.n);
	char *problem = space_add(&study->space, text);
	if (problem)
		die(STATUS_DATA, "%s:%llu: %s", study->path, (unsigned long long)study->lines, problem);
	free(text);
	const char *column = study->header;
	for (size_t i = 0; i < FIXED + study->space.n - 1; i++)
		column = strchr(column, '\t') + 1; /* there are `width` columns */
	const char *name = study->space.parameters[study->space.n - 1].name;
	size_t n = strcspn(column, "\t");
	if (strlen(name) != n || memcmp(name, column, n) != 0)
		bad_line(study, "the header does not agree with the parameter", definition);
}

static void take_setting(struct study *study, struct span text)
{
	static const char SEED[] = "seed=";
	size_t skip = strlen(SEED);
	bool maximize = span_equal(text, span_of("direction=maximize"));
	if (maximize || span_equal(text, span_of("direction=minimize"))) {
		study->maximize = maximize;
	} else if (text.n > skip && memcmp(text.at, SEED, skip) == 0) {
		if (number_u64(text.at + skip, text.n - skip, &study->seed) != NUMBER_OK)
			bad_line(study, "not a seed", text);
	} else {
		bad_line(study, "an unknown setting", text);
	}
}

static double number_or_nan(const struct study *study, enum journal_column column)
{
	struct span field = study->fields[column];
	double value;
	if (field.n == 0)
		return NAN;
	if (number_double(field.at, field.n, &value) != NUMBER_OK)
		bad_line(study, "not a number", field);
	return value;
}

static int64_t integer_or(const struct study *study, enum journal_column column, int64_t otherwise)
{
	struct span field = study->fields[column];
	int64_t value;
	if (field.n == 0)
		return otherwise;
	if (number_i64(field.at, field.n, &value) != NUMBER_OK)
		bad_line(study, "not an integer", field);
	return value;
}

/* The trial that the row is about; a new one when it is the next number. */
static struct trial *trial_of_row(struct study *study)
{
	struct span field = study->fields[TRIAL];
	int64_t number = integer_or(study, TRIAL, 0);
	if (number < 1 || (uint64_t)number > study->n + 1)
		bad_line(study, "not a trial's number", field);
	if ((uint64_t)number > study->n) {
		study->trials = memory_grow(study->trials, &study->capacity, study->n + 1,
					    sizeof *study->trials);
		struct trial *t = &study->trials[study->n++];
		*t = (struct trial){.number = number, .state = TRIAL_WAITING, .value = NAN,
			.generation = -1, .point = memory_new(study->space.n, sizeof *t->point)};
		for (size_t p = 0; p < study->space.n; p++)
			t->point[p] = NAN;
	}
	return &study->trials[number - 1];
}

static void take_point(struct study *study, struct trial *t)
{
	for (size_t p = 0; p < study->space.n; p++) {
		struct span text = study->fields[FIXED + p];
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

static void end_trial(struct study *study, struct trial *t, enum trial_state state)
{
	t->value = number_or_nan(study, VALUE);
	if (state == TRIAL_COMPLETE && isnan(t->value))
		bad_line(study, "a complete trial without a value", study->fields[TRIAL]);
	double seconds = number_or_nan(study, SECONDS);
	t->state = state;
	t->seconds = isnan(seconds) ? 0 : seconds;
	t->finished = ++study->finished;
	set_text(&t->message, study->fields[MESSAGE]);
}

static bool take_end(struct study *study, struct trial *t, struct span state)
{
	static const char *const WORD[] = {[TRIAL_COMPLETE] = "complete",
		[TRIAL_PRUNED] = "pruned", [TRIAL_FAILED] = "failed"};
	for (int i = TRIAL_COMPLETE; i <= TRIAL_FAILED; i++) {
		if (span_equal(state, span_of(WORD[i]))) {
			end_trial(study, t, (enum trial_state)i);
			return true;
		}
	}
	return false;
}

static void take_trial_row(struct study *study, struct span state)
{
	struct trial *t = trial_of_row(study);
	bool ended = t->state > TRIAL_RUNNING;
	if (ended && span_equal(state, span_of("step")))
		return; /* from a process that did not know yet */
	if (ended)
		bad_line(study, "a trial that has ended", study->fields[TRIAL]);
	t->time_ms = integer_or(study, TIME, 0);
	if (span_equal(state, span_of("waiting"))) {
		t->state = TRIAL_WAITING;
		t->enqueued = true;
		t->defaults = span_equal(study->fields[MESSAGE], span_of(TRIAL_DEFAULTS));
		take_point(study, t);
		set_text(&t->message, study->fields[MESSAGE]);
	} else if (span_equal(state, span_of("running"))) {
		t->state = TRIAL_RUNNING;
		t->n_steps = 0; /* run again, it begins again */
		t->generation = integer_or(study, STEP, -1);
		take_point(study, t);
		set_text(&t->owner, study->fields[MESSAGE]);
	} else if (span_equal(state, span_of("step"))) {
		add_step(t, integer_or(study, STEP, 0), number_or_nan(study, VALUE));
	} else if (!span_equal(state, span_of("alive")) && !take_end(study, t, state)) {
		bad_line(study, "an unknown state", state);
	}
}

/* One line of the journal, applied to what is known. */
static void take_line(struct study *study, struct span line)
{
	study->lines++;
	if (memchr(line.at, '\0', line.n))
		bad_line(study, "a NUL byte", line);
	if (!study->header) {
		take_header(study, line);
		return;
	}
	size_t n = 0;
	for (size_t from = 0, i = 0; i <= line.n; i++) {
		if (i == line.n || line.at[i] == '\t') {
			if (n < study->width)
				study->fields[n] = (struct span){line.at + from, i - from};
			n++;
			from = i + 1;
		}
	}
	if (n != study->width)
		die(STATUS_DATA, "%s:%llu: %zu fields where the header has %zu", study->path,
		    (unsigned long long)study->lines, n, study->width);
	struct span state = study->fields[STATE];
	if (span_equal(state, span_of("study")))
		take_setting(study, study->fields[MESSAGE]);
	else if (span_equal(state, span_of("parameter")))
		take_parameter(study, study->fields[MESSAGE]);
	else if (has_whole_beginning(study))
		take_trial_row(study, state);
	else
		bad_line(study, "a trial before the parameters", state);
}

/* Bytes from..end of the file after those in the buffer. */
static void read_bytes(struct study *study, uint64_t end, struct buffer *b)
{
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
}

/* Takes in the whole lines after `read`; an incomplete line stays in `tail`. */
static void catch_up(struct study *study)
{
	struct stat about;
	if (fstat(study->file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot look at %s", study->path);
	if (study->named && about.st_nlink == 0)
		die(STATUS_FAILED, "%s was removed", study->path);
	if ((uint64_t)about.st_size < study->read)
		die(STATUS_DATA, "%s became shorter while it was read", study->path);
	struct buffer *b = &study->tail;
	b->n = 0;
	read_bytes(study, (uint64_t)about.st_size, b);
	size_t from = 0;
	for (char *lf; from < b->n && (lf = memchr(b->data + from, '\n', b->n - from));) {
		struct span line = {b->data + from, (size_t)(lf - b->data) - from};
		take_line(study, line);
		from += line.n + 1;
	}
	study->read += from;
	b->n -= from;
	if (from && b->n)
		memmove(b->data, b->data + from, b->n);
}

static void lock(struct study *study, int how)
{
	if (!append_lock(study->file, how, -1))
		die_errno(STATUS_FAILED, "cannot lock %s", study->path);
}

static void shorten(struct study *study, uint64_t size)
{
	if (!append_cut(study->file, (int64_t)size))
		die_errno(STATUS_FAILED, "cannot truncate %s", study->path);
}

/* Nobody else writes now, so this is what a killed writer or machine left. */
static void drop_tail(struct study *study)
{
	if (study->tail.n == 0)
		return;
	char shown[QUOTED_SIZE];
	tell("%s: dropped a torn last line: %s", study->path,
	     quoted(study->tail.data, study->tail.n, shown));
	if (!study->looking)
		shorten(study, study->read);
	study->tail.n = 0;
}

void study_lock(struct study *study)
{
	lock(study, study->looking ? LOCK_SH : LOCK_EX);
	catch_up(study);
	drop_tail(study);
}

void study_unlock(struct study *study)
{
	lock(study, LOCK_UN);
}

/* ---- writing ---- */

/* Text as a field: what would end it becomes a space. */
static void add_field(struct buffer *b, const char *text)
{
	for (; text && *text; text++)
		buffer_add_byte(b, *text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text);
}

static void write_all(struct study *study, const struct buffer *b)
{
	for (size_t done = 0; done < b->n;) {
		ssize_t w = write(study->file, b->data + done, b->n - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			int error = errno; /* leave no torn line to the others */
			if (!append_cut(study->file, (int64_t)study->read))
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

void study_append(struct study *study, const struct study_row *row, bool sync)
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
	write_all(study, &b);
	if (sync && fdatasync(study->file) != 0)
		die_errno(STATUS_FAILED, "cannot sync %s", study->path);
	buffer_free(&b);
	catch_up(study);
}

/* ---- opening ---- */

static void add_term(struct buffer *b, const char *state, size_t parameters, const char *name,
		     const char *value)
{
	buffer_format(b, "\t%s\t\t\t\t%lld\t%s=%s", state, (long long)clock_unix_ms(), name, value);
	for (size_t p = 0; p < parameters; p++)
		buffer_add_byte(b, '\t');
	buffer_add_byte(b, '\n');
}

static void write_beginning(struct study *study, const struct study_terms *given)
{
	struct buffer b = {0};
	size_t n = given->space.n;
	buffer_add_text(&b, HEADER);
	for (size_t p = 0; p < n; p++)
		buffer_format(&b, "\t%s", given->space.parameters[p].name);
	buffer_add_byte(&b, '\n');
	char seed[32];
	snprintf(seed, sizeof seed, "%llu", (unsigned long long)given->seed);
	add_term(&b, "study", n, "direction", given->maximize ? "maximize" : "minimize");
	add_term(&b, "study", n, "seed", seed);
	for (size_t p = 0; p < n; p++)
		add_term(&b, "parameter", n, given->space.parameters[p].name,
			 given->space.parameters[p].definition);
	write_all(study, &b);
	if (temporary_sync(study->file) != 0)
		die_errno(STATUS_FAILED, "cannot sync %s", study->path);
	if (!append_sync_folder(study->path))
		die_errno(STATUS_FAILED, "cannot sync the folder of %s", study->path);
	buffer_free(&b);
	catch_up(study);
}

/* What was read does not amount to a study: the file is empty, or its maker was
 * killed before the beginning was whole, or it is something else. */
static enum study_problem begin(struct study *study, enum study_access access,
				const struct study_terms *given)
{
	size_t n = study->tail.n, fixed = strlen(HEADER);
	if (!study->header && n && memcmp(study->tail.data, HEADER, n < fixed ? n : fixed) != 0)
		die(STATUS_DATA, "%s:1: this is not the header of a study", study->path);
	if (access != STUDY_MAKE)
		die(STATUS_DATA, "%s: no study in it", study->path);
	if (given->space.n == 0)
		return STUDY_NO_SPACE;
	if (study->header || n)
		tell("%s: truncated journal; starting a new study", study->path);
	shorten(study, 0);
	space_free(&study->space);
	free(study->header);
	free(study->fields);
	*study = (struct study){.path = study->path, .file = study->file, .named = study->named,
		.tail = study->tail};
	write_beginning(study, given);
	return STUDY_OPENED;
}

static enum study_problem compare_terms(const struct study *study, const struct study_terms *given)
{
	if (given->direction_given && given->maximize != study->maximize)
		return STUDY_OTHER_DIRECTION;
	if (given->seed_given && given->seed != study->seed)
		return STUDY_OTHER_SEED;
	if (given->space.n == 0)
		return STUDY_OPENED;
	bool same = given->space.n == study->space.n;
	for (size_t p = 0; same && p < given->space.n; p++)
		same = strcmp(given->space.parameters[p].name, study->space.parameters[p].name) == 0 &&
			strcmp(given->space.parameters[p].definition,
			       study->space.parameters[p].definition) == 0;
	return same ? STUDY_OPENED : STUDY_OTHER_SPACE;
}

enum study_problem study_open(struct study *study, const char *path, enum study_access access,
			      const struct study_terms *given)
{
	enum study_problem problem = STUDY_OPENED;
	*study = (struct study){.path = path, .looking = access == STUDY_LOOK};
	int how = access == STUDY_LOOK ? O_RDONLY : O_RDWR | O_APPEND;
	bool whole = given->space.n > 0; /* without a parameter a new file would stay empty */
	study->file = open(path, how | O_CLOEXEC | (access == STUDY_MAKE && whole ? O_CREAT : 0), 0666);
	if (study->file < 0 && errno == ENOENT && access == STUDY_MAKE && !whole)
		return STUDY_NO_SPACE;
	if (study->file < 0)
		die_errno(STATUS_FAILED, "cannot open %s", shown_file(path));
	lock(study, study->looking ? LOCK_SH : LOCK_EX);
	struct stat about;
	if (fstat(study->file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot look at %s", path);
	study->named = about.st_nlink > 0;
	catch_up(study);
	if (has_whole_beginning(study))
		drop_tail(study);
	else
		problem = begin(study, access, given);
	study->locks = !study->looking && claim_locks_work(study);
	study_unlock(study);
	return problem ? problem : compare_terms(study, given);
}

void study_close(struct study *study)
{
	if (study->file >= 0 && close(study->file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", study->path);
	for (size_t i = 0; i < study->n; i++) {
		free(study->trials[i].point);
		free(study->trials[i].steps);
		free(study->trials[i].owner);
		free(study->trials[i].message);
	}
	free(study->trials);
	space_free(&study->space);
	free(study->header);
	free(study->fields);
	buffer_free(&study->tail);
	*study = (struct study){.file = -1};
}
