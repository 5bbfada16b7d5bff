#!/bin/sh
# build-dataset: 10 M rows of a million users and 50,000 items; beside it, what
# sort(1) needs to make the pairs distinct alone.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
rows=${BENCH_ROWS:-10000000}
input=$RECPIPE_TMP/events.tsv
bench_generate --rows "$rows" --users 1000000 --items 50000 --seed 1 > "$input"
bench_units 'build-dataset' "$rows" rows \
	"build-dataset -q --min-user-interactions 5 --min-item-interactions 5 --test 0.3 --validation 0.1 $input" \
	sort "tail -n +2 $input | cut -f 1,2 | LC_ALL=C sort -u -S 1G"
bench_units 'build-dataset --weight sum' "$rows" rows "build-dataset -q --weight sum $input" \
	mawk "mawk -F'\t' '{ s[\$1 FS \$2] += \$3 } END { for (k in s) print k, s[k] }' $input"
