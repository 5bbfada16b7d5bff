#!/bin/sh
# stage on a standalone Spark, a master and two workers with executors of their own, in a network namespace
# that has the loopback alone: the rows of this machine while executors and a worker are killed (-9),
# with a fifth of the tries killed and tasks that run twice, and after that on the worker that is left.
set -u
. "$RECPIPE_ROOT/tests/namespace.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/spark.sh"
stage="$RECPIPE_ROOT/pipelines/stage"

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
