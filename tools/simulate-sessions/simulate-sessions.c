/* simulate-sessions - listeners who ask a recommender for tracks.
 *
 * Reads: the world (tracks, embeddings, users), and the recommender's answers
 * through a pipe: user recommendation and whatever else it says.
 * Writes: events: message timestamp user track time latency recommendation and the
 * further columns of the answers.
 *
 *	simulate-sessions --tracks w/tracks.tsv --embeddings w/embeddings.tsv \
 *	    --users w/users.tsv --sessions 10000 -- next-track --recs topk.tsv > events.tsv
 *
 * The clock is virtual and every draw belongs to its session: the same seed gives
 * the same bytes, with any number of jobs, as long as the recommender's answers to
 * a user depend on that user's requests alone. Leaves to others: recommending.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/random.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"
#include "world.h"

struct options {
	struct common common;
	const char *tracks, *embeddings, *users, *episodes;
	int64_t sessions, per_user, day, jobs, window, neighbours, budget, most;
	double gamma, churn, drift, timeout_s;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row OPTIONS[] = {
	{"tracks", 0, OPTION_FILE, "FILE", AT(tracks), NULL, 0, 0, NULL,
	 "the tracks: item artist as TSV, or JSON lines with track and artist"},
	{"embeddings", 0, OPTION_FILE, "FILE", AT(embeddings), NULL, 0, 0, NULL,
	 "the tracks' vectors: item f0 f1 .. as TSV, or .npy in the order of the tracks"},
	{"users", 0, OPTION_FILE, "FILE", AT(users), NULL, 0, 0, NULL,
	 "the listeners: user interests consume_bias consume_sharpness as TSV (interests with commas "
	 "between them), or JSON lines"},
	{"sessions", 'n', OPTION_INT, "N", AT(sessions), NULL, 1, 1e9, NULL,
	 "sessions of the day, each of a listener drawn at random; as many as listeners if not given"},
	{"sessions-per-user", 0, OPTION_INT, "N", AT(per_user), NULL, 1, 1e6, NULL,
	 "instead: N sessions of every listener"},
	{"day", 0, OPTION_INT, "N", AT(day), "1", 1, 100000, NULL,
	 "which day it is: its sessions are others, its timestamps later"},
	{"churn", 0, OPTION_REAL, "SHARE", AT(churn), "0", 0, 1, NULL,
	 "listeners who leave for good with each new day"},
	{"drift", 0, OPTION_REAL, "SHARE", AT(drift), "0", 0, 1, NULL,
	 "interests that become another track with each new day"},
	{"interest-neighbours", 0, OPTION_INT, "N", AT(neighbours), "10", 1, 1e6, NULL,
	 "the first track is one of the N nearest to an interest"},
	{"budget", 0, OPTION_INT, "N", AT(budget), "5", 1, 1e6, NULL,
	 "disappointments that end a session"},
	{"artist-discount", 0, OPTION_REAL, "X", AT(gamma), "0.8", 0, 1, NULL,
	 "factor of the time for every play of the same artist before"},
	{"max-steps", 0, OPTION_INT, "N", AT(most), "10000", 1, 1e9, NULL,
	 "a session ends after N requests even so"},
	{"jobs", 'J', OPTION_INT, "N", AT(jobs), "1", 1, 256, NULL,
	 "run N recommenders, each for its own listeners"},
	{"window", 0, OPTION_INT, "N", AT(window), "64", 1, 500, NULL,
	 "sessions (of different listeners) that each recommender serves at a time"},
	{"timeout", 0, OPTION_DURATION, "TIME", AT(timeout_s), "10s", 1e-3, 86400, NULL,
	 "a recommender that does not answer for TIME is given up"},
	{"episodes", 0, OPTION_FILE, "FILE", AT(episodes), NULL, 0, 0, NULL,
	 "a row for each session: session user interest steps time start end"},
	COMMON_SEED(struct options, common),
	{"output", 'o', OPTION_FILE, "FILE", COMMON_AT(struct options, common, output), NULL, 0, 0,
	 NULL, "write the events to FILE, whole or not at all, instead of standard output"},
	COMMON_LOG(struct options, common),
	OPTION_END
};

enum { DAY_MS = 86400000, STEP_MS = 1000, PAUSE_MS = 60000 };
static const int64_t FIRST_DAY_MS = INT64_C(1704067200000); /* 2024-01-01 */

