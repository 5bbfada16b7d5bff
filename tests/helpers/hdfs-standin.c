/* hdfs-standin - a WebHDFS or HttpFS over a local folder, which misbehaves by rules.
 *
 *	hdfs-standin ROOT [--httpfs] [--block-size N] [--token TEXT] [[--times N] RULE]...
 *
 * Listens on a free port of 127.0.0.1, prints it, and then a line for each request (method,
 * path, query) until it is killed. What a request does, it does as the real ones do: CREATE, OPEN
 * and GETFILECHECKSUM redirect; an upload that ends early leaves a closed, torn file; RENAME onto a
 * folder moves inside; HttpFS does not know renameoptions and wants an upload's Content-Type.
 * Files are in ROOT, checksums come from the checksum-hdfs of RECPIPE_BIN. With --token every request
 * must have that delegation token. Rules look for a word in the request's line:
 *
 *	cut WORD BYTES      closes the connection after so many bytes of the upload or the answer
 *	answer WORD STATUS TEXT    answers that and does nothing
 *	before WORD COMMAND runs the shell's COMMAND in ROOT, then goes on
 *	lost WORD           does it, and closes the connection in place of an answer
 *	flip WORD           an upload: changes its first byte; a checksum: another digit
 *	hang WORD MS        waits so long before it goes on
 *
 * Each rule acts --times N times (given before it; 1; 0: always).
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

enum { RULES_MAX = 8, HEAD_MAX = 64 << 10, BODY_SIZE = 64 << 10, PATH_SIZE = 8192 };
enum what { CUT, ANSWER, BEFORE, LOST, FLIP, HANG, WHATS };
static const char *const NAMES[WHATS] = {"cut", "answer", "before", "lost", "flip", "hang"};

struct rule {
	enum what what;
	const char *word, *value, *text;
	bool always;
};

static struct rule rules[RULES_MAX];
static size_t n_rules;
static long *left; /* of each rule, shared by all processes */
static const char *root, *token;
static bool httpfs;
static int64_t block_size = 128 << 20;
static int port;

struct request {
	int socket;
	char head[HEAD_MAX];     /* and the beginning of the body */
	size_t n, body;          /* bytes there, where the body begins */
	char *method, *target, *query; /* target as it came, up to the query */
	char path[PATH_SIZE];    /* the local one */
	int64_t length;          /* of the body; -1: none */
	bool expects, octets;
};

static void send_all(int s, const void *bytes, size_t n)
{
	const char *at = bytes;
	while (n) {
		ssize_t sent = send(s, at, n, MSG_NOSIGNAL);
		if (sent <= 0)
			exit(0); /* the client has gone */
		at += sent, n -= (size_t)sent;
	}
}

/* The rule of that kind that acts now. */
static const struct rule *rule_for(const struct request *r, enum what what)
{
	char *line = memory_format("%s %s?%s", r->method, r->target, r->query);
	const struct rule *found = NULL;
	for (size_t i = 0; i < n_rules && !found; i++)
		if (rules[i].what == what && strstr(line, rules[i].word) &&
		    (rules[i].always || __atomic_fetch_sub(&left[i], 1, __ATOMIC_SEQ_CST) > 0))
			found = &rules[i];
	free(line);
	return found;
}

static void respond(const struct request *r, const char *status, const char *more, const char *body)
{
	bool close = r->length > 0; /* which may not have been read */
	char *text = memory_format("HTTP/1.1 %s\r\n%sContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
		status, more, close ? "Connection: close\r\n" : "", strlen(body), body);
	if (rule_for(r, LOST))
		exit(0);
	send_all(r->socket, text, strlen(text));
	free(text);
	if (close)
		exit(0);
}

static void refuse(const struct request *r, const char *status, const char *exception, const char *message)
{
	char *body = memory_format("{\"RemoteException\":{\"exception\":\"%s\",\"javaClassName\":\"x.%s\",\"message\":\"%s\"}}",
		exception, exception, message);
	respond(r, status, "", body);
	free(body);
}

static void redirect(const struct request *r, const char *more)
{
	char *location = memory_format("Location: http://127.0.0.1:%d%s?%s%s\r\n", port, r->target, r->query, more);
	respond(r, "307 Temporary Redirect", location, "");
	free(location);
}

static bool has(const struct request *r, const char *parameter)
{
	size_t n = strlen(parameter);
	for (const char *at = r->query; (at = strstr(at, parameter)); at++)
		if ((at == r->query || at[-1] == '&') && (!at[n] || at[n] == '&'))
			return true;
	return false;
}

