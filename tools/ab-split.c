/* ab-split - which arm of which experiment a user (or any id) belongs to.
 *
 * Reads: user, and a covariate where an option names one.
 * Writes: user and one column per experiment; with --append the input's columns and
 * then those; with --check: check a b chi2 df p cramers_v.
 *
 *	ab-split --experiment PERSONALIZED=2 < users.tsv > assignments.tsv
 *
 * The arm is a hash of the experiment's salt and the id, so every tool that knows
 * the registry finds the same one. Leaves to others: what an arm does.
 */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/exactsum.h"
#include "data/strmap.h"
#include "domain/assignment.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"
#include "streams/table.h"

struct options {
	struct common common;
	struct option_list experiments, traffic, layers, covariates;
	const char *registry, *overrides, *user, *stratify;
	bool check, append;
	int64_t rerandomize;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row OPTIONS[] = {
	{"experiment", 0, OPTION_LIST, "NAME=N", AT(experiments), NULL, 0, 0, NULL,
	 "an experiment of N equal arms: C, T1, .."},
	{"experiments", 0, OPTION_FILE, "FILE", AT(registry), NULL, 0, 0, NULL,
	 "the registry: name arm weight recommender salt"},
	{"traffic", 0, OPTION_LIST, "NAME=SHARE", AT(traffic), NULL, 0, 0, NULL,
	 "only a share of the ids is in the experiment, by a hash of its own; others get no arm"},
	{"layer", 0, OPTION_LIST, "NAME=A,B,..", AT(layers), NULL, 0, 0, NULL,
	 "an id is in one of these experiments at most"},
	{"override", 0, OPTION_FILE, "FILE", AT(overrides), NULL, 0, 0, NULL,
	 "arms that are set by hand: user experiment arm"},
	{"stratify", 0, OPTION_TEXT, "COLUMN", AT(stratify), NULL, 0, 0, NULL,
	 "deal the arms out within each value of COLUMN, so that their shares are as planned there; "
	 "depends on all ids of the input"},
	{"rerandomize", 0, OPTION_INT, "N", AT(rerandomize), NULL, 1, 1e6, NULL,
	 "try N salts for the one experiment and take the one that balances --covariate best"},
	{"covariate", 0, OPTION_LIST, "COLUMN", AT(covariates), NULL, 0, 0, NULL,
	 "a column of numbers for --rerandomize and --check"},
	{"check", 0, OPTION_FLAG, NULL, AT(check), NULL, 0, 0, NULL,
	 "instead: are the arms of the planned size, and the experiments independent?"},
	{"append", 0, OPTION_FLAG, NULL, AT(append), NULL, 0, 0, NULL,
	 "keep all columns of the input in front"},
	{"user", 0, OPTION_TEXT, "COLUMN", AT(user), "user", 0, 0, NULL, "the column of ids"},
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

enum { NO_ARM = -1, BUCKETS = 10000 };

struct rule {
	const struct experiment *e;
	uint32_t traffic;      /* buckets of ids that are let in */
	uint32_t traffic_seed;
	long layer;            /* or -1 */
	size_t place;          /* in the layer */
};

struct layer {
	char *name;
	uint32_t seed;
	size_t n;              /* experiments */
};

struct rules {
	struct experiments registry;
	struct rule *rule;
	struct layer *layer;
	struct strmap *overridden;  /* id TAB experiment */
	long *override;             /* its arm */
};

/* ---- rules ---- */

static size_t find(const struct rules *r, const char *text, size_t n, const char *option)
{
	struct experiment *e = experiments_find(&r->registry, (struct span){text, n});
	if (!e)
		usage_error("option '--%s': there is no experiment '%.*s'", option, (int)n, text);
	return (size_t)(e - r->registry.all);
}

static uint32_t seed_of(const char *name, const char *behind)
{
	char *salt = memory_format("%s%s", name, behind);
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
	/* 0.07 * 10000 is a little above 700: that is no bucket more. */
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
	for (const char *at = equal + 1;; at++) {
		size_t n = strcspn(at, ",");
		struct rule *rule = &r->rule[find(r, at, n, "layer")];
		if (rule->layer >= 0)
			usage_error("option '--layer': experiment '%.*s' is in a layer already", (int)n, at);
		rule->layer = (long)number;
		rule->place = r->layer[number].n++;
		at += n;
		if (!*at)
			return;
	}
}

static void read_overrides(struct rules *r, struct table *t)
{
	size_t user = table_column(t, "user", NULL), name = table_column(t, "experiment", NULL);
	size_t arm = table_column(t, "arm", NULL), capacity = 0;
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
			table_reject(t, user, "a user who is set twice");
		r->override = memory_grow(r->override, &capacity, (size_t)n + 1, sizeof *r->override);
		r->override[n] = (long)a;
		free(key);
	}
	table_close(t);
}

static struct rules rules_of(const struct options *o)
{
	struct rules r = {.overridden = strmap_new()};
	if (o->registry)
		experiments_read(&r.registry, o->registry);
	for (size_t i = 0; i < o->experiments.n; i++)
		experiments_add(&r.registry, o->experiments.values[i], "experiment");
	if (r.registry.n == 0)
		usage_error("--experiment or --experiments is needed");
	r.rule = memory_zero(r.registry.n, sizeof *r.rule);
	r.layer = memory_zero(o->layers.n + 1, sizeof *r.layer);
	for (size_t i = 0; i < r.registry.n; i++)
		r.rule[i] = (struct rule){.e = &r.registry.all[i], .traffic = BUCKETS, .layer = -1,
			.traffic_seed = seed_of(r.registry.all[i].salt, ":traffic")};
	for (size_t i = 0; i < o->traffic.n; i++)
		add_traffic(&r, o->traffic.values[i]);
	for (size_t i = 0; i < o->layers.n; i++)
		add_layer(&r, i, o->layers.values[i]);
	return r;
}

/* Bucket 0 .. 9999 of an id under a seed. */
static uint32_t bucket(struct span id, uint32_t seed)
{
	return (uint32_t)((uint64_t)hash_murmur3(id.at, id.n, seed) * BUCKETS >> 32);
}

/* Is the id in the experiment at all? */
static bool takes_part(const struct rules *r, const struct rule *rule, struct span id)
{
	if (rule->layer >= 0) {
		const struct layer *layer = &r->layer[rule->layer];
		if (hash_murmur3(id.at, id.n, layer->seed) % layer->n != rule->place)
			return false;
	}
	return rule->traffic >= BUCKETS || bucket(id, rule->traffic_seed) < rule->traffic;
}

static long override_of(const struct rules *r, const struct rule *rule, struct span id)
{
	if (strmap_count(r->overridden) == 0)
		return NO_ARM;
	char *key = memory_format("%.*s\t%s", (int)id.n, id.at, rule->e->name);
	uint32_t at = strmap_find(r->overridden, (struct span){key, id.n + 1 + strlen(rule->e->name)});
	free(key);
	return at == STRMAP_NONE ? NO_ARM : r->override[at];
}

static long arm_of(const struct rules *r, size_t experiment, struct span id)
{
	const struct rule *rule = &r->rule[experiment];
	long set = override_of(r, rule, id);
	if (set != NO_ARM)
		return set;
	return takes_part(r, rule, id) ? (long)experiment_arm(rule->e, id) : NO_ARM;
}

/* ---- all ids at once: strata, salts and checks ---- */

struct people {
	struct strmap *ids, *levels;
	uint32_t *level;
	double **covariate;
	size_t n;
};

static struct people read_people(const struct options *o, struct table *t, size_t user)
{
	struct people p = {.ids = strmap_new(), .levels = strmap_new()};
	size_t capacity[2] = {0}, stratum = o->stratify ? table_column(t, o->stratify, "stratify") : 0;
	size_t *column = memory_new(o->covariates.n + 1, sizeof *column);
	size_t *room = memory_zero(o->covariates.n + 1, sizeof *room);
	p.covariate = memory_zero(o->covariates.n + 1, sizeof(*p.covariate));
	for (size_t i = 0; i < o->covariates.n; i++)
		column[i] = table_column(t, o->covariates.values[i], "covariate");
	while (table_next(t)) {
		struct span id = table_field(t, user);
		bool good = id.n > 0;
		if (!good)
			table_reject(t, user, "an empty id");
		for (size_t i = 0; i < o->covariates.n && good; i++) {
			p.covariate[i] = memory_grow(p.covariate[i], &room[i], p.n + 1, sizeof(double));
			good = table_double(t, column[i], &p.covariate[i][p.n]);
		}
		if (!good)
			continue;
		if (strmap_add(p.ids, id) != p.n) {
			table_reject(t, user, "an id that occurs twice");
			continue;
		}
		p.level = memory_grow(p.level, &capacity[0], p.n + 1, sizeof *p.level);
		p.level[p.n] = o->stratify ? strmap_add(p.levels, table_field(t, stratum)) : 0;
		p.n++;
	}
	free(column);
	free(room);
	return p;
}

struct dealt {
	uint32_t level, hash, number;
};

static const struct strmap *dealt_ids;

static int by_level(const void *a, const void *b)
{
	const struct dealt *x = a, *y = b;
	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return span_compare(strmap_key(dealt_ids, x->number), strmap_key(dealt_ids, y->number));
}

/* Within a stratum, ids in the order of their hashes are dealt like cards: the k-th
 * of n gets the arm in whose share of the total weight (k + 1/2) / n lies. */
static long *deal(const struct rules *r, size_t experiment, const struct people *p)
{
	const struct experiment *e = r->rule[experiment].e;
	struct dealt *d = memory_new(p->n + 1, sizeof *d);
	long *arm = memory_new(p->n + 1, sizeof *arm);
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++) {
		struct span id = strmap_key(p->ids, (uint32_t)i);
		arm[i] = override_of(r, &r->rule[experiment], id);
		if (arm[i] == NO_ARM && takes_part(r, &r->rule[experiment], id))
			d[n++] = (struct dealt){p->level[i], experiment_hash(e, id), (uint32_t)i};
	}
	dealt_ids = p->ids;
	qsort(d, n, sizeof *d, by_level);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && d[to].level == d[from].level; to++)
			;
		for (size_t k = from; k < to; k++) {
			double at = ((double)(k - from) + 0.5) / (double)(to - from) * (double)e->total;
			size_t a = 0;
			double sum = (double)e->arms[0].weight;
			while (a + 1 < e->n && at >= sum)
				sum += (double)e->arms[++a].weight;
			arm[d[k].number] = (long)a;
		}
	}
	free(d);
	return arm;
}

