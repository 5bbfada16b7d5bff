#!/bin/sh
# What the page of report-experiment calls better, and what it does not: nothing where a
# health check failed, which it names; no day of a handful of events; how small p is said.
cd "$RECPIPE_TMP" || exit 1
# log EFFECT KEPT: 1000 users on 6 days, treated ones listen EFFECT longer; a share of
# the rows is kept
log() {
	awk -v effect="$1" -v kept="$2" 'BEGIN {
		OFS = "\t"
		srand(11)
		print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "NEW & <b>", "AA"
		for (u = 0; u < 1000; u++) {
			arm = u % 2 ? "T1" : "C"
			for (s = int(rand() * 3); s >= 0; s--) {
				at = (19800 + int(rand() * 6)) * 86400000 + int(rand() * 80000000)
				heard = int(rand() * 40)
				for (n = 2 + int(rand() * 6); n >= 0; n--) {
					then = int(rand() * 40)
					time = rand() * (u % 2 ? 1 + effect : 1)
					if (rand() < kept)
						print n ? "next" : "last", sprintf("%.0f", at), "u" u, heard, time, rand() / 100, n ? then : "", arm, int(u / 2) % 2 ? "A" : "B"
					at += 1000
					heard = then
				}
			}
		}
	}'
}
bad=0
say() { echo "$1"; bad=1; }
text() { sed -e 's/<[^>]*>//g' -e 's/&nbsp;/ /g' "$1"; }
report=$RECPIPE_ROOT/pipelines/report-experiment
# Where a check failed nothing is better or worse, however large; the checks are named.
log 3 0.6 > lost.tsv
"$report" lost.tsv > doubtful.html -- --experiment 'NEW & <b>' 2> err || { cat err; exit 1; }
text doubtful.html > doubtful.txt
grep -q 'Arm T1: no verdict, a health check failed: time rises by' doubtful.txt || say 'a verdict although a check failed'
! grep -E 'better</strong|worse</strong|class="(better|worse)"|class="card (good|bad|none)"|blue is better|would probably have been detected' doubtful.html || say 'better or worse although a check failed'
grep -q 'Health checks that failed: without_session_share, followed\.' doubtful.txt && ! grep -q '[0-9] checks' doubtful.txt || say 'the page does not name the check that failed, once'
log 0.3 1 > good.tsv
"$report" good.tsv -- --metrics time,sessions,time/tracks > good.html || exit 1
grep -q 'class="better"' good.html || say 'nothing is better in the good log'
[ "$(grep -c '<div class="panels" data-draw="days"' good.html)" = 2 ] || say 'six days are not drawn'
# The effect that would have been seen is that of the adjusted test.
seen() { analyze-ab -q --metrics time,sessions,time/tracks "$@" good.tsv | awk -F '\t' '$1 == "AA" && $3 == "time" {printf "%.2g", 100 * $18 / $6}'; }
[ "$(seen)" != "$(seen --adjust none)" ] || say 'the adjustment is not to be seen'
text good.html | grep -q "no difference is shown in time: .* An effect of $(seen) % or more" || say 'the page does not say what effect would have been seen'
# One day and a handful of events behind midnight; p below all that is printed.
awk 'BEGIN {
	OFS = "\t"
	srand(3)
	print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "X"
	for (u = 0; u < 400; u++)
		print "last", sprintf("%.0f", 19800 * 86400000 + 72000000 + u * 36000 + (u > 394) * 1e6), "u" u, 1, rand() / 10 + (u % 2 ? 5 : 1), 0.01, "", u % 2 ? "T1" : "C"
}' > clear.tsv
"$report" clear.tsv -- --metrics time > clear.html || say 'no page of one day'
text clear.html > clear.txt
[ "$(analyze-ab -q --daily --metrics time clear.tsv | cut -f 20-21 | tail -n 1)" = "2024-03-19	0.0125" ] || say 'not five of 400 events on the second day'
grep -q 'all but a few, are from one day' clear.txt && ! grep -q 'data-draw="days"' clear.html || say 'a handful of events is a day'
grep -q 'p &lt; 1e-300' clear.txt && ! grep -q 'p = &lt;' clear.txt || say 'p below 1e-300 is not said so'
# A guardrail that fails, or is open, decides, and not the primary metric that is better; a direction of
# the file turns green and red.
for margin in '' 0.001 5; do
	printf 'name\trole\tdirection\tmargin\ntime\tprimary\t\t\nmean_request_latency\tguardrail\t%s\t%s\ntime/tracks\t\tlower\t\n' lower "$margin" > metrics.tsv
	"$report" good.tsv -- --experiment 'NEW & <b>' --metric-file metrics.tsv > role.html 2> err || { cat err; say 'no page of a file of metrics'; }
	text role.html >> roles.txt
done
printf 'name\trole\tdirection\ntime\tprimary\t\nmean_time_per_session\tguardrail\tlower\n' > metrics.tsv
"$report" good.tsv -- --experiment 'NEW & <b>' --metric-file metrics.tsv > role.html 2> err || { cat err; say 'no page of a file of metrics'; }
text role.html >> roles.txt
grep -oE '(Ship|Hold|Continue|Better): T1$' roles.txt | tr '\n' ' ' > headlines
[ "$(cat headlines)" = 'Ship: T1 Continue: T1 Ship: T1 Hold: T1 ' ] || { cat headlines; say 'the headline is not the decision'; }
exit $bad
