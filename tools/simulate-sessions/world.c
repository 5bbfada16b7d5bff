#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/kernel.h"
#include "streams/input.h"
#include "streams/json.h"
#include "streams/table.h"

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_json(const char *path)
{
	return ends_in(path, ".json") || ends_in(path, ".json.gz") || ends_in(path, ".jsonl") ||
		ends_in(path, ".jsonl.gz");
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
				bad_json(&t, "a track without an id, or one that occurs twice");
			free(id);
			free(artist);
		}
		buffer_free(&line);
		json_table_close(&t);
	} else {
		struct table *t = table_open_file(path);
		size_t item = table_column(t, "item", NULL);
		long artist = table_find_column(t, "artist");
		while (table_next(t)) {
			struct span by = artist < 0 ? (struct span){"", 0} : table_field(t, (size_t)artist);
			if (table_field(t, item).n == 0)
				table_reject(t, item, "an empty id");
			if (!add_track(w, artists, table_field(t, item), by, &capacity))
				table_reject(t, item, "a track that occurs twice");
		}
		table_close(t);
	}
	w->artists = strmap_count(artists);
	for (uint32_t i = 0; i < strmap_count(w->tracks); i++)
		if (w->artist[i] == STRMAP_NONE)
			w->artist[i] = w->artists++;
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
	struct table *t = table_open_file(path);
	size_t item = table_column(t, "item", NULL), width = table_width(t);
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
			table_reject(t, item, "a track that occurs twice");
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

/* numpy's format 1.0 to 3.0: little-endian float32 or float64, two dimensions, C order. */
static void read_npy(struct world *w, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	if (file < 0 || fstat(file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot open %s", path);
	size_t size = (size_t)about.st_size, done = 0;
	unsigned char *bytes = memory_new(size + 1, 1);
	while (done < size) {
		ssize_t n = read(file, bytes + done, size - done);
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot read %s", path);
		if (n == 0)
			die(STATUS_DATA, "%s is shorter than it was", path);
		done += (size_t)n;
	}
	if (close(file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", path);
	bytes[size] = 0;
	if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
		die(STATUS_DATA, "%s is no .npy file", path);
	size_t fixed = bytes[6] == 1 ? 10 : 12, header = bytes[8] | (size_t)bytes[9] << 8;
	if (fixed == 12)
		header |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
	if (header > size - fixed)
		die(STATUS_DATA, "%s: the header is cut", path);
	char *text = memory_text((const char *)bytes + fixed, header);
	bool wide = strstr(text, "'<f8'") != NULL, narrow = strstr(text, "'<f4'") != NULL;
	unsigned long rows = 0, columns = 0;
	const char *shape = strstr(text, "'shape': (");
	if ((!wide && !narrow) || strstr(text, "'fortran_order': True") || !shape ||
	    sscanf(shape, "'shape': (%lu, %lu", &rows, &columns) != 2)
		die(STATUS_DATA, "%s: not a two-dimensional array of <f4 or <f8 in C order", path);
	free(text);
	size_t width = wide ? 8 : 4;
	if (rows != strmap_count(w->tracks) || columns == 0 || columns > 65536 ||
	    (size - fixed - header) / width / columns < rows)
		die(STATUS_DATA, "%s: %lu rows of %lu numbers for %u tracks, or a file cut short", path,
		    rows, columns, strmap_count(w->tracks));
	make_vectors(w, (uint32_t)columns);
	const unsigned char *at = bytes + fixed + header;
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < columns; c++, at += width) {
			float x;
			double y;
			if (wide) {
				memcpy(&y, at, sizeof y);
				x = (float)y;
			} else {
				memcpy(&x, at, sizeof x);
			}
			w->vector[r * w->stride + c] = x;
		}
	}
	free(bytes);
}

/* ---- listeners ---- */

/* "1,2,3" or "[1, 2, 3]" to tracks; false when one is none. */
static bool add_interests(const struct world *w, struct listener *l, struct span text)
{
	size_t i = 0;
	while (i < text.n) {
		while (i < text.n && strchr("[], \"", text.at[i]))
			i++;
		size_t from = i;
		while (i < text.n && !strchr("[], \"", text.at[i]))
			i++;
		if (i == from)
			break;
		uint32_t track = strmap_find(w->tracks, (struct span){text.at + from, i - from});
		if (track == STRMAP_NONE)
			return false;
		l->interest = memory_resize(l->interest, l->interests + 1, sizeof *l->interest);
		l->interest[l->interests++] = track;
	}
	return l->interests > 0;
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
			if (!l || !add_interests(w, l, v[1].raw))
				bad_json(&t, "a user without id or interests, or one that occurs twice");
			double *const to[] = {&l->bias, &l->sharpness};
			for (int i = 0; i < 2; i++)
				if (v[2 + i].kind != JSON_ABSENT && (v[2 + i].kind != JSON_NUMBER ||
				    number_double(v[2 + i].raw.at, v[2 + i].raw.n, to[i]) != NUMBER_OK))
					bad_json(&t, "consume_bias and consume_sharpness must be numbers");
		}
		buffer_free(&line);
		json_table_close(&t);
	} else {
		struct table *t = table_open_file(path);
		size_t user = table_column(t, "user", NULL), interests = table_column(t, "interests", NULL);
		long bias = table_find_column(t, "consume_bias");
		long sharpness = table_find_column(t, "consume_sharpness");
		while (table_next(t)) {
			struct listener *l = new_listener(w, table_field(t, user), &capacity);
			if (!l)
				table_reject(t, user, "an empty id, or one that occurs twice");
			if (!add_interests(w, l, table_field(t, interests)))
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

struct world *world_read(const char *tracks, const char *embeddings, const char *users)
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
	return w;
}

double world_product(const struct world *w, uint32_t a, uint32_t b)
{
	const float *x = w->vector + (size_t)a * w->stride, *y = w->vector + (size_t)b * w->stride;
	double sum = 0;
	for (uint32_t f = 0; f < w->factors; f++)
		sum += (double)x[f] * (double)y[f];
	return sum;
}

void world_neighbours(const struct world *w, uint32_t of, uint32_t k, uint32_t *out)
{
	/* One kernel for all machines would be slow; the portable one keeps bytes alike. */
	static kernel_dot *dot;
	if (!dot)
		dot = kernel_dot_of(KERNEL_PORTABLE);
	const float *e = w->vector + (size_t)of * w->stride;
	float *best = memory_new((size_t)k + 1, sizeof *best);
	uint32_t n = 0, tracks = strmap_count(w->tracks);
	for (uint32_t i = 0; i < tracks; i++) {
		float x = dot(w->vector + (size_t)i * w->stride, e, w->stride);
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

void world_free(struct world *w)
{
	for (uint32_t u = 0; u < strmap_count(w->users); u++)
		free(w->listener[u].interest);
	strmap_free(w->tracks);
	strmap_free(w->users);
	free(w->artist);
	free(w->vector);
	free(w->listener);
	free(w);
}
