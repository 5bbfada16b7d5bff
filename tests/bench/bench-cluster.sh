#!/bin/sh
# bench-cluster: what each stage of personalize-pieces costs on a part of 10 G interactions, 100 M users,
# 10 M items at 128 factors, and what that makes of all of it: the figures of recpipe-cluster(7).
#
# CLUSTER_ROWS rows (1,000,000) of a hundredth as many users and a thousandth as many items; CLUSTER_LISTS=no
# leaves out the lists, whose cost is not one of rows. The rows here are what the other benchmarks do not have:
# a unit of work and its number at full size.
. "$RECPIPE_ROOT/tests/bench/lib.sh"
cd "$RECPIPE_TMP" || exit 1
BENCH_REPEAT=${CLUSTER_REPEAT:-1}
rows=${CLUSTER_ROWS:-1000000}
factors=${CLUSTER_FACTORS:-128}
T=$(printf '\t')
bench_generate --rows "$rows" --users $((rows / 100)) --items $((rows / 1000)) --seed 1 > rows.tsv

# stage WHAT UNIT COUNT FULL COMMAND: COUNT units took so many CPU seconds; FULL of them take hours
stage()
{
	bench_cpu "$5" || exit 1
	awk -v what="$1" -v unit="$2" -v n="$3" -v full="$4" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
		printf "%s\t%s\t%.3g us/%s\t%s\t%s of %.3g: %.3g CPU hours\t-\t-\n", what, cpu, cpu / n * 1e6, unit, peak,
			unit, full, cpu / n * full / 3600 }'
}

awk -F '\t' 'NR > 1 { printf "{\"message\": \"next\", \"timestamp\": %d, \"user\": \"%s\", \"track\": \"%s\", \"time\": %s, \"latency\": 0.0003, \"recommendation\": \"%s\", \"experiments\": {\"STICKY_ARTIST\": \"C\"}}\n", 1704067200000 + NR * 1000, $1, $2, $3, $2 }' rows.tsv |
	gzip -1 > log.json.gz
stage import-logs event "$rows" 1e10 'import-logs log.json.gz'
stage filter row "$rows" 1e10 'filter-interactions --above -1 rows.tsv'
tail -n +2 rows.tsv > part
stage 'sort by key' row "$rows" 1e10 "LC_ALL=C sort -s -t '$T' -k 1,1 part"
stage 'build-dataset --partial' row "$rows" 1e10 'build-dataset -q --partial rows.tsv'
stage build-dataset row "$rows" 1e10 'build-dataset -q --test 0 --validation 0 rows.tsv'
build-dataset -q --test 0 --validation 0 rows.tsv > dataset.tsv 2> /dev/null
pairs=$(($(wc -l < dataset.tsv) - 1))
echo "# $pairs pairs; $(awk '{ L += length + 1 } END { printf "%.1f", L / NR }' dataset.tsv) bytes a row of the dataset" >&2

# ---- half-steps: a row of the data with its share of the solutions, the opening of the model taken off ----
train-mf -q --loss ials --factors "$factors" --epochs 0 --packed dataset.tsv > start.packed
train-mf -q --loss ials --factors "$factors" --epochs 0 dataset.tsv > start.tsv
ids() { awk -F '\t' -v kind="$1" '$1 == kind { n++ } END { print n }' start.tsv; }
stage 'sum-gram, packed' vector "$(ids user)" 1.1e8 'sum-gram --side users start.packed'
stage 'sum-gram, text' vector "$(ids user)" 1.1e8 'sum-gram --side users start.tsv'
head -n 1 dataset.tsv > none.tsv
for side in users items; do
	sum-gram --side $([ $side = users ] && echo items || echo users) start.packed > gram.tsv
	bench_cpu "fold-in -q --solve $side --gram gram.tsv --model start.packed none.tsv"
	open=$cpu
	bench_cpu "fold-in -q --solve $side --gram gram.tsv --model start.packed --packed dataset.tsv"
	awk -v side=$side -v cpu="$cpu" -v open="$open" -v n="$pairs" -v keys="$(ids ${side%s})" -v peak="$peak" 'BEGIN {
		a = (cpu - open) / n
		printf "fold-in --solve %s\t%s\t%.3g us/row\t%s\t%d keys; row of 1e10: %.3g CPU hours\t-\t-\n", side, cpu, a * 1e6, peak,
			keys, a * 1e10 / 3600 }'
done
stage 'unpack --merge --packed' vector "$(($(ids user) + $(ids item)))" 1.1e8 'unpack --merge --packed start.packed'

[ "${CLUSTER_LISTS:-yes}" = yes ] || exit 0

# ---- lists: of more items than that, for their number counts ----
many=${CLUSTER_ITEMS:-$((rows / 50))}
bench_generate --rows $((many * 10)) --users $((many / 10)) --items "$many" --seed 2 | build-dataset -q --test 0 --validation 0 > wide.tsv 2> /dev/null
train-mf -q --loss ials --factors "$factors" --epochs 1 --packed wide.tsv | export-topk --packed=index -o model.packed
awk -F '\t' 'NR == 1 || $1 == user || n < 2000 { if ($1 != user) n++; user = $1; print }' wide.tsv > some.tsv
cut -f 1 some.tsv | uniq > who.tsv
asked=$(($(wc -l < who.tsv) - 1))
many=$(unpack --info model.packed | awk -F '\t' '$1 == "rows item" { print $2 }')
echo "# lists from $many items" >&2
stage 'export-topk' 'user' "$asked" "$(awk -v items="$many" 'BEGIN { printf "%.0f", 1e8 * 1e7 / items }')" \
	'export-topk -q --k 100 --users who.tsv model.packed'
export-topk -q --k 100 --users who.tsv model.packed > lists.tsv
stage 'evaluate-topk --partial' list "$asked" 1e8 'evaluate-topk -q --partial --dataset some.tsv lists.tsv'
echo "# $(awk '{ L += length + 1 } END { printf "%.1f", L / NR }' lists.tsv) bytes a row of lists; model: text $(wc -c < start.tsv), packed $(wc -c < start.packed) bytes" >&2
