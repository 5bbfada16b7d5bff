/* options.h - what next-track is told. */
#ifndef RECPIPE_NEXT_TRACK_OPTIONS_H
#define RECPIPE_NEXT_TRACK_OPTIONS_H

#include "frame/options.h"

struct options {
	struct common common;
	const char *recs, *challenger, *neighbors, *redis, *prefix, *password_file, *items, *popular,
		*recommender, *registry, *bandit_state;
	const char *log, *message, *user, *track, *time, *timestamp;
	struct option_list experiments, arms;
	int pick, log_format, clock, timestamp_unit;
	bool pipeline, log_sync, replies;
	uint64_t log_memory, session_memory;
	int64_t nearest, last;
	double deadline_s, max_age_s, temperature, decay, skipped, bandit_epsilon, bandit_least;
};

extern const struct option_row NEXT_TRACK_OPTIONS[];

#endif
