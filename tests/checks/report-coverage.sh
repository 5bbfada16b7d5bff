#!/bin/sh
# Who had a list, on the page of report-experiment: of a log with sources the answers, random fallbacks, users with an
# answer of the recommender and the reasons of the others are those that it was made of, arm by arm; an arm
# that asks for random tracks needs no lists; nothing of a log without sources; what personalize says of its log.
set -u
cd "$RECPIPE_TMP" || exit 1
report=$RECPIPE_ROOT/pipelines/report-experiment
bad=0
say() { echo "$1"; bad=1; }
# 300 users in three arms, by u % 3: of T1 every user whose u % 5 is 0 has no list, and of T2 every second one is
# answered by popular, or, where u % 7 is 0, at random; each has 4 answers, the first of those with a list is a fallback.
awk 'BEGIN {
	OFS = "\t"
	print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "source", "E <i>"
	for (u = 0; u < 300; u++) {
		arm = u % 3 == 0 ? "C" : "T" u % 3
		at = 1710000000000 + u * 1000
		for (n = 0; n < 5; n++) {
			source = arm == "C" ? "random" : "indexed"
			if (arm == "T1") source = u % 5 == 0 ? "random:no-list" : n == 0 ? "random:redis" : "indexed"
			if (arm == "T2" && u % 2) source = u % 7 ? "popular:no-list" : "random:exhausted"
			print n < 4 ? "next" : "last", sprintf("%.0f", at + n), "u" u, n + 1, (u * 7 + n) % 10 / 10, 0.01, n < 4 ? n + 2 : "", n < 4 ? source : "", arm
		}
	}
}' > log.tsv
"$report" -o page.html log.tsv -- --metrics time 2> err || { cat err; exit 1; }
text() { tr -d '\n' < "$1" | sed -e 's/.*Who had a list//' -e 's/<\/tbody>.*//' -e 's/<\/tr>/\n/g' -e 's/&nbsp;/ /g' | sed -e 's/<\/td>/|/g' -e 's/<[^>]*>//g'; }
awk -F '\t' 'NR > 1 && $8 != "" {
		n[$9]++; f[$9] += $8 ~ /^random:/
		if ($8 != "random" && !($3 in user)) { user[$3] = $9; u[$9]++ }
		if ($8 == "indexed" && !($3 in had)) { had[$3]; l[$9]++ }
		if (!($3 in why)) { why[$3]; split($8, part, ":"); first[$3] = part[2] }
	} END {
		for (w in first) if (!(w in had) && first[w] != "") because[user[w], first[w]]++
		printf "C|%d|0.0 %%|0|&ndash;|&ndash;|\n", n["C"]
		printf "T1|%d|%.1f %%|%d|%.1f %%|%d no-list|\n", n["T1"], 100 * f["T1"] / n["T1"], u["T1"], 100 * l["T1"] / u["T1"], because["T1", "no-list"]
		printf "T2|%d|%.1f %%|%d|%.1f %%|%d no-list, %d exhausted|\n", n["T2"], 100 * f["T2"] / n["T2"], u["T2"], 100 * l["T2"] / u["T2"], because["T2", "no-list"], because["T2", "exhausted"] }' log.tsv > want.txt
text page.html | grep '^[CT][12]*|' > got.txt
diff want.txt got.txt || say 'other figures'
[ "$(grep -c 80.0 want.txt)" = 1 ] || say "the log is another: $(cat want.txt)"
! grep -q 'id="coverage"' page.html || say 'a coverage that nobody gave'
# two files, compressed, and JSON lines of the same
{ head -n 1 log.tsv && awk 'NR > 700' log.tsv; } | gzip > b.tsv.gz
head -n 700 log.tsv > a.tsv
"$report" a.tsv b.tsv.gz > two.html 2> err -- --metrics time || cat err
text two.html | grep '^[CT][12]*|' | diff want.txt - || say 'other figures of two files'
"$report" < log.tsv > stdin.html 2> err -- --metrics time || cat err
text stdin.html | grep '^[CT][12]*|' | diff want.txt - || say 'other figures of standard input'
cut -f 1-7,9 log.tsv > plain.tsv
"$report" plain.tsv > plain.html 2> err -- --metrics time || cat err
! grep -q 'Who had a list' plain.html || say 'lists without sources'

printf 'users\tcount\tshare\nlog\t8623\t1.0000\nlists\t4282\t0.4966\nfolded\t12\t0.0014\nno-positives\t100\t0.0116\nthresholds\t4200\t0.4871\ncold\t41\t0.0048\n' > coverage.tsv
"$report" --coverage coverage.tsv log.tsv > covered.html 2> err -- --metrics time || cat err
tr -d '\n' < covered.html | sed 's/<[^>]*>//g; s/&nbsp;/ /g' | grep -qF '4282 of 8623 users of the log that the lists were made of have one (49.7 %), 12 of these by fold-in. Without one: 100 have no positive, 4200 are below the thresholds, 41 are cold.' ||
	say 'the coverage is not told'
"$report" --coverage log.tsv log.tsv > out 2> err -- --metrics time
[ $? = 3 ] && [ ! -s out ] && grep -q -e '--coverage: not a table users count share' err || { cat err; say 'a table that is none'; }
"$report" --coverage=none.tsv log.tsv > out 2> err -- --metrics time
[ $? = 1 ] && grep -q none.tsv err || say 'a coverage that is not there'
exit $bad
