#include "frame/measures.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/quote.h"
#include "frame/options.h"

static void add(struct measures *m, int kind, uint32_t k)
{
	if (measures_add(m, kind, k) != SIZE_MAX)
		return;
	if (kind == MEASURE_AUC)
		usage_error("auc is given twice");
	usage_error("%s@%u is given twice", measure_kind_name(kind), (unsigned)k);
}

static uint32_t parse_k(struct span word, const char *option)
{
	uint64_t k;
	char text[QUOTED_SIZE];
	if (number_u64(word.at, word.n, &k) != NUMBER_OK || k < 1 || k > 1 << 20)
		usage_error("--%s: not a number from 1 to %d: %s", option, 1 << 20,
			    quoted(word.at, word.n, text));
	return (uint32_t)k;
}

static void add_for_each_k(struct measures *m, int kind, const char *k_list)
{
	if (kind == MEASURE_AUC) {
		add(m, kind, 0);
		return;
	}
	for (struct span k, rest = span_of(k_list); span_next(&rest, ',', &k);)
		add(m, kind, parse_k(k, "k"));
}

/* One word of --metrics: a name, or name@k. */
static void add_word(struct measures *m, struct span word, const char *k_list, int kinds)
{
	const char *at = memchr(word.at, '@', word.n);
	struct span name = {word.at, at ? (size_t)(at - word.at) : word.n};
	char text[QUOTED_SIZE], known[128] = "";
	size_t n = 0;
	for (int kind = 0; kind < kinds; kind++) {
		n += (size_t)snprintf(known + n, sizeof known - n, kind ? ", %s" : "%s", measure_kind_name(kind));
		if (!span_equal(name, span_of(measure_kind_name(kind))) || (at && kind == MEASURE_AUC))
			continue;
		if (at)
			add(m, kind, parse_k((struct span){at + 1, word.n - name.n - 1}, "metrics"));
		else
			add_for_each_k(m, kind, k_list);
		return;
	}
	usage_error("--metrics: unknown metric %s (there are %s)", quoted(word.at, word.n, text), known);
}

struct measures option_measures(const char *metrics, const char *k, int kinds, bool auc)
{
	struct measures m = {0};
	if (metrics) {
		for (struct span word, rest = span_of(metrics); span_next(&rest, ',', &word);)
			add_word(&m, word, k, kinds);
	} else {
		for (int kind = 0; kind < kinds; kind++)
			if (kind <= MEASURE_NOVELTY || (kind == MEASURE_AUC && auc))
				add_for_each_k(&m, kind, k);
	}
	return m;
}

_Noreturn void die_item_twice(const struct topn_list *list, uint32_t twice)
{
	char who[QUOTED_SIZE], what[QUOTED_SIZE];
	die(STATUS_DATA, "%s:%llu: the list of user %s that begins here has item %s twice", list->file,
	    (unsigned long long)list->line, quoted(list->user.at, list->user.n, who),
	    quoted(list->items[twice].at, list->items[twice].n, what));
}
