#!/bin/sh
# stage on YARN and HDFS with their daemons, in a network namespace that has the loopback alone: the rows of
# this machine while a NodeManager, a DataNode and tasks are killed (-9), with a fifth of the tries killed
# and a fifth of the commands run twice, and with a slow task that YARN runs a second time; bad input ends
# a stage with 3.
set -u
hadoop_needs=yarn
. "$RECPIPE_ROOT/tests/hadoop.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/yarn.sh"
PATH=$RECPIPE_BIN:$PATH
trap yarn_down EXIT
stage="$pipelines/stage"
yarn_up

mkdir in
seq 1 30000 | awk '{ print "u" $1 * 7919 % 700 "\ti" $1 }' | split -l 6000 -d -a 5 - in/part-
$HADOOP fs -put "$PWD/in" /in 2> err.txt || complain "put: $(tail -n 3 err.txt)"
count='cut -f 1 | uniq -c'

# same WHAT FOLDER: are its rows, in any order, those of want?
same()
{
	$HADOOP fs -cat "$2/part-*" 2> err.txt | sort > got
	cmp -s want got || complain "$1: $(wc -l < got) rows are not the $(wc -l < want) of this machine"
	$HADOOP fs -ls / 2> err.txt | grep '_stage' && complain "$1: a folder is left"
	$HADOOP fs -test -e "$2/_SUCCESS" 2> err.txt || complain "$1: no _SUCCESS"
}

# ---- tries that are killed, commands that run twice ----------------------------------------
cut -f 1 in/part-* | sort | uniq -c | sort > want
status 0 "$stage" --engine hadoop --faults 20 --in /in --out /faults --key 1 --parts 5 --reduce "sleep 0.2; $count"
same 'a fifth killed' /faults
status 3 "$stage" --engine hadoop --in /in --out /bad --map 'echo "no good" >&2; exit 3'
grep -q 'no good' err.txt || complain "bad input is not explained: $(cat err.txt)"
! $HADOOP fs -test -e /bad 2> err.txt || complain 'bad input leaves a folder'

# ---- a NodeManager, a DataNode and tasks die -------------------------------------------------
# attempts: the processes of tasks that run now
attempts()
{
	for file in /proc/[0-9]*/cmdline; do
		! tr "\0" " " 2> /dev/null < "$file" | grep -q "^[^ ]*java .*$yarn.*YarnChild .*attempt_" || echo "$file"
	done | sed 's|/proc/||; s|/cmdline||'
}
begin "$stage" --engine hadoop --in /in --out /killed --key 1 --parts 5 --reduce "sleep 6; $count"
kills=0 tries=0
while [ $kills -lt 3 ] && [ $tries -lt 2000 ] && kill -0 "$pid" 2> /dev/null; do
	tries=$((tries + 1))
	one=$(attempts | tail -n 1)
	[ -z "$one" ] || { sleep 1; kill -s KILL "$one" 2> /dev/null && kills=$((kills + 1)); sleep 2; }
	sleep 0.3
done
yarn_kill nm2
yarn_kill dn1
kill -0 "$pid" 2> /dev/null || complain 'the job ended before its NodeManager was killed'
wait "$pid" || complain "a NodeManager that dies ends the stage: $(tail -n 5 err.txt)"
[ $kills = 3 ] || complain "only $kills tasks were killed"
same 'daemons killed' /killed
echo "killed: $kills tasks, a NodeManager and a DataNode"
yarn_begin nm2
yarn_begin dn1
has http://127.0.0.1:8088/ws/v1/cluster/metrics '"activeNodes":2'

# ---- twins: the first try of one task is slow, YARN runs it again ------------------------------
# Much more than a pipe holds: a task whose rows have all been read is not slow to YARN.
mkdir large
seq 1 300000 | awk '{ print "u" $1 * 7919 % 700 "\ti" $1 }' | split -l 60000 -d -a 5 - large/part-
$HADOOP fs -put "$PWD/large" /large 2> err.txt || complain "put: $(tail -n 3 err.txt)"
sort large/part-* > want
status 0 "$stage" --engine hadoop --in /large --out /twins --map 'case ${mapreduce_task_attempt_id} in *_m_000002_0) sleep 400 ;; *) sleep 1 ;; esac; cat'
same twins /twins
id=$(curl -q -s http://127.0.0.1:19888/ws/v1/history/mapreduce/jobs | tr '{' '\n' | sed -n 's/.*"startTime":\([0-9]*\).*"id":"\(job_[0-9_]*\)".*/\1 \2/p' | sort -n | tail -n 1 | cut -d ' ' -f 2)
curl -q -s "http://127.0.0.1:19888/ws/v1/history/mapreduce/jobs/$id" > job
killed=$(sed -n 's/.*"killedMapAttempts":\([0-9]*\).*/\1/p' job)
[ "${killed:-0}" -ge 1 ] || complain "no twin was run: $(head -c 900 job)"
exit "$failed"
