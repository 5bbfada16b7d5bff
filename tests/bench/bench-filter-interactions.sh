#!/bin/sh
# filter-interactions beside mawk: 12 M rows of user, item, time (about 300 MB),
# from a file and from a pipe.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
input=$RECPIPE_TMP/events.tsv
bench_generate --rows "${BENCH_ROWS:-12000000}" --users 1000000 --items 50000 --seed 1 > "$input"
keep='NR == 1 || $3 > 0.5'
bench_pair 'filter-interactions file' "$input" \
	"filter-interactions --above 0.5 $input" "mawk -F'\t' '$keep' $input"
bench_pair 'filter-interactions pipe' "$input" \
	"cat $input | filter-interactions --above 0.5" "mawk -F'\t' '$keep' $input"
