#!/bin/sh
# Sixteen processes on one study, 60 of them killed at random moments: every trial that
# was reported is there once, and whoever comes last brings the study to its end.
set -eu
cd "$RECPIPE_TMP"
start() {
	setsid tune-hparams -q --param x=int:1:1000 --trials 100000 --sampler random --study s.tsv \
		-- 'sleep 0.0{x}; echo {x}' > /dev/null 2>> messages &
	echo $!
}
pids=
for i in $(seq 16); do pids="$pids $(start)"; done
for kill in $(seq 60); do
	sleep 0.05
	n=$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')
	victim=$(echo $pids | tr ' ' '\n' | sed -n "$((n % 16 + 1))p")
	kill -9 "$victim"
	pids="$(echo $pids | tr ' ' '\n' | grep -vx "$victim" | tr '\n' ' ') $(start)"
done
kill -9 $pids
sleep 0.2
n=$(awk -F '\t' 'NR > 1 && $1 + 0 > most {most = $1 + 0} END {print most + 10}' s.tsv)
tune-hparams -q --trials "$n" --sampler random --study s.tsv -- 'echo {x}' > /dev/null 2>> messages
awk -F '\t' -v n="$n" '
	$2 == "running" {x[$1] = $8}
	$2 == "complete" {ended[$1]++; if ($3 != x[$1]) {print "trial " $1 ": wrong value"; bad = 1}}
	END {
		for (t in ended) {count++; if (ended[t] != 1) {print "trial " t " ended twice"; bad = 1}}
		if (count != n) {print count " of " n " trials are complete"; bad = 1}
		exit bad
	}' s.tsv
echo "$n trials by 16 processes, 60 of them killed"
