#!/bin/sh
# serve-http: the default routes and what is refused; the course's client through HTTP gets what it gets through
# pipes; pipelining; tokens, routes and catalog read again; a socket that is passed; a worker that ends, hangs
# or babbles; an orderly stop that loses no row of the log.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"
# get WANT ARGUMENT..: the body and the status of one request
get()
{
	want=$1
	shift
	got=$(curl -s -m 20 -w ' %{http_code}' "$@" | tr -d '\n')
	[ "$got" = "$want" ] || complain "$*: $got, wanted $want"
}
printf 'user\trank\titem\tscore\nu1\t1\t7\t2\nu1\t2\tb"\t1\nu 2\t1\t7\t1\n' > topk.tsv
printf 'item\tartist\ttitle\n7\tSeven "7"\t1989\nb"\tB\t\n9\tN\tn\n' > items.tsv
printf 'item\tneighbor\tweight\n7\tb"\t2\n7\t9\t1\n' > neighbors.tsv
track='{"track": 9, "time": 0.5}'

# ---- the default routes

serve --workers 2 --items items.tsv -- next-track --replies --recs topk.tsv --neighbors neighbors.tsv --items items.tsv \
	--pick rank --log events.tsv --experiment AA=2
get '{"user": "u1"} 200' -d "$track" "$at/last/u1"
got=$(curl -s -d "$track" "$at/next/u1")
case $got in '{"user": "u1", "track": 7}' | '{"user": "u1", "track": "b\""}') ;; *) complain "next: $got" ;; esac
get '{"user": "u 2"} 200' -d "$track" "$at/last/u%202"
get '{"user": 17} 200' -d "$track" "$at/last/17"
get '{"track": 7, "artist": "Seven \"7\"", "title": "1989"} 200' "$at/track/7"
get '{"error": "no such item"} 404' "$at/track/8"
get '{"user": "u1", "items": [7,"b\""], "generation": "file"} 200' "$at/recommendations/u1"
get '{"user": "u1", "items": [7], "generation": "file"} 200' "$at/recommendations/u1?x=y&k=1"
get '{"error": "no-list"} 404' "$at/recommendations/u3"
get '{"track": 7, "items": ["b\"",9], "generation": "file"} 200' "$at/similar/7"
get '{"error": "no-neighbors"} 404' "$at/similar/9"
get '{"status": "ok"} 200' "$at/healthz"
get '{"status": "ready"} 200' "$at/readyz"
get "{\"status\": \"alive\", \"message\": \"recpipe serves recommendations\", \"version\": \"$(serve-http --version |
	sed -n '1s/.* //p')\", \"workers\": 2, \"ready\": 2, \"generation\": \"file\"} 200" "$at/"
