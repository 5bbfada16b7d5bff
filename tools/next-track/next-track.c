/* next-track - answers "what next?" for listeners, and logs what happened.
 *
 * Reads: message user track time [timestamp]; message is next or last.
 * Writes: user recommendation source rank probability and a column per experiment,
 * one row for each next, flushed as soon as no request is waiting.
 *
 *	next-track --recs topk.tsv --items items.tsv --log events.tsv
 *	next-track --redis unix:///run/redis.sock --experiment AB --arm C=random --arm T1=indexed
 *
 * Leaves to others: the lists (export-topk, load-redis), sockets (socat, inetd).
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "events.h"
#include "file-lists.h"
#include "frame/options.h"
#include "frame/run.h"
#include "recommend.h"
#include "redis-lists.h"
#include "rules.h"
#include "catalog-sampler.h"
#include "streams/output.h"
#include "streams/table.h"
#include "visits.h"

struct options {
	struct common common;
	const char *recs, *redis, *prefix, *password_file, *items, *popular, *recommender, *registry;
	const char *log, *message, *user, *track, *time, *timestamp;
	struct option_list experiments, arms;
	int pick, log_format, clock, timestamp_unit;
	bool pipeline, log_sync;
	uint64_t log_memory;
	double deadline_s, max_age_s, temperature;
};

static const struct option_row OPTIONS[] = {
	OPTION_FILE("recs", "FILE", recs,
		.required = true, .unless = "redis|items", .required_by = "pick=softmax", .excludes = "redis",
		.help = "the lists: top-N rows (user rank item score); no server is needed; a packed file "
			"is opened again on SIGHUP"),
	OPTION_TEXT("redis", "URL", redis,
		.help = "the lists as load-redis published them: "
			"redis://[USER@]HOST[:PORT][/DATABASE] or unix://[USER@]PATH[?db=DATABASE]; "
			"the password comes from REDISCLI_AUTH"),
	OPTION_FILE("items", "FILE", items,
		.help = "the catalog (item, and artist available blocked): random tracks are drawn "
			"from it, and nothing else is recommended"),
	OPTION_TEXT("recommender", "NAME,...", recommender, .fallback = "indexed",
		.help = "recommenders to ask in this order when no experiment decides: random, popular, "
			"sticky-artist, delta or indexed; random always comes last"),
	OPTION_LIST("experiment", "NAME[=N]", experiments,
		.help = "an experiment with N equal arms C, T1, ..., or as many as --arm names"),
	OPTION_FILE("experiments", "FILE", registry,
		.help = "the registry: name arm weight recommender salt"),
	OPTION_STATE("log", "FILE", log, .help = "append the events to FILE; reopened on SIGHUP"),
	COMMON_OUTPUT_FILE, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Recommenders"),
	OPTION_FILE("popular", "FILE", popular,
		.help = "the popular items, in the order of FILE"),
	OPTION_LIST("arm", "ARM=NAME,...", arms,
		.help = "recommender of an arm of the first --experiment"),
	OPTION_CHOICE("pick", "HOW", pick, "uniform|rank|softmax", .fallback = "uniform",
		.help = "how to draw an item from a list: uniformly, by 1/rank, or by "
			"exp(score/temperature) (--recs only)"),
	OPTION_REAL("temperature", "X", temperature, .fallback = "1", .low = ABOVE_ZERO,
		.high = INFINITY,
		.help = "temperature of --pick softmax"),

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
	COMMON_RENAME,
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

static const double FLUSH_EVERY_S = 1e-3; /* while requests wait */

struct service {
	const struct options *o;
	struct rules rules;
	struct catalog_sampler sampler;
	struct file_lists *file;
	struct redis_lists *remote;
	struct recommend recommend;
	struct visits *visits;
	struct log log;
	size_t *arms;                 /* scratch: of the current request */
	bool request_clock;           /* times are the requests' */
	struct output *out;
	double flushed, flush_every_s; /* when it was the last time; clock_wall() */
	size_t answer_most;           /* bytes of an answer beside its ids */
	int hangups;                  /* SIGHUPs that were heard */
	uint64_t answered, fallen_back;
};

