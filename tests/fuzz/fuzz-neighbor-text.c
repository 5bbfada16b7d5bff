/* Any bytes as what Redis has of a track, and as the ids of a list: weights are finite, ids are parts of
 * the text in its order, and the sums over them are in order. */
#include "../../tools/next-track/list.c"
#include "../../tools/next-track/session-scores.c"

#include "fuzz.h"

static void check(const struct list *l, const char *text, size_t n)
{
	const char *at = text;
	for (uint32_t i = 0; i < l->n; i++) {
		struct span item = l->items[i];
		if (item.n == 0 || item.at < at || item.at + item.n > text + n)
			abort();
		at = item.at + item.n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	struct list l = {0};
	struct session_scores s = {0};
	list_split(&l, text, n);
	check(&l, text, n);
	list_split_weighted(&l, text, n);
	check(&l, text, n);
	for (uint32_t i = 0; i < l.n; i++)
		if (!isfinite(l.scores[i]))
			abort();
	session_scores_add(&s, &l, 1);
	session_scores_add(&s, &l, -0.5);
	session_scores_best(&s, 3, &l);
	for (uint32_t i = 0; i < l.n; i++)
		if (!(l.scores[i] > 0) || (i && l.scores[i] > l.scores[i - 1]))
			abort();
	session_scores_free(&s);
	list_free(&l);
	return 0;
}
