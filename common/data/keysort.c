#include "data/keysort.h"

#include <stdlib.h>

#include "base/memory.h"
#include "data/radix.h"

struct keysort keysort_new(size_t n)
{
	struct keysort s;
	s.key = memory_new(n + 1, sizeof *s.key);
	s.order = memory_new(n + 1, sizeof *s.order);
	s.head = memory_new(n + 1, sizeof *s.head);
	return s;
}

void keysort_free(struct keysort *s)
{
	free(s->key);
	free(s->order);
	free(s->head);
}

static int compare(const void *a, const void *b, void *keys)
{
	const struct span *key = keys;
	return span_compare(key[*(const uint32_t *)a], key[*(const uint32_t *)b]);
}

static void take_heads(const struct keysort *s, size_t begin, size_t end, size_t depth)
{
	for (size_t i = begin; i < end; i++)
		s->head[i] = keysort_head(s->key[s->order[i]], depth);
}

/* Those of the places from ... to - 1 whose keys end before `depth` come first, the shortest before the
 * others; where they end. They differ in length alone, so there are nine at most. */
static size_t put_ended_first(const struct keysort *s, size_t from, size_t to, size_t depth)
{
	size_t ended = from;
	for (size_t i = from; i < to; i++) {
		uint32_t number = s->order[i];
		size_t n = s->key[number].n, j = ended;
		if (n > depth)
			continue;
		s->order[i] = s->order[ended];
		for (; j > from && s->key[s->order[j - 1]].n > n; j--)
			s->order[j] = s->order[j - 1];
		s->order[j] = number;
		ended++;
	}
	return ended;
}

/* By the next eight bytes, whose heads are there, then each run of equal ones by the next bytes. */
void keysort_range(const struct keysort *s, size_t begin, size_t end, size_t depth)
{
	enum { FEW = 1024 };
	while (end - begin > FEW) {
		size_t rest_begin = begin, rest_end = begin;
		radix_sort(s->head + begin, s->order + begin, end - begin);
		depth += 8;
		for (size_t from = begin, to; from < end; from = to) {
			for (to = from + 1; to < end && s->head[to] == s->head[from]; to++)
				;
			if (to - from == 1)
				continue;
			/* The longest run is left to the loop: the stack stays low however
			 * long the ids' common beginning is. */
			size_t ended = put_ended_first(s, from, to, depth);
			size_t smaller_begin = ended, smaller_end = to;
			if (to - ended > rest_end - rest_begin) {
				smaller_begin = rest_begin;
				smaller_end = rest_end;
				rest_begin = ended;
				rest_end = to;
			}
			if (smaller_end - smaller_begin > 1) {
				take_heads(s, smaller_begin, smaller_end, depth);
				keysort_range(s, smaller_begin, smaller_end, depth);
			}
		}
		begin = rest_begin;
		end = rest_end;
		take_heads(s, begin, end, depth);
	}
	if (end - begin > 1)
		qsort_r(s->order + begin, end - begin, sizeof *s->order, compare, s->key);
}
