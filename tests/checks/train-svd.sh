#!/bin/sh
# train-mf --loss svd beside eigenvectors that Python finds: exponents, weights, kernels, and
# data with less in it than there are factors. fold-in, and export-topk for users that are
# known by their items, must give what training gives.
command -v python3 > /dev/null || { echo "no python3"; exit 77; }
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
compare="$RECPIPE_ROOT/tests/checks/train-svd.py"

# fit FACTORS A B OPTIONS...
fit()
{
	factors=$1 a=$2 b=$3
	shift 3
	train-mf --loss svd --factors "$factors" --user-exponent "$a" --item-exponent "$b" "$@" \
		--curve curve.tsv data.tsv > model.tsv 2> err
}

# Four tastes of different size, so that the first four vectors stand apart.
awk 'BEGIN { srand(3); print "user\titem\tweight\tsplit"
	for (u = 0; u < 60; u++) for (i = 0; i < 24; i++) {
		t = u % 10 < 4 ? 0 : u % 10 < 7 ? 1 : u % 10 < 9 ? 2 : 3
		if (rand() < (i % 4 == t ? .8 : .12))
			printf "u%02d\ti%02d\t%s\t%s\n", u, i, rand() < .7 ? 1 : 2.5, rand() < .1 ? "validation" : "train" }
	}' > data.tsv
for kernel in portable avx2 avx512; do
	for exponents in '0.5 0.5' '0 0' '0.25 1'; do
		# shellcheck disable=SC2086 # two words
		fit 4 $exponents --kernel $kernel --power-iterations 100 || {
			grep -q "not supported by this CPU" err && continue
			cat err
			exit 1
		}
		# shellcheck disable=SC2086
		python3 "$compare" data.tsv model.tsv curve.tsv 4 $exponents 1e-5 ||
			{ echo "$kernel, exponents $exponents"; exit 1; }
	done
done

# Some iterations find the whole space at once where nothing is left out, also without
# oversampling; factors beyond the rank are 0.
fit 40 0.5 0.5 --oversampling 0 || { cat err; exit 1; }
python3 "$compare" data.tsv model.tsv curve.tsv 40 0.5 0.5 1e-4 || { echo "all factors"; exit 1; }
awk -F '\t' 'NR > 1 && ($2 > 0.00001 || $2 < 0) { exit 1 }' curve.tsv || { echo "something is left:"; cat curve.tsv; exit 1; }

# Items that always come together, and users alike: rank 2 of 3 users and 6 items.
awk 'BEGIN { print "user\titem\tweight\tsplit"
	for (u = 0; u < 3; u++) for (i = 0; i < 6; i++) if (i % 2 == (u > 0)) printf "u%d\ti%d\t1\ttrain\n", u, i }' > data.tsv
fit 5 0.5 0.5 || { cat err; exit 1; }
python3 "$compare" data.tsv model.tsv curve.tsv 5 0.5 0.5 1e-5 || { echo "rank 2"; exit 1; }
# Twelve groups of four items each: rank 12, where 40 vectors are sought.
awk 'BEGIN { srand(2); print "user\titem\tweight\tsplit"
	for (u = 0; u < 70; u++) for (g = 0; g < 12; g++) if (rand() < .3) for (i = 0; i < 4; i++)
		printf "u%d\ti%d\t1\ttrain\n", u, 4 * g + i }' > data.tsv
fit 40 0.5 0.5 || { cat err; exit 1; }
python3 "$compare" data.tsv model.tsv curve.tsv 40 0.5 0.5 3e-4 || { echo "rank 12"; exit 1; }
printf 'user\titem\tweight\tsplit\nu\ti\t3\ttrain\n' > data.tsv
fit 1 0.5 0.5 || { cat err; exit 1; }
python3 "$compare" data.tsv model.tsv curve.tsv 1 0.5 0.5 1e-5 || { echo "one row"; exit 1; }

# Users of other numbers of items than a vector has, weighted and not; the same rows give a
# folded user what training gave, byte for byte.
for weights in 1 2.5; do
	awk -v w=$weights 'BEGIN { srand(5); print "user\titem\tweight"
		for (u = 0; u < 200; u++) for (i = 0; i < 90; i++)
			if (rand() < (i % 5 == u % 5 ? .4 : .05)) printf "u%d\ti%d\t%s\n", u, i, i % 3 ? 1 : w }' > data.tsv
	for kernel in portable auto; do
		train-mf --loss svd --factors 20 --kernel $kernel data.tsv > model.tsv || exit 1
		fold-in --kernel $kernel --model model.tsv < data.tsv > folded.tsv || exit 1
		cmp model.tsv folded.tsv || { echo "$kernel: folded users differ"; exit 1; }
	done
	# The same users without vectors: a user is known by what is in the history.
	grep -v '^user	' model.tsv > items.tsv
	awk -F '\t' -v OFS='\t' 'NR == 1 { $2 = "feature" } 1' data.tsv > histories.tsv
	export-topk --k 10 --exclude data.tsv model.tsv > want.tsv
	export-topk --k 10 --exclude data.tsv --user-features histories.tsv items.tsv > got.tsv || exit 1
	paste want.tsv got.tsv | awk -F '\t' '
		NR == 1 || ($1 == $5 && $4 - $8 < 1e-5 && $8 - $4 < 1e-5) { n++ }
		END { exit !(NR > 1000 && n == NR) }' || { echo "users known by their items differ"; exit 1; }
done

# One pass finds less than many do.
fit 10 0.5 0.5 --power-iterations 0 && cp curve.tsv few.tsv && fit 10 0.5 0.5 || exit 1
awk -F '\t' 'FNR == 2 { left[++n] = $2 } END { exit !(n == 2 && left[1] > left[2] + 0.01) }' few.tsv curve.tsv ||
	{ echo "power iterations bring nothing"; exit 1; }

# More vectors than a block of columns, beside numpy's where PYTHON (python3) has it.
python=${PYTHON:-python3}
"$python" -c 'import numpy' 2> /dev/null || exit 0
awk 'BEGIN { srand(7); print "user\titem\tweight\tsplit"
	for (u = 0; u < 400; u++) for (i = 0; i < 230; i++)
		if (rand() < (i % 90 == u % 90 ? .9 : .06)) printf "u%d\ti%d\t1\ttrain\n", u, i }' > data.tsv
fit 89 0.5 0.5 --power-iterations 60 || { cat err; exit 1; }
"$python" "$compare" data.tsv model.tsv curve.tsv 89 0.5 0.5 1e-3 numpy