static long *arms_of(const struct rules *r, size_t experiment, const struct people *p, bool strata)
{
	if (strata)
		return deal(r, experiment, p);
	long *arm = memory_new(p->n + 1, sizeof *arm);
	for (size_t i = 0; i < p->n; i++)
		arm[i] = arm_of(r, experiment, strmap_key(p->ids, (uint32_t)i));
	return arm;
}

/* The largest standardised difference between an arm's mean and the first arm's; infinite
 * when an arm is empty, or nothing varies within two arms that differ. */
static double imbalance(const struct experiment *e, const long *arm, const double *x, size_t n)
{
	double worst = 0, first = 0, first_variance = 0;
	for (size_t a = 0; a < e->n; a++) {
		struct exactsum sum = {0}, squares = {0};
		double count = 0;
		for (size_t i = 0; i < n; i++) {
			if (arm[i] != (long)a)
				continue;
			exactsum_add(&sum, x[i]);
			count++;
		}
		if (count < 1)
			return INFINITY;
		double mean = exactsum_value(&sum) / count;
		for (size_t i = 0; i < n; i++)
			if (arm[i] == (long)a)
				exactsum_add(&squares, (x[i] - mean) * (x[i] - mean));
		double variance = count > 1 ? exactsum_value(&squares) / (count - 1) : 0;
		if (a == 0) {
			first = mean;
			first_variance = variance;
		} else {
			double scale = sqrt((variance + first_variance) / 2);
			double off = fabs(mean - first);
			worst = fmax(worst, off > 0 ? off / scale : 0);
		}
	}
	return worst;
}

