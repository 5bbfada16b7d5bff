/* options.h - what the command line of serve-http says. */
#ifndef RECPIPE_SERVE_HTTP_OPTIONS_H
#define RECPIPE_SERVE_HTTP_OPTIONS_H

#include "frame/options.h"

struct options {
	struct common common;
	const char *listen, *routes, *items, *token_file;
	int64_t workers, queue, connections;
	double deadline_s, timeout_s, drain_s, start_s;
	uint64_t body_most, header_most;
	bool check;
	struct option_list watch;
};

extern const struct option_row SERVE_HTTP_OPTIONS[];

#endif
