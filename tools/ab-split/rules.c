/* rules.c - see rules.h. */
#include "rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/arguments.h"
#include "frame/sides.h"

static size_t find(const struct rules *r, const char *text, size_t n, const char *option)
{
	struct experiment *e = experiments_find(&r->registry, (struct span){text, n});
	if (!e)
		usage_error("option '--%s': there is no experiment '%.*s'", option, (int)n, text);
	return (size_t)(e - r->registry.all);
}

static uint32_t seed_of(const char *name, const char *suffix)
{
	char *salt = memory_format("%s%s", name, suffix);
	uint32_t seed = hash_murmur3(salt, strlen(salt), 0);
	free(salt);
	return seed;
}

static void add_traffic(struct rules *r, const char *text)
{
	const char *equal = strrchr(text, '=');
	double share;
	char shown[QUOTED_SIZE];
	if (!equal || number_double(equal + 1, strlen(equal + 1), &share) != NUMBER_OK ||
	    share < 0 || share > 1)
		usage_error("option '--traffic': not NAME=SHARE with a share of 0 to 1: %s",
			    quoted(text, strlen(text), shown));
	/* 0.07 * 10000 is a little above 700, which must not add a bucket. */
	r->rule[find(r, text, (size_t)(equal - text), "traffic")].traffic =
		(uint32_t)ceil(share * BUCKETS - 1e-6);
}

static void add_layer(struct rules *r, size_t number, const char *text)
{
	const char *equal = strchr(text, '=');
	char shown[QUOTED_SIZE];
	if (!equal || equal == text)
		usage_error("option '--layer': not NAME=EXPERIMENT,EXPERIMENT: %s",
			    quoted(text, strlen(text), shown));
	char *name = memory_text(text, (size_t)(equal - text));
	r->layer[number].seed = seed_of(name, ":layer");
	r->layer[number].name = name;
	for (struct span of, rest = span_of(equal + 1); span_next(&rest, ',', &of);) {
		struct rule *rule = &r->rule[find(r, of.at, of.n, "layer")];
		if (rule->layer >= 0)
			usage_error("option '--layer': experiment '%.*s' is already in a layer",
				    (int)of.n, of.at);
		rule->layer = (long)number;
		rule->place = r->layer[number].n++;
	}
}

void rules_read_overrides(struct rules *r, struct table *t)
{
	size_t user = table_column(t, column_called("user")), name = table_column(t, column_called("experiment"));
	size_t arm = table_column(t, column_called("arm")), capacity = 0;
	while (table_next(t)) {
		struct experiment *e = experiments_find(&r->registry, table_field(t, name));
		if (!e)
			table_reject(t, name, "no experiment of this name");
		size_t a = experiment_find_arm(e, table_field(t, arm));
		if (a >= e->n)
			table_reject(t, arm, "no arm of this name");
		struct span id = table_field(t, user), of = table_field(t, name);
		char *key = memory_format("%.*s\t%.*s", (int)id.n, id.at, (int)of.n, of.at);
		uint32_t n = strmap_count(r->overridden);
		if (strmap_add(r->overridden, (struct span){key, id.n + 1 + of.n}) != n)
			table_reject(t, user, "a user with two overrides");
		r->override = memory_grow(r->override, &capacity, (size_t)n + 1, sizeof *r->override);
		r->override[n] = (long)a;
		free(key);
	}
	table_close(t);
}

struct rules rules_new(const struct rule_options *o)
{
	struct rules r = {.overridden = strmap_new()};
	if (o->registry)
		experiments_read(&r.registry, option_table("experiments", o->registry));
	for (size_t i = 0; i < o->experiments.n; i++)
		option_experiment(&r.registry, "experiment", o->experiments.values[i]);
	if (r.registry.n == 0)
		usage_error("option --experiment or --experiments is required");
	r.rule = memory_zero(r.registry.n, sizeof *r.rule);
	r.layer = memory_zero(o->layers.n + 1, sizeof *r.layer);
	for (size_t i = 0; i < r.registry.n; i++)
		r.rule[i] = (struct rule){.e = &r.registry.all[i], .traffic = BUCKETS, .layer = -1,
			.traffic_seed = seed_of(r.registry.all[i].salt, ":traffic")};
	for (size_t i = 0; i < o->traffic.n; i++)
		add_traffic(&r, o->traffic.values[i]);
	r.n_layers = o->layers.n;
	for (size_t i = 0; i < r.n_layers; i++)
		add_layer(&r, i, o->layers.values[i]);
	return r;
}

void rules_free(struct rules *r)
{
	strmap_free(r->overridden);
	free(r->override);
	free(r->rule);
	for (size_t l = 0; l < r->n_layers; l++)
		free(r->layer[l].name);
	free(r->layer);
	experiments_free(&r->registry);
}

uint32_t bucket_of(struct span id, uint32_t seed)
{
	return (uint32_t)((uint64_t)hash_murmur3(id.at, id.n, seed) * BUCKETS >> 32);
}

bool rule_includes(const struct rules *r, const struct rule *rule, struct span id)
{
	if (rule->layer >= 0) {
		const struct layer *layer = &r->layer[rule->layer];
		if (hash_murmur3(id.at, id.n, layer->seed) % layer->n != rule->place)
			return false;
	}
	return rule->traffic >= BUCKETS || bucket_of(id, rule->traffic_seed) < rule->traffic;
}

long rule_override(const struct rules *r, const struct rule *rule, struct span id)
{
	if (strmap_count(r->overridden) == 0)
		return NO_ARM;
	char *key = memory_format("%.*s\t%s", (int)id.n, id.at, rule->e->name);
	uint32_t at = strmap_find(r->overridden, (struct span){key, id.n + 1 + strlen(rule->e->name)});
	free(key);
	return at == STRMAP_NONE ? NO_ARM : r->override[at];
}

long rules_arm(const struct rules *r, size_t experiment, struct span id)
{
	const struct rule *rule = &r->rule[experiment];
	long set = rule_override(r, rule, id);
	if (set != NO_ARM)
		return set;
	return rule_includes(r, rule, id) ? (long)experiment_arm(rule->e, id) : NO_ARM;
}
