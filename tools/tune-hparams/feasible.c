/* feasible.c - extremely randomized trees (Geurts, Ernst and Wehenkel 2006) that
 * distinguish trials that failed from those that did not.
 *
 * A cut is at a random place of one parameter, is one choice against the others, or is at
 * a random place of the sum or difference of two parameters: what does not fit into memory
 * is a product, which is a sum on logarithmic scales. A leaf is pure where the depth
 * allows it, so that the border between the two runs in the middle between the nearest
 * trials of either side, and gets sharper where there are many.
 *
 * Each tree leaves out some trials, and what the others say of a trial that they have not
 * seen (Breiman 1996, "Out-of-bag estimation") shows how far the trees are to be trusted.
 */
#include "feasible.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "draw.h"

enum {
	TREES = 32,    /* half of them when these know nothing */
	SLANTED = 3,   /* cuts of two parameters that are tried at a node */
	DEEPEST = 8,   /* cuts above a leaf */
	RECENT = 128,  /* of the trials that have ended: so many of the newest, and */
	OLDER = 128,   /* so many of the others, by chance */
};

/* A tree is grown from this share of the trials. */
static const double SEEN = 0.75;

/* A leaf has so many trials more than it has, with the share of all that did not fail. */
static const double DOUBT = 0.3;

enum cut_kind { CUT_NONE, CUT_STRAIGHT, CUT_SUM, CUT_DIFFERENCE, CUT_CHOICE };

struct cut {
	enum cut_kind kind;
	uint32_t p, q;  /* the parameters; q of sums and differences */
	double at;
};

/* The left branch is the next node. */
struct node {
	struct cut cut;  /* CUT_NONE: a leaf */
	double chance;
	size_t right;
};

struct feasible {
	const struct space *space;
	size_t n;         /* trials that are learned from */
	double *x;        /* n x parameters: units, choices, -1 where there is no value */
	bool *works;      /* n */
	int64_t *number;  /* n, ascending */
	double *said;     /* n: the chance of each by the trees that have not seen it */
	double share;     /* of those that work */
	double trust;     /* 0: the trees know nothing, 1: everything */
	struct node *nodes;
	size_t n_nodes, capacity;
	size_t root[TREES], n_trees;
	double *at;        /* scratch, n each */
	uint8_t *at_works;
	uint32_t *numeric; /* the parameters that are numbers */
	size_t n_numeric;
};

/* ---- trees ---- */

static bool goes_left(const struct cut *c, const double *x)
{
	switch (c->kind) {
	case CUT_CHOICE:
		return fabs(x[c->p] - c->at) < 0.5;
	case CUT_SUM:
		return x[c->p] + x[c->q] < c->at;
	case CUT_DIFFERENCE:
		return x[c->p] - x[c->q] < c->at;
	default:
		return x[c->p] < c->at;
	}
}

/* The rows that a node has. */
struct part {
	uint32_t *row;
	size_t n, works;
};

static const double *row_of(const struct feasible *f, const struct part *part, size_t i)
{
	return f->x + (size_t)part->row[i] * f->space->n;
}

/* Where the rows are along a cut, and which of them work. */
struct along {
	double *at;
	uint8_t *works;
};

static void set_along(const struct feasible *f, const struct part *part, const struct cut *c,
		      double *at)
{
	double sign = c->kind == CUT_SUM ? 1 : -1;
	if (c->kind == CUT_SUM || c->kind == CUT_DIFFERENCE)
		for (size_t i = 0; i < part->n; i++)
			at[i] = row_of(f, part, i)[c->p] + sign * row_of(f, part, i)[c->q];
	else
		for (size_t i = 0; i < part->n; i++)
			at[i] = row_of(f, part, i)[c->p];
}

/* A place between the ends, or the choice of some row; false when all are in one. */
static bool set_place(const struct along *along, size_t n, double share, struct cut *c)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		low = along->at[i] < low ? along->at[i] : low;
		high = along->at[i] > high ? along->at[i] : high;
	}
	c->at = c->kind == CUT_CHOICE ? along->at[(size_t)(share * (double)n)]
				      : low + share * (high - low);
	return high > low;
}

/* n times Gini's impurity, halved. */
static double impurity(size_t works, size_t n)
{
	return n ? (double)works * (double)(n - works) / (double)n : 0;
}

