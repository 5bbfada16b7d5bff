/* policy.h - the policy that is judged: what it would recommend, with which probability; and what a
 * recommendation is thought to earn.
 */
#ifndef RECPIPE_EVALUATE_POLICY_POLICY_H
#define RECPIPE_EVALUATE_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/topn.h"
#include "log.h"

/* How next-track picks from a list; first: its first item that may be offered. */
enum pick { PICK_FIRST, PICK_UNIFORM, PICK_RANK, PICK_SOFTMAX };
#define PICKS "first|uniform|rank|softmax"

/* A value of an item in a context: of a user, a position, both or none (STRMAP_NONE). */
struct entry {
	uint32_t user, position, item, rank;
	double value;
};

/* Entries by context, in one by item. */
struct entries {
	struct entry *at;
	size_t n, capacity;
	bool by_user, by_position;
};

/* The entries of one context; NULL: there are none. */
struct context {
	const struct entry *at;
	size_t n;
};

struct entry_columns {
	struct column user, position, item, value;
};

/* A table of `[user] [position] item VALUE`. */
struct entry_reader {
	struct table *t;
	size_t item, value;
	long user, position;
};

/* Finds the columns; what is missing ends the program. Without `positions` that column is not looked for. */
struct entry_reader entries_open(struct table *t, const struct entry_columns *columns, bool positions);

/* Reads and closes it, of the users and positions of the log alone. An item that occurs twice in a
 * context, and a value outside of low ... high, are bad data (exit 3). */
struct entries entries_read(struct entry_reader *reader, struct names *names, double low, double high);
void entries_renumber(struct entries *e, const struct ranks *ranks);
struct context entries_find(const struct entries *e, uint32_t user, uint32_t position);
/* The entry of the item, or NULL. */
const struct entry *context_find(struct context c, uint32_t item);
void entries_free(struct entries *e);

struct policy {
	struct entries entries;
	bool lists;                 /* entries are lists, picked from by these: */
	enum pick pick;
	double temperature;
	bool *catalog;              /* by item: what a user without a list is offered at random; NULL: nothing */
	uint32_t n_catalog;
	struct seen *seen;          /* what was computed of tables, from the first policy_outlook on */
};

/* The lists of users of the log, from top-N rows; closes the reader. */
struct entries policy_lists(struct topn_reader *reader, struct names *names);
/* Once the catalog is there: takes out of the lists what it does not offer. */
void policy_offer(struct policy *p);
/* Dies (exit 3) where the probabilities of a context do not add up to 1. */
void policy_check(const struct policy *p, const struct names *names, const char *path);
void policy_free(struct policy *p);

/* What is known of the items in a context: what each is thought to earn, and which of them the log has. */
struct prospect {
	const double *of_item;      /* NULL: those of `listed` have theirs, and others `otherwise` */
	struct context listed;
	double otherwise;
	double catalog_total;       /* of the policy's catalog, of of_item or of `otherwise` */
	const bool *logged;         /* by item */
	uint32_t catalog_never;     /* items of the catalog that are not in the log */
};

static inline double prospect_of(const struct prospect *v, uint32_t item)
{
	if (v->of_item)
		return v->of_item[item];
	const struct entry *e = context_find(v->listed, item);
	return e ? e->value : v->otherwise;
}

/* What the policy does in the context of a row. */
struct outlook {
	double probability;  /* of the item that was recommended */
	double expected;     /* the expected value of what it recommends */
	double never;        /* its share on items that were never recommended */
};

/* False: the policy has nothing for this context. */
bool policy_outlook(struct policy *p, const struct row *row, const struct prospect *prospect,
	struct outlook *out);

#endif
