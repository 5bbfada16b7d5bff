/* world.h - tracks with vectors and artists, listeners with interests. */
#ifndef SIMULATE_WORLD_H
#define SIMULATE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"

struct listener {
	uint32_t *interest;  /* tracks */
	uint32_t interests;
	double bias, sharpness;
};

struct world {
	struct strmap *tracks;      /* ids; a track is its number */
	uint32_t *artist;           /* of a track; its own when it has none */
	uint32_t artists;
	float *vector;              /* tracks x stride, padded with zeros */
	uint32_t factors, stride;
	struct strmap *users;
	struct listener *listener;
};

/* Tracks and users as TSV, or (names that end in .json, .json.gz or .jsonl) the
 * course's JSON lines; vectors as TSV with an item column, or .npy whose row is the
 * track's place among the tracks. */
struct world *world_read(const char *tracks, const char *embeddings, const char *users);

/* The `k` tracks with the greatest inner product with track `of`, ties by number. */
void world_neighbours(const struct world *w, uint32_t of, uint32_t k, uint32_t *out);

double world_product(const struct world *w, uint32_t a, uint32_t b);

void world_free(struct world *w);

#endif
