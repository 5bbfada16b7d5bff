#!/bin/sh
# A study whose process is killed at 200 random moments loses no trial that had been
# reported, counts none twice, and still comes to its end.
set -eu
cd "$RECPIPE_TMP"
tune() {
	tune-hparams -q --param x=int:1:1000 --param y=float:0:1 --trials "$1" --jobs 3 \
		--study s.tsv -- 'sleep 0.00{x}; echo {x}' > /dev/null 2>> messages
}
kills=0
while [ "$kills" -lt 200 ]; do
	setsid sh -c 'exec tune-hparams -q --param x=int:1:1000 --param y=float:0:1 \
		--trials 100000 --jobs 3 --study s.tsv -- "sleep 0.00{x}; echo {x}"' \
		> /dev/null 2>> messages &
	pid=$!
	sleep "0.$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')"
	awk -F '\t' 'NR > 1 && $2 == "complete"' s.tsv 2> /dev/null > before || :
	kill -9 "$pid"
	wait "$pid" 2> /dev/null || :
	kills=$((kills + 1))
	# What was reported before is still there, at the same place.
	if [ -s before ]; then
		awk -F '\t' 'NR > 1 && $2 == "complete"' s.tsv | head -n "$(wc -l < before)" |
			cmp - before
	fi
done
n=$(awk -F '\t' 'NR > 1 && $1 + 0 > most {most = $1 + 0} END {print most + 20}' s.tsv)
tune "$n"
awk -F '\t' -v n="$n" '
	$2 == "running" {x[$1] = $8}
	$2 == "complete" {ended[$1]++; if ($3 != x[$1]) {print "trial " $1 ": wrong value"; bad = 1}}
	END {
		for (t in ended) {count++; if (ended[t] != 1) {print "trial " t " ended twice"; bad = 1}}
		if (count != n) {print count " of " n " trials are complete"; bad = 1}
		exit bad
	}' s.tsv
echo "$n trials, 200 kills"
