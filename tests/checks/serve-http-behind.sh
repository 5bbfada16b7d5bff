#!/bin/sh
# serve-http beside workers that are behind, loading, deaf or half gone, and files that change meanwhile: its memory
# stays bounded, an answer is given whole however late it comes, a replaced worker has what was published while it was
# loading, a request never gets a row of one catalog by the columns of another; and what goes wrong at the start
# leaves no process, no socket and no wait behind.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"

# ---- a worker that is behind all the time: rows of 60 kB, of which some always wait

cat > behind.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
tab=$(printf '\t')
while IFS="$tab" read -r request message user rest; do
	printf '%s\tok\t%s\t[1]\tg\n' "$request" "${#user}"
done
E2
serve --max-header 128K --deadline 100s -- sh behind.sh
long=$(head -c 60000 /dev/zero | tr '\0' a)
early=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status")
seq 250 | xargs -P 8 -I '{}' curl -s -m 60 "$at/recommendations/$long" > answers &
many_answers() { [ "0$(counted 'recpipe_http_requests_total{route="/recommendations/{user}",code="200"}')" -ge "$1" ]; }
patiently 1200 many_answers 250 || complain 'a worker that is behind: not all are answered'
late=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status")
[ "$RECPIPE_MODE" != release ] || [ $((late - early)) -lt 8000 ] || complain "250 rows of 60 kB to a worker that is behind: $early kB became $late kB"
stop

# ---- an answer that comes later than --timeout, longer than a socket holds

cat > long.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
tab=$(printf '\t')
while IFS="$tab" read -r request message user rest; do
	sleep 1.5
	printf '%s\tok\t%s\t[' "$request" "$user"
	head -c 8000000 /dev/zero | tr '\0' 1
	printf ']\tg\n'
done
E2
serve --timeout 1s --deadline 100s -- sh long.sh
curl -s -m 60 "$at/recommendations/u" | wc -c > size
[ "$(cat size)" = 8000046 ] || complain "a late answer of 8 MB is cut: $(cat size) bytes"
stop

# ---- a worker that is loading when its file is replaced

cat > loads.sh << 'E2'
trap 'generation=$(cat generation)' HUP
generation=$(cat generation)
[ -e slowly ] && : > loaded && sleep 1
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
tab=$(printf '\t')
IFS= read -r header
while :; do
	IFS="$tab" read -r request message user rest || { [ -n "$hup" ] && continue; }
	[ -n "$request" ] || exit
	[ "$user" != die ] || exit
	printf '%s\tok\t%s\t[1]\t%s\n' "$request" "$user" "$generation"
	request=
done
E2
echo old > generation
serve --watch generation -- sh loads.sh
[ "$(curl -s "$at/recommendations/u")" = '{"user": "u", "items": [1], "generation": "old"}' ] || complain 'the generation is not there'
: > slowly
curl -s "$at/recommendations/die" > /dev/null
patiently 200 test -e loaded
echo new > generation.new
mv generation.new generation
is_new() { curl -s "$at/recommendations/u" | grep -q '"new"'; }
patiently 100 is_new || complain 'what is published while a worker loads does not reach it'
stop

# ---- a worker that has ended, while its child holds its output

cat > leaves.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
[ -e left ] || { IFS= read -r row; : > left; sleep 1000 < /dev/null & echo $! > child; exit; }
tab=$(printf '\t')
while IFS="$tab" read -r request message user rest; do printf '%s\tok\t%s\t[1]\tg\n' "$request" "$user"; done
E2
serve -- sh leaves.sh
answers() { [ "$(curl -s -m 5 "$at/recommendations/u")" = '{"user": "u", "items": [1], "generation": "g"}' ]; }
from=$(date +%s)
patiently 400 answers && [ $(($(date +%s) - from)) -lt 9 ] || # five times --deadline is 10 s
	complain "a worker whose child holds its output is not replaced: $(cat said)"
stop
kill "$(cat child)"

# ---- the catalog is replaced within a request

printf 'item\tartist\ttitle\n7\tSeven\tSong\n' > items.tsv
serve --items items.tsv -- sh behind.sh
has_8() { curl -sf "$at/track/8" > /dev/null; }
{
	printf 'GET /track/7 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na'
	sleep 1
	printf 'item\tsecret\tartist\ttitle\n7\tPRICE\tSeven\tSong\n8\tPRICE\tEight\tSong\n' > items.new
	mv items.new items.tsv
	kill -HUP $server
	patiently 200 has_8
	printf 'bGET /track/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
} | "$client" "$port" raw > answers
printf '503 {"error": "the catalog was replaced meanwhile"}\n200 {"track": 7, "artist": "Seven", "title": "Song"}\n' | cmp -s - answers ||
	complain "a catalog that is replaced within a request: $(cat answers)"
stop

# ---- tokens that do not all fit, few files, a passed socket that does not listen

{ head -c 1048570 /dev/zero | tr '\0' '#'; printf '\nAAAABBBBCCCC\n'; } > tokens
timeout -k 1 10 serve-http --listen 127.0.0.1:0 --token-file tokens -- sh behind.sh 2> said
[ $? = 3 ] && grep -qx 'serve-http: tokens: larger than 1 MiB' said || complain "a token file above 1 MiB: $(cat said)"
(
	ulimit -n 24
	serve --connections 1000 --timeout 60s -- sh behind.sh
	grep -q 'this process may open 24 files only: 4 connections at a time$' said || complain "few files: $(cat said)"
	idle_start 40 # more than there is room for
	first=$(cat "/proc/$server/task/$server/children")
	kill -9 $first
	is_replaced() { case $(cat "/proc/$server/task/$server/children") in '' | "$first") false ;; esac; }
	patiently 60 is_replaced || complain "few files: a worker is not replaced: $(cat said)"
	exec 7>&-
	stop
	exit $bad
) || bad=1

# ---- the start

# at_start WANT TEXT WORDS..: it ends so, soon, and leaves nothing
at_start()
{
	want=$1 text=$2
	shift 2
	rm -f child front.s
	timeout -k 1 10 serve-http --listen "unix:$PWD/front.s" "$@" 2> said
	got=$?
	[ $got = "$want" ] && grep -q "$text" said || complain "$*: exit status $got, wanted $want and $text: $(cat said)"
	[ ! -e front.s ] || complain "$*: the socket is left"
	[ ! -s child ] || patiently 200 is_gone "$(cat child)" || complain "$*: a worker is left"
}
at_start 1 'ended before it was ready' -- sh -c 'echo $$ > child; exec >&-; exec sleep 1000'
at_start 4 'ended before it was ready' --workers 2 -- sh -c 'mkdir first 2> first.err && { echo $$ > child; exec sleep 1000; }; until [ -s child ]; do sleep 0.01; done; exit 4'
at_start 3 "have no column 'request'" -- sh -c "echo \$\$ > child; printf 'status\n'; exec sleep 1000"
at_start 3 'no column .recommendation' -- sh -c "echo \$\$ > child; printf 'request\tuser\tgeneration\n'; exec sleep 1000"
mkfifo waits
serve-http --listen "unix:$PWD/front.s" --items waits -- sh behind.sh 2> said &
server=$!
sleep 0.5
kill $server
patiently 100 is_gone $server || { complain 'SIGTERM does nothing while a catalog is read'; kill -9 $server; }
wait $server
server=
exit $bad
