/* What serve-http reads of its workers: a header and answers, in pieces. The first byte says how many requests
 * wait, the second how long the pieces are; the rest is what the worker says. */
#include "../../tools/serve-http/process.c"
#include "../../tools/serve-http/workers.c"

#include "fuzz.h"

enum { WAITING = 8 };

struct said {
	const uint8_t *at;
	size_t n, waiting, piece;
};

struct heard {
	struct workers *w;
	size_t answers;
};

/* Each request is answered once, in its order, with all columns, its own number among them. */
static void on_answer(void *caller, void *request, enum outcome outcome, const struct span *fields, size_t n)
{
	struct heard *h = caller;
	uint64_t id;
	if (outcome != OUTCOME_ANSWER || n != h->w->n_columns || *(size_t *)request != ++h->answers)
		abort();
	struct span name = fields[h->w->request];
	if (number_u64(name.at, name.n, &id) != NUMBER_OK || id != h->answers)
		abort();
	for (size_t c = 0; c < n; c++)
		if (memchr(fields[c].at, '\t', fields[c].n) || memchr(fields[c].at, '\n', fields[c].n))
			abort();
}

static void hear(void *context)
{
	const struct said *s = context;
	size_t numbers[WAITING];
	char *command[] = {"worker", NULL};
	struct heard heard = {0};
	struct workers w = {.o = {.command = command, .count = 1, .queue = WAITING, .answered = on_answer,
		.caller = &heard}};
	struct worker k = {.in = -1, .out = -1};
	struct pending ring[WAITING];
	heard.w = &w;
	w.all = &k;
	k.ring = ring;
	for (size_t i = 0; i < s->waiting; i++) {
		numbers[i] = i + 1;
		ring[k.n++] = (struct pending){.id = i + 1, .request = &numbers[i]};
	}
	for (size_t done = 0; done < s->n;) {
		size_t n = s->n - done < s->piece ? s->n - done : s->piece;
		buffer_add(&k.got, (const char *)s->at + done, n);
		done += n;
		if (!take_lines(&w, 0))
			break;
		if ((k.got.n && memchr(k.got.data, '\n', k.got.n)) || k.n + heard.answers != s->waiting)
			abort();
	}
	buffer_free(&k.got);
	free(w.columns_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	struct said s = {data + 2, n - 2, data[0] % (WAITING + 1), (size_t)data[1] + 1};
	fuzz_run(hear, &s);
	return 0;
}
