#include "domain/assignment.h"

#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/event.h"
#include "streams/table.h"

enum { TOTAL_MAX = INT32_MAX };

struct experiment *experiments_find(const struct experiments *x, struct span name)
{
	for (size_t i = 0; i < x->n; i++)
		if (span_equal(span_of(x->all[i].name), name))
			return &x->all[i];
	return NULL;
}

size_t experiment_find_arm(const struct experiment *e, struct span name)
{
	size_t i = 0;
	while (i < e->n && !span_equal(span_of(e->arms[i].name), name))
		i++;
	return i;
}

static struct experiment *new_experiment(struct experiments *x, struct span name, struct span salt)
{
	x->all = memory_resize(x->all, x->n + 1, sizeof *x->all);
	struct experiment *e = &x->all[x->n++];
	*e = (struct experiment){
		.name = memory_text(name.at, name.n),
		.salt = memory_text(salt.at, salt.n),
		.seed = hash_murmur3(salt.at, salt.n, 0),
		.equal = true,
	};
	return e;
}

static void new_arm(struct experiment *e, struct span name, uint64_t weight,
		    struct span recommender)
{
	e->arms = memory_resize(e->arms, e->n + 1, sizeof *e->arms);
	e->arms[e->n++] = (struct arm){
		.name = memory_text(name.at, name.n),
		.weight = weight,
		.recommender = memory_text(recommender.at, recommender.n),
	};
	e->equal &= weight == e->arms[0].weight;
	e->total += weight;
}

/* The current row's field of an optional column. */
static struct span optional(const struct table *t, long column, struct span otherwise)
{
	if (column < 0)
		return otherwise;
	struct span field = table_field(t, (size_t)column);
	return field.n ? field : otherwise;
}

static void check_experiment(const struct table *t, const struct experiment *e)
{
	if (e->total == 0)
		die(STATUS_DATA, "%s: experiment '%s': no arm has a weight above 0",
		    table_file(t), e->name);
}

void experiments_read(struct experiments *x, struct table *t)
{
	size_t name = table_column(t, column_called("name")), arm = table_column(t, column_called("arm"));
	long weight = table_find_column(t, "weight"), salt = table_find_column(t, "salt");
	long recommender = table_find_column(t, "recommender");
	struct experiment *e = NULL;
	while (table_next(t)) {
		struct span called = table_field(t, name);
		struct span salted = optional(t, salt, called);
		if (called.n == 0)
			table_reject(t, name, "an experiment without a name");
		if (event_column_is_fixed(called))
			table_reject(t, name, "an experiment may not have the name of an events column");
		if (table_field(t, arm).n == 0)
			table_reject(t, arm, "an arm without a name");
		uint64_t parts = 1;
		if (weight >= 0 && table_field(t, (size_t)weight).n)
			table_u64(t, (size_t)weight, &parts);
		if (!e || !span_equal(span_of(e->name), called)) {
			if (e)
				check_experiment(t, e);
			if (experiments_find(x, called))
				table_reject(t, name, "the rows of an experiment must be contiguous; "
					     "this one appeared before");
			e = new_experiment(x, called, salted);
		} else if (!span_equal(span_of(e->salt), salted)) {
			table_reject(t, (size_t)salt, "a salt other than that of the previous arm");
		}
		if (experiment_find_arm(e, table_field(t, arm)) < e->n)
			table_reject(t, arm, "a duplicate arm");
		if (parts > TOTAL_MAX || e->total + parts > TOTAL_MAX)
			table_reject(t, (size_t)weight, "the weights of an experiment may add up to "
				     "2147483647 at most");
		if (e->n == EXPERIMENT_ARMS_MAX)
			table_fail(t, "experiment '%s' has more than %d arms", e->name,
				   (int)EXPERIMENT_ARMS_MAX);
		new_arm(e, table_field(t, arm), parts, optional(t, recommender, span_of("")));
	}
	if (e)
		check_experiment(t, e);
	table_close(t);
}

enum experiment_problem experiments_add(struct experiments *x, const char *text)
{
	const char *sign = strrchr(text, '=');
	uint64_t ways = 0;
	if (!sign || sign == text ||
	    number_u64(sign + 1, strlen(sign + 1), &ways) != NUMBER_OK ||
	    ways < 1 || ways > EXPERIMENT_ARMS_MAX)
		return EXPERIMENT_NOT_SHORT;
	struct span name = {text, (size_t)(sign - text)};
	if (memchr(name.at, '\t', name.n) || memchr(name.at, '\n', name.n))
		return EXPERIMENT_NAME_BREAKS;
	if (event_column_is_fixed(name))
		return EXPERIMENT_NAME_FIXED;
	if (experiments_find(x, name))
		return EXPERIMENT_TWICE;
	struct experiment *e = new_experiment(x, name, name);
	for (uint64_t i = 0; i < ways; i++) {
		char arm[32];
		int n = i == 0 ? snprintf(arm, sizeof arm, "C")
			: snprintf(arm, sizeof arm, "T%llu", (unsigned long long)i);
		new_arm(e, (struct span){arm, (size_t)n}, 1, span_of(""));
	}
	return EXPERIMENT_ADDED;
}

uint32_t experiment_hash(const struct experiment *e, struct span id)
{
	return hash_murmur3(id.at, id.n, e->seed);
}

size_t experiment_arm_of_hash(const struct experiment *e, uint32_t hash)
{
	if (e->equal)
		return hash % e->n;
	uint64_t bucket = (uint64_t)hash * e->total >> 32, sum = 0;
	size_t i = 0;
	while ((sum += e->arms[i].weight) <= bucket)
		i++;
	return i;
}

size_t experiment_arm(const struct experiment *e, struct span id)
{
	return experiment_arm_of_hash(e, experiment_hash(e, id));
}

void experiments_free(struct experiments *x)
{
	for (size_t i = 0; i < x->n; i++) {
		struct experiment *e = &x->all[i];
		for (size_t a = 0; a < e->n; a++) {
			free(e->arms[a].name);
			free(e->arms[a].recommender);
		}
		free(e->arms);
		free(e->name);
		free(e->salt);
	}
	free(x->all);
	*x = (struct experiments){0};
}