/* ---- sessions ---- */

struct session {
	uint32_t number, user;
	uint32_t interest, track;      /* track: what was played last */
	struct random random;
	double time;                   /* of that track */
	int64_t budget, steps;
	int64_t clock_ms, start_ms;
	double total;
	uint32_t *played;              /* tracks so far */
	size_t played_capacity;
	struct buffer extra;           /* the answer's further columns */
	struct buffer arms;            /* the same for the `last` row: experiments alone */
	struct buffer events;
};

/* A recommender and the sessions that it serves. */
struct job {
	pid_t pid;
	int in, out;
	uint32_t *queue;               /* numbers of its sessions */
	size_t n, next;
	struct session **active;       /* window */
	size_t n_active;
	size_t waiting;                /* answers that are due in this round */
	struct buffer bytes;           /* read, not taken */
	size_t taken;
	bool header;
	struct buffer request;
	size_t width, user_column, item_column;
	bool *is_own;                  /* column -> it is about one answer, no experiment */
};

struct simulation {
	const struct options *o;
	struct world *world;
	uint32_t n_sessions;
	uint32_t *user_of;
	int64_t *user_clock;           /* when a user's last session ended */
	bool *busy;                    /* user -> has a session now */
	struct buffer *done;           /* events of ended sessions, by number */
	uint32_t written;
	struct buffer header;          /* further columns of the answers, TAB in front of each */
	struct output *out, *episodes;
	uint32_t **neighbours;         /* of a track, when known */
	uint64_t rows;
};

static bool has_left(const struct simulation *s, uint32_t user)
{
	struct span id = strmap_key(s->world->users, user);
	for (int64_t d = 2; d <= s->o->day && s->o->churn > 0; d++) {
		char text[32];
		int n = snprintf(text, sizeof text, "churn %lld", (long long)d);
		if (hash_share(hash_row(s->o->common.seed, id, (struct span){text, (size_t)n})) < s->o->churn)
			return true;
	}
	return false;
}

/* The interest as it is on this day. */
static uint32_t interest_of(const struct simulation *s, uint32_t user, uint32_t which)
{
	struct span id = strmap_key(s->world->users, user);
	for (int64_t d = s->o->day; d >= 2 && s->o->drift > 0; d--) {
		char text[48];
		int n = snprintf(text, sizeof text, "drift %lld %u", (long long)d, which);
		uint64_t h = hash_row(s->o->common.seed, id, (struct span){text, (size_t)n});
		if (hash_share(h) < s->o->drift)
			return (uint32_t)(hash_mix(h) % strmap_count(s->world->tracks));
	}
	return s->world->listener[user].interest[which];
}

static struct random random_of(const struct simulation *s, uint32_t session)
{
	uint64_t key = hash_mix(s->o->common.seed ^ hash_mix((uint64_t)s->o->day));
	return random_start(key, session);
}

