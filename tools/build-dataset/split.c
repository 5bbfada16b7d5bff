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

/* The number after last: and after:, where a date is a date in any unit. */
static enum number_state read_number(const char *text, enum time_unit unit, struct rule *rule)
{
	size_t n = strlen(text);
	if (rule->kind == RULE_LAST)
		return number_i64(text, n, &rule->number);
	return date_read(text, n, &rule->number) ? NUMBER_OK : time_read(text, n, unit, &rule->number);
}

struct rule rule_parse(const char *text, const char *option, enum time_unit unit)
{
	static const struct { const char *prefix; enum rule_kind kind; } KIND[] = {
		{"last:", RULE_LAST}, {"after:", RULE_AFTER},
	};
	struct rule rule = {.kind = RULE_NONE};
	char shown[QUOTED_SIZE];
	if (!text)
		return rule;
	quoted(text, strlen(text), shown);
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(KIND[i].prefix);
		if (strncmp(text, KIND[i].prefix, n) != 0)
			continue;
		rule.kind = KIND[i].kind;
		enum number_state state = read_number(text + n, unit, &rule);
		if (state != NUMBER_OK)
			usage_error("option '--%s': %s: %s", option, rule.kind == RULE_AFTER ?
				    time_problem(state, unit) : number_problem(state), shown);
		if (rule.kind == RULE_LAST && rule.number < 1)
			usage_error("option '--%s': must be at least 1: %s", option, shown);
		return rule;
	}
	rule.kind = RULE_SHARE;
	enum number_state state = number_double(text, strlen(text), &rule.share);
	if (state != NUMBER_OK)
		usage_error("option '--%s': not a share, last:N or after:TIMESTAMP: %s", option, shown);
	if (rule.share < 0 || rule.share > 1)
		usage_error("option '--%s': must be 0 to 1: %s", option, shown);
	return rule;
}

bool rule_needs_time(const struct rule *rule)
{
	return rule->kind == RULE_LAST || rule->kind == RULE_AFTER;
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

/* Moves those of one user's pairs that the rule says from train to `to`. Shares
 * take the hashes from `floor` on: what lies below went to another split. */
static void apply_rule(struct splitter *s, const struct rule *rule, double floor, enum split to,
		       size_t begin, size_t end)
{
	const struct pairs *p = s->pairs;
	size_t n = 0;
	if (rule->kind == RULE_NONE)
		return;
	if (rule->kind == RULE_LAST)
		s->latest = memory_grow(s->latest, &s->latest_capacity, end - begin,
					sizeof *s->latest);
	for (size_t i = begin; i < end; i++) {
		if (p->split[i] != SPLIT_TRAIN)
			continue;
		double share = rule->kind == RULE_SHARE ? s->share[i - begin] : 0;
		if (rule->kind == RULE_LAST)
			s->latest[n++] = (uint32_t)i;
		else if (rule->kind == RULE_AFTER ? p->timestamp[i] > rule->number
						  : share >= floor && share < floor + rule->share)
			p->split[i] = (uint8_t)to;
	}
	if (n)
		qsort_r(s->latest, n, sizeof *s->latest, latest_first, (void *)(uintptr_t)p);
	for (size_t i = 0; i < n && i < (uint64_t)rule->number; i++)
		p->split[s->latest[i]] = (uint8_t)to;
}

/* User by user, the test before validation. */
void split_pairs(struct pairs *p, const struct rule *test, const struct rule *validation,
		 uint64_t seed)
{
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
			s.share[i - begin] = hash_share(hash_row(seed,
								 p->user_id[p->user[i]],
								 p->item_id[p->item[i]]));
		apply_rule(&s, test, 0, SPLIT_TEST, begin, end);
		apply_rule(&s, validation, tested, SPLIT_VALIDATION, begin, end);
	}
	free(s.share);
	free(s.latest);
}
