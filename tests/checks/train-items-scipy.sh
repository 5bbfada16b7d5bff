#!/bin/sh
# The ridge methods of train-items beside SciPy's solve, to 1e-6: by PYTHON (python3) where it has
# SciPy, else beside some of the weights that SciPy gave.
python=${PYTHON:-python3}
command -v "$python" > /dev/null || { echo "$python is missing"; exit 77; }
cd "$RECPIPE_TMP" && exec "$python" "$RECPIPE_ROOT/tests/checks/train-items-scipy.py" \
	"$RECPIPE_ROOT/tests/checks/train-items-scipy.tsv"
