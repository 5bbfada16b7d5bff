#!/bin/sh
# The reader of every tool, alone, beside the programs that decompress: 12 M rows (about 300 MB) as
# gzip of one member, gzip of many, zstd of many frames and xz of many blocks, by one thread and by two.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
text=$RECPIPE_TMP/events.tsv
bench_generate --rows "${BENCH_ROWS:-12000000}" --users 1000000 --items 50000 --seed 1 > "$text"
gzip -c "$text" > "$RECPIPE_TMP/one.gz"
split -C 4M "$text" "$RECPIPE_TMP/part."
for part in "$RECPIPE_TMP"/part.*; do
	gzip -c "$part" >&3
	if command -v zstd > /dev/null; then zstd -q -c "$part" >&4; fi
done 3> "$RECPIPE_TMP/many.gz" 4> "$RECPIPE_TMP/many.zst"
rm "$RECPIPE_TMP"/part.*
if command -v xz > /dev/null; then head -n "$((${BENCH_ROWS:-12000000} / 4))" "$text" |
	xz -1 -T 2 --block-size=4MiB -c > "$RECPIPE_TMP/many.xz"; fi
# measure FILE PROGRAM, which decompresses it
measure()
{
	bench_has "$2" || return 0
	bytes=$($2 -dc "$RECPIPE_TMP/$1" | wc -c)
	for threads in 1 2; do
		bench_units "input $1, $threads threads" "$bytes" B \
			"$RECPIPE_BUILD/tests/bench-read -j $threads $RECPIPE_TMP/$1" "$2" "$2 -dc $RECPIPE_TMP/$1"
	done
}
measure one.gz igzip
measure many.gz igzip
measure many.zst zstd
measure many.xz xz
