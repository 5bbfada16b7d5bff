# redis.sh - a private redis-server for a test; sourced. It lives in the current
# folder, on a unix socket, and goes away with the test.
#
#	redis_start [OPTION..]   (again: restarted from its files)
#	redis_stop, redis_crash (kill -9), redis CLI-WORDS..
# Sets $url.

command -v redis-server > /dev/null && command -v redis-cli > /dev/null || {
	echo 'redis-server is missing'
	exit 77
}
redis_folder=$PWD
url=unix://$redis_folder/s
redis_pid=

redis()
{
	redis-cli -s "$redis_folder/s" "$@" 2> /dev/null
}

redis_start()
{
	redis-server --port 0 --unixsocket "$redis_folder/s" --dir "$redis_folder" --save '' \
		--appendonly no --logfile "$redis_folder/server.log" "$@" > /dev/null 2>&1 &
	redis_pid=$!
	redis_tries=0
	until redis ping | grep -qE 'PONG|NOAUTH'; do
		redis_tries=$((redis_tries + 1))
		if [ $redis_tries -gt 200 ]; then
			echo 'the private redis-server did not start'
			cat "$redis_folder/server.log"
			exit 1
		fi
		sleep 0.05
	done
}

redis_stop()
{
	[ -n "$redis_pid" ] || return 0
	kill -CONT "$redis_pid" 2> /dev/null
	kill "$redis_pid" 2> /dev/null
	wait "$redis_pid" 2> /dev/null
	redis_pid=
}

redis_crash()
{
	kill -9 "$redis_pid" 2> /dev/null
	wait "$redis_pid" 2> /dev/null
	redis_pid=
}

trap 'redis_stop' EXIT
trap 'exit 1' INT TERM

bad=0
complain()
{
	echo "$1"
	bad=1
}
