#!/bin/sh
# What is learned from real ratings does not get worse: WARP on ml-100k (ua split,
# all ratings positive, median of five seeds), iALS on the published split of
# ml-1m-lcfn, genres for items that training never saw.
shared=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data
[ -d "$shared/ml-100k" ] && [ -d "$shared/ml-1m-lcfn" ] || { echo "no ml-100k and ml-1m-lcfn"; exit 77; }
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1

# value METRIC@K: of model.tsv on dataset.tsv
value()
{
	export-topk --k "${1#*@}" --exclude dataset.tsv model.tsv > topk.tsv || exit 1
	evaluate-topk --dataset dataset.tsv --k "${1#*@}" topk.tsv |
	awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

# at_least WHAT VALUE BAR
at_least()
{
	awk -v v="$2" -v bar="$3" 'BEGIN { exit !(v + 0 >= bar + 0) }' ||
		{ echo "$1: $2, less than $3"; exit 1; }
	echo "$1: $2"
}

{
	printf 'user\titem\tsplit\n'
	for part in base:train test:test; do
		gzip -dc "$shared/ml-100k/ua.${part%:*}.gz" |
			awk -v OFS='\t' -v split_name="${part#*:}" '{ print $1, $2, split_name }'
	done
} > dataset.tsv
for seed in 1 2 3 4 5; do
	train-mf --loss warp --factors 64 --epochs 10 --seed $seed dataset.tsv > model.tsv || exit 1
	value precision@10
done | sort -g > values
at_least 'ml-100k WARP precision@10' "$(sed -n 3p values)" 0.245

# LightFM's own protocol: 10 factors, 10 epochs, train rows are not left out.
train-mf --loss warp --factors 10 --epochs 10 dataset.tsv > model.tsv || exit 1
export-topk --k 10 model.tsv | evaluate-topk --dataset dataset.tsv --k 10 --metrics precision,auc \
	--exclude-splits none --model model.tsv > plain.tsv || exit 1
at_least 'ml-100k WARP precision@10, train rows among the items' \
	"$(awk -F '\t' '$1 == "precision@10" { print $2 }' plain.tsv)" 0.107
at_least 'ml-100k WARP AUC, train rows among the items' \
	"$(awk -F '\t' '$1 == "auc" { print $2 }' plain.tsv)" 0.898
# The order of the rows is nothing to it: the same bytes.
{ head -1 dataset.tsv; sed 1d dataset.tsv | sort -k2,2 -k1,1r; } > turned.tsv
train-mf --loss warp --factors 10 --epochs 10 turned.tsv | cmp - model.tsv || exit 1

cp dataset.tsv ua.tsv
awk -F '\t' -v OFS='\t' 'NR > 1 { $3 = $2 * 7919 % 5 == 0 ? "test" : "train" } 1' ua.tsv > dataset.tsv
gzip -dc "$shared/ml-100k/u.item.gz" | LC_ALL=C awk -F '|' -v OFS='\t' '
	BEGIN { print "item", "feature" }
	{ for (f = 6; f <= 24; f++) if ($f == 1) print $1, "genre" f - 5 }' > genres.tsv
train-mf --loss warp --factors 64 --epochs 10 --item-features genres.tsv dataset.tsv > model.tsv
auc=$(evaluate-topk --dataset dataset.tsv --model model.tsv --k 10 topk.tsv |
	awk -F '\t' '$1 == "auc" { print $2 }')
at_least 'ml-100k AUC of unseen items by genre' "$auc" 0.70
# By identity alone such items have nothing: vectors and biases of 0.
train-mf --loss warp --factors 64 --epochs 10 dataset.tsv | awk -F '\t' -v OFS='\t' '
	FILENAME == "dataset.tsv" { if ($3 == "test") unseen[$2]; next }
	$1 == "user" && !done++ {
		for (item in unseen) {
			printf "item\t%s", item
			for (f = 3; f <= NF; f++)
				printf "\t0"
			print ""
		}
	}
	1' dataset.tsv - > model.tsv
alone=$(evaluate-topk --dataset dataset.tsv --model model.tsv --metrics auc | awk -F '\t' '$1 == "auc" { print $2 }')
at_least 'genres above identity alone' "$(awk -v a="$auc" -v b="$alone" 'BEGIN { print a - b }')" 0.08

{
	printf 'user\titem\tsplit\n'
	for part in train test; do
		gzip -dc "$shared/ml-1m-lcfn/$part.txt.gz" | tr -d '\r' |
			awk -v OFS='\t' -v part=$part '{ for (k = 2; k <= NF; k++) print $1, $k, part }'
	done
} > dataset.tsv
train-mf --loss ials --factors 128 --epochs 10 --unobserved-weight 0.25 --regularization 0.01 \
	dataset.tsv > model.tsv || exit 1
at_least 'ml-1m-lcfn iALS recall@20' "$(value recall@20)" 0.2787
at_least 'ml-1m-lcfn iALS ndcg@20' "$(value ndcg@20)" 0.2642

[ -d "$shared/lastfm-lightgcn" ] || exit 0
{
	printf 'user\titem\tsplit\n'
	for part in data1:train test1:test; do
		gzip -dc "$shared/lastfm-lightgcn/${part%:*}.txt.gz" |
			awk -v OFS='\t' -v part="${part#*:}" '{ print $1, $2, part }'
	done
} > dataset.tsv
train-mf --loss softmax --factors 128 --temperature 0.154 --learning-rate 0.0667 --epochs 9 \
	dataset.tsv > model.tsv || exit 1
at_least 'lastfm-lightgcn softmax recall@20' "$(value recall@20)" 0.278
at_least 'lastfm-lightgcn softmax ndcg@20' "$(value ndcg@20)" 0.218
fold-in -q --model model.tsv dataset.tsv > folded.tsv && mv folded.tsv model.tsv || exit 1
at_least 'lastfm-lightgcn softmax, folded in, recall@20' "$(value recall@20)" 0.278
