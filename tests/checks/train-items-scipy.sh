#!/bin/sh
# The ridge methods of train-items beside SciPy's solve, to 1e-6: where PYTHON (python3) has it.
python=${PYTHON:-python3}
"$python" -c 'import numpy, scipy' 2> "$RECPIPE_TMP/err" ||
	{ echo "$python has no numpy and scipy: PYTHON=... names one that has"; exit 77; }
cd "$RECPIPE_TMP" && exec "$python" "$RECPIPE_ROOT/tests/checks/train-items-scipy.py"
