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
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/random.h"
#include "domain/event.h"
#include "frame/options.h"
#include "frame/run.h"
#include "recommender.h"
#include "session.h"
#include "streams/output.h"
#include "world.h"

struct options {
	struct common common;
	const char *tracks, *embeddings, *users, *episodes;
	int64_t sessions, per_user, day, jobs, window, neighbors, budget, most;
	double discount, churn, drift, timeout_s;
};

static const struct option_row OPTIONS[] = {
	OPTION_FILE("tracks", "FILE", tracks, .side = true,
		.required = true,
		.help = "the tracks: item artist as TSV, or JSON lines with track and artist"),
	OPTION_FILE("embeddings", "FILE", embeddings, .side = true,
		.required = true,
		.help = "the tracks' vectors: item f0 f1 ... as TSV, or .npy in the order of the "
			"tracks"),
	OPTION_FILE("users", "FILE", users, .side = true,
		.required = true,
		.help = "the listeners: user interests consume_bias consume_sharpness as TSV "
			"(interests with commas between them), or JSON lines"),
	OPTION_INT("sessions", "N", sessions, .letter = 'n', .low = 1, .high = 1e9,
		.excludes = "sessions-per-user",
		.help = "number of sessions, each of a random listener (default: the number of listeners)"),
	OPTION_INT("sessions-per-user", "N", per_user, .low = 1, .high = 1e6,
		.help = "instead of --sessions: N sessions for every listener"),
	OPTION_OUTPUT("episodes", "FILE", episodes,
		.help = "write a row for each session to FILE: session user interest steps time start end"),
	OPTION_INT("jobs", "N", jobs, .letter = 'J', .fallback = "1", .low = 1, .high = 256,
		.help = "run N recommenders, each for its own listeners"),
	OPTION_OUTPUT("output", "FILE", common.output, .letter = 'o',
		.help = "write the events to FILE instead of standard output, completely or not at all"),
	COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Listeners"),
	OPTION_INT("day", "N", day, .fallback = "1", .low = 1, .high = 100000,
		.help = "day number; each day has other sessions and later timestamps"),
	OPTION_REAL("churn", "SHARE", churn, .fallback = "0", .low = 0, .high = 1,
		.help = "share of listeners who leave for good each day"),
	OPTION_REAL("drift", "SHARE", drift, .fallback = "0", .low = 0, .high = 1,
		.help = "share of interests that change to another track each day"),
	OPTION_INT("interest-neighbors", "N", neighbors, .fallback = "10", .low = 1, .high = 1e6,
		.help = "the first track is one of the N nearest to an interest"),
	OPTION_INT("budget", "N", budget, .fallback = "5", .low = 1, .high = 1e6,
		.help = "number of disappointments that end a session"),
	OPTION_REAL("artist-discount", "X", discount, .fallback = "0.8", .low = 0, .high = 1,
		.help = "the listened share is multiplied by X for every earlier play of the artist"),
	OPTION_INT("max-steps", "N", most, .fallback = "10000", .low = 1, .high = 1e9,
		.help = "end a session after N requests in any case"),

	OPTION_GROUP("Expert options"),
	OPTION_INT("window", "N", window, .fallback = "64", .low = 1, .high = 10000,
		.help = "number of concurrent sessions per recommender, all of different listeners"),
	OPTION_DURATION("timeout", "TIME", timeout_s, .fallback = "10s", .low = 1e-3, .high = 86400,
		.help = "give up on a recommender that does not answer for TIME"),
	COMMON_RENAME, COMMON_SIDES, COMMON_PROGRESS,
	OPTION_ALIAS("interest-neighbours", "N", "interest-neighbors"),
	OPTION_END
};

enum { STEP_MS = 1000, PAUSE_MS = 60000 };
static const int64_t FIRST_DAY_MS = INT64_C(1704067200000); /* 2024-01-01 */

/* ---- the day ---- */

/* A session while it lasts. */
struct visit {
	uint32_t number;
	struct session session;
	int64_t start_ms, clock_ms;
	struct buffer events;
	struct buffer extra;           /* the last answer's further columns */
	struct buffer arms;            /* the same for the `last` row: experiments alone */
	bool over;
};

