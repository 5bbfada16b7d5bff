#!/bin/sh
# The examples of next-track(1) that serve a socket, as they are written there: a process for
# each connection, and one process whose sessions outlive connections. Beyond what they promise:
# requests that are wrong, connections that break off, many at once.
set -u
cd "$RECPIPE_TMP" || exit 1
command -v socat > /dev/null || {
	echo 'socat is missing: apt-get install socat'
	exit 77
}
. "$RECPIPE_ROOT/tests/redis.sh"
bad=0
# block N: the page's example, on a socket of this folder
block()
{
	awk -v want="$1" '/^\.EX/ { n++; inside = 1; next } /^\.EE/ { inside = 0 }
		inside && n == want { gsub(/\\-/, "-"); gsub(/\\e/, "\\"); gsub(/\\\(aq/, "\047"); gsub(/\\&/, ""); print }' \
		"$RECPIPE_ROOT/man/next-track.1" |
		sed -e "s|TCP-LISTEN:7000,fork,reuseaddr|UNIX-LISTEN:socket,fork|" -e "s|unix:///run/redis.sock|$url|"
}
# listen N: runs the block until its socket is there
listen()
{
	block "$1" > "block-$1"
	grep -q '^socat UNIX-LISTEN:socket' "block-$1" || complain "example $1 serves no socket"
	sed -i 's/^socat/exec socat/' "block-$1"
	sh "./block-$1" 2> served &
	server=$!
	tries=0
	until [ -S socket ] || [ $tries -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}
# answer REQUEST..: each is a connection of its own; its answers
answer()
{
	for request; do
		printf '%b\n' "$request" | timeout 20 socat -t 10 - UNIX-CONNECT:socket
	done
}
# logged N: the answer goes first, then the event; waits until the log has N lines, 10 s at most
logged()
{
	tries=0
	until [ "$(wc -l < events.tsv)" -ge "$1" ] || [ $tries -ge 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 0; u < 40; u++) for (k = 1; k <= 50; k++) print u, k, "i" (u * 7 + k) % 300, 1 / k }' > topk.tsv
awk 'BEGIN { print "item"; for (i = 0; i < 300; i++) print "i" i }' > items.tsv
redis_start
load-redis --redis "$url" -q topk.tsv || exit 1

# ---- a process for each connection

listen 2
answer 'next\t1\tx\t1\nnext\t2\tx\t1\nnext\t1\tx\t1\nlast\t1\tx\t0' > out
[ "$(cut -f 1 out | tr '\n' ' ')" = '1 2 1 ' ] || complain "a connection: $(cat out)"
n=0
while [ $((n = n + 1)) -le 12 ]; do
	answer 'next\t3\tx\t1' >> same
done
[ "$(cut -f 2 same | sort -u | wc -l)" -ge 4 ] || complain "12 connections get the same tracks: $(cut -f 2 same)"
logged 17
[ "$(grep -c '^next' events.tsv)" = 15 ] && [ "$(grep -c '^message' events.tsv)" = 1 ] || complain "the shared log: $(cat events.tsv)"
kill $server
wait $server 2> /dev/null
rm -f socket events.tsv

# ---- one process for all

listen 4
tracks=x n=0
last=x
while [ $((n = n + 1)) -le 6 ]; do
	line=$(answer "next\t5\t$last\t0.5")
	last=$(printf '%s\n' "$line" | cut -f 2)
	tracks="$tracks $last"
done
[ "$(answer 'last\t5\ti1\t0')" = '' ] || complain 'last is answered'
answer 'next\t5\tx\t1' > /dev/null
logged 9
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
	NR <= 8 && ($c["session"] != s && s != "" || $c["step"] != NR - 1) { bad = 1 }
	NR <= 8 { s = $c["session"] }
	NR == 9 && ($c["step"] != 1 || $c["session"] == s) { bad = 1 }
	END { exit bad || NR != 9 }' events.tsv || complain "sessions over connections: $(cat events.tsv)"
[ "$(printf '%s\n' $tracks | sort -u | wc -l)" -ge 4 ] || complain "over connections the same tracks come again: $tracks"
# what would not be answered is refused at once, and the next ones are served
long=$(head -c 1100 /dev/zero | tr '\0' a)
for wrong in '' 'next' 'next\t1\tx' 'next\t1\tx\t1\t1' 'next\t\tx\t1' 'play\t1\tx\t1' 'next\t1\tx\t1e5' 'next\t1\tx\t1.2.3' \
	'next\t1\tx\t.' 'next\t1\tx\t-1' "next\t$long\tx\t1" 'next\t1\tx\t999999999999999999999'; do
	case $(answer "$wrong") in 'bad request: '*) ;; *) complain "answered: $wrong" ;; esac
done
case $(answer 'next\t1\tx\t1\r') in '1	i'*) ;; *) complain 'CRLF is not accepted' ;; esac
case $(answer 'next\t1\tx\t.5') in '1	i'*) ;; *) complain 'a request after the wrong ones' ;; esac
# connections that break off while they ask
n=0
while [ $((n = n + 1)) -le 20 ]; do
	{ printf 'next\t9\tx\t1\nnext\t9\tx\t1\nnext\t9\tx\t1\nnext\t9'; sleep 0.01; } | socat -u - UNIX-CONNECT:socket 2> /dev/null &
	broken=$!
	[ $((n % 2)) = 0 ] || kill -9 $broken 2> /dev/null
	wait $broken 2> /dev/null
done
# many at once: everybody gets answers about itself
for who in 1 2 3 4 5 6 7 8; do
	awk -v who=$who 'BEGIN { for (i = 0; i < 60; i++) printf "next\t%d\tx\t1\n", who }' |
		timeout 60 socat -t 30 - UNIX-CONNECT:socket > "got.$who" &
	clients="${clients:-} $!"
done
for client in $clients; do wait "$client"; done
for who in 1 2 3 4 5 6 7 8; do
	[ "$(cut -f 1 "got.$who" | sort | uniq -c | tr -s ' ')" = " 60 $who" ] || complain "client $who: $(cut -f 1 "got.$who" | sort | uniq -c)"
done
kill $server
wait $server 2> /dev/null
for p in $(cat /proc/[0-9]*/stat 2> /dev/null | awk '$2 == "(next-track)" { print $1 }'); do
	[ "$(readlink "/proc/$p/cwd" 2> /dev/null)" = "$(pwd -P)" ] && kill "$p"
done
exit $bad
