#!/bin/sh
# The regressions of train-items, from a file of pairs to a file of weights: all items at once
# beside NumPy's Gram matrix and inverse (LAPACK, matrices in memory, no text, where Python has
# it); each item's candidates, beside SANSA with as many weights, where Python has it (sansa, which needs
# SuiteSparse; it factorizes all items at once); the next row. BENCH_ITEMS (20,000) is the large number of items.
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
cat > sansa.py <<-'END'
	import sys, numpy as np, scipy.sparse as sp
	from sansa import (SANSA, SANSAConfig, CHOLMODGramianFactorizerConfig,
	                   UMRUnitLowerTriangleInverterConfig)
	users, items, u, i = {}, {}, [], []
	for line in open(sys.argv[1]):
	    f = line.split("\t")
	    u.append(users.setdefault(f[0], len(users)))
	    i.append(items.setdefault(f[1], len(items)))
	x = sp.csr_matrix((np.ones(len(u), np.float32), (u, i)))
	x.data[:] = 1
	SANSA(SANSAConfig(l2=500.0, weight_matrix_density=float(sys.argv[2]) / len(items),
	                  gramian_factorizer_config=CHOLMODGramianFactorizerConfig(),
	                  lower_triangle_inverter_config=UMRUnitLowerTriangleInverterConfig(
	                      scans=1, finetune_steps=5))).fit(x)
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
theirs=
"$python" -c 'import sansa' 2> /dev/null && theirs="OPENBLAS_NUM_THREADS=1 $python sansa.py small.tsv 200 2> sansa.log"
bench_units 'train-items sparse-ridge, 4,000 items x 200' 4000 ' items' \
	"train-items --method sparse-ridge small.tsv > out.tsv" ${theirs:+"$python (sansa)" "$theirs"}
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