/* What the cut takes of the impurity; -1 when it leaves one side empty. */
static double gain(const struct along *along, const struct part *part, const struct cut *c)
{
	size_t n = 0, works = 0;
	for (size_t i = 0; i < part->n; i++) {
		bool left = c->kind == CUT_CHOICE ? fabs(along->at[i] - c->at) < 0.5
						  : along->at[i] < c->at;
		n += left;
		works += left & along->works[i];
	}
	if (n == 0 || n == part->n)
		return -1;
	return impurity(part->works, part->n) - impurity(works, n) -
		impurity(part->works - works, part->n - n);
}

/* The best of one cut of each parameter and some of two. */
static struct cut choose_cut(const struct feasible *f, const struct part *part, struct random *r)
{
	struct cut best = {.kind = CUT_NONE};
	struct along along = {f->at, f->at_works};
	double most = -1;
	for (size_t i = 0; i < part->n; i++)
		along.works[i] = f->works[part->row[i]];
	size_t straight = f->space->n, slanted = f->n_numeric > 1 ? SLANTED : 0;
	for (size_t i = 0; i < straight + slanted; i++) {
		struct cut c = {.p = (uint32_t)i};
		double share = random_share(r);
		if (i < straight) {
			c.kind = f->space->parameters[i].kind == KIND_CHOICE ? CUT_CHOICE : CUT_STRAIGHT;
		} else {
			uint32_t p = random_below(r, (uint32_t)f->n_numeric);
			uint32_t q = random_below(r, (uint32_t)f->n_numeric - 1);
			c.kind = random_below(r, 2) ? CUT_SUM : CUT_DIFFERENCE;
			c.p = f->numeric[p];
			c.q = f->numeric[q < p ? q : q + 1];
		}
		set_along(f, part, &c, along.at);
		double its = set_place(&along, part->n, share, &c) ? gain(&along, part, &c) : -1;
		if (its > most) {
			most = its;
			best = c;
		}
	}
	return best;
}

static size_t grow(struct feasible *f, struct part part, int depth, struct random *r)
{
	f->nodes = memory_grow(f->nodes, &f->capacity, f->n_nodes + 1, sizeof *f->nodes);
	size_t own = f->n_nodes++;
	for (size_t i = 0; i < part.n; i++)
		part.works += f->works[part.row[i]];
	struct cut cut = {.kind = CUT_NONE};
	if (part.works > 0 && part.works < part.n && depth < DEEPEST)
		cut = choose_cut(f, &part, r);
	f->nodes[own] = (struct node){.cut = cut,
		.chance = ((double)part.works + DOUBT * f->share) / ((double)part.n + DOUBT)};
	if (cut.kind == CUT_NONE)
		return own;
	size_t left = 0;
	for (size_t i = 0; i < part.n; i++) {
		if (goes_left(&cut, row_of(f, &part, i))) {
			uint32_t row = part.row[i];
			part.row[i] = part.row[left];
			part.row[left++] = row;
		}
	}
	grow(f, (struct part){part.row, left, 0}, depth + 1, r);
	size_t right = grow(f, (struct part){part.row + left, part.n - left, 0}, depth + 1, r);
	f->nodes[own].right = right;
	return own;
}

static double tree_chance(const struct feasible *f, size_t tree, const double *x)
{
	size_t i = f->root[tree];
	while (f->nodes[i].cut.kind != CUT_NONE)
		i = goes_left(&f->nodes[i].cut, x) ? i + 1 : f->nodes[i].right;
	return f->nodes[i].chance;
}

/* ---- what is learned from ---- */

static void set_units(const struct space *space, const double *point, double *x)
{
	for (size_t p = 0; p < space->n; p++)
		x[p] = isnan(point[p]) ? -1 : space_unit(&space->parameters[p], point[p]);
}

static void add_row(struct feasible *f, const struct trial *t)
{
	set_units(f->space, t->point, f->x + f->n * f->space->n);
	f->number[f->n] = t->number;
	f->works[f->n++] = t->state != TRIAL_FAILED;
}

