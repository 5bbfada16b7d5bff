#!/bin/sh
# simulate-sessions beside recommenders that go wrong in every way: it ends in time
# with the right status, says what happened and quotes their last words, leaves no
# process and no torn file behind, and goes through with those that are only odd.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
printf 'item\tartist\n0\ta\n1\tb\n2\tc\n' > t.tsv
printf 'item\tf0\tf1\n0\t3\t0\n1\t3\t0\n2\t0\t3\n' > e.tsv
printf 'user\tinterests\nu\t0\nv\t1\nw\t2\n' > u.tsv
sim()
{
	timeout 60 simulate-sessions --tracks t.tsv --embeddings e.tsv --users u.tsv --sessions 20 "$@"
}
# An honest recommender, for the fallen ones to begin as: answer TRACK [COUNT]
cat > lib << 'END'
header() { printf 'user\trecommendation\n'; read -r line; }
answer()
{
	left=${2:--1}
	while [ $left != 0 ] && IFS='	' read -r message user rest; do
		[ "$message" = next ] || continue
		printf '%s\t%s\n' "$user" "$1"
		left=$((left - 1))
	done
}
END

# fails STATUS WORDS SCRIPT: the recommender is the script; WORDS are in the last line.
# Those that are waited for in vain are given a second, the others time on any machine.
limit=30s
fails()
{
	echo old > result
	began=$(date +%s)
	sim --timeout $limit --window 1 -o result -- sh -c ". ./lib; $3" > out 2> err
	got=$?
	[ $got = "$1" ] || complain "exit status $got, wanted $1: $3: $(tail -n 2 err)"
	tail -n 1 err | grep -qF -- "$2" || complain "not said: $2: $3: $(tail -n 2 err)"
	[ "$(cat result)" = old ] || complain "the old file was touched: $3"
	[ $(($(date +%s) - began)) -lt 25 ] || complain "it took too long: $3"
	! ls | grep -q 'result.' || complain "a temporary is left: $3"
}

# ---- it dies
fails 1 'ended with status 7 while it was asked; its last words: no database' \
	'echo "no database" >&2; exit 7'
fails 1 'ended with status 5 while it was asked; its last words: two' \
	'header; echo one >&2; echo two >&2; exit 5'
fails 1 'ended with status 0 while it was asked' 'header; answer 1 3'
fails 1 'ended with status 6 while it was asked; its last words:  enough' \
	'header; answer 1 30; printf "\n enough\n\n" >&2; exit 6'
fails 1 'was killed by signal 9 (Killed); its last words: here I go' \
	'header; answer 1 4; echo "here I go" >&2; kill -9 $$'
fails 1 'was killed by signal 15' 'header; kill $$'
fails 1 'ended with status 9 after its last answer; its last words: cannot write the log' \
	'header; answer 1; echo "cannot write the log" >&2; exit 9'
# ---- it hangs
limit=1s
fails 1 'has not answered for 1 s; its last words: loading' 'echo loading >&2; sleep 100'
fails 1 'has not answered for 1 s' 'header; sleep 100'
fails 1 'has not answered for 1 s' 'header; answer 1 7; read -r line; printf u; sleep 100'
fails 1 'has not answered for 1 s' 'header; read -r line; while sleep 0.1; do printf u; done'
fails 1 'closed its output but does not exit' 'header; answer 1; exec >&-; sleep 100'
# ---- it closes its pipes
fails 1 'closed its output before answering; its last words: bye' \
	'header; echo bye >&2; exec >&-; sleep 100'
fails 1 'closed its input before answering; its last words: deaf' \
	'header; IFS="	" read -r m user rest; echo deaf >&2; exec <&-; printf "$user\t1\n"; sleep 100'
# ---- it says what it should not
limit=30s
fails 3 'has no columns user and recommendation' 'echo who'
fails 3 "does not have the header's 2 fields: \"garbage\"" 'header; read -r line; echo garbage; cat > /dev/null'
fails 3 'offers an unknown track: "9"' 'header; answer 9'
fails 3 'offers an unknown track: ""' 'header; answer ""'
fails 3 'answers "x" when' 'header; read -r line; printf "x\t1\n"; cat > /dev/null'
fails 3 'unexpected extra output from the recommender: "u' 'header; IFS="	" read -r m user rest
	printf "$user\t1\nu\t1\nu\t1\nu\t1\n"; cat > /dev/null'
