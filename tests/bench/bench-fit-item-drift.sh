#!/bin/sh
# fit-item-drift: one form with six strengths, and all forms, on 100,000 ratings. The
# peer reads the same file and solves as many ridge regressions of the same shape by
# scipy's sparse least squares (lsqr, tolerance 1e-5); its imports are not counted.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
PYTHON=${PYTHON:-python3}
cd "$RECPIPE_TMP" || exit 1
awk 'function gauss() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()) }
	BEGIN { srand(5); print "user\titem\trating\ttimestamp"
	for (u = 0; u < 3000; u++) bu[u] = .4 * gauss()
	for (i = 0; i < 400; i++) { bi[i] = .4 * gauss(); a[i] = .6 * gauss() }
	for (n = 0; n < 100000; n++) { u = int(rand() * 3000); i = int(rand() * 400); t = rand() * 1000
		printf "%d\t%d\t%.3f\t%d\n", u, i, 3.5 + bu[u] + bi[i] + a[i] * 1.73 * (t / 500 - 1) + .8 * gauss(), t * 86400 } }' > r.tsv
cat > peer.py <<'END_PY'
import time, numpy as np, scipy.sparse as sp
from scipy.sparse.linalg import lsqr
begin = time.process_time()
r = np.loadtxt("r.tsv", skiprows=1)
u, i, y, t = r[:, 0].astype(int), r[:, 1].astype(int), r[:, 2], r[:, 3] / r[:, 3].max()
n, users, items = len(r), u.max() + 1, i.max() + 1
held = np.random.default_rng(0).random(n) < .2
def fit(blocks, ridges):
    x = sp.hstack(blocks).tocsr()
    scale = np.concatenate([np.full(b.shape[1], np.sqrt(w)) for b, w in zip(blocks, ridges)])
    a = sp.vstack([x[~held], sp.diags(scale).tocsr()])
    mu = y[~held].mean()
    theta = lsqr(a, np.concatenate([y[~held] - mu, np.zeros(len(scale))]), atol=1e-5, btol=1e-5)[0]
    return np.sqrt(np.mean((y[held] - mu - x[held] @ theta) ** 2))
one = np.ones(n)
bu, bi = sp.csr_matrix((one, (np.arange(n), u))), sp.csr_matrix((one, (np.arange(n), i)))
drift = sp.csr_matrix((2 * t - 1, (np.arange(n), i)))
for w in (1, 3, 10, 30, 100, 300):
    fit([bu, bi], [w, w])
for w in (1, 3, 10, 30, 100, 300):
    fit([bu, bi, drift], [3, 3, w])
print(time.process_time() - begin)
END_PY
peer=-
"$PYTHON" -c 'import scipy' 2> /dev/null && peer=$("$PYTHON" peer.py)
bench_cpu 'fit-item-drift -q --forms linear r.tsv'
bench_row 'fit-item-drift: static and linear, 6 strengths' "$cpu" \
	"$(awk -v s="$cpu" 'BEGIN { printf "%.3g fits/s", 12 / s }')" "$peak" 'scipy lsqr' "$peer"
bench_cpu 'fit-item-drift -q r.tsv'
bench_row 'fit-item-drift: 15 forms, 6 strengths' "$cpu" \
	"$(awk -v s="$cpu" 'BEGIN { printf "%.3g fits/s", 90 / s }')" "$peak"
