#include "recommender.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "frame/run.h"

enum {
	READ_SIZE = 65536,
	LINE_MAX = 1 << 20,    /* bytes of an answer */
	WORDS_KEPT = 4096,      /* bytes of standard error */
	WORDS_SHOWN = 300,
	GRACE_MS = 1000,        /* for a child that has closed its pipes to end */
};

struct recommender {
	pid_t pid;              /* 0 when it is gone */
	pid_t group;            /* it and its own children */
	int in, out, err;       /* its standard files, our ends; -1 when closed */
	struct buffer requests; /* to be sent; `sent` of them are */
	size_t sent;
	struct buffer answers;  /* read; `taken` of them are */
	size_t taken, due;
	struct buffer words;    /* the end of its standard error */
	bool finishing;         /* it gets no more requests */
	bool deaf;              /* it has closed its input before that */
	double timeout_s, silent_s;
	struct recommender *next; /* in the list of those that run */
};

static struct recommender *running;

static void kill_running(void)
{
	for (struct recommender *r = running; r; r = r->next)
		kill(-r->group, SIGKILL);
}

/* ---- its beginning ---- */

static void make_pipe(int ends[2], int ours)
{
	if (pipe2(ends, O_CLOEXEC) != 0 ||
	    (ours >= 0 && fcntl(ends[ours], F_SETFL, O_NONBLOCK) != 0))
		die_errno(STATUS_FAILED, "cannot make a pipe");
}

static void close_or_die(int file)
{
	if (close(file) != 0 && errno != EINTR)
		die_errno(STATUS_FAILED, "cannot close a pipe");
}

/* In the child: the errno of what failed goes to `report`, which exec closes. */
_Noreturn static void become(char **command, int in, int out, int err, int report)
{
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(err, STDERR_FILENO) >= 0)
		execvp(command[0], command);
	int problem = errno;
	ssize_t ignored = write(report, &problem, sizeof problem);
	(void)ignored;
	_exit(127);
}

