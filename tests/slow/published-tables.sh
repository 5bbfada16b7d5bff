#!/bin/sh
# Published tables: Recall@20 and NDCG@20 of iALS and of the softmax loss on
# ml-1m-lcfn, lastfm-lightgcn and hetrec2011-lastfm-2k. A tenth of the train rows is
# cut off as validation and tune-hparams searches on that alone; then all train rows
# are fitted with what it found, and measured on the test rows.
# TRIALS (8) is the length of a search, SETS and LOSSES are what to run.
. "$RECPIPE_ROOT/tests/published.sh"

# The options searched, as tune-hparams has them, and those that stay.
search()
{
	case $1 in
	ials)
		set -- --param 'unobserved-weight=log:0.03:1' --param 'regularization=log:0.001:0.05' \
			--enqueue 'unobserved-weight=0.15 regularization=0.011' ;;
	softmax)
		set -- --param 'temperature=log:0.1:0.4' --param 'learning-rate=log:0.03:0.3' \
			--enqueue 'temperature=0.2 learning-rate=0.1' ;;
	esac
	tune-hparams --maximize --seed 1 --trials "${TRIALS:-8}" --startup 5 --study study "$@" \
		-- "train-mf $stay {options} --report ndcg@20 validation.tsv" > best || exit 1
}

# at_least WHAT VALUE BAR
at_least()
{
	awk -v v="$2" -v bar="$3" 'BEGIN { exit !(v + 0 >= bar + 0) }' ||
		{ echo "$1: $2, less than $3"; exit 1; }
}

for set in ${SETS:-ml-1m-lcfn lastfm-lightgcn hetrec2011-lastfm-2k}; do
	dataset "$set" > dataset.tsv || exit 1
	awk -F '\t' 'NR == 1 || $3 == "train"' dataset.tsv | cut -f 1,2 |
		build-dataset --validation 0.1 --seed 1 > validation.tsv || exit 1
	for loss in ${LOSSES:-ials softmax}; do
		factors=256
		[ "$loss" = softmax ] && factors=128
		stay="--loss $loss --factors $factors --epochs 30 --patience 3"
		rm -f study
		search "$loss"
		found=$(tune-hparams best --study study --as-shell)
		epochs=$(tune-hparams best --study study --step-as epochs | awk -F '\t' 'NR == 2 { print $NF }')
		eval "train-mf $stay $found --epochs $epochs" dataset.tsv > model.tsv || exit 1
		export-topk --k 20 --exclude dataset.tsv model.tsv > topk.tsv || exit 1
		evaluate-topk --dataset dataset.tsv --k 20 topk.tsv > metrics.tsv || exit 1
		recall=$(awk -F '\t' '$1 == "recall@20" { print $2 }' metrics.tsv)
		ndcg=$(awk -F '\t' '$1 == "ndcg@20" { print $2 }' metrics.tsv)
		echo "$set $stay $found, epoch $epochs: recall@20 $recall ndcg@20 $ndcg"
		[ "$set $loss" = 'ml-1m-lcfn ials' ] || continue
		at_least "$set recall@20" "$recall" 0.2787
		at_least "$set ndcg@20" "$ndcg" 0.2642
	done
done
