#!/bin/sh
# compare-topk beside a plain computation in Python (means, errors, wins, the overlap from
# sets, every pattern of signs where few users differ) and the kept figures of SciPy's
# ttest_rel and permutation_test (compare-topk.tsv, made by compare-topk.py), on lists with
# ties, gaps and unknown items. The order of users and the threads must not matter at all.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
here=$RECPIPE_ROOT/tests/checks
cd "$RECPIPE_TMP"
python3 "$here/compare-topk.py" draw .
compare() { compare-topk -q --dataset dataset.tsv --k 1,3,10 --metrics precision,recall,ndcg,map,mrr,hit,coverage,novelty,gini --rbo-p 0.8 --resamples 20000 --users users.tsv --segment kind "$@"; }
compare a.tsv b.tsv > got.tsv
python3 "$here/compare-topk.py" judge . got.tsv "$here/compare-topk.tsv"
# Relative differences: more columns, and no other figure changes.
for method in fieller delta; do
	compare --relative $method a.tsv b.tsv > $method.tsv
	cut -f 1-14 $method.tsv | cmp - got.tsv
done
python3 "$here/compare-topk.py" relative . fieller.tsv delta.tsv
# Lists against themselves: no difference, and that is certain.
compare --relative fieller a.tsv a.tsv | awk -F '\t' '
	$2 ~ /^ndcg/ && $15 != "" { rows++; if ($15 != 0 || $16 != "" && ($16 != 0 || $17 != 0)) { print; bad = 1 } }
	END { exit bad || rows < 3 }'
reverse() { { head -n 1 "$1"; tail -n +2 "$1" | sed 's/^u//' | sort -t "$(printf '\t')" -k 1,1nr -k 2,2n | sed 's/^/u/'; } > "$2"; }
reverse a.tsv ra.tsv
reverse b.tsv rb.tsv
{ head -n 1 dataset.tsv; tail -n +2 dataset.tsv | sort -r; } > rd.tsv
compare -j 3 ra.tsv < rb.tsv | cmp - got.tsv
compare --dataset rd.tsv ra.tsv b.tsv | cmp - got.tsv
# Another seed, other random signs, but not where all patterns are tried.
compare --seed 7 a.tsv b.tsv > seven.tsv
if cmp -s seven.tsv got.tsv; then # set -e does not see a failed !
	echo '--seed 7 changes nothing'
	exit 1
fi
cut -f 1-9,11- seven.tsv > x
cut -f 1-9,11- got.tsv | cmp - x
# B against A is the mirror image.
compare b.tsv a.tsv | awk -F '\t' '
	function apart(a, b) { return a + b > 1e-12 || a + b < -1e-12 }
	NR == FNR { rows++; for (i = 3; i <= NF; i++) x[$1, $2, i] = $i; next }
	FNR > 1 && $2 != "rbo" && (x[$1, $2, 3] != $4 || apart(x[$1, $2, 5], $5) || x[$1, $2, 6] != $6 ||
		$7 != "" && apart(x[$1, $2, 7], $8) || x[$1, $2, 9] != $9 || x[$1, $2, 10] != $10 || x[$1, $2, 11] != $12) {
		print "no mirror image: " $0
		bad = 1
	}
	FNR > 1 && $2 == "rbo" && ($4 - x[$1, $2, 4] > 1e-12 || x[$1, $2, 4] - $4 > 1e-12) { print "overlap: " $0; bad = 1 }
	END {
		if (rows < 70 || NR != 2 * rows) {
			print rows + 0 " rows, " NR - rows " in the mirror"
			bad = 1
		}
		exit bad
	}' got.tsv -
