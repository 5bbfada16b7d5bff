#include "policy.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/quote.h"

/* ---- entries ---- */

static void entries_add(struct entries *e, struct entry entry)
{
	e->at = memory_grow(e->at, &e->capacity, e->n + 1, sizeof *e->at);
	e->at[e->n++] = entry;
}

static int by_context(const struct entry *x, const struct entry *y)
{
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return 0;
}

static int by_item(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = by_context(x, y);
	if (order)
		return order;
	return (x->item > y->item) - (x->item < y->item);
}

static void entries_sort(struct entries *e)
{
	if (e->n > 1)
		qsort(e->at, e->n, sizeof *e->at, by_item);
}

struct entry_reader entries_open(struct table *t, const struct entry_columns *c, bool positions)
{
	return (struct entry_reader){.t = t, .user = table_optional_column(t, c->user),
		.position = positions ? table_optional_column(t, c->position) : -1,
		.item = table_column(t, c->item), .value = table_column(t, c->value)};
}

/* The current row; false: it is of nobody in the log. */
static bool read_entry(struct entry_reader *r, struct names *names, double low, double high,
	struct entry *entry)
{
	struct table *t = r->t;
	*entry = (struct entry){.user = STRMAP_NONE, .position = STRMAP_NONE};
	if (!table_double(t, r->value, &entry->value))
		return false;
	if (!(entry->value >= low && entry->value <= high))
		table_reject(t, r->value, "not a probability");
	if (table_field(t, r->item).n == 0)
		table_reject(t, r->item, "an empty id");
	if (r->user >= 0)
		entry->user = strmap_find(names->users, table_field(t, (size_t)r->user));
	if (r->position >= 0)
		entry->position = strmap_find(names->positions, table_field(t, (size_t)r->position));
	if ((r->user >= 0 && entry->user == STRMAP_NONE) || (r->position >= 0 && entry->position == STRMAP_NONE))
		return false;
	entry->item = strmap_add(names->items, table_field(t, r->item));
	return true;
}

struct entries entries_read(struct entry_reader *r, struct names *names, double low, double high)
{
	struct entries e = {.by_user = r->user >= 0, .by_position = r->position >= 0};
	struct entry entry;
	while (table_next(r->t))
		if (read_entry(r, names, low, high, &entry))
			entries_add(&e, entry);
	entries_sort(&e);
	for (size_t i = 1; i < e.n; i++)
		if (by_item(&e.at[i - 1], &e.at[i]) == 0) {
			char shown[QUOTED_SIZE];
			struct span id = strmap_key(names->items, e.at[i].item);
			die(STATUS_DATA, "%s: the item %s occurs twice in one context", shown_file(table_file(r->t)),
			    quoted(id.at, id.n, shown));
		}
	table_close(r->t);
	return e;
}

void entries_renumber(struct entries *e, const struct ranks *ranks)
{
	for (size_t i = 0; i < e->n; i++) {
		struct entry *entry = &e->at[i];
		entry->item = ranks->item[entry->item];
		entry->user = strmap_renumbered(entry->user, ranks->user);
		entry->position = strmap_renumbered(entry->position, ranks->position);
	}
	entries_sort(e);
}

/* The first entry whose context is not before that of `wanted` (or, with `after`, comes after it). */
static size_t first_entry(const struct entries *e, const struct entry *wanted, bool after)
{
	size_t from = 0, to = e->n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = by_context(&e->at[middle], wanted);
		if (order < 0 || (after && order == 0))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct context entries_find(const struct entries *e, uint32_t user, uint32_t position)
{
	struct entry wanted = {.user = e->by_user ? user : STRMAP_NONE,
			       .position = e->by_position ? position : STRMAP_NONE};
	size_t from = first_entry(e, &wanted, false), to = first_entry(e, &wanted, true);
	return from < to ? (struct context){e->at + from, to - from} : (struct context){NULL, 0};
}

const struct entry *context_find(struct context c, uint32_t item)
{
	size_t from = 0, to = c.n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (c.at[middle].item < item)
			from = middle + 1;
		else
			to = middle;
	}
	return from < c.n && c.at[from].item == item ? &c.at[from] : NULL;
}

void entries_free(struct entries *e)
{
	free(e->at);
}

/* ---- the policy ---- */

struct entries policy_lists(struct topn_reader *reader, struct names *names)
{
	struct entries e = {.by_user = true};
	struct topn_list list;
	while (topn_next(reader, &list)) {
		uint32_t user = strmap_find(names->users, list.user);
		for (uint32_t r = 0; user != STRMAP_NONE && r < list.n; r++)
			entries_add(&e, (struct entry){.user = user, .position = STRMAP_NONE, .rank = r + 1,
					.item = strmap_add(names->items, list.items[r]), .value = list.scores[r]});
	}
	topn_close(reader);
	entries_sort(&e);
	return e;
}

void policy_offer(struct policy *p)
{
	struct entries *e = &p->entries;
	size_t kept = 0;
	for (size_t i = 0; i < e->n; i++)
		if (p->catalog[e->at[i].item])
			e->at[kept++] = e->at[i];
	e->n = kept;
}

