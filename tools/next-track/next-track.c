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
#include "frame/run.h"
#include "frame/sides.h"
#include "options.h"
#include "recommend.h"
#include "redis-lists.h"
#include "replies.h"
#include "requests.h"
#include "rules.h"
#include "catalog-sampler.h"
#include "streams/output.h"
#include "streams/table.h"
#include "visits.h"

static const double FLUSH_EVERY_S = 1e-3; /* while requests wait */
static const double SAVE_EVERY_S = 1;     /* what bandits learn */

struct service {
	const struct options *o;
	struct rules rules;
	struct catalog_sampler sampler;
	struct file_lists *file;
	struct redis_lists *remote;
	struct recommend recommend;
	struct file_lists *challenger;
	struct file_neighbors *neighbors;
	struct visits *visits;
	struct sessions *sessions;    /* NULL: no recommender looks at them */
	struct log log;
	size_t *arms;                 /* scratch: of the current request */
	bool request_clock;           /* times are the requests' */
	struct output *out;
	double flushed, flush_every_s; /* when it was the last time; clock_wall() */
	size_t answer_most;           /* bytes of an answer beside its ids */
	int hangups;                  /* SIGHUPs that were heard */
	uint64_t answered, fallen_back;
	/* --replies */
	uint64_t replied;
	struct table *table;          /* of the requests */
	struct buffer reply;          /* scratch: a row */
	char *problem;                /* of the row that is looked at; NULL: nothing yet */
	bool parsing;                 /* ... it has the right number of fields */
};

/* ---- answering ---- */

static void write_header(struct service *s)
{
	if (s->o->replies) {
		replies_add_header(&s->reply, &s->rules);
		output_bytes(s->out, s->reply.data, s->reply.n);
		return;
	}
	output_text(s->out, "user\trecommendation\tsource\trank\tprobability");
	for (size_t x = 0; x < s->rules.experiments.n; x++) {
		output_tab(s->out);
		output_text(s->out, s->rules.experiments.all[x].name);
	}
	if (s->rules.interleaves)
		output_text(s->out, "\tteam");
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
	if (s->rules.interleaves) {
		output_tab(out);
		output_text(out, a->team ? a->team : "");
	}
	output_byte(out, '\n');
}

/* Bytes of an answer without its ids, at most. */
static size_t longest_answer(const struct experiments *experiments)
{
	size_t sum = 288; /* TABs, source, numbers */
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
	return s->remote ? redis_lists_generation(s->remote) : s->file || s->neighbors ? "file" : "";
}

static int64_t published_ms(const struct service *s)
{
	return s->remote ? redis_lists_published_ms(s->remote) : s->file ? file_lists_written_ms(s->file)
		: s->neighbors ? file_neighbors_written_ms(s->neighbors) : 0;
}

/* The row of --replies. `a`: the answer of a next; otherwise NULL. */
static void write_reply(struct service *s, const struct request *q, const struct answer *a)
{
	struct reply r = {.request = q, .number = ++s->replied, .answer = a, .generation = generation(s),
		.published_ms = published_ms(s), .lost = s->log.lost};
	if (q->kind == REQUEST_STEP)
		r.arms = s->arms;
	else if (q->kind != REQUEST_BAD)
		r.list = recommend_list(&s->recommend, q, &r.reason);
	s->reply.n = 0;
	replies_add(&s->reply, &r, &s->rules);
	/* A full buffer would be written at once, before the log. */
	if (s->o->log_sync && s->out->capacity - s->out->n < s->reply.n)
		flush(s);
	output_bytes(s->out, s->reply.data, s->reply.n);
}

/* One request whose list has been fetched. `begin`: when the work on it began. */
static void serve_one(struct service *s, const struct request *q, double begin)
{
	if (q->kind != REQUEST_STEP) {
		write_reply(s, q, NULL);
		return;
	}
	const struct rules *rules = &s->rules;
	size_t decides;
	if (rules->bandits.n)
		bandits_hear(&s->rules.bandits, q->visit.user, q->track, q->heard);
	const struct chain *chain = rules_choose(rules, q->user, s->arms, &decides);
	struct event e = {.request = q, .arms = s->arms, .generation = generation(s)};
	struct answer a;
	if (!q->last) {
		a = recommend(&s->recommend, q, chain, q->visit.answers);
		if (!s->o->replies)
			write_answer(s, q, &a);
		if (a.arm)
			bandits_answered(&s->rules.bandits, q->visit.user, chain->bandit, a.arm - 1, a.item);
		s->answered++;
		s->fallen_back += a.why != NULL;
		e.answer = &a;
	}
	if (s->o->replies)
		write_reply(s, q, e.answer);
	if (!s->o->log)
		return;
	if (!q->last && decides < rules->experiments.n)
		e.triggered = recommend_arms_differ(&s->recommend, q, rules->chains[decides],
						    rules->experiments.all[decides].n, &rules->usual);
	/* In nanoseconds, which is what the clock can tell. */
	e.latency_s = s->request_clock ? 0 : round((clock_wall() - begin) * 1e9) / 1e9;
	events_add(&s->log, &e, &rules->experiments, rules->interleaves);
}