/* What is written of a session that is over, until those before it are. */
struct rows {
	struct buffer events, episode;
};

/* Sessions that may be ahead of the first one that is not over: bounds the memory
 * when a recommender is faster than its neighbors. */
enum { AHEAD = 1 << 16 };

struct day {
	const struct options *o;
	struct behavior behavior;
	struct world *world;
	uint32_t *present;             /* users who have not left */
	uint32_t n_present;
	uint32_t n_sessions;
	uint32_t *user_of;             /* session -> user */
	int64_t *user_clock;           /* when a user's last session ended */
	bool *busy;                    /* user -> has a session now */
	struct rows *done;             /* AHEAD, by session number */
	uint32_t written;              /* sessions whose rows are out */
	struct output *out, *episodes;
	uint64_t n_events, n_cut;      /* sessions that --max-steps ended */
};

static bool leaves(const struct day *s, struct span user, int64_t day)
{
	char text[32];
	int n = snprintf(text, sizeof text, "churn %lld", (long long)day);
	uint64_t h = hash_row(s->o->common.seed, user, (struct span){text, (size_t)n});
	return hash_share(h) < s->o->churn;
}

static void find_present(struct day *s)
{
	uint32_t users = strmap_count(s->world->users);
	s->present = memory_new(users, sizeof *s->present);
	for (uint32_t u = 0; u < users; u++) {
		bool left = false;
		for (int64_t d = 2; d <= s->o->day && s->o->churn > 0 && !left; d++)
			left = leaves(s, strmap_key(s->world->users, u), d);
		if (!left)
			s->present[s->n_present++] = u;
	}
	if (s->n_present == 0)
		die(STATUS_DATA, "every listener has left");
	if (s->n_present < users)
		warn("%u of %u listeners have left (--churn)", users - s->n_present, users);
}

static void choose_users(struct day *s)
{
	const struct options *o = s->o;
	uint64_t n = o->per_user ? (uint64_t)o->per_user * s->n_present
		: o->sessions ? (uint64_t)o->sessions : strmap_count(s->world->users);
	if (n > 1000000000)
		usage_error("more than a billion sessions");
	s->n_sessions = (uint32_t)n;
	s->user_of = memory_new((size_t)n, sizeof *s->user_of);
	uint64_t key = hash_mix(o->common.seed ^ 0x75736572u) ^ (uint64_t)o->day;
	for (uint32_t i = 0; i < n; i++) {
		struct random r = random_start(key, i);
		s->user_of[i] = s->present[o->per_user ? i % s->n_present : random_below(&r, s->n_present)];
	}
}

/* The interest as it is on this day. */
static uint32_t interest_of(const struct day *s, uint32_t user, uint32_t which)
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

static struct visit *begin(struct day *s, uint32_t number)
{
	struct visit *v = memory_zero(1, sizeof *v);
	uint32_t user = s->user_of[number];
	v->number = number;
	struct random r = random_start(hash_mix(s->o->common.seed ^ hash_mix((uint64_t)s->o->day)), number);
	uint32_t interest = interest_of(s, user, random_below(&r, s->world->listener[user].interests));
	int64_t midnight = FIRST_DAY_MS + (s->o->day - 1) * DAY_MS;
	v->start_ms = midnight + (int64_t)((double)number * (double)DAY_MS / s->n_sessions);
	if (v->start_ms < s->user_clock[user] + PAUSE_MS)
		v->start_ms = s->user_clock[user] + PAUSE_MS;
	v->clock_ms = v->start_ms;
	s->busy[user] = true;
	session_begin(&v->session, s->world, &s->behavior, r, user, interest);
	return v;
}

/* ---- events and episodes ---- */

/* The row of what was played last, and of what comes next (nothing: the end). */
static void add_event(struct day *s, struct visit *v, const char *message, struct span next)
{
	struct buffer *b = &v->events;
	buffer_add_text(b, message);
	buffer_add_byte(b, '\t');
	b->n += number_write_i64(v->clock_ms, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->world->users, v->session.user));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->world->tracks, v->session.track));
	buffer_add_byte(b, '\t');
	b->n += number_write_double(v->session.time, buffer_room(b, NUMBER_SIZE));
	buffer_add_text(b, "\t0\t");
	buffer_add_span(b, next);
	const struct buffer *further = next.n ? &v->extra : &v->arms;
	buffer_add(b, further->data, further->n);
	buffer_add_byte(b, '\n');
	s->n_events++;
}

