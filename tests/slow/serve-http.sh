#!/bin/sh
# serve-http with 10,000 idle connections, of which each has sent half a header: memory has a bound, others are
# answered, and all of them are closed in time.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"
connections=10000
[ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -gt $((connections + 200)) ] || {
	echo "this process may open $(ulimit -H -n) files only"
	exit 77
}
printf 'user\trank\titem\tscore\n1\t1\t7\t1\n' > topk.tsv
serve --timeout 20s --connections 12000 -- next-track --replies --recs topk.tsv
rss() { awk '$1 == "VmRSS:" { print $2 }' /proc/$server/status; }
before=$(rss)
idle_start $connections
[ "$standing" = $connections ] || complain "only $standing connections stand"
[ "$(counted recpipe_connections)" -gt 9000 ] || complain "only $(counted recpipe_connections) connections are open"
[ "$(curl -s -m 20 -d '{"track": 1, "time": 1}' "$at/next/1")" = '{"user": 1, "track": 7}' ] || complain 'nobody is answered beside them'
after=$(rss)
echo "$connections idle connections: $((after - before)) kB"
[ "$RECPIPE_MODE" != release ] || [ $(((after - before) / connections)) -lt 20 ] || complain 'more than 20 kB for each connection'
idle_stop
exit $bad
