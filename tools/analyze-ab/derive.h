/* derive.h - metrics that follow from other values of a user. */
#ifndef RECPIPE_ANALYZE_AB_DERIVE_H
#define RECPIPE_ANALYZE_AB_DERIVE_H

#include "metrics.h"
#include "users.h"

/* Adds the metrics that follow from users' values: mean:X, share:X, mean_..., returned. */
void metrics_derive(struct users *u, const struct metric *metrics, size_t n);

#endif