fails 3 'unexpected extra output from the recommender: "good bye' 'header; answer 1; echo "good bye"'
fails 3 'is longer than a megabyte' 'header; read -r line; head -c 3000000 /dev/zero; cat > /dev/null'

# ---- random bytes in place of answers: never a crash, never success
for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
	sim --timeout 5s -- sh -c "printf 'user\trecommendation\n'
		awk 'BEGIN { srand($seed); for (i = 0; i < 5000; i++) printf \"%c\", rand() * 255 + 1 }'
		cat > /dev/null" > out 2> err
	got=$?
	[ $got = 3 ] || complain "random bytes $seed: exit status $got: $(tail -n 1 err)"
done

# ---- one of three hangs while the others go on
sim --jobs 3 --timeout 1s --max-steps 100000 --budget 100000 -- sh -c '. ./lib; header
	if mkdir first 2> /dev/null; then echo stuck >&2; sleep 100; fi; answer 1' > out 2> err
[ $? = 1 ] && grep -q 'has not answered for 1 s; its last words: stuck' err ||
	complain "one of three hangs: $(cat err)"

# ---- what cannot be sent must not block: long ids, a window of them, nobody reads
awk 'BEGIN { print "user\tinterests"; x = "x"; while (length(x) < 7000) x = x x
	for (i = 0; i < 60; i++) print x i "\t0" }' > long.tsv
timeout 60 simulate-sessions --tracks t.tsv --embeddings e.tsv --users long.tsv --timeout 700ms -- \
	sh -c 'printf "user\trecommendation\n"; sleep 100' > out 2> err
[ $? = 1 ] && grep -q 'has not answered' err || complain "nobody reads: $(cut -c 1-200 err)"
timeout 60 simulate-sessions --tracks t.tsv --embeddings e.tsv --users long.tsv -- \
	next-track --items t.tsv --recommender random > out 2> err ||
	complain "long ids: $(cut -c 1-200 err)"
[ "$(grep -c '^last' out)" = 60 ] || complain "long ids: $(grep -c '^last' out) sessions of 60"

# ---- a talkative one: everything it writes to standard error is passed on
sim -- sh -c '. ./lib; header
	awk "BEGIN { for (i = 0; i < 20000; i++) print \"line\", i, \"of a log\" }" >&2; answer 1' \
	> out 2> err || complain "a talkative one: $(tail -n 1 err)"
[ "$(wc -l < err)" = 20000 ] && [ "$(tail -n 1 err)" = 'line 19999 of a log' ] ||
	complain "of 20000 lines $(wc -l < err) were passed on"
# ---- one that answers byte by byte
sim -o want -- sh -c '. ./lib; header; answer 1' 2> err || complain "an honest one: $(cat err)"
sim -o got -- sh -c '. ./lib; { header; answer 1; } | dd bs=1 2> /dev/null' 2> err ||
	complain "byte by byte: $(cat err)"
cmp want got || complain 'byte by byte: other events'

# ---- nothing of it is left: its own children too; on signals as well
gone()
{
	tries=0
	while kill -0 "$(cat pid)" 2> /dev/null && [ $tries -lt 30 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	! kill -0 "$(cat pid)" 2> /dev/null || complain "$1: a process is left behind"
}
sim --timeout 300ms -- sh -c 'sleep 100 & echo $! > pid; wait' > out 2> err
gone 'after a hang'
for signal in TERM INT; do
	rm -f pid
	echo old > result
	# In the background a shell lets SIGINT be ignored.
	env --default-signal=INT simulate-sessions --tracks t.tsv --embeddings e.tsv --users u.tsv \
		--timeout 60s -o result -- sh -c '. ./lib; header; answer 1 2
			sleep 100 & echo $! > pid; wait' 2> err &
	simulator=$!
	tries=0
	until [ -s pid ] || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	kill -$signal $simulator
	wait $simulator
	got=$?
	want=143
	[ $signal = TERM ] || want=130
	[ $got = $want ] || complain "SIG$signal: exit status $got"
	[ "$(cat result)" = old ] && ! ls | grep -q 'result.' || complain "SIG$signal: a torn file"
	gone "SIG$signal"
done
exit $bad
