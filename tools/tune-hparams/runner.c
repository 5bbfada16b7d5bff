/* runner.c - trials as child processes: started, listened to, ended in time.
 *
 * A child is a process group of its own, so that its own children end with it. Its
 * standard output is read line by line: `step TAB value` and a lone number count,
 * other lines do not. The last of them is the result.
 */
#include "tune.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/run.h"

enum why { WHY_ITSELF, WHY_PRUNED, WHY_TIMEOUT };

struct job {
	int64_t trial;          /* 0: the place is free */
	pid_t pid;
	int out, err;           /* -1 when at the end */
	double start, killed_at; /* killed_at: when the group was told to end, or 0 */
	enum why why;
	struct buffer line;     /* of stdout, not ended yet */
	struct buffer last;     /* the end of stderr */
	double value;
	int64_t step;
	bool number_seen;
};

/* ---- the command ---- */

/* 'text' for sh; a quote becomes '\''. */
static void add_quoted(struct buffer *b, const char *text, size_t n)
{
	buffer_add_byte(b, '\'');
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\'')
			buffer_add_text(b, "'\\''");
		else
			buffer_add_byte(b, text[i]);
	}
	buffer_add_byte(b, '\'');
}

static void add_value(struct buffer *b, const struct parameter *p, double value, bool quote)
{
	struct buffer text = {0};
	space_format(p, value, &text);
	bool plain = text.n > 0;
	for (size_t i = 0; i < text.n; i++)
		plain &= isalnum((unsigned char)text.data[i]) || strchr("-_.+,:/@%", text.data[i]);
	if (quote && !plain)
		add_quoted(b, text.data, text.n);
	else
		buffer_add(b, text.data, text.n);
	buffer_free(&text);
}

static void add_option(struct buffer *b, const struct parameter *p, double value, bool quote)
{
	if (isnan(value))
		return;
	buffer_format(b, "--%s ", p->name);
	add_value(b, p, value, quote);
}

/* {name} is the value, {--name} the option with its value (nothing where the
 * condition does not hold), {options} all of them; other braces stay. */
static void substitute(struct buffer *b, const struct space *space, const double *point,
		       const char *text, bool quote)
{
	while (*text) {
		size_t n = strcspn(text, "{");
		buffer_add(b, text, n);
		text += n;
		const char *close = *text ? strchr(text, '}') : NULL;
		if (!close) {
			buffer_add_text(b, text);
			return;
		}
		bool option = strncmp(text + 1, "--", 2) == 0;
		const char *name = text + 1 + (option ? 2 : 0);
		long p = space_find(space, name, (size_t)(close - name));
		if (p >= 0 && option) {
			add_option(b, &space->parameters[p], point[p], quote);
		} else if (p >= 0) {
			add_value(b, &space->parameters[p], point[p], quote);
		} else if (strncmp(text, "{options}", 9) == 0) {
			for (size_t i = 0; i < space->n; i++) {
				if (isnan(point[i]))
					continue;
				if (b->n && b->data[b->n - 1] != ' ')
					buffer_add_byte(b, ' ');
				add_option(b, &space->parameters[i], point[i], quote);
			}
		} else {
			buffer_add_byte(b, '{');
			text++;
			continue;
		}
		text = close + 1;
	}
}

/* One word is a text for sh; several are a command and its arguments. */
static char *command_text(const struct space *space, const double *point, char **command, int words)
{
	struct buffer b = {0};
	if (words == 1) {
		substitute(&b, space, point, command[0], true);
		return buffer_text(&b);
	}
	for (int i = 0; i < words; i++) {
		struct buffer word = {0};
		substitute(&word, space, point, command[i], false);
		if (i)
			buffer_add_byte(&b, ' ');
		add_quoted(&b, word.data, word.n);
		buffer_free(&word);
	}
	return buffer_text(&b);
}

