#!/bin/sh
# The page of report-experiment: what it says of a log with a planted effect, of one with
# lost events and of one arm; that it stands alone and is small; labels, question and foot;
# that what its script draws is what analyze-ab found.
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
log 0.3 1 > good.tsv
log 0 0.6 > lost.tsv
report=$RECPIPE_ROOT/pipelines/report-experiment
metrics=time,sessions,time/tracks,mean_request_latency
"$report" -o page.html -t 'A title & <i>' good.tsv -- --metrics $metrics 2> err || { cat err; exit 1; }
[ ! -s err ] || { cat err; say 'a good log, and something on stderr'; }
"$report" lost.tsv > lost.html -- --experiment AA --control B 2> err || { cat err; exit 1; }
grep -q 'are missing' err || say 'lost events, and nothing on stderr'
gzip -c good.tsv | "$report" > stdin.html -- --metrics $metrics || say 'no page from standard input'
for f in page lost stdin; do
	[ "$(wc -c < $f.html)" -lt 100000 ] || say "$f.html: 100 kB or more"
	! sed "s,http://www.w3.org/2000/svg,," $f.html | grep -Eo "(src|href) *= *[\"']?[^#\"' ][^>]{0,40}|url *\([^>]{0,40}|@import|https?:|fetch|XMLHttp" ||
		say "$f.html: asks for something else"
	[ "$(grep -c '<script' $f.html)" = 2 ] || say "$f.html: not two scripts, the data and the drawings"
	! grep -q '^BODY\|^DATA\|TITLE' $f.html || say "$f.html: the template is not filled"
done
text() { sed -e '/^<style>/,/^<\/style>/d' -e '/^<script/,/^<\/script>/d' -e 's/<[^>]*>//g' -e 's/&nbsp;/ /g' "$1"; }
text page.html > page.txt
text lost.html > lost.txt
grep -q 'Is T1 better than C in time?' page.txt || say 'the question is not there'
grep -q '^Better: T1' page.txt && grep -q '<div class="card good">' page.html || say 'the card does not say better'
grep -q '<div class="card none">' page.html && grep -q '^No difference is shown' page.txt || say 'the card of the A/A experiment'
grep -q '<div class="card warn">' lost.html && ! grep -q 'class="card \(good\|none\)"' lost.html || say 'the card of the lost events'
grep -q 'Every check passed' page.txt || say 'the good log is not said to be good'
grep -q 'To be checked before the figures are used' lost.txt && grep -q 'are missing' lost.txt || say 'the page does not warn of lost events'
grep -q 'failed Events are missing: the share that plays what was recommended before is B 0' lost.txt || say 'no sentence for the check that failed'
grep -q 'passed No event occurs twice' lost.txt || say 'no sentence for a check that passed'
grep -q 'Arm T1: better: time rises by' page.txt || say 'no verdict on the planted effect'
grep -q 'no difference is shown in time' page.txt || say 'no verdict on the A/A experiment'
grep -q 'A title &amp; &lt;i&gt;' page.html && grep -q 'NEW &amp; &lt;b&gt;' page.html || say 'names are not quoted'
for what in forests days users; do
	[ "$(grep -c "data-draw=\"$what\"" page.html)" = 2 ] || say "not the $what of two experiments"
done
for word in 'Point: effect. Bar: interval' 'at the end of each day' 'Users by time' 'valid for one look' 'adjusted for the number of comparisons' \
	'Users1000' 'C (control) 500, T1 500' 'Days6' 'mean_request_latency, ms'; do
	tr -d '\n' < page.txt | sed 's/\(Users\|Days\) \([0-9]\)/\1\2/g' | grep -q "$word" || say "the page does not say: $word"
