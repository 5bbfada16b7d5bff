#!/bin/sh
# serve-http before next-track, 64 connections that are kept: as fast as it goes, and at a steady rate; from a
# packed file and from Redis. The generator (wrk), the front and its worker share the processors. The rows have
# CPU in us for a request (front and worker), the rate, and p99 in ms as their "peer".
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "${RECPIPE_TMP:?}" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"
bench_has wrk || exit 0
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 10000; u < 20000; u++) for (k = 1; k <= 100; k++) print u, k, (u * 7 + k * 13) % 50000, 1 / k }' > topk.tsv
head -n 1 topk.tsv > none.tsv
blend-topk -q --packed -o topk.packed topk.tsv none.tsv || exit 1
awk 'BEGIN { print "item"; for (i = 0; i < 50000; i++) print i }' > items.tsv
redis_start
load-redis -q --redis "$url" --items items.tsv topk.tsv || exit 1
cat > closed.lua << 'E2'
request = function()
	return wrk.format("POST", "/next/" .. math.random(10000, 19999), {["Content-Type"] = "application/json"},
		'{"track": ' .. math.random(0, 49999) .. ', "time": 0.7}')
end
E2
ticks() # PROCESS..: their CPU so far, in ticks
{
	for process; do cut -d ' ' -f 14,15 "/proc/$process/stat"; done | awk '{ sum += $1 + $2 } END { print sum + 0 }'
}
# measure WHAT SCRIPT ARGUMENT..
measure()
{
	what=$1 script=$2
	shift 2
	serve-http --listen 127.0.0.1:0 -- next-track --replies "$@" 2> said &
	server=$!
	until { grep -q 'listening at' said && [ -z "$(tail -c 1 said)" ]; } || ! kill -0 $server; do sleep 0.05; done
	at=$(sed -n 's/.*listening at //p' said)
	worker=$(cat /proc/$server/task/$server/children)
	# shellcheck disable=SC2086
	before=$(ticks $server $worker)
	wrk -t 1 -c 64 -d "${BENCH_SECONDS:-4}s" --latency -s "$script" "$at" > loaded
	# shellcheck disable=SC2086
	after=$(ticks $server $worker)
	kill $server
	wait $server
	n=$(awk '/requests in/ { print $1 }' loaded)
	p99=$(awk '$1 == "99%" { ms = $2 + 0; if ($2 ~ /us$/) ms /= 1000; if ($2 ~ /[0-9]s$/) ms *= 1000; print ms }' loaded)
	bench_row "$what, us" "$(awk -v t=$((after - before)) -v n="$n" -v hz="$(getconf CLK_TCK)" \
		'BEGIN { printf "%.1f", 1e6 * t / hz / n }')" "$(awk '/^Requests.sec/ { print $2 "/s" }' loaded)" - p99 "$p99"
}
{ cat closed.lua; echo 'delay = function() return math.random(9, 16) end'; } > steady.lua
{ cat closed.lua; echo 'delay = function() return math.random(18, 33) end'; } > half.lua
measure 'serve-http, a packed file' closed.lua --recs topk.packed
measure 'serve-http, a packed file, 5,000 a second' steady.lua --recs topk.packed
measure 'serve-http, Redis' closed.lua --redis "$url"
measure 'serve-http, Redis, --pipeline' closed.lua --redis "$url" --pipeline
measure 'serve-http, Redis, 2,500 a second' half.lua --redis "$url"
