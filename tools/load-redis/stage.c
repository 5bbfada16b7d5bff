#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/run.h"
#include "lists.h"
#include "publish.h"
#include "send.h"
#include "transaction.h"

enum { NAME_MOST = 60 };

/* ---- options ---- */

/* The part K of N. False: the text is something else. */
static bool parse_part(const char *text, int64_t *k, int64_t *n)
{
	const char *slash = strchr(text, '/');
	return slash && number_i64(text, (size_t)(slash - text), k) == NUMBER_OK &&
		number_i64(slash + 1, strlen(slash + 1), n) == NUMBER_OK &&
		*k >= 1 && *n >= *k && *n <= STAGE_PARTS_MAX;
}

bool stage_is_name(struct span name)
{
	static const char *const OWN[] = {"gen", "previous", "aside"};
	static const char GOOD[] = "0123456789._-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	bool good = name.n <= NAME_MOST;
	for (size_t i = 0; good && i < name.n; i++)
		good = memchr(GOOD, name.at[i], sizeof GOOD - 1) != NULL;
	for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++)
		good = good && !span_equal(name, span_of(OWN[i]));
	return good;
}

static void check_name(const char *option, const char *name)
{
	char shown[QUOTED_SIZE];
	if (!stage_is_name(span_of(name)))
		usage_error("--%s: not a name of a generation (letters, digits and ._-, at most %d): %s", option,
			    NAME_MOST, quoted(name, strlen(name), shown));
}

void stage_check_options(const struct options *o)
{
	int64_t k, n;
	char shown[QUOTED_SIZE];
	if (o->stage)
		check_name("stage", o->stage);
	if (o->publish)
		check_name("publish", o->publish);
	if (o->part && !parse_part(o->part, &k, &n))
		usage_error("--part: not a part, as 3/16: %s", quoted(o->part, strlen(o->part), shown));
}

/* ---- the record ---- */

enum state {
	STATE_OPEN,
	STATE_PUBLISHED, /* with this record */
	STATE_USED,      /* there is no record of it, and it is live or the previous one */
	STATE_GONE,      /* there is nothing, and nothing was to be made */
};

/* What the server has of a generation, and of one of its parts. */
struct record {
	enum state state;
	int64_t parts, shards;
	char part[64];   /* its lists and their hash; "": it has not come */
};

/* KEYS: the record while open and once published, the live and the previous description, the lists.
 * ARGV: name, parts, shards, part, seconds, where hashes of several begin, whether to make it, and when
 * that is. */
static const char LOOK[] =
	"local function of(key, state)\n"
	"  local said = redis.call('HMGET', key, 'parts', 'shards', 'part ' .. ARGV[4])\n"
	"  return {state, said[1], said[2], said[3] or ''}\n"
	"end\n"
	"if redis.call('EXISTS', KEYS[1]) == 1 then return of(KEYS[1], '0') end\n"
	"if redis.call('EXISTS', KEYS[2]) == 1 then return of(KEYS[2], '1') end\n"
	"for k = 3, 4 do\n"
	"  if redis.call('HGET', KEYS[k], 'generation') == ARGV[1] then return {'2', '0', '0', ''} end\n"
	"end\n"
	"if ARGV[7] == '0' then return {'3', '0', '0', ''} end\n"
	"redis.call('UNLINK', KEYS[5])\n"
	"if ARGV[3] ~= '1' then\n"
	"  for i = 0, ARGV[3] - 1 do redis.call('UNLINK', table.concat({ARGV[6], i})) end\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'parts', ARGV[2], 'shards', ARGV[3], 'began_ms', ARGV[8])\n"
	"redis.call('EXPIRE', KEYS[1], ARGV[5])\n"
	"return of(KEYS[1], '0')\n";

/* KEYS: the record, a hash of lists. ARGV: seconds, part, user, list, user, list ... Nothing is written
 * where the part is there: who publishes watches the hash. The first user who has another list there
 * is returned. */
static const char TAKE[] =
	"if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'part ' .. ARGV[2]) == 1 then\n"
	"  return 0\n"
	"end\n"
	"for i = 3, #ARGV, 2 do\n"
	"  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 0 and\n"
	"      redis.call('HGET', KEYS[2], ARGV[i]) ~= ARGV[i + 1] then\n"
	"    return ARGV[i]\n"
	"  end\n"
	"end\n"
	"for k = 1, 2 do redis.call('EXPIRE', KEYS[k], ARGV[1]) end\n"
	"return 1\n";

/* KEYS: the record. ARGV: part, what it is. */
static const char RECORD[] =
	"if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
	"redis.call('HSETNX', KEYS[1], 'part ' .. ARGV[1], ARGV[2])\n"
	"return 1\n";

