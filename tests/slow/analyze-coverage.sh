#!/bin/sh
# How often the intervals of analyze-ab cover what is true: 4,000 simulated experiments of each kind, through
# the tool's own code (helpers/analyze-coverage.c, 20 CPU seconds). Means, ratios, quantiles, CUPED, strata, ten
# daily looks with --sequential (type I below .05, where Welch's is .2), the bootstrap, families of tests.
exec "$RECPIPE_BUILD/tests/analyze-coverage" "${RUNS:-4000}"