done
# Above the fold: the question, the card and the facts are there before anything is drawn.
awk '/<h1>/ { q = c = f = d = h = 0 } /<h2>/ && !q { q = NR } /class="card/ && !c { c = NR } /class="facts"/ && !f { f = NR } /data-draw/ && !d { d = NR } /health checks|Can the figures/ && !h { h = NR }
	END { exit !(q && q < c && c < f && f < d && d < h) }' page.html || say 'the order of the page'
# The foot: period, rows, input, version and command.
for word in '2024-03-18 to 2024-03-23 (UTC)' "$(($(wc -l < good.tsv) - 1))" 'good.tsv' 'analyze-ab (recpipe)' \
	'report-experiment -o page.html -t &#39;A title &amp; &lt;i&gt;&#39; good.tsv -- --metrics time,sessions'; do
	sed -n '/<footer>/,$p' page.html | sed 's/<[^>]*>//g' | grep -qF -e "$word" || say "the foot does not say: $word"
done
grep -q 'standard input' stdin.html || say 'the foot does not name standard input'

# Labels: one name everywhere; what has none keeps its own.
printf 'unit\tname\tlabel\nhours\ttime\tListening & time\n\tT1\tNew "arm"\n\tC\tOld arm\n' > labels.tsv
"$report" --labels labels.tsv --question 'Shall we & <go>?' good.tsv > labels.html -- --metrics time,sessions || say 'no page with labels'
text labels.html > labels.txt
grep -q 'Shall we &amp; &lt;go&gt;?' labels.txt || say 'the question is another one'
grep -q 'Arm New &quot;arm&quot;: better: Listening &amp; time rises by' labels.txt || say 'the verdict has no labels'
grep -q 'Old arm (control) 500, New &quot;arm&quot; 500' labels.txt || say 'the users have no labels'
grep -q '"label":"New \\"arm\\""' labels.html && grep -q '"label":"Listening & time","unit":"hours"' labels.html || say 'the drawings have no labels'
! sed -n '/<main>/,/<\/main>/p' labels.txt | grep -w 'T1' || say 'an arm has two names'
"$report" --labels missing.tsv good.tsv > out 2> err -- --metrics time
[ $? = 1 ] && [ ! -s out ] && grep -q 'missing.tsv' err || { cat err; say 'labels that are not there'; }
echo 'text' > wrong.tsv
"$report" --labels wrong.tsv good.tsv > out 2> err -- --metrics time
[ $? = 3 ] && [ ! -s out ] && grep -q 'name and label are needed' err || { cat err; say 'labels without their columns'; }

# Guardrails: the decision of all together, each with how it stands; directions of a file of metrics.
"$report" good.tsv > ship.html 2> err -- --experiment 'NEW & <b>' --primary time --guardrail mean_request_latency=0.1 || { cat err; say 'no page with guardrails'; }
text ship.html > ship.txt
grep -q '^Ship: T1' ship.txt && grep -q '<div class="card good">' ship.html || say 'no ship'
grep -q '^passed mean_request_latency, arm T1: .*; not worse than its margin: p' ship.txt || say 'a guardrail that passes'
printf 'name\tdirection\trole\tmargin\nsessions\t\tprimary\t\ntime\tlower\tguardrail\t\ntime/tracks\t\tguardrail\t0.0001\n' > metrics.tsv
"$report" good.tsv > hold.html 2> err -- --experiment 'NEW & <b>' --metric-file metrics.tsv || { cat err; say 'no page of a file of metrics'; }
text hold.html > hold.txt
grep -q '^Hold: T1' hold.txt && grep -q '<div class="card bad">' hold.html || say 'no hold'
grep -q '^failed time, arm T1: +' hold.txt || say 'a guardrail that fails'
grep -q 'Is T1 better than C in sessions?' hold.txt || say 'the primary metric of the file'

