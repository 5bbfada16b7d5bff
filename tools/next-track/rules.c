#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/arguments.h"
#include "frame/sides.h"

const char *const RECOMMENDER_NAMES[RECOMMENDERS] = {"random", "popular", "sticky-artist", "delta",
	"indexed", "challenger", "sequential", "contextual", "session"};

static enum recommender find_recommender(const char *name, size_t n)
{
	size_t who = 0;
	while (who < RECOMMENDERS && (strlen(RECOMMENDER_NAMES[who]) != n ||
				      memcmp(RECOMMENDER_NAMES[who], name, n) != 0))
		who++;
	return (enum recommender)who;
}

static bool has(const struct chain *c, enum recommender who)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->of[i] == who)
			return true;
	return false;
}

static void add_recommender(struct chain *c, struct span name, const char *option)
{
	char shown[QUOTED_SIZE];
	enum recommender who = find_recommender(name.at, name.n);
	if (who == RECOMMENDERS)
		usage_error("option '--%s': not random, popular, sticky-artist, delta, indexed, challenger, "
			    "sequential, contextual or session: %s", option, quoted(name.at, name.n, shown));
	if (has(c, who))
		usage_error("option '--%s': '%s' is given twice", option, RECOMMENDER_NAMES[who]);
	c->of[c->n++] = who;
}

/* The recommenders of `kind:A+B+...` into an empty chain; false: it is something else. */
static bool add_several(struct chain *c, const char *kind, struct span name, const char *option)
{
	size_t start = strlen(kind) + 1;
	struct span one;
	char shown[QUOTED_SIZE];
	if (name.n < start || memcmp(name.at, kind, start - 1) != 0 || name.at[start - 1] != ':')
		return false;
	if (c->n)
		usage_error("option '--%s': %s must come first: %s", option, kind, quoted(name.at, name.n, shown));
	for (struct span rest = {name.at + start, name.n - start}; span_next(&rest, '+', &one);)
		add_recommender(c, one, option);
	return true;
}

/* `interleaved:A+B`; false: it is something else. */
static bool add_teams(struct chain *c, struct span name, const char *option)
{
	char shown[QUOTED_SIZE];
	if (!add_several(c, "interleaved", name, option))
		return false;
	if (c->n != 2)
		usage_error("option '--%s': not two recommenders, as in interleaved:indexed+popular: %s", option,
			    quoted(name.at, name.n, shown));
	c->interleaved = true;
	return true;
}

/* `bandit:A+B+...`; false: it is something else. */
static bool add_bandit(struct rules *r, struct chain *c, struct span name, const char *option)
{
	const char *arms[RECOMMENDERS];
	char shown[QUOTED_SIZE];
	if (!add_several(c, "bandit", name, option))
		return false;
	if (c->n < 2)
		usage_error("option '--%s': not two or more recommenders, as in bandit:indexed+popular: %s", option,
			    quoted(name.at, name.n, shown));
	for (size_t k = 0; k < c->n; k++)
		arms[k] = RECOMMENDER_NAMES[c->of[k]];
	c->arms = c->n;
	c->bandit = bandits_add(&r->bandits, (struct span){name.at + 7, name.n - 7}, arms, c->n);
	return true;
}

static struct chain parse_chain(struct rules *r, const char *text, const char *option)
{
	struct chain c = {.n = 0};
	for (struct span name, rest = span_of(text); span_next(&rest, ',', &name);)
		if (!add_teams(&c, name, option) && !add_bandit(r, &c, name, option))
			add_recommender(&c, name, option);
	if (!has(&c, RANDOM))
		c.of[c.n++] = RANDOM;
	return c;
}

static void add_experiments(struct rules *r, const struct option_list *experiments, size_t arms)
{
	for (size_t i = 0; i < experiments->n; i++) {
		const char *text = experiments->values[i];
		if (!strchr(text, '=') && (i > 0 || arms == 0))
			usage_error("--experiment=%s requires a number of arms: %s=2%s", text, text,
				    i == 0 ? ", or --arm" : "");
		char *whole = strchr(text, '=') ? memory_text(text, strlen(text))
			: memory_format("%s=%zu", text, arms);
		option_experiment(&r->experiments, "experiment", whole);
		free(whole);
	}
}

/* The registry's chains. */
static void take_recommenders(struct rules *r)
{
	r->chains = memory_zero(r->experiments.n + 1, sizeof(*r->chains));
	for (size_t x = 0; x < r->experiments.n; x++) {
		struct experiment *e = &r->experiments.all[x];
		r->chains[x] = memory_zero(e->n + 1, sizeof **r->chains);
		for (size_t a = 0; a < e->n; a++)
			if (*e->arms[a].recommender)
				r->chains[x][a] = parse_chain(r, e->arms[a].recommender, "experiments");
	}
}

/* --arm ARM=NAME,... of experiment number `x`. */
static void take_arm(struct rules *r, size_t x, const char *text)
{
	const char *equal = strchr(text, '=');
	struct experiment *e = &r->experiments.all[x];
	size_t n = equal ? (size_t)(equal - text) : 0;
	char shown[QUOTED_SIZE];
	size_t a = experiment_find_arm(e, (struct span){text, n});
	if (!equal || a >= e->n)
		usage_error("option '--arm': not ARM=RECOMMENDER with an arm of %s: %s", e->name,
			    quoted(text, strlen(text), shown));
	if (r->chains[x][a].n)
		usage_error("option '--arm': the arm %.*s is given twice", (int)n, text);
	r->chains[x][a] = parse_chain(r, equal + 1, "arm");
}

static void look_over(struct rules *r, const struct chain *c, bool given)
{
	r->wants_lists |= has(c, INDEXED) || has(c, DELTA) || has(c, SEQUENTIAL);
	r->interleaves |= c->interleaved;
	r->wants_neighbors |= has(c, CONTEXTUAL) || has(c, SESSION);
	for (size_t i = 0; i < c->n; i++) {
		r->names[c->of[i]] = true;
		r->given[c->of[i]] |= given;
	}
}

void rules_set_up(struct rules *r, const char *registry, const struct option_list *experiments,
		  const struct option_list *arms, const char *recommender)
{
	if (registry)
		experiments_read(&r->experiments, option_table("experiments", registry));
	size_t first = r->experiments.n;
	add_experiments(r, experiments, arms->n);
	if (arms->n && experiments->n == 0)
		usage_error("--arm requires --experiment");
	take_recommenders(r);
	for (size_t i = 0; i < arms->n; i++)
		take_arm(r, first, arms->values[i]);
	r->usual = parse_chain(r, recommender, "recommender");
	look_over(r, &r->usual, option_given("recommender"));
	for (size_t x = 0; x < r->experiments.n; x++)
		for (size_t a = 0; a < r->experiments.all[x].n; a++)
			look_over(r, &r->chains[x][a], true);
}

const struct chain *rules_choose(const struct rules *r, struct span user, size_t *arms,
				 size_t *decides)
{
	const struct chain *chosen = NULL;
	*decides = r->experiments.n;
	for (size_t x = 0; x < r->experiments.n; x++) {
		arms[x] = experiment_arm(&r->experiments.all[x], user);
		if (!chosen && r->chains[x][arms[x]].n) {
			chosen = &r->chains[x][arms[x]];
			*decides = x;
		}
	}
	return chosen ? chosen : &r->usual;
}
