#!/bin/sh
# serve-http with 10,000 idle connections, of which each has sent half a header: memory has a bound, others are
# answered, and all of them are closed in time.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0 server=''
complain()
{
	echo "$1"
	bad=1
}
trap '[ -z "$server" ] || kill $server 2> /dev/null' EXIT
connections=10000
[ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -gt $((connections + 200)) ] || {
	echo "this process may open $(ulimit -H -n) files only"
	exit 77
}
client=$RECPIPE_BUILD/tests/http-client
printf 'user\trank\titem\tscore\n1\t1\t7\t1\n' > topk.tsv
serve-http --listen 127.0.0.1:0 --timeout 20s --connections 12000 -- next-track --replies --recs topk.tsv 2> said &
server=$!
tries=0
until { grep -q 'listening at' said && [ -z "$(tail -c 1 said)" ]; } || [ $tries -gt 400 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
at=$(sed -n 's/.*listening at //p' said)
rss() { awk '$1 == "VmRSS:" { print $2 }' /proc/$server/status; }
open() { curl -s -m 20 "$at/metrics" | awk '$1 == "recpipe_connections" { print $2 }'; }
before=$(rss)
mkfifo hold
"$client" "${at##*:}" idle $connections > standing < hold &
idler=$!
exec 7> hold
tries=0
until [ -s standing ] || [ $tries -gt 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
[ "$(cat standing)" = $connections ] || complain "only $(cat standing) connections stand"
[ "$(open)" -gt 9000 ] || complain "only $(open) connections are open"
[ "$(curl -s -m 20 -d '{"track": 1, "time": 1}' "$at/next/1")" = '{"user": 1, "track": 7}' ] || complain 'nobody is answered beside them'
after=$(rss)
echo "$connections idle connections: $((after - before)) kB"
[ "$RECPIPE_MODE" != release ] || [ $(((after - before) / connections)) -lt 20 ] || complain 'more than 20 kB for each connection'
tries=0
until [ "$(open)" -lt 10 ] || [ $tries -gt 400 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
[ $tries -le 400 ] || complain 'idle connections are not closed'
exec 7>&-
wait $idler
exit $bad
