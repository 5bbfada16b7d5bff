#include "options.h"

const struct option_row SERVE_HTTP_OPTIONS[] = {
	OPTION_TEXT("listen", "ADDRESS", listen,
		.help = "where to listen: HOST:PORT, :PORT (every address), [IPV6]:PORT or unix:PATH; port 0 is "
			"a free one; not needed for a socket that systemd passes"),
	OPTION_INT("workers", "N", workers, .fallback = "1", .low = 1, .high = 1024,
		.help = "so many copies of COMMAND; the requests of one user go to the same one"),
	OPTION_FILE("routes", "FILE", routes,
		.help = "the routes (method path reply and the columns of COMMAND's input) in place of the default "
			"ones; read again on SIGHUP"),
	OPTION_FILE("items", "FILE", items,
		.help = "the catalog (item and what else is known), for GET /track/ID; read again on SIGHUP"),
	OPTION_FILE("token-file", "FILE", token_file,
		.help = "answer only who sends a line of FILE as bearer token; read again on SIGHUP"),
	OPTION_LIST("watch", "FILE", watch,
		.help = "do what SIGHUP does when FILE is replaced: a packed file that the workers read"),
	OPTION_FLAG("check", check,
		.help = "read all files, start the workers until they are ready, and end: exit status 0 when "
			"a service with these options would run"),
	COMMON_ABOUT,

	OPTION_GROUP("Limits"),
	OPTION_INT("queue", "N", queue, .fallback = "1024", .low = 1, .high = 1 << 20,
		.help = "requests that may wait for one worker; further ones get 503"),
	OPTION_DURATION("deadline", "TIME", deadline_s, .fallback = "2s", .low = 1e-3, .high = 3600,
		.help = "time limit for a worker's answer before 503; a worker that takes five times as long is "
			"replaced"),
	OPTION_INT("connections", "N", connections, .fallback = "1000", .low = 1, .high = 1 << 20,
		.help = "connections at a time; further ones wait"),
	OPTION_DURATION("timeout", "TIME", timeout_s, .fallback = "30s", .low = 0.1, .high = 3600,
		.help = "time for a request to arrive, and of a connection without one"),
	OPTION_SIZE("max-body", "SIZE", body_most, .fallback = "64K", .low = 1, .high = 1 << 30,
		.help = "body of a request, at most"),
	OPTION_SIZE("max-header", "SIZE", header_most, .fallback = "16K", .low = 1024, .high = 1 << 20,
		.help = "memory of a connection for request line and headers"),
	OPTION_DURATION("drain", "TIME", drain_s, .fallback = "10s", .low = 0, .high = 3600,
		.help = "time for requests and workers to end after SIGTERM"),
	OPTION_DURATION("start", "TIME", start_s, .fallback = "60s", .low = 0.1, .high = 3600,
		.help = "time for the workers to get ready"),
	OPTION_END
};