/* Morgan and Rubin (2012): the salt among N whose split balances the covariates best. */
static void rerandomize(const struct options *o, struct rules *r, const struct people *p)
{
	struct experiment *e = &r->registry.all[0];
	double best = INFINITY;
	char *salt = NULL, *before = e->salt;
	for (int64_t k = 0; k < o->rerandomize; k++) {
		char *name = memory_format("%s#%lld", before, (long long)k);
		e->seed = hash_murmur3(name, strlen(name), 0);
		long *arm = arms_of(r, 0, p, o->stratify);
		double worst = 0;
		for (size_t c = 0; c < o->covariates.n; c++)
			worst = fmax(worst, imbalance(e, arm, p->covariate[c], p->n));
		free(arm);
		if (worst < best) {
			best = worst;
			free(salt);
			salt = name;
		} else {
			free(name);
		}
	}
	if (!salt)
		die(STATUS_DATA, "none of %lld salts balances the covariates: an arm stays without users, or "
		    "nothing varies within it", (long long)o->rerandomize);
	e->salt = salt;
	e->seed = hash_murmur3(salt, strlen(salt), 0);
	warn("salt %s: the largest standardised difference is %.4g; the registry needs this salt",
	     salt, best);
}

static void check_row(struct output *out, const char *check, const char *a, const char *b, double chi,
		      double df, double v)
{
	output_text(out, check);
	output_tab(out);
	output_text(out, a);
	output_tab(out);
	output_text(out, b);
	const double numbers[] = {chi, df, df > 0 ? pchisq(chi, df, 0, 0) : NAN, v};
	for (size_t i = 0; i < 4; i++) {
		output_tab(out);
		if (isfinite(numbers[i]))
			output_double(out, numbers[i]);
	}
	output_end_row(out);
}