get '{"error": "'"'time'"': missing"} 400' -d '{"track": 9}' "$at/next/u1"
get '{"error": "'"'track'"': not a string or a number"} 400' -d '{"track": [9], "time": 1}' "$at/next/u1"
get '{"error": "'"'track'"': a control character"} 400' -d '{"track": "a\tb", "time": 1}' "$at/next/u1"
get '{"error": "column '"'time'"': not a number: \"much\""} 400' -d '{"track": 9, "time": "much"}' "$at/next/u1"
get '{"error": "column '"'k'"': not a number: \"few\""} 400' "$at/recommendations/u1?k=few"
get '{"error": "bad escapes in the path, or a control character"} 400' -d "$track" "$at/next/u%0a1"
get '{"error": "bad escapes in the path, or a control character"} 400' -d "$track" "$at/next/u%1"
get '{"error": "no such path"} 404' -d "$track" "$at/next/"
get '{"error": "no such path"} 404' "$at/nothing"
get '{"error": "the path has other methods"} 405' "$at/next/u1"
[ "$(curl -s -D - -o /dev/null "$at/next/u1" | tr -d '\r' | sed -n 's/^Allow: //p')" = POST ] || complain 'Allow is not POST'
get ' 200' -I -o /dev/null "$at/"
case $(curl -s -d '{"track": 9,
	"time": x}' "$at/next/u1") in '{"error": "the body is not JSON: byte '*) ;; *) complain 'a body that is no JSON' ;; esac
[ "$("$client" "$port" pipeline 200)" = 200 ] || complain 'pipelined requests are not answered in order'
[ "$("$client" "$port" half)" = 200 ] || complain 'who has sent all and waits is not answered'
[ "$(counted 'recpipe_http_requests_total{route="/last/{user}",code="200"}')" = 203 ] || complain 'requests are miscounted'
[ "$(counted 'recpipe_answers_total{source="indexed"}')" = 1 ] || complain 'answers are miscounted'
curl -s "$at/metrics" | grep -qE '^recpipe_arm_answers_total\{experiment="AA",arm="(C|T1)"\}' || complain 'arms are not counted'
if command -v promtool > /dev/null; then
	curl -s "$at/metrics" | promtool check metrics > checked 2>&1 && [ ! -s checked ] || complain "promtool: $(cat checked)"
else
	echo 'without promtool (prometheus): the names of /metrics are not looked at'
fi
[ "$(counted recpipe_generation_age_seconds | cut -d . -f 1)" -lt 3600 ] || complain 'the age of the generation'
stop
[ "$(grep -c '^last' events.tsv)" = 203 ] || complain 'the log has not all rows'

# ---- the course's client: 1,000 sessions through pipes and through HTTP are the same

make-world -q --users 200 --tracks 300 --artists 20 --genres 4 --factors 4 --seed 3 -d w > /dev/null || complain 'make-world'
play() # OUT COMMAND..
{
	out=$1
	shift
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 5 --sessions 1000 \
		-o "$out" -- "$@" || complain "simulate-sessions with $1"
}
recommender='--items w/tracks.tsv --recommender sticky-artist --seed 7'
# shellcheck disable=SC2086
play pipes.tsv next-track $recommender
# shellcheck disable=SC2086
serve --workers 3 -- next-track --replies $recommender --log http.log
play http.tsv "$client" "$port" bridge
stop
for f in pipes http; do
	awk -F '\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
		{ print $c["message"], $c["user"], $c["track"], $c["time"], $c["recommendation"] }' $f.tsv > $f.steps
done
cmp -s pipes.steps http.steps || complain 'the sessions through HTTP are not those through pipes'
[ "$(grep -c '^last' http.log)" = 1000 ] && [ "$(wc -l < http.log)" = "$(wc -l < http.tsv)" ] || complain 'the log has other rows than the sessions'

# ---- tokens; files that are read again; a socket of its own

printf '# who may ask\nsecret-one\nsecret-two\n' > tokens
printf 'method\tpath\treply\tmessage\tuser\ttrack\ttime\tk\nGET\t/v1/{who}\tsource="source" chance=#probability\tnext\t{who}\t9\t?heard=1\t\n' > routes.tsv
printf 'GET\t/health\t@health\t\t\t\t\t\n' >> routes.tsv
sed -e 's/v1/v2/' routes.tsv > routes.new
serve --routes routes.tsv --token-file tokens -- next-track --replies --recs topk.tsv --items items.tsv
for token in '' 'Authorization: Bearer secret-on' 'Authorization: Bearer secret-onE' 'Authorization: secret-one' \
	'Authorization: Bearer secret-one '"x" 'Authorization: Bearer '; do
	get '{"error": "a bearer token is required"} 401' -H "$token" "$at/v1/u1"
done
get '{"error": "a bearer token is required"} 401' "$at/nothing"
get '{"status": "ok"} 200' "$at/health"
get '{"source": "random:no-list", "chance": 0.5} 200' -H 'authorization: bearer secret-two' "$at/v1/u9"
get '{"error": "column '"'time'"': not a number: \"a b\""} 400' -H 'Authorization: Bearer secret-one' "$at/v1/u1?heard=a+b"
is_answered() # ARGUMENT..: of curl
{
	[ "$(curl -s -m 20 -o /dev/null -w '%{http_code}' "$@")" = 200 ]
}
until_said() # TEXT
{
	patiently 200 grep -q "$1" said || complain "it does not say: $1"
}
echo x > tokens
kill -HUP $server
until_said 'tokens:1: not a token.*stays in use'
get '{"source": "random:no-list", "chance": 0.5} 200' -H 'Authorization: Bearer secret-two' "$at/v1/u9"
echo 'secret-three' > tokens
cp routes.new routes.tsv
kill -HUP $server
patiently 200 is_answered -H 'Authorization: Bearer secret-three' "$at/v2/u9" || complain 'routes or tokens are not read again'
get '{"error": "no such path"} 404' -H 'Authorization: Bearer secret-three' "$at/v1/u9"
get '{"error": "a bearer token is required"} 401' -H 'Authorization: Bearer secret-two' "$at/v2/u9"
printf 'method\tpath\treply\tmessage\tuser\nGET\t/\t@status\t\t\n' > routes.tsv
kill -HUP $server
until_said 'routes.tsv: other columns than before'
stop
printf 'method\tpath\treply\tmessage\tuser\nGET\t/x\ta=b a="b"\tnext\tu\n' > routes.tsv
serve-http --routes routes.tsv --check -- next-track --replies --recs topk.tsv 2> said
[ $? = 3 ] && grep -q 'a second member of that name: "a=' said || complain "a reply has two members of one name: $(cat said)"
serve-http --listen unix:"$PWD/front.s" -- next-track --replies --recs topk.tsv --items items.tsv 2> said &
server=$!
until_said 'listening at unix:.*s'
get '{"user": "u1", "items": [7,"b\""], "generation": "file"} 200' --unix-socket front.s http://x/recommendations/u1
stop
[ ! -e front.s ] || complain 'the unix socket is left'

# ---- workers that end, hang or say something else

# It answers as it is told by the user: die, hang, babble.
cat > worker.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\n'
tab=$(printf '\t')
while IFS="$tab" read -r request message user rest; do
	case $user in die) exit 3 ;; hang) sleep 30 ;; babble) request=x ;; short) printf '%s\tok\n' "$request"; continue ;; esac
	printf '%s\tok\t%s\t[1]\tg\n' "$request" "$user"