static void decode(const char *from, size_t n, char *to)
{
	for (size_t i = 0; i < n; i++) {
		unsigned byte = (unsigned char)from[i];
		if (byte == '%' && i + 2 < n + 1 && sscanf(from + i + 1, "%2x", &byte) == 1)
			i += 2;
		*to++ = (char)byte;
	}
	*to = '\0';
}

/* The local path of a path on the server. */
static void local_path(const char *encoded, size_t n, char out[PATH_SIZE])
{
	size_t base = (size_t)snprintf(out, PATH_SIZE, "%s", root);
	if (base + n + 2 > PATH_SIZE)
		die(STATUS_FAILED, "the path is too long");
	decode(encoded, n, out + base);
}

static void make_parents(const char *path)
{
	char *copy = memory_text(path, strlen(path));
	for (char *slash = copy + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(copy, 0777);
	}
	free(copy);
}

static void add_json(struct buffer *b, const char *s)
{
	for (; *s; s++)
		if (*s == '"' || *s == '\\' || (unsigned char)*s < ' ')
			buffer_format(b, "\\u%04x", (unsigned char)*s);
		else
			buffer_add_byte(b, *s);
}

static void add_status(struct buffer *b, const char *name, const struct stat *s)
{
	buffer_add_text(b, b->data[b->n - 1] == '[' ? "\n" : ",\n");
	buffer_add_text(b, "{\"accessTime\":0,\"pathSuffix\":\"");
	add_json(b, name);
	buffer_format(b, "\",\"length\":%lld,\"type\":\"%s\"}", S_ISDIR(s->st_mode) ? 0ll : (long long)s->st_size,
		S_ISDIR(s->st_mode) ? "DIRECTORY" : "FILE");
}

static void list(const struct request *r)
{
	struct stat s;
	struct buffer b = {0};
	if (stat(r->path, &s) != 0) {
		refuse(r, "404 Not Found", "FileNotFoundException", "File does not exist.");
		return;
	}
	buffer_add_text(&b, "{\"FileStatuses\":{\"FileStatus\":[");
	if (!S_ISDIR(s.st_mode)) {
		add_status(&b, "", &s);
	} else {
		struct dirent **entry;
		int n = scandir(r->path, &entry, NULL, alphasort);
		for (int i = 0; i < n; i++) {
			char *path = memory_format("%s/%s", r->path, entry[i]->d_name);
			if (strcmp(entry[i]->d_name, ".") != 0 && strcmp(entry[i]->d_name, "..") != 0 && stat(path, &s) == 0)
				add_status(&b, entry[i]->d_name, &s);
			free(path);
		}
	}
	buffer_add_text(&b, "\n]}}\n");
	respond(r, "200 OK", "", buffer_text(&b));
	buffer_free(&b);
}

