#!/bin/sh
# put-hdfs and get-hdfs, two at a time, ended by signals, and killed at any moment: what has its name
# is whole, and the next run ends what was begun.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/hdfs.sh"
make_logs

standin
# ---- other runs, signals, kill -9 -----------------------------------------------------------

status 4 flock small "$RECPIPE_ROOT/pipelines/put-hdfs" small "$url/locked"
said 'another run is at work'
head -c 4000000 /dev/urandom > big
for signal in INT TERM; do
	rm -rf notes
	mkdir notes
	TMPDIR=$PWD/notes env --default-signal=INT "$RECPIPE_ROOT/pipelines/put-hdfs" --limit-rate 500K big "$url/$signal" 2> err.txt &
	pid=$!
	soon test -s root/_tmp.$signal/big
	kill -s $signal $pid
	wait $pid
	got=$?
	case $signal$got in INT130 | TERM143) ;; *) complain "SIG$signal: exit status $got" ;; esac
	[ -z "$(ls notes)" ] || complain "SIG$signal: notes are left"
	[ ! -e root/$signal ] || complain "SIG$signal: a torn file has its name"
done

# whole NAME: what has its name is whole
whole() { [ ! -e "root/$1" ] || same_there "root/$1" logs || complain "after kill -9 $1 is torn: $(cat diff.out)"; }
head -c 300000 big > logs/big
kills=0 day=1
for pause in $(awk 'BEGIN { srand(7); for (i = 0; i < 20; i++) printf "%.2f ", rand() * (i % 2 ? 0.9 : 0.4) }'); do
	killed "$pause" "$RECPIPE_ROOT/pipelines/put-hdfs" --limit-rate 1M logs "$url/kill$day" && kills=$((kills + 1))
	whole kill$day
	[ ! -f root/kill$day/_SUCCESS ] || day=$((day + 1))
done
[ $kills -ge 12 ] || complain "only $kills kills"
for n in $(seq $day); do
	status 0 put logs "$url/kill$n"
	same_there root/kill$n logs || complain "lost after kill -9: $(cat diff.out)"
done
rm -rf back
for pause in 0.1 0.3 0.5 0.7; do
	killed $pause "$RECPIPE_ROOT/pipelines/get-hdfs" --limit-rate 400K "$url/kill1" back
	[ ! -e back ] || same_there back logs || complain "get after kill -9: torn: $(cat diff.out)"
done
status 0 get "$url/kill1" back
same_there back logs || complain "get after kill -9: $(cat diff.out)"
exit $failed
