#!/bin/sh
# The figures of train-items(1) for ml-1m-lcfn: a ridge and its blend with ials, as the page has
# them. The settings were chosen on a tenth of the train rows, held out; the portable kernel gives
# the same bytes on every machine, so that the figures must come out to the last digit.
. "$RECPIPE_ROOT/tests/published.sh"
page=$RECPIPE_ROOT/man/train-items.1
dataset ml-1m-lcfn > dataset.tsv || exit 1
bad=0

# held WHAT LISTS RECALL NDCG: the figures, which the page has and which are at least these
held()
{
	evaluate-topk -q --dataset dataset.tsv --k 20 --metrics recall,ndcg "$2" > metrics.tsv || exit 1
	found=$(awk -F '\t' '$1 == "recall@20" { r = $2 } $1 == "ndcg@20" { n = $2 }
		END { printf "%.4f and %.4f", r, n }' metrics.tsv)
	echo "$1: recall@20 and ndcg@20 $found"
	grep -q "^$1: $found" "$page" || { echo '^ the page has other figures'; bad=1; }
	awk -v found="$found" -v r="$3" -v n="$4" \
		'BEGIN { split(found, at, " and "); exit !(at[1] >= r && at[2] >= n) }' ||
		{ echo "^ below $3 and $4"; bad=1; }
}

train-items -q --method ridge --user-exponent 0.4 --item-exponent 0.1 --ridge 3 --kernel portable \
	--packed -o ridge.packed dataset.tsv || exit 1
awk -F '\t' 'NR == 1 || $3 == "train"' dataset.tsv | keep-header sort -s -t "$(printf '\t')" -k 1,1 |
	recommend-items -q --k 300 --neighbors ridge.packed > ridge.tsv || exit 1
train-mf -q --loss ials --factors 256 --unobserved-weight 0.156 --regularization 0.0108 --epochs 10 \
	--kernel portable --threads 2 dataset.tsv > model.tsv || exit 1
export-topk -q --kernel portable --threads 2 --k 300 --exclude dataset.tsv model.tsv > ials.tsv || exit 1
blend-topk -q --method score --k 20 ridge.tsv ials.tsv > blend.tsv || exit 1
held ridge ridge.tsv 0.2815 0.2710
held blend blend.tsv 0.2870 0.2745
exit $bad