static void choose_users(struct simulation *s)
{
	uint32_t users = strmap_count(s->world->users);
	uint64_t n = s->o->per_user ? (uint64_t)s->o->per_user * users
		: s->o->sessions ? (uint64_t)s->o->sessions : users;
	if (n > 1000000000)
		usage_error("more than a billion sessions");
	s->user_of = memory_new((size_t)n + 1, sizeof *s->user_of);
	for (uint64_t i = 0; i < n; i++) {
		struct random r = random_start(hash_mix(s->o->common.seed ^ 0x75736572u) ^
					       (uint64_t)s->o->day, i);
		uint32_t user = s->o->per_user ? (uint32_t)(i % users) : random_below(&r, users);
		for (int attempt = 0; has_left(s, user) && !s->o->per_user && attempt < 1000; attempt++)
			user = random_below(&r, users);
		if (!has_left(s, user))
			s->user_of[s->n_sessions++] = user;
	}
	if (s->n_sessions == 0)
		die(STATUS_DATA, "every listener has left");
}

static void play(struct session *e, uint32_t track, double time)
{
	e->played = memory_grow(e->played, &e->played_capacity, (size_t)e->steps + 1, sizeof *e->played);
	e->played[e->steps++] = track;
	e->track = track;
	e->time = time;
	e->total += time;
}

static struct session *begin(struct simulation *s, uint32_t number)
{
	struct session *e = memory_zero(1, sizeof *e);
	const struct world *w = s->world;
	uint32_t user = s->user_of[number];
	const struct listener *l = &w->listener[user];
	e->number = number;
	e->user = user;
	e->random = random_of(s, number);
	e->interest = interest_of(s, user, random_below(&e->random, l->interests));
	uint32_t k = (uint32_t)s->o->neighbours, tracks = strmap_count(w->tracks);
	k = k < tracks ? k : tracks;
	if (!s->neighbours[e->interest]) {
		s->neighbours[e->interest] = memory_new(k, sizeof(uint32_t));
		world_neighbours(w, e->interest, k, s->neighbours[e->interest]);
	}
	e->budget = s->o->budget;
	int64_t day = FIRST_DAY_MS + (s->o->day - 1) * DAY_MS;
	e->start_ms = day + (int64_t)((double)number * (double)DAY_MS / s->n_sessions);
	if (e->start_ms < s->user_clock[user] + PAUSE_MS)
		e->start_ms = s->user_clock[user] + PAUSE_MS;
	e->clock_ms = e->start_ms;
	s->busy[user] = true;
	play(e, s->neighbours[e->interest][random_below(&e->random, k)], 1);
	return e;
}

/* How much of the track is listened to: nothing the second time, else the sigmoid of
 * how near it is to the interest, less for every play of the artist; two decimals. */
static double consume(const struct simulation *s, const struct session *e, uint32_t track)
{
	const struct world *w = s->world;
	const struct listener *l = &w->listener[e->user];
	int artist_plays = 0;
	for (int64_t i = 0; i < e->steps; i++) {
		if (e->played[i] == track)
			return 0;
		artist_plays += w->artist[e->played[i]] == w->artist[track];
	}
	double x = (world_product(w, track, e->interest) - l->bias) * l->sharpness;
	double time = 1 / (1 + exp(-x)) * pow(s->o->gamma, artist_plays);
	char text[40];
	int n = snprintf(text, sizeof text, "%.2f", time); /* exact, half to even */
	if (n <= 0 || number_double(text, (size_t)n, &time) != NUMBER_OK)
		return 0;
	return time;
}

static void add_event(struct simulation *s, struct session *e, const char *message, struct span item)
{
	struct buffer *b = &e->events;
	struct span user = strmap_key(s->world->users, e->user);
	struct span track = strmap_key(s->world->tracks, e->track);
	buffer_format(b, "%s\t%lld\t", message, (long long)e->clock_ms);
	buffer_add_span(b, user);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, track);
	buffer_add_byte(b, '\t');
	b->n += number_write_double(e->time, buffer_room(b, NUMBER_SIZE));
	buffer_add_text(b, "\t0\t");
	buffer_add_span(b, item);
	const struct buffer *further = item.n ? &e->extra : &e->arms;
	buffer_add(b, further->data ? further->data : "", further->n);
	buffer_add_byte(b, '\n');
	s->rows++;
}

