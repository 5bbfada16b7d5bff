#include "file-age.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"

bool file_age_note(struct file_age *a, const char *path, double max_age_s, struct failure *failure)
{
	struct stat about;
	*a = (struct file_age){.max_age_s = max_age_s};
	if (stat(path, &about) != 0)
		return max_age_s <= 0 ||
		       failure_set_errno(failure, STATUS_FAILED, "cannot determine the age of %s", path);
	a->written_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	return true;
}

bool file_age_is_over(struct file_age *a, const char *what)
{
	if (!a->stale && a->max_age_s > 0 &&
	    (double)(clock_unix_ms() - a->written_ms) / 1000 > a->max_age_s) {
		tell("the %s are older than --max-age: answers come from the fallback", what);
		a->stale = true;
	}
	return a->stale;
}
