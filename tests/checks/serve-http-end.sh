#!/bin/sh
# How serve-http ends: a worker that is busy gets its rows whole, and is not killed for answers that nobody reads;
# a second signal ends the patience; a signal before the workers are ready; whoever a worker has started is killed
# with it; process 1 of a container: signals end it, with their exit status, and it leaves no zombies.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"

# ends_by_term WHEN: the server, which has got SIGTERM, ends by it
ends_by_term()
{
	patiently 400 is_gone $server || {
		complain "SIGTERM does not end it $1"
		kill -9 $server
	}
	wait $server
	[ $? = 143 ] || complain "SIGTERM $1: exit status is not 143: $(cat said)"
	server=
}

# ---- a worker that has not read its rows yet, and answers more than a pipe holds

cat > slow.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
until [ -e go ]; do sleep 0.05; done
tab=$(printf '\t')
while IFS="$tab" read -r request message user rest; do
	echo "${#user}" >> rows
	printf '%s\tok\t%s\t[1]\tg\n' "$request" "$user"
done
: > ended
E2
long=$(head -c 30000 /dev/zero | tr '\0' a)
clients=
serve --deadline 1500ms --max-header 64K --drain 60s -- sh slow.sh
for i in 1 2 3 4 5; do
	curl -s -m 20 "$at/recommendations/$long" > "late-$i" &
	clients="$clients $!"
done
# shellcheck disable=SC2086
wait $clients
grep -q 'no answer in time' late-5 || complain "it is answered: $(head -c 100 late-5)"
kill $server
refuses() { ! curl -s -m 20 "$at/healthz" > /dev/null; }
patiently 200 refuses || complain 'connections are accepted after SIGTERM'
sleep 0.1 # it waits for its worker now
: > go
wait $server
[ $? = 143 ] || complain "a busy worker: exit status is not 143: $(cat said)"
server=
[ -e ended ] || complain 'a worker is killed before it has said all'
printf '30000\n30000\n30000\n30000\n30000\n' | cmp -s - rows || complain "the rows have not come whole: $(tr '\n' ' ' < rows)"

# ---- a second signal; a worker that does not end, and has children

cat > stubborn.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
sleep 1000 &
echo $! > child
wait
E2
serve --drain 100s -- sh stubborn.sh
patiently 200 test -s child
kill $server
patiently 200 refuses
sleep 0.1
kill -0 $server 2> /dev/null || complain 'it does not wait for its worker'
kill -HUP $server
sleep 0.1
kill -0 $server 2> /dev/null || complain 'SIGHUP ends its patience'
kill $server
ends_by_term 'after two SIGTERMs'
patiently 200 is_gone "$(cat child)" || complain 'the child of a killed worker is left'
rm child
serve-http --listen 127.0.0.1:0 --start 300ms -- sh -c 'sleep 1000 & echo $! > child; wait' 2> said
[ $? = 1 ] && grep -q 'is not ready after --start' said || complain "a worker that does not get ready: $(cat said)"
[ -s child ] && patiently 200 is_gone "$(cat child)" || complain 'what does not get ready is left'

# ---- requests whose rest comes when it ends, at many moments

cat > lingers.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
cat > /dev/null
sleep 1
E2
serve --drain 500ms -- sh lingers.sh
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13; do
	for what in 'GET /readyz' 'POST /last/u'; do
		(
			printf '%s HTTP/1.1\r\nHost: x\r\n' "$what"
			sleep 0.$((70 + i * 2))
			printf '\r\n'
		) | "$client" "$port" raw > "rest-${what%% *}-$i" &
	done
done
sleep 0.3
kill $server
ends_by_term 'with requests whose rest comes late'
wait
! grep -hv -e '^503 {"error": "stopping"}$' -e '^400 {"error": "the body is not JSON' rest-* || complain 'such a request is answered otherwise'

# ---- its place is another's while it ends