/* Events of sessions in their order, as far as they have ended. */
static void write_done(struct simulation *s)
{
	for (; s->written < s->n_sessions && s->done[s->written].n; s->written++) {
		output_bytes(s->out, s->done[s->written].data, s->done[s->written].n);
		buffer_free(&s->done[s->written]);
	}
	progress_step(s->written, s->n_sessions, "sessions");
}

static void end(struct simulation *s, struct session *e)
{
	add_event(s, e, "last", (struct span){NULL, 0});
	s->user_clock[e->user] = e->clock_ms;
	s->busy[e->user] = false;
	s->done[e->number] = e->events;
	if (s->episodes) {
		/* In the order of sessions, too: kept behind the events until then. */
		struct buffer *b = &s->done[s->n_sessions + e->number];
		buffer_format(b, "%u\t", e->number);
		buffer_add_span(b, strmap_key(s->world->users, e->user));
		buffer_add_byte(b, '\t');
		buffer_add_span(b, strmap_key(s->world->tracks, e->interest));
		buffer_format(b, "\t%lld\t", (long long)e->steps);
		b->n += number_write_double(round(e->total * 100) / 100, buffer_room(b, NUMBER_SIZE));
		buffer_format(b, "\t%lld\t%lld\n", (long long)e->start_ms, (long long)e->clock_ms);
	}
	free(e->played);
	buffer_free(&e->extra);
	buffer_free(&e->arms);
	free(e);
	write_done(s);
}

/* The recommender's answer to a session's request; true when the session is over. */
static bool step(struct simulation *s, struct session *e, struct span item)
{
	uint32_t track = strmap_find(s->world->tracks, item);
	char shown[QUOTED_SIZE];
	if (track == STRMAP_NONE)
		die(STATUS_DATA, "the recommender offers a track that is none: %s",
		    quoted(item.at, item.n, shown));
	add_event(s, e, "next", item);
	double time = consume(s, e, track);
	if (random_share(&e->random) > time)
		e->budget--;
	play(e, track, time);
	e->clock_ms += STEP_MS;
	return e->budget <= 0 || e->steps > s->o->most;
}

/* ---- recommenders ---- */

static struct job *jobs;
static size_t n_jobs;

static void kill_all(void)
{
	for (size_t j = 0; j < n_jobs; j++)
		if (jobs[j].pid > 0)
			kill(jobs[j].pid, SIGKILL);
}

static void start_job(struct job *job, char **command)
{
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	pid_t pid = fork();
	if (pid < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			_exit(127);
		execvp(command[0], command);
		tell("cannot run %s: %s", command[0], strerror(errno));
		_exit(127);
	}
	if (close(in[0]) != 0 || close(out[1]) != 0)
		die_errno(STATUS_FAILED, "cannot close a pipe");
	job->pid = pid;
	job->in = in[1];
	job->out = out[0];
}

