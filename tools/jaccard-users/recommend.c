#include "recommend.h"

#include <stdlib.h>

#include "base/memory.h"

double *recommend_means(const struct sets *s)
{
	double *means = memory_zero((size_t)s->users + 1, sizeof *means);
	for (uint32_t u = 0; u < s->users; u++) {
		for (uint64_t r = s->all_start[u]; r < s->all_start[u + 1]; r++)
			means[u] += s->rating[r];
		means[u] /= (double)(s->all_start[u + 1] - s->all_start[u]);
	}
	return means;
}

uint32_t recommend_level_users(const struct sets *s)
{
	uint32_t n = 0;
	for (uint32_t u = 0; u < s->users; u++) {
		uint64_t r = s->all_start[u], end = s->all_start[u + 1];
		double low = s->rating[r], high = low;
		for (r++; r < end; r++) {
			low = s->rating[r] < low ? s->rating[r] : low;
			high = s->rating[r] > high ? s->rating[r] : high;
		}
		n += !(low < high);
	}
	return n;
}

static int by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->score < y->score || x->score > y->score)
		return x->score > y->score ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

size_t recommend_items(struct recommender *r, const struct sets *s, const double *means,
		       enum vote vote, uint32_t user, const struct finder *f, size_t n)
{
	if (!r->sum) {
		r->sum = memory_zero((size_t)s->items + 1, sizeof *r->sum);
		r->weight = memory_zero((size_t)s->items + 1, sizeof *r->weight);
		r->touched = memory_new((size_t)s->items + 1, sizeof *r->touched);
		r->list = memory_new((size_t)s->items + 1, sizeof *r->list);
	}
	size_t touched = 0, listed = 0;
	for (size_t k = 0; k < f->n; k++) {
		uint32_t v = f->found[k].user;
		double similarity = 1 - f->found[k].distance;
		double center = vote == VOTE_PLAIN ? 0 : means[v];
		if (!(similarity > 0))
			continue;
		for (uint64_t i = s->all_start[v]; i < s->all_start[v + 1]; i++) {
			uint32_t item = s->all_item[i];
			if (!(r->weight[item] > 0))
				r->touched[touched++] = item;
			r->sum[item] += similarity * (s->rating[i] - center);
			r->weight[item] += similarity;
		}
	}
	for (uint64_t i = s->all_start[user]; i < s->all_start[user + 1]; i++)
		r->weight[s->all_item[i]] = -1;
	for (size_t i = 0; i < touched; i++) {
		uint32_t item = r->touched[i];
		double score = r->sum[item];
		if (vote == VOTE_MEAN)
			score = means[user] + score / r->weight[item];
		if (r->weight[item] > 0)
			r->list[listed++] = (struct scored){score, item};
		r->sum[item] = 0;
		r->weight[item] = 0;
	}
	for (uint64_t i = s->all_start[user]; i < s->all_start[user + 1]; i++)
		r->weight[s->all_item[i]] = 0;
	if (listed > 1)
		qsort(r->list, listed, sizeof *r->list, by_score);
	return listed < n ? listed : n;
}

void recommender_free(struct recommender *r)
{
	free(r->sum);
	free(r->weight);
	free(r->touched);
	free(r->list);
}