/* KEYS: the record, what is staged. ARGV: seconds. */
static const char KEEP[] =
	"if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
	"for k = 1, #KEYS do redis.call('EXPIRE', KEYS[k], ARGV[1]) end\n"
	"return 1\n";

static char *record_key(const struct load *l, bool published)
{
	return memory_format("%s:%s:%s", l->o->prefix, l->generation, published ? "published" : "stage");
}

/* Where the names of the generation's hashes begin. */
static char *shards_start(const struct load *l)
{
	struct buffer b = {0};
	published_shard_key(&b, l->o->prefix, l->generation, 0);
	b.n--;
	return buffer_text(&b);
}

/* The reply, asked for again when the connection is lost; a server that was restarted in between
 * may have lost what it had acknowledged. */
static redisReply *ask(struct load *l, const char *const *words)
{
	for (int64_t i = 0;; i++) {
		redis_queue(&l->redis, words);
		redisReply *reply = redis_good_reply(&l->redis, words[0]);
		if (reply)
			return reply;
		if (l->redis.context || i >= l->o->retries)
			send_give_up_refused(l);
		char *id = send_greet(l);
		bool same = strcmp(id, l->run_id) == 0;
		free(id);
		if (!same)
			send_give_up(l, STATUS_UNAVAILABLE, "the server was restarted");
	}
}

static int64_t integer_of(const redisReply *reply)
{
	int64_t value = 0;
	if (reply->type == REDIS_REPLY_INTEGER)
		return reply->integer;
	if (reply->type != REDIS_REPLY_STRING || number_i64(reply->str, reply->len, &value) != NUMBER_OK)
		return -1;
	return value;
}

static void read_record(struct load *l, const redisReply *reply, struct record *r)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4 ||
	    reply->element[3]->type != REDIS_REPLY_STRING)
		send_give_up(l, STATUS_FAILED, "EVAL: unexpected reply");
	r->state = (enum state)integer_of(reply->element[0]);
	r->parts = integer_of(reply->element[1]);
	r->shards = integer_of(reply->element[2]);
	snprintf(r->part, sizeof r->part, "%s", reply->element[3]->str);
}

/* What there is of the generation and its part `k`; `parts` > 0: one without a record gets it. */
static struct record look(struct load *l, int64_t k, int64_t parts)
{
	struct record r;
	char text[5][32];
	char *open = record_key(l, false), *published = record_key(l, true), *start = shards_start(l);
	char *live = published_key(l->o->prefix, "", PART_META);
	char *previous = published_key(l->o->prefix, "previous", PART_META);
	snprintf(text[0], sizeof text[0], "%" PRId64, parts);
	snprintf(text[1], sizeof text[1], "%" PRId64, l->o->shards);
	snprintf(text[2], sizeof text[2], "%" PRId64, k);
	snprintf(text[3], sizeof text[3], "%.0f", l->o->staging_ttl_s);
	snprintf(text[4], sizeof text[4], "%" PRId64, clock_unix_ms());
	redisReply *reply = ask(l, (const char *const[]){"EVAL", LOOK, "5", open, published, live, previous,
		l->staging[PART_LISTS], l->generation, text[0], text[1], text[2], text[3], start,
		parts ? "1" : "0", text[4], NULL});
	read_record(l, reply, &r);
	freeReplyObject(reply);
	free(open);
	free(published);
	free(start);
	free(live);
	free(previous);
	return r;
}

/* ---- a part ---- */

/* Lists of one hash that go together. */
struct batch {
	struct buffer words; /* user, list, user, list ... in the form of the wire */
	size_t n;
	uint64_t shard;
	uint64_t sent;       /* commands */
	char *record;
	char seconds[32], part[32];
};

static void send_batch(struct load *l, struct batch *b)
{
	struct buffer key = {0};
	if (b->n == 0)
		return;
	if (l->o->shards > 1)
		published_shard_key(&key, l->o->prefix, l->generation, b->shard);
	else
		buffer_add_text(&key, l->staging[PART_LISTS]);
	const char *const word[] = {"EVAL", TAKE, "2", b->record, buffer_text(&key), b->seconds, b->part};
	size_t words = sizeof word / sizeof *word;
	struct command c = send_begin(l, words + 2 * b->n);
	c.counts = true;
	for (size_t i = 0; i < words; i++)
		redis_format_word(&l->filling.bytes, word[i], strlen(word[i]));
	buffer_add(&l->filling.bytes, b->words.data, b->words.n);
	send_end(l, c);
	b->sent++;
	b->n = b->words.n = 0;
	buffer_free(&key);
}

