#!/bin/sh
# --counters hadoop: what checks/every-tool does not see. The heartbeat comes at most every
# ten seconds of the clock (which a preloaded library lets go faster), with and without -q;
# a run that fails counts nothing; a filter says what it left out, so that read is written +
# rejected + filtered.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
complain()
{
	echo "$1"
	sed 's/^/    stderr: /' err | head -n 5
	bad=1
}
awk 'BEGIN { print "user\titem\ttime"; for (i = 0; i < 300000; i++) print i % 999 "\t" int(i / 999) "\t." i % 10 }' > rows

# beats STEP TOOL..: with a clock that jumps by STEP seconds at each look
beats()
{
	step=$1
	shift
	env ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" CLOCK_STEP="$step" \
		LD_PRELOAD="$RECPIPE_BUILD/tests/fast-clock.so" "$@" < rows > out 2> err || echo 'failed:'
	grep -c '^reporter:status:' err
}

# A jump of 4 seconds: a line at every third look; one of 20 seconds: at every look.
slow=$(beats 4 filter-interactions --counters hadoop)
fast=$(beats 20 filter-interactions --counters hadoop)
[ "$slow" -ge 1 ] && [ "$((fast / 3))" = "$slow" ] ||
	complain "heartbeat: $slow lines at steps of 4 s, $fast at steps of 20 s: not one every ten seconds"
grep -q '^reporter:status:filter-interactions: [0-9.]*[kM]* bytes, ' err || complain 'heartbeat: not what progress shows'
grep -v '^reporter:' err && complain 'heartbeat: other lines, too'
[ "$(tail -n 4 err | grep -c '^reporter:counter:')" = 4 ] || complain 'the counters are not the last lines'
[ "$(beats 20 filter-interactions -q --counters hadoop)" = "$fast" ] || complain 'heartbeat: not so with -q'
[ "$(beats 0 filter-interactions --counters hadoop)" = 0 ] || complain 'heartbeat: in a short run'
[ "$(beats 20 filter-interactions)" = 0 ] || complain 'heartbeat: without --counters'
[ "$(beats 20 filter-interactions --progress --counters hadoop)" = "$fast" ] &&
	[ "$(grep -c '^filter-interactions: ' err)" = "$fast" ] || complain 'heartbeat: not beside --progress'
train-mf --factors 2 --epochs 1 -q < rows > model
[ "$(beats 20 fold-in --model model --counters hadoop)" -ge 5 ] || complain 'heartbeat: none from fold-in'

# read = written + rejected + filtered
{ cat rows; printf '1\t2\tx\n'; } | filter-interactions --on-error=skip --counters hadoop > out 2> err
cat > wanted <<-'END'
	filter-interactions: (standard input):300002: column 'time': not a number: "x" (skipped; further ones are counted)
	filter-interactions: 300001 rows read, 120000 written, 180000 filtered out, 1 rejected
	reporter:counter:recpipe,rows-read,300001
	reporter:counter:recpipe,rows-written,120000
	reporter:counter:recpipe,rows-rejected,1
	reporter:counter:recpipe,rows-filtered,180000
END
cmp -s wanted err || complain 'the counters of a filter'

filter-interactions -q --counters hadoop < rows > out 2> err
[ "$(grep -c '^reporter:counter:' err)" = 4 ] || complain 'no counters with -q'

# What was written are the rows of the output, whatever became of those of the input.
for options in '' --grouped --partial '--metrics time --plan 0.1,0.2' '--daily'; do
	LC_ALL=C sort "$RECPIPE_ROOT/tests/every/analyze-ab/input" |
		awk '$1 == "message" { print > "head"; next } { print }' > body
	LC_ALL=C sort -t "$(printf '\t')" -k 3,3 body | cat head - | analyze-ab $options --counters hadoop > out 2> err
	[ "$(sed -n 's/.*rows-written,//p' err)" = "$(($(wc -l < out) - 1))" ] || complain "analyze-ab $options: rows-written"
done

{ cat rows; printf '1\t2\tx\n'; } | filter-interactions --counters hadoop > out 2> err
[ $? = 3 ] && ! grep -q reporter err || complain 'a run that fails counts'
filter-interactions --counters hadoop < rows > /dev/full 2> err
[ $? = 1 ] && ! grep -q reporter err || complain 'a run whose output fails counts'
exit $bad
