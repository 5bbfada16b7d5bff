/* load-redis - top-N lists into Redis, published as one generation.
 *
 * Lists go to staging keys; when the last one is acknowledged and all are counted, one
 * transaction renames them over what is live. Whoever reads sees the old lists
 * or the new ones, never a mixture; a failure says which, known from the server.
 *
 * Reads: user rank item (a top-N stream, the rows of a user together); of --neighbors: item
 * neighbor weight.
 * Writes: nothing; with --status the columns name value; with --emit-resp the commands.
 *
 *	load-redis --redis redis://127.0.0.1:6379/0 --prefix recs --items items.tsv < topk.tsv
 *
 * Leaves to others: which items a list has (export-topk), and TLS (--emit-resp).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "domain/catalog.h"
#include "domain/neighbors.h"
#include "domain/topn.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "keys.h"
#include "lists.h"
#include "load.h"
#include "publish.h"
#include "services/redis.h"
#include "send.h"
#include "stage.h"
#include "status.h"
#include "streams/table.h"

static const struct option_row OPTIONS[] = {
	OPTION_TEXT("redis", "URL", redis, .fallback = "redis://127.0.0.1:6379/0",
		.help = "the server: redis://[USER@]HOST[:PORT][/DATABASE] or "
			"unix://[USER@]PATH[?db=DATABASE]; the password comes from REDISCLI_AUTH"),
	OPTION_TEXT("prefix", "NAME", prefix, .fallback = "recs",
		.help = "the keys are NAME:lists, NAME:items, NAME:popular, NAME:neighbors and NAME:meta"),
	OPTION_FILE("items", "FILE", items, .side = true,
		.help = "also publish this catalog, for random fallbacks: item [available blocked]"),
	OPTION_FILE("popular", "FILE", popular, .side = true,
		.help = "publish the items of FILE, in its order, as the popular list"),
	OPTION_FILE("neighbors", "FILE", neighbors, .side = true,
		.help = "also publish the neighbors of each item (item neighbor weight), as train-items "
			"writes them"),
	OPTION_INT("min-rows", "N", min_rows, .fallback = "1", .low = 1, .high = 1e15,
		.help = "refuse to publish fewer than N lists"),
	OPTION_REAL("max-shrink", "SHARE", max_shrink, .fallback = "1", .low = 0, .high = 1,
		.help = "refuse to publish if the number of lists would fall by more than SHARE"),
	OPTION_FLAG("delta", delta,
		.excludes = "items,popular,neighbors,layout!=hash,shards!=1",
		.help = "replace only the lists of these users, immediately; they are served until the "
			"next full load"),
	OPTION_FLAG("rollback", rollback,
		.excludes = "dry-run,emit-resp,delta,items,popular,neighbors,FILE",
		.help = "publish the previous generation again, if it is complete; reads no input"),
	OPTION_FLAG("status", status,
		.excludes = "rollback,dry-run,emit-resp,delta,items,popular,neighbors,FILE",
		.help = "print what is live, since when, from which input, and what is missing; reads no "
			"input"),
	OPTION_FLAG("dry-run", dry_run,
		.excludes = "emit-resp",
		.help = "read and check everything, query the server, change nothing"),
	OPTION_FLAG("emit-resp", emit,
		.excludes = "delta,layout!=hash,shards!=1",
		.help = "write the commands to standard output for `redis-cli --pipe` instead of "
			"sending them"),
	COMMON_OUTPUT_RULES(.requires = "emit-resp|status"), COMMON_ABOUT,

	OPTION_GROUP("Parts"),
	OPTION_TEXT("stage", "NAME", stage, .requires = "part",
		.excludes = "publish,rollback,status,dry-run,emit-resp,delta,items,popular,neighbors,"
			"min-rows,max-shrink,layout!=hash",
		.help = "load the lists of one part into generation NAME, which is not live before --publish; "
			"again, or twice at once, comes to the same"),
	OPTION_TEXT("part", "K/N", part, .requires = "stage",
		.help = "the part, from 1/N to N/N"),
	OPTION_TEXT("publish", "NAME", publish, .requires = "parts",
		.excludes = "rollback,status,dry-run,emit-resp,delta,layout!=hash,shards!=1,FILE",
		.help = "publish generation NAME, if all of its parts are there; reads no lists"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 99999, .requires = "publish",
		.help = "how many parts there must be"),

	OPTION_GROUP("Layout"),
	OPTION_CHOICE("layout", "HOW", layout, "hash|string|list", .fallback = "hash",
		.help = "one hash of all lists, or a key per user (a string or a Redis list) that expires "
			"after --ttl"),
	OPTION_INT("shards", "N", shards, .fallback = "1", .low = 1, .high = SHARDS_MAX,
		.help = "spread --layout hash over N keys"),
	OPTION_DURATION("ttl", "TIME", ttl_s, .fallback = "7d", .low = 1, .high = 315360000,
		.help = "lifetime of the keys of users after publication"),
	OPTION_DURATION("staging-ttl", "TIME", staging_ttl_s, .fallback = "1d", .low = 1,
		.high = 31536000,
		.help = "expire unpublished staging keys after TIME"),

	OPTION_GROUP("Connection"),
	OPTION_FILE("password-file", "FILE", password_file,
		.help = "read the password from the first line of FILE"),
	OPTION_INT("window", "N", window, .fallback = "1000", .low = 1, .high = 1e6,
		.help = "number of commands sent before their replies are read"),
	OPTION_DURATION("timeout", "TIME", timeout_s, .fallback = "5s", .low = 1e-3, .high = 86400,
		.help = "how long to wait for the connection and for each reply"),
	OPTION_INT("retries", "N", retries, .fallback = "5", .low = 0, .high = 1000,
		.help = "number of reconnections when the server is lost, after 0.1 s, 0.2 s, 0.4 s, ... "
			"at most 5 s"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("rank", rank, .fallback = "rank", .help = "name of the column with ranks"),
	OPTION_COLUMN("item", item, .fallback = "item",
		.help = "name of the column with item ids, in the lists, --items and --popular"),
	COMMON_PROGRESS,
	OPTION_END
};

/* A name that no other load has: the time and some random bits. */
static char *new_generation(void)
{
	uint32_t bits = 0;
	if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
		die_errno(STATUS_FAILED, "cannot get random bytes");
	return memory_format("%" PRId64 "-%08x", clock_unix_ms(), bits);
}