static void add_to_batch(struct load *l, struct batch *b, struct span user, const struct buffer *list)
{
	enum { LISTS_MOST = 64, BYTES_MOST = 32 << 10 };
	uint64_t shard = published_shard_of(user, (uint64_t)l->o->shards);
	if (shard != b->shard || b->n >= LISTS_MOST || b->words.n > BYTES_MOST)
		send_batch(l, b);
	b->shard = shard;
	b->n++;
	redis_format_word(&b->words, user.at, user.n);
	redis_format_word(&b->words, list->data, list->n);
}

static void join_items(struct buffer *to, const struct topn_list *list)
{
	to->n = 0;
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buffer_add_byte(to, '\t');
		buffer_add_span(to, list->items[i]);
	}
}

_Noreturn static void refuse(struct load *l, const char *what)
{
	char *problem = memory_format("generation %s %s", l->generation, what);
	send_give_up(l, STATUS_DATA, problem);
}

void stage_refuse_user(struct load *l, struct span user)
{
	char shown[QUOTED_SIZE], problem[QUOTED_SIZE + 200];
	snprintf(problem, sizeof problem, "has another list of user %s, of another part or of an earlier try",
		 quoted(user.at, user.n, shown));
	refuse(l, problem);
}

/* Ends the load unless the generation is of these parts, and the part of these lists (or has not come). */
static void check_record(struct load *l, const struct record *r, int64_t k, int64_t n, const char *part)
{
	char problem[200];
	if (r->state == STATE_USED)
		refuse(l, "was published before: take another name");
	if (r->state == STATE_GONE)
		send_give_up(l, STATUS_UNAVAILABLE, "what was staged has expired or was evicted");
	if (r->parts != n || r->shards != l->o->shards) {
		snprintf(problem, sizeof problem, "has %" PRId64 " parts and --shards %" PRId64 ", not %" PRId64
			 " and %" PRId64, r->parts, r->shards, n, l->o->shards);
		refuse(l, problem);
	}
	if (part && r->part[0] && strcmp(r->part, part) != 0) {
		snprintf(problem, sizeof problem, "has part %" PRId64 "/%" PRId64
			 " with other lists, of an earlier try", k, n);
		refuse(l, problem);
	}
	if (part && !r->part[0] && r->state == STATE_PUBLISHED)
		refuse(l, "was published without this part");
}

/* All lists of the part are there: that is recorded. */
static void record_part(struct load *l, const struct batch *b, const char *part)
{
	freeReplyObject(ask(l, (const char *const[]){"EVAL", RECORD, "1", b->record, b->part, part, NULL}));
}

