/* http-client - a client of HTTP as tests need one: a listener's player, and people of bad manners.
 *
 *	http-client PORT bridge           rows of requests on stdin become POST /next and /last, the
 *	                                  answers rows on stdout: a recommender for simulate-sessions
 *	http-client PORT pipeline N       N requests at once on one connection: how many answers came in order
 *	http-client PORT load STOP N      lists of users on N connections until the file STOP is there:
 *	                                  answers, failures, lists that are not of one generation (the first
 *	                                  byte of an id names it), and how often that changed
 *	http-client PORT idle N           N connections with half a header; a line when they stand; they stay
 *	                                  until stdin ends
 *	http-client PORT slow             a header of which a byte comes every 50 ms: seconds until it is closed
 *	http-client PORT chunks BYTES     a body in chunks that says no length: what is answered
 *	http-client PORT length BYTES     such a body with its length, of which all is sent, slowly, before the
 *	                                  answer is looked at: its status, or `closed`
 *	http-client PORT half             a request, then the end of what is sent: what is answered
 *	http-client PORT leave N          N connections that send half a request, and close
 *	http-client PORT raw              the bytes of stdin as they come: the status and body of each answer until
 *	                                  the connection is closed, or four have come
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

static int port;

static int try_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0);
	if (s >= 0 && connect(s, (struct sockaddr *)&to, sizeof to) == 0)
		return s;
	if (s >= 0)
		close(s);
	return -1;
}

static int open_connection(void)
{
	int s = try_connect();
	if (s < 0)
		die_errno(STATUS_FAILED, "cannot connect to port %d", port);
	return s;
}

static bool send_all(int s, const char *at, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(s, at, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* What came and is not taken yet. */
struct incoming {
	int socket;
	struct buffer got;
};

