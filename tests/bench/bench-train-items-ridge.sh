#!/bin/sh
# The regressions of train-items, from a file of pairs to a file of weights: all items at once
# beside NumPy's Gram matrix and inverse (LAPACK, matrices in memory, no text, where Python has
# it); each item's candidates; the next row. BENCH_ITEMS (20,000) is the large number of items.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "$RECPIPE_TMP" || exit 1
python=${BENCH_PYTHON:-python3} many=${BENCH_ITEMS:-20000}
cat > peer.py <<-'END'
	import sys, numpy as np, scipy.sparse as sp
	users, items = int(sys.argv[1]), int(sys.argv[2])
	r = np.random.default_rng(1)
	n = users * 40
	x = sp.csr_matrix((np.ones(n), (r.integers(0, users, n), (items * r.random(n) ** 3).astype(int))), (users, items))
	g = (x.T @ x).toarray().astype(sys.argv[3])
	g[np.diag_indices(items)] += 100
	p = np.linalg.inv(g)
	b = -p / np.diag(p)[None, :]
END
# peer USERS ITEMS TYPE: its command, when it is there
peer()
{
	"$python" -c 'import numpy, scipy.sparse' 2> /dev/null && echo "OPENBLAS_NUM_THREADS=1 $python peer.py $*"
}
bench_generate --rows 1200000 --users 30000 --items 4000 --seed 1 > small.tsv
theirs=$(peer 30000 4000 double)
bench_units 'train-items ridge, 4,000 items' 4000 ' items' \
	"train-items --method ridge -k 200 small.tsv > out.tsv" ${theirs:+"$python (numpy)" "$theirs"}
bench_units 'train-items sparse-ridge, 4,000 items x 200' 4000 ' items' \
	"train-items --method sparse-ridge small.tsv > out.tsv"
awk -F '\t' 'NR == 1 {print "user\titem\ttimestamp"; for (i = 1; i <= NF; i++) at[$i] = i; next}
	{print $at["user"] "\t" $at["item"] "\t" NR}' small.tsv > plays.tsv
bench_units 'train-items next-ridge, 4,000 items x 200' 4000 ' items' \
	"train-items --method next-ridge plays.tsv > out.tsv"
BENCH_REPEAT=1
bench_generate --rows 4000000 --users 100000 --items "$many" --seed 1 > large.tsv
theirs=$(peer 100000 "$many" single)
bench_units "train-items ridge, $many items" "$many" ' items' \
	"train-items --method ridge -k 200 --memory 8G large.tsv > out.tsv" ${theirs:+"$python (numpy)" "$theirs"}
bench_generate --rows 20000000 --users 1000000 --items "$((3 * many))" --seed 1 > largest.tsv
bench_units "train-items sparse-ridge, $((3 * many)) items x 500" "$((3 * many))" ' items' \
	"train-items --method sparse-ridge --candidates 500 --memory 16G largest.tsv > out.tsv"