/* What is opened again after SIGHUP; NULL: it stays. */
struct renewal {
	struct file_lists *lists, *challenger;
	struct file_neighbors *neighbors;
};

static struct renewal open_again(const struct service *s, struct failure *why)
{
	struct renewal new = {0};
	if (s->file && file_lists_are_mapped(s->file))
		new.lists = file_lists_reopen(s->file, s->o->recs, why);
	if (s->challenger && file_lists_are_mapped(s->challenger) && !has_failed(why))
		new.challenger = file_lists_reopen(s->challenger, s->o->challenger, why);
	if (s->neighbors && file_neighbors_are_mapped(s->neighbors) && !has_failed(why))
		new.neighbors = file_neighbors_reopen(s->neighbors, s->o->neighbors, why);
	return new;
}

static struct file_lists *put_lists(struct service *s, struct file_lists *old, struct file_lists *new)
{
	if (!new)
		return old;
	file_lists_check_offers(new, &s->sampler);
	file_lists_free(old);
	return new;
}

/* After SIGHUP: packed files are opened again, between two requests; all of them, or none. */
static void renew_files(struct service *s)
{
	struct failure why = {0};
	if (s->hangups == hangup_count())
		return;
	s->hangups = hangup_count();
	struct renewal new = open_again(s, &why);
	if (has_failed(&why)) {
		bool lists = s->file || s->challenger;
		tell("%s; the old %s stay in use", why.text, !s->neighbors ? "lists"
		     : !lists ? "neighbors" : "lists and neighbors");
		file_lists_free(new.lists);
		file_lists_free(new.challenger);
		file_neighbors_free(new.neighbors);
		return;
	}
	s->recommend.file = s->file = put_lists(s, s->file, new.lists);
	s->recommend.challenger = s->challenger = put_lists(s, s->challenger, new.challenger);
	if (new.neighbors) {
		file_neighbors_check_offers(new.neighbors, &s->sampler);
		file_neighbors_free(s->neighbors);
		s->recommend.neighbors.file = s->neighbors = new.neighbors;
	}
}

/* Notes what the requests tell of their users, in their order. */
static void note_visits(struct service *s, struct request *requests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct request *q = &requests[i];
		if (q->kind != REQUEST_STEP)
			continue;
		q->visit = visits_step(s->visits, q->user, q->timestamp_ms, q->last);
		if (s->sessions)
			sessions_step(s->sessions, q->visit.user, (struct heard){q->track, q->heard}, q->last,
				      &q->recents);
	}
	if (!s->sessions)
		return;
	const struct heard *recent = sessions_take_snapshot(s->sessions);
	for (size_t i = 0; i < n; recent += requests[i++].recents)
		requests[i].recent = recent;
}

/* Requests that came together, so many at a time: from Redis one after the other, or with
 * --pipeline in groups. Whoever is first does not wait for the last one. */
static void serve(struct service *s, struct request *requests, size_t n)
{
	enum { BULK = 2000, BULK_OF_SESSIONS = 200, FROM_FILE = 64 };
	size_t group = !s->remote ? FROM_FILE : !s->o->pipeline ? 1
		: s->sessions && !s->neighbors ? BULK_OF_SESSIONS : BULK;
	for (size_t from = 0; from < n; from += group) {
		double begin = clock_wall();
		size_t to = n - from < group ? n : from + group;
		if (begin - s->flushed > s->flush_every_s)
			flush(s);
		renew_files(s);
		bandits_save(&s->rules.bandits, SAVE_EVERY_S);
		note_visits(s, requests + from, to - from);
		if (s->remote)
			redis_lists_fetch(s->remote, requests + from, to - from);
		s->recommend.stale = s->remote ? redis_lists_are_stale(s->remote)
			: s->file && file_lists_are_stale(s->file);
		s->recommend.challenger_stale = s->challenger && file_lists_are_stale(s->challenger);
		s->recommend.neighbors.stale = s->neighbors ? file_neighbors_are_stale(s->neighbors)
			: s->recommend.stale;
		for (size_t i = from; i < to; i++) {
			serve_one(s, &requests[i], begin);
			redis_lists_forget(&requests[i]);
			free(requests[i].problem);
		}
	}
}

