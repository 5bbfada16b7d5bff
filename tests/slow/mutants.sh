#!/bin/sh
# Every kept single-line fault must be caught by the tests that are named for it.
set -u
exec "$RECPIPE_ROOT/tests/mutants.sh"
