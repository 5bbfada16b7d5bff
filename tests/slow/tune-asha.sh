#!/bin/sh
# ASHA on the train-mf study of ml-100k: with at most half of the epochs that a study
# without pruning takes, the best value of three seeds is the same within 0.005 or better.
data=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/ml-100k
[ -d "$data" ] || { echo "no data: $data"; exit 77; }
cd "$RECPIPE_TMP" || exit 1
{ printf 'user\titem\trating\ttimestamp\n'; gzip -dc "$data/ua.base.gz"; } > ua.tsv
build-dataset -q --validation 0.1 --seed 1 ua.tsv > dataset.tsv || exit 1
# study NAME SEED TRIALS PRUNER: the best value and the epochs that it took
study() {
	best=$(tune-hparams -q --seed "$2" --param 'factors=log-int:8:64' \
		--param 'learning-rate=log:0.005:0.5' --param 'item-alpha=log:1e-7:1e-3' \
		--param 'user-alpha=log:1e-7:1e-3' --trials "$3" --study "$1" --maximize --pruner "$4" -- \
		'train-mf -q --loss warp {options} --epochs 27 --patience 0 --kernel portable --report ndcg@10 -o /dev/null < dataset.tsv' |
		tail -n 1 | cut -f 2)
	echo "$best $(awk -F '\t' '$2 == "step"' "$1" | wc -l)"
}
for seed in 1 2 3; do
	echo "$seed $(study "none.$seed" $seed 40 none) $(study "asha.$seed" $seed 90 asha)"
done | awk '
	{print "seed " $1 ": " $2 " in " $3 " epochs, with ASHA " $4 " in " $5
	 a = $2 > a ? $2 : a; b = $4 > b ? $4 : b; m += $3; n += $5}
	END {print "best " a ", with ASHA " b ", epochs " n / m; exit !(b >= a - 0.005 && n <= m / 2)}'
