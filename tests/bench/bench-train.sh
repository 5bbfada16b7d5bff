#!/bin/sh
# train-mf beside LightFM and implicit, when Python (PYTHON, or python3) has them:
# 0.8 M interactions of 6,000 users and 3,000 items in ten tastes, or the user's own
# dataset (BENCH_DATASET, with test rows). CPU seconds of ten epochs on one thread,
# reading and writing left out, as the median of five runs (the peer's: the mean of
# two) that take turns; precision@10 of both sides' factors by the same tools goes to
# standard error.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
BENCH_REPEAT=1 # the medians are taken here
cd "$RECPIPE_TMP" || exit 1
python=${PYTHON:-python3}
if [ -n "${BENCH_DATASET:-}" ]; then
	cp "$BENCH_DATASET" dataset.tsv
else
	awk 'BEGIN {
		srand(4)
		print "user\titem\tweight\tsplit"
		for (u = 0; u < 6000; u++) {
			split("", taken)
			for (k = 0; k < 160; k++) {
				i = int(3000 * rand() * rand())
				if (rand() < .7)
					i -= i % 10 - u % 10
				if (i >= 0 && i < 3000 && !(i in taken)) {
					taken[i] = 1
					print "u" u "\ti" i "\t1\t" (rand() < .1 ? "test" : "train")
				}
			}
		}
	}' > dataset.tsv
fi
rows=$(grep -c '	train$' dataset.tsv)

cat > peer.py <<'END'
import os, sys, time
os.environ['OPENBLAS_NUM_THREADS'] = '1'
import numpy as np, scipy.sparse as sp
library, loss, factors, epochs, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
users, items, row, column = {}, {}, [], []
for line in open('dataset.tsv'):
    user, item, weight, split = line.rstrip('\n').split('\t')[:4]
    if split == 'train':
        row.append(users.setdefault(user, len(users)))
        column.append(items.setdefault(item, len(items)))
matrix = sp.csr_matrix((np.ones(len(row), np.float32), (row, column)))
if library == 'lightfm':
    from lightfm import LightFM
    model = LightFM(no_components=factors, loss=loss, random_state=1)
    begin = time.process_time()
    model.fit(matrix, epochs=epochs, num_threads=1)
    spent = time.process_time() - begin
    P, p = model.user_embeddings, model.user_biases
    Q, q = model.item_embeddings, model.item_biases
else:
    from implicit.als import AlternatingLeastSquares
    # The objective of the options below: confidence 6 and regularization 120 here are a
    # weight of 1, 0.2 of what was not observed and a regularization of 20 with exponent 0.
    model = AlternatingLeastSquares(factors=factors, regularization=120, alpha=6, iterations=epochs,
                                    num_threads=1, random_state=1, use_gpu=False)
    begin = time.process_time()
    model.fit(matrix, show_progress=False)
    spent = time.process_time() - begin
    P, p = model.user_factors, np.zeros(len(users))
    Q, q = model.item_factors, np.zeros(len(items))
with open(out, 'w') as f:
    f.write('kind\tid\tbias\t' + '\t'.join('f%d' % k for k in range(factors)) + '\n')
    for kind, ids, F, b in ('item', items, Q, q), ('user', users, P, p):
        for name, n in ids.items():
            f.write('%s\t%s\t%.8g\t' % (kind, name, b[n]) + '\t'.join('%.8g' % x for x in F[n]) + '\n')
print(spent)
END

quality()
{
	export-topk --k 100 --exclude dataset.tsv "$1" |
	evaluate-topk --dataset dataset.tsv --k 10,100 |
	awk -F '\t' -v what="$2" '$1 == "precision@10" || $1 == "ndcg@100" { printf "%s\t%s\t%s\n", what, $1, $2 }' >&2
}

# CPU seconds of ten epochs: those of eleven less those of one.
ten_epochs()
{
	bench_cpu "train-mf --epochs 1 --patience 0 $* dataset.tsv > one.tsv" || return 1
	one=$cpu
	bench_cpu "train-mf --epochs 11 --patience 0 $* dataset.tsv > ours.tsv" || return 1
	awk -v a="$cpu" -v b="$one" 'BEGIN { print a - b }' >> seconds
}

