/* redis-proxy - stands between a client and a Redis server and interferes.
 *
 *	redis-proxy LISTEN SERVER [--times N] RULE..
 *
 * Listens on the unix socket LISTEN and passes everything on to the unix socket SERVER
 * and back, until it is killed. Rules look for a word in what the client sends (one
 * command, or commands that are sent together, are seen as a whole when they are
 * smaller than 64 kB):
 *
 *	before WORD COMMAND    runs the shell's COMMAND, then passes on what holds WORD
 *	drop WORD              closes the connection in place of passing it on
 *	cut WORD LINES         passes it on, then LINES lines of replies, then closes the
 *	                       connection to the client; the server has done it all
 *	answer WORD TEXT       answers TEXT (and CR LF), passes nothing on
 *	swap WORD OTHER        passes on OTHER, of the same length, in the place of WORD
 *	after WORD             the rules behind this one sleep until the client has sent WORD
 *
 * Each rule acts --times N times (given before it; 1; 0: always). Lines go to standard
 * output: `ready` once it listens, `cut` whenever a cut came to its last line.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

enum { PAIRS_MAX = 32, RULES_MAX = 8, BYTES = 64 << 10 };

enum what { BEFORE, DROP, CUT, ANSWER, SWAP, AFTER, WHATS };
static const char *const NAMES[WHATS] = {"before", "drop", "cut", "answer", "swap", "after"};

struct rule {
	enum what what;
	const char *word, *other;
	long times;            /* left; 0 at the start: always */
	bool always;
};

struct pair {
	int client, server;    /* -1: free */
	long lines;            /* of replies that still go to the client; -1: any number */
};

static struct rule rules[RULES_MAX];
static size_t n_rules;
static struct pair pairs[PAIRS_MAX];

static int unix_socket(const char *path, bool listens)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || strlen(path) >= sizeof a.sun_path)
		die_errno(STATUS_FAILED, "cannot use the socket %s", path);
	memcpy(a.sun_path, path, strlen(path));
	if (listens)
		unlink(path);
	if (listens ? bind(s, (struct sockaddr *)&a, sizeof a) != 0 || listen(s, PAIRS_MAX) != 0
	    : connect(s, (struct sockaddr *)&a, sizeof a) != 0) {
		close(s);
		return -1;
	}
	return s;
}

static void close_pair(struct pair *p)
{
	close(p->client);
	close(p->server);
	p->client = p->server = -1;
}

/* False: the other side is gone. */
static bool pass(int to, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = send(to, bytes, n, MSG_NOSIGNAL);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* Does what the rule says to what the client sent. False: nothing is to be passed on. */
static bool interfere(struct rule *r, struct pair *p, char *bytes, size_t n)
{
	size_t length = strlen(r->word);
	switch (r->what) {
	case BEFORE:
		if (system(r->other) != 0)
			warn("failed: %s", r->other);
		return true;
	case CUT:
		p->lines = strtol(r->other, NULL, 10);
		return true;
	case ANSWER:
		if (!pass(p->client, r->other, strlen(r->other)) || !pass(p->client, "\r\n", 2))
			close_pair(p);
		return false;
	case SWAP:
		for (char *at; (at = memmem(bytes, n, r->word, length)) != NULL;)
			memcpy(at, r->other, length);
		return true;
	default:
		close_pair(p);
		return false;
	}
}

static void from_client(struct pair *p, char *bytes, size_t n)
{
	for (size_t i = 0; i < n_rules; i++) {
		struct rule *r = &rules[i];
		bool holds = memmem(bytes, n, r->word, strlen(r->word));
		if (r->what == AFTER && r->times > 0) { /* awake from the next ones on */
			r->times = !holds;
			break;
		}
		if (r->what == AFTER || !holds || (!r->always && r->times == 0))
			continue;
		r->times -= r->times > 0;
		if (!interfere(r, p, bytes, n))
			return;
	}
	if (!pass(p->server, bytes, n))
		close_pair(p);
}

static void say(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) != (ssize_t)strlen(line))
		die_errno(STATUS_FAILED, "cannot write");
}