/* HP_LEARNING_RATE=0.05 and so on, for the child. */
static void set_environment(const struct space *space, const struct trial *t)
{
	char number[32];
	snprintf(number, sizeof number, "%lld", (long long)t->number);
	setenv("HP_TRIAL", number, 1);
	for (size_t p = 0; p < space->n; p++) {
		struct buffer name = {0}, value = {0};
		buffer_add_text(&name, "HP_");
		for (const char *c = space->parameters[p].name; *c; c++)
			buffer_add_byte(&name, isalnum((unsigned char)*c)
					? (char)toupper((unsigned char)*c) : '_');
		space_format(&space->parameters[p], t->point[p], &value);
		if (isnan(t->point[p]))
			unsetenv(buffer_text(&name));
		else
			setenv(buffer_text(&name), buffer_text(&value), 1);
		buffer_free(&name);
		buffer_free(&value);
	}
}

/* ---- children ---- */

static void child_main(const struct study *study, const struct trial *t, const char *text,
		       int out, int err)
{
	const int signals[] = {SIGINT, SIGTERM, SIGCHLD, SIGPIPE};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	int nothing = open("/dev/null", O_RDONLY);
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	set_environment(&study->space, t);
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

static void start_job(struct job *job, struct study *study, const struct trial *t,
		      char **command, int words)
{
	int out[2], err[2];
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	char *text = command_text(&study->space, t->point, command, words);
	pid_t pid = fork();
	if (pid < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (pid == 0)
		child_main(study, t, text, out[1], err[1]);
	setpgid(pid, pid); /* both sides: whoever comes first */
	free(text);
	if (close(out[1]) != 0 || close(err[1]) != 0)
		die_errno(STATUS_FAILED, "cannot close a pipe");
	if (fcntl(out[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(err[0], F_SETFL, O_NONBLOCK) != 0)
		die_errno(STATUS_FAILED, "cannot set up a pipe");
	job->line.n = job->last.n = 0;
	*job = (struct job){.trial = t->number, .pid = pid, .out = out[0], .err = err[0],
		.start = clock_wall(), .value = NAN, .step = -1,
		.line = job->line, .last = job->last};
}

static void end_job(struct job *job, enum why why, int signal_number)
{
	if (job->killed_at <= 0) {
		job->why = why;
		job->killed_at = clock_wall();
	}
	kill(-job->pid, signal_number);
}

/* `step TAB value` or `value`; anything else is talk. */
static bool read_report(const char *line, size_t n, int64_t *step, double *value)
{
	if (n && line[n - 1] == '\r')
		n--;
	const char *tab = memchr(line, '\t', n);
	*step = -1;
	if (tab) {
		size_t left = (size_t)(tab - line);
		if (number_i64(line, left, step) != NUMBER_OK || *step < 0)
			return false;
		line += left + 1;
		n -= left + 1;
	}
	if (number_double(line, n, value) == NUMBER_OK)
		return true;
	*value = NAN;
	return n == 3 && strncasecmp(line, "nan", 3) == 0;
}

static void take_report(struct study *study, const struct running *how, struct job *job,
			const char *line, size_t n)
{
	int64_t step;
	double value;
	if (!read_report(line, n, &step, &value))
		return;
	job->number_seen = true;
	job->value = value;
	if (step < 0 || isnan(value) || job->killed_at > 0)
		return;
	job->step = step;
	study_lock(study);
	study_append(study, &(struct row){.trial = job->trial, .state = "step", .value = value,
		.step = step, .seconds = NAN}, false);
	bool end = prune(how->pruning, study, study_trial(study, job->trial));
	study_unlock(study);
	if (end)
		end_job(job, WHY_PRUNED, SIGTERM);
}

/* Reads what is there; false at the end of the file. */
static bool take_bytes(int file, struct buffer *b)
{
	for (;;) {
		ssize_t n = read(file, buffer_room(b, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		if (n == 0)
			return false;
		b->n += (size_t)n;
		if (b->n > 65536)
			return true; /* the caller takes lines out first */
	}
}

static void listen_out(struct study *study, const struct running *how, struct job *job)
{
	bool more;
	do {
		size_t before = job->line.n;
		more = take_bytes(job->out, &job->line);
		bool grown = job->line.n > before;
		size_t from = 0;
		for (char *lf; from < job->line.n &&
		     (lf = memchr(job->line.data + from, '\n', job->line.n - from));) {
			size_t n = (size_t)(lf - job->line.data) - from;
			take_report(study, how, job, job->line.data + from, n);
			from += n + 1;
		}
		job->line.n -= from;
		if (from)
			memmove(job->line.data, job->line.data + from, job->line.n);
		if (job->line.n > 65536)
			job->line.n = 0; /* no number is that long */
		if (!grown)
			break;
	} while (more);
	if (!more) {
		if (job->line.n)
			take_report(study, how, job, job->line.data, job->line.n);
		job->line.n = 0;
		close(job->out);
		job->out = -1;
	}
}

static void listen_err(const struct running *how, struct job *job)
{
	enum { KEPT = 2000 };
	size_t before = job->last.n;
	bool more = take_bytes(job->err, &job->last);
	if (how->show_errors && job->last.n > before) {
		ssize_t shown = write(STDERR_FILENO, job->last.data + before, job->last.n - before);
		(void)shown; /* talk only */
	}
	if (job->last.n > KEPT) {
		memmove(job->last.data, job->last.data + job->last.n - KEPT, KEPT);
		job->last.n = KEPT;
	}
	if (!more) {
		close(job->err);
		job->err = -1;
	}
}

/* What the last three lines of stderr said, for the journal. */
static void add_last_lines(struct buffer *b, const struct buffer *last)
{
	size_t n = last->n, from, lines = 0;
	while (n && isspace((unsigned char)last->data[n - 1]))
		n--;
	for (from = n; from > 0; from--)
		if (last->data[from - 1] == '\n' && ++lines == 3)
			break;
	if (n == from)
		return;
	buffer_add_text(b, ": ");
	for (size_t i = from; i < n; i++) {
		char c = last->data[i];
		if (c == '\n')
			buffer_add_text(b, " | ");
		else if (c != '\0')
			buffer_add_byte(b, c);
	}
}

/* The trial's last row, by how its process ended. */
static void close_job(struct study *study, const struct running *how, struct job *job, int status)
{
	if (job->out >= 0)
		listen_out(study, how, job);
	if (job->err >= 0)
		listen_err(how, job);
	if (job->out >= 0)
		close(job->out);
	if (job->err >= 0)
		close(job->err);
	kill(-job->pid, SIGKILL); /* what the child left behind */
	struct buffer b = {0};
	const char *state = "failed";
	if (job->why == WHY_PRUNED) {
		state = "pruned";
		buffer_format(&b, "pruned at step %lld", (long long)job->step);
	} else if (job->why == WHY_TIMEOUT) {
		buffer_add_text(&b, "timeout");
	} else if (WIFSIGNALED(status)) {
		buffer_format(&b, "killed by signal %d (%s)", WTERMSIG(status),
			      strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0) {
		buffer_format(&b, "exit status %d", WEXITSTATUS(status));
	} else if (!job->number_seen) {
		buffer_add_text(&b, "no number on its standard output");
	} else if (isnan(job->value)) {
		buffer_add_text(&b, "its number is nan");
	} else {
		state = "complete";
	}
	bool complete = strcmp(state, "complete") == 0;
	if (strcmp(state, "failed") == 0) {
		job->value = NAN;
		add_last_lines(&b, &job->last);
	}
	double seconds = round((clock_wall() - job->start) * 1000) / 1000;
	study_lock(study);
	struct trial *t = study_trial(study, job->trial);
	if (t->state == TRIAL_RUNNING) {
		study_append(study, &(struct row){.trial = job->trial, .state = state,
			.value = job->value, .step = job->step, .seconds = seconds,
			.message = complete ? NULL : buffer_text(&b)}, true);
	} else {
		warn("trial %lld was ended by somebody else", (long long)job->trial);
	}
	const struct trial *best = study_best(study);
	study_unlock(study);
	progress_clear();
	if (complete)
		note("trial %lld: %.6g (best %.6g, trial %lld)", (long long)job->trial, job->value,
		     best->value, (long long)best->number);
	else if (job->why == WHY_PRUNED)
		note("trial %lld: %s, %.6g", (long long)job->trial, b.data, job->value);
	else
		warn("trial %lld failed: %s", (long long)job->trial, b.data);
	buffer_free(&b);
	job->trial = 0;
}

/* ---- the next trial ---- */

static size_t count_taken(const struct study *study)
{
	size_t n = 0;
	for (size_t i = 0; i < study->n; i++)
		n += study->trials[i].state != TRIAL_WAITING;
	return n;
}

static bool abandoned(const struct trial *t, const struct running *how)
{
	if (t->state != TRIAL_RUNNING)
		return false;
	if (!study_owner_alive(t->owner))
		return true;
	return how->reclaim_s > 0 &&
		(double)(clock_unix_ms() - t->time_ms) / 1000 > how->reclaim_s;
}

struct trial *take_trial(struct study *study, const struct running *how, bool *over)
{
	struct trial *t = NULL;
	double limit = (double)how->trials;
	if (how->sampling->sampler == SAMPLER_GRID)
		limit = fmin(limit, grid_size(how->sampling, &study->space));
	*over = false;
	for (size_t i = 0; i < study->n && !t; i++) {
		if (abandoned(&study->trials[i], how)) {
			t = &study->trials[i];
			warn("trial %lld is run again: its process has gone", (long long)t->number);
		}
	}
	bool again = t != NULL;
	if (!t && (double)count_taken(study) >= limit) {
		*over = true;
		return NULL;
	}
	for (size_t i = 0; i < study->n && !t; i++)
		if (study->trials[i].state == TRIAL_WAITING)
			t = &study->trials[i];
	int64_t number = t ? t->number : (int64_t)study->n + 1;
	struct trial fresh = {.number = number, .state = TRIAL_WAITING, .value = NAN,
		.generation = again ? t->generation : -1};
	fresh.point = memory_new(study->space.n, sizeof *fresh.point);
	for (size_t p = 0; p < study->space.n; p++)
		fresh.point[p] = t ? t->point[p] : NAN;
	if (!again) {
		/* A running trial must not see itself among the others. */
		struct trial *self = t ? t : &fresh;
		double *open = self->point;
		self->point = fresh.point;
		int64_t generation = self->generation;
		self->generation = -1;
		sample(how->sampling, study, self);
		fresh.generation = self->generation;
		if (t) {
			self->point = open;
			self->generation = generation;
		}
	}
	study_append(study, &(struct row){.trial = number, .state = "running", .value = NAN,
		.step = fresh.generation, .seconds = NAN, .message = how->asked ? "asked" : study_owner(),
		.point = fresh.point}, true);
	free(fresh.point);
	return study_trial(study, number);
}

/* ---- the loop ---- */

static int wake[2] = {-1, -1};

static void on_child(int number)
{
	(void)number;
	int error = errno;
	ssize_t n = write(wake[1], "", 1); /* full: somebody is awake anyway */
	(void)n;
	errno = error;
}

static void watch_children(void)
{
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGCHLD, &action, NULL) != 0)
		die_errno(STATUS_FAILED, "cannot watch child processes");
}

static struct job *jobs;
static int64_t n_jobs;

/* However this process ends, its trials end too. */
static void kill_all(void)
{
	for (int64_t i = 0; i < n_jobs; i++)
		if (jobs[i].trial)
			kill(-jobs[i].pid, SIGKILL);
}

static void check_time(const struct running *how, struct job *job, double now)
{
	if (job->killed_at > 0) {
		if (now - job->killed_at > how->grace_s)
			end_job(job, job->why, SIGKILL);
	} else if (how->trial_timeout_s > 0 && now - job->start > how->trial_timeout_s) {
		end_job(job, WHY_TIMEOUT, SIGTERM);
	}
}

/* Milliseconds until some job's time is up; -1: none has a limit. */
static int time_left(const struct running *how, double now)
{
	double least = INFINITY;
	for (int64_t i = 0; i < n_jobs; i++) {
		if (!jobs[i].trial)
			continue;
		if (jobs[i].killed_at > 0)
			least = fmin(least, jobs[i].killed_at + how->grace_s - now);
		else if (how->trial_timeout_s > 0)
			least = fmin(least, jobs[i].start + how->trial_timeout_s - now);
	}
	return isinf(least) ? -1 : least <= 0 ? 10 : (int)fmin(least * 1000 + 1, 1e6);
}

static void wait_for_something(struct study *study, const struct running *how)
{
	struct pollfd *files = memory_zero((size_t)n_jobs * 2 + 1, sizeof *files);
	nfds_t n = 0;
	files[n++] = (struct pollfd){.fd = wake[0], .events = POLLIN};
	for (int64_t i = 0; i < n_jobs; i++) {
		if (!jobs[i].trial)
			continue;
		if (jobs[i].out >= 0)
			files[n++] = (struct pollfd){.fd = jobs[i].out, .events = POLLIN};
		if (jobs[i].err >= 0)
			files[n++] = (struct pollfd){.fd = jobs[i].err, .events = POLLIN};
	}
	if (poll(files, n, time_left(how, clock_wall())) < 0 && errno != EINTR)
		die_errno(STATUS_FAILED, "cannot wait for the trials");
	free(files);
	char bytes[64];
	while (read(wake[0], bytes, sizeof bytes) > 0)
		;
	double now = clock_wall();
	for (int64_t i = 0; i < n_jobs; i++) {
		struct job *job = &jobs[i];
		int status;
		if (!job->trial)
			continue;
		if (job->out >= 0)
			listen_out(study, how, job);
		if (job->err >= 0)
			listen_err(how, job);
		pid_t got = waitpid(job->pid, &status, WNOHANG);
		if (got < 0 && errno != EINTR)
			die_errno(STATUS_FAILED, "cannot wait for a trial");
		if (got == job->pid)
			close_job(study, how, job, status);
		else
			check_time(how, job, now);
	}
}

int64_t run_trials(struct study *study, const struct running *how, char **command, int words)
{
	double begin = clock_wall();
	watch_children();
	stop_catch();
	n_jobs = how->jobs;
	jobs = memory_zero((size_t)n_jobs, sizeof *jobs);
	if (atexit(kill_all) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	for (int64_t busy = 0;;) {
		bool over = false;
		bool late = how->timeout_s > 0 && clock_wall() - begin > how->timeout_s;
		for (int64_t i = 0; i < n_jobs && !over && !late && !stop_signal(); i++) {
			if (jobs[i].trial)
				continue;
			study_lock(study);
			struct trial *t = take_trial(study, how, &over);
			study_unlock(study);
			if (t)
				start_job(&jobs[i], study, t, command, words);
		}
		busy = 0;
		for (int64_t i = 0; i < n_jobs; i++)
			busy += jobs[i].trial != 0;
		if (stop_signal()) {
			kill_all();
			warn("stopped; the study goes on where it is when run again");
			stop_now();
		}
		if (busy == 0)
			break;
		progress_step(count_taken(study) - (size_t)busy, (uint64_t)how->trials, "trials");
		wait_for_something(study, how);
	}
	int64_t complete = 0;
	for (size_t i = 0; i < study->n; i++)
		complete += study->trials[i].state == TRIAL_COMPLETE;
	for (int64_t i = 0; i < n_jobs; i++) {
		buffer_free(&jobs[i].line);
		buffer_free(&jobs[i].last);
	}
	return complete;
}