/* ---- reading requests ---- */

/* A bad row, with --replies: one with its fields waits for its turn among the requests that were read
 * with it, any other is answered at once. */
static void hear_rejected(void *service, const char *what, struct span raw)
{
	struct service *s = service;
	(void)raw;
	s->problem = memory_text(what, strlen(what));
	if (s->parsing)
		return;
	hold_signals(true);
	write_reply(s, &(struct request){.kind = REQUEST_BAD, .problem = s->problem}, NULL);
	free(s->problem);
	s->problem = NULL;
	if (table_has_rows(s->table))
		return;
	flush(s);
	hold_signals(false);
}

/* Appends the current row; how many it is: with --replies a bad one is a request, too. */
static size_t take_request(struct service *s, struct table *t, const struct request_columns *c,
			   struct request *q)
{
	s->parsing = true;
	bool good = request_parse(t, c, q);
	s->parsing = false;
	if (good || !s->problem)
		return good;
	*q = (struct request){.kind = REQUEST_BAD, .name = q->name, .problem = s->problem};
	s->problem = NULL;
	return 1;
}

/* Until the input ends: all that is there is read, answered, flushed. */
static void serve_table(struct service *s, struct table *t, const struct request_columns *c)
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
			n += take_request(s, t, c, &requests[n]);
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
		.wants_neighbors = s->rules.wants_neighbors && !o->neighbors,
		.wants_items = !o->items, .wants_popular = !o->popular, .replies = o->replies,
	};
	s->remote = redis_lists_open(&options, &s->sampler);
	if (sampler_has_stock(&s->sampler))
		return;
	if (redis_lists_are_there(s->remote))
		die(STATUS_DATA, "no catalog is published under the prefix '%s': load-redis --items does "
		    "that, or give --items", o->prefix);
	die(STATUS_UNAVAILABLE, "without --items there is nothing to answer with until the server is up");
}

static void open_lists(struct service *s, struct table *recs)
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

static void open_challenger(struct service *s, struct table *challenger)
{
	const struct options *o = s->o;
	if (o->pick == PICK_SOFTMAX)
		table_column(challenger, column_called("score"));
	s->challenger = file_lists_read(challenger, o->challenger, o->max_age_s, o->pick == PICK_SOFTMAX);
	file_lists_check_offers(s->challenger, &s->sampler);
	if (file_lists_are_mapped(s->challenger))
		hangup_catch();
}

static void open_neighbors(struct service *s, struct table *neighbors)
{
	const struct options *o = s->o;
	s->neighbors = file_neighbors_read(neighbors, o->neighbors, o->max_age_s);
	file_neighbors_check_offers(s->neighbors, &s->sampler);
	if (file_neighbors_are_mapped(s->neighbors))
		hangup_catch();
	if (!sampler_has_stock(&s->sampler))
		die(STATUS_DATA, "%s: no neighbors, and no --items: there is nothing to answer with",
		    o->neighbors);
}

static void open_sources(struct service *s)
{
	const struct options *o = s->o;
	struct table *recs = option_table("recs", o->recs);
	struct table *items = option_table("items", o->items);
	struct table *popular = option_table("popular", o->popular);
	struct table *challenger = option_table("challenger", o->challenger);
	struct table *neighbors = option_table("neighbors", o->neighbors);
	if (items)
		sampler_read_items(&s->sampler, items, o->items);
	if (popular)
		sampler_read_popular(&s->sampler, popular);
	if (recs)
		open_lists(s, recs);
	if (o->redis)
		open_redis(s);
	if (neighbors)
		open_neighbors(s, neighbors);
	if (challenger)
		open_challenger(s, challenger);
	s->recommend = (struct recommend){.pick = (enum pick)o->pick, .temperature = o->temperature,
		.seed = o->common.seed, .sampler = &s->sampler, .file = s->file, .challenger = s->challenger,
		.neighbors = {.file = s->neighbors, .sampler = &s->sampler}, .bandits = &s->rules.bandits,
		.nearest = (uint32_t)o->nearest, .decay = o->decay, .skipped = o->skipped};
	if (s->rules.names[SESSION])
		s->sessions = sessions_new((uint32_t)o->last, o->session_memory);
}