# One that does not vary is not worse: no p, and yet no reason against shipping.
{ head -n 1 good.tsv | sed "s/\$/	still/"; sed "1d;s/\$/	1/" good.tsv; } > still.tsv
"$report" still.tsv > still.html 2> err -- --experiment 'NEW & <b>' --metrics time,mean:still --primary time --guardrail mean:still || { cat err; say 'no page of a guardrail that does not vary'; }
text still.html > still.txt
grep -q '^Ship: T1' still.txt && grep -q '^passed mean:still, arm T1: the same in both arms; it does not vary, so it has no p' still.txt || say 'a guardrail that does not vary'
# One that differs and yet has no p is open, and says why.
awk -F '\t' -v OFS='\t' 'NR > 1 { $NF = $8 == "C" ? 1 : 2 } { print }' still.tsv > differs.tsv
"$report" differs.tsv > differs.html 2> err -- --experiment 'NEW & <b>' --metrics time,mean:still --primary time --guardrail mean:still || { cat err; say 'no page of a guardrail without p'; }
text differs.html > differs.txt
grep -q '^Continue: T1' differs.txt && grep -q '^open mean:still, arm T1: no p can be computed, as it does not vary in an arm or has too few users: it neither passes nor fails' differs.txt &&
	grep -q 'decision: continue (the guardrail mean:still cannot be computed)' differs.txt || say 'a guardrail without p'

# The reason of a decision has the labels, too; what rounds to zero has no sign.
"$report" --labels labels.tsv good.tsv > reason.html -- --experiment 'NEW & <b>' --primary time --guardrail mean_request_latency=0.1 || say 'no page with labels and guardrails'
text reason.html | grep -q 'decision: ship (Listening &amp; time is better)' || say 'the reason has no labels'
awk -F '\t' -v OFS='\t' 'NR > 1 { $NF = 1000 + NR % 30 + ($8 == "T1") / 2 } { print }' still.tsv > zero.tsv
"$report" zero.tsv > zero.html -- --experiment 'NEW & <b>' --metrics time,mean:still --primary time --guardrail mean:still || say 'no page of an effect of nearly nothing'
text zero.html | grep -q '^passed mean:still, arm T1: 0\.0 % (' && ! grep -E '[+-]0\.0+(&nbsp;| |<)' zero.html || say 'a zero with a sign'

# An arm that was not planned is named where the users are, and among the checks; the results of checks are
# called so, and what they decide.
awk -F '\t' -v OFS='\t' '{ print } NR > 1 && NR < 20 { $3 = "v" $3; $8 = "T9 <i>"; print }' good.tsv > stray.tsv
"$report" stray.tsv > stray.html 2> err -- --experiment 'NEW & <b>' || { cat err; say 'no page with a stray arm'; }
text stray.html > stray.txt
grep -q '^Set aside, in arms that were not planned T9 &lt;i&gt; [1-9]$' stray.txt || say 'who is set aside is not said'
grep -q '^passed Few users are in arms that were not planned (T9 &lt;i&gt; [1-9]); they are set aside\.' stray.txt || say 'no sentence for a stray arm'
grep -q '^Users in each arm C (control) 500, T1 500$' stray.txt || say 'a stray arm among the arms'
sed -n '/>All checks as a table</,/<\/thead>/p' lost.html | sed 's/<[^>]*>/ /g' | tr -s ' \n' '  ' | grep -q 'experiment name arm value p check decision' || say 'the heads of the table of checks'
sed -n '/>All checks as a table</,/<\/table>/p' lost.html | sed 's/<[^>]*>/ /g' | grep -q ' followed .* warning  *broken' || say 'the table of checks has no decision'