static void from_server(struct pair *p, const char *bytes, size_t n)
{
	size_t shown = 0;
	while (shown < n && p->lines != 0)
		if (bytes[shown++] == '\n' && p->lines > 0)
			p->lines--;
	bool passed = pass(p->client, bytes, shown);
	if (p->lines == 0)
		say("cut\n");
	if (!passed || p->lines == 0)
		close_pair(p);
}

static void step(struct pair *p, short client, short server)
{
	static char bytes[BYTES];
	if (p->client >= 0 && client) {
		ssize_t n = recv(p->client, bytes, sizeof bytes, 0);
		if (n > 0)
			from_client(p, bytes, (size_t)n);
		else
			close_pair(p);
	}
	if (p->client >= 0 && server) {
		ssize_t n = recv(p->server, bytes, sizeof bytes, 0);
		if (n > 0)
			from_server(p, bytes, (size_t)n);
		else
			close_pair(p);
	}
}

/* A server that is not there: the client sees its connection closed. */
static void take_client(int listener, const char *server)
{
	int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	for (size_t i = 0; i < PAIRS_MAX; i++)
		if (pairs[i].client < 0) {
			int other = unix_socket(server, false);
			if (other < 0)
				break;
			pairs[i] = (struct pair){client, other, -1};
			return;
		}
	close(client);
}

static void read_rules(char **word, int n)
{
	int64_t times = 1;
	for (int i = 0; i < n;) {
		if (strcmp(word[i], "--times") == 0 && i + 1 < n) {
			if (number_i64(word[i + 1], strlen(word[i + 1]), &times) != NUMBER_OK)
				die(STATUS_USAGE, "--times %s", word[i + 1]);
			i += 2;
			continue;
		}
		enum what what = BEFORE;
		while (what < WHATS && strcmp(word[i], NAMES[what]) != 0)
			what++;
		int words = what == DROP || what == AFTER ? 2 : 3;
		if (what == WHATS || i + words > n || n_rules == RULES_MAX)
			die(STATUS_USAGE, "not a rule: %s", word[i]);
		struct rule r = {what, word[i + 1], words == 3 ? word[i + 2] : "", times, times == 0};
		if (what == AFTER)
			r.times = 1;
		if (what == SWAP && strlen(r.word) != strlen(r.other))
			die(STATUS_USAGE, "%s and %s have different lengths", r.word, r.other);
		rules[n_rules++] = r;
		i += words;
	}
}

int main(int argc, char **argv)
{
	program_name = "redis-proxy";
	if (argc < 3)
		die(STATUS_USAGE, "LISTEN SERVER [--times N] RULE..");
	read_rules(argv + 3, argc - 3);
	for (size_t i = 0; i < PAIRS_MAX; i++)
		pairs[i].client = pairs[i].server = -1;
	int listener = unix_socket(argv[1], true);
	if (listener < 0)
		die_errno(STATUS_FAILED, "cannot listen on %s", argv[1]);
	say("ready\n");
	for (;;) {
		struct pollfd at[1 + 2 * PAIRS_MAX] = {{.fd = listener, .events = POLLIN}};
		for (size_t i = 0; i < PAIRS_MAX; i++) {
			at[1 + 2 * i] = (struct pollfd){.fd = pairs[i].client, .events = POLLIN};
			at[2 + 2 * i] = (struct pollfd){.fd = pairs[i].server, .events = POLLIN};
		}
		if (poll(at, 1 + 2 * PAIRS_MAX, -1) < 0 && errno != EINTR)
			die_errno(STATUS_FAILED, "cannot wait");
		for (size_t i = 0; i < PAIRS_MAX; i++)
			step(&pairs[i], at[1 + 2 * i].revents, at[2 + 2 * i].revents);
		if (at[0].revents)
			take_client(listener, argv[2]);
	}
}
