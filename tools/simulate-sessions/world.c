#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/kernel.h"
#include "streams/input.h"
#include "streams/json.h"
#include "streams/npy.h"
#include "streams/table.h"
#include "frame/sides.h"

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_json(const char *path)
{
	static const char *const ENDS[] = {".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz",
		".ndjson.gz"};
	for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
		if (ends_in(path, ENDS[i]))
			return true;
	return false;
}

/* ---- JSON lines: one row of fields at a time ---- */

struct json_table {
	struct input *in;
	struct json_reader *reader;
	size_t slot[4], n;
};

static struct json_table json_table_open(const char *path, const char *const *keys, size_t n)
{
	struct json_table t = {input_open(path), json_new(), {0}, n};
	for (size_t i = 0; i < n; i++)
		t.slot[i] = json_slot(t.reader, json_key(t.reader, 0, span_of(keys[i])));
	return t;
}

static bool json_table_next(struct json_table *t, struct buffer *line, struct json_value *values)
{
	struct span raw;
	if (!input_line(t->in, &raw))
		return false;
	if (raw.n && raw.at[raw.n - 1] == '\r')
		raw.n--;
	line->n = 0;
	buffer_add_span(line, raw);
	buffer_add_byte(line, '\n');
	memset(buffer_room(line, JSON_PAD), 0, JSON_PAD);
	if (!json_read(t->reader, (struct span){line->data, raw.n})) {
		size_t offset;
		struct span where;
		const char *problem = json_problem(t->reader, &offset, &where);
		die(STATUS_DATA, "%s:%llu: byte %zu: %s", input_name(t->in),
		    (unsigned long long)input_line_number(t->in), offset + 1, problem);
	}
	for (size_t i = 0; i < t->n; i++)
		values[i] = json_values(t->reader)[t->slot[i]];
	return true;
}

_Noreturn static void bad_json(const struct json_table *t, const char *problem)
{
	die(STATUS_DATA, "%s:%llu: %s", input_name(t->in),
	    (unsigned long long)input_line_number(t->in), problem);
}

static void json_table_close(struct json_table *t)
{
	json_free(t->reader);
	input_close(t->in);
}

static char *value_text(const struct json_value *v)
{
	size_t ignored = 0;
	char *text = memory_new(v->raw.n + 1, 1);
	text[json_text(v, text, &ignored)] = '\0';
	return text;
}

/* ---- tracks ---- */

static bool add_track(struct world *w, struct strmap *artists, struct span id, struct span artist,
		      size_t *capacity)
{
	uint32_t n = strmap_count(w->tracks);
	if (strmap_add(w->tracks, id) != n)
		return false;
	w->artist = memory_grow(w->artist, capacity, (size_t)n + 1, sizeof *w->artist);
	w->artist[n] = artist.n ? strmap_add(artists, artist) : STRMAP_NONE;
	return true;
}

static void read_tracks(struct world *w, const char *path)
{
	struct strmap *artists = strmap_new();
	size_t capacity = 0;
	if (is_json(path)) {
		static const char *const KEYS[] = {"track", "artist"};
		struct json_table t = json_table_open(path, KEYS, 2);
		struct buffer line = {0};
		struct json_value v[4];
		while (json_table_next(&t, &line, v)) {
			char *id = value_text(&v[0]), *artist = value_text(&v[1]);
			if (!*id || !add_track(w, artists, span_of(id), span_of(artist), &capacity))
				bad_json(&t, "a track without an id, or a duplicate");
			free(id);
			free(artist);
		}
		buffer_free(&line);
		json_table_close(&t);
	} else {
		struct table *t = option_table("tracks", path);
		size_t item = table_column(t, column_called("item"));
		long artist = table_find_column(t, "artist");
		while (table_next(t)) {
			struct span by = artist < 0 ? (struct span){"", 0} : table_field(t, (size_t)artist);
			if (table_field(t, item).n == 0)
				table_reject(t, item, "an empty id");
			if (!add_track(w, artists, table_field(t, item), by, &capacity))
				table_reject(t, item, "a duplicate track");
		}
		table_close(t);
	}
	uint32_t n = strmap_count(artists);
	for (uint32_t i = 0; i < strmap_count(w->tracks); i++)
		if (w->artist[i] == STRMAP_NONE)
			w->artist[i] = n++;
	strmap_free(artists);
	if (strmap_count(w->tracks) == 0)
		die(STATUS_DATA, "%s: no tracks in it", path);
}

/* ---- vectors ---- */

