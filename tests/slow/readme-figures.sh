#!/bin/sh
# The first table of README.md, between its marks: pipelines/personalize as it stands, with
# the portable kernel, on the sample data and (where they are) on logs of a music service.
# WRITE=1 puts what came out into README.md.
root=$RECPIPE_ROOT
shared=${RECPIPE_SHARED:-$root/../shared}/data/botify-logs
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
KERNEL=portable
export KERNEL
# figure FILE: NDCG@10 and its standard error
figure()
{
	awk -F '\t' '$1 == "ndcg@10" { printf "%.3f ± %.3f", $2, $3 }' "$1"
}
# row NAME FILE...: a row of the table
row()
{
	name=$1
	shift
	for trials in 0 30; do
		TUNE=$trials "$root/pipelines/personalize" "$PWD/work$trials" "$@" > log 2>&1 || { tail -n 5 log; exit 1; }
	done
	sizes=$(awk -F '\t' 'NR > 1 { n++; if (!u[$1]++) users++; if (!i[$2]++) items++ }
		function commas(x) { x = x ""; while (match(x, /[0-9][0-9][0-9][0-9]($|,)/)) x = substr(x, 1, RSTART) "," substr(x, RSTART + 1); return x }
		END { printf "%s pairs, %s users, %s items", commas(n), commas(users), commas(items) }' work0/dataset.tsv)
	printf '| %s | %s | %s | %s | %s | %s |\n' "$name" "$sizes" "$(figure work0/random-metrics.tsv)" \
		"$(figure work0/popular-metrics.tsv)" "$(figure work0/metrics.tsv)" "$(figure work30/metrics.tsv)"
	rm -rf work0 work30
}
sed -n '/^<!-- figures -->/,/^<!-- end of figures -->/p' "$root/README.md" > was
sed -n 1,3p was > now
(
	export USER_COLUMN=userId ITEM_COLUMN=movieId VALUE_COLUMN=rating TIMESTAMP_COLUMN=timestamp MIN=3.5
	row 'MovieLens ml-latest-small, 100,836 ratings, those ≥ 3.5' "$root/pipelines/data/ml-latest-small/ratings.csv.gz"
) >> now || { cat now; exit 1; }
if [ -d "$shared" ]; then
	row 'logs of a music service under its simulator, 173,859 events in ten files' \
		"$shared"/20250511-personalized.r*.json.gz >> now || { cat now; exit 1; }
else
	echo 'no logs of the music service: that row is taken as it is'
	sed -n 5p was >> now
fi
echo '<!-- end of figures -->' >> now
if [ -n "${WRITE:-}" ]; then
	awk 'FNR == NR { now = now $0 "\n"; next } /^<!-- figures -->/ { printf "%s", now; skip = 1 }
		!skip { print } /^<!-- end of figures -->/ { skip = 0 }' now "$root/README.md" > new &&
		cat new > "$root/README.md"
else
	diff -u was now
fi
