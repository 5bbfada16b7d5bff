/* runner.c - trials as child processes: started, listened to, ended in time.
 *
 * A child is a process group of its own, so that its own children end with it. Its
 * standard output is read line by line: `step TAB value` and a lone number count,
 * other lines do not. The last of them is the result.
 */
#include "runner.h"

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
#include "command.h"
#include "domain/claim.h"
#include "frame/run.h"
#include "guard.h"
#include "report.h"

/* Why a trial ended: of itself, or what we ended it for. */
enum why { WHY_ITSELF, WHY_PRUNED, WHY_TIMEOUT, WHY_STOPPED, WHY_LOST };

struct job {
	int64_t trial;          /* 0: the place is free */
	pid_t pid;
	int out, err;           /* -1 when at the end */
	double start;
	double sign;             /* when the journal last said that it is alive */
	double killed_at;        /* when its group was asked to end, or 0 */
	enum why why;
	struct buffer line;     /* of stdout, not ended yet */
	struct buffer last;     /* the end of stderr */
	double value;
	int64_t step;
	bool number_seen;
	char word[REPORT_WORD]; /* of a value that is nan: how it was written */
};

/* Signs of life in the time after which others would take a trial. */
enum { SIGNS = 3 };

/* What proposals have cost. */
static struct {
	int64_t trials;
	double seconds;
} proposing;

/* ---- children ---- */

