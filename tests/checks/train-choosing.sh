#!/bin/sh
# train-mf(1), Choosing settings: what its commands print on the sample data stands there. softmax
# is left out: it takes several times as long as the others together.
set -eu
cd "$RECPIPE_TMP"
data=$RECPIPE_ROOT/pipelines/data/ml-latest-small/ratings.csv.gz
page=$RECPIPE_ROOT/man/train-mf.1
bad=0

# says TEXT: does the page?
says() { grep -qF -- "$1" "$page" || { echo "train-mf(1) does not say: $1"; bad=1; }; }

filter-interactions -q --csv --time rating --min 3.5 "$data" |
	build-dataset -q --user userId --item movieId --min-user-interactions 5 --min-item-interactions 5 \
		--test 0.3 --validation 0.1 --seed 42 > dataset.tsv
for loss in warp bpr svd ials; do
	train-mf -q --loss $loss --kernel portable --report ndcg@20 dataset.tsv > report
	says "$(LOSS=$loss awk 'END { printf "%-7s %4d  %s", ENVIRON["LOSS"], $1, substr(sprintf("%.4f", $2), 2) }' report)"
done
tune-hparams -q --maximize --seed 1 --trials 8 --study study.tsv --param unobserved-weight=log:0.02:1 \
	--param regularization=log:0.003:0.1 -- \
	'train-mf -q --loss ials --kernel portable {options} --report ndcg@20 dataset.tsv' > best
says "$(awk 'END { printf "finds %s at", substr(sprintf("%.4f", $2), 2) }' best)"
says "$(awk 'END { printf "\\-\\-unobserved\\-weight %.4f \\-\\-regularization %.4f", $3, $4 }' best)"
says "$(awk 'END { printf "in epoch %d,", $5 }' best)"
exit $bad