/* Where the lists come from, for --status: whole paths. */
static char *describe_input(char **files, int count)
{
	struct buffer b = {0};
	for (int i = 0; i < count || i == 0; i++) {
		bool standard = count == 0 || strcmp(files[i], "-") == 0;
		char *whole = standard ? NULL : realpath(files[i], NULL);
		if (i)
			buffer_add_byte(&b, ' ');
		buffer_add_text(&b, standard ? "(standard input)" : whole ? whole : files[i]);
		free(whole);
	}
	return buffer_text(&b);
}

/* The files of a load, all of them opened before anything is sent. */
struct sources {
	struct table *lists;
	struct topn_reader *reader;
	struct catalog *items;
	struct buffer popular;   /* ids, TAB between them */
	uint64_t n_popular;
	struct neighbors *neighbors;
};

static struct neighbors *read_neighbors(const struct neighbors_reader *r, const char *file)
{
	struct neighbors *n = neighbors_read(r);
	table_close(r->table);
	if (neighbors_rows(n) == 0)
		die(STATUS_DATA, "%s: no item in it has neighbors", file);
	return n;
}

/* All but the lists is read to its end: what is bad in it costs no load. */
static struct sources open_sources(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct sources s = {.lists = o->publish ? NULL : table_open(files, count, &format)};
	struct table *items = option_table("items", o->items);
	struct table *popular = option_table("popular", o->popular);
	struct neighbors_reader neighbors = {0};
	if (o->neighbors)
		neighbors = neighbors_open(option_table("neighbors", o->neighbors));
	const struct column item = option_column("item", o->item);
	size_t popular_column = popular ? table_column(popular, item) : 0;
	/* Scores are not loaded and so not read. */
	const struct topn_columns columns = {
		.user = option_column("user", o->user), .rank = option_column("rank", o->rank), .item = item,
	};
	s.reader = s.lists ? topn_open(s.lists, &columns) : NULL;
	if (s.reader && !o->delta && !o->dry_run && !o->emit && !o->stage)
		topn_let_users_repeat(s.reader); /* the server's replies tell */
	s.items = items ? catalog_read(items, item) : NULL;
	if (s.items && s.items->n_offered == 0)
		die(STATUS_DATA, "%s: no item in it may be recommended", shown_input(o->items));
	s.n_popular = popular ? lists_read_popular(popular, popular_column, &s.popular) : 0;
	s.neighbors = o->neighbors ? read_neighbors(&neighbors, o->neighbors) : NULL;
	return s;
}

