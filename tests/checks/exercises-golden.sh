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
grep '^snowball  *keep' "$golden/bow-scores.txt" > rows.txt
while read -r norm stop least how bar c1 c2 c3 rest; do
	profile=mean
	[ "$how" != l2mean ] || profile=unit
	bow-cosine --liked liked.tsv --language russian --min-length "$least" --profile "$profile" candidates.tsv > out.tsv || bad=1
	awk -F '\t' -v want="$c1 $c2 $c3" -v what="$norm $stop $least $how" '
		NR > 1 {got[$3] = sprintf("%.6f", $4)}
		END {have = got["C1"] " " got["C2"] " " got["C3"]; if (have != want) {print what ": " have ", not " want; exit 1}}' out.tsv || bad=1
done < rows.txt
echo "$(wc -l < rows.txt) settings of texts"
bow-cosine --liked liked.tsv candidates.tsv | sed -n 2p | cut -f 3 | grep -qx C2 || { echo 'the answer is not C2'; bad=1; }
jaccard-users "$golden/jaccard-ratings.tsv" | awk -F '\t' '{print $1 $2, sprintf("%.6f", $3)}' | sed 1d | tr '\n' ' ' |
	grep -qx 'AB 0.600000 AC 0.666667 BC 0.833333 ' || { echo 'Jaccard distances differ'; bad=1; }
exit $bad
