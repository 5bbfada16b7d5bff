# pipelines.sh - what the tests of pipelines/ share; sourced. It makes the test's folder the current
# one and RECPIPE_BIN a copy of the tools, which nobody builds anew meanwhile: that would be a reason
# for stages to run again.
#
#	complain TEXT...                 the test has failed; it ends with `exit $failed`
#	status WANT COMMAND...           runs it, to out.txt and err.txt
#	said PATTERN                     the last command has said so
#	killed PAUSE COMMAND...          runs it, and kill -9 of it and all that it started after PAUSE seconds
#	begin COMMAND...                 starts it in the background, in a group of its own: $pid
#	all_gone                         waits until nothing is left of what begin started, 20 s at most
#	soon COMMAND...                  waits until the command is true, 20 s at most
#	hold FILE                        another process, $holder, has the lock of the file
#	ring USERS STEPS ITEMS [mixed]   a log: every listener goes along a ring of items

cd "$RECPIPE_TMP" || exit 1
cp -R "$RECPIPE_BIN" tools || exit 1
RECPIPE_BIN=$RECPIPE_TMP/tools
failed=0

complain()
{
	printf '%s\n' "$*"
	failed=1
}

status()
{
	want=$1
	shift
	"$@" > out.txt 2> err.txt
	got=$?
	[ $got = "$want" ] || complain "exit status $got, wanted $want: $* ($(tail -n 3 err.txt))"
}

said() { grep -q -e "$1" err.txt || complain "should say $1: $(cat err.txt)"; }

soon()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 2000 ] || { complain "not within 20 s: $*"; return 1; }
		sleep 0.01
	done
}

# These require setsid and flock. All processes of the group share a lock: when it is free, none is left
# that could hold a lock of its own or write.
begin()
{
	(flock -s 7 && exec setsid "$@") > out.txt 2> err.txt 7>> group.lock &
	pid=$!
}

all_gone() { flock -w 20 group.lock true || complain 'after kill -9 something is still at work'; }

# False when there was nothing to kill.
killed()
{
	pause=$1
	shift
	begin "$@"
	sleep "$pause"
	kill -s KILL -- "-$pid" 2> /dev/null || kill -s KILL "$pid" 2> /dev/null # it has no group yet
	missed=$?
	wait $pid 2> /dev/null
	all_gone
	return $missed
}

hold()
{
	(flock 7 && exec sleep 60) 7>> "$1" &
	holder=$!
	soon held "$1"
}

held() { ! flock -n "$1" true; }

# Mixed: plays that are no positives, and pairs that occur again, are among the rows.
ring()
{
	awk -v users="$1" -v steps="$2" -v items="$3" -v mixed="${4:-}" '
		function row(u, item, share, time) {
			printf "u%d\ti%d\t%s\t%.0f\n", u, item % items, share, 1700000000000 + time
		}
		BEGIN {
			print "user\titem\ttime\ttimestamp"
			for (u = 0; u < users; u++)
				for (step = 0; step < steps; step++) {
					row(u, u * 7 + step + (step % 5 == u % 5) * 9, step % 7 ? 1 : 0.6, step * 60000 + u * 17 % 101)
					if (mixed && step % 6 == 0) row(u, u + step, 0.2, step * 60000 + 500)
					if (mixed && step == steps - 1) row(u, u * 7, 1, step * 60000 + 501) # again
				}
		}'
}
