#include "frame/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/signals.h"
#include "frame/options.h"
#include "streams/input.h"
#include "streams/output.h"

/* ---- progress ---- */

enum { HEARTBEAT_S = 10 };

static struct {
	bool decided, shown, terminal, plain;
	bool reported;         /* --counters */
	double begin, last, last_beat;
	size_t width; /* columns that the line on the terminal takes */
} progress;

static void progress_decide(void)
{
	progress.decided = true;
	progress.terminal = isatty(STDERR_FILENO);
	const char *terminal = getenv("TERM");
	progress.plain = !terminal || strcmp(terminal, "dumb") == 0;
	bool wanted = option_switched("progress", "no-progress", progress.terminal);
	progress.shown = wanted && log_level != LOG_QUIET;
	progress.reported = option_given("counters");
	progress.begin = progress.last = progress.last_beat = clock_wall();
	error_prelude = progress_clear;
}

/* 1234567 as 1.23M */
static const char *short_count(double value, char out[16])
{
	static const char UNIT[] = " kMGTP";
	int unit = 0;
	while (value >= 1000 && unit < 5) {
		value /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(out, 16, "%.0f", value);
	else
		snprintf(out, 16, "%.3g%c", value, UNIT[unit]);
	return out;
}

static void put_error(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, text, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* nobody looks */
		text += done;
		n -= (size_t)done;
	}
}

/* What progress_step says: the name of the tool, how much is done, how fast. Returns its length. */
static size_t progress_text(char *line, size_t size, double spent, uint64_t done, uint64_t total,
			    const char *unit)
{
	char text[2][16];
	double rate = spent > 0 ? (double)done / spent : 0;
	int n = snprintf(line, size, "%s: %s %s, %s/s", program_name, short_count((double)done, text[0]),
			 unit, short_count(rate, text[1]));
	if (n > 0 && total > 0 && rate > 0 && (size_t)n < size - 40) {
		double left = total > done ? (double)(total - done) / rate : 0;
		n += snprintf(line + n, size - (size_t)n, ", %.0f %%, %.0f s left",
			      100.0 * (double)done / (double)total, left);
	}
	return n <= 0 ? 0 : (size_t)n < size - 1 ? (size_t)n : size - 1;
}