/* The newest trials that have ended, and some of the older ones. */
static void add_rows(struct feasible *f, const struct study *study, size_t ended, struct random *r)
{
	size_t older = ended > RECENT ? ended - RECENT : 0, wanted = older < OLDER ? older : OLDER;
	f->x = memory_new((RECENT + OLDER) * f->space->n, sizeof *f->x);
	f->works = memory_new(RECENT + OLDER, sizeof *f->works);
	f->number = memory_new(RECENT + OLDER, sizeof *f->number);
	f->at = memory_new(RECENT + OLDER, sizeof *f->at);
	f->at_works = memory_new(RECENT + OLDER, sizeof *f->at_works);
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (!trial_ended(t) || t->defaults)
			continue;
		if (older == 0) {
			add_row(f, t);
			continue;
		}
		if (random_share(r) * (double)older < (double)wanted) {
			add_row(f, t);
			wanted--;
		}
		older--;
	}
}

/* How much better the unseen trials were foretold than by the share alone. */
static void set_trust(struct feasible *f, const double *sum, const uint32_t *trees)
{
	double error = 0, blind = 0, works = 0;
	for (size_t i = 0; i < f->n; i++)
		works += f->works[i];
	for (size_t i = 0; i < f->n; i++) {
		f->said[i] = trees[i] ? sum[i] / trees[i] : 0;
		if (!trees[i])
			continue;
		double is = f->works[i], share = (works - is + 1) / ((double)f->n + 1);
		error += (f->said[i] - is) * (f->said[i] - is);
		blind += (share - is) * (share - is);
	}
	f->trust = blind > 0 ? fmax(0, 1 - error / blind) : 0;
}

static void grow_trees(struct feasible *f, struct random *r)
{
	uint32_t *row = memory_new(f->n, sizeof *row), *unseen = memory_new(f->n, sizeof *unseen);
	uint32_t *trees = memory_zero(f->n, sizeof *trees);
	double *sum = memory_zero(f->n, sizeof *sum);
	f->said = memory_new(f->n, sizeof *f->said);
	while (f->n_trees < TREES && (f->n_trees != TREES / 2 || f->trust > 0)) {
		size_t n = 0, rest = 0, tree = f->n_trees++;
		for (size_t i = 0; i < f->n; i++)
			*(random_share(r) < SEEN ? &row[n++] : &unseen[rest++]) = (uint32_t)i;
		f->root[tree] = grow(f, (struct part){row, n, 0}, 0, r);
		for (size_t i = 0; i < rest; i++) {
			sum[unseen[i]] += tree_chance(f, tree, f->x + unseen[i] * f->space->n);
			trees[unseen[i]]++;
		}
		if (f->n_trees == TREES / 2 || f->n_trees == TREES)
			set_trust(f, sum, trees);
	}
	free(row);
	free(unseen);
	free(trees);
	free(sum);
}

struct feasible *feasible_learn(const struct study *study, const struct trial *next)
{
	size_t ended = 0, failed = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		ended += trial_ended(t) && !t->defaults;
		failed += t->state == TRIAL_FAILED && !t->defaults;
	}
	if (failed == 0 || failed == ended)
		return NULL;
	struct feasible *f = memory_zero(1, sizeof *f);
	f->space = &study->space;
	f->share = (double)(ended - failed + 1) / ((double)ended + 2);
	f->numeric = memory_new(f->space->n, sizeof *f->numeric);
	for (uint32_t p = 0; p < f->space->n; p++)
		if (f->space->parameters[p].kind != KIND_CHOICE)
			f->numeric[f->n_numeric++] = p;
	struct random r = draw_random(study, next->number, "feasible");
	add_rows(f, study, ended, &r);
	grow_trees(f, &r);
	return f;
}

void feasible_free(struct feasible *f)
{
	if (!f)
		return;
	free(f->x);
	free(f->works);
	free(f->number);
	free(f->said);
	free(f->nodes);
	free(f->at);
	free(f->at_works);
	free(f->numeric);
	free(f);
}

/* ---- what is known ---- */

double feasible_chance(const struct feasible *f, const double *point)
{
	double *x = memory_new(f->space->n, sizeof *x), sum = 0;
	set_units(f->space, point, x);
	for (size_t tree = 0; tree < f->n_trees; tree++)
		sum += tree_chance(f, tree, x);
	free(x);
	return pow(sum / (double)f->n_trees, f->trust);
}

bool feasible_fluke(const struct feasible *f, int64_t trial)
{
	size_t from = 0, to = f->n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (f->number[middle] < trial)
			from = middle + 1;
		else
			to = middle;
	}
	return from < f->n && f->number[from] == trial && f->said[from] > 0.5;
}
