/* What an output's name may lead to: links, links to nothing, pipes, folders, files of
 * others, files that must not be written; and the names that dead runs leave. As root
 * everything is tried, as another user what that one can set up. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "streams/output.h"
#include "unit.h"

enum { NOBODY = 65534 };

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

static struct stat about(const char *path)
{
	struct stat s;
	if (lstat(path, &s) != 0)
		memset(&s, 0, sizeof s);
	return s;
}

static unsigned mode_of(const char *path)
{
	return about(path).st_mode & 07777;
}

static void put(const char *path, const char *text)
{
	struct output *out = output_open(path, false);
	output_text(out, text);
	output_close(out);
}

/* The exit status of writing `text` to `path` in a process of its own, as `user`. */
static int status_as(unsigned user, const char *path, const char *text)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			abort();
		if (user && (setegid(user) != 0 || seteuid(user) != 0))
			abort();
		put(path, text);
		exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int status_of(const char *path, const char *text)
{
	return status_as(0, path, text);
}

static void make_link(const char *to, const char *name)
{
	if (symlink(to, name) != 0)
		abort();
}

/* A link is written through, also in another folder and where there is nothing yet; it
 * stays what it is. A name of the same inode keeps the old file. */
static void check_links(void)
{
	if (mkdir("d", 0777) != 0 || mkdir("d/e", 0777) != 0)
		abort();
	make_link("d/e/hop", "far");
	make_link("../../d/aim", "d/e/hop");
	put("far", "1");
	CHECK_TEXT(text_of("d/aim"), "1");
	put("./far", "2");
	CHECK_TEXT(text_of("d/aim"), "2");
	CHECK(S_ISLNK(about("far").st_mode) && S_ISLNK(about("d/e/hop").st_mode));
	make_link("loop", "loop");
	CHECK_INT(status_of("loop", "x"), STATUS_FAILED);
	make_link("nowhere/file", "lost");
	CHECK_INT(status_of("lost", "x"), STATUS_FAILED);
	CHECK(link("d/aim", "twin") == 0);
	put("d/aim", "3");
	CHECK_TEXT(text_of("d/aim"), "3");
	CHECK_TEXT(text_of("twin"), "2");
}

static void check_kinds(void)
{
	CHECK_INT(status_of("d", "x"), STATUS_FAILED);
	CHECK_INT(status_of("d/", "x"), STATUS_FAILED);
	CHECK_INT(status_of("d/.", "x"), STATUS_FAILED);
	CHECK_INT(status_of("new/", "x"), STATUS_FAILED);
	CHECK_INT(status_of("", "x"), STATUS_FAILED);
	if (mkfifo("pipe", 0666) != 0)
		abort();
	int ends = open("pipe", O_RDWR | O_NONBLOCK);
	CHECK_INT(status_of("pipe", "through"), 0);
	char text[16] = "";
	CHECK_INT(read(ends, text, sizeof text), 7);
	CHECK_TEXT(text, "through");
	CHECK(S_ISFIFO(about("pipe").st_mode));
	close(ends);
	char name[256];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0'; /* the longest that there is */
	CHECK_INT(status_of(name, "long"), 0);
	CHECK_TEXT(text_of(name), "long");
	CHECK_INT(status_of(name, "again"), 0);
	CHECK_TEXT(text_of(name), "again");
}

/* A file that is open already is written where it stands, and not replaced. */
static void check_streams(void)
{
	int file = open("log", O_WRONLY | O_CREAT | O_APPEND, 0666);
	char path[32];
	CHECK_INT(write(file, "one\n", 4), 4);
	ino_t inode = about("log").st_ino;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, i == 0 ? "/dev/fd/%d" : "/proc/self/fd/%d", dup(file));
		if (i == 2) {
			make_link(path, "through");
			snprintf(path, sizeof path, "through");
		}
		CHECK_INT(status_of(path, "more\n"), 0);
	}
	close(file);
	CHECK_TEXT(text_of("log"), "one\nmore\nmore\nmore\n");
	CHECK(about("log").st_ino == inode);
	file = open("log", O_RDONLY);
	snprintf(path, sizeof path, "/dev/fd/%d", file);
	CHECK_INT(status_of(path, "x"), STATUS_FAILED);
	close(file);
	CHECK_INT(status_of("/dev/fd/987", "x"), STATUS_FAILED);
}

