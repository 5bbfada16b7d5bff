/* topk-heap.h - the best k of many entries: a binary heap with the last in rank on top, so
 * that what is not among the best is turned away by one comparison.
 *
 * A template, included once for each kind of entry. The includer defines
 *
 *	TOPK_NAME      what the names of the functions begin with
 *	TOPK_ENTRY     the type of an entry, copied by value
 *	TOPK_BEHIND    a function or macro of two `const TOPK_ENTRY *`: is the first ranked
 *	               after the second? With a total order (ties by id, say) the k best do
 *	               not depend on the order in which entries come.
 *
 * and gets NAME_offer, NAME_sort and what they are made of; the three are undefined again.
 */
#if !defined TOPK_NAME || !defined TOPK_ENTRY || !defined TOPK_BEHIND
#error "define TOPK_NAME, TOPK_ENTRY and TOPK_BEHIND before data/topk-heap.h"
#endif

#include <stdbool.h>
#include <stddef.h>

#define TOPK_JOIN(a, b) a##_##b
#define TOPK_CALLED(a, b) TOPK_JOIN(a, b)
#define TOPK(function) TOPK_CALLED(TOPK_NAME, function)

/* Below `at` the n entries are a heap: moves the entry at `at` down to its place. */
static inline void TOPK(sift)(TOPK_ENTRY *heap, size_t n, size_t at)
{
	TOPK_ENTRY held = heap[at];
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		child += child + 1 < n && TOPK_BEHIND(&heap[child + 1], &heap[child]);
		if (!TOPK_BEHIND(&heap[child], &held))
			break;
		heap[at] = heap[child];
	}
	heap[at] = held;
}

/* Any n entries become a heap. */
static inline void TOPK(heapify)(TOPK_ENTRY *heap, size_t n)
{
	for (size_t at = n / 2; at-- > 0;)
		TOPK(sift)(heap, n, at);
}

/* Takes an entry in when it is among the best k so far, of which there are *n, in no
 * order; with k of them the last in rank is heap[0]. k is above 0. */
static inline bool TOPK(offer)(TOPK_ENTRY *heap, size_t *n, size_t k, TOPK_ENTRY entry)
{
	if (*n < k) {
		heap[(*n)++] = entry;
		if (*n == k)
			TOPK(heapify)(heap, k);
		return true;
	}
	if (!TOPK_BEHIND(&heap[0], &entry))
		return false;
	heap[0] = entry;
	TOPK(sift)(heap, k, 0);
	return true;
}

/* Any n entries, the best first. */
static inline void TOPK(sort)(TOPK_ENTRY *heap, size_t n)
{
	TOPK(heapify)(heap, n);
	for (size_t left = n; left > 1; left--) {
		TOPK_ENTRY last = heap[0];
		heap[0] = heap[left - 1];
		heap[left - 1] = last;
		TOPK(sift)(heap, left - 1, 0);
	}
}

#undef TOPK
#undef TOPK_CALLED
#undef TOPK_JOIN
#undef TOPK_NAME
#undef TOPK_ENTRY
#undef TOPK_BEHIND
