#include "neighbors-source.h"

/* What Redis has of a track: `neighbor weight neighbor weight ...`, TAB between them. */
static bool take_reply(const struct neighbors_source *s, const redisReply *reply, uint32_t most,
		       struct list *l)
{
	list_clear(l);
	if (reply && reply->type == REDIS_REPLY_STRING)
		list_split_weighted(l, reply->str, reply->len);
	l->checked = true;
	bool all = most == 0;
	for (uint32_t i = 0; i < l->n; i++) {
		l->allowed[i] = sampler_can_offer(s->sampler, l->items[i]);
		if (all)
			continue;
		if (!(l->scores[i] > 0)) {
			l->n = i;
			break;
		}
		if (l->allowed[i] && most-- == 0)
			l->n = i + 1;
	}
	return l->n > 0;
}

bool neighbors_find(const struct neighbors_source *s, const struct request *q, uint32_t back, uint32_t most,
		    struct list *l, const char **why)
{
	bool unreachable = !s->file && q->no_neighbors_reply;
	*why = unreachable ? "redis" : s->stale ? "stale" : "no-neighbors";
	if (unreachable || s->stale)
		return false;
	if (s->file)
		return file_neighbors_find(s->file, request_track(q, back), most, l);
	if (!q->neighbors || q->neighbors->type != REDIS_REPLY_ARRAY || back >= q->neighbors->elements)
		return false;
	return take_reply(s, q->neighbors->element[back], most, l);
}
