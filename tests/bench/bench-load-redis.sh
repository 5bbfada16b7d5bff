#!/bin/sh
# load-redis: lists of 100 items from a file into a private server; beside redis-cli
# --pipe fed with the same commands ready-made, which reads no table and checks nothing
# but the number of errors. A row of wall-clock seconds stands behind each, because the
# server works beside the client.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "${RECPIPE_TMP:?}" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"
users=${BENCH_USERS:-200000}
awk -v users="$users" 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"; srand(1)
	for (u = 0; u < users; u++)
		for (k = 1; k <= 100; k++)
			print u, k, int(rand() * 15000), 1 / k }' > topk.tsv
awk -F '\t' '
	function out() {
		printf "*4\r\n$4\r\nHSET\r\n$7\r\nb:lists\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", length(u), u, length(v), v
	}
	NR > 1 && $1 == u { v = v "\t" $3; next }
	NR > 1 { if (u != "") out(); u = $1; v = $3 }
	END { out() }' topk.tsv > resp
redis_start
bench_units 'load-redis, lists of 100' "$users" ' users' "load-redis --redis $url --prefix p topk.tsv" \
	'redis-cli --pipe' "redis-cli -s $redis_folder/s --pipe < resp > /dev/null"
BENCH_REPEAT=1
bench_cpu "load-redis --redis $url --prefix p topk.tsv" && ours=$wall
bench_cpu "redis-cli -s $redis_folder/s --pipe < resp > /dev/null" && theirs=$wall
bench_row 'the same, seconds by the wall' "$ours" - "$peak" 'redis-cli --pipe' "$theirs"