done
E2
serve --deadline 300ms --queue 4 --drain 5s -- sh worker.sh
ok='{"user": "a", "items": [1], "generation": "g"} 200'
again() # until the worker is there
{
	patiently 200 is_answered "$at/readyz" || complain 'a worker does not come back'
}
for user in die babble short; do
	again
	get "$ok" "$at/recommendations/a"
	get '{"error": "the worker has ended"} 503' "$at/recommendations/$user"
done
again
get '{"error": "no answer in time"} 503' "$at/recommendations/hang"
[ "$(curl -s -D - -o /dev/null "$at/recommendations/a" | tr -d '\r' | sed -n 's/^Retry-After: //p')" = 1 ] || complain 'no Retry-After'
for i in 1 2 3 4 5 6; do curl -s -m 20 "$at/recommendations/a" >> full & done
patiently 200 grep -q 'too many requests wait' full || complain 'nobody is told that too many wait'
until_said 'does not answer; it is replaced'
again
get "$ok" "$at/recommendations/a"
[ "$(counted recpipe_workers_replaced_total)" -ge 4 ] || complain 'replaced workers are not counted'
kill $server
wait $server
serve --deadline 10s --drain 10s -- sh worker.sh
curl -s -m 20 "$at/recommendations/hang" > hanging &
hanging=$!
one_waits() { [ "$(counted recpipe_requests_waiting)" = 1 ]; }
patiently 200 one_waits || complain 'the request does not wait'
kill -INT $server
sleep 0.3 # two at once would be one
kill -INT $server
wait $server
[ $? = 130 ] || complain "two SIGINTs: exit status is not 130: $(cat said)"
wait $hanging
[ "$(cat hanging)" = '{"error": "the worker has ended"}' ] ||
	complain "who waits at the end is told: $(cat hanging)"
server=
serve-http --listen 127.0.0.1:0 -- next-track --recs topk.tsv --items items.tsv 2> said
[ $? = 3 ] && grep -q 'needs --replies' said || complain "without --replies: $(cat said)"
serve-http --listen 127.0.0.1:0 -- sh -c 'exit 4' 2> said
[ $? = 4 ] || complain "a worker that ends with 4: $(cat said)"
serve-http --listen 127.0.0.1:0 -- ./nothing 2> said
[ $? = 1 ] && grep -q 'cannot run ./nothing' said || complain "a worker that is not there: $(cat said)"
serve-http --check --listen 127.0.0.1:70000 -- sh worker.sh 2> said
[ $? = 2 ] && grep -q 'not HOST:PORT.*"127.0.0.1:70000"' said || complain "--check takes an address that is none: $(cat said)"
serve-http --check --watch nowhere/topk.packed -- sh worker.sh 2> said
[ $? = 1 ] && grep -q 'cannot watch the folder of nowhere/topk.packed' said || complain "--check does not try --watch: $(cat said)"

