#!/bin/sh
# evaluate-topk: 100 items for each of 20,000 users, all metrics at 10, 20, 100,
# and auc over 15,000 items. There is no peer on every machine.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
users=${BENCH_USERS:-20000}
cd "$RECPIPE_TMP" || exit 1
"$RECPIPE_BUILD/tests/bench-model" --items 15000 --users "$users" --factors 64 > model.tsv
awk -v users="$users" 'BEGIN {
	OFS = "\t"
	print "user", "item", "weight", "split"
	for (u = 0; u < users; u++)
		for (j = 0; j < 50; j++)
			print "u" u, "i" (u * 7919 + j * 283) % 15000, 1, j % 10 < 3 ? "test" : "train"
}' > dataset.tsv
export-topk --k 100 --exclude dataset.tsv model.tsv > topk.tsv
bench_units 'evaluate-topk 100 a user' "$users" ' users' \
	"evaluate-topk -q --dataset dataset.tsv topk.tsv > out.tsv"
bench_units 'evaluate-topk auc' "$users" ' users' \
	"evaluate-topk -q --dataset dataset.tsv --metrics auc --model model.tsv > out.tsv"