struct recommender *recommender_start(char **command, double timeout_s)
{
	if (!running && atexit(kill_running) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	int in[2], out[2], err[2], report[2], problem = 0;
	make_pipe(in, 1);
	make_pipe(out, 0);
	make_pipe(err, 0);
	make_pipe(report, -1);
	struct recommender *r = memory_zero(1, sizeof *r);
	*r = (struct recommender){.in = in[1], .out = out[0], .err = err[0], .timeout_s = timeout_s};
	r->pid = r->group = fork();
	if (r->pid < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (r->pid == 0)
		become(command, in[0], out[1], err[1], report[1]);
	setpgid(r->pid, r->pid); /* whoever of the two comes first */
	r->next = running;
	running = r;
	close_or_die(in[0]);
	close_or_die(out[1]);
	close_or_die(err[1]);
	close_or_die(report[1]);
	ssize_t n;
	while ((n = read(report[0], &problem, sizeof problem)) < 0 && errno == EINTR)
		;
	if (n != 0) {
		errno = n == sizeof problem ? problem : EIO;
		die_errno(STATUS_FAILED, "cannot run %s", command[0]);
	}
	close_or_die(report[0]);
	return r;
}

/* ---- its end ---- */

/* Passes on what it has written to standard error, keeps the end of it. */
static void hear_words(struct recommender *r)
{
	char bytes[4096];
	ssize_t n;
	while (r->err >= 0 && (n = read(r->err, bytes, sizeof bytes)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return; /* nothing more now */
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot read the recommender's output");
		progress_clear();
		for (ssize_t done = 0, k; done < n; done += k)
			if ((k = write(STDERR_FILENO, bytes + done, (size_t)(n - done))) <= 0)
				break; /* nobody looks */
		buffer_add(&r->words, bytes, (size_t)n);
		if (r->words.n > WORDS_KEPT) {
			size_t gone = r->words.n - WORDS_KEPT / 2;
			memmove(r->words.data, r->words.data + gone, r->words.n - gone);
			r->words.n -= gone;
		}
	}
	if (r->err >= 0)
		close_or_die(r->err);
	r->err = -1;
}

/* `; its last words: LINE`, or nothing when it never said any. */
static const char *last_words(struct recommender *r)
{
	hear_words(r);
	struct buffer *b = &r->words;
	while (b->n && (unsigned char)b->data[b->n - 1] <= ' ')
		b->n--;
	if (b->n == 0)
		return "";
	size_t from = b->n;
	while (from > 0 && b->data[from - 1] != '\n')
		from--;
	size_t n = b->n - from < WORDS_SHOWN ? b->n - from : WORDS_SHOWN;
	for (size_t i = from; i < from + n; i++)
		if ((unsigned char)b->data[i] < ' ')
			b->data[i] = ' ';
	return memory_format("; its last words: %.*s", (int)n, b->data + from);
}

/* Waits for its exit at most `ms` milliseconds; false when it lives on. */
static bool reap(struct recommender *r, double ms, int *status)
{
	for (double until = clock_wall() + ms / 1000;; hear_words(r)) {
		pid_t pid = waitpid(r->pid, status, WNOHANG);
		if (pid < 0 && errno != EINTR)
			die_errno(STATUS_FAILED, "cannot wait for the recommender");
		if (pid > 0)
			break;
		if (clock_wall() >= until || stop_signal())
			return false;
		const struct timespec pause = {0, 2000000};
		nanosleep(&pause, NULL);
	}
	r->pid = 0;
	return true;
}

_Noreturn static void died(struct recommender *r, int status, const char *when)
{
	if (WIFSIGNALED(status))
		die(STATUS_FAILED, "the recommender was killed by signal %d (%s)%s", WTERMSIG(status),
		    strsignal(WTERMSIG(status)), last_words(r));
	die(STATUS_FAILED, "the recommender ended with status %d %s%s", WEXITSTATUS(status), when,
	    last_words(r));
}

/* It has closed its output before its time. */
_Noreturn static void broke_off(struct recommender *r)
{
	int status;
	if (reap(r, GRACE_MS, &status))
		died(r, status, "while it was asked");
	die(STATUS_FAILED, "the recommender closed its output before answering%s", last_words(r));
}

static void end_well(struct recommender *r)
{
	int status;
	close_or_die(r->out);
	r->out = -1;
	if (!reap(r, r->timeout_s * 1000, &status)) {
		if (stop_signal())
			return; /* the next wait handles it */
		die(STATUS_FAILED, "the recommender closed its output but does not exit%s", last_words(r));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		died(r, status, "after its last answer");
	if (r->deaf)
		died(r, status, "before it had read everything");
	hear_words(r);
	for (struct recommender **at = &running; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			break;
		}
}

void recommender_free(struct recommender *r)
{
	if (r->err >= 0)
		close_or_die(r->err);
	buffer_free(&r->requests);
	buffer_free(&r->answers);
	buffer_free(&r->words);
	free(r);
}

/* ---- questions and answers ---- */

/* write(2) to a pipe whose reader may be gone: EPIPE without the signal. */
static ssize_t write_quietly(int file, const char *bytes, size_t n)
{
	sigset_t set, before;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	ssize_t done = write(file, bytes, n);
	int problem = errno;
	if (done < 0 && problem == EPIPE) {
		const struct timespec now = {0, 0};
		sigtimedwait(&set, NULL, &now);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = problem;
	return done;
}

static void send_more(struct recommender *r)
{
	while (r->sent < r->requests.n && !r->deaf) {
		ssize_t n = write_quietly(r->in, r->requests.data + r->sent, r->requests.n - r->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 && errno != EPIPE)
			die_errno(STATUS_FAILED, "cannot write to the recommender");
		if (n < 0) {
			r->deaf = true; /* its answers, or its end, tell more */
			break;
		}
		r->sent += (size_t)n;
	}
	r->sent = r->requests.n = 0;
	if ((r->finishing || r->deaf) && r->in >= 0) {
		close_or_die(r->in);
		r->in = -1;
	}
}

static void expect_end(const struct recommender *r)
{
	char shown[QUOTED_SIZE];
	if (r->due == 0 && r->answers.n > r->taken)
		die(STATUS_DATA, "unexpected extra output from the recommender: %s",
		    quoted(r->answers.data + r->taken, r->answers.n - r->taken, shown));
}

void recommender_ask(struct recommender *r, struct buffer *requests, size_t answers)
{
	expect_end(r);
	buffer_add(&r->requests, requests->data, requests->n);
	requests->n = 0;
	r->due += answers;
	send_more(r);
}

void recommender_finish(struct recommender *r)
{
	r->finishing = true;
	send_more(r);
}

static void read_more(struct recommender *r)
{
	if (r->taken) {
		memmove(r->answers.data, r->answers.data + r->taken, r->answers.n - r->taken);
		r->answers.n -= r->taken;
		r->taken = 0;
	}
	ssize_t n = read(r->out, buffer_room(&r->answers, READ_SIZE), READ_SIZE);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		die_errno(STATUS_FAILED, "cannot read from the recommender");
	if (n == 0 && r->due == 0 && r->finishing)
		end_well(r);
	else if (n == 0)
		broke_off(r);
	r->answers.n += (size_t)n;
}

static char *line_end(const struct recommender *r)
{
	size_t n = r->answers.n - r->taken;
	return n ? memchr(r->answers.data + r->taken, '\n', n) : NULL;
}

bool recommender_line(struct recommender *r, struct span *line)
{
	if (r->due == 0)
		return false;
	char *lf = line_end(r);
	if (!lf) {
		if (r->answers.n - r->taken > LINE_MAX)
			die(STATUS_DATA, "an answer of the recommender is longer than a megabyte");
		return false;
	}
	char *from = r->answers.data + r->taken;
	*line = (struct span){from, (size_t)(lf - from)};
	r->taken += line->n + 1;
	r->due--;
	r->silent_s = 0;
	return true;
}

size_t recommender_due(const struct recommender *r)
{
	return r->due;
}

/* Something must come of it: an answer, or its end. */
static bool is_awaited(const struct recommender *r)
{
	return r->out >= 0 && (r->due > 0 || r->finishing);
}

_Noreturn static void gave_no_sign(struct recommender *r)
{
	if (r->deaf)
		die(STATUS_FAILED, "the recommender closed its input before answering%s", last_words(r));
	die(STATUS_FAILED, "the recommender has not answered for %g s%s", r->timeout_s, last_words(r));
}

bool recommenders_wait(struct recommender *const *all, size_t n)
{
	struct pollfd *files = memory_new(3 * n + 1, sizeof *files);
	size_t awaited = 0;
	double least_s = 1e6;
	for (size_t i = 0; i < n; i++) {
		const struct recommender *r = all[i];
		expect_end(r);
		files[3 * i] = (struct pollfd){.fd = r->out, .events = POLLIN};
		files[3 * i + 1] = (struct pollfd){.fd = r->err, .events = POLLIN};
		files[3 * i + 2] = (struct pollfd){.fd = r->requests.n ? r->in : -1, .events = POLLOUT};
		if (is_awaited(r)) {
			awaited++;
			least_s = fmin(least_s, r->timeout_s - r->silent_s);
		}
	}
	if (stop_signal()) {
		kill_running();
		stop_now();
	}
	if (awaited == 0) {
		free(files);
		return false;
	}
	double before = clock_wall();
	int ready = poll(files, 3 * n, (int)ceil(fmax(least_s, 0) * 1000));
	if (ready < 0 && errno != EINTR)
		die_errno(STATUS_FAILED, "cannot wait for the recommender");
	double spent = clock_wall() - before;
	for (size_t i = 0; i < n; i++) {
		struct recommender *r = all[i];
		if (is_awaited(r))
			r->silent_s += spent;
		if (ready > 0 && files[3 * i + 1].revents)
			hear_words(r);
		if (ready > 0 && files[3 * i + 2].revents)
			send_more(r);
		if (ready > 0 && files[3 * i].revents)
			read_more(r);
		if (is_awaited(r) && r->silent_s >= r->timeout_s && !line_end(r))
			gave_no_sign(r);
	}
	free(files);
	return true;
}