static void check_modes(void)
{
	struct output *out;
	write_file("tool", "old");
	CHECK(chmod("tool", 04751) == 0);
	put("tool", "new");
	CHECK_INT(mode_of("tool"), 0751); /* what is new is not trusted as the old was */
	umask(027);
	write_file("mine", "old");
	CHECK(chmod("mine", 0600) == 0);
	out = output_open("mine", false);
	output_text(out, "new");
	output_flush(out);
	struct stat s;
	CHECK(fstat(out->file, &s) == 0 && (s.st_mode & 077) == 0); /* nobody peeps meanwhile */
	output_close(out);
	CHECK_INT(mode_of("mine"), 0600);
	umask(022);
}

/* As a user who may not write everything: root steps down. */
static void check_permissions(void)
{
	unsigned user = geteuid() == 0 ? NOBODY : 0;
	CHECK(chmod(".", 0777) == 0);
	write_file("kept", "old");
	CHECK(chmod("kept", 0444) == 0);
	CHECK_INT(status_as(user, "kept", "new"), STATUS_FAILED);
	CHECK_TEXT(text_of("kept"), "old");
	if (mkdir("dark", 0333) != 0 || chmod("dark", 0333) != 0)
		abort();
	CHECK_INT(status_as(user, "dark/file", "new"), 0); /* a folder that cannot be read */
	CHECK_INT(status_as(user, "dark/file", "newer"), 0);
	CHECK(chmod("dark", 0777) == 0);
	CHECK_TEXT(text_of("dark/file"), "newer");
	if (mkdir("shut", 0555) != 0)
		abort();
	CHECK_INT(status_as(user, "shut/file", "new"), STATUS_FAILED);
}

/* Files of another owner. */
static void check_owners(void)
{
	if (geteuid() != 0)
		return;
	write_file("theirs", "old");
	CHECK(chmod("theirs", 0672) == 0 && chown("theirs", NOBODY, NOBODY) == 0);
	put("theirs", "new"); /* root keeps owner and group */
	CHECK(about("theirs").st_uid == NOBODY && about("theirs").st_gid == NOBODY);
	CHECK_INT(mode_of("theirs"), 0672);
	write_file("ours", "old");
	CHECK(chmod("ours", 0672) == 0);
	CHECK_INT(status_as(NOBODY, "ours", "new"), 0); /* everybody may write it */
	CHECK_TEXT(text_of("ours"), "new");
	CHECK(about("ours").st_uid == NOBODY && about("ours").st_gid == NOBODY);
	CHECK_INT(mode_of("ours"), 0622); /* another group: no more than others had */
	CHECK(chmod("ours", 0640) == 0 && chown("ours", 0, 0) == 0);
	CHECK_INT(status_as(NOBODY, "ours", "newer"), STATUS_FAILED);
	CHECK_TEXT(text_of("ours"), "new");
	/* The group is kept where the writer is in it, and the folder's is another. */
	write_file("grouped", "old");
	CHECK(chmod("grouped", 0664) == 0 && chown("grouped", 0, NOBODY) == 0);
	CHECK_INT(status_as(NOBODY, "grouped", "new"), 0);
	CHECK(about("grouped").st_uid == NOBODY && about("grouped").st_gid == NOBODY);
	CHECK_INT(mode_of("grouped"), 0664);
}

/* Where everybody may put a file, a stranger's file, link or pipe is not touched. */
static void check_strangers(void)
{
	if (geteuid() != 0)
		return;
	if (mkdir("common", 0777) != 0 || chmod("common", 01777) != 0)
		abort();
	write_file("victim", "old");
	make_link("../victim", "common/trap");
	make_link("../victim", "common/honest");
	write_file("common/file", "old");
	if (mkfifo("common/pipe", 0666) != 0 || lchown("common/trap", NOBODY, NOBODY) != 0 ||
	    chown("common/file", NOBODY, NOBODY) != 0 || chown("common/pipe", NOBODY, NOBODY) != 0)
		abort();
	CHECK_INT(status_of("common/trap", "new"), STATUS_FAILED);
	CHECK_INT(status_of("common/file", "new"), STATUS_FAILED);
	CHECK_INT(status_of("common/pipe", "new"), STATUS_FAILED);
	CHECK_TEXT(text_of("victim"), "old");
	CHECK_TEXT(text_of("common/file"), "old");
	CHECK_INT(status_of("common/honest", "new"), 0);
	CHECK_TEXT(text_of("victim"), "new");
	CHECK(chmod("common", 0777) == 0); /* no sticky bit: its users trust each other */
	CHECK_INT(status_of("common/trap", "newer"), 0);
	CHECK_TEXT(text_of("victim"), "newer");
	/* Who may write the file, but not rename over it, learns that at once. */
	CHECK(chmod("common", 01777) == 0);
	write_file("common/roots", "old");
	CHECK(chmod("common/roots", 0666) == 0);
	CHECK_INT(status_as(NOBODY, "common/roots", "new"), STATUS_FAILED);
	CHECK_TEXT(text_of("common/roots"), "old");
}

