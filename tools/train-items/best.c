/* best.c - quickselect and quicksort of neighbors: see best.h. A heap would sift through
 * eight levels for every neighbor that is kept for a while; most lists are short, and most of
 * their neighbors are. */
#include "best.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

struct best best_new(size_t k)
{
	return (struct best){.at = memory_new(2 * k, sizeof(struct neighbor)), .k = k};
}

void best_free(struct best *b)
{
	free(b->at);
	*b = (struct best){0};
}

static void insert(struct neighbor *x, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct neighbor held = x[i];
		size_t at = i;
		for (; at > 0 && x[at - 1].key < held.key; at--)
			x[at] = x[at - 1];
		x[at] = held;
	}
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;
	return c < low ? low : c > high ? high : c;
}

/* Greater keys first: returns how many (neither 0 nor n) are in front. The pivot is drawn, so
 * that no order of the input is slow for long; what is in front depends on it, the result of
 * a sort does not. */
static size_t partition(struct neighbor *x, size_t n)
{
	uint64_t draw = hash_mix(n ^ x[0].key);
	uint64_t pivot = median(x[(uint32_t)draw % n].key, x[(draw >> 32) % n].key, x[n / 2].key);
	size_t i = 0, j = n - 1;
	for (;;) {
		while (x[i].key > pivot)
			i++;
		while (x[j].key < pivot)
			j--;
		if (i >= j)
			break;
		struct neighbor held = x[i];
		x[i++] = x[j];
		x[j--] = held;
	}
	return i ? i : 1;
}

/* The greatest k come first, in no order. */
static void select_best(struct neighbor *x, size_t n, size_t k)
{
	enum { FEW = 16 };
	while (n > FEW && k > 0 && k < n) {
		size_t front = partition(x, n);
		if (k < front) {
			n = front;
		} else {
			x += front;
			n -= front;
			k -= front;
		}
	}
	if (k > 0 && k < n)
		insert(x, n);
}

static void sort(struct neighbor *x, size_t n)
{
	enum { FEW = 16 };
	while (n > FEW) {
		size_t front = partition(x, n);
		if (front < n - front) {
			sort(x, front);
			x += front;
			n -= front;
		} else {
			sort(x + front, n - front);
			n = front;
		}
	}
	insert(x, n);
}

void best_drop_half(struct best *b)
{
	select_best(b->at, b->n, b->k);
	b->n = b->k;
	for (size_t i = 0; i < b->n; i++)
		b->floor = i == 0 || b->at[i].key < b->floor ? b->at[i].key : b->floor;
}

void best_sort(struct best *b)
{
	if (b->n > b->k)
		best_drop_half(b);
	sort(b->at, b->n);
}