/* Is the share of ids that --traffic lets in as planned, and is a layer cut evenly? Of
 * the layer's ids without regard to traffic and overrides. */
static void check_gates(const struct rules *r, size_t n_layers, const struct people *p, struct output *out)
{
	for (size_t x = 0; x < r->registry.n; x++) {
		const struct rule *rule = &r->rule[x];
		double in = 0, all = (double)p->n, due = all * rule->traffic / BUCKETS;
		if (rule->traffic >= BUCKETS)
			continue;
		for (size_t i = 0; i < p->n; i++)
			in += bucket(strmap_key(p->ids, (uint32_t)i), rule->traffic_seed) < rule->traffic;
		bool sure = !(due > 0) || !(due < all);
		check_row(out, "traffic", rule->e->name, "",
			  sure ? NAN : (in - due) * (in - due) * (1 / due + 1 / (all - due)), sure ? 0 : 1, NAN);
	}
	for (size_t l = 0; l < n_layers; l++) {
		const struct layer *layer = &r->layer[l];
		double *count = memory_zero(layer->n + 1, sizeof *count), chi = 0;
		double due = (double)p->n / (double)layer->n;
		for (size_t i = 0; i < p->n; i++) {
			struct span id = strmap_key(p->ids, (uint32_t)i);
			count[hash_murmur3(id.at, id.n, layer->seed) % layer->n]++;
		}
		for (size_t k = 0; k < layer->n; k++)
			chi += (count[k] - due) * (count[k] - due) / due;
		check_row(out, "layer", layer->name, "", p->n ? chi : NAN, p->n ? (double)layer->n - 1 : 0, NAN);
		free(count);
	}
}

/* Pearson's chi-square of the sizes, and of each pair of experiments. */
static void check_all(const struct options *o, const struct rules *r, const struct people *p,
		      struct output *out)
{
	size_t n = r->registry.n;
	long **arm = memory_new(n, sizeof(*arm));
	output_text(out, "check\ta\tb\tchi2\tdf\tp\tcramers_v\n");
	for (size_t x = 0; x < n; x++) {
		const struct experiment *e = &r->registry.all[x];
		arm[x] = arms_of(r, x, p, o->stratify);
		double *count = memory_zero(e->n + 1, sizeof *count), all = 0, chi = 0;
		for (size_t i = 0; i < p->n; i++) {
			if (arm[x][i] == NO_ARM)
				continue;
			count[arm[x][i]]++;
			all++;
		}
		double used = 0;
		for (size_t a = 0; a < e->n; a++) {
			double expected = all * (double)e->arms[a].weight / (double)e->total;
			used += expected > 0;
			chi += expected > 0 ? (count[a] - expected) * (count[a] - expected) / expected : 0;
		}
		check_row(out, "balance", e->name, "", chi, used - 1, NAN);
		for (size_t c = 0; c < o->covariates.n; c++)
			check_row(out, "difference", e->name, o->covariates.values[c], NAN, 0,
				  imbalance(e, arm[x], p->covariate[c], p->n));
		free(count);
	}
	check_gates(r, o->layers.n, p, out);
	for (size_t x = 0; x < n; x++) {
		for (size_t y = x + 1; y < n; y++) {
			const struct experiment *e = &r->registry.all[x], *f = &r->registry.all[y];
			double *cell = memory_zero(e->n * f->n + 1, sizeof *cell);
			double *row = memory_zero(e->n + f->n, sizeof *row), *column = row + e->n;
			double all = 0, chi = 0, rows = 0, columns = 0;
			for (size_t i = 0; i < p->n; i++) {
				if (arm[x][i] == NO_ARM || arm[y][i] == NO_ARM)
					continue;
				cell[(size_t)arm[x][i] * f->n + (size_t)arm[y][i]]++;
				row[arm[x][i]]++;
				column[arm[y][i]]++;
				all++;
			}
			for (size_t a = 0; a < e->n; a++)
				rows += row[a] > 0;
			for (size_t b = 0; b < f->n; b++)
				columns += column[b] > 0;
			for (size_t a = 0; a < e->n; a++) {
				for (size_t b = 0; b < f->n; b++) {
					double expected = row[a] * column[b] / all;
					double off = cell[a * f->n + b] - expected;
					chi += expected > 0 ? off * off / expected : 0;
				}
			}
			double least = fmin(rows, columns) - 1, df = least > 0 ? (rows - 1) * (columns - 1) : 0;
			if (!(df > 0))
				chi = NAN; /* nobody is in both, or all are in one arm: nothing to test */
			check_row(out, "independence", e->name, f->name, chi, df,
				  least > 0 ? sqrt(chi / all / least) : NAN);
			free(cell);
			free(row);
		}
	}
	for (size_t x = 0; x < n; x++)
		free(arm[x]);
	free(arm);
}

