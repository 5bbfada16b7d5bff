#!/bin/sh
# stage on a standalone Spark, a master and two workers with executors of their own, in a network namespace
# that has the loopback alone: the rows of this machine while executors and a worker are killed (-9),
# with a fifth of the tries killed and tasks that run twice, and after that on the worker that is left.
set -u
for tool in java spark-submit curl ip unshare; do
	command -v $tool > /dev/null || {
		echo "no $tool"
		exit 77
	}
done
. "$RECPIPE_ROOT/tests/namespace.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
stage="$RECPIPE_ROOT/pipelines/stage"
# shellcheck disable=SC2016
SPARK_HOME=${SPARK_HOME:-$(bash -c '. "${0%/*}/find-spark-home" && echo "$SPARK_HOME"' "$(command -v spark-submit)")} || exit 1
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_DAEMON_MEMORY=256m
PYSPARK_PYTHON=$(dirname "$(command -v spark-submit)")/python3
[ -x "$PYSPARK_PYTHON" ] || PYSPARK_PYTHON=python3
export PYSPARK_PYTHON

# spark NAME WORD...: a daemon, its process in NAME.pid
spark()
{
	its=$1
	shift
	setsid "$SPARK_HOME/bin/spark-class" "$@" < /dev/null > "$its.log" 2>&1 &
	echo $! > "$its.pid"
}
worker()
{
	spark "worker$1" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port "848$1" --cores 1 --memory 600m \
		--work-dir "$PWD/work$1" spark://127.0.0.1:7077
}
# workers N: are there so many?
workers() { [ "$(curl -q -s -m 5 http://127.0.0.1:8480/json/ | grep -c '"state" : "ALIVE"')" = "$1" ]; }
# within SECONDS COMMAND...
within()
{
	tries=$(($1 * 4))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { complain "not in time: $*"; tail -n 3 ./*.log; exit 1; }
		sleep 0.25
	done
}
# executors [N]: those of worker N, or of both, that run now: their folders are the workers'
executors()
{
	for file in /proc/[0-9]*; do
		case $(readlink "$file/cwd" 2> /dev/null) in
		"$PWD/work"${1:-[12]}/*)
			! tr "\0" " " 2> /dev/null < "$file/cmdline" | grep -q 'java .*CoarseGrainedExecutorBackend ' || echo "${file#/proc/}"
			;;
		esac
	done
}
down()
{
	for file in *.pid; do kill -s KILL -- "-$(cat "$file")" 2> /dev/null; done
	for one in $(executors); do kill -s KILL "$one" 2> /dev/null; done
}
trap down EXIT

spark master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 7077 --webui-port 8480
within 120 curl -q -s -o out.txt http://127.0.0.1:8480/json/
worker 1
worker 2
within 120 workers 2
SPARK="spark-submit --master spark://127.0.0.1:7077 --driver-memory 512m --executor-memory 512m --executor-cores 1
	--conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 --conf spark.ui.enabled=false
	--conf spark.task.maxFailures=8 --conf spark.deploy.maxExecutorRetries=20 --conf spark.speculation=true
	--conf spark.speculation.interval=500ms --conf spark.speculation.quantile=0.2"
export SPARK

mkdir in
seq 1 30000 | awk '{ print "u" $1 * 7919 % 700 "\ti" $1 }' | split -l 6000 -d -a 5 - in/part-
status 0 "$stage" --in in --out here --key 1 --parts 8 --reduce 'cut -f 1 | uniq -c'
sort here/part-* > want
same()
{
	sort "$2"/part-* > got
	cmp -s want got || complain "$1: $(wc -l < got) rows are not the $(wc -l < want) of this machine"
	[ -f "$2/_SUCCESS" ] || complain "$1: no _SUCCESS"
}

begin "$stage" --engine spark --faults 20 --in in --out killed --key 1 --parts 8 --reduce 'sleep 3; cut -f 1 | uniq -c'
kills=0 tries=0
while [ $kills -lt 2 ] && [ $tries -lt 300 ] && kill -0 "$pid" 2> /dev/null; do
	tries=$((tries + 1))
	one=$(executors | tail -n 1)
	if [ -n "$one" ] && [ -n "$(find . -path './killed._stage.*/tries/part-*' -print -quit 2> /dev/null)" ]; then
		kill -s KILL "$one" 2> /dev/null && kills=$((kills + 1))
		sleep 3
	fi
	sleep 0.3
done
kill -s KILL -- "-$(cat worker2.pid)"
for one in $(executors 2); do kill -s KILL "$one" 2> /dev/null; done
kill -0 "$pid" 2> /dev/null || complain 'the job ended before its worker was killed'
wait "$pid" || complain "a worker that dies ends the stage: $(tail -n 5 err.txt)"
[ $kills = 2 ] || complain "only $kills executors were killed"
same 'daemons killed' killed
echo "killed: $kills executors and a worker"
within 120 workers 1

status 0 "$stage" --engine spark --faults 20 --in in --out left --key 1 --parts 8 --reduce 'cut -f 1 | uniq -c'
same 'one worker' left
status 3 "$stage" --engine spark --in in --out bad --map 'echo "no good" >&2; exit 3'
grep -q 'no good' err.txt && [ ! -e bad ] || complain "bad input is not explained: $(cat err.txt)"
[ -z "$(find . -maxdepth 1 -name '*._stage.*')" ] || complain "a folder is left: $(ls)"
exit "$failed"
