#!/bin/sh
# analyze-ab --memory: 20 million events in any order in at most 300 MB, with the bytes of a run that keeps all
# of them in 1.1 GB. The same test as checks/analyze-memory.
ROWS=20000000 exec sh "$RECPIPE_ROOT/tests/checks/analyze-memory.sh"
