# pipelines.sh - what the tests of pipelines/ share; sourced. It makes the test's folder the current
# one and RECPIPE_BIN a copy of the tools, which nobody builds anew meanwhile: that would be a reason
# for stages to run again.
#
#	complain TEXT...                 the test has failed; it ends with `exit $failed`
#	status WANT COMMAND...           runs it, to out.txt and err.txt
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
