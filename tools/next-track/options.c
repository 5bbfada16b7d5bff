#include "options.h"

const struct option_row NEXT_TRACK_OPTIONS[] = {
	OPTION_FILE("recs", "FILE", recs, .side = true,
		.required = true, .unless = "redis|neighbors|items", .excludes = "redis",
		.help = "the lists: top-N rows (user rank item score); no server is needed; a packed file "
			"is opened again on SIGHUP"),
	OPTION_TEXT("redis", "URL", redis,
		.help = "the lists, and the neighbors of tracks, as load-redis published them: "
			"redis://[USER@]HOST[:PORT][/DATABASE] or unix://[USER@]PATH[?db=DATABASE]; "
			"the password comes from REDISCLI_AUTH"),
	OPTION_FILE("neighbors", "FILE", neighbors, .side = true,
		.help = "the neighbors of tracks (item neighbor weight), as train-items writes them, for "
			"contextual and session, in place of those in Redis; a packed file is opened again on "
			"SIGHUP"),
	OPTION_FILE("items", "FILE", items, .side = true,
		.help = "the catalog (item, and artist available blocked): random tracks are drawn "
			"from it, and nothing else is recommended"),
	OPTION_TEXT("recommender", "NAME,...", recommender, .fallback = "indexed",
		.help = "recommenders to ask in this order when no experiment decides: random, popular, "
			"sticky-artist, delta, indexed, challenger, sequential, contextual or session; random "
			"always comes last; first of all interleaved:A+B, one of two by a draw, or "
			"bandit:A+B+..., of which the one that is liked more answers more often"),
	OPTION_LIST("experiment", "NAME[=N]", experiments,
		.help = "an experiment with N equal arms C, T1, ..., or as many as --arm names"),
	OPTION_FILE("experiments", "FILE", registry, .side = true,
		.help = "the registry: name arm weight recommender salt"),
	OPTION_FLAG("replies", replies,
		.help = "write one row for each request, in order, whatever it is, with its name and a status; "
			"further messages: list and similar, with k"),
	OPTION_STATE("log", "FILE", log, .help = "append the events to FILE; reopened on SIGHUP"),
	COMMON_OUTPUT_FILE, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Recommenders"),
	OPTION_FILE("popular", "FILE", popular, .side = true,
		.help = "the popular items, in the order of FILE"),
	OPTION_FILE("challenger", "FILE", challenger, .side = true,
		.help = "the lists of the recommender challenger, as --recs has those of indexed"),
	OPTION_LIST("arm", "ARM=NAME,...", arms,
		.help = "recommender of an arm of the first --experiment"),
	OPTION_CHOICE("pick", "HOW", pick, "uniform|rank|softmax", .fallback = "uniform",
		.help = "how to draw an item from a list: uniformly, by 1/rank, or by "
			"exp(score/temperature) (with lists, --recs only)"),
	OPTION_REAL("temperature", "X", temperature, .fallback = "1", .low = ABOVE_ZERO,
		.high = INFINITY,
		.help = "temperature of --pick softmax"),
	OPTION_INT("nearest", "N", nearest, .fallback = "100", .low = 1, .high = 1 << 30,
		.help = "contextual and session pick from the N best neighbors that may be offered"),
	OPTION_INT("last", "N", last, .fallback = "20", .low = 1, .high = 1000,
		.help = "session looks at the last N tracks of the session"),
	OPTION_REAL("decay", "X", decay, .fallback = "0.9", .low = ABOVE_ZERO, .high = 1,
		.help = "session: the track that is n places before the one just played counts X to the "
			"power of n"),
	OPTION_REAL("skipped", "SHARE", skipped, .fallback = "0.5", .low = 0, .high = BELOW_ONE,
		.help = "session: a track of which less than SHARE was heard counts against its neighbors"),
	OPTION_SIZE("session-memory", "SIZE", session_memory, .fallback = "256M", .low = 1, .high = 1e15,
		.help = "memory for the tracks of open sessions: beyond SIZE those of users who have asked "
			"for nothing longest are forgotten"),

	OPTION_STATE("bandit-state", "FILE", bandit_state,
		.help = "what bandits have learned; processes may share it; without it, that is lost at the end"),
	OPTION_REAL("bandit-epsilon", "X", bandit_epsilon, .low = ABOVE_ZERO, .high = 1,
		.help = "bandits are epsilon-greedy: the best arm so far, and any one with chance X; without this "
			"option, Thompson sampling"),
	OPTION_REAL("bandit-least", "X", bandit_least, .fallback = "0.01", .low = 0, .high = 0.1,
		.help = "no arm of a bandit has a chance below X"),

	OPTION_GROUP("Redis"),
	OPTION_FILE("password-file", "FILE", password_file,
		.help = "read the password from the first line of FILE"),
	OPTION_TEXT("prefix", "NAME", prefix, .fallback = "recs", .help = "load-redis's --prefix"),
	OPTION_DURATION("deadline", "TIME", deadline_s, .fallback = "20ms", .low = 1e-3, .high = 3600,
		.help = "time limit for Redis before the fallback answers (5s by default with --pipeline)"),
	OPTION_FLAG("pipeline", pipeline,
		.requires = "redis",
		.help = "for bulk input: fetch the lists of all waiting requests together, up to 2000"),
	OPTION_DURATION("max-age", "TIME", max_age_s, .low = ABOVE_ZERO, .high = INFINITY,
		.help = "do not use lists older than TIME"),

	OPTION_GROUP("Log"),
	OPTION_CHOICE("log-format", "HOW", log_format, "tsv|json", .fallback = "tsv",
		.help = "the events stream, or JSON lines as import-logs reads them"),
	OPTION_FLAG("log-sync", log_sync,
		.requires = "log",
		.help = "answer only after the event is written and synced to disk, for all waiting "
			"requests together"),
	OPTION_SIZE("log-memory", "SIZE", log_memory, .fallback = "64M", .low = 1, .high = 1e15,
		.requires = "log",
		.help = "memory for events while the disk is full: beyond SIZE the oldest are lost; with "
			"--log-sync answers wait instead"),
	OPTION_CHOICE("clock", "HOW", clock, "auto|real|request", .fallback = "auto",
		.help = "times in the log: this machine's clock, or the requests' timestamp with latency "
			"0; auto: request if that column exists"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("message", message, .fallback = "message",
		.help = "name of the column with next or last"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("track", track, .fallback = "track",
		.help = "name of the column with the track just played"),
	OPTION_COLUMN("time", time, .fallback = "time",
		.help = "name of the column with the share listened to"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the column with the requests' times"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};