# Every address, where the kernel has no IPv6.
if [ "$RECPIPE_MODE" = release ]; then
	LD_PRELOAD=$RECPIPE_BUILD/tests/no-ipv6.so serve-http --listen :0 -- sh worker.sh 2> said &
	server=$!
	until_said 'listening at http://0.0.0.0:'
	get "$ok" "http://127.0.0.1:$(sed -n 's/.*listening at .*://p' said)/recommendations/a"
	stop
fi

# ---- a socket that is passed, as systemd does it

if command -v systemd-socket-activate > /dev/null; then
	systemd-socket-activate -l "$PWD/passed.s" "$RECPIPE_BIN/serve-http" -- sh -c '
		[ -z "${LISTEN_FDS-}${LISTEN_PID-}${LISTEN_FDNAMES-}" ] && [ ! -e /proc/$$/fd/3 ] || exit 9
		exec sh worker.sh' > said 2>&1 &
	server=$!
	patiently 200 test -S passed.s || complain "systemd-socket-activate: $(cat said)"
	get "$ok" --unix-socket passed.s http://x/recommendations/a
	grep -q 'listening at unix:/.*passed.s$' said || complain "the socket that is passed: $(cat said)"
	stop
	[ -S passed.s ] || complain 'a socket that was passed is removed'
	systemd-socket-activate -l "$PWD/more.s" -l "$PWD/other.s" "$RECPIPE_BIN/serve-http" -- sh worker.sh > said 2>&1 &
	server=$!
	patiently 200 test -S more.s
	curl -s -m 5 --unix-socket more.s http://x/ > /dev/null
	wait $server
	[ $? = 2 ] && grep -q 'LISTEN_FDS: one socket' said || complain "two sockets are passed: $(cat said)"
	server=
else
	echo 'without systemd-socket-activate: no socket is passed'
fi
# Whoever has started it is told when it is ready, and when it stops.
if command -v socat > /dev/null; then
	socat -u UNIX-RECVFROM:notify.s,fork OPEN:told,creat,append &
	told=$!
	patiently 200 test -S notify.s
	NOTIFY_SOCKET=$PWD/notify.s
	export NOTIFY_SOCKET
	serve -- sh worker.sh
	unset NOTIFY_SOCKET
	patiently 200 grep -q 'READY=1' told || complain 'NOTIFY_SOCKET is not told READY=1'
	if grep -q STOPPING told; then complain 'it is stopping already'; fi
	stop
	patiently 200 grep -q 'STOPPING=1' told || complain 'NOTIFY_SOCKET is not told STOPPING=1'
	kill $told
else
	echo 'without socat: NOTIFY_SOCKET is not looked at'
fi

# ---- people of bad manners, and memory

serve --timeout 1s --max-body 64K --connections 1200 -- next-track --replies --recs topk.tsv --items items.tsv
rss() { awk '$1 == "VmRSS:" { print $2 }' /proc/$server/status; }
get '{"error": "the body is larger than --max-body"} 413' -H 'Expect:' --data-binary @http.log "$at/next/u1"
[ "$("$client" "$port" length 600000)" = 413 ] || complain 'who sends a long body whole does not see the answer'
case $("$client" "$port" chunks 300000) in 413) ;; *) complain 'a body in chunks that is too long' ;; esac
case $("$client" "$port" chunks 1000000000) in 413 | closed) ;; *) complain 'an endless body is taken' ;; esac
awk -v s="$("$client" "$port" slow)" 'BEGIN { exit !(s > 0.5 && s < 10) }' || complain 'who sends a header slowly is not cut off'
idle_start 1000
[ "$standing" = 1000 ] || complain "idle connections: $standing"
get '{"status": "ok"} 200' "$at/healthz"
[ "$(rss)" -lt 60000 ] || [ "$RECPIPE_MODE" != release ] || complain "1,000 idle connections and long bodies take $(rss) kB"
idle_stop
stop
exit $bad
