#!/bin/sh
# Every listed row of the planted evolutions: see tests/checks/drift-golden.sh.
FORMS=all exec sh "$RECPIPE_ROOT/tests/checks/drift-golden.sh"
