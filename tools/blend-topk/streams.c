#include "streams.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

/* Streams that are in one order are subsequences of it. So a user x who is the first to wait
 * in stream s, and does not wait in stream t, is not to come in t when some y waits in both:
 * x comes before y, and t is past that. Nothing is certain while s and t share no user, and
 * then another list is read into the queue that is the shortest. */

struct streams streams_of(struct stream *at, size_t n)
{
	return (struct streams){.at = at, .n = n, .users = strmap_new()};
}

static void waiting_free(struct waiting *w)
{
	while (w) {
		struct waiting *next = w->next;
		buffer_free(&w->text);
		free(w->items);
		free(w->scores);
		free(w);
		w = next;
	}
}

void streams_free(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++)
		waiting_free(s->at[i].first);
	waiting_free(s->spare);
	strmap_free(s->users);
	free(s->has);
	idset_free(&s->done);
}

/* A copy of the list that a reader has. */
static struct waiting *copy_of(struct streams *s, const struct topn_list *list)
{
	struct waiting *w = s->spare ? s->spare : memory_zero(1, sizeof *w);
	s->spare = s->spare ? s->spare->next : NULL;
	w->next = NULL;
	w->list = *list;
	w->items = memory_grow(w->items, &w->items_capacity, list->n, sizeof *w->items);
	w->scores = memory_grow(w->scores, &w->scores_capacity, list->n, sizeof *w->scores);
	w->text.n = 0;
	buffer_add_span(&w->text, list->user);
	for (uint32_t i = 0; i < list->n; i++) {
		buffer_add_span(&w->text, list->items[i]);
		w->scores[i] = list->scores[i];
	}
	const char *at = buffer_text(&w->text);
	w->list.user.at = at;
	at += list->user.n;
	for (uint32_t i = 0; i < list->n; i++) {
		w->items[i] = (struct span){at, list->items[i].n};
		at += list->items[i].n;
	}
	w->list.items = w->items;
	w->list.scores = w->scores;
	return w;
}

_Noreturn static void die_of_order(const struct topn_list *list)
{
	char user[QUOTED_SIZE];
	die(STATUS_DATA, "%s:%llu: user %s comes in another order than in the other files; sort all by user: "
	    "keep-header sort -s -t \"$(printf '\\t')\" -k 1,1", list->file, (unsigned long long)list->line,
	    quoted(list->user.at, list->user.n, user));
}

/* Reads a list of stream t into its queue. */
static void read_list(struct streams *s, size_t t)
{
	struct stream *stream = &s->at[t];
	struct topn_list list;
	if (!topn_next(stream->reader, &list)) {
		stream->ended = true;
		return;
	}
	struct waiting *w = copy_of(s, &list);
	w->user = strmap_add(s->users, list.user);
	size_t before = s->has_capacity;
	s->has = memory_grow(s->has, &s->has_capacity, (size_t)w->user + 1, sizeof *s->has);
	for (size_t i = before; i < s->has_capacity; i++)
		s->has[i] = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (s->has[w->user] >> i & 1) {
			s->shared[i][t]++;
			s->shared[t][i]++;
		}
	}
	s->has[w->user] |= (uint64_t)1 << t;
	if (stream->last)
		stream->last->next = w;
	else
		stream->first = w;
	stream->last = w;
	stream->n++;
	stream->lists++;
}

/* Is it certain which streams have the user who is the first to wait in stream t, and does
 * none of them have other users before? */
static bool is_ready(const struct streams *s, size_t t)
{
	uint32_t user = s->at[t].first->user;
	for (size_t i = 0; i < s->n; i++) {
		bool has = s->has[user] >> i & 1;
		if (has ? s->at[i].first->user != user : !s->at[i].ended && !s->shared[t][i])
			return false;
	}
	return true;
}

/* The stream whose first user is next: of those that are ready the one with the smallest id,
 * so that the order of ids is kept where the streams have it. s->n: none is ready. */
static size_t ready_stream(const struct streams *s)
{
	size_t best = s->n;
	for (size_t t = 0; t < s->n; t++) {
		if (!s->at[t].first || !is_ready(s, t))
			continue;
		if (best == s->n || span_compare(s->at[t].first->list.user, s->at[best].first->list.user) < 0)
			best = t;
	}
	return best;
}

/* The stream with the fewest lists that wait, of those that have more; s->n: none has. */
static size_t shortest_stream(const struct streams *s)
{
	size_t best = s->n;
	for (size_t t = 0; t < s->n; t++)
		if (!s->at[t].ended && (best == s->n || s->at[t].n < s->at[best].n))
			best = t;
	return best;
}

/* Takes the user's lists out of their queues. */
static void give_away(struct streams *s, uint32_t user, const struct topn_list *lists[])
{
	uint64_t has = s->has[user];
	for (size_t i = 0; i < s->n; i++) {
		struct stream *stream = &s->at[i];
		struct waiting *w = stream->first;
		lists[i] = NULL;
		if (!(has >> i & 1))
			continue;
		for (size_t j = 0; j < i; j++) {
			if (has >> j & 1) {
				s->shared[i][j]--;
				s->shared[j][i]--;
			}
		}
		stream->first = w->next;
		stream->last = w->next ? stream->last : NULL;
		stream->n--;
		w->next = s->spare;
		s->spare = w;
		lists[i] = &w->list;
	}
	s->has[user] = 0;
}

bool streams_next(struct streams *s, const struct topn_list *lists[])
{
	size_t t, any = s->n;
	while ((t = ready_stream(s)) == s->n) {
		size_t shortest = shortest_stream(s);
		if (shortest == s->n)
			break;
		read_list(s, shortest);
	}
	if (t == s->n) {
		for (size_t i = 0; i < s->n; i++)
			any = s->at[i].first ? i : any;
		if (any < s->n) /* each first one waits for users before it elsewhere */
			die_of_order(&s->at[any].first->list);
		return false;
	}
	struct waiting *w = s->at[t].first;
	if (!idset_add(&s->done, w->list.user))
		die_of_order(&w->list);
	give_away(s, w->user, lists);
	return true;
}

uint64_t streams_bytes(const struct streams *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->n; i++)
		sum += table_bytes(s->at[i].table);
	return sum;
}

uint64_t streams_size(const struct streams *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		uint64_t size = table_size(s->at[i].table);
		if (!size)
			return 0;
		sum += size;
	}
	return sum;
}