void policy_check(const struct policy *p, const struct names *names, const char *path)
{
	const struct entries *e = &p->entries;
	double sum = 0;
	for (size_t i = 0; !p->lists && i < e->n; i++) {
		sum += e->at[i].value;
		if (i + 1 < e->n && by_context(&e->at[i], &e->at[i + 1]) == 0)
			continue;
		if (fabs(sum - 1) > 1e-4) {
			char shown[2][QUOTED_SIZE];
			struct span user = e->by_user ? strmap_key(names->users, e->at[i].user) : span_of("");
			struct span place = e->by_position ? strmap_key(names->positions,
				e->at[i].position) : span_of("");
			die(STATUS_DATA, "%s: the probabilities%s%s%s%s add up to %.6g, not 1", shown_file(path),
			    e->by_user ? " of the user " : "", e->by_user ? quoted(user.at, user.n, shown[0]) : "",
			    e->by_position ? " at the position " : "",
			    e->by_position ? quoted(place.at, place.n, shown[1]) : "", sum);
		}
		sum = 0;
	}
}

void policy_free(struct policy *p)
{
	entries_free(&p->entries);
	free(p->catalog);
	free(p->seen);
}

/* ---- what it does ---- */

/* What a context gives is the same for many rows: kept by context and what rewards are expected in it.
 * Of the policy's tables the context is theirs; of its catalog it is that of the rewards. */
struct seen {
	const struct entry *context;
	const void *rewards;
	const bool *logged;
	double expected, never;
};
enum { SEEN = 4096 };

/* Where it is kept; *known: it is there. */
static struct seen *seen_of(struct policy *p, struct context c, const struct prospect *v, bool *known)
{
	const void *rewards = v->of_item ? (const void *)v->of_item : v->listed.at;
	if (!p->seen)
		p->seen = memory_zero(SEEN, sizeof *p->seen);
	uint64_t h = hash_mix((uint64_t)(uintptr_t)c.at ^ hash_mix((uint64_t)(uintptr_t)rewards));
	struct seen *seen = &p->seen[h % SEEN];
	*known = seen->context == c.at && seen->rewards == rewards && seen->logged == v->logged;
	if (!*known)
		*seen = (struct seen){.context = c.at, .rewards = rewards, .logged = v->logged};
	return seen;
}

/* The expected rewards of all items of the catalog. */
static double catalog_total(struct policy *p, const struct prospect *v)
{
	bool known;
	if (v->of_item || !v->listed.n)
		return v->catalog_total;
	struct seen *seen = seen_of(p, v->listed, v, &known);
	if (known)
		return seen->expected;
	seen->expected = v->catalog_total;
	for (size_t i = 0; i < v->listed.n; i++)
		if (p->catalog[v->listed.at[i].item])
			seen->expected += v->listed.at[i].value - v->otherwise;
	return seen->expected;
}

/* Any item of the catalog but the one just played, with equal probability. */
static bool look_at_catalog(struct policy *p, const struct row *row, const struct prospect *v,
	struct outlook *out)
{
	double total = catalog_total(p, v), n = p->n_catalog, never = v->catalog_never;
	if (row->played != STRMAP_NONE && p->catalog[row->played] && p->n_catalog > 1) {
		n--;
		total -= prospect_of(v, row->played);
		never -= !v->logged[row->played];
	}
	bool may = p->catalog[row->item] && (row->item != row->played || p->n_catalog == 1);
	*out = (struct outlook){may / n, total / n, never / n};
	return true;
}

static bool look_at_table(struct policy *p, struct context c, const struct row *row, const struct prospect *v,
			  struct outlook *out)
{
	const struct entry *entry = context_find(c, row->item);
	bool known;
	struct seen *seen = seen_of(p, c, v, &known);
	for (size_t i = 0; !known && i < c.n; i++) {
		seen->expected += c.at[i].value * prospect_of(v, c.at[i].item);
		seen->never += v->logged[c.at[i].item] ? 0 : c.at[i].value;
	}
	*out = (struct outlook){entry ? entry->value : 0, seen->expected, seen->never};
	return true;
}

/* The best score, or the least rank, of what may be picked. */
static double best_of(const struct policy *p, struct context c, uint32_t played)
{
	double best = p->pick == PICK_FIRST ? INFINITY : -INFINITY;
	for (size_t i = 0; i < c.n; i++)
		if (c.at[i].item != played)
			best = p->pick == PICK_FIRST ? fmin(best, c.at[i].rank) : fmax(best, c.at[i].value);
	return best;
}

static double weight_of(const struct policy *p, const struct entry *e, double best)
{
	switch (p->pick) {
	case PICK_FIRST:
		return e->rank <= best;
	case PICK_RANK:
		return 1.0 / e->rank;
	case PICK_SOFTMAX:
		return exp((e->value - best) / p->temperature);
	case PICK_UNIFORM:
		break;
	}
	return 1;
}

static bool look_at_list(const struct policy *p, struct context c, const struct row *row,
	const struct prospect *v,
			 struct outlook *out)
{
	bool ordered = p->pick == PICK_FIRST || p->pick == PICK_SOFTMAX;
	double total = 0, best = ordered ? best_of(p, c, row->played) : 0;
	*out = (struct outlook){0};
	for (size_t i = 0; i < c.n; i++) {
		const struct entry *e = &c.at[i];
		if (e->item == row->played)
			continue;
		double w = weight_of(p, e, best);
		total += w;
		if (e->item == row->item)
			out->probability = w;
		out->expected += w * prospect_of(v, e->item);
		out->never += v->logged[e->item] ? 0 : w;
	}
	if (!(total > 0))
		return false;
	out->probability /= total;
	out->expected /= total;
	out->never /= total;
	return true;
}

bool policy_outlook(struct policy *p, const struct row *row, const struct prospect *v, struct outlook *out)
{
	struct context c = entries_find(&p->entries, row->user, row->position);
	if (c.n && !p->lists)
		return look_at_table(p, c, row, v, out);
	if (c.n && look_at_list(p, c, row, v, out))
		return true;
	return p->catalog && p->n_catalog > 0 && look_at_catalog(p, row, v, out);
}
