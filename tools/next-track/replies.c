#include "replies.h"

#include "base/number.h"
#include "streams/json-write.h"

void replies_add_header(struct buffer *b, const struct rules *rules)
{
	buffer_add_text(b, "request\tstatus\treason\tuser\trecommendation\tsource\trank\tprobability\tgeneration"
			"\tpublished\tlost");
	for (size_t x = 0; x < rules->experiments.n; x++)
		buffer_format(b, "\t%s", rules->experiments.all[x].name);
	buffer_add_text(b, rules->interleaves ? "\tteam\n" : "\n");
}

bool replies_find_kind(struct span message, enum request_kind *kind)
{
	if (span_equal(message, span_of("list")))
		*kind = REQUEST_LIST;
	else if (span_equal(message, span_of("similar")))
		*kind = REQUEST_SIMILAR;
	else
		return false;
	return true;
}

static const char *status_of(const struct reply *r)
{
	if (r->request->kind == REQUEST_BAD)
		return "bad";
	return r->request->kind == REQUEST_STEP || r->list ? "ok" : "none";
}

static void add_number(struct buffer *b, uint64_t number)
{
	b->n += number_write_u64(number, buffer_room(b, NUMBER_SIZE));
}

/* What is wrong with a row quotes it, where TABs and LFs are escaped; a word of its own has none. */
static void add_reason(struct buffer *b, const struct reply *r)
{
	const char *text = r->request->kind == REQUEST_BAD ? r->request->problem : r->list ? NULL : r->reason;
	for (; text && *text; text++)
		buffer_add_byte(b, *text == '\t' || *text == '\n' ? ' ' : *text);
}

static void add_items(struct buffer *b, const struct list *list)
{
	buffer_add_byte(b, '[');
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buffer_add_byte(b, ',');
		json_write_id(b, list->items[i]);
	}
	buffer_add_byte(b, ']');
}

/* recommendation source rank probability */
static void add_answer(struct buffer *b, const struct answer *a)
{
	buffer_add_span(b, a->item);
	buffer_add_byte(b, '\t');
	buffer_add_text(b, RECOMMENDER_NAMES[a->source]);
	if (a->why) {
		buffer_add_byte(b, ':');
		buffer_add_text(b, a->why);
	}
	buffer_add_byte(b, '\t');
	if (a->rank)
		add_number(b, a->rank);
	buffer_add_byte(b, '\t');
	b->n += number_write_double(a->probability, buffer_room(b, NUMBER_SIZE));
}

void replies_add(struct buffer *b, const struct reply *r, const struct rules *rules)
{
	const struct request *q = r->request;
	if (q->name.n)
		buffer_add_span(b, q->name);
	else
		add_number(b, r->number);
	buffer_add_byte(b, '\t');
	buffer_add_text(b, status_of(r));
	buffer_add_byte(b, '\t');
	add_reason(b, r);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, q->user);
	buffer_add_byte(b, '\t');
	if (r->answer)
		add_answer(b, r->answer);
	else if (r->list)
		add_items(b, r->list);
	buffer_add_text(b, r->answer ? "\t" : "\t\t\t\t");
	buffer_add_text(b, r->generation);
	buffer_add_byte(b, '\t');
	if (r->published_ms > 0)
		add_number(b, (uint64_t)r->published_ms);
	buffer_add_byte(b, '\t');
	add_number(b, r->lost);
	for (size_t x = 0; x < rules->experiments.n; x++) {
		buffer_add_byte(b, '\t');
		buffer_add_text(b, r->arms ? rules->experiments.all[x].arms[r->arms[x]].name : "");
	}
	if (rules->interleaves) {
		buffer_add_byte(b, '\t');
		buffer_add_text(b, r->answer && r->answer->team ? r->answer->team : "");
	}
	buffer_add_byte(b, '\n');
}