/* ---- answering ---- */

static void write_header(const struct service *s)
{
	output_text(s->out, "user\trecommendation\tsource\trank\tprobability");
	for (size_t x = 0; x < s->rules.experiments.n; x++) {
		output_tab(s->out);
		output_text(s->out, s->rules.experiments.all[x].name);
	}
	output_byte(s->out, '\n');
}

/* SIGTERM and SIGINT wait while requests are under way: whoever was read is answered
 * and logged, then the signal ends the program. */
static void hold_signals(bool hold)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) != 0)
		die(STATUS_FAILED, "cannot hold signals back");
}

/* Answers first, then the log; with --log-sync the log, and when it is on disk the answers.
 * That takes time, in which further requests come, and they share the next sync: while
 * there are some, as much time is given to answers as to syncs. */
static void flush(struct service *s)
{
	enum { LONGEST_S = 1 };
	double begin = clock_wall();
	if (s->o->log_sync && s->o->log && !log_commit(&s->log)) {
		tell("the last answers are not given: their events could not be written");
		s->out->n = 0;
		hold_signals(false); /* the one that waits ends the program */
	}
	output_flush(s->out);
	if (s->o->log && !s->o->log_sync)
		log_flush(&s->log);
	s->flushed = clock_wall();
	s->flush_every_s = s->o->log_sync ? fmin(fmax(s->flushed - begin, FLUSH_EVERY_S), LONGEST_S)
		: FLUSH_EVERY_S;
}

static void write_answer(struct service *s, const struct request *q, const struct answer *a)
{
	struct output *out = s->out;
	/* A full buffer would be written at once, before the log. */
	if (s->o->log_sync && out->capacity - out->n < q->user.n + a->item.n + s->answer_most)
		flush(s);
	output_span(out, q->user);
	output_tab(out);
	output_span(out, a->item);
	output_tab(out);
	output_text(out, RECOMMENDER_NAMES[a->source]);
	if (a->why) {
		output_byte(out, ':');
		output_text(out, a->why);
	}
	output_tab(out);
	if (a->rank)
		output_u64(out, a->rank);
	output_tab(out);
	output_double(out, a->probability);
	for (size_t x = 0; x < s->rules.experiments.n; x++) {
		output_tab(out);
		output_text(out, s->rules.experiments.all[x].arms[s->arms[x]].name);
	}
	output_byte(out, '\n');
}

/* Bytes of an answer without its ids, at most. */
static size_t longest_answer(const struct experiments *experiments)
{
	size_t sum = 256; /* TABs, source, numbers */
	for (size_t x = 0; x < experiments->n; x++) {
		const struct experiment *e = &experiments->all[x];
		size_t longest = 0;
		for (size_t a = 0; a < e->n; a++)
			longest = strlen(e->arms[a].name) > longest ? strlen(e->arms[a].name) : longest;
		sum += longest + 1;
	}
	return sum;
}

static const char *generation(const struct service *s)
{
	return s->remote ? redis_lists_generation(s->remote) : s->file ? "file" : "";
}

/* One request whose list has been fetched. `begin`: when the work on it began. */
static void serve_one(struct service *s, const struct request *q, double begin)
{
	const struct rules *rules = &s->rules;
	size_t decides;
	const struct chain *chain = rules_choose(rules, q->user, s->arms, &decides);
	struct event e = {.request = q, .arms = s->arms, .generation = generation(s),
		.visit = visits_step(s->visits, q->user, q->timestamp_ms, q->last)};
	struct answer a;
	if (!q->last) {
		a = recommend(&s->recommend, q, chain, e.visit.answers);
		write_answer(s, q, &a);
		s->answered++;
		s->fallen_back += a.why != NULL;
		e.answer = &a;
	}
	if (!s->o->log)
		return;
	if (!q->last && decides < rules->experiments.n)
		e.triggered = recommend_arms_differ(&s->recommend, q, rules->chains[decides],
						    rules->experiments.all[decides].n, &rules->usual);
	/* In nanoseconds, which is what the clock can tell. */
	e.latency_s = s->request_clock ? 0 : round((clock_wall() - begin) * 1e9) / 1e9;
	events_add(&s->log, &e, &rules->experiments);
}

