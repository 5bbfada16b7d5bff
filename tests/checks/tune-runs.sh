#!/bin/sh
# tune-hparams and its processes: whatever ends a trial or the tool ends the trial's
# grandchildren too; a study cut short proposes what one that ran through does, with
# every sampler and pruner; a full disk leaves whole lines; trials of other hosts.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
wrong() {
	echo "$*"
	bad=1
}
# wait_for FILE..: until they are there and not empty
wait_for() {
	for file; do
		tries=0
		until [ -s "$file" ]; do
			tries=$((tries + 1))
			[ $tries -lt 400 ] || { wrong "no $file"; return; }
			sleep 0.05
		done
	done
}
# gone WHAT: the processes whose numbers the files hold are no more
gone() {
	for file in child grandchild; do
		pid=$(cat $file)
		tries=0
		while kill -0 "$pid" 2> /dev/null && ! grep -qs '^State:.Z' "/proc/$pid/status"; do
			tries=$((tries + 1))
			[ $tries -lt 200 ] || { wrong "$1: a process of the trial is left"; kill -9 "$pid"; break; }
			sleep 0.05
		done
	done
	rm -f child grandchild study
}

# ---- grandchildren ------------------------------------------------------------

# A trial whose shell waits for a child, which has a child in the background.
printf '%s\n' 'sleep 300 & echo $! > grandchild; wait' > child.sh
printf '%s\n' 'sh child.sh & echo $! > child; wait; exit 7' > family.sh
for signal in KILL TERM; do
	tune-hparams -q --param x=int:1:9 --trials 1 --study study -- 'sh family.sh; echo {x}' \
		> /dev/null 2> said &
	tool=$!
	wait_for child grandchild
	kill -$signal $tool
	wait $tool
	case $signal-$? in
	KILL-137 | TERM-143) ;;
	*) wrong "$signal: another exit status" ;;
	esac
	grep -q complete study && wrong "$signal: a stopped trial is complete"
	gone $signal
done
tune-hparams -q --param x=int:1:9 --trials 1 --trial-timeout 1s --grace 100ms --study study -- \
	'trap "" TERM; sh family.sh; echo {x}' > /dev/null 2> said && wrong 'timeout: exit status 0'
grep -q 'failed.*timeout' study || wrong 'timeout: not recorded'
gone timeout
tune-hparams -q --param x=int:1:2 --sampler grid --pruner asha --trials 2 --study study -- \
	'if [ {x} = 1 ]; then printf "1\t0\n"; else sh family.sh & sleep 1; printf "1\t5\n"; wait; fi' > /dev/null
grep -q pruned study || wrong 'nothing was pruned'
gone pruned
# A trial may clean up after itself when it is told to end.
tune-hparams -q --param x=int:1:9 --trials 1 --study study -- \
	'trap "echo yes > cleaned; exit 1" TERM; echo yes > ready; while :; do sleep 0.05; done' > /dev/null 2> said &
tool=$!
wait_for ready
kill -TERM $tool
wait $tool
[ -s cleaned ] || wrong 'the trial was not asked to end'

# What a trial leaves behind is killed when it ends of itself, too.
tune-hparams -q --param x=int:1:9 --trials 1 --study study -- \
	'(trap "" TERM; sh -c "echo \$\$ > grandchild; exec sleep 300") > /dev/null 2>&1 &
	while [ ! -s grandchild ]; do sleep 0.01; done; echo {x}' > /dev/null || wrong 'left behind: the trial failed'
cp grandchild child
gone 'left behind'

# ---- the guard ------------------------------------------------------------------

# guard_of TOOL: the child that is no trial (those have a standard output)
guard_of() {
	for p in $(grep -l "^PPid:	$1\$" /proc/[0-9]*/status 2> /dev/null); do
		p=${p%/status}
		[ -e "$p/fd/1" ] || printf '%s\n' "${p#/proc/}"
	done
}
# With a guard that sleeps, the trial itself still dies with the tool.
tune-hparams -q --param x=int:1:9 --trials 1 --study study -- 'sh family.sh; echo {x}' > /dev/null 2> said &
tool=$!
wait_for child grandchild
guard=$(guard_of $tool)
trial=$(sed -n 's/^PPid:	//p' "/proc/$(cat child)/status")
top=$(sed -n 's/^PPid:	//p' "/proc/$trial/status")
kill -STOP "$guard" || wrong 'no guard is found'
kill -KILL $tool
wait $tool
tries=0
while kill -0 "$top" 2> /dev/null && ! grep -qs '^State:.Z' "/proc/$top/status"; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || { wrong 'a trial outlives its tool'; break; }
	sleep 0.05
done
kill -CONT "$guard"
gone 'sleeping guard'
# Whoever kills the guard kills nothing else; the next one knows the trials that run, and
# ends them when the tool is killed.
tune-hparams --no-progress --param x=int:1:9 --sampler grid --trials 3 --study study -- \
	'if [ {x} = 3 ]; then sh family.sh; else echo yes > begun{x}; while [ ! -e go{x} ]; do sleep 0.01; done; fi
	echo {x}' > /dev/null 2> said &
tool=$!
wait_for begun1
kill -KILL "$(guard_of $tool)"
echo yes > go1
wait_for begun2
second=$(guard_of $tool)
echo yes > go2
wait_for child grandchild
kill -0 "$second" || wrong 'no second guard'
kill -KILL "$second"
until [ "$(grep -c 'guard process was killed by signal 9 (Killed)' said)" = 2 ]; do sleep 0.01; done
[ "$(awk -F '\t' '$2 == "complete"' study | wc -l)" = 2 ] || wrong "a killed guard: $(cat said)"
kill -KILL $tool
wait $tool
gone 'third guard'

