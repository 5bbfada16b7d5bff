#!/bin/sh
# recommend-baseline: lists of 100 for 50,000 users, seen items left out.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
bench_generate --rows 2000000 --users 50000 --items 15000 --seed 1 |
	build-dataset -q > "$RECPIPE_TMP/d.tsv"
for method in popular random; do
	bench_units "recommend-baseline $method" 50000 users \
		"recommend-baseline -q --method $method --exclude $RECPIPE_TMP/d.tsv $RECPIPE_TMP/d.tsv"
done