static void make_vectors(struct world *w, uint32_t factors)
{
	w->factors = factors;
	w->stride = (uint32_t)kernel_padded(factors);
	w->vector = memory_aligned((size_t)strmap_count(w->tracks) * w->stride, sizeof *w->vector);
}

static void read_vectors(struct world *w, const char *path)
{
	struct table *t = option_table("embeddings", path);
	size_t item = table_column(t, column_called("item")), width = table_width(t);
	if (width < 2)
		die(STATUS_DATA, "%s: no columns of numbers", path);
	make_vectors(w, (uint32_t)width - 1);
	uint32_t n = strmap_count(w->tracks), found = 0;
	bool *seen = memory_zero((size_t)n + 1, sizeof *seen);
	while (table_next(t)) {
		uint32_t track = strmap_find(w->tracks, table_field(t, item));
		if (track == STRMAP_NONE)
			table_reject(t, item, "no track of this id");
		if (seen[track])
			table_reject(t, item, "a duplicate track");
		seen[track] = true;
		found++;
		for (size_t c = 0, f = 0; c < width; c++)
			if (c != item)
				table_float(t, c, &w->vector[(size_t)track * w->stride + f++]);
	}
	if (found < n)
		die(STATUS_DATA, "%s: %u of %u tracks have no vector", path, n - found, n);
	free(seen);
	table_close(t);
}

static void read_npy(struct world *w, const char *path)
{
	size_t rows, columns;
	float *numbers = npy_read(path, &rows, &columns);
	if (rows != strmap_count(w->tracks))
		die(STATUS_DATA, "%s: %zu rows for %u tracks", path, rows, strmap_count(w->tracks));
	make_vectors(w, (uint32_t)columns);
	for (size_t r = 0; r < rows; r++)
		memcpy(w->vector + r * w->stride, numbers + r * columns, columns * sizeof *numbers);
	free(numbers);
}

/* ---- listeners ---- */

static bool add_interest(const struct world *w, struct listener *l, struct span id)
{
	uint32_t track = strmap_find(w->tracks, id);
	if (track == STRMAP_NONE)
		return false;
	l->interest = memory_resize(l->interest, (size_t)l->interests + 1, sizeof *l->interest);
	l->interest[l->interests++] = track;
	return true;
}

/* An array of ids; false when one of them is no track, or there is none. */
static bool add_json_interests(const struct world *w, struct listener *l, const struct json_value *list)
{
	struct span rest = list->raw;
	struct json_value element;
	if (list->kind != JSON_ARRAY)
		return false;
	while (json_element(&rest, &element)) {
		char *id = value_text(&element);
		bool found = add_interest(w, l, span_of(id));
		free(id);
		if (!found)
			return false;
	}
	return l->interests > 0;
}

/* "1,2,3", or the same as an array of numbers; false as above. */
static bool add_listed_interests(const struct world *w, struct listener *l, struct span text)
{
	if (text.n >= 2 && text.at[0] == '[' && text.at[text.n - 1] == ']')
		text = (struct span){text.at + 1, text.n - 2};
	for (struct span id; span_next(&text, ',', &id);) {
		for (; id.n && id.at[0] == ' '; id.n--)
			id.at++;
		while (id.n && id.at[id.n - 1] == ' ')
			id.n--;
		if (!add_interest(w, l, id))
			return false;
	}
	return true;
}

static struct listener *new_listener(struct world *w, struct span id, size_t *capacity)
{
	uint32_t n = strmap_count(w->users);
	if (id.n == 0 || strmap_add(w->users, id) != n)
		return NULL;
	w->listener = memory_grow(w->listener, capacity, (size_t)n + 1, sizeof *w->listener);
	w->listener[n] = (struct listener){.bias = 5, .sharpness = 1};
	return &w->listener[n];
}

