/* world.h - tracks with vectors and artists, listeners with interests. */
#ifndef RECPIPE_SIMULATE_SESSIONS_WORLD_H
#define RECPIPE_SIMULATE_SESSIONS_WORLD_H

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
	float *vector;              /* tracks x stride, padded with zeros */
	uint32_t factors, stride;
	float longest;              /* length of the longest vector */
	uint32_t near_each;         /* how many neighbors world_neighbors gives */
	uint32_t **near;            /* of a track; NULL until they are asked for */
	struct strmap *users;
	struct listener *listener;
};

/* Tracks and users as TSV, or (names that end in .json, .jsonl or .ndjson, and .gz)
 * as JSON lines like the course's; vectors as TSV with an item column, or .npy whose
 * row is the track's place among the tracks. `neighbors`: see world_neighbors. */
struct world *world_read(const char *tracks, const char *embeddings, const char *users,
			 uint32_t neighbors);

/* The tracks (`near_each`: as many as world_read was given, or all) with the greatest
 * inner product with track `of`, itself among them, ties by number. */
const uint32_t *world_neighbors(const struct world *w, uint32_t of);

double world_product(const struct world *w, uint32_t a, uint32_t b);

void world_free(struct world *w);

#endif
