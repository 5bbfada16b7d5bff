#!/bin/sh
# The bootstrap intervals of analyze-ab beside SciPy's and R's boot (analyze-bca.tsv, made by analyze-bca.py
# from what this draws): both by chance, so that ends may be 3 % of the interval's width apart.
cd "$RECPIPE_TMP" || exit 1
awk 'function draw() {s = s * 16807 % 2147483647; return s / 2147483647}
BEGIN {
	OFS = "\t"
	s = 77
	print "user", "X", "x", "y"
	for (u = 0; u < 90; u++) {
		t = u % 3 == 0
		y = 1 + int(4 * draw())
		v = -log(1 - draw()) * (t ? 2 : 1)
		printf "%d\t%s\t%.6f\t%d\n", u, t ? "T1" : "C", v * v + y, y
	}
}' > users.tsv
for method in bca percentile; do
	analyze-ab -q --user-level --experiment X --metrics x,x/y --adjust none --test bootstrap --bootstrap $method --rounds 100000 users.tsv > $method || exit 1
done
awk -F '\t' '
	FILENAME !~ /[.]tsv$/ {
		for (i = 1; i <= NF && FNR == 1; i++) at[$i] = i
		if (FNR > 1)
			for (name in at)
				got[$3, FILENAME, name] = $at[name]
		next
	}
	{ want[$1, $2, $3] = $4; key[++n] = $1 SUBSEP $2 SUBSEP $3 }
	END {
		for (i = 1; i <= n; i++) {
			other = key[i]
			if (!sub(/lower$/, "upper", other))
				sub(/upper$/, "lower", other)
			width = want[key[i]] - want[other]
			off = (got[key[i]] - want[key[i]]) / width
			if (got[key[i]] == "" || off > 0.03 || off < -0.03) {
				gsub(SUBSEP, " ", key[i])
				print key[i] ": " off " of the width off"
				bad = 1
			}
		}
		exit bad || n != 16
	}' bca percentile "$RECPIPE_ROOT/tests/checks/analyze-bca.tsv"