static void add_episode(const struct day *s, const struct visit *v, struct buffer *b)
{
	const struct session *e = &v->session;
	buffer_format(b, "%u\t", v->number);
	buffer_add_span(b, strmap_key(s->world->users, e->user));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->world->tracks, e->interest));
	buffer_format(b, "\t%zu\t", e->plays);
	b->n += number_write_double(round(e->total_time * 100) / 100, buffer_room(b, NUMBER_SIZE));
	buffer_format(b, "\t%lld\t%lld\n", (long long)v->start_ms, (long long)v->clock_ms);
}

/* Sessions in their order, as far as they are over. */
static void write_done(struct day *s)
{
	struct rows *r;
	while (s->written < s->n_sessions && (r = &s->done[s->written % AHEAD])->events.n) {
		output_bytes(s->out, r->events.data, r->events.n);
		if (s->episodes)
			output_bytes(s->episodes, r->episode.data, r->episode.n);
		buffer_free(&r->events);
		buffer_free(&r->episode);
		s->written++;
	}
	progress_step(s->written, s->n_sessions, "sessions");
}

static void end(struct day *s, struct visit *v)
{
	add_event(s, v, "last", (struct span){NULL, 0});
	s->n_cut += !session_has_no_budget(&v->session);
	s->user_clock[v->session.user] = v->clock_ms;
	s->busy[v->session.user] = false;
	struct rows *r = &s->done[v->number % AHEAD];
	r->events = v->events;
	if (s->episodes)
		add_episode(s, v, &r->episode);
	session_free(&v->session);
	buffer_free(&v->extra);
	buffer_free(&v->arms);
	free(v);
	write_done(s);
}

/* ---- a recommender and the listeners that it serves ---- */

struct job {
	struct recommender *recommender;
	uint32_t number;               /* serves the users whose number is this modulo --jobs */
	uint32_t next;                 /* session to begin, or one before it */
	struct visit **active;         /* window; they ask in this order */
	size_t n_active;
	struct buffer requests;
	bool started, finished;        /* its header has come; it has been asked to end */
	struct buffer further;         /* names of the further columns, TAB in front of each */
	size_t width, user_column, item_column;
	bool *is_own;                  /* column -> it is about one answer, no experiment */
};

static void add_request(const struct day *s, struct job *job, const struct visit *v,
			const char *message)
{
	struct buffer *b = &job->requests;
	buffer_add_text(b, message);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->world->users, v->session.user));
	buffer_add_byte(b, '\t');
	buffer_add_span(b, strmap_key(s->world->tracks, v->session.track));
	buffer_add_byte(b, '\t');
	b->n += number_write_double(v->session.time, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\t');
	b->n += number_write_i64(v->clock_ms, buffer_room(b, NUMBER_SIZE));
	buffer_add_byte(b, '\n');
}

/* The job's next session, when it can begin now: not too far ahead, and its
 * listener has no other one. False: not now, or (`next` at the end) no more. */
static bool may_begin(const struct day *s, struct job *job)
{
	while (job->next < s->n_sessions && s->user_of[job->next] % (uint32_t)s->o->jobs != job->number)
		job->next++;
	return job->next < s->n_sessions && job->next < s->written + AHEAD &&
		!s->busy[s->user_of[job->next]];
}

/* Fills the window, asks for everybody in it; at the end of the day tells the
 * recommender so. */
