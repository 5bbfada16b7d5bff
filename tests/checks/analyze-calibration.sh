#!/bin/sh
# analyze-ab on simulated users whose truth is known, each segment being one experiment
# of 300 users with skewed values: plain intervals, CUPED (of means and of ratios),
# winsorising, ratios, bootstrap and Mann-Whitney's p; strata by experiments that split
# the same users again. Shares of covered truths may be off 0.95 by 3.5 standard errors.
cd "$RECPIPE_TMP" || exit 1
runs=400
# users EFFECT: user arm x y z (x with the effect, y a denominator, z without effect)
awk -v runs=$runs 'BEGIN {
	srand(5)
	OFS = "\t"
	print "user", "X", "x", "y", "z" > "now.tsv"
	print "user", "x", "y", "z" > "before.tsv"
	print "user", "run" > "runs.tsv"
	for (r = 0; r < runs; r++)
		for (u = 0; u < 300; u++) {
			id = r "-" u
			taste = -log(1 - rand())
			y0 = 1 + int(4 * rand())
			y1 = 1 + int(4 * rand())
			before = y0 * (taste - log(1 - rand()) * 0.5)
			now = y1 * (taste - log(1 - rand()) * 0.5)
			t = rand() < 0.5
			print id, t ? "T1" : "C", now * (t ? 1.2 : 1), y1, now > "now.tsv"
			if (rand() < 0.9)
				print id, before, y0, before > "before.tsv"
			print id, "r" r > "runs.tsv"
		}
}'
bad=0
# covers WHAT TRUTH COLUMN DUE METRIC: of percent intervals, or (p) shares of p above 0.05
covers() {
	awk -F '\t' -v what="$1" -v truth="$2" -v kind="$3" -v due="$4" -v m="$5" '
		NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i; next}
		$c["metric"] == m && $c["segment"] != "" {
			n++
			covered += kind == "p" ? $c["p"] >= 0.05 : $c["percent_lower"] <= truth && truth <= $c["percent_upper"]
			width += $c["percent_upper"] - $c["percent_lower"]
		}
		END {
			share = n ? covered / n : 0
			slack = 3.5 * sqrt(0.05 * 0.95 / n)
			good = n >= 390 && (due == "least" ? share >= 0.95 - slack : share >= 0.95 - slack && share <= 0.95 + slack)
			printf "%-40s %.4f of %d%s%s\n", what, share, n, kind == "p" ? "" : sprintf(", mean width %.1f %%", width / n), good ? "" : "  <- bad"
			exit !good
		}' out.tsv || bad=1
}
run() { analyze-ab -q --adjust none --user-level --experiment X --users runs.tsv --segment run --rounds 400 "$@" now.tsv > out.tsv || exit 1; }
run --metrics x,z,x/y
covers 'Fieller, +20 %' 20 interval 0.95 x
covers 'ratio, +20 %' 20 interval 0.95 x/y
covers 'nothing, p' 0 p 0.95 z
run --metrics x,z,x/y --pre before.tsv
covers 'CUPED, +20 %' 20 interval 0.95 x
covers 'CUPED of a ratio, +20 %' 20 interval 0.95 x/y
covers 'CUPED, nothing, p' 0 p 0.95 z
run --metrics z --winsorize 0.95
covers 'winsorised, nothing' 0 interval 0.95 z
run --metrics z,x/y --test bootstrap
covers 'bootstrap, nothing' 0 interval 0.95 z
covers 'bootstrap of a ratio, +20 %' 20 interval 0.95 x/y
run --metrics z --test mann-whitney
covers "Mann-Whitney's p, nothing" 0 p 0.95 z
run --metrics x --sequential --sequential-n 300
covers 'sequential, +20 %, one look' 20 interval least x
# Strata: 400 splits of the same users, whose values hang on the stratum.
awk -v runs=$runs 'BEGIN {
	srand(6)
	OFS = "\t"
	line = "user"
	for (r = 0; r < runs; r++) line = line OFS "E" r
	print line OFS "z" > "splits.tsv"
	print "user", "level" > "levels.tsv"
	for (u = 0; u < 240; u++) {
		level = int(3 * rand())
		line = u
		for (r = 0; r < runs; r++) line = line OFS (rand() < 0.5 ? "T1" : "C")
		print line OFS (1 + 3 * level) * -log(1 - rand()) > "splits.tsv"
		print u, "l" level > "levels.tsv"
	}
}'
set --
r=0
while [ $r -lt $runs ]; do set -- "$@" --experiment E$r; r=$((r + 1)); done
analyze-ab -q --user-level "$@" --metrics z --users levels.tsv --stratify level splits.tsv > strata.tsv || exit 1
analyze-ab -q --user-level "$@" --metrics z splits.tsv > plain.tsv || exit 1
for f in strata plain; do
	awk -F '\t' -v f=$f 'NR > 1 {n++; covered += $12 <= 0 && 0 <= $13; width += $13 - $12}
		END {s = covered / n; print f ": covers " s " of " n ", mean width " width / n " %"; exit !(s >= 0.95 - 3.5 * 0.0109 && s <= 0.95 + 3.5 * 0.0109)}' $f.tsv || bad=1
done
exit $bad