static bool read_more(struct incoming *in)
{
	ssize_t n = recv(in->socket, buffer_room(&in->got, 65536), 65536, 0);
	in->got.n += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The next answer: its status, its body added to `body`; 0: the connection ended. */
static int take_answer(struct incoming *in, struct buffer *body)
{
	const char *end, *length;
	while (!in->got.n || !(end = memmem(in->got.data, in->got.n, "\r\n\r\n", 4)))
		if (!read_more(in))
			return 0;
	size_t head = (size_t)(end - in->got.data) + 4;
	length = memmem(in->got.data, head, "Content-Length: ", 16);
	size_t n = length ? strtoul(length + 16, NULL, 10) : 0;
	int status = atoi(in->got.data + 9);
	while (in->got.n < head + n)
		if (!read_more(in))
			return 0;
	buffer_add(body, in->got.data + head, n);
	in->got.n -= head + n;
	memmove(in->got.data, in->got.data + head + n, in->got.n);
	return status;
}

static void add_post(struct buffer *b, const char *what, struct span user, struct span track,
	struct span time)
{
	struct buffer body = {0};
	buffer_format(&body, "{\"track\": %.*s, \"time\": %.*s}", (int)track.n, track.at, (int)time.n, time.at);
	buffer_format(b, "POST /%s/%.*s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		      "Content-Length: %zu\r\n\r\n%s", what, (int)user.n, user.at, body.n, buffer_text(&body));
	buffer_free(&body);
}

static int ask(struct incoming *in, const struct buffer *request, struct buffer *body)
{
	body->n = 0;
	int status = send_all(in->socket, request->data, request->n) ? take_answer(in, body) : 0;
	buffer_text(body);
	return status;
}

static int bridge(void)
{
	struct incoming in = {.socket = open_connection()};
	struct buffer request = {0}, body = {0};
	char *line = NULL;
	size_t room = 0, at[4] = {0};
	ssize_t n = getline(&line, &room, stdin);
	const char *const names[] = {"message", "user", "track", "time"};
	struct span field, rest = {line, n > 0 ? (size_t)n - 1 : 0};
	for (size_t c = 0; span_next(&rest, '\t', &field); c++)
		for (size_t i = 0; i < 4; i++)
			if (span_equal(field, span_of(names[i])))
				at[i] = c;
	puts("user\trecommendation");
	fflush(stdout);
	while ((n = getline(&line, &room, stdin)) > 0) {
		struct span fields[32] = {{0}}, all = {line, (size_t)n - 1};
		for (size_t c = 0; c < 32 && span_next(&all, '\t', &field); c++)
			fields[c] = field;
		bool last = span_equal(fields[at[0]], span_of("last"));
		request.n = 0;
		add_post(&request, last ? "last" : "next", fields[at[1]], fields[at[2]], fields[at[3]]);
		if (ask(&in, &request, &body) != 200)
			die(STATUS_FAILED, "not answered: %s", body.data);
		const char *track = strstr(body.data, "\"track\": ");
		if (!last && !track)
			die(STATUS_FAILED, "no track: %s", body.data);
		if (!last)
			printf("%.*s\t%.*s\n", (int)fields[at[1]].n, fields[at[1]].at, (int)strcspn(track + 9, "}"),
				track + 9);
		fflush(stdout);
	}
	return 0;
}

static int pipeline(size_t n)
{
	struct incoming in = {.socket = open_connection()};
	struct buffer request = {0}, body = {0};
	char want[64], user[32];
	size_t good = 0;
	for (size_t i = 0; i < n; i++) {
		snprintf(user, sizeof user, "%zu", 1000 + i);
		add_post(&request, "last", span_of(user), span_of("1"), span_of("1"));
	}
	if (!send_all(in.socket, request.data, request.n))
		return 1;
	for (size_t i = 0; i < n; i++) {
		body.n = 0;
		snprintf(want, sizeof want, "{\"user\": %zu}\n", 1000 + i);
		good += take_answer(&in, &body) == 200 && strcmp(buffer_text(&body), want) == 0;
	}
	printf("%zu\n", good);
	return 0;
}

/* The first bytes of the ids of `"items": ["a1",...]` are not alike; if they are, `*generation` is theirs. */
static bool is_mixed(const char *body, char *generation)
{
	const char *items = strstr(body, "\"items\": [\"");
	char first = items ? items[11] : '?';
	bool mixed = !items;
	for (const char *at = items ? strstr(items, ",\"") : NULL; at &&
		at < strchr(items, ']'); at = strstr(at + 1, ",\""))
		mixed |= at[2] != first;
	if (!mixed)
		*generation = first;
	return mixed;
}

static int load(const char *stop, size_t n)
{
	struct incoming *in = memory_zero(n, sizeof *in);
	struct buffer request = {0}, body = {0};
	size_t answers = 0, failed = 0, mixed = 0, switches = 0;
	char before = 0, now = 0;
	for (size_t i = 0; i < n; i++)
		in[i].socket = open_connection();
	for (double until = clock_wall() + 120; clock_wall() < until && access(stop, F_OK) != 0;) {
		for (size_t i = 0; i < n; i++) {
			request.n = 0;
			buffer_format(&request, "GET /recommendations/u%zu?k=50 HTTP/1.1\r\nHost: x\r\n\r\n",
				(answers + i * 37) % 300);
			send_all(in[i].socket, request.data, request.n);
		}
		for (size_t i = 0; i < n; i++) {
			body.n = 0;
			failed += take_answer(&in[i], &body) != 200;
			mixed += is_mixed(buffer_text(&body), &now);
			switches += before && now != before;
			before = now;
			answers++;
		}
	}
	printf("%zu %zu %zu %zu\n", answers, failed, mixed, switches);
	return 0;
}

static int idle(size_t n)
{
	static const char HALF[] = "GET / HTTP/1.1\r\nHost: lo";
	size_t standing = 0;
	struct rlimit limit = {n + 64, n + 64};
	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; i < n; i++) {
		int s = try_connect();
		standing += s >= 0 && send_all(s, HALF, sizeof HALF - 1);
	}
	printf("%zu\n", standing);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

static int slow(void)
{
	int s = open_connection();
	char c;
	double begin = clock_wall();
	send_all(s, "GET / HTTP/1.1\r\nX: ", 19);
	for (struct pollfd p = {s, POLLIN, 0}; clock_wall() - begin < 60;)
		if (!send_all(s, "y", 1) || (poll(&p, 1, 50) > 0 && recv(s, &c, 1, 0) <= 0))
			break;
	printf("%.1f\n", clock_wall() - begin);
	return 0;
}

static int chunks(uint64_t bytes)
{
	static char block[65536 + 16];
	struct incoming in = {.socket = open_connection()};
	struct buffer body = {0};
	static const char HEAD[] = "POST /next/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
	send_all(in.socket, HEAD, sizeof HEAD - 1);
	memset(block, ' ', sizeof block);
	memcpy(block, "10000\r\n", 7);
	memcpy(block + 7 + 65536, "\r\n", 2);
	bool sent = true;
	for (uint64_t i = 0; sent && i < bytes; i += 65536)
		sent = send_all(in.socket, block, 65536 + 9);
	sent = sent && send_all(in.socket, "0\r\n\r\n", 5);
	int status = take_answer(&in, &body);
	printf("%s\n", status == 413 ? "413" : status ? "other" : "closed");
	return 0;
}

static int length(uint64_t bytes)
{
	static char block[65536];
	struct incoming in = {.socket = open_connection()};
	struct buffer head = {0}, body = {0};
	buffer_format(&head, "POST /next/1 HTTP/1.1\r\nHost: x\r\nContent-Length: %llu\r\n\r\n",
		      (unsigned long long)bytes);
	bool sent = send_all(in.socket, head.data, head.n);
	memset(block, ' ', sizeof block);
	for (uint64_t left = bytes; sent && left > 0;) {
		size_t n = left < sizeof block ? (size_t)left : sizeof block;
		sent = send_all(in.socket, block, n);
		left -= n;
		clock_sleep(0.002);
	}
	int status = sent ? take_answer(&in, &body) : 0;
	if (status)
		printf("%d\n", status);
	else
		puts("closed");
	return 0;
}

static int half(void)
{
	struct incoming in = {.socket = open_connection()};
	struct buffer request = {0}, body = {0};
	add_post(&request, "next", span_of("1"), span_of("1"), span_of("1"));
	send_all(in.socket, request.data, request.n);
	shutdown(in.socket, SHUT_WR);
	printf("%d\n", take_answer(&in, &body));
	return 0;
}

static int leave(size_t n)
{
	static const char HALF[] = "POST /next/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 25\r\n\r\n{\"track";
	for (size_t i = 0; i < n; i++) {
		int s = open_connection();
		send_all(s, HALF, i % 2 ? sizeof HALF - 1 : 2);
		close(s);
	}
	return 0;
}

static int raw(void)
{
	struct incoming in = {.socket = open_connection()};
	struct buffer body = {0};
	char bytes[4096];
	for (ssize_t n; (n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0;)
		send_all(in.socket, bytes, (size_t)n);
	for (int status, i = 0; i < 4 && (status = take_answer(&in, &body)); i++, body.n = 0)
		printf("%d %s", status, buffer_text(&body));
	return 0;
}

int main(int argc, char **argv)
{
	program_name = "http-client";
	if (argc < 3)
		die(STATUS_USAGE, "usage: http-client PORT WHAT [N]...");
	port = atoi(argv[1]);
	const char *what = argv[2], *number = argc > 3 ? argv[3] : "0";
	return strcmp(what, "bridge") == 0 ? bridge()
		: strcmp(what, "pipeline") == 0 ? pipeline(strtoul(number, NULL, 10))
		: strcmp(what, "load") == 0 ? load(number, argc > 4 ? strtoul(argv[4], NULL, 10) : 1)
		: strcmp(what, "idle") == 0 ? idle(strtoul(number, NULL, 10))
		: strcmp(what, "slow") == 0 ? slow()
		: strcmp(what, "raw") == 0 ? raw()
		: strcmp(what, "leave") == 0 ? leave(strtoul(number, NULL, 10))
		: strcmp(what, "length") == 0 ? length(strtoull(number, NULL, 10))
		: strcmp(what, "chunks") == 0 ? chunks(strtoull(number, NULL, 10)) : half();
}
