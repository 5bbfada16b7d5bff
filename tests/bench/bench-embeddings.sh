#!/bin/sh
# export-embeddings beside numpy's savetxt, plot-embeddings beside sklearn's PCA and
# t-SNE (both Barnes-Hut, the same points, perplexity and iterations). Python's start
# and imports are not counted; ours are whole runs. Skipped where Python has no sklearn.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
PYTHON=${PYTHON:-python3}
cd "$RECPIPE_TMP" || exit 1
awk 'BEGIN { srand(2); printf "kind\tid\tbias"; for (f = 0; f < 64; f++) printf "\tf%d", f; print ""
	for (c = 0; c < 50; c++) for (f = 0; f < 64; f++) at[c, f] = rand() * 2 - 1
	for (i = 0; i < 50000; i++) { printf "item\ti%d\t0", i
		for (f = 0; f < 64; f++) printf "\t%.5f", at[i % 50, f] + rand() - .5
		print "" } }' > m.tsv
head -n 4001 m.tsv > small.tsv
cat > peer.py <<'END_PY'
import os, time, warnings
import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
warnings.simplefilter("ignore")
def timed(work):
    begin = time.process_time()
    x = work()
    print(f"{time.process_time() - begin:.3f}")
    return x
read = lambda path: np.array([l.split("\t")[3:] for l in open(path).read().split("\n")[1:-1]], dtype=np.float32)
timed(lambda: np.savetxt(os.devnull, read("m.tsv"), fmt="%.9g", delimiter="\t"))
timed(lambda: PCA(2, random_state=0).fit_transform(read("m.tsv")))
small = read("small.tsv")
timed(lambda: TSNE(2, perplexity=30, max_iter=500, init="pca", learning_rate="auto", n_jobs=1, random_state=0).fit_transform(small))
END_PY
save=- pca=- tsne=-
if "$PYTHON" -c 'import sklearn' 2> /dev/null; then
	peer=$("$PYTHON" peer.py | tr '\n' ' ')
	save=${peer%% *} tsne=${peer% } pca=${peer#* }
	pca=${pca%% *} tsne=${tsne##* }
fi
row()
{
	bench_cpu "$3"
	bench_row "$1" "$cpu" "$(awk -v n="$2" -v s="$cpu" 'BEGIN { printf "%.3g krows/s", n / s / 1000 }')" "$peak" "$4" "$5"
}
row 'export-embeddings --format projector, 50,000 x 64' 50000 \
	'export-embeddings --format projector --directory p m.tsv' 'numpy savetxt' "$save"
row 'plot-embeddings, PCA, 50,000 x 64' 50000 'plot-embeddings -q m.tsv' 'sklearn PCA' "$pca"
row 'plot-embeddings, t-SNE, 4,000 x 64, 500 steps' 4000 \
	'plot-embeddings -q --method tsne --iterations 500 small.tsv' 'sklearn TSNE' "$tsne"