uint64_t stage_part(struct load *l, struct topn_reader *reader, const struct table *t)
{
	int64_t k = 0, n = 0;
	uint64_t lists = 0, hash = 0;
	char part[64];
	struct topn_list list;
	struct buffer items = {0};
	parse_part(l->o->part, &k, &n);
	struct batch b = {.record = record_key(l, false)};
	snprintf(b.seconds, sizeof b.seconds, "%.0f", l->o->staging_ttl_s);
	snprintf(b.part, sizeof b.part, "%" PRId64, k);
	struct record r = look(l, k, n);
	check_record(l, &r, k, n, NULL);
	/* Where it is there already, it is only compared. */
	bool sending = r.state == STATE_OPEN && !r.part[0];
	for (; topn_next(reader, &list); lists++) {
		lists_heed_signals(l);
		send_when_full(l);
		join_items(&items, &list);
		hash += hash_row(0, list.user, (struct span){items.data, items.n});
		if (sending)
			add_to_batch(l, &b, list.user, &items);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	send_batch(l, &b);
	send_drain(l);
	snprintf(part, sizeof part, "%" PRIu64 " %016" PRIx64, lists, hash);
	if (sending && l->there == b.sent)
		record_part(l, &b, part);
	r = look(l, k, 0);
	check_record(l, &r, k, n, part);
	if (!r.part[0])
		send_give_up(l, STATUS_UNAVAILABLE, "what was staged has expired or was evicted");
	free(b.record);
	buffer_free(&b.words);
	buffer_free(&items);
	return lists;
}

/* ---- the publication ---- */

uint64_t stage_sum_parts(const redisReply *all, int64_t parts, uint64_t *n_missing,
			 struct buffer *missing)
{
	enum { NAMED = 5 };
	uint64_t sum = 0, lists, forgotten = 0;
	bool *there = memory_zero((size_t)parts + 1, sizeof *there);
	for (size_t i = 0; i + 1 < all->elements; i += 2) {
		const char *name = all->element[i]->str, *said = all->element[i + 1]->str;
		int64_t k;
		if (strcmp(name, "forgotten") == 0 && number_u64(said, strlen(said), &lists) == NUMBER_OK)
			forgotten = lists;
		if (strncmp(name, "part ", 5) != 0 || number_i64(name + 5, strlen(name + 5), &k) != NUMBER_OK ||
		    k < 1 || k > parts || number_u64(said, strcspn(said, " "), &lists) != NUMBER_OK)
			continue;
		there[k] = true;
		sum += lists;
	}
	*n_missing = 0;
	for (int64_t k = 1; k <= parts; k++) {
		if (there[k])
			continue;
		if (++*n_missing <= NAMED)
			buffer_format(missing, "%s%" PRId64, missing->n ? ", " : "", k);
	}
	if (*n_missing > NAMED)
		buffer_add_text(missing, ", ...");
	free(there);
	return sum > forgotten ? sum - forgotten : 0;
}

/* There is no open generation of the name: was it published? */
static void check_published(struct load *l, const struct record *r)
{
	char *live = publish_live_name(l);
	bool is_live = strcmp(live, l->generation) == 0;
	free(live);
	if (is_live)
		return;
	refuse(l, r->state == STATE_GONE ? "has no parts" : "was published before, and is not live any more");
}

bool stage_read(struct load *l, uint64_t *lists, int64_t *shards)
{
	struct buffer missing = {0};
	char *record = record_key(l, false), problem[200];
	uint64_t n_missing;
	struct record r = look(l, 0, 0);
	if (r.state != STATE_OPEN) {
		check_published(l, &r);
		free(record);
		return false;
	}
	if (r.parts != l->o->parts) {
		snprintf(problem, sizeof problem, "has %" PRId64 " parts, not %" PRId64, r.parts, l->o->parts);
		refuse(l, problem);
	}
	redisReply *all = ask(l, (const char *const[]){"HGETALL", record, NULL});
	if (!redis_is_pairs(all))
		send_give_up(l, STATUS_FAILED, "HGETALL: unexpected reply");
	*lists = stage_sum_parts(all, r.parts, &n_missing, &missing);
	*shards = r.shards;
	freeReplyObject(all);
	free(record);
	if (n_missing) {
		snprintf(problem, sizeof problem, "lacks %" PRIu64 " of %" PRId64 " parts: %s", n_missing, r.parts,
			 buffer_text(&missing));
		refuse(l, problem);
	}
	buffer_free(&missing);
	for (enum part p = 0; p < PARTS; p++)
		if (p != PART_LISTS)
			freeReplyObject(ask(l, (const char *const[]){"UNLINK", l->staging[p], NULL}));
	return true;
}

static void add_word(struct buffer *b, const char *word)
{
	redis_format_word(b, word, strlen(word));
}

bool stage_keep(struct load *l)
{
	struct buffer words = {0}, key = {0};
	char number[32], *record = record_key(l, false);
	uint64_t shards = l->o->shards > 1 ? (uint64_t)l->o->shards : 0;
	redis_format_command(&words, 3 + 1 + PARTS + shards + 1);
	add_word(&words, "EVAL");
	add_word(&words, KEEP);
	snprintf(number, sizeof number, "%" PRIu64, 1 + PARTS + shards);
	add_word(&words, number);
	add_word(&words, record);
	for (enum part p = 0; p < PARTS; p++)
		add_word(&words, l->staging[p]);
	for (uint64_t i = 0; i < shards; i++) {
		key.n = 0;
		published_shard_key(&key, l->o->prefix, l->generation, i);
		add_word(&words, buffer_text(&key));
	}
	snprintf(number, sizeof number, "%.0f", l->o->staging_ttl_s);
	add_word(&words, number);
	redis_append_bytes(&l->redis, words.data, words.n);
	redisReply *reply = redis_good_reply(&l->redis, "EVAL");
	if (!reply && l->redis.context)
		send_give_up_refused(l);
	bool open = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
	if (reply)
		freeReplyObject(reply);
	free(record);
	buffer_free(&words);
	buffer_free(&key);
	return open;
}

bool stage_watch(struct load *l)
{
	char *record = record_key(l, false);
	redis_queue(&l->redis, (const char *const[]){"WATCH", record, NULL});
	redis_queue(&l->redis, (const char *const[]){"EXISTS", record, NULL});
	redisReply *reply = redis_good_reply(&l->redis, "WATCH");
	bool open = reply != NULL;
	if (reply)
		freeReplyObject(reply);
	reply = open ? redis_good_reply(&l->redis, "EXISTS") : NULL;
	open = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
	if (!reply && l->redis.context)
		send_give_up_refused(l);
	if (reply)
		freeReplyObject(reply);
	free(record);
	return open;
}

void stage_close(struct load *l)
{
	char *record = record_key(l, false), *published = record_key(l, true);
	transaction_add(l, "RENAME", record, published);
	free(record);
	free(published);
}
