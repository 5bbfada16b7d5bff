#include "checkpoint.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/input.h"
#include "streams/output.h"

static const char MAGIC[32] = "recpipe train-mf state 1 " RECPIPE_VERSION;

enum { PIECE = 1 << 16 };

/* FNV-1a over words rather than bytes, mixed at the end of each piece. */
uint64_t checkpoint_hash(uint64_t hash, const void *data, size_t n)
{
	const char *at = data;
	hash ^= n;
	while (n > 0) {
		uint64_t word = 0;
		size_t take = n < sizeof word ? n : sizeof word;
		memcpy(&word, at, take);
		hash = (hash ^ word) * 0x100000001b3u;
		hash ^= hash >> 29;
		at += take;
		n -= take;
	}
	return hash;
}

struct writer {
	struct output *out;
	uint64_t hash;
};

static void put(struct writer *w, const void *data, size_t n)
{
	const char *at = data;
	w->hash = checkpoint_hash(w->hash, data, n);
	while (n > 0) {
		size_t piece = n < PIECE ? n : PIECE;
		output_bytes(w->out, at, piece);
		at += piece;
		n -= piece;
	}
}

static void put_side(struct writer *w, const struct params *p)
{
	uint8_t best = p->best_rows != NULL;
	put(w, p->rows, (size_t)p->n * p->width * sizeof(float));
	put(w, p->bias, (size_t)p->n * (1 + p->states) * sizeof(float));
	put(w, &best, 1);
	if (best) {
		put(w, p->best_rows, (size_t)p->n * p->stride * sizeof(float));
		put(w, p->best_bias, (size_t)p->n * sizeof(float));
	}
}

void checkpoint_write(const char *path, const struct progress_state *state,
		      const struct params *users, const struct params *items)
{
	struct writer w = {.out = output_open(path, false)};
	put(&w, MAGIC, sizeof MAGIC);
	put(&w, &state->fingerprint, sizeof state->fingerprint);
	put(&w, &state->epoch, sizeof state->epoch);
	put(&w, &state->best_epoch, sizeof state->best_epoch);
	put(&w, &state->best_value, sizeof state->best_value);
	put(&w, &state->seconds, sizeof state->seconds);
	put(&w, state->history, state->epoch * sizeof *state->history);
	put_side(&w, users);
	put_side(&w, items);
	output_bytes(w.out, (const char *)&w.hash, sizeof w.hash);
	output_close(w.out);
}

/* A name in .gz or .zst has compressed it, which input.h sees. */
struct reader {
	struct input *in;
	struct span piece; /* what is left of the last one */
	const char *path;
	uint64_t hash;
};

static _Noreturn void damaged(const struct reader *r)
{
	die(STATUS_DATA, "%s: not a whole checkpoint of this version", r->path);
}

static void take(struct reader *r, void *data, size_t n)
{
	for (char *to = data; n > 0;) {
		if (r->piece.n == 0 && !input_piece(r->in, &r->piece))
			damaged(r);
		size_t some = n < r->piece.n ? n : r->piece.n;
		memcpy(to, r->piece.at, some);
		r->piece = (struct span){r->piece.at + some, r->piece.n - some};
		to += some;
		n -= some;
	}
}

static void get(struct reader *r, void *data, size_t n)
{
	take(r, data, n);
	r->hash = checkpoint_hash(r->hash, data, n);
}

static void get_side(struct reader *r, struct params *p)
{
	uint8_t best;
	get(r, p->rows, (size_t)p->n * p->width * sizeof(float));
	get(r, p->bias, (size_t)p->n * (1 + p->states) * sizeof(float));
	get(r, &best, 1);
	if (best) {
		params_keep(p); /* for its memory */
		get(r, p->best_rows, (size_t)p->n * p->stride * sizeof(float));
		get(r, p->best_bias, (size_t)p->n * sizeof(float));
	}
}

bool checkpoint_read(const char *path, struct progress_state *state, struct params *users,
		     struct params *items)
{
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return false;
	struct reader r = {.in = input_open_encoded(path), .path = path};
	char magic[sizeof MAGIC];
	uint64_t fingerprint, hash, sum;
	get(&r, magic, sizeof magic);
	if (memcmp(magic, MAGIC, sizeof magic) != 0)
		damaged(&r);
	get(&r, &fingerprint, sizeof fingerprint);
	if (fingerprint != state->fingerprint)
		die(STATUS_DATA, "%s: a checkpoint of other data or other options; remove it to "
		    "start over", path);
	get(&r, &state->epoch, sizeof state->epoch);
	get(&r, &state->best_epoch, sizeof state->best_epoch);
	get(&r, &state->best_value, sizeof state->best_value);
	get(&r, &state->seconds, sizeof state->seconds);
	if (state->epoch > 1u << 20)
		damaged(&r);
	state->history = memory_grow(state->history, &state->capacity, state->epoch,
				     sizeof *state->history);
	get(&r, state->history, state->epoch * sizeof *state->history);
	get_side(&r, users);
	get_side(&r, items);
	hash = r.hash;
	take(&r, &sum, sizeof sum);
	if (sum != hash || r.piece.n || input_piece(r.in, &r.piece))
		damaged(&r);
	input_close(r.in);
	return true;
}