_Noreturn static void child_main(const struct study *study, const struct trial *t, const char *text,
				 pid_t parent, int out, int err)
{
	const int signals[] = {SIGINT, SIGTERM, SIGCHLD, SIGPIPE};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* it was gone before it could be watched */
	setpgid(0, 0);
	guard_add(getpid());
	int nothing = open("/dev/null", O_RDONLY);
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	command_environment(&study->space, t);
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
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (pid == 0)
		child_main(study, t, text, parent, out[1], err[1]);
	setpgid(pid, pid); /* both sides: whoever comes first */
	guard_add(pid);
	free(text);
	if (close(out[1]) != 0 || close(err[1]) != 0)
		die_errno(STATUS_FAILED, "cannot close a pipe");
	if (fcntl(out[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(err[0], F_SETFL, O_NONBLOCK) != 0)
		die_errno(STATUS_FAILED, "cannot set up a pipe");
	job->line.n = job->last.n = 0;
	*job = (struct job){.trial = t->number, .pid = pid, .out = out[0], .err = err[0],
		.start = clock_wall(), .sign = clock_wall(), .value = NAN, .step = -1,
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

/* Another host may have taken a trial that it had not heard of for long. */
static bool is_ours(struct study *study, const struct job *job)
{
	const struct trial *t = study_trial(study, job->trial);
	return t->state == TRIAL_RUNNING && strcmp(t->owner, claim_owner(study)) == 0;
}

static void take_report(struct study *study, const struct running *how, struct job *job,
			const char *line, size_t n)
{
	struct report report;
	if (!report_read(line, n, &report))
		return;
	if (job->killed_at > 0)
		return; /* last words */
	job->number_seen = true;
	job->value = report.value;
	memcpy(job->word, report.word, sizeof job->word);
	if (report.step < 0 || isnan(report.value))
		return;
	job->step = report.step;
	study_lock(study);
	bool ours = is_ours(study, job), end = false;
	if (ours) {
		study_append(study, &(struct study_row){.trial = job->trial, .state = "step",
			.value = report.value, .step = report.step, .seconds = NAN}, false);
		end = prune(how->pruning, study, study_trial(study, job->trial));
	}
	study_unlock(study);
	if (!ours || end)
		end_job(job, ours ? WHY_PRUNED : WHY_LOST, SIGTERM);
}

/* Reads what is there; false at the end of the file. */
static bool take_bytes(int file, struct buffer *b)
{
	for (;;) {
		ssize_t n = read(file, buffer_room(b, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			die_errno(STATUS_FAILED, "cannot read a trial's output");
		if (n < 0)
			return true;
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

/* A shell says 128 + n of what signal n has ended. */
static void add_exit_status(struct buffer *why, int status)
{
	buffer_format(why, "exit status %d", status);
	if (status > 128 && status < 128 + NSIG)
		buffer_format(why, " (signal %d, %s)", status - 128, strsignal(status - 128));
}

/* How the trial ended, as the journal says it: the state, and why. */
static const char *ending(const struct job *job, int status, struct buffer *why)
{
	if (job->why == WHY_PRUNED) {
		buffer_format(why, "pruned at step %lld", (long long)job->step);
		return "pruned";
	}
	if (job->why == WHY_TIMEOUT)
		buffer_add_text(why, "timeout");
	else if (WIFSIGNALED(status))
		buffer_format(why, "killed by signal %d (%s)", WTERMSIG(status),
			      strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		add_exit_status(why, WEXITSTATUS(status));
	else if (!job->number_seen)
		buffer_add_text(why, "no number on its standard output");
	else if (isnan(job->value))
		buffer_format(why, "its number is %s", job->word);
	else
		return "complete";
	add_last_lines(why, &job->last);
	return "failed";
}

/* Hears the rest, and ends what the child left running. */
static void bury(struct study *study, const struct running *how, struct job *job)
{
	if (job->out >= 0)
		listen_out(study, how, job);
	if (job->err >= 0)
		listen_err(how, job);
	if (job->out >= 0)
		close(job->out);
	if (job->err >= 0)
		close(job->err);
	kill(-job->pid, SIGKILL);
	guard_remove(job->pid);
}

/* The trial's last row. One that was stopped with the whole study has none: it is
 * run again when the study goes on. */
static void close_job(struct study *study, const struct running *how, struct job *job, int status)
{
	bury(study, how, job);
	int64_t number = job->trial;
	job->trial = 0;
	if (job->why == WHY_STOPPED) {
		claim_drop(study, number);
		return;
	}
	struct buffer why = {0};
	const char *state = ending(job, status, &why);
	bool complete = strcmp(state, "complete") == 0, failed = strcmp(state, "failed") == 0;
	double value = failed ? NAN : job->value;
	double seconds = round((clock_wall() - job->start) * 1000) / 1000;
	study_lock(study);
	bool open = study_trial(study, number)->state == TRIAL_RUNNING && job->why != WHY_LOST;
	if (open)
		study_append(study, &(struct study_row){.trial = number, .state = state,
			.value = value, .step = job->step, .seconds = seconds,
			.message = complete ? NULL : buffer_text(&why)}, true);
	claim_drop(study, number);
	const struct trial *best = study_best(study);
	study_unlock(study);
	progress_clear();
	if (!open)
		warn("trial %lld was claimed by another worker", (long long)number);
	else if (complete)
		note("trial %lld: %.6g (best %.6g, trial %lld)", (long long)number, value,
		     best->value, (long long)best->number);
	else if (failed)
		warn("trial %lld failed: %s", (long long)number, why.data);
	else
		note("trial %lld: %s, %.6g", (long long)number, why.data, value);
	buffer_free(&why);
}

/* ---- the next trial ---- */

static size_t count_taken(const struct study *study)
{
	size_t n = 0;
	for (size_t i = 0; i < study->n; i++)
		n += study->trials[i].state != TRIAL_WAITING;
	return n;
}

/* Has it no process any more? Of another host's only time can tell. */
static bool abandoned(const struct study *study, const struct trial *t, const struct running *how)
{
	if (t->state != TRIAL_RUNNING)
		return false;
	enum owner_life life = claim_life(study, t);
	double silent_s = (double)(clock_unix_ms() - t->time_ms) / 1000;
	return life == OWNER_GONE ||
		(life == OWNER_ELSEWHERE && how->reclaim_s > 0 && silent_s > how->reclaim_s);
}

/* A trial that was begun and is nobody's now: it keeps its point. */
static const struct trial *find_abandoned(const struct study *study, const struct running *how)
{
	for (size_t i = 0; i < study->n; i++)
		if (abandoned(study, &study->trials[i], how))
			return &study->trials[i];
	return NULL;
}

static const struct trial *find_waiting(const struct study *study)
{
	for (size_t i = 0; i < study->n; i++)
		if (study->trials[i].state == TRIAL_WAITING)
			return &study->trials[i];
	return NULL;
}

/* No command is run with an invalid value: neither what a sampler proposed, nor what a
 * journal says of a trial that is run again. */
static void check_point(const struct study *study, const struct trial *t, bool again)
{
	for (size_t p = 0; p < study->space.n; p++) {
		const struct parameter *q = &study->space.parameters[p];
		bool active = space_active(&study->space, t->point, p);
		if (active ? space_holds(q, t->point[p]) : isnan(t->point[p]))
			continue;
		die(again ? STATUS_DATA : STATUS_FAILED, "%s: trial %lld has %s value for '%s'%s",
		    study->path, (long long)t->number, active ? "no" : "a", q->name,
		    active ? "" : ", whose condition does not hold");
	}
}

struct trial *take_trial(struct study *study, const struct running *how)
{
	const struct trial *known = find_abandoned(study, how);
	bool again = known != NULL;
	if (again)
		warn("trial %lld is run again: its process died", (long long)known->number);
	else if (count_taken(study) >= (size_t)how->trials)
		return NULL;
	else
		known = find_waiting(study);
	struct trial next = {.number = known ? known->number : (int64_t)study->n + 1,
		.enqueued = known && known->enqueued, .defaults = known && known->defaults,
		.generation = again ? known->generation : -1};
	next.point = memory_new(study->space.n, sizeof *next.point);
	for (size_t p = 0; p < study->space.n; p++)
		next.point[p] = known ? known->point[p] : NAN;
	bool there = again || next.defaults || sample(how->sampling, study, &next);
	if (there && !next.defaults)
		check_point(study, &next, again);
	if (there && !how->asked)
		claim_take(study, next.number);
	if (there)
		study_append(study, &(struct study_row){.trial = next.number, .state = "running",
			.value = NAN, .step = next.generation, .seconds = NAN,
			.message = how->asked ? OWNER_ASKED : claim_owner(study), .point = next.point}, true);
	free(next.point);
	return there ? study_trial(study, next.number) : NULL;
}

/* ---- the loop ---- */

static int wake[2] = {-1, -1};

static void on_child(int number)
{
	(void)number;
	int error = errno;
	ssize_t n = write(wake[1], "", 1); /* full: the reader is awake anyway */
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
	guard_stop();
}

/* With --reclaim-after the others must hear of a trial now and then. */
static void give_sign(struct study *study, struct job *job)
{
	study_lock(study);
	bool ours = is_ours(study, job);
	if (ours)
		study_append(study, &(struct study_row){.trial = job->trial, .state = "alive",
			.value = NAN, .step = -1, .seconds = NAN}, false);
	study_unlock(study);
	if (!ours)
		end_job(job, WHY_LOST, SIGTERM);
	job->sign = clock_wall();
}

static void check_time(struct study *study, const struct running *how, struct job *job, double now)
{
	if (job->killed_at > 0) {
		if (now - job->killed_at >= how->grace_s)
			kill(-job->pid, SIGKILL);
	} else if (stop_signal()) {
		end_job(job, WHY_STOPPED, SIGTERM);
	} else if (how->trial_timeout_s > 0 && now - job->start > how->trial_timeout_s) {
		end_job(job, WHY_TIMEOUT, SIGTERM);
	} else if (how->reclaim_s > 0 && now - job->sign > how->reclaim_s / SIGNS) {
		give_sign(study, job);
	}
}

/* Milliseconds until something is to be done for some job; a second at most, because a
 * signal to stop may come just before the sleep. */
static int time_left(const struct running *how, double now)
{
	double least = 1;
	for (int64_t i = 0; i < n_jobs; i++) {
		const struct job *job = &jobs[i];
		if (!job->trial)
			continue;
		if (job->killed_at > 0) {
			least = fmin(least, job->killed_at + how->grace_s - now);
			continue;
		}
		if (how->trial_timeout_s > 0)
			least = fmin(least, job->start + how->trial_timeout_s - now);
		if (how->reclaim_s > 0)
			least = fmin(least, job->sign + how->reclaim_s / SIGNS - now);
	}
	return least <= 0 ? 10 : (int)(least * 1000 + 1);
}

/* Sleeps until a child speaks or ends, a time is up or a signal comes. */
static void wait_for_something(const struct running *how)
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
}

static void look_after(struct study *study, const struct running *how, struct job *job)
{
	int status;
	if (job->out >= 0)
		listen_out(study, how, job);
	if (job->err >= 0)
		listen_err(how, job);
	pid_t got;
	do /* nothing else would ask again: the signal of its end has been taken */
		got = waitpid(job->pid, &status, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		die_errno(STATUS_FAILED, "cannot wait for a trial");
	if (got == job->pid)
		close_job(study, how, job, status);
	else
		check_time(study, how, job, clock_wall());
}

/* Fills free places while there are trials; returns how many are busy. */
static int64_t start_jobs(struct study *study, const struct running *how, char **command, int words,
			  bool may_start)
{
	int64_t busy = 0;
	for (int64_t i = 0; i < n_jobs; i++) {
		if (!jobs[i].trial && may_start) {
			double begin = clock_cpu();
			study_lock(study);
			struct trial *t = take_trial(study, how);
			study_unlock(study);
			proposing.seconds += clock_cpu() - begin;
			proposing.trials += t != NULL;
			may_start = t != NULL;
			if (t)
				start_job(&jobs[i], study, t, command, words);
		}
		busy += jobs[i].trial != 0;
	}
	return busy;
}

static void end_run(void)
{
	kill_all();
	for (int64_t i = 0; i < n_jobs; i++) {
		buffer_free(&jobs[i].line);
		buffer_free(&jobs[i].last);
	}
	free(jobs);
	n_jobs = 0;
	if (stop_signal()) {
		warn("stopped; run it again to continue the study");
		stop_now();
	}
	if (proposing.trials)
		note("%lld trials, %.3f ms of CPU time each to propose and record it",
		     (long long)proposing.trials, 1000 * proposing.seconds / (double)proposing.trials);
}

int64_t run_trials(struct study *study, const struct running *how, char **command, int words)
{
	double begin = clock_wall();
	guard_start();
	watch_children();
	stop_catch();
	jobs = memory_zero((size_t)how->jobs, sizeof *jobs);
	n_jobs = how->jobs;
	if (atexit(kill_all) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	for (;;) {
		bool late = how->timeout_s > 0 && clock_wall() - begin > how->timeout_s;
		int64_t busy = start_jobs(study, how, command, words, !late && !stop_signal());
		if (busy == 0)
			break;
		progress_step(count_taken(study) - (size_t)busy, (uint64_t)how->trials, "trials");
		wait_for_something(how);
		guard_check();
		for (int64_t i = 0; i < n_jobs; i++)
			if (jobs[i].trial)
				look_after(study, how, &jobs[i]);
	}
	end_run();
	int64_t complete = 0;
	for (size_t i = 0; i < study->n; i++)
		complete += study->trials[i].state == TRIAL_COMPLETE;
	return complete;
}