static void name_keys(struct load *l)
{
	const struct options *o = l->o;
	const char *name = o->stage ? o->stage : o->publish;
	l->generation = name ? memory_format("%s", name) : new_generation();
	for (enum part p = 0; p < PARTS; p++)
		l->staging[p] = published_key(o->prefix, l->generation, p);
	if (o->delta) {
		free(l->staging[PART_LISTS]);
		l->staging[PART_LISTS] = published_delta_key(o->prefix);
	}
	if (is_pointed(o) && o->layout == LAYOUT_HASH)
		l->shard_seen = memory_zero((size_t)o->shards, sizeof *l->shard_seen);
}

/* What is published beside the lists; returns which parts are staged. */
static unsigned send_parts(struct load *l, struct sources *s, uint64_t lists, const char *input)
{
	unsigned staged = (is_pointed(l->o) ? 0 : 1u << PART_LISTS) | 1u << PART_META;
	l->popular = s->n_popular;
	l->items = s->items ? s->items->n_offered : 0;
	if (l->popular) {
		lists_send_popular(l, &s->popular);
		staged |= 1u << PART_POPULAR;
	}
	if (s->items) {
		lists_send_items(l, s->items);
		staged |= 1u << PART_ITEMS;
	}
	if (s->neighbors) {
		l->neighbors = lists_count_neighbors(s->neighbors);
		lists_send_neighbors(l, s->neighbors);
		staged |= 1u << PART_NEIGHBORS;
	}
	lists_send_meta(l, lists, input);
	send_drain(l);
	return staged;
}

static uint64_t count_lists(struct topn_reader *reader)
{
	struct topn_list list;
	uint64_t n = 0;
	while (topn_next(reader, &list))
		n++;
	return n;
}

static void finish_load(struct load *l, struct sources *s)
{
	send_finished(l);
	keys_forget(l);
	if (s->lists) {
		topn_close(s->reader);
		table_close(s->lists);
	}
	catalog_free(s->items);
	buffer_free(&s->popular);
	neighbors_free(s->neighbors);
	for (enum part p = 0; p < PARTS; p++)
		free(l->staging[p]);
	free(l->shard_seen);
	free(l->generation);
}

/* A full load that was published meanwhile has dropped what had come of the delta. */
static void check_delta(struct load *l, uint64_t lists, const char *before)
{
	uint64_t there = send_count(l);
	char *live = publish_live_name(l);
	bool same = strcmp(live, before) == 0;
	free(live);
	if (same && there >= lists)
		return;
	send_finished(l);
	die(STATUS_UNAVAILABLE, "%s: %" PRIu64 " changed lists are there now; run it again", same
	    ? "the server has lost lists that it had acknowledged"
	    : "another generation was published in the meantime, which ends a delta", there);
}

/* The lists of one part, into a generation that is not live. */
static void load_part(struct load *l, char **files, int count)
{
	struct sources s = open_sources(l->o, files, count);
	name_keys(l);
	l->run_id = send_greet(l);
	send_clean_up_at_exit(l);
	stop_catch_reading(lists_heed_signals, l);
	uint64_t lists = stage_part(l, s.reader, s.lists);
	lists_heed_signals(l);
	uint64_t rows = table_rows(s.lists), rejected = table_rejected(s.lists);
	finish_load(l, &s);
	run_report(rows, lists, rejected);
}

