/* What serve-http reads of others, parts with | between them; the first byte picks:
 * a routes file (none: the default ones), a method, a target, a body, an answer: rows are rows, and what is
 * answered is JSON; or a file of tokens and a header. */
#define FUZZ_TOOL "serve-http"
#include "base/memory.h"
#include "fuzz.h"
#include "../../tools/serve-http/routes.h"
#include "../../tools/serve-http/tokens.h"

struct input {
	struct span part[6];
	uint8_t pick;
};

static void check_row(const struct routes *r, const struct buffer *row, struct span key)
{
	size_t tabs = 0;
	for (size_t i = 0; i < row->n; i++) {
		tabs += row->data[i] == '\t';
		if (row->data[i] == '\n' || row->data[i] == '\0')
			abort();
	}
	if (tabs != r->n_columns || key.at < row->data || key.at + key.n > row->data + row->n)
		abort();
}

static void check_object(struct buffer *json)
{
	struct json_reader *reader = json_new();
	size_t n = json->n;
	memset(buffer_room(json, JSON_PAD), 0, JSON_PAD);
	if (n < 3 || json->data[n - 1] != '\n' || !json_read(reader, (struct span){json->data, n - 1}))
		abort();
	json_free(reader);
}

static void answer(struct routes *r, const struct target *t, struct span row)
{
	static const char *const NAMES[] = {"request", "status", "user", "recommendation", "generation", "x"};
	struct span columns[6], fields[6] = {{0}}, field;
	struct failure why = {0};
	struct buffer json = {0};
	size_t n = 0;
	for (size_t c = 0; c < 6; c++)
		columns[c] = span_of(NAMES[c]);
	while (n < 6 && span_next(&row, '\t', &field))
		fields[n++] = field;
	if (routes_resolve(r, columns, 6, columns, 6, &why) && routes_add_object(t, fields, n, &json))
		check_object(&json);
	buffer_free(&json);
}

static void routes(void *context)
{
	const struct input *in = context;
	struct failure why = {0};
	struct target t = {0};
	struct buffer allowed = {0}, row = {0}, problem = {0};
	struct span key;
	char path[32];
	int file = fuzz_file(in->part[0].at, in->part[0].n, path);
	struct routes *r = routes_read(in->part[0].n ? path : NULL, &why);
	close(file);
	if (!r && !has_failed(&why))
		abort();
	if (r && routes_find(r, in->part[1], in->part[2], &t, &allowed) == 0) {
		if (routes_add_row(r, &t, in->part[3], &row, &key, &problem) == 0)
			check_row(r, &row, key);
		else if (row.n || problem.n == 0)
			abort();
		answer(r, &t, in->part[4]);
	}
	buffer_free(&allowed);
	buffer_free(&row);
	buffer_free(&problem);
	buffer_free(&t.text);
	routes_release(r);
}

static void tokens(void *context)
{
	const struct input *in = context;
	struct failure why = {0};
	struct tokens t;
	char path[32], *header = memory_text(in->part[1].at, in->part[1].n);
	int file = fuzz_file(in->part[0].at, in->part[0].n, path);
	bool read = tokens_read(&t, path, &why), found = false;
	close(file);
	if (read == has_failed(&why))
		abort();
	size_t n = strlen(header);
	for (size_t i = 0; read && i < t.n; i++)
		found |= n > 7 && span_equal(t.all[i], (struct span){header + 7, n - 7});
	if (read && tokens_allow(&t, header) && !found)
		abort();
	tokens_free(&t);
	free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in = {.pick = n ? data[0] : 0};
	if (n == 0)
		return 0;
	data++;
	n--;
	for (size_t i = 0; i < 6; i++) {
		const uint8_t *part;
		in.part[i].n = fuzz_part(&data, &n, &part);
		in.part[i].at = (const char *)part;
	}
	fuzz_run(in.pick & 1 ? tokens : routes, &in);
	return 0;
}