/* Its exit status in words; the process is gone afterwards. */
_Noreturn static void job_died(struct job *job)
{
	int status = 0;
	/* What it had to say went to our standard error. */
	for (int i = 0; i < 100 && waitpid(job->pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	job->pid = 0;
	if (WIFSIGNALED(status))
		die(STATUS_FAILED, "the recommender was killed by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	die(STATUS_FAILED, "the recommender ended with status %d while it was asked",
	    WEXITSTATUS(status));
}

static void send_requests(struct job *job)
{
	sigset_t set, before;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	for (size_t done = 0; done < job->request.n;) {
		ssize_t n = write(job->in, job->request.data + done, job->request.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			const struct timespec now = {0, 0};
			sigtimedwait(&set, NULL, &now);
			pthread_sigmask(SIG_SETMASK, &before, NULL);
			job_died(job);
		}
		done += (size_t)n;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	job->request.n = 0;
}

static void add_request(const struct simulation *s, struct job *job, const struct session *e,
			const char *message)
{
	struct buffer *b = &job->request;
	buffer_format(b, "%s\t", message);
	buffer_add_span(b, strmap_key(s->world->users, e->user));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->world->tracks, e->track));
	buffer_add_byte(b, '\t');
	b->n += number_write_double(e->time, buffer_room(b, NUMBER_SIZE));
	buffer_format(b, "\t%lld\n", (long long)e->clock_ms);
}

/* Fills the window with sessions whose listeners are free, asks for all of them. */
static void next_round(struct simulation *s, struct job *job)
{
	while (job->n_active < (size_t)s->o->window && job->next < job->n &&
	       !s->busy[s->user_of[job->queue[job->next]]])
		job->active[job->n_active++] = begin(s, job->queue[job->next++]);
	for (size_t i = 0; i < job->n_active; i++)
		add_request(s, job, job->active[i], "next");
	job->waiting = job->n_active;
	if (job->request.n)
		send_requests(job);
}

static bool next_line(struct job *job, struct span *line)
{
	char *from = job->bytes.data ? job->bytes.data + job->taken : NULL;
	char *lf = from ? memchr(from, '\n', job->bytes.n - job->taken) : NULL;
	if (!lf)
		return false;
	*line = (struct span){from, (size_t)(lf - from)};
	job->taken += line->n + 1;
	return true;
}

static size_t split(struct span line, struct span *field, size_t most)
{
	size_t n = 0;
	for (size_t from = 0, i = 0; i <= line.n; i++) {
		if (i == line.n || line.at[i] == '\t') {
			if (n < most)
				field[n] = (struct span){line.at + from, i - from};
			n++;
			from = i + 1;
		}
	}
	return n;
}

enum { MOST_COLUMNS = 256 };

static void take_header(struct simulation *s, struct job *job, struct span line)
{
	struct span field[MOST_COLUMNS];
	size_t n = split(line, field, MOST_COLUMNS);
	bool user = false, item = false;
	struct buffer extra = {0};
	if (n > MOST_COLUMNS)
		die(STATUS_DATA, "the recommender's header has more than %d columns", MOST_COLUMNS);
	for (size_t i = 0; i < n; i++) {
		if (span_equal(field[i], span_of("user"))) {
			job->user_column = i;
			user = true;
		} else if (span_equal(field[i], span_of("recommendation"))) {
			job->item_column = i;
			item = true;
		} else {
			buffer_add_byte(&extra, '\t');
			buffer_add_span(&extra, field[i]);
		}
	}
	char shown[QUOTED_SIZE];
	if (!user || !item)
		die(STATUS_DATA, "the recommender's header has no columns user and recommendation: %s",
		    quoted(line.at, line.n, shown));
	static const char *const OWN[] = {"source", "rank", "probability", "generation", "triggered",
		"session", "step"};
	job->is_own = memory_zero(n, sizeof *job->is_own);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof OWN / sizeof *OWN; k++)
			job->is_own[i] |= span_equal(field[i], span_of(OWN[k]));
	job->width = n;
	job->header = true;
	if (s->header.data && !span_equal((struct span){s->header.data, s->header.n},
					  (struct span){extra.data, extra.n}))
		die(STATUS_DATA, "the recommenders have different headers");
	if (!s->header.data) {
		s->header = extra;
		buffer_add(&s->header, "", 0);
		output_text(s->out, "message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation");
		output_bytes(s->out, extra.data ? extra.data : "", extra.n);
		output_byte(s->out, '\n');
		if (!s->header.data)
			s->header.data = memory_new(1, 1);
	} else {
		buffer_free(&extra);
	}
}

