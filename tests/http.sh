# http.sh - the opening of a test of serve-http; sourced. It goes to the test's folder, has complain() from
# complain.sh, and skips the test where there is no curl.
#
#	serve ARGUMENT..           starts it at a free port: sets $server (its number), $at (its URL), $port;
#	                           what it says is in the file said
#	stop                       SIGTERM, after which it ends by that signal
#	counted LINE               the number in that line of /metrics
#	patiently TRIES COMMAND..  until it succeeds, every 0.05 s; false: it never did
#	is_gone PROCESS            it has ended
#	idle_start N, idle_stop    N connections that have sent half a header; $standing: so many were made

set -u
cd "$RECPIPE_TMP" || exit 1
command -v curl > /dev/null || { echo 'curl is missing'; exit 77; }
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
client=$RECPIPE_BUILD/tests/http-client
server=
trap '[ -z "$server" ] || kill $server 2> /dev/null' EXIT

patiently()
{
	http_tries=$1
	shift
	until "$@"; do
		http_tries=$((http_tries - 1))
		[ $http_tries -gt 0 ] || return 1
		sleep 0.05
	done
}

is_gone() # PROCESS: it has ended
{
	case $(cut -d ' ' -f 3 "/proc/$1/stat" 2> /dev/null) in '' | Z) ;; *) return 1 ;; esac
}

http_listens() # or has ended
{
	grep -q 'listening at' said && [ -z "$(tail -c 1 said)" ] || ! kill -0 $server 2> /dev/null
}

serve()
{
	: > said # what an earlier one said is not taken for this one's
	serve-http --listen 127.0.0.1:0 "$@" 2> said &
	server=$!
	patiently 400 http_listens && grep -q 'listening at' said || {
		echo "serve-http did not start: $(cat said)"
		exit 1
	}
	at=$(sed -n 's/.*listening at //p' said)
	port=${at##*:}
}

stop()
{
	kill $server
	wait $server
	[ $? = 143 ] || complain "SIGTERM: exit status is not 143: $(cat said)"
	server=
}

counted()
{
	curl -s -m 20 "$at/metrics" | awk -v line="$1" '$1 == line { print $2 }'
}

counts_below() # LINE N
{
	[ "$(counted "$1")" -lt "$2" ]
}

idle_start()
{
	mkfifo hold
	"$client" "$port" idle "$1" > standing < hold &
	idler=$!
	exec 7> hold
	patiently 1200 test -s standing
	standing=$(cat standing)
}

# They are closed by the server, within 40 s.
idle_stop()
{
	patiently 800 counts_below recpipe_connections 10 || complain 'idle connections are not closed'
	exec 7>&-
	wait $idler
}
