#!/bin/sh
# make static: its archive in an empty root.
set -- static
. "$RECPIPE_ROOT/tests/static-root.sh"
