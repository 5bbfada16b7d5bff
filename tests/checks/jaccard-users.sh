#!/bin/sh
# jaccard-users against plain sets in awk on random data, every measure and way;
# more than 255 and 65535 items in a set; threads; MinHash finds what it promises.
set -eu
cd "$RECPIPE_TMP"
TAB=$(printf '\t')
awk 'BEGIN { srand(7); print "user\titem\trating"
	for (u = 0; u < 60; u++) for (i = 0; i < 700; i++)
		if (rand() < (u < 6 ? 0.9 : 0.1) / (1 + i / 200)) print "u" u "\ti" i "\t" int(rand() * 6) }' > r.tsv
for measure in jaccard cosine overlap; do
	awk -F '\t' -v m=$measure 'NR > 1 && $3 >= 3 { has[$1, $2] = 1; n[$1]++; items[$2] }
		END { for (a in n) for (b in n) if (a < b) { c = 0
			for (i in items) c += ((a, i) in has) && ((b, i) in has)
			x = n[a]; y = n[b]
			s = m == "jaccard" ? c / (x + y - c) : m == "cosine" ? c / sqrt(x * y) : c / (x < y ? x : y)
			printf "%s\t%s\t%.12f\n", a, b, 1 - s } }' r.tsv | LC_ALL=C sort > want
	jaccard-users --measure $measure r.tsv | tail -n +2 |
		awk -F '\t' '{ printf "%s\t%s\t%.12f\n", $1, $2, $3 }' > got
	cmp want got
	awk -F '\t' '$3 <= 0.8' want > near
	jaccard-users --measure $measure --max-distance 0.8 -j 2 r.tsv | tail -n +2 |
		awk -F '\t' '{ printf "%s\t%s\t%.12f\n", $1, $2, $3 }' | cmp near -
	# the nearest four of each
	awk -F '\t' '{ print; print $2 "\t" $1 "\t" $3 }' want | awk -F '\t' '$3 < 1' |
		LC_ALL=C sort -t "$TAB" -k 1,1 -k 3,3g -k 2,2 | awk -F '\t' '++n[$1] <= 4' > want4
	jaccard-users --measure $measure --k 4 r.tsv | tail -n +2 |
		awk -F '\t' '{ printf "%s\t%s\t%.12f\n", $1, $2, $3 }' | cmp want4 -
done
# Resnick's prediction, and the sums, against the formulas
jaccard-users --k 5 r.tsv > near.tsv
for vote in sum mean plain; do
	awk -F '\t' -v vote=$vote 'FILENAME == "r.tsv" { if (FNR > 1) { r[$1, $2] = $3; sum[$1] += $3; n[$1]++; items[$2] } next }
		FNR > 1 { for (i in items) if (($2, i) in r && !(($1, i) in r)) {
			s = 1 - $3; num[$1 "\t" i] += s * (r[$2, i] - (vote == "plain" ? 0 : sum[$2] / n[$2])); den[$1 "\t" i] += s } }
		END { for (k in num) { split(k, p, "\t")
			x = vote == "mean" ? sum[p[1]] / n[p[1]] + num[k] / den[k] : num[k]
			printf "%s\t%.9f\n", k, x } }' r.tsv near.tsv | sed 's/-0\.000000000$/0.000000000/' | LC_ALL=C sort > want
	jaccard-users --k 5 --recommend 100000 --vote $vote r.tsv > lists.tsv
	tail -n +2 lists.tsv | awk -F '\t' '{ printf "%s\t%s\t%.9f\n", $1, $3, $4 }' |
		sed 's/-0\.000000000$/0.000000000/' | LC_ALL=C sort > got
	cmp want got
	awk -F '\t' 'NR > 1 { if ($1 != u) { u = $1; k = 0; s = $4 }
		if ($2 != ++k || $4 > s || ($4 == s && k > 1 && $3 < i)) { print "order: " $0; exit 1 } s = $4; i = $3 }' lists.tsv
done
# a set of 70,000 items
awk 'BEGIN { print "user\titem"; for (i = 0; i < 70000; i++) print "big\t" i
	for (i = 0; i < 66000; i++) print "half\t" i; print "one\t5" }' > big.tsv
[ "$(jaccard-users --binary --of big big.tsv | awk -F '\t' 'NR > 1 { printf "%s %.9f ", $2, $3 }')" = \
	'half 0.057142857 one 0.999985714 ' ]
# MinHash: planted near pairs; at least 95 % of those from 0.5 up
awk 'BEGIN { srand(3); print "user\titem"; for (p = 0; p < 3000; p++) { split("", both)
	for (j = 0; j < 30; j++) both[int(rand() * 20000)]
	for (s = 0; s < 2; s++) { split("", own); for (i in both) if (rand() < 0.85) own[i]
		for (j = 0; j < 3; j++) own[int(rand() * 20000)]; for (i in own) print "u" p "." s "\t" i } } }' > pairs.tsv
jaccard-users --binary --max-distance 0.5 pairs.tsv > exact.tsv
jaccard-users --binary --max-distance 0.5 --approximate -s 4 pairs.tsv 2> err > found.tsv
jaccard-users --binary --max-distance 0.5 --approximate -s 4 -j 2 -q pairs.tsv | cmp - found.tsv
grep -q 'pairs from 0.5 up were found' err
LC_ALL=C sort found.tsv > a; LC_ALL=C sort exact.tsv > b
[ "$(LC_ALL=C comm -23 a b | wc -l)" = 0 ]
awk -v found="$(wc -l < a)" -v exact="$(wc -l < b)" 'BEGIN { print found " of " exact; exit !(exact > 1000 && found >= 0.95 * exact) }'
