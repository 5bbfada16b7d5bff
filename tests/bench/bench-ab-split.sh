#!/bin/sh
# ab-split of a million users into ten experiments, beside scikit-learn's MurmurHash3
# called for each id (skipped where Python has none); and --check of them.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
PYTHON=${PYTHON:-python3}
users=${BENCH_ROWS:-1000000}
awk -v n="$users" 'BEGIN {print "user"; for (i = 0; i < n; i++) print i * 7919 % 100000007}' > "$RECPIPE_TMP/users.tsv"
cat > "$RECPIPE_TMP/peer.py" <<'END_PY'
import sys
from sklearn.utils import murmurhash3_32 as mmh3
seeds = [mmh3('E%d' % k, 0) % 2**32 for k in range(10)]
out = open('/dev/null', 'w')
for line in open(sys.argv[1]).read().split()[1:]:
    out.write('\t'.join([line] + [('C', 'T1')[mmh3(line, s, positive=True) % 2] for s in seeds]) + '\n')
END_PY
peer=
"$PYTHON" -c 'import sklearn' 2> /dev/null && peer="$PYTHON $RECPIPE_TMP/peer.py $RECPIPE_TMP/users.tsv"
options=
for k in 0 1 2 3 4 5 6 7 8 9; do options="$options --experiment E$k=2"; done
BENCH_REPEAT=2 bench_units "ab-split $users users, 10 experiments" "$users" user "ab-split -q $options $RECPIPE_TMP/users.tsv" \
	${peer:+"$PYTHON (sklearn's murmurhash3_32)" "$peer"}
bench_units 'ab-split --check of them' "$users" user "ab-split -q $options --check $RECPIPE_TMP/users.tsv"
