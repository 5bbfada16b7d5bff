/* chain.c - see chain.h. */
#include "chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { NO_EVENT = 0xffffffff };

/* The number of slots for so many events, a power of two. */
static size_t table_size_for(size_t n)
{
	size_t size = 64;
	while (size < n)
		size *= 2;
	return size;
}

void chains_room(struct chains *c, size_t n)
{
	if (n <= c->capacity)
		return;
	c->capacity = n + n / 2 + 64;
	c->event = memory_resize(c->event, c->capacity, sizeof *c->event);
	c->place = memory_resize(c->place, c->capacity, sizeof *c->place);
	c->before = memory_resize(c->before, c->capacity, sizeof *c->before);
	c->after = memory_resize(c->after, c->capacity, sizeof *c->after);
	c->next = memory_resize(c->next, c->capacity, sizeof *c->next);
	c->table = memory_resize(c->table, table_size_for(c->capacity), sizeof *c->table);
}

void chains_free(struct chains *c)
{
	free(c->event);
	free(c->place);
	free(c->before);
	free(c->after);
	free(c->next);
	free(c->table);
}

static uint32_t *slot_of(struct chains *c, uint32_t hash)
{
	return &c->table[hash & (c->table_size - 1)];
}

/* Takes the latest event that recommended the track and is not followed yet; NO_EVENT: none. */
static uint32_t take(struct chains *c, const struct events *e, uint32_t track)
{
	for (uint32_t *at = slot_of(c, track); *at != NO_EVENT; at = &c->next[*at]) {
		uint32_t found = *at;
		if (e->recommendation[c->event[found]] != track)
			continue;
		*at = c->next[found];
		return found;
	}
	return NO_EVENT;
}

/* Links each event with the one that recommended it. The table is as large as this user needs,
 * whatever room there is: it is emptied for every user. */
static void link_events(struct chains *c, const struct events *e)
{
	c->table_size = table_size_for(c->n);
	memset(c->table, 0xff, c->table_size * sizeof *c->table);
	for (uint32_t k = 0; k < c->n; k++) {
		size_t i = c->event[k];
		c->before[k] = take(c, e, e->track[i]);
		c->after[k] = NO_EVENT;
		if (c->before[k] != NO_EVENT)
			c->after[c->before[k]] = k;
		if (e->flags[i] & EVENT_LAST)
			continue;
		uint32_t *slot = slot_of(c, e->recommendation[i]);
		c->next[k] = *slot;
		*slot = k;
	}
}

/* A stack of numbers in one of the arrays that link_events is done with. */
struct stack {
	uint32_t *at;
	size_t n;
};

size_t chains_deal(struct chains *c, const struct events *e, size_t breaks)
{
	link_events(c, e);
	/* Sessions that were broken off, and places that are free. */
	struct stack broken = {c->next, 0}, unused = {c->table, 0};
	size_t places = 0, broken_on = 0;
	for (uint32_t k = 0; k < c->n; k++) {
		if (c->before[k] != NO_EVENT)
			c->place[k] = c->place[c->before[k]];
		else if (broken.n)
			c->place[k] = broken.at[--broken.n], broken_on++;
		else
			c->place[k] = unused.n ? unused.at[--unused.n] : (uint32_t)places++;
		if (e->flags[c->event[k]] & EVENT_LAST)
			unused.at[unused.n++] = c->place[k];
		else if (c->after[k] == NO_EVENT)
			broken.at[broken.n++] = c->place[k];
	}
	return 4 * broken_on <= breaks ? places : 1;
}