# ---- the same points ------------------------------------------------------------

# tune STUDY TRIALS OPTION..
tune() {
	study=$1 trials=$2
	shift 2
	tune-hparams -q --seed 3 --startup 4 --param x=float:-5:10 --param k=log-int:1:100 \
		--trials "$trials" --study "$study" "$@" -- \
		'for s in 1 2 3; do echo "$s {x} {k}"; done |
		awk "{printf \"%d\t%.9g\n\", \$1, (\$2 - 1) ^ 2 + \$3 / \$1}"' > /dev/null
}
# same WHAT TRIALS OPTION..: cut in three or not
same() {
	what=$1 trials=$2
	shift 2
	rm -f whole parts
	tune whole "$trials" "$@"
	for n in 3 7 "$trials"; do tune parts $n "$@"; done
	for study in whole parts; do
		tune-hparams history --study $study | cut -f 1-5,8- > $study.points
	done
	cmp -s whole.points parts.points || wrong "$what: other points after a break"
	[ "$(wc -l < whole.points)" = $((trials + 1)) ] || wrong "$what: not $trials trials"
}
for sampler in tpe cma-es random quasi grid; do same $sampler 16 --sampler $sampler; done
for pruner in median asha hyperband; do
	for sampler in tpe cma-es; do
		same "$sampler, $pruner" 16 --sampler $sampler --pruner $pruner
	done
done
# Killed in the middle of trials, not between them.
slow() {
	exec tune-hparams -q --seed 3 --startup 4 --param x=float:-5:10 --trials 12 --study "$1" -- \
		"sleep 0.0$2; echo {x} | awk '{print (\$1 - 1) ^ 2}'" > /dev/null 2>> said
}
rm -f whole parts
(slow whole 0)
for pause in 0.21 0.43 0.27 0.61; do
	(slow parts 5) &
	tool=$!
	sleep $pause
	kill -9 $tool 2> /dev/null
	wait $tool
done
(slow parts 0)
for study in whole parts; do
	tune-hparams history --study $study | cut -f 1-5,8- > $study.points
done
cmp -s whole.points parts.points || wrong 'other points after kill -9'

# ---- a full disk ------------------------------------------------------------------

rm -f study
(
	trap '' XFSZ
	ulimit -f 4
	exec tune-hparams -q --param x=int:1:1000000 --sampler random --trials 500 --study study -- 'echo {x}'
) > /dev/null 2> said
[ $? = 1 ] || wrong 'a full disk: not exit status 1'
grep -q 'cannot write to study' said || wrong "a full disk: $(cat said)"
[ "$(tail -c 1 study | od -An -c | tr -d ' ')" = '\n' ] || wrong 'a full disk left a torn line'
told=$(awk -F '\t' '$2 == "complete"' study | wc -l)
[ "$told" -gt 3 ] || wrong 'the disk was full at once'
tune-hparams -q --sampler random --trials $((told + 3)) --study study -- 'echo {x}' > /dev/null ||
	wrong 'the study does not go on after a full disk'
[ "$(awk -F '\t' '$2 == "complete"' study | wc -l)" = $((told + 3)) ] || wrong 'trials were lost'

# ---- a torn line, looked at -------------------------------------------------------

printf '9\trun' >> study
cp study before
tune-hparams best --study study > /dev/null 2> said || wrong 'best fails on a torn line'
grep -q 'dropped a torn last line' said || wrong 'a torn line is not told of'
cmp -s study before || wrong 'looking changed the study'

# ---- other hosts ------------------------------------------------------------------

now=$(date +%s)000
# elsewhere TIME: a study whose second trial another host runs, heard of last at TIME
elsewhere() {
	rm -f study
	tune-hparams -q --param x=int:1:9 --sampler quasi --trials 1 --study study -- 'echo {x}' > /dev/null
	printf '2\trunning\t\t\t\t%s\telsewhere 1 1\t4\n' "$1" >> study
}
second() {
	tune-hparams history --study study | cut -f 2,3 | sed -n 3p
}
elsewhere "$now"
tune-hparams -q --trials 3 --study study -- 'echo {x}' > /dev/null
[ "$(second)" = 'running	' ] || wrong "another host's trial was touched"
tune-hparams -q --trials 3 --reclaim-after 1h --study study -- 'echo {x}' > /dev/null
[ "$(second)" = 'running	' ] || wrong "another host's trial was taken before its time"
elsewhere 1000
tune-hparams --no-progress --trials 3 --reclaim-after 1h --study study -- 'echo {x}' > /dev/null 2> said
[ "$(second)" = 'complete	4' ] || wrong "another host's silent trial was not run again"
# Signs of life keep a trial; one of this host is never taken while its process lives.
rm -f study
tune-hparams -q --param x=int:1:2 --sampler grid --trials 2 --jobs 2 --reclaim-after 300ms --study study -- \
	'sleep 1; echo {x}' > /dev/null
[ "$(awk -F '\t' '$2 == "alive"' study | wc -l)" -ge 4 ] || wrong 'no signs of life'
[ "$(awk -F '\t' '$2 == "running"' study | wc -l)" = 2 ] || wrong 'a living trial was taken'
# Whose trial was taken meanwhile gives it up.
rm -f study
tune-hparams --no-progress --param x=int:1:9 --trials 1 --reclaim-after 300ms --study study -- \
	'echo yes > begun; sleep 20; echo {x}' > /dev/null 2> said &
tool=$!
wait_for begun
printf '1\trunning\t\t\t\t%s000\telsewhere 1 1\t4\n' $(($(date +%s) + 1000)) >> study
wait $tool && wrong 'a run without a complete trial succeeds'
grep -q 'claimed by another worker' said || wrong "not given up: $(cat said)"

exit $bad
