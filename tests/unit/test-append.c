/* Files that grow by whole rows: where the last whole row ends, what is left when the disk
 * takes a part only, who waits for whom. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "base/clock.h"
#include "streams/append.h"

static int new_file(const char *path)
{
	unlink(path);
	return open(path, O_RDWR | O_APPEND | O_CREAT, 0666);
}

static int64_t size_of(int file)
{
	struct stat about;
	return fstat(file, &about) == 0 ? about.st_size : -1;
}

static void whole_size(void)
{
	static char text[20000];
	memset(text, 'x', sizeof text);
	static const int64_t ENDS[] = {0, 1, 2, 4095, 4096, 4097, 8192, 9000, 19999, 20000};
	for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
		int file = new_file("whole");
		if (ENDS[i])
			text[ENDS[i] - 1] = '\n';
		CHECK(write(file, text, sizeof text) == sizeof text);
		if (ENDS[i])
			text[ENDS[i] - 1] = 'x';
		CHECK_INT(append_whole_size(file, sizeof text), ENDS[i]);
		CHECK_INT(append_whole_size(file, ENDS[i]), ENDS[i]);
		/* It has become shorter: no answer is better than a wrong one. */
		CHECK_INT(append_whole_size(file, sizeof text + 1), -1);
		close(file);
	}
	int file = open("whole", O_WRONLY);
	CHECK_INT(append_whole_size(file, 5), -1);
	close(file);
}

/* The disk takes `most` bytes. */
static void limit(rlim_t most)
{
	struct rlimit now;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &now) == 0);
	now.rlim_cur = most;
	CHECK(setrlimit(RLIMIT_FSIZE, &now) == 0);
}

static void full_disk(void)
{
	static const char ROWS[] = "first\nsecond\nthird\n";
	size_t n = sizeof ROWS - 1;
	for (size_t most = 0; most <= n; most++) {
		size_t want = most >= n ? n : most >= 13 ? 13 : most >= 6 ? 6 : 0;
		bool torn = true;
		int file = new_file("full");
		CHECK(write(file, "head\n", 5) == 5);
		int64_t size = 5;
		limit(5 + most);
		size_t done = append_rows(file, ROWS, n, &size, &torn);
		int error = errno;
		limit(RLIM_INFINITY);
		CHECK_INT(done, want);
		CHECK(want == n || error == EFBIG);
		CHECK(!torn);
		CHECK_INT(size, 5 + want);
		CHECK_INT(size_of(file), 5 + want);
		/* There is room again. */
		done += append_rows(file, ROWS + done, n - done, &size, &torn);
		char there[64];
		CHECK_INT(pread(file, there, sizeof there, 0), 5 + n);
		CHECK(memcmp(there, "head\n", 5) == 0 && memcmp(there + 5, ROWS, n) == 0);
		CHECK_INT(done, n);
		close(file);
	}
	/* What cannot be cut either is said to be torn. */
	int ends[2];
	bool torn = false;
	int64_t size = 0;
	CHECK(pipe2(ends, O_NONBLOCK) == 0);
	static char large[1 << 20];
	memset(large, 'x', sizeof large);
	CHECK_INT(append_rows(ends[1], large, sizeof large, &size, &torn), 0);
	CHECK(torn && size > 0);
	close(ends[0]);
	close(ends[1]);
}

static void locks(void)
{
	int a = new_file("lock"), b = open("lock", O_RDWR | O_APPEND);
	CHECK(append_lock(a, LOCK_EX, 0));
	double begin = clock_wall();
	CHECK(!append_lock(b, LOCK_EX, 0.1));
	CHECK_INT(errno, EWOULDBLOCK);
	CHECK(clock_wall() - begin >= 0.1 && clock_wall() - begin < 2);
	CHECK(append_unlock(a));
	CHECK(append_lock(b, LOCK_SH, 0));
	CHECK(append_lock(a, LOCK_SH, -1));
	CHECK(!append_lock(a, LOCK_EX, 0));
	CHECK(append_unlock(b));
	CHECK(append_lock(a, LOCK_EX, -1));
	close(a);
	close(b);
	CHECK(!append_lock(a, LOCK_EX, 5));
	CHECK_INT(errno, EBADF);
}

static void folders(void)
{
	CHECK(mkdir("folder", 0777) == 0);
	CHECK(append_sync_folder("file"));
	CHECK(append_sync_folder("folder/file"));
	CHECK(append_sync_folder("/file"));
	CHECK(!append_sync_folder("nowhere/file"));
	CHECK_INT(errno, ENOENT);
}

int main(void)
{
	whole_size();
	full_disk();
	locks();
	folders();
	return unit_finish();
}