/* All parts are there: what belongs to them beside the lists is sent, and they become live. */
static void publish_parts(struct load *l)
{
	struct options own = *l->o;
	struct sources s = open_sources(l->o, NULL, 0);
	uint64_t lists = 0;
	name_keys(l);
	l->run_id = send_greet(l);
	send_clean_up_at_exit(l);
	stop_catch_reading(lists_heed_signals, l);
	if (stage_read(l, &lists, &own.shards)) {
		char *input = memory_format("%" PRId64 " parts", own.parts);
		l->o = &own;
		if (is_pointed(&own)) {
			l->shard_seen = memory_zero((size_t)own.shards, sizeof *l->shard_seen);
			memset(l->shard_seen, true, (size_t)own.shards * sizeof *l->shard_seen);
		}
		publish_check_guards(l, lists);
		unsigned staged = send_parts(l, &s, lists, input);
		lists_heed_signals(l);
		publish(l, staged, lists);
		free(input);
	} else {
		note("generation %s is live already", l->generation);
	}
	finish_load(l, &s);
	run_report(0, lists, 0);
}

static void load(struct load *l, char **files, int count)
{
	const struct options *o = l->o;
	struct sources s = open_sources(o, files, count);
	char *input = describe_input(files, count);
	name_keys(l);
	if (o->emit) {
		l->out = output_open(o->common.output, false);
	} else {
		l->run_id = send_greet(l);
		send_clean_up_at_exit(l);
		stop_catch_reading(lists_heed_signals, l);
	}
	char *before = o->delta && !o->dry_run ? publish_live_name(l) : NULL;
	uint64_t lists = o->dry_run ? count_lists(s.reader) : lists_send(l, s.reader, s.lists);
	lists_heed_signals(l); /* who sent them may have ended the input as well */
	send_drain(l);
	uint64_t rows = table_rows(s.lists), rejected = table_rejected(s.lists);
	publish_check_guards(l, lists);
	if (o->delta && !o->dry_run)
		check_delta(l, lists, before);
	unsigned staged = o->dry_run || o->delta ? 0 : send_parts(l, &s, lists, input);
	if (o->emit) {
		publish_emit(l, lists);
		output_close(l->out);
	} else if (staged) {
		lists_heed_signals(l);
		publish(l, staged, lists);
	}
	finish_load(l, &s);
	free(before);
	free(input);
	run_report(rows, lists, rejected);
}

static int run(const struct options *o, char **files, int count)
{
	if (o->layout != LAYOUT_HASH && o->shards > 1)
		usage_error("--layout=%s cannot be combined with --shards",
			    o->layout == LAYOUT_LIST ? "list" : "string");
	stage_check_options(o);
	struct redis_target target = redis_target_parse(o->redis, "redis", o->password_file,
							o->timeout_s);
	struct load l = {.o = o, .redis.target = &target, .delta = published_delta_key(o->prefix)};
	if (o->status || o->rollback)
		l.run_id = send_greet(&l);
	if (o->status)
		status_show(&l);
	else if (o->rollback)
		publish_roll_back(&l);
	else if (o->stage)
		load_part(&l, files, count);
	else if (o->publish)
		publish_parts(&l);
	else
		load(&l, files, count);
	free(l.run_id);
	redis_free(&l.redis);
	redis_target_free(&target);
	free(l.delta);
	return STATUS_DONE;
}

static bool writes_stdout(const void *options)
{
	const struct options *o = options;
	return (o->status || o->emit) && !o->common.output;
}

static const struct program PROGRAM = {
	.name = "load-redis",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Load top-N lists into Redis and publish them as one generation.",
	.reads = "user rank item; of --items: item available blocked; of --neighbors: item neighbor weight",
	.writes = "nothing; with --status: name value; with --emit-resp: the commands, as RESP",
	.examples = {
		"load-redis --redis redis://127.0.0.1:6379/0 --prefix recs --items items.tsv < topk.tsv",
		"load-redis --redis unix:///run/redis.sock --status",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
	.service = true,
	.writes_stdout = writes_stdout,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
