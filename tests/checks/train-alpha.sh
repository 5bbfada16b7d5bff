#!/bin/sh
# Regularization as it is written down: where no pair is ever violated the numbers
# shrink by the exact step alone, however many negatives are looked at; it never
# overshoots, and more of it never makes the numbers larger.
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1

# Four users like one item each by far more than the margin: warp moves nothing.
awk 'BEGIN { OFS = "\t"; print "kind", "id", "bias", "f0", "f1", "f2", "f3"
	for (side = 0; side < 2; side++) for (k = 0; k < 4; k++) {
		printf "%s\t%s%d\t%s", side ? "user" : "item", side ? "u" : "i", k, side ? 0 : 0.5
		for (f = 0; f < 4; f++) printf "\t%d", f == k ? 9 : 0
		print "" } }' > model.tsv
awk 'BEGIN { print "user\titem"; for (k = 0; k < 4; k++) print "u" k "\ti" k }' > data.tsv
for sampled in 1 10 1000; do
	train-mf --init model.tsv --max-sampled $sampled --epochs 2 --learning-rate 0.05 \
		--user-alpha 0.01 --item-alpha 0.02 --kernel portable data.tsv > shrunk || exit 1
	# 16 steps an epoch, each of rows / 16 visits, at the rate of the learning rate
	awk -F '\t' '
		function far(a, b) { return a - b > 5e-5 || b - a > 5e-5 }
		$1 == "item" || $1 == "user" {
			by = 1 + ($1 == "item" ? 0.02 : 0.01) * 0.05 * 4 / 16
			k = substr($2, 2)
			for (f = 0; f < 4; f++) bad += far($(4 + f), (f == k ? 9 : 0) / by ^ 32)
			if ($1 == "item") bad += far($3, 0.5 / by ^ 32)
			rows++
		}
		END { exit !(rows == 8 && !bad) }' shrunk ||
		{ echo "max-sampled $sampled: not the exact step"; cat shrunk; exit 1; }
	grep -v '^meta' shrunk > numbers
	[ $sampled = 1 ] && cp numbers first
	cmp first numbers || { echo "max-sampled $sampled: another pull"; exit 1; }
done

awk 'BEGIN { srand(9); print "user\titem\tweight"
	for (u = 0; u < 200; u++) for (i = 0; i < 150; i++)
		if (rand() < (i % 5 == u % 5 ? .5 : .05)) print "u" u "\ti" i "\t" (rand() < .2 ? 3 : 1) }' > data.tsv
size() # the mean square of all numbers
{
	awk -F '\t' '$1 == "item" || $1 == "user" { for (f = 3; f <= NF; f++) { s += $f * $f; n++ } }
		END { printf "%.9g\n", s / n }'
}
for loss in warp bpr logistic warp-kos; do
	for optimizer in adagrad adadelta; do
		before=
		for alpha in 0 1e-6 1e-4 1e-2 1 1000 1000000; do
			train-mf --loss $loss --optimizer $optimizer --factors 8 --epochs 5 \
				--user-alpha $alpha --item-alpha $alpha data.tsv > model || exit 1
			now=$(size < model)
			awk -v a="${before:-1e9}" -v b="$now" 'BEGIN { exit !(b <= a * 1.02 + 1e-12) }' ||
				{ echo "$loss $optimizer: alpha $alpha gives $now, less gave $before"; exit 1; }
			before=$now
		done
		awk -v b="$now" 'BEGIN { exit !(b < 1e-3) }' || { echo "$loss: $now is left"; exit 1; }
	done
done
# How many negatives are looked at decides what is learned, not how strong the pull is.
for sampled in 5 20 200; do
	train-mf --factors 8 --epochs 20 --max-sampled $sampled --user-alpha 1e-4 --item-alpha 1e-4 \
		data.tsv | size
done | awk '{ low = NR == 1 || $1 < low ? $1 : low; high = $1 > high ? $1 : high }
	END { if (!(high < 2 * low)) { print "from", low, "to", high; exit 1 } }'
