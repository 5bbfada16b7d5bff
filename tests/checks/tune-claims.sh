#!/bin/sh
# A trial is run once: by workers in PID namespaces of their own on a host of one name, as
# containers are, and without /proc. When a worker is killed with its whole namespace, the
# next one takes its trial at once, with the same values.
set -u
cd "$RECPIPE_TMP" || exit 1
user=
[ "$(id -u)" = 0 ] || user='--user --map-root-user'
# shellcheck disable=SC2086
unshare $user --pid --mount --fork --mount-proc true 2> said ||
	{ echo "no namespaces here: $(cat said)"; exit 77; }
bad=0
wrong() {
	echo "$*"
	bad=1
}
wait_for() {
	tries=0
	until [ -s "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || { wrong "no $1"; return; }
		sleep 0.05
	done
}
# How a worker is started: with the processes of its namespace, with those of another one
# (which do not have its number), or with none.
seen() {
	# shellcheck disable=SC2086
	exec unshare $user --pid --mount --fork --kill-child --mount-proc "$@"
}
unseen() {
	# shellcheck disable=SC2086
	exec unshare $user --pid --mount --fork --kill-child sh -c \
		'mount -t tmpfs none /proc && exec "$@"' sh "$@"
}
# work HOW TRIALS: a worker whose trials wait for the file `go`
work() {
	"$1" tune-hparams --no-progress --param x=int:1:9 --sampler grid --trials "$2" --study study -- \
		'echo yes >> ran{x}; i=0
		while [ ! -e go ] && [ $i -lt 400 ]; do i=$((i + 1)); sleep 0.02; done; echo {x}' > /dev/null 2>> messages
}
count() {
	awk -F '\t' -v state="$1" '$2 == state { n++ } END { print n + 0 }' study
}

# The sanitizers look into /proc at the end: without it only ordinary builds run.
ways='seen unseen'
[ "$RECPIPE_MODE" = release ] || ways=seen
for how in $ways; do
	rm -f study ran* go messages
	work $how 1 &
	wait_for ran1
	work $how 2 &
	wait_for ran2
	# Nothing is left to take, and nothing is abandoned: there is no complete trial either.
	(work $how 2) && wrong "$how: a third worker found something"
	grep -q 'run again' messages && wrong "$how: $(cat messages)"
	[ "$(count running)" = 2 ] || wrong "$how: $(count running) begun, not 2"
	echo yes > go
	wait
	[ "$(count complete)" = 2 ] && [ "$(cat ran1 ran2 | wc -l)" = 2 ] ||
		wrong "$how: $(count complete) complete of $(cat ran1 ran2 | wc -l) that were run"

	rm -f study ran* go messages
	work $how 1 &
	worker=$!
	wait_for ran1
	inside=$(grep -l "^PPid:	$worker\$" /proc/[0-9]*/status 2> /dev/null | cut -d / -f 3)
	kill -9 $worker
	wait $worker 2> /dev/null
	tries=0
	while kill -0 "$inside" 2> /dev/null && ! grep -qs '^State:.Z' "/proc/$inside/status" &&
		[ $tries -lt 200 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	echo yes > go
	(work $how 1) || wrong "$how: what a killed worker had begun was not run again: $(cat messages)"
	grep -q 'trial 1 is run again: its process died' messages || wrong "$how: $(cat messages)"
	[ "$(count running)" = 2 ] && [ "$(count complete)" = 1 ] || wrong "$how: not run once more"
done
exit $bad
