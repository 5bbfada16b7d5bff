/* watching.h - files that are replaced while the service runs (--watch), seen by inotify. */
#ifndef RECPIPE_SERVE_HTTP_WATCHING_H
#define RECPIPE_SERVE_HTTP_WATCHING_H

#include "frame/options.h"

struct watching {
	int file;                /* readable when something happened; -1: nothing is watched */
	const struct option_list *paths;
	int *folders;            /* the watch of each path's folder */
};

/* Ends the program when a folder cannot be watched. */
void watching_open(struct watching *w, const struct option_list *paths);

/* Has one of the files been replaced, or written and closed? */
bool watching_take(struct watching *w);

#endif
