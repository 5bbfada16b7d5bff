#include "watching.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

static const char *name_in_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

void watching_open(struct watching *w, const struct option_list *paths)
{
	*w = (struct watching){.file = -1, .paths = paths};
	if (paths->n == 0)
		return;
	w->file = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	w->folders = memory_new(paths->n, sizeof *w->folders);
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->values[i], *name = name_in_folder(path);
		char *folder = name == path ? memory_text(".", 1) : memory_text(path, (size_t)(name - path));
		w->folders[i] = w->file < 0 ? -1 : inotify_add_watch(w->file, folder, IN_MOVED_TO | IN_CLOSE_WRITE);
		if (w->folders[i] < 0)
			die_errno(STATUS_FAILED, "cannot watch the folder of %s", shown_file(path));
		free(folder);
	}
}

static bool is_watched(const struct watching *w, const struct inotify_event *e)
{
	for (size_t i = 0; i < w->paths->n; i++)
		if (e->wd == w->folders[i] && e->len && strcmp(e->name, name_in_folder(w->paths->values[i])) == 0)
			return true;
	return false;
}

bool watching_take(struct watching *w)
{
	_Alignas(struct inotify_event) char events[sizeof(struct inotify_event) + NAME_MAX + 1 + 4096];
	bool any = false;
	ssize_t n;
	while ((n = read(w->file, events, sizeof events)) > 0) {
		for (const char *at = events; at < events + n;) {
			const struct inotify_event *e = (const struct inotify_event *)(const void *)at;
			any |= (e->mask & IN_Q_OVERFLOW) || is_watched(w, e);
			at += sizeof *e + e->len;
		}
	}
	return any;
}
