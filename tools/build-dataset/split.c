#include "split.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/dataset.h"
#include "frame/options.h"

/* The number of a rule, after its prefix; a date is a date in any unit. */
static enum number_state read_number(const char *text, enum time_unit unit, struct rule *rule)
{
	size_t n = strlen(text);
	if (rule->kind == RULE_LAST)
		return number_i64(text, n, &rule->number);
	if (rule->kind == RULE_AFTER && !date_read(text, n, &rule->number))
		return time_read(text, n, unit, &rule->number);
	return rule->kind == RULE_AFTER ? NUMBER_OK : number_double(text, n, &rule->share);
}

/* What a rule may not be: a usage error. */
static void check_rule(const struct rule *rule, enum number_state state, const char *option,
		       const char *shown, enum time_unit unit)
{
	bool share = rule->kind == RULE_SHARE || rule->kind == RULE_TAIL;
	if (state != NUMBER_OK && rule->kind == RULE_SHARE)
		usage_error("option '--%s': not a share, tail:SHARE, last:N or after:TIMESTAMP: %s",
			    option, shown);
	if (state != NUMBER_OK)
		usage_error("option '--%s': %s: %s", option, rule->kind == RULE_AFTER ?
			    time_problem(state, unit) : number_problem(state), shown);
	if (rule->kind == RULE_LAST && rule->number < 1)
		usage_error("option '--%s': must be at least 1: %s", option, shown);
	if (share && (rule->share < 0 || rule->share > 1))
		usage_error("option '--%s': must be 0 to 1: %s", option, shown);
}

struct rule rule_parse(const char *text, const char *option, enum time_unit unit)
{
	static const struct { const char *prefix; enum rule_kind kind; } KIND[] = {
		{"tail:", RULE_TAIL}, {"last:", RULE_LAST}, {"after:", RULE_AFTER}, {"", RULE_SHARE},
	};
	struct rule rule = {.kind = RULE_NONE};
	char shown[QUOTED_SIZE];
	if (!text)
		return rule;
	size_t i = 0;
	while (strncmp(text, KIND[i].prefix, strlen(KIND[i].prefix)) != 0)
		i++;
	rule.kind = KIND[i].kind;
	quoted(text, strlen(text), shown);
	check_rule(&rule, read_number(text + strlen(KIND[i].prefix), unit, &rule), option, shown, unit);
	return rule;
}

int64_t time_option(const char *text, const char *option, enum time_unit unit)
{
	struct rule rule = {.kind = RULE_AFTER};
	char shown[QUOTED_SIZE];
	quoted(text, strlen(text), shown);
	check_rule(&rule, read_number(text, unit, &rule), option, shown, unit);
	return rule.number;
}

bool rule_needs_time(const struct rule *rule)
{
	return rule->kind == RULE_LAST || rule->kind == RULE_AFTER;
}

bool rule_takes_late(const struct rule *rule)
{
	return rule_needs_time(rule) || rule->kind == RULE_TAIL;
}

struct splitter {
	const struct pairs *pairs;
	double *share;     /* of each of the user's pairs: their hash in [0, 1) */
	uint32_t *latest;  /* scratch */
	size_t share_capacity, latest_capacity;
};

/* Latest first; the same time: the greater item id. Pairs of a user lie by item. */
static int latest_first(const void *a, const void *b, void *pairs)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const int64_t *timestamp = ((const struct pairs *)pairs)->timestamp;
	if (timestamp[x] != timestamp[y])
		return timestamp[x] > timestamp[y] ? -1 : 1;
	return x > y ? -1 : 1;
}

/* Last of the input first; no two pairs have one place. */
static int behind_first(const void *a, const void *b, void *pairs)
{
	const uint32_t *place = ((const struct pairs *)pairs)->place;
	return place[*(const uint32_t *)a] > place[*(const uint32_t *)b] ? -1 : 1;
}

/* How many of the `left` pairs a rule takes that goes by their order, of a user with `all`:
 * a tail is rounded to the nearest number and leaves one pair to train on. */
static uint64_t count_taken(const struct rule *rule, size_t left, size_t all)
{
	uint64_t wanted = rule->kind == RULE_LAST ? (uint64_t)rule->number
						  : (uint64_t)(rule->share * (double)all + 0.5);
	uint64_t most = rule->kind == RULE_TAIL && left > 0 ? left - 1 : left;
	return wanted < most ? wanted : most;
}

/* Moves those of one user's pairs that the rule says from train to `to`. Shares
 * take the hashes from `floor` on: what lies below went to another split. */
static void apply_rule(struct splitter *s, const struct rule *rule, double floor, enum split to,
		       size_t begin, size_t end)
{
	const struct pairs *p = s->pairs;
	bool by_order = rule->kind == RULE_LAST || rule->kind == RULE_TAIL;
	size_t n = 0;
	if (rule->kind == RULE_NONE)
		return;
	if (by_order)
		s->latest = memory_grow(s->latest, &s->latest_capacity, end - begin,
					sizeof *s->latest);
	for (size_t i = begin; i < end; i++) {
		if (p->split[i] != SPLIT_TRAIN)
			continue;
		double share = rule->kind == RULE_SHARE ? s->share[i - begin] : 0;
		if (by_order)
			s->latest[n++] = (uint32_t)i;
		else if (rule->kind == RULE_AFTER ? p->timestamp[i] > rule->number
						  : share >= floor && share < floor + rule->share)
			p->split[i] = (uint8_t)to;
	}
	uint64_t taken = by_order ? count_taken(rule, n, end - begin) : 0;
	if (taken)
		qsort_r(s->latest, n, sizeof *s->latest,
			rule->kind == RULE_TAIL ? behind_first : latest_first, (void *)(uintptr_t)p);
	for (size_t i = 0; i < taken; i++)
		p->split[s->latest[i]] = (uint8_t)to;
}

/* Has the user enough to train on? Otherwise all that was held out goes back. */
static void keep_train(struct splitting *how, struct pairs *p, size_t begin, size_t end)
{
	uint64_t held = 0;
	for (size_t i = begin; i < end; i++)
		held += p->split[i] != SPLIT_TRAIN;
	if (held == 0 || end - begin - held >= how->keep_train)
		return;
	memset(p->split + begin, SPLIT_TRAIN, end - begin);
	how->kept_users++;
	how->kept_pairs += held;
}

/* User by user, the test before validation. */
void split_pairs(struct pairs *p, struct splitting *how)
{
	const struct rule *test = &how->test, *validation = &how->validation;
	struct splitter s = {.pairs = p};
	bool shares = test->kind == RULE_SHARE || validation->kind == RULE_SHARE;
	double tested = test->kind == RULE_SHARE ? test->share : 0;
	p->split = memory_zero(p->n + 1, 1);
	for (size_t begin = 0, end; begin < p->n; begin = end) {
		for (end = begin + 1; end < p->n && p->user[end] == p->user[begin]; end++)
			;
		if (shares)
			s.share = memory_grow(s.share, &s.share_capacity, end - begin,
					      sizeof *s.share);
		for (size_t i = begin; shares && i < end; i++)
			s.share[i - begin] = hash_share(hash_row(how->seed,
								 p->user_id[p->user[i]],
								 p->item_id[p->item[i]]));
		apply_rule(&s, test, 0, SPLIT_TEST, begin, end);
		apply_rule(&s, validation, tested, SPLIT_VALIDATION, begin, end);
		if (how->keep_train)
			keep_train(how, p, begin, end);
	}
	free(s.share);
	free(s.latest);
}
