#include "list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void list_clear(struct list *l)
{
	l->n = 0;
	l->checked = false;
}

void list_add(struct list *l, struct span item, double score, bool allowed)
{
	if (l->n == l->capacity) {
		l->capacity = l->capacity * 2 + 64;
		l->items = memory_resize(l->items, l->capacity, sizeof *l->items);
		l->scores = memory_resize(l->scores, l->capacity, sizeof *l->scores);
		l->allowed = memory_resize(l->allowed, l->capacity, sizeof *l->allowed);
	}
	l->items[l->n] = item;
	l->allowed[l->n] = allowed;
	l->scores[l->n++] = score;
}

void list_split(struct list *l, const char *text, size_t n)
{
	list_clear(l);
	for (struct span item, rest = {text, n}; span_next(&rest, '\t', &item);)
		if (item.n)
			list_add(l, item, NAN, true);
}

struct filling filling_begin(struct list *l, uint32_t most)
{
	list_clear(l);
	l->checked = true;
	return (struct filling){l, most == 0, most};
}

void list_free(struct list *l)
{
	free(l->items);
	free(l->scores);
	free(l->allowed);
	*l = (struct list){0};
}
