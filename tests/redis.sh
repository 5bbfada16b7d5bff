# redis.sh - a private redis-server for a test; sourced. It lives in the current
# folder, on a unix socket, and goes away with the test. Nothing here waits for ever.
#
#	redis_start [OPTION..]   (again: restarted from its files), redis_start_cluster
#	redis_stop, redis_crash (kill -9), redis CLI-WORDS..
#	proxy RULE..             (see tests/helpers/redis-proxy.c; again: other rules), proxy_stop
# Sets $url; proxy sets $proxied, the URL by way of the proxy. All of it may be called in
# a subshell, too. complain() is that of complain.sh.

command -v redis-server > /dev/null && command -v redis-cli > /dev/null || {
	echo 'redis-server is missing'
	exit 77
}
redis_folder=$PWD
url=unix://$redis_folder/s
proxied=unix://$redis_folder/proxy.s

redis()
{
	timeout 60 redis-cli -s "$redis_folder/s" "$@" 2> /dev/null
}

redis_runs() # PID
{
	grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

# redis_gone PID: waits until the process has ended, 20 s at most
redis_gone()
{
	redis_tries=0
	while redis_runs "$1" && [ $redis_tries -lt 1000 ]; do
		redis_tries=$((redis_tries + 1))
		sleep 0.02
	done
	kill -9 "$1" 2> /dev/null
	wait "$1" 2> /dev/null
}

# redis_try_start OPTION..: false when the server ends at once. It must hold nothing of the
# test open: who reads the other end of a pipe would wait for it.
redis_try_start()
{
	redis-server --port 0 --unixsocket "$redis_folder/s" --dir "$redis_folder" --save '' \
		--appendonly no --logfile "$redis_folder/server.log" "$@" \
		< /dev/null > /dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	redis_pid=$!
	echo $redis_pid > "$redis_folder/server.pid"
	redis_tries=0
	until redis ping | grep -qE 'PONG|NOAUTH'; do
		redis_tries=$((redis_tries + 1))
		redis_runs "$redis_pid" && [ $redis_tries -le 400 ] || return 1
		sleep 0.05
	done
}

redis_start()
{
	redis_try_start "$@" || {
		echo 'the private redis-server did not start'
		cat "$redis_folder/server.log"
		exit 1
	}
}

# One node of a cluster that has all slots; its other port is one that is free.
redis_start_cluster()
{
	cluster_port=$((11000 + $$ % 9000)) cluster_tries=0
	until redis_try_start --bind 127.0.0.1 --cluster-enabled yes --cluster-port $cluster_port "$@"; do
		cluster_port=$((cluster_port + 1)) cluster_tries=$((cluster_tries + 1))
		if [ $cluster_tries -gt 20 ]; then
			echo 'the private node of a cluster did not start'
			cat "$redis_folder/server.log"
			exit 1
		fi
	done
	redis cluster addslotsrange 0 16383 > /dev/null
	cluster_tries=0
	until redis cluster info | grep -q cluster_state:ok || [ $cluster_tries -gt 400 ]; do
		cluster_tries=$((cluster_tries + 1))
		sleep 0.05
	done
}

redis_stop()
{
	[ -f "$redis_folder/server.pid" ] || return 0
	read -r redis_pid < "$redis_folder/server.pid"
	kill -CONT "$redis_pid" 2> /dev/null
	kill "$redis_pid" 2> /dev/null
	redis_gone "$redis_pid"
	rm -f "$redis_folder/server.pid"
}

redis_crash()
{
	read -r redis_pid < "$redis_folder/server.pid"
	kill -9 "$redis_pid" 2> /dev/null
	redis_gone "$redis_pid"
	rm -f "$redis_folder/server.pid"
}

proxy_pid=
proxy()
{
	proxy_stop
	rm -f "$redis_folder/proxy.said"
	(cd "$redis_folder" && exec "$RECPIPE_BUILD/tests/redis-proxy" proxy.s s "$@") \
		> "$redis_folder/proxy.said" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	proxy_pid=$!
	redis_tries=0
	until [ -s "$redis_folder/proxy.said" ]; do
		redis_tries=$((redis_tries + 1))
		if [ $redis_tries -gt 1000 ]; then
			echo 'the proxy did not start'
			exit 1
		fi
		sleep 0.01
	done
}

proxy_stop()
{
	[ -n "$proxy_pid" ] || return 0
	kill "$proxy_pid" 2> /dev/null
	redis_gone "$proxy_pid"
	proxy_pid=
}

trap 'proxy_stop; redis_stop' EXIT
trap 'exit 1' INT TERM

# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