/* Do the recommenders have what they look at? */
static void check_recommenders(const struct rules *r, const struct options *o)
{
	static const char *const BANDIT_OPTIONS[] = {"bandit-state", "bandit-epsilon", "bandit-least"};
	for (size_t i = 0; i < sizeof BANDIT_OPTIONS / sizeof *BANDIT_OPTIONS; i++)
		if (option_given(BANDIT_OPTIONS[i]) && r->bandits.n == 0)
			usage_error("--%s requires a recommender bandit:A+B", BANDIT_OPTIONS[i]);
	if (r->names[CHALLENGER] && !o->challenger)
		usage_error("the recommender challenger requires --challenger");
	if (r->names[DELTA] && !o->redis)
		usage_error("the recommender delta requires --redis");
	if (r->wants_neighbors && !o->neighbors && !o->redis)
		usage_error("the recommender %s requires --neighbors or --redis",
			    RECOMMENDER_NAMES[r->names[CONTEXTUAL] ? CONTEXTUAL : SESSION]);
	if (o->pick == PICK_SOFTMAX && !o->recs && (r->names[INDEXED] || r->names[DELTA]))
		usage_error("option --recs is required by --pick=softmax and the recommender %s",
			    RECOMMENDER_NAMES[r->names[INDEXED] ? INDEXED : DELTA]);
}

/* A recommender that was asked for by name and has nothing to look at answers nobody: that is said. */
static void warn_of_sources(const struct service *s)
{
	const struct options *o = s->o;
	const struct catalog *catalog = s->sampler.catalog;
	const struct {
		enum recommender who;
		bool has;
		const char *needs;
	} SOURCES[] = {
		{INDEXED, o->recs || o->redis, "--recs or --redis"},
		{SEQUENTIAL, o->recs || o->redis, "--recs or --redis"},
		{POPULAR, o->popular || o->redis, "--popular or --redis"},
		{STICKY_ARTIST, catalog && catalog->has_artists, catalog ? "a column artist in --items" : "--items"},
	};
	for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++)
		if (s->rules.given[SOURCES[i].who] && !SOURCES[i].has)
			warn("the recommender %s has nothing to recommend without %s",
			     RECOMMENDER_NAMES[SOURCES[i].who], SOURCES[i].needs);
}

static int run(const struct options *o, char **files, int count)
{
	struct service s = {.o = o, .visits = visits_new()};
	rules_set_up(&s.rules, o->registry, &o->experiments, &o->arms, o->recommender);
	check_recommenders(&s.rules, o);
	struct table_format format = COMMON_FORMAT(&o->common);
	s.out = output_open(o->common.output, false);
	s.out->by_line = false; /* flushed when nobody waits */
	open_sources(&s);
	warn_of_sources(&s);
	const struct bandit_options bandit = {o->bandit_state, o->bandit_epsilon, o->bandit_least};
	bandits_open(&s.rules.bandits, &bandit);
	format.skip_bad |= o->replies && !option_given("on-error");
	struct table *t = s.table = table_open(files, count, &format);
	if (o->replies) {
		hangup_catch(); /* its front passes it on, whatever there is to open again */
		table_hear_rejects(t, hear_rejected, &s);
	}
	struct request_columns c = requests_find_columns(t, o);
	s.request_clock = c.request_clock;
	s.answer_most = longest_answer(&s.rules.experiments);
	s.flush_every_s = FLUSH_EVERY_S;
	s.arms = memory_zero(s.rules.experiments.n + 1, sizeof *s.arms);
	const struct log_options log = {o->log, o->log_format == 1, o->log_sync, o->log_memory};
	if (o->log)
		events_open(&s.log, &log, &s.rules.experiments, s.rules.interleaves);
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
	whole &= bandits_save(&s.rules.bandits, 0);
	note("%llu answers, %llu of them from a fallback", (unsigned long long)s.answered,
	     (unsigned long long)s.fallen_back);
	run_report(rows, o->replies ? s.replied : s.answered, rejected);
	file_lists_free(s.file);
	file_lists_free(s.challenger);
	recommend_free(&s.recommend);
	sampler_free(&s.sampler);
	file_neighbors_free(s.neighbors);
	sessions_free(s.sessions);
	visits_free(s.visits);
	bandits_free(&s.rules.bandits);
	free(s.arms);
	buffer_free(&s.reply);
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
	.options = NEXT_TRACK_OPTIONS,
	.options_size = sizeof(struct options),
	.service = true,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
