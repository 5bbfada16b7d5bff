# spark.sh - a standalone Spark, a master and two workers with executors of their own, for the tests of
# tests/cluster; sourced after namespace.sh and pipelines.sh. Skips the test where something is missing. Sets
# SPARK for stage, and ends all of it when the test ends.
#
#	worker N             starts worker 1 or 2 (again), its process in workerN.pid
#	workers N            are there so many?
#	within SECONDS COMMAND...   waits until the command is true
#	executors [N]        the executors of worker N, or of both, that run now
for tool in java spark-submit curl; do
	command -v $tool > /dev/null || {
		echo "no $tool"
		exit 77
	}
done
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