# compare WHAT LIBRARY LOSS FACTORS OPTIONS..
compare()
{
	what=$1 library=$2 loss=$3 factors=$4
	shift 4
	: > seconds
	: > peers
	for turn in 1 2 3 4 5; do
		ten_epochs --factors "$factors" "$@" || return 1
		if [ $((turn % 3)) = 1 ] && "$python" -c "import $library" 2> /dev/null; then
			"$python" peer.py "$library" "$loss" "$factors" 10 theirs.tsv >> peers 2> /dev/null
		fi
	done
	ours=$(sort -n seconds | awk 'NR == 3 { printf "%.3f", $1 }')
	theirs=$(awk '{ s += $1 } END { if (NR) printf "%.3f", s / NR; else print "-" }' peers)
	rate=$(awk -v n="$rows" -v s="$ours" 'BEGIN { printf "%.3g M/s", n * 10 / s / 1e6 }')
	train-mf --factors "$factors" --epochs 10 --patience 0 "$@" dataset.tsv > ours.tsv
	quality ours.tsv "$what, ours"
	[ "$theirs" = - ] || quality theirs.tsv "$what, $library"
	bench_row "$what" "$ours" "$rate" "$peak" "$library" "$theirs"
}

# two_threads WHAT OPTIONS..: wall seconds of two threads, beside those of one, the
# medians of five turns. Only on a machine with nothing else to do is this the
# schedule's doing.
two_threads()
{
	what=$1
	shift
	for turn in 1 2 3 4 5; do
		for j in 1 2; do
			bench_cpu "train-mf --threads $j --epochs 1 --patience 0 $* dataset.tsv > ours.tsv" ||
				return 1
			one=$wall
			bench_cpu "train-mf --threads $j --epochs 31 --patience 0 $* dataset.tsv > ours.tsv" ||
				return 1
			echo "$j" "$wall" "$one"
		done
	done | awk '{ print $1, $2 - $3 }' | sort -k1,1 -k2,2n | awk -v what="$what" '
		NR == 3 { one = $2 }
		NR == 8 { two = $2 }
		END {
			printf "%s\t%.3f\t-\t-\t%s\t%.3f\t%.2f\n", what, two, "one thread (wall)", one, (two > 0 ? one / two : 0)
		}'
}

ials='--loss ials --unobserved-weight 0.2 --regularization-exponent 0 --regularization 20'
for factors in 64 128; do
	compare "warp $factors" lightfm warp $factors --loss warp
	compare "bpr $factors" lightfm bpr $factors --loss bpr
	compare "ials $factors" implicit ials $factors $ials
done
compare "ials 256" implicit ials 256 $ials
compare "warp-kos 64" lightfm warp-kos 64 --loss warp-kos
compare "logistic 64" lightfm logistic 64 --loss logistic
# svd beside scikit-learn's randomized_svd with as many iterations, reading left out.
cat > svd.py <<'END'
import os, time
os.environ['OPENBLAS_NUM_THREADS'] = '1'
import numpy as np, scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd
users, items, row, column = {}, {}, [], []
for line in open('dataset.tsv'):
    user, item, weight, split = line.rstrip('\n').split('\t')[:4]
    if split == 'train':
        row.append(users.setdefault(user, len(users)))
        column.append(items.setdefault(item, len(items)))
R = sp.csr_matrix((np.ones(len(row), np.float32), (row, column)))
du, di = (np.asarray(R.sum(k)).ravel() ** -.5 for k in (1, 0))
A = (sp.diags(du) @ R @ sp.diags(di)).tocsr().astype(np.float32)
begin = time.process_time()
randomized_svd(A, 256, n_oversamples=16, n_iter=8, random_state=0)
print(time.process_time() - begin)
END
# A report and no model: with one row to evaluate on.
awk -F '\t' -v OFS='\t' 'NR == 2 { $4 = "validation" } 1' dataset.tsv > one.tsv
svd='train-mf -q --loss svd --report ndcg@1 one.tsv > ours.tsv'
bench_cpu "$svd --factors 1 --power-iterations 0"
one=$cpu
bench_cpu "$svd --factors 256"
bench_row 'svd 256' "$(awk -v a="$cpu" -v b="$one" 'BEGIN { print a - b }')" - "$peak" \
	'scikit-learn' "$("$python" svd.py 2> /dev/null || echo -)"
# The block solver beside the exact one: two epochs.
for factors in 128 256; do
	for solver in block exact; do
		bench_cpu "train-mf --factors $factors --epochs 2 --patience 0 $ials --solver $solver dataset.tsv > ours.tsv"
		eval "$solver=\$cpu"
	done
	bench_row "ials $factors block" "$block" - "$peak" 'exact solver' "$exact"
done
two_threads 'warp 64, two threads' --factors 64 --loss warp
two_threads 'bpr 64, two threads' --factors 64 --loss bpr