/* After SIGHUP: packed lists are opened again, between two requests. */
static void renew_lists(struct service *s)
{
	if (!s->file || s->hangups == hangup_count())
		return;
	s->hangups = hangup_count();
	if (file_lists_are_mapped(s->file))
		s->recommend.file = s->file = file_lists_reopen(s->file, s->o->recs, &s->sampler);
}

/* Requests that came together, so many at a time: from Redis one after the other, or with
 * --pipeline in groups. Whoever is first does not wait for the last one. */
static void serve(struct service *s, struct request *requests, size_t n)
{
	enum { BULK = 2000, FROM_FILE = 64 };
	size_t group = !s->remote ? FROM_FILE : s->o->pipeline ? BULK : 1;
	for (size_t from = 0; from < n; from += group) {
		double begin = clock_wall();
		size_t to = n - from < group ? n : from + group;
		if (begin - s->flushed > s->flush_every_s)
			flush(s);
		renew_lists(s);
		if (s->remote)
			redis_lists_fetch(s->remote, requests + from, to - from);
		s->recommend.stale = s->remote ? redis_lists_are_stale(s->remote)
			: s->file && file_lists_are_stale(s->file);
		for (size_t i = from; i < to; i++) {
			serve_one(s, &requests[i], begin);
			if (requests[i].reply)
				freeReplyObject(requests[i].reply);
		}
	}
}

/* ---- reading requests ---- */

struct columns {
	size_t message, user, track, time;
	long timestamp;
	enum time_unit unit; /* of its times */
};

static struct columns find_columns(struct table *t, const struct options *o)
{
	struct column timestamp = option_column("timestamp", o->timestamp);
	return (struct columns){
		.message = table_column(t, option_column("message", o->message)),
		.user = table_column(t, option_column("user", o->user)),
		.track = table_column(t, option_column("track", o->track)),
		.time = table_column(t, option_column("time", o->time)),
		.timestamp = o->clock == 2 ? (long)table_column(t, timestamp)
			: table_optional_column(t, timestamp),
		.unit = (enum time_unit)o->timestamp_unit,
	};
}

static bool parse_request(struct table *t, const struct columns *c, bool request_clock,
			  struct request *q)
{
	struct span message = table_field(t, c->message);
	*q = (struct request){.last = span_equal(message, span_of("last"))};
	if (!q->last && !span_equal(message, span_of("next"))) {
		table_reject(t, c->message, "not next or last");
		return false;
	}
	q->user = table_field(t, c->user);
	if (q->user.n == 0) {
		table_reject(t, c->user, "an empty id");
		return false;
	}
	q->track = table_field(t, c->track);
	q->time = table_field(t, c->time);
	double share;
	if (q->time.n && !table_double(t, c->time, &share))
		return false;
	if (request_clock)
		return table_time(t, (size_t)c->timestamp, c->unit, &q->timestamp_ms);
	q->timestamp_ms = clock_unix_ms();
	return true;
}

/* Until the input ends: all that is there is read, answered, flushed. */
static void serve_table(struct service *s, struct table *t, const struct columns *c)
{
	struct request *requests = NULL;
	size_t capacity = 0;
	for (size_t rows; (rows = table_next_rows(t)) > 0;) {
		size_t n = 0;
		hold_signals(true);
		requests = memory_grow(requests, &capacity, rows, sizeof *requests);
		for (size_t r = 0; r < rows; r++) {
			if (r > 0)
				table_block_row(t, r);
			n += parse_request(t, c, s->request_clock, &requests[n]);
		}
		serve(s, requests, n);
		if (table_has_rows(t))
			continue;
		flush(s);
		hold_signals(false);
	}
	free(requests);
}

/* ---- setting up ---- */

/* Nobody waits for a single answer of bulk input. */
enum { BULK_DEADLINE_S = 5 };