/* ---- running ---- */

static void write_arm(struct output *out, const struct experiment *e, long arm)
{
	output_tab(out);
	if (arm != NO_ARM)
		output_text(out, e->arms[arm].name);
}

static void write_header(const struct options *o, const struct rules *r, const struct table *t,
			 struct output *out)
{
	if (o->append)
		output_span(out, table_header(t));
	else
		output_text(out, "user");
	for (size_t x = 0; x < r->registry.n; x++) {
		if (o->append && table_find_column(t, r->registry.all[x].name) >= 0)
			die(STATUS_DATA, "the input has a column '%s' already", r->registry.all[x].name);
		output_tab(out);
		output_text(out, r->registry.all[x].name);
	}
	output_end_row(out);
	output_flush(out);
}

static int run(const struct options *o, char **files, int count)
{
	struct rules r = rules_of(o);
	if (o->check && o->append)
		usage_error("--check and --append exclude each other");
	if (o->rerandomize && (r.registry.n != 1 || o->covariates.n == 0))
		usage_error("--rerandomize needs one experiment and a --covariate");
	if (o->covariates.n && !o->rerandomize && !o->check)
		usage_error("--covariate goes with --rerandomize or --check");
	bool at_once = o->check || o->stratify || o->rerandomize;
	if (at_once && o->append)
		usage_error("--append goes row by row: it excludes --stratify and --rerandomize");
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *overrides = o->overrides ? table_open_file(o->overrides) : NULL;
	size_t user = table_column(t, o->user, option_given("user") ? "user" : NULL);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	uint64_t written = 0;
	if (overrides)
		read_overrides(&r, overrides);
	if (!o->check && !o->common.no_header)
		write_header(o, &r, t, out);
	if (at_once) {
		struct people p = read_people(o, t, user);
		if (o->rerandomize)
			rerandomize(o, &r, &p);
		if (o->check) {
			check_all(o, &r, &p, out);
		} else {
			long **arm = memory_new(r.registry.n, sizeof(*arm));
			for (size_t x = 0; x < r.registry.n; x++)
				arm[x] = arms_of(&r, x, &p, o->stratify);
			for (size_t i = 0; i < p.n; i++) {
				output_span(out, strmap_key(p.ids, (uint32_t)i));
				for (size_t x = 0; x < r.registry.n; x++)
					write_arm(out, &r.registry.all[x], arm[x][i]);
				output_end_row(out);
			}
			for (size_t x = 0; x < r.registry.n; x++)
				free(arm[x]);
			free(arm);
		}
		written = p.n;
		strmap_free(p.ids);
		strmap_free(p.levels);
		for (size_t c = 0; c < o->covariates.n; c++)
			free(p.covariate[c]);
		free(p.covariate);
		free(p.level);
	} else {
		while (table_next(t)) {
			struct span id = table_field(t, user);
			if (id.n == 0) {
				table_reject(t, user, "an empty id");
				continue;
			}
			output_span(out, o->append ? table_row(t) : id);
			for (size_t x = 0; x < r.registry.n; x++)
				write_arm(out, &r.registry.all[x], arm_of(&r, x, id));
			output_end_row(out);
			written++;
			progress_step(table_bytes(t), table_size(t), "bytes");
		}
	}
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	run_report(rows, written, rejected);
	strmap_free(r.overridden);
	free(r.override);
	free(r.rule);
	for (size_t l = 0; l < o->layers.n; l++)
		free(r.layer[l].name);
	free(r.layer);
	experiments_free(&r.registry);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "ab-split",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Assign users to the arms of experiments by a hash that never changes.",
	.reads = "user, and the columns that --stratify and --covariate name",
	.writes = "user and a column per experiment; with --check: check a b chi2 df p cramers_v",
	.examples = {
		"ab-split --experiment PERSONALIZED=2 < users.tsv > assignments.tsv",
		"ab-split --experiments experiments.tsv --traffic NEW=0.1 --check < users.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
