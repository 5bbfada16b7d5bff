#!/bin/sh
# next-track through pipes: a million requests from a file of lists and from a private
# Redis. Nobody else's program does the same, so there is no peer.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "${RECPIPE_TMP:?}" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"
requests=${BENCH_REQUESTS:-1000000}
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"; srand(1)
	for (u = 0; u < 20000; u++)
		for (k = 1; k <= 100; k++)
			print u, k, int(rand() * 15000), 1 / k }' > topk.tsv
awk 'BEGIN { print "item"; for (i = 0; i < 15000; i++) print i }' > items.tsv
awk -v n="$requests" 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"; srand(2)
	for (i = 0; i < n; i++)
		print "next", int(rand() * 20000), int(rand() * 15000), 0.5 }' > requests.tsv
head -n $((requests / 5 + 1)) requests.tsv > fewer.tsv
redis_start
load-redis --redis "$url" --prefix p --items items.tsv topk.tsv || exit 1
bench_units 'next-track, lists in a file' "$requests" ' answers' \
	"cat requests.tsv | next-track --recs topk.tsv --items items.tsv | cat > /dev/null"
awk 'BEGIN { OFS = "\t"; print "user", "item"; srand(3)
	for (u = 0; u < 20000; u++) for (k = 0; k < 60; k++) print u, int(rand() * 15000) }' |
	train-items --k 100 --packed -o neighbors || exit 1
for who in contextual session; do
	bench_units "next-track, $who" "$requests" ' answers' \
		"cat requests.tsv | next-track --neighbors neighbors --recommender $who --items items.tsv | cat > /dev/null"
done
bench_units 'next-track, lists in Redis' "$((requests / 5))" ' answers' \
	"cat fewer.tsv | next-track --redis $url --prefix p --items items.tsv --deadline 1s | cat > /dev/null"
bench_units 'next-track, lists in Redis, --pipeline' "$requests" ' answers' \
	"cat requests.tsv | next-track --redis $url --prefix p --items items.tsv --pipeline | cat > /dev/null"

# One request at a time, in milliseconds: the median, and p99 as its "peer".
# latency WHAT COMMAND..
latency()
{
	what=$1
	shift
	"$RECPIPE_BUILD/tests/bench-latency" 5 200 requests.tsv "$@" > row || return
	bench_row "$what, ms" "$(cut -f 2 row)" - - p99 "$(cut -f 3 row)"
}
latency 'next-track, a single listener, lists in a file' next-track --recs topk.tsv --items items.tsv
latency 'next-track, a single listener, lists in Redis' next-track --redis "$url" --prefix p --deadline 1s
(
	while [ ! -f stop ]; do
		load-redis --redis "$url" --prefix p --items items.tsv topk.tsv || exit 1
	done
) &
latency 'next-track, a single listener while lists are published' next-track --redis "$url" --prefix p --deadline 1s
: > stop
wait $!