static void take_answer(struct simulation *s, struct job *job, struct span line)
{
	struct span field[MOST_COLUMNS];
	struct session *e = job->active[job->n_active - job->waiting];
	char shown[2][QUOTED_SIZE];
	if (split(line, field, MOST_COLUMNS) != job->width)
		die(STATUS_DATA, "the recommender's answer has not the header's %zu fields: %s", job->width,
		    quoted(line.at, line.n, shown[0]));
	struct span user = strmap_key(s->world->users, e->user);
	if (!span_equal(field[job->user_column], user))
		die(STATUS_DATA, "the recommender answers %s where %s asked",
		    quoted(field[job->user_column].at, field[job->user_column].n, shown[0]),
		    quoted(user.at, user.n, shown[1]));
	e->extra.n = e->arms.n = 0;
	for (size_t i = 0; i < job->width; i++) {
		if (i == job->user_column || i == job->item_column)
			continue;
		buffer_add_byte(&e->extra, '\t');
		buffer_add_span(&e->extra, field[i]);
		buffer_add_byte(&e->arms, '\t');
		if (!job->is_own[i])
			buffer_add_span(&e->arms, field[i]);
	}
	if (step(s, e, field[job->item_column]))
		e->budget = INT64_MIN; /* ended below, in order, when the round is over */
	job->waiting--;
}

static void end_round(struct simulation *s, struct job *job)
{
	size_t kept = 0;
	for (size_t i = 0; i < job->n_active; i++) {
		struct session *e = job->active[i];
		if (e->budget != INT64_MIN) {
			job->active[kept++] = e;
			continue;
		}
		add_request(s, job, e, "last");
		end(s, e);
	}
	job->n_active = kept;
	if (kept || job->next < job->n) {
		next_round(s, job);
	} else {
		if (job->request.n)
			send_requests(job);
		if (close(job->in) != 0)
			die_errno(STATUS_FAILED, "cannot close a pipe");
		job->in = -1;
	}
}

/* Reads what the recommender says; at its end, sees that it ended well. */
static void listen(struct simulation *s, struct job *job)
{
	if (job->taken) {
		memmove(job->bytes.data, job->bytes.data + job->taken, job->bytes.n - job->taken);
		job->bytes.n -= job->taken;
		job->taken = 0;
	}
	ssize_t n = read(job->out, buffer_room(&job->bytes, 65536), 65536);
	if (n < 0 && errno == EINTR)
		return;
	if (n < 0)
		die_errno(STATUS_FAILED, "cannot read from the recommender");
	if (n == 0) {
		int status;
		if (job->in >= 0)
			job_died(job);
		while (waitpid(job->pid, &status, 0) < 0)
			if (errno != EINTR)
				die_errno(STATUS_FAILED, "cannot wait for the recommender");
		job->pid = 0;
		close(job->out);
		job->out = -1;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			die(STATUS_FAILED, "the recommender failed at its end");
		return;
	}
	job->bytes.n += (size_t)n;
	struct span line;
	while ((!job->header || job->waiting) && next_line(job, &line)) {
		if (!job->header) {
			take_header(s, job, line);
			next_round(s, job);
		} else {
			take_answer(s, job, line);
			if (job->waiting == 0)
				end_round(s, job);
		}
	}
	if (job->header && job->waiting == 0 && job->bytes.n > job->taken)
		die(STATUS_DATA, "the recommender says more than it was asked");
}