cat > waits.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
tab=$(printf '\t')
IFS="$tab" read -r request message user rest
: > asked
until [ -e go-on ]; do sleep 0.05; done
printf '%s\tok\t%s\t[1]\tg\n' "$request" "$user"
E2
listens_at() { grep -q 'listening at' "$1"; }
serve-http --listen "unix:$PWD/place.s" -- sh waits.sh 2> said &
server=$!
patiently 400 listens_at said || complain 'it does not listen at a unix socket'
curl -s -m 20 --unix-socket place.s http://x/recommendations/u > first &
client_1=$!
patiently 400 test -e asked
kill $server
place_is_free() { [ ! -e place.s ]; }
patiently 100 place_is_free || complain 'what ends keeps its socket'
serve-http --listen "unix:$PWD/place.s" -- sh lingers.sh 2> said-2 &
second=$!
patiently 400 listens_at said-2 || complain "another one cannot listen there: $(cat said-2)"
: > go-on
wait $client_1
wait $server
server=$second
[ "$(cat first)" = '{"user": "u", "items": [1], "generation": "g"}' ] || complain 'the request under way is not answered'
[ "$(curl -s -m 20 --unix-socket place.s http://x/healthz)" = '{"status": "ok"}' ] || complain 'the end of one removes the socket of another'
kill $server
ends_by_term 'at a unix socket'
place_is_free || complain 'the socket is left'

# ---- a signal before the workers are ready

rm child
serve-http --listen 127.0.0.1:0 --start 100s --drain 100s -- sh -c 'sleep 1000 & echo $! > child; wait' 2> said &
server=$!
patiently 200 test -s child
kill $server
ends_by_term 'before the workers are ready'
patiently 200 is_gone "$(cat child)" || complain 'a worker that is not ready is left'

# ---- process 1

if [ "$(id -u)" = 0 ] && unshare --pid --fork true 2> /dev/null; then
	alone() { exec unshare --pid --fork --mount-proc "$@"; }
elif unshare --user --map-root-user --pid --fork --mount-proc true 2> /dev/null; then
	alone() { exec unshare --user --map-root-user --pid --fork --mount-proc "$@"; }
else
	echo 'without namespaces of processes: process 1 is not looked at'
	exit $bad
fi
# process_1 PID: the child of an unshare
process_1() { cat "/proc/$1/task/$1/children" 2> /dev/null | tr -d ' '; }
# A worker that leaves an orphan, which ends at once.
cat > orphan.sh << 'E2'
IFS= read -r header
sh -c 'sleep 0.05 & : > orphaned'
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
while IFS= read -r row; do :; done
E2
: > said
(alone "$RECPIPE_BIN/serve-http" --listen 127.0.0.1:0 -- sh orphan.sh 2> said) &
server=$!
patiently 400 http_listens || complain "it does not start as process 1: $(cat said)"
first=$(process_1 $server)
alone_with_worker() { [ -e orphaned ] && [ "$(cat "/proc/$first/task/$first/children" | wc -w)" = 1 ]; }
patiently 200 alone_with_worker || complain "process 1 leaves zombies: $(cat "/proc/$first/task/$first/children")"
kill "$first"
wait $server
[ $? = 143 ] || complain 'process 1: exit status is not 143'
server=

# Any tool: what has handlers of its own, what writes a file, what does neither.
printf 'message\tuser\ttrack\ttime\nlast\t1\t2\t1\n' > rows.tsv
printf 'item\n2\n' > items.tsv
mkfifo waits
ends() # WORDS..: as process 1, reading from a pipe that does not end
{
	(alone "$@" < waits > out.tsv 2> said) &
	server=$!
	exec 8> waits
	cat rows.tsv >&8
	until_first() { first=$(process_1 $server) && [ -n "$first" ] &&
		tr '\0' '\n' < "/proc/$first/cmdline" | sed -n 1p | grep -qF "$1"; }
	patiently 200 until_first "$1" || {
		complain "$1 does not run as process 1: $(cat said)"
		exec 8>&-
		return
	}
	patiently 200 grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$first/status" || complain "$1 does not handle SIGTERM"
	kill "$first"
	patiently 400 is_gone "$first" || {
		complain "SIGTERM does not end $* as process 1"
		kill -9 "$first"
	}
	wait $server
	[ $? = 143 ] || complain "$1 as process 1: exit status is not 143: $(cat said)"
	exec 8>&-
	server=
}
ends "$RECPIPE_BIN/filter-interactions" --above 0
ends "$RECPIPE_BIN/build-dataset" --item track -o dataset.tsv
ends "$RECPIPE_BIN/next-track" --items items.tsv --log events.tsv
exit $bad