static void open_redis(struct service *s)
{
	const struct options *o = s->o;
	const struct redis_lists_options options = {
		.url = o->redis, .password_file = o->password_file, .prefix = o->prefix,
		.deadline_s = o->pipeline && !option_given("deadline") ? BULK_DEADLINE_S : o->deadline_s,
		.max_age_s = o->max_age_s,
		.wants_lists = s->rules.wants_lists,
		.wants_items = !o->items, .wants_popular = !o->popular,
	};
	s->remote = redis_lists_open(&options, &s->sampler);
	if (sampler_has_stock(&s->sampler))
		return;
	if (redis_lists_are_there(s->remote))
		die(STATUS_DATA, "no catalog is published under the prefix '%s': load-redis --items does "
		    "that, or give --items", o->prefix);
	die(STATUS_UNAVAILABLE, "without --items there is nothing to answer with until the server is up");
}

static void open_file(struct service *s, struct table *recs)
{
	const struct options *o = s->o;
	if (o->pick == PICK_SOFTMAX)
		table_column(recs, column_called("score"));
	s->file = file_lists_read(recs, o->recs, o->max_age_s, o->pick == PICK_SOFTMAX);
	file_lists_check_offers(s->file, &s->sampler);
	if (file_lists_are_mapped(s->file))
		hangup_catch();
	if (!sampler_has_stock(&s->sampler))
		die(STATUS_DATA, "%s: no lists, and no --items: there is nothing to answer with", o->recs);
}

static void open_sources(struct service *s)
{
	const struct options *o = s->o;
	struct table *recs = o->recs ? table_open_file(o->recs) : NULL;
	struct table *items = o->items ? table_open_file(o->items) : NULL;
	struct table *popular = o->popular ? table_open_file(o->popular) : NULL;
	if (items)
		sampler_read_items(&s->sampler, items, o->items);
	if (popular)
		sampler_read_popular(&s->sampler, popular);
	if (recs)
		open_file(s, recs);
	if (o->redis)
		open_redis(s);
	s->recommend = (struct recommend){.pick = (enum pick)o->pick, .temperature = o->temperature,
		.seed = o->common.seed, .sampler = &s->sampler, .file = s->file};
}

static int run(const struct options *o, char **files, int count)
{
	struct service s = {.o = o, .visits = visits_new()};
	rules_set_up(&s.rules, o->registry, &o->experiments, &o->arms, o->recommender);
	if (s.rules.names_delta && !o->redis)
		usage_error("the recommender delta requires --redis");
	struct table_format format = COMMON_FORMAT(&o->common);
	s.out = output_open(o->common.output, false);
	s.out->by_line = false; /* flushed when nobody waits */
	open_sources(&s);
	struct table *t = table_open(files, count, &format);
	struct columns c = find_columns(t, o);
	s.request_clock = o->clock == 2 || (o->clock == 0 && c.timestamp >= 0);
	s.answer_most = longest_answer(&s.rules.experiments);
	s.flush_every_s = FLUSH_EVERY_S;
	s.arms = memory_zero(s.rules.experiments.n + 1, sizeof *s.arms);
	const struct log_options log = {o->log, o->log_format == 1, o->log_sync, o->log_memory};
	if (o->log)
		events_open(&s.log, &log, &s.rules.experiments);
	if (!o->common.no_header)
		write_header(&s);
	output_flush(s.out);
	serve_table(&s, t, &c);
	hold_signals(true); /* what is left to write is written once */
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(s.out);
	redis_lists_close(s.remote);
	bool whole = !o->log || log_close(&s.log);
	note("%llu answers, %llu of them from a fallback", (unsigned long long)s.answered,
	     (unsigned long long)s.fallen_back);
	run_report(rows, s.answered, rejected);
	file_lists_free(s.file);
	recommend_free(&s.recommend);
	sampler_free(&s.sampler);
	visits_free(s.visits);
	free(s.arms);
	return whole ? STATUS_DONE : STATUS_FAILED;
}

static const struct program PROGRAM = {
	.name = "next-track",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Answer each listener's request with a track, and log the events.",
	.reads = "message user track time [timestamp]",
	.writes = "user recommendation source rank probability and a column per experiment",
	.examples = {
		"next-track --recs topk.tsv --items items.tsv --log events.tsv < requests.tsv",
		"next-track --redis unix:///run/redis.sock --experiment X --arm C=random --arm T1=indexed < ask.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
	.service = true,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