# Many arms: in few words each, and what is long is folded.
awk -F '\t' -v OFS='\t' 'NR > 1 { $8 = "T" (substr($3, 2) + 0) % 9; sub("T0", "C", $8) } { print }' good.tsv > nine.tsv
"$report" nine.tsv > nine.html 2> err -- --experiment 'NEW & <b>' || { cat err; say 'no page of nine arms'; }
text nine.html > nine.txt
[ "$(grep -c '^[+-]*[0-9.]* % [+-]*[0-9.]* to [+-]*[0-9.]* % Arm T[1-8]: \(no difference is shown\|better\|worse\), p = ' nine.txt)" = 8 ] || say 'the card of nine arms'
[ "$(grep -c 'would probably have been detected' nine.txt)" = 1 ] || say 'the card of nine arms repeats itself'
[ "$(grep -A 1 '<summary>\(Days\|Users\) of each arm' nine.html | grep -c data-draw)" = 2 ] && ! grep -q '<summary>\(Days\|Users\) of' page.html || say 'what is folded'

# Clusters: the checks count those, and yet the page knows the arms and their users.
awk -F '\t' 'NR == 1 { print "user\tgroup"; next } !seen[$3]++ { print $3 "\tg" n++ % 40 }' good.tsv > groups.tsv
"$report" good.tsv > cluster.html 2> err -- --experiment 'NEW & <b>' --metrics time --users groups.tsv --cluster group || { cat err; say 'no page of clusters'; }
for file in page cluster; do text $file.html | grep -m 1 '^Users in each arm'; done | uniq | wc -l | grep -qx ' *1' || say 'other arms with clusters'
text cluster.html | grep -q 'Is T1 better than C in time?' && text cluster.html | grep -q 'Clusters in each arm: C 20, T1 20' && ! grep -q '^"effects":\[\[-1' cluster.html || say 'no arms with clusters'

# One arm: no effects, but a page.
awk -F '\t' -v OFS='\t' 'NR > 1 { $8 = $9 = "C" } { print }' good.tsv > one.tsv
"$report" one.tsv > one.html 2> err -- --experiment AA || { cat err; say 'no page of one arm'; }
text one.html | grep -q 'Nothing to compare: only one arm has users' || say 'one arm is not said'
! grep -q '<div[^>]*data-draw\|class="effects"' one.html || say 'one arm, and something to draw'

# What is drawn is what was found.
analyze-ab -q --metrics $metrics good.tsv | awk -F '\t' 'NR > 1 && $1 == "AA" { printf "%.6g,%.6g,%.6g\n", $11, $12, $13 }' > want
awk '/"name":"AA"/ { on = 1 } on' page.html | sed -n 's/.*\[1,[0-9]*,"",\([^,]*,[^,]*,[^,]*\),.*/\1/p' > got
[ "$(wc -l < want)" = 4 ] && cmp want got || say 'the effects that are drawn are others'
if command -v python3 > /dev/null; then
	python3 - page.html lost.html one.html labels.html <<'END' || bad=1
import json, re, sys
from html.parser import HTMLParser
VOID = {'meta', 'link', 'br', 'hr', 'img', 'input'}
class Page(HTMLParser):
    def __init__(self): super().__init__(); self.open, self.ids, self.bad = [], set(), []
    def handle_starttag(self, tag, attrs):
        i = dict(attrs).get('id')
        if i is not None and i in self.ids: self.bad.append('two elements with id ' + i)
        self.ids.add(i)
        if tag not in VOID: self.open.append(tag)
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.bad.append('</%s> closes something else' % tag)
for f in sys.argv[1:]:
    text = open(f, encoding='utf-8').read()
    p = Page(); p.feed(text); p.close()
    if p.open: p.bad.append('open at the end: %s' % p.open)
    for b in p.bad[:5]: print('%s: %s' % (f, b))
    if p.bad: sys.exit(1)
    data = json.loads(re.search(r"id='data'>\n(.*?)\n</script>", text, re.S).group(1))
    for e in data:
        shares = e['bins']['share'] if e['bins'] else []
        if any(abs(sum(s) - 100) > 0.1 for s in shares): sys.exit('%s: a histogram is not of all users' % f)
        if any(row[0] >= len(e['arms']) or row[1] >= len(e['metrics']) for row in e['effects']): sys.exit('%s: no such arm' % f)
END
fi
exit $bad
