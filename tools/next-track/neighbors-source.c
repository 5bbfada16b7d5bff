#include "neighbors-source.h"

#include "services/published.h"

/* What Redis has of a track: `neighbor weight neighbor weight ...`, TAB between them. */
static bool take_reply(const struct neighbors_source *s, const redisReply *reply, uint32_t most,
		       struct list *l)
{
	struct filling to = filling_begin(l, most);
	struct span item, rest = {0};
	float weight;
	if (reply && reply->type == REDIS_REPLY_STRING)
		rest = (struct span){reply->str, reply->len};
	while (published_next_neighbor(&rest, &item, &weight) &&
	       filling_add(&to, item, weight, sampler_can_offer(s->sampler, item)))
		;
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
