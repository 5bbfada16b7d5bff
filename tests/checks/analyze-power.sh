#!/bin/sh
# The detectable effect of analyze-ab: planted, it is found as often as is claimed, 80 % of
# the time, under every adjustment for five metrics (one of the others always significant)
# and at a look of --sequential. 300 experiments of 100 users each in one table: the arms
# of an experiment are empty for all others' users.
cd "$RECPIPE_TMP" || exit 1
runs=300
draw() {
	awk -v runs=$runs -v effects="$1" 'BEGIN {
		srand(12)
		OFS = "\t"
		n = split(effects, effect, " ")
		line = "user"
		for (r = 0; r < runs; r++) {
			line = line OFS "E" r
			tabs = tabs OFS
		}
		for (k = 1; k <= n; k++) line = line OFS "m" k
		print line OFS "sure" OFS "a" OFS "b" OFS "c"
		for (r = 0; r < runs; r++)
			for (u = 0; u < 100; u++) {
				t = u % 2
				line = r "-" u
				line = line substr(tabs, 1, r + 1) (t ? "T1" : "C") substr(tabs, 1, runs - r - 1)
				x = bell()
				for (k = 1; k <= n; k++) line = line OFS 10 + x + t * effect[k]
				print line OFS bell() + 5 * t OFS bell() OFS bell() OFS bell()
			}
	}
	function bell(   i, s) {s = -6; for (i = 0; i < 12; i++) s += rand(); return s}'
}
hows='none bonferroni holm hochberg bh by sequential'
set --
r=0
while [ $r -lt $runs ]; do set -- "$@" --experiment E$r; r=$((r + 1)); done
# analyze FILE K HOW --experiment..: the first metric of each experiment, the effect K
analyze() {
	file=$1 first=m$2 flags=--adjust=$3
	shift 3
	[ "$flags" != --adjust=sequential ] || flags='--adjust=holm --sequential'
	analyze-ab -q --user-level "$@" --metrics $first,sure,a,b,c $flags $file | awk -F '\t' -v m=$first '$3 == m'
}
draw '0 0 0 0 0 0 0' > nothing.tsv
k=0 found=''
for how in $hows; do
	k=$((k + 1))
	analyze nothing.tsv $k $how "$@" > null.$how || exit 1
	found="$found $(awk -F '\t' '{sum += $18} END {printf "%.6f", sum / NR}' null.$how)"
done
draw "$found" > planted.tsv
k=0 bad=0
for how in $hows; do
	k=$((k + 1))
	analyze planted.tsv $k $how "$@" > planted.$how || exit 1
	awk -F '\t' -v how=$how -v effect="$(echo $found | cut -d ' ' -f $k)" '
		{n++; seen += $19}
		END {
			share = n ? seen / n : 0
			good = n == 300 && share > 0.8 - 3.5 * sqrt(0.16 / n) && share < 0.8 + 3.5 * sqrt(0.16 / n)
			print how ": an effect of " effect " is seen in " share " of " n (good ? "" : "  <- bad")
			exit !good
		}' planted.$how || bad=1
done
exit $bad
