#!/bin/sh
# analyze-ab where the control's mean is negative, near 0, tiny, or 0: every kind of
# interval (Fieller's is the default), at the level of every adjustment, CUPED, strata, ratios, sequential, adjustments, days, beside the figures of
# NumPy and SciPy (analyze-relative.tsv, made by analyze-relative.py from what this test
# draws); where there is no relative effect the cells are empty. Of the bootstrap: the
# mirror image of the values has the mirror image of the intervals.
here=$RECPIPE_ROOT/tests/checks
cd "$RECPIPE_TMP" || exit 1
awk 'function draw() {x = x * 16807 % 2147483647; return x / 2147483647}
function bell(   i, s) {s = -6; for (i = 0; i < 12; i++) s += draw(); return s}
BEGIN {
	OFS = "\t"
	CONVFMT = OFMT = "%.17g"
	x = 4242
	print "user", "X", "pos", "neg", "cross", "near0", "tiny", "tinyneg", "zero", "den", "negden", "zeroden" > "users.tsv"
	print "user", "pos", "neg", "cross", "near0", "tiny", "tinyneg", "zero", "den", "negden", "zeroden" > "before.tsv"
	print "user", "g" > "strata.tsv"
	print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "X", "reward" > "daily.tsv"
	for (u = 0; u < 240; u++) {
		id = sprintf("u%03d", u)
		t = u % 2
		g = int(3 * draw())
		for (k = 1; k >= 0; k--) { # 1: before
			if (k) taste = bell()
			v = 5 + g + taste + bell() + (k ? 0 : t)
			n = -4 - g / 2 - taste / 2 - bell() / 3 - (k ? 0 : 0.7 * t)
			c = -1 + taste / 2 + bell() / 2 + (k ? 0 : 2 * t)
			z = -0.1 + taste + bell() + (k ? 0 : 0.3 * t)
			small = (3 + taste / 3 + bell() / 3 + (k ? 0 : 0.2 * t)) * 1e-120
			smallneg = (-3 + taste / 3 + bell() / 3 - (k ? 0 : 0.2 * t)) * 1e-12
			# of two users of the control one has what the other lacks
			o = int(u / 2) % 2 ? -odd[k, t] : odd[k, t] = taste + bell()
			if (t && !k) o += 0.5
			d = 1 + int(5 * draw())
			zd = t ? d : int(u / 2) % 2 ? -2 : 2
			row = v OFS n OFS c OFS z OFS small OFS smallneg OFS o OFS d OFS (-d) OFS zd
			if (!k) print id, t ? "T1" : "C", row > "users.tsv"
			else if (draw() < 0.9) print id, row > "before.tsv"
		}
		print id, "l" g > "strata.tsv"
		for (day = 0; day < 2; day++)
			if (day || u % 3)
				print "last", sprintf("%.0f", (19800 + day) * 86400000 + u), id, 1, 1, 0.1, "", t ? "T1" : "C", n * (1 + day) > "daily.tsv"
	}
}'
bad=0
metrics=pos,neg,cross,near0,tiny,tinyneg,zero
ratios=neg/den,pos/negden,pos/zeroden
ask() { analyze-ab -q --adjust none --user-level --experiment X "$@" users.tsv; }
for how in delta naive log fieller sequential-delta sequential-fieller; do
	option=--interval=${how#sequential-}
	[ "$option" = "--interval=$how" ] || option="--sequential $option"
	ask --metrics "$metrics,$ratios" $option > plain-$how &&
		ask --metrics "$metrics,$ratios" $option --pre before.tsv > cuped-$how &&
		ask --metrics "$metrics,$ratios" $option --users strata.tsv --stratify g > strata-$how || exit 1
done
for how in none bonferroni holm hochberg bh by; do ask --metrics $metrics --adjust $how > adjust-$how || exit 1; done
analyze-ab -q --experiment X --metrics sum:reward --interval delta --daily daily.tsv > days || exit 1
for day in 2024-03-18 2024-03-19; do awk -F '\t' -v d=$day 'NR == 1 || $20 == d' days > daily-$day; done
awk -F '\t' '
	FNR == 1 {split("", at); for (i = 1; i <= NF; i++) at[$i] = i}
	FILENAME !~ /[.]tsv$/ {
		for (name in at) got[FILENAME, $3, name] = $(at[name])
		if (/inf|nan/) {print FILENAME ": " $0; bad = 1}
		next
	}
	{
		g = got[$1, $2, $3]
		d = g - $4
		d = d < 0 ? -d : d
		size = $4 < 0 ? -$4 : $4 + 0
		# a value that is 0 but for rounding stands beside one of the size of 1
		if ((g == "") != ($4 == "") || d > 1e-8 * size + ($2 ~ /tiny/ ? 0 : 1e-12)) {
			print $1, $2, $3 ": got " g ", want " $4
			bad = 1
		}
		n++
		empty += $4 == ""
	}
	END {print n " figures, " empty " of them empty"; exit bad || n < 2000 || empty < 100}' \
	plain-* cuped-* strata-* adjust-* daily-2* "$here/analyze-relative.tsv" || bad=1

# The estimate lies in its interval.
for f in plain-* cuped-* strata-*; do
	awk -F '\t' -v f="$f" 'NR > 1 && $12 != "" && !($12 + 0 <= $11 + 0 && $11 + 0 <= $13 + 0) {print f ": " $0; bad = 1} END {exit bad}' "$f" || bad=1
done

# The mirror image.
awk -F '\t' -v OFS='\t' 'NR > 1 {for (i = 3; i <= 9; i++) $i = $i ~ /^-/ ? substr($i, 2) : "-" $i; $11 = -$11} 1' users.tsv > mirror.tsv
for how in '--interval delta' '--interval naive' '--interval log' '--interval fieller' --sequential '--test bootstrap' '--test bootstrap --metrics q30:neg,q50:near0'; do
	analyze-ab -q --user-level --experiment X --metrics $metrics $how users.tsv > straight || exit 1
	case $how in *q30*) set -- --metrics q70:neg,q50:near0 --test bootstrap ;; *) set -- --metrics $metrics $how ;; esac
	analyze-ab -q --user-level --experiment X "$@" mirror.tsv > turned || exit 1
	awk -F '\t' -v how="$how" '
		function same(a, b,   d) {d = a + b; d = d < 0 ? -d : d; return (a == "") == (b == "") && d <= 1e-9 * ((a < 0 ? -a : a + 0) + 1)}
		NR == FNR {for (i = 11; i <= 13; i++) x[FNR, i] = $i; next}
		FNR > 1 && !(same($11, x[FNR, 11]) && same($12, x[FNR, 13]) && same($13, x[FNR, 12])) && how !~ /q30/ {print how ": " $0; bad = 1}
		/inf|nan/ {print how ": " $0; bad = 1}
		FNR > 1 && $12 != "" && !($12 + 0 <= $11 + 0 && $11 + 0 <= $13 + 0) {print how ": outside: " $0; bad = 1}
		END {exit bad}' straight turned || bad=1
done

# Users who are counted in no day, plans and details: nothing infinite either.
ask --metrics zero,pos/zeroden,near0 --details d > /dev/null && ask --metrics zero,near0 --plan 0.1 > plan || exit 1
! grep -E 'inf|nan' d plan || bad=1
[ "$(awk -F '\t' '$2 == "zero" {print $6 $7 "-" $9}' plan)" = 0.8- ] || { cat plan; bad=1; }
exit $bad