static void next_round(struct day *s, struct job *job)
{
	while (job->n_active < (size_t)s->o->window && may_begin(s, job))
		job->active[job->n_active++] = begin(s, job->next++);
	for (size_t i = 0; i < job->n_active; i++)
		add_request(s, job, job->active[i], "next");
	recommender_ask(job->recommender, &job->requests, job->n_active);
	if (job->n_active == 0 && job->next >= s->n_sessions) {
		recommender_finish(job->recommender);
		job->finished = true;
	}
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

static bool is_about_one_answer(struct span column)
{
	static const char *const NAMES[] = {"source", "rank", "probability", "generation",
		"triggered", "session", "step", "team"};
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (span_equal(column, span_of(NAMES[i])))
			return true;
	return false;
}

/* A further column may not have the name of one that the events have already, nor that of
 * another one. */
static void check_names(const struct span *field, size_t n)
{
	char shown[QUOTED_SIZE];
	for (size_t i = 0; i < n; i++) {
		bool wanted = span_equal(field[i], span_of("user")) ||
			span_equal(field[i], span_of("recommendation"));
		bool bad = field[i].n == 0 || (!wanted && event_column_is_fixed(field[i]) &&
					       !is_about_one_answer(field[i]));
		for (size_t j = 0; j < i; j++)
			bad |= span_equal(field[i], field[j]);
		if (bad)
			die(STATUS_DATA, "the recommender's header has a column without a name or with the name "
			    "of another one: %s", quoted(field[i].at, field[i].n, shown));
	}
}

static void take_header(struct job *job, struct span line)
{
	struct span field[MOST_COLUMNS];
	job->width = split(line, field, MOST_COLUMNS);
	if (job->width > MOST_COLUMNS)
		die(STATUS_DATA, "the recommender's header has more than %d columns", MOST_COLUMNS);
	check_names(field, job->width);
	job->user_column = job->item_column = MOST_COLUMNS;
	job->is_own = memory_zero(job->width, sizeof *job->is_own);
	for (size_t i = 0; i < job->width; i++) {
		if (span_equal(field[i], span_of("user"))) {
			job->user_column = i;
		} else if (span_equal(field[i], span_of("recommendation"))) {
			job->item_column = i;
		} else {
			job->is_own[i] = is_about_one_answer(field[i]);
			buffer_add_byte(&job->further, '\t');
			buffer_add_span(&job->further, field[i]);
		}
	}
	char shown[QUOTED_SIZE];
	if (job->user_column == MOST_COLUMNS || job->item_column == MOST_COLUMNS)
		die(STATUS_DATA, "the recommender's header has no columns user and recommendation: %s",
		    quoted(line.at, line.n, shown));
	job->started = true;
}

/* The first recommender's columns are those of the output; all must have the same. */
static void write_header(struct day *s, const struct job *jobs, const struct job *job)
{
	for (const struct job *other = jobs; other < jobs + s->o->jobs; other++) {
		if (!other->started || other == job)
			continue;
		if (!span_equal((struct span){other->further.data, other->further.n},
				(struct span){job->further.data, job->further.n}))
			die(STATUS_DATA, "the recommenders have different headers");
		return;
	}
	output_text(s->out, "message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation");
	output_bytes(s->out, job->further.data, job->further.n);
	output_byte(s->out, '\n');
}

/* The answer to the visit's request: the listener hears the track. */
static void take_answer(struct day *s, const struct job *job, struct visit *v, struct span line)
{
	struct span field[MOST_COLUMNS];
	char shown[2][QUOTED_SIZE];
	if (split(line, field, MOST_COLUMNS) != job->width)
		die(STATUS_DATA, "the recommender's answer does not have the header's %zu fields: %s", job->width,
		    quoted(line.at, line.n, shown[0]));
	struct span user = strmap_key(s->world->users, v->session.user);
	struct span said = field[job->user_column], item = field[job->item_column];
	if (!span_equal(said, user))
		die(STATUS_DATA, "the recommender answers %s when %s asked",
		    quoted(said.at, said.n, shown[0]), quoted(user.at, user.n, shown[1]));
	uint32_t track = strmap_find(s->world->tracks, item);
	if (track == STRMAP_NONE)
		die(STATUS_DATA, "the recommender offers an unknown track: %s",
		    quoted(item.at, item.n, shown[0]));
	v->extra.n = v->arms.n = 0;
	for (size_t i = 0; i < job->width; i++) {
		if (i == job->user_column || i == job->item_column)
			continue;
		buffer_add_byte(&v->extra, '\t');
		buffer_add_span(&v->extra, field[i]);
		buffer_add_byte(&v->arms, '\t');
		if (!job->is_own[i])
			buffer_add_span(&v->arms, field[i]);
	}
	add_event(s, v, "next", item);
	session_hear(&v->session, track);
	v->clock_ms += STEP_MS;
	v->over = session_is_over(&v->session);
}

/* All have their answers: those whose session is over leave. */
static void end_round(struct day *s, struct job *job)
{
	size_t kept = 0;
	for (size_t i = 0; i < job->n_active; i++) {
		struct visit *v = job->active[i];
		if (!v->over) {
			job->active[kept++] = v;
			continue;
		}
		add_request(s, job, v, "last");
		end(s, v);
	}
	job->n_active = kept;
	next_round(s, job);
}

static void take_lines(struct day *s, struct job *jobs, struct job *job)
{
	struct span line;
	while (recommender_line(job->recommender, &line)) {
		if (!job->started) {
			take_header(job, line);
			write_header(s, jobs, job);
			next_round(s, job);
			continue;
		}
		/* Due lines are those of the last visits. */
		size_t left = recommender_due(job->recommender);
		take_answer(s, job, job->active[job->n_active - left - 1], line);
		if (left == 0)
			end_round(s, job);
	}
	/* One that waited for others, which lagged. */
	if (job->started && !job->finished && job->n_active == 0 && may_begin(s, job))
		next_round(s, job);
}

static void simulate(struct day *s, char **command)
{
	size_t n = (size_t)s->o->jobs;
	struct job *jobs = memory_zero(n, sizeof *jobs);
	struct recommender **recommenders = memory_new(n, sizeof(*recommenders));
	stop_catch();
	for (size_t j = 0; j < n; j++) {
		struct job *job = &jobs[j];
		job->number = (uint32_t)j;
		job->active = memory_new((size_t)s->o->window, sizeof(*job->active));
		job->recommender = recommenders[j] = recommender_start(command, s->o->timeout_s);
		buffer_add_text(&job->requests, "message\tuser\ttrack\ttime\ttimestamp\n");
		recommender_ask(job->recommender, &job->requests, 1);
	}
	while (recommenders_wait(recommenders, n))
		for (size_t j = 0; j < n; j++)
			take_lines(s, jobs, &jobs[j]);
	for (size_t j = 0; j < n; j++) {
		recommender_free(jobs[j].recommender);
		free(jobs[j].active);
		free(jobs[j].is_own);
		buffer_free(&jobs[j].requests);
		buffer_free(&jobs[j].further);
	}
	free(recommenders);
	free(jobs);
}

static int run(const struct options *o, char **command, int words)
{
	if (words == 0)
		usage_error("a recommender is required, as in -- next-track --recs topk.tsv");
	struct day s = {
		.o = o,
		.behavior = {o->budget, o->most, o->discount},
		.world = world_read(o->tracks, o->embeddings, o->users, (uint32_t)o->neighbors),
		.done = memory_zero(AHEAD, sizeof *s.done),
	};
	uint32_t users = strmap_count(s.world->users);
	find_present(&s);
	choose_users(&s);
	s.user_clock = memory_zero(users, sizeof *s.user_clock);
	s.busy = memory_zero(users, sizeof *s.busy);
	s.out = output_open(o->common.output, false);
	if (o->episodes) {
		s.episodes = output_open(o->episodes, false);
		output_text(s.episodes, "session\tuser\tinterest\tsteps\ttime\tstart\tend\n");
	}
	simulate(&s, command);
	output_close(s.out);
	if (s.episodes)
		output_close(s.episodes);
	if (s.n_cut)
		warn("%llu of %u sessions were ended by --max-steps", (unsigned long long)s.n_cut, s.n_sessions);
	run_report(s.n_sessions, s.n_events, 0);
	free(s.present);
	free(s.user_of);
	free(s.user_clock);
	free(s.busy);
	free(s.done);
	world_free(s.world);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "simulate-sessions",
	.usage = "[OPTION]... -- RECOMMENDER [ARGUMENT]...",
	.summary = "Simulate listeners who ask a recommender for tracks, and write the events.",
	.reads = "tracks, embeddings, users; from the recommender user recommendation and more",
	.writes = "message timestamp user track time latency recommendation and the further columns of "
		"the answers",
	.examples = {
		"simulate-sessions --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \\\n"
		"    -- next-track --items w/tracks.tsv > day1.tsv",
		"simulate-sessions --tracks t.json --embeddings e.npy --users u.json -- ./mine.py > events.tsv",
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