static void read_users(struct world *w, const char *path)
{
	size_t capacity = 0;
	if (is_json(path)) {
		static const char *const KEYS[] = {"user", "interests", "consume_bias",
			"consume_sharpness"};
		struct json_table t = json_table_open(path, KEYS, 4);
		struct buffer line = {0};
		struct json_value v[4];
		while (json_table_next(&t, &line, v)) {
			char *id = value_text(&v[0]);
			struct listener *l = new_listener(w, span_of(id), &capacity);
			free(id);
			if (!l || !add_json_interests(w, l, &v[1]))
				bad_json(&t, "a user without an id, without interests that are tracks, or a duplicate");
			double *const to[] = {&l->bias, &l->sharpness};
			for (int i = 0; i < 2; i++)
				if (v[2 + i].kind != JSON_ABSENT && (v[2 + i].kind != JSON_NUMBER ||
				    number_double(v[2 + i].raw.at, v[2 + i].raw.n, to[i]) != NUMBER_OK))
					bad_json(&t, "consume_bias and consume_sharpness must be numbers");
		}
		buffer_free(&line);
		json_table_close(&t);
	} else {
		struct table *t = option_table("users", path);
		size_t user = table_column(t, column_called("user"));
		size_t interests = table_column(t, column_called("interests"));
		long bias = table_find_column(t, "consume_bias");
		long sharpness = table_find_column(t, "consume_sharpness");
		while (table_next(t)) {
			struct listener *l = new_listener(w, table_field(t, user), &capacity);
			if (!l)
				table_reject(t, user, "an empty or duplicate id");
			if (!add_listed_interests(w, l, table_field(t, interests)))
				table_reject(t, interests, "not a list of tracks");
			if (bias >= 0)
				table_double(t, (size_t)bias, &l->bias);
			if (sharpness >= 0)
				table_double(t, (size_t)sharpness, &l->sharpness);
		}
		table_close(t);
	}
	if (strmap_count(w->users) == 0)
		die(STATUS_DATA, "%s: no users in it", path);
}

double world_product(const struct world *w, uint32_t a, uint32_t b)
{
	const float *x = w->vector + (size_t)a * w->stride, *y = w->vector + (size_t)b * w->stride;
	double sum = 0;
	for (uint32_t f = 0; f < w->factors; f++)
		sum += (double)x[f] * (double)y[f];
	return sum;
}

static float length_of(const struct world *w, uint32_t track)
{
	return (float)sqrt(world_product(w, track, track));
}

struct world *world_read(const char *tracks, const char *embeddings, const char *users,
			 uint32_t neighbors)
{
	struct world *w = memory_zero(1, sizeof *w);
	w->tracks = strmap_new();
	w->users = strmap_new();
	read_tracks(w, tracks);
	if (ends_in(embeddings, ".npy"))
		read_npy(w, embeddings);
	else
		read_vectors(w, embeddings);
	read_users(w, users);
	uint32_t n = strmap_count(w->tracks);
	w->near_each = neighbors < n ? neighbors : n;
	w->near = memory_zero(n, sizeof(*w->near));
	for (uint32_t t = 0; t < n; t++)
		w->longest = fmaxf(w->longest, length_of(w, t));
	return w;
}

/* The `k` tracks with the greatest inner product with `of`, ties by number. The
 * products that count are the portable kernel's, so that the answer is the same on
 * every machine; the machine's best one sets aside what is too far away for any
 * rounding: each product is off by at most factors * 2^-24 * |a| |b|. */
static void find_neighbors(const struct world *w, uint32_t of, uint32_t k, uint32_t *out)
{
	kernel_dot *quick = kernel_dot_of(kernel_resolve(KERNEL_AUTO));
	kernel_dot *dot = kernel_dot_of(KERNEL_PORTABLE);
	const float *e = w->vector + (size_t)of * w->stride;
	float slack = 4e-7f * (float)w->stride * w->longest * length_of(w, of);
	float *best = memory_new((size_t)k + 1, sizeof *best);
	uint32_t n = 0, tracks = strmap_count(w->tracks);
	for (uint32_t i = 0; i < tracks; i++) {
		const float *v = w->vector + (size_t)i * w->stride;
		if (n == k && quick(v, e, w->stride) + slack < best[n - 1])
			continue;
		float x = dot(v, e, w->stride);
		if (n == k && !(x > best[n - 1]))
			continue;
		uint32_t at = n < k ? n++ : k - 1;
		for (; at > 0 && x > best[at - 1]; at--) {
			best[at] = best[at - 1];
			out[at] = out[at - 1];
		}
		best[at] = x;
		out[at] = i;
	}
	free(best);
}

const uint32_t *world_neighbors(const struct world *w, uint32_t of)
{
	if (!w->near[of]) {
		w->near[of] = memory_new(w->near_each, sizeof *w->near[of]);
		find_neighbors(w, of, w->near_each, w->near[of]);
	}
	return w->near[of];
}

void world_free(struct world *w)
{
	for (uint32_t u = 0; u < strmap_count(w->users); u++)
		free(w->listener[u].interest);
	for (uint32_t t = 0; t < strmap_count(w->tracks); t++)
		free(w->near[t]);
	free(w->near);
	strmap_free(w->tracks);
	strmap_free(w->users);
	free(w->artist);
	free(w->vector);
	free(w->listener);
	free(w);
}
