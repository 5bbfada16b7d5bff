/* The best k against a sort of all, in any order of arrival; many ties. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "unit.h"

struct entry {
	uint32_t score, id;
};

static bool is_behind(const struct entry *a, const struct entry *b)
{
	return a->score < b->score || (a->score == b->score && a->id > b->id);
}

#define TOPK_NAME best
#define TOPK_ENTRY struct entry
#define TOPK_BEHIND is_behind
#include "data/topk-heap.h"

#define TOPK_NAME least
#define TOPK_ENTRY int
#define TOPK_BEHIND(a, b) (*(a) > *(b))
#include "data/topk-heap.h"

static int by_rank(const void *a, const void *b)
{
	return is_behind(a, b) ? 1 : is_behind(b, a) ? -1 : 0;
}

static void against_sort(size_t n, size_t k, uint32_t scores, struct random *r)
{
	struct entry *all = memory_new(n + 1, sizeof *all), *heap = memory_new(k, sizeof *heap);
	size_t kept = 0, wrong = 0;
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct entry){random_below(r, scores), (uint32_t)i * 7919 % 10007};
		struct entry last = kept == k ? heap[0] : (struct entry){0, UINT32_MAX};
		bool wanted = kept < k || is_behind(&last, &all[i]);
		wrong += best_offer(heap, &kept, k, all[i]) != wanted;
		/* With k of them each is ahead of the one on top. */
		for (size_t j = 1; kept == k && j < k; j++)
			wrong += is_behind(&heap[j], &heap[0]);
	}
	CHECK_INT(kept, n < k ? n : k);
	best_sort(heap, kept);
	qsort(all, n, sizeof *all, by_rank);
	wrong += memcmp(all, heap, kept * sizeof *heap) != 0;
	CHECK_INT(wrong, 0);
	free(all);
	free(heap);
}

int main(void)
{
	static const size_t COUNTS[] = {0, 1, 2, 3, 10, 11, 1000}, KEPT[] = {1, 2, 3, 10, 64};
	struct random r = random_start(3, 0);
	for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
		for (size_t k = 0; k < sizeof KEPT / sizeof *KEPT; k++)
			for (uint32_t scores = 1; scores < 10000; scores = scores * 20)
				against_sort(COUNTS[i], KEPT[k], scores, &r);
	int heap[3];
	size_t n = 0;
	for (int i = 9; i >= 0; i--)
		least_offer(heap, &n, 3, i * 7 % 10);
	CHECK_INT(n, 3);
	least_sort(heap, n);
	CHECK(heap[0] == 0 && heap[1] == 1 && heap[2] == 2);
	return unit_finish();
}
