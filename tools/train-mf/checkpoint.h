/* checkpoint.h - a training that was cut off goes on to the same bytes.
 *
 * The file holds everything that an epoch changes, as it is in memory, after
 * the last whole epoch; it is replaced as a whole. It can be read only by the
 * same version on the same kind of machine, and only for the same data and
 * options (threads, epochs and patience may differ): anything else is refused.
 */
#ifndef RECPIPE_TRAIN_MF_CHECKPOINT_H
#define RECPIPE_TRAIN_MF_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "params.h"

struct epoch_record {
	double loss, value, seconds; /* value: nan where the epoch was not evaluated */
};

struct progress_state {
	uint64_t fingerprint;        /* of data, options and start */
	uint32_t epoch, best_epoch;
	double best_value, seconds;
	struct epoch_record *history; /* epoch of them */
	size_t capacity;
};

/* A running hash of whatever a result depends on. */
uint64_t checkpoint_hash(uint64_t hash, const void *data, size_t n);

void checkpoint_write(const char *path, const struct progress_state *state,
		      const struct params *users, const struct params *items);

/* False when there is no such file. One that does not fit or is damaged exits
 * with 3. Fills state (its fingerprint is what is expected) and both sides. */
bool checkpoint_read(const char *path, struct progress_state *state, struct params *users,
		     struct params *items);

#endif