/* The answer to GETFILECHECKSUM, with the zeros that Hadoop adds. */
static void checksum(const struct request *r)
{
	char text[PATH_SIZE + 512], size[NUMBER_SIZE + 16], *field[4] = {0};
	int ends[2];
	struct stat s;
	if (stat(r->path, &s) != 0) {
		refuse(r, "404 Not Found", "FileNotFoundException", "File not found.");
		return;
	}
	snprintf(size, sizeof size, "--block-size=%lld", (long long)block_size);
	if (pipe(ends) != 0)
		die_errno(STATUS_FAILED, "pipe");
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execlp("checksum-hdfs", "checksum-hdfs", "-q", size, r->path, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	size_t n = 0;
	ssize_t got;
	while ((got = read(ends[0], text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(ends[0]);
	waitpid(child, NULL, 0);
	char *row = strchr(text, '\n');
	for (int i = 0; i < 4 && row; i++)
		field[i] = strtok_r(i ? NULL : row + 1, "\t\n", &row);
	if (!field[3])
		die(STATUS_FAILED, "checksum-hdfs printed: %s", text);
	if (rule_for(r, FLIP))
		field[3][40] = field[3][40] == '0' ? '1' : '0';
	char *body = memory_format("{\"FileChecksum\":{\"algorithm\":\"%s\",\"bytes\":\"%s00000000\",\"length\":28}}",
		field[2], field[3]);
	respond(r, "200 OK", "", body);
	free(body);
}

static void send_file(const struct request *r)
{
	struct stat s;
	char bytes[BODY_SIZE];
	int file = open(r->path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &s) != 0 || S_ISDIR(s.st_mode)) {
		refuse(r, "404 Not Found", "FileNotFoundException", "File not found.");
		return;
	}
	const struct rule *cut = rule_for(r, CUT), *flip = rule_for(r, FLIP);
	long long until = cut ? atoll(cut->value) : s.st_size;
	char *head = memory_format("HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n", (long long)s.st_size);
	send_all(r->socket, head, strlen(head));
	free(head);
	for (long long at = 0; at < until;) {
		size_t some = until - at < BODY_SIZE ? (size_t)(until - at) : BODY_SIZE;
		ssize_t got = read(file, bytes, some);
		if (got <= 0)
			exit(0);
		if (flip && at == 0)
			bytes[0] ^= 1;
		send_all(r->socket, bytes, (size_t)got);
		at += got;
	}
	close(file);
	if (cut)
		exit(0);
}

/* Bytes as they come, so that what a client that goes has sent is there. */
static void receive_file(struct request *r)
{
	char bytes[BODY_SIZE];
	if (httpfs && !r->octets) {
		refuse(r, "400 Bad Request", "IllegalArgumentException", "Data upload requests must have content-type set to 'application/octet-stream'");
		return;
	}
	if (r->length < 0) {
		refuse(r, "411 Length Required", "IOException", "no length");
		return;
	}
	make_parents(r->path);
	unlink(r->path);
	int file = open(r->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0) {
		refuse(r, "403 Forbidden", "FileAlreadyExistsException", "is a directory");
		return;
	}
	const struct rule *cut = rule_for(r, CUT), *flip = rule_for(r, FLIP);
	int64_t until = cut && atoll(cut->value) < r->length ? atoll(cut->value) : r->length;
	if (r->expects)
		send_all(r->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	size_t early = r->n - r->body;
	for (int64_t at = 0; at < until;) {
		char *from = early ? r->head + r->body : bytes;
		int64_t most = until - at < BODY_SIZE ? until - at : BODY_SIZE;
		ssize_t got = early ? (ssize_t)early : recv(r->socket, bytes, (size_t)most, 0);
		if (got <= 0)
			exit(0);
		early = 0;
		if (flip && at == 0)
			from[0] ^= 1;
		if (write(file, from, (size_t)got) != got)
			die_errno(STATUS_FAILED, "cannot write %s", r->path);
		at += got;
	}
	close(file);
	if (cut)
		exit(0);
	r->length = 0; /* it has been read */
	respond(r, "201 Created", "", "");
}

static void rename_it(const struct request *r)
{
	char to[PATH_SIZE];
	const char *from = strstr(r->query, "destination=") + 12;
	struct stat s, parent;
	local_path(from, strcspn(from, "&"), to);
	bool none = !httpfs && has(r, "renameoptions=NONE"), there = stat(to, &s) == 0;
	if (access(r->path, F_OK) != 0) {
		if (none)
			refuse(r, "404 Not Found", "FileNotFoundException", "rename source is not found.");
		else
			respond(r, "200 OK", "", "{\"boolean\":false}");
		return;
	}
	if (none && there) {
		refuse(r, "403 Forbidden", "FileAlreadyExistsException", "rename destination already exists");
		return;
	}
	if (there && S_ISDIR(s.st_mode)) {
		size_t n = strlen(to);
		snprintf(to + n, sizeof to - n, "%s", strrchr(r->path, '/'));
		there = false;
	}
	char *folder = memory_text(to, (size_t)(strrchr(to, '/') - to));
	bool done = !there && stat(folder, &parent) == 0 && rename(r->path, to) == 0;
	free(folder);
	respond(r, "200 OK", "", none && done ? "" : done ? "{\"boolean\":true}" : "{\"boolean\":false}");
}

static void remove_it(const struct request *r)
{
	bool there = access(r->path, F_OK) == 0;
	pid_t child = there ? fork() : -1;
	if (child == 0) {
		execlp("rm", "rm", "-rf", "--", r->path, (char *)NULL);
		_exit(127);
	}
	if (there)
		waitpid(child, NULL, 0);
	respond(r, "200 OK", "", there ? "{\"boolean\":true}" : "{\"boolean\":false}");
}

/* What a rule makes of the request in place of what was asked; false: nothing. */
static bool misbehave(const struct request *r)
{
	const struct rule *rule = rule_for(r, HANG);
	if (rule)
		usleep((useconds_t)(1000 * atoi(rule->value)));
	if ((rule = rule_for(r, BEFORE))) {
		char *command = memory_format("cd '%s' && %s", root, rule->value);
		if (system(command) != 0)
			die(STATUS_FAILED, "failed: %s", command);
		free(command);
	}
	if (!(rule = rule_for(r, ANSWER)))
		return false;
	respond(r, rule->value, "", rule->text);
	return true;
}

static void serve(struct request *r)
{
	bool datanode = has(r, "step=datanode") || has(r, "data=true");
	char *wanted = token ? memory_format("delegation=%s", token) : NULL;
	printf("%s %s %s\n", r->method, r->path + strlen(root), r->query);
	fflush(stdout);
	if (wanted ? !has(r, wanted) : !strstr(r->query, "user.name=")) {
		refuse(r, "401 Unauthorized", "SecurityException", "Failed to obtain user group information");
	} else if (misbehave(r)) {
		;
	} else if (has(r, "op=LISTSTATUS")) {
		list(r);
	} else if (has(r, "op=RENAME")) {
		rename_it(r);
	} else if (has(r, "op=DELETE")) {
		remove_it(r);
	} else if (has(r, "op=CREATE")) {
		if (datanode)
			receive_file(r);
		else
			redirect(r, httpfs ? "&data=true" : "&step=datanode");
	} else if (!datanode && !httpfs) {
		redirect(r, "&step=datanode");
	} else if (has(r, "op=OPEN")) {
		send_file(r);
	} else {
		checksum(r);
	}
	free(wanted);
}

/* Reads the head of a request; false when there is no further one. */
static bool read_request(struct request *r)
{
	r->n = 0;
	char *end;
	do {
		ssize_t got = recv(r->socket, r->head + r->n, sizeof r->head - 1 - r->n, 0);
		if (got <= 0)
			return false;
		r->n += (size_t)got;
		r->head[r->n] = '\0';
	} while (!(end = strstr(r->head, "\r\n\r\n")));
	r->body = (size_t)(end + 4 - r->head);
	*end = '\0';
	char *lines = strstr(r->head, "\r\n");
	r->length = -1;
	r->expects = lines && strcasestr(lines, "\r\nExpect: 100-continue");
	r->octets = lines && strcasestr(lines, "\r\nContent-Type: application/octet-stream");
	const char *length = lines ? strcasestr(lines, "\r\nContent-Length:") : NULL;
	if (length)
		r->length = atoll(length + 17);
	r->method = strtok(r->head, " ");
	r->target = strtok(NULL, " ");
	char *mark = r->target ? strchr(r->target, '?') : NULL;
	if (!mark || strncmp(r->target, "/webhdfs/v1", 11) != 0)
		return false;
	*mark = '\0';
	r->query = mark + 1;
	local_path(r->target + 11, strlen(r->target + 11), r->path);
	return true;
}

static void parse(int argc, char **argv)
{
	long times = 1;
	root = argv[1];
	for (int i = 2; i < argc; i++) {
		int what = 0;
		while (what < WHATS && strcmp(argv[i], NAMES[what]) != 0)
			what++;
		if (strcmp(argv[i], "--httpfs") == 0)
			httpfs = true;
		else if (strcmp(argv[i], "--block-size") == 0 && i + 1 < argc)
			block_size = atoll(argv[++i]);
		else if (strcmp(argv[i], "--token") == 0 && i + 1 < argc)
			token = argv[++i];
		else if (strcmp(argv[i], "--times") == 0 && i + 1 < argc)
			times = atol(argv[++i]);
		else if (what < WHATS && n_rules < RULES_MAX && i + 1 + (what != LOST && what != FLIP) + (what == ANSWER) < argc) {
			struct rule *rule = &rules[n_rules];
			*rule = (struct rule){.what = (enum what)what, .word = argv[++i], .always = times == 0};
			if (what != LOST && what != FLIP)
				rule->value = argv[++i];
			if (what == ANSWER)
				rule->text = argv[++i];
			left[n_rules++] = times;
			times = 1;
		} else {
			die(STATUS_USAGE, "not understood: %s", argv[i]);
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	program_name = "hdfs-standin";
	if (argc < 2)
		die(STATUS_USAGE, "a folder is missing");
	left = mmap(NULL, RULES_MAX * sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (left == MAP_FAILED)
		die_errno(STATUS_FAILED, "mmap");
	parse(argc, argv);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) != 0 || listen(s, 64) != 0 ||
	    getsockname(s, (struct sockaddr *)&a, &size) != 0)
		die_errno(STATUS_FAILED, "cannot listen");
	port = ntohs(a.sin_port);
	printf("%d\n", port);
	fflush(stdout);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int c = accept4(s, NULL, NULL, SOCK_CLOEXEC);
		if (c < 0)
			continue;
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			close(s);
			struct request *r = memory_zero(1, sizeof *r);
			r->socket = c;
			while (read_request(r))
				serve(r);
			_exit(0);
		}
		close(c);
	}
}