static void simulate(struct simulation *s, char **command)
{
	static const char HEADER[] = "message\tuser\ttrack\ttime\ttimestamp\n";
	n_jobs = (size_t)s->o->jobs;
	jobs = memory_zero(n_jobs, sizeof *jobs);
	if (atexit(kill_all) != 0)
		die(STATUS_FAILED, "cannot register the clean-up");
	for (size_t j = 0; j < n_jobs; j++) {
		struct job *job = &jobs[j];
		job->queue = memory_new((size_t)s->n_sessions + 1, sizeof *job->queue);
		job->active = memory_new((size_t)s->o->window, sizeof(*job->active));
		for (uint32_t i = 0; i < s->n_sessions; i++)
			if (s->user_of[i] % n_jobs == j)
				job->queue[job->n++] = i;
		start_job(job, command);
		buffer_add_text(&job->request, HEADER);
		send_requests(job);
	}
	struct pollfd *files = memory_new(n_jobs, sizeof *files);
	for (;;) {
		nfds_t n = 0;
		for (size_t j = 0; j < n_jobs; j++)
			if (jobs[j].out >= 0)
				files[n++] = (struct pollfd){.fd = jobs[j].out, .events = POLLIN};
		if (n == 0)
			break;
		int ready = poll(files, n, (int)fmin(s->o->timeout_s * 1000, 2e9));
		if (ready < 0 && errno != EINTR)
			die_errno(STATUS_FAILED, "cannot wait for the recommender");
		if (ready == 0)
			die(STATUS_FAILED, "the recommender has not answered for %g s", s->o->timeout_s);
		for (size_t j = 0, f = 0; ready > 0 && j < n_jobs; j++) {
			if (jobs[j].out < 0)
				continue;
			if (files[f++].revents)
				listen(s, &jobs[j]);
		}
	}
	free(files);
}

static int run(const struct options *o, char **command, int words)
{
	if (!o->tracks || !o->embeddings || !o->users)
		usage_error("--tracks, --embeddings and --users are needed");
	if (o->sessions && o->per_user)
		usage_error("--sessions and --sessions-per-user exclude each other");
	if (words == 0)
		usage_error("a recommender is needed, as in -- next-track --recs topk.tsv");
	struct simulation s = {.o = o, .world = world_read(o->tracks, o->embeddings, o->users)};
	uint32_t users = strmap_count(s.world->users);
	choose_users(&s);
	s.user_clock = memory_zero((size_t)users + 1, sizeof *s.user_clock);
	s.busy = memory_zero((size_t)users + 1, sizeof *s.busy);
	s.done = memory_zero(2 * (size_t)s.n_sessions + 1, sizeof *s.done);
	s.neighbours = memory_zero((size_t)strmap_count(s.world->tracks) + 1, sizeof(*s.neighbours));
	s.out = output_open(o->common.output, false);
	if (o->episodes)
		s.episodes = output_open(o->episodes, false);
	simulate(&s, command);
	write_done(&s);
	progress_clear();
	output_close(s.out);
	if (s.episodes) {
		output_text(s.episodes, "session\tuser\tinterest\tsteps\ttime\tstart\tend\n");
		for (uint32_t i = 0; i < s.n_sessions; i++) {
			struct buffer *b = &s.done[s.n_sessions + i];
			output_bytes(s.episodes, b->data, b->n);
			buffer_free(b);
		}
		output_close(s.episodes);
	}
	run_report(s.n_sessions, s.rows, 0);
	for (size_t j = 0; j < n_jobs; j++) {
		free(jobs[j].queue);
		free(jobs[j].active);
		free(jobs[j].is_own);
		buffer_free(&jobs[j].bytes);
		buffer_free(&jobs[j].request);
	}
	for (uint32_t t = 0; t < strmap_count(s.world->tracks); t++)
		free(s.neighbours[t]);
	free(s.neighbours);
	free(s.user_of);
	free(s.user_clock);
	free(s.busy);
	free(s.done);
	buffer_free(&s.header);
	world_free(s.world);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "simulate-sessions",
	.usage = "[OPTION].. -- RECOMMENDER [ARGUMENT]..",
	.summary = "Simulate listeners who ask a recommender for tracks, and write the events.",
	.reads = "tracks, embeddings, users; from the recommender user recommendation and more",
	.writes = "message timestamp user track time latency recommendation and the further columns of "
		"the answers",
	.examples = {
		"simulate-sessions --tracks t.tsv --embeddings e.tsv --users u.tsv -- next-track --recs r.tsv",
		"simulate-sessions --day 2 --tracks t.tsv --embeddings e.npy --users u.json -- ./mine.py",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
	.command = true,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
