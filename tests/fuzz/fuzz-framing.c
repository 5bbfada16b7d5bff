/* Requests as bytes at serve-http's library: of what framing.h calls clear, the first request is read once more, by
 * the strict grammar of RFC 9112, and must end where the library saw its end. */
#define FUZZ_TOOL "serve-http"
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "../../tools/serve-http/framing.h"

static struct {
	const char *at, *end;
	size_t requests, body, head;
	char uri[1 << 16];
} input;

struct lines {
	size_t lengths, codings, length;
	bool chunked;
};

static bool is_called(struct span line, const char *name)
{
	size_t n = strlen(name);
	return line.n > n && strncasecmp(line.at, name, n) == 0 && line.at[n] == ':';
}

static void take_line(struct lines *l, struct span line)
{
	if (line.at[0] == ' ' || line.at[0] == '\t' || memchr(line.at, '\0', line.n))
		abort();
	if (is_called(line, "Transfer-Encoding")) {
		l->codings++;
		l->chunked = line.n >= 7 && strncasecmp(line.at + line.n - 7, "chunked", 7) == 0;
	}
	if (!is_called(line, "Content-Length"))
		return;
	l->lengths++;
	for (size_t i = sizeof "Content-Length"; i < line.n; i++) {
		bool digit = line.at[i] >= '0' && line.at[i] <= '9';
		if (!digit && line.at[i] != ' ' && line.at[i] != '\t')
			abort();
		if (digit)
			l->length = l->length * 10 + (size_t)(line.at[i] - '0');
	}
}

/* The first request's lines, each ended by CR LF (or NUL LF: framing.c). The last four bytes of the head the
 * library has taken for two line ends, and has NULs in their place, which is all that framing.c can know of them. */
static struct lines read_strictly(void)
{
	struct lines l = {0};
	const char *at = input.at, *end;
	while (at < input.end && (*at == '\r' || *at == '\n' || *at == '\0')) { /* lines before it, empty to the library */
		end = memchr(at, '\n', (size_t)(input.end - at));
		at = end ? end + 1 : input.end;
	}
	if (input.head < 4 || input.head > (size_t)(input.end - at))
		abort();
	const char *stop = at + input.head - 4;
	for (bool first = true; at < stop; at = end + 2, first = false) {
		for (end = at; end < stop && *end != '\r' && *end != '\0';)
			end++;
		struct span line = {at, (size_t)(end - at)};
		if (line.n == 0 || memchr(line.at, '\n', line.n) || (end < stop - 1 && end[1] != '\n') || end == stop - 1)
			abort();
		if (!first)
			take_line(&l, line);
	}
	return l;
}

static void *take_uri(void *nothing, const char *uri, struct MHD_Connection *connection)
{
	(void)connection;
	snprintf(input.uri, sizeof input.uri, "%s", uri);
	return nothing;
}

static size_t no_unescape(void *nothing, struct MHD_Connection *connection, char *text)
{
	(void)nothing, (void)connection;
	return strlen(text);
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (status != MHD_HTTP_OK)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result done = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result on_request(void *nothing, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data, size_t *size,
				  void **seen)
{
	static char some;
	unsigned status;
	(void)nothing, (void)data;
	if (!*seen) {
		*seen = &some;
		if (input.requests == 0)
			input.head = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
		bool clear = !framing_problem(connection, method, version, &status) &&
			framing_is_first_line(method, span_of(input.uri), url, version);
		input.body = 0;
		return clear ? MHD_YES : answer(connection, MHD_HTTP_BAD_REQUEST);
	}
	input.body += *size;
	if (*size) {
		*size = 0;
		return MHD_YES;
	}
	if (input.requests++ == 0) {
		struct lines l = read_strictly();
		if (l.lengths + l.codings > 1 || (l.codings && !l.chunked) || (!l.codings && l.length != input.body))
			abort();
	}
	return answer(connection, MHD_HTTP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct MHD_Daemon *daemon;
	const struct sockaddr_in from = {.sin_family = AF_INET};
	char answers[4096];
	int ends[2];
	if (!daemon)
		daemon = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_EPOLL, 0, NULL, NULL, on_request, NULL,
			MHD_OPTION_URI_LOG_CALLBACK, take_uri, NULL, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
	if (!daemon || n > sizeof input.uri || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return 0;
	input.at = (const char *)data;
	input.end = input.at + n;
	input.requests = 0;
	if (send(ends[0], data, n, MSG_NOSIGNAL) == (ssize_t)n && shutdown(ends[0], SHUT_WR) == 0 &&
		MHD_add_connection(daemon, ends[1], (const struct sockaddr *)&from, sizeof from) == MHD_YES) {
		for (int i = 0; i < 8; i++) {
			MHD_run(daemon);
			while (recv(ends[0], answers, sizeof answers, 0) > 0)
				;
		}
	}
	close(ends[0]);
	MHD_run(daemon);
	MHD_run(daemon);
	return 0;
}