/* One line for Hadoop Streaming, in one write: other processes may share the pipe. */
static void put_reporter_line(const char *kind, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof line, "reporter:%s:%s\n", kind, text);
	progress_clear();
	put_error(line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void show_progress(const char *line, size_t width)
{
	if (!progress.terminal) {
		put_error(line, width);
		put_error("\n", 1);
		return;
	}
	put_error("\r", 1);
	put_error(line, width);
	for (size_t i = width; i < progress.width; i++)
		put_error(" ", 1);
	progress.width = width;
}

void progress_step(uint64_t done, uint64_t total, const char *unit)
{
	if (!progress.decided)
		progress_decide();
	if (!progress.shown && !progress.reported)
		return;
	double now = clock_wall();
	bool show = progress.shown && now - progress.last >= (progress.terminal ? 0.1 : 1.0);
	bool beat = progress.reported && now - progress.last_beat >= HEARTBEAT_S;
	char line[160];
	size_t width = show || beat ? progress_text(line, sizeof line, now - progress.begin, done, total, unit)
		: 0;
	if (width == 0)
		return;
	if (beat) {
		progress.last_beat = now;
		put_reporter_line("status", line);
	}
	if (show) {
		progress.last = now;
		show_progress(line, width);
	}
}

void progress_clear(void)
{
	if (progress.width == 0)
		return;
	if (progress.plain) {
		put_error("\r", 1);
		for (size_t i = 0; i < progress.width; i++)
			put_error(" ", 1);
		put_error("\r", 1);
	} else {
		put_error("\r\033[K", 4);
	}
	progress.width = 0;
}

/* ---- the closing line ---- */

static double run_start;

void run_begin(void)
{
	run_start = clock_wall();
	if (getpid() == 1) /* of a container, which no signal ends that it does not handle */
		output_catch_signals(die_by_signal);
}

/* `rows` as text, and what the run cost where that is wanted. */
static void close_with(const char *rows, bool always)
{
	progress_clear();
	bool full = log_level == LOG_VERBOSE ||
		(log_level == LOG_NORMAL && isatty(STDERR_FILENO));
	if (full)
		tell("%s; %.2f s, %.2f s CPU, %.1f MB", rows, clock_wall() - run_start, clock_cpu(),
		     (double)clock_peak_bytes() / 1048576.0);
	else if (always)
		tell("%s", rows);
}

/* --counters: Hadoop Streaming adds up what the tasks of a job report like this. */
static void put_counter(const char *name, uint64_t value)
{
	char text[96];
	snprintf(text, sizeof text, "recpipe,%s,%llu", name, (unsigned long long)value);
	if (option_given("counters"))
		put_reporter_line("counter", text);
}

static void put_counters(uint64_t rows_in, uint64_t rows_out, uint64_t rejected)
{
	put_counter("rows-read", rows_in);
	put_counter("rows-written", rows_out);
	put_counter("rows-rejected", rejected);
}

void run_report(uint64_t rows_in, uint64_t rows_out, uint64_t rejected)
{
	char rows[128];
	snprintf(rows, sizeof rows, "%llu rows read, %llu written, %llu rejected",
		 (unsigned long long)rows_in, (unsigned long long)rows_out,
		 (unsigned long long)rejected);
	close_with(rows, rejected > 0);
	put_counters(rows_in, rows_out, rejected);
}

void run_report_filter(uint64_t rows_in, uint64_t rows_out, uint64_t filtered, uint64_t rejected)
{
	char rows[160];
	if (rows_in != rows_out + filtered + rejected)
		die(STATUS_FAILED, "%llu rows read, but %llu written, %llu filtered out and %llu rejected: "
		    "internal error", (unsigned long long)rows_in,
		    (unsigned long long)rows_out, (unsigned long long)filtered,
		    (unsigned long long)rejected);
	snprintf(rows, sizeof rows, "%llu rows read, %llu written, %llu filtered out, %llu rejected",
		 (unsigned long long)rows_in, (unsigned long long)rows_out,
		 (unsigned long long)filtered, (unsigned long long)rejected);
	close_with(rows, rejected > 0);
	put_counters(rows_in, rows_out, rejected);
	put_counter("rows-filtered", filtered);
}

/* ---- signals ---- */

static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
	if (stopped) {
		output_remove_temporaries();
		die_by_signal(number);
	}
	stopped = number;
}

static void catch_signals(int flags)
{
	const int signals[] = {SIGINT, SIGTERM};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction old, action = {.sa_handler = on_stop, .sa_flags = flags};
		sigemptyset(&action.sa_mask);
		if (sigaction(signals[i], NULL, &old) != 0)
			die_errno(STATUS_FAILED, "cannot look at a signal's handler");
		if (old.sa_handler == SIG_IGN)
			continue; /* nohup and the like know better */
		if (sigaction(signals[i], &action, NULL) != 0)
			die_errno(STATUS_FAILED, "cannot handle a signal");
	}
}

void stop_catch(void)
{
	catch_signals(SA_RESTART);
}

void stop_catch_reading(void (*heed)(void *context), void *context)
{
	input_on_interrupt(heed, context);
	catch_signals(0);
}

int stop_signal(void)
{
	return stopped;
}

void stop_now(void)
{
	int number = stopped ? stopped : SIGTERM;
	progress_clear();
	output_remove_temporaries();
	die_by_signal(number);
}

/* ---- the end ---- */

int finish(int status)
{
	progress_clear();
	if (fflush(stdout) != 0 || ferror(stdout))
		die_errno(STATUS_FAILED, "cannot write to standard output");
	if (close(STDOUT_FILENO) != 0) /* EINTR too: what a network file system has not sent is lost */
		die_errno(STATUS_FAILED, "cannot close standard output");
	return status;
}
