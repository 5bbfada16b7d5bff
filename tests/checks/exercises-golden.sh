#!/bin/sh
# The course's exercises beside answers that other software computed: scores of texts
# under every Snowball setting, Jaccard distances, planted evolutions of quality.
golden=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/golden/exercises
[ -d "$golden" ] || { echo "no golden answers: $golden"; exit 77; }
cd "$RECPIPE_TMP" || exit 1
bad=0
awk -F '\t' -v OFS='\t' 'NR == 1 {print "user", "item", "description"} $2 == "liked" {print "u", $1, $3}' "$golden/bow-items.tsv" > liked.tsv
awk -F '\t' -v OFS='\t' 'NR == 1 {print "item", "description"} $2 == "candidate" {print $1, $3}' "$golden/bow-items.tsv" > candidates.tsv
[ "$(wc -l < candidates.tsv)" = 4 ] || { echo "candidates: $(cut -f 2 "$golden/bow-items.tsv" | sort -u | tr '\n' ' ')"; bad=1; }
# All rows of Snowball and of lower-casing alone, with stop words and without. The
# stop words are those that the listed token sets lose.
printf '%s\n' в и на с для > stop.txt
grep -E '^(snowball|lower) +(keep|drop) ' "$golden/bow-scores.txt" > rows.txt
[ "$(grep -c '^snowball  *keep' rows.txt)" = 4 ] && [ "$(wc -l < rows.txt)" = 16 ] || { echo 'the list has other rows'; bad=1; }
while read -r norm stop least how bar c1 c2 c3 rest; do
	profile=mean language=russian words=none
	[ "$how" != l2mean ] || profile=unit
	[ "$norm" != lower ] || language=none
	[ "$stop" != drop ] || words=stop.txt
	bow-cosine --liked liked.tsv --language $language --stop-words $words --min-length "$least" \
		--profile "$profile" candidates.tsv > out.tsv || bad=1
	awk -F '\t' -v want="$c1 $c2 $c3" -v what="$norm $stop $least $how" '
		NR > 1 {got[$3] = sprintf("%.6f", $4)}
		END {have = got["C1"] " " got["C2"] " " got["C3"]; if (have != want) {print what ": " have ", not " want; exit 1}}' out.tsv || bad=1
done < rows.txt
echo "$(wc -l < rows.txt) settings of texts"
# The token sets, and counts in place of presence (listed with four digits).
for norm in snowball lower; do
	language=russian
	[ "$norm" != lower ] || language=none
	{ cat candidates.tsv; sed 1d liked.tsv | cut -f 2-; } | bow-cosine --tokens --language $language |
		sed 1d | LC_ALL=C sort -u | awk -F '\t' '{t[$1] = t[$1] " " $2} END {for (i in t) print i t[i]}' | LC_ALL=C sort > got
	sed -n "/^## $norm/,/^## [^$(printf %.1s $norm)]/p" "$golden/bow-scores.txt" | grep '^ ' |
		awk '{n = NF; printf "%s", $1; for (i = 3; i <= n; i++) printf " %s", $i; print ""}' | LC_ALL=C sort > want
	[ "$(wc -l < want)" = 5 ] && cmp want got || bad=1
	for stop in keep drop; do
		words=none
		[ $stop != drop ] || words=stop.txt
		bow-cosine --weight count --liked liked.tsv --language $language --stop-words $words candidates.tsv |
			awk -F '\t' 'NR > 1 {got[$3] = sprintf("%.4f", $4)} END {print got["C1"], got["C2"], got["C3"]}' > got
		sed -n "s/^$norm  *stop=$stop .* counts \([^>]*\) ->.*/\1/p" "$golden/bow-scores.txt" > want
		[ -s want ] && cmp want got || { echo "counts, $norm, $stop"; bad=1; }
	done
done
bow-cosine --liked liked.tsv candidates.tsv | sed -n 2p | cut -f 3 | grep -qx C2 || { echo 'the answer is not C2'; bad=1; }
jaccard-users "$golden/jaccard-ratings.tsv" | awk -F '\t' '{print $1 $2, sprintf("%.6f", $3)}' | sed 1d | tr '\n' ' ' |
	grep -qx 'AB 0.600000 AC 0.666667 BC 0.833333 ' || { echo 'Jaccard distances differ'; bad=1; }
exit $bad
