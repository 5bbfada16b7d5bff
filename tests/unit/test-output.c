/* Files written beside their name and renamed: the old one stays until the end,
 * nothing is left behind however it ends, modes and links are kept. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "streams/output.h"
#include "unit.h"

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static const char *text_of(const char *path)
{
	static char text[256];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	return f ? text : "(none)";
}

/* How many entries of the folder begin so. */
static int count(const char *pattern)
{
	struct buffer command = {0};
	buffer_format(&command, "ls -d %s* 2> /dev/null | wc -l", pattern);
	FILE *p = popen(buffer_text(&command), "r");
	int n = -1;
	if (!p || fscanf(p, "%d", &n) != 1)
		abort();
	pclose(p);
	buffer_free(&command);
	return n;
}

/* Runs f in a process of its own, silent; its wait status. */
static int status_of(void (*f)(void))
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			abort();
		f();
		exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	return status;
}

static void write_new(void)
{
	struct output *out = output_open("a", false);
	output_text(out, "new");
	output_end_row(out);
	if (strcmp(text_of("a"), "old") != 0) /* until the end */
		exit(9);
	output_close(out);
}

static void die_half_way(void)
{
	struct output *out = output_open("a", false);
	output_text(out, "half");
	output_flush(out);
	die(STATUS_DATA, "bad data");
}

static void abandon(void)
{
	struct output *out = output_open("a", false);
	output_text(out, "half");
	output_flush(out);
	output_abandon(out);
}

static void be_terminated(void)
{
	struct output *out = output_open("a", false), *other = output_open("b", false);
	output_text(out, "half");
	output_flush(out);
	output_flush(other);
	raise(SIGTERM);
}

static void to_a_missing_folder(void)
{
	output_close(output_open("nowhere/a", false));
}

static void to_full(void)
{
	struct output *out = output_open("/dev/full", false);
	output_text(out, "x");
	output_close(out);
}

static void check_ends(void)
{
	write_file("a", "old");
	CHECK_INT(status_of(die_half_way), STATUS_DATA << 8);
	CHECK_TEXT(text_of("a"), "old");
	CHECK_INT(status_of(abandon), 0);
	CHECK_TEXT(text_of("a"), "old");
	int status = status_of(be_terminated);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK_TEXT(text_of("a"), "old");
	CHECK_INT(count("b"), 0);
	CHECK_INT(status_of(to_a_missing_folder), STATUS_FAILED << 8);
	CHECK_INT(status_of(to_full), STATUS_FAILED << 8);
	CHECK_INT(status_of(write_new), 0);
	CHECK_TEXT(text_of("a"), "new\n");
	CHECK_INT(count("a"), 1);
}

static void put(const char *path, const char *text)
{
	struct output *out = output_open(path, false);
	output_text(out, text);
	output_close(out);
}

static void check_modes_and_links(void)
{
	struct stat about;
	umask(027);
	put("fresh", "1");
	CHECK(stat("fresh", &about) == 0 && (about.st_mode & 0777) == 0640);
	CHECK(chmod("fresh", 0604) == 0);
	put("fresh", "2");
	CHECK(stat("fresh", &about) == 0 && (about.st_mode & 0777) == 0604);
	CHECK(symlink("fresh", "link") == 0);
	put("link", "3");
	CHECK(lstat("link", &about) == 0 && S_ISLNK(about.st_mode));
	CHECK_TEXT(text_of("fresh"), "3");
	put("/dev/null", "4"); /* a device is written as it is */
	CHECK(stat("/dev/null", &about) == 0 && S_ISCHR(about.st_mode));
}

/* Rows of every size around the buffer's, and one that is larger than it. */
static void check_sizes(void)
{
	struct output *out = output_open("large", false);
	size_t total = 0;
	char *row = memory_new(1 << 20, 1);
	for (size_t n = 1; n <= 1 << 20; n = n * 3 + 1) {
		memset(row, 'a' + (char)(n % 26), n);
		output_bytes(out, row, n);
		output_byte(out, '\n');
		total += n + 1;
	}
	memset(output_room(out, 1 << 20), 'z', 1 << 20);
	out->n += 1 << 20;
	output_close(out);
	free(row);
	struct stat about;
	CHECK(stat("large", &about) == 0 && (size_t)about.st_size == total + (1 << 20));
}

/* It has no file, and closes none. */
static void check_memory(void)
{
	struct output *out = output_open_memory();
	output_text(out, "text");
	output_close(out);
	CHECK(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

int main(void)
{
	char folder[] = "output-XXXXXX";
	if (!mkdtemp(folder) || chdir(folder) != 0)
		abort();
	check_ends();
	check_modes_and_links();
	check_sizes();
	check_memory();
	if (system("rm -rf \"$PWD\"") != 0)
		abort();
	return unit_finish();
}
