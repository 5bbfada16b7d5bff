#!/bin/sh
# ASHA on the train-mf study of ml-100k: what it has found by half of the epochs that a
# study without pruning takes. Over three seeds its best value is that of the whole study
# or better (which hangs on one of them), and the mean of them is within 0.005. It guards
# what is reached today and shows no more: over nine seeds ASHA is behind. Means there:
# the whole study .2497, ASHA with half of the epochs .2465, no pruning with half of them
# .2452; optuna 5.0's TPE and successive halving with as many .2421 over eight. What
# regularization is worth shows late: early epochs mislead about it.
data=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/ml-100k
[ -d "$data" ] || { echo "no data: $data"; exit 77; }
cd "$RECPIPE_TMP" || exit 1
{ printf 'user\titem\trating\ttimestamp\n'; gzip -dc "$data/ua.base.gz"; } > ua.tsv
build-dataset -q --validation 0.1 --seed 1 ua.tsv > dataset.tsv || exit 1
# study NAME SEED TRIALS PRUNER
study() {
	tune-hparams -q --seed "$2" --param 'factors=log-int:8:64' \
		--param 'learning-rate=log:0.005:0.5' --param 'item-alpha=log:1e-7:1e-3' \
		--param 'user-alpha=log:1e-7:1e-3' --trials "$3" --study "$1" --maximize --pruner "$4" -- \
		'train-mf -q --loss warp {options} --epochs 27 --patience 0 --kernel portable --report ndcg@10 -o /dev/null < dataset.tsv' > /dev/null
}
# best NAME EPOCHS: the best complete trial within so many epochs
best() {
	awk -F '\t' -v most="$2" '
		$2 == "step" && ++n > most { exit }
		$2 == "complete" && $3 > best { best = $3 }
		END { print best + 0 }' "$1"
}
for seed in 1 2 3; do
	study "none.$seed" $seed 40 none || exit 1
	study "asha.$seed" $seed 90 asha || exit 1
	half=$(($(awk -F '\t' '$2 == "step"' "none.$seed" | wc -l) / 2))
	echo "$seed $half $(best "none.$seed" $((2 * half + 1))) $(best "asha.$seed" $half) $(best "none.$seed" $half)"
done | awk '
	{print "seed " $1 ": " $3 " in " 2 * $2 " epochs; in half of them " $4 " with ASHA, " $5 " without"
	 a = $3 > a ? $3 : a; b = $4 > b ? $4 : b; whole += $3; asha += $4; none += $5}
	END {print "best " a ", ASHA " b "; mean " whole / NR ", ASHA " asha / NR ", without " none / NR
	     exit !(NR == 3 && b >= a && asha / NR >= whole / NR - 0.005)}'