static bool is_there(const char *path)
{
	return about(path).st_mode != 0;
}

#define LEFT(name, digits) "." name ".recpipe-" digits

/* Only what a dead run left beside this very file goes. */
static void check_left_overs(void)
{
	static const char *const KEPT[] = {
		LEFT("other", "0123456789abcdef"),      /* of another file */
		LEFT("target", "0123456789abcde"),      /* fifteen digits */
		LEFT("target", "0123456789abcdef0"),
		LEFT("target", "0123456789ABCDEF"),
		LEFT("target", "unlocked-0123456789abcdef"),
		"target.recpipe-0123456789abcdef",
		LEFT("target", "00000000000000aa"),     /* locked: its run lives */
	};
	enum { N = sizeof KEPT / sizeof *KEPT };
	for (int i = 0; i < N; i++)
		write_file(KEPT[i], "keep");
	int alive = open(KEPT[N - 1], O_RDWR | O_CLOEXEC);
	CHECK(flock(alive, LOCK_EX) == 0);
	make_link("target", LEFT("target", "00000000000000bb"));
	if (mkdir(LEFT("target", "00000000000000cc"), 0777) != 0 ||
	    mkfifo(LEFT("target", "00000000000000dd"), 0666) != 0)
		abort();
	write_file(LEFT("target", "fedcba9876543210"), "dead");
	write_file(LEFT("target", "00000000000000ee"), "of somebody else");
	if (geteuid() == 0 && chown(LEFT("target", "00000000000000ee"), NOBODY, NOBODY) != 0)
		abort();
	put("target", "new");
	CHECK(!is_there(LEFT("target", "fedcba9876543210")));
	for (int i = 0; i < N; i++)
		CHECK(is_there(KEPT[i]));
	CHECK(is_there(LEFT("target", "00000000000000bb")));
	CHECK(is_there(LEFT("target", "00000000000000cc")));
	CHECK(is_there(LEFT("target", "00000000000000dd")));
	CHECK(geteuid() != 0 || is_there(LEFT("target", "00000000000000ee")));
	close(alive); /* its run ends */
	put("target", "newer");
	CHECK(!is_there(KEPT[N - 1]));
	CHECK_TEXT(text_of("target"), "newer");
}

/* A file that is watched is there with its first row, in place; a second output to it is refused. */
static void check_live(void)
{
	write_file("curve", "old");
	ino_t inode = about("curve").st_ino;
	struct output *out = output_open_live("curve");
	CHECK_TEXT(text_of("curve"), "old");
	output_abandon(out);
	CHECK_TEXT(text_of("curve"), "old");
	output_abandon(output_open_live("none"));
	CHECK(access("none", F_OK) != 0);
	output_close(output_open_live("none"));
	CHECK_TEXT(text_of("none"), "");
	out = output_open_live("curve");
	output_text(out, "1");
	output_end_row(out);
	CHECK_TEXT(text_of("curve"), "1\n");
	CHECK_INT(status_of("./curve", "x"), STATUS_USAGE);
	output_close(out);
	CHECK(about("curve").st_ino == inode);
	CHECK_INT(status_of("curve", "x"), 0);
}

int main(void)
{
	char folder[] = "target-XXXXXX";
	umask(022);
	if (!mkdtemp(folder) || chmod(folder, 0755) != 0 || chdir(folder) != 0)
		abort();
	check_links();
	check_kinds();
	check_streams();
	check_modes();
	check_permissions();
	check_owners();
	check_strangers();
	check_left_overs();
	check_live();
	if (system("rm -rf \"$PWD\"") != 0)
		abort();
	return unit_finish();
}
