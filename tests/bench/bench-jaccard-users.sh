#!/bin/sh
# jaccard-users: the ten nearest of each user, beside scipy's sparse product
# (skipped where Python has no scipy).
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
PYTHON=${PYTHON:-python3}
cat > "$RECPIPE_TMP/peer.py" <<'END_PY'
import sys, numpy as np, scipy.sparse as sp
users, items = {}, {}
pairs = set()
for line in open(sys.argv[1]).readlines()[1:]:
    u, i = line.split("\t")[:2]
    pairs.add((users.setdefault(u, len(users)), items.setdefault(i, len(items))))
p = np.array(sorted(pairs))
m = sp.csr_matrix((np.ones(len(p), np.float32), (p[:, 0], p[:, 1])))
size = np.asarray(m.sum(1)).ravel()
for at in range(0, m.shape[0], 1000):
    block = m[at:at + 1000]
    c = (block @ m.T).toarray()
    s = c / (size[at:at + 1000, None] + size[None, :] - c)
    s[np.arange(len(s)), np.arange(at, at + len(s))] = -1
    np.argpartition(-s, 10, axis=1)[:, :10]
END_PY
peer=
"$PYTHON" -c 'import scipy' 2> /dev/null && peer="$PYTHON $RECPIPE_TMP/peer.py $RECPIPE_TMP/small.tsv"
bench_generate --rows 190000 --users 10000 --items 2000 --seed 1 > "$RECPIPE_TMP/small.tsv"
bench_units 'jaccard-users k 10, 10,000 users x 19' 10000 user \
	"jaccard-users --binary --repeats max --k 10 $RECPIPE_TMP/small.tsv" ${peer:+"$PYTHON (scipy)" "$peer"}
bench_generate --rows 4700000 --users 100000 --items 10000 --seed 1 > "$RECPIPE_TMP/large.tsv"
BENCH_REPEAT=1 bench_units 'jaccard-users k 10, 100,000 users x 47' 100000 user \
	"jaccard-users --binary --repeats max --k 10 $RECPIPE_TMP/large.tsv"
BENCH_REPEAT=1 bench_units 'jaccard-users --approximate, 100,000 users x 47' 100000 user \
	"jaccard-users --binary --repeats max --k 10 --approximate $RECPIPE_TMP/large.tsv"
