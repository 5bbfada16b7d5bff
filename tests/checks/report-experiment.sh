#!/bin/sh
# The page of report-experiment: what it says of a log with a planted effect and of one
# with lost events, that it stands alone and is small, and, in a real browser, that it
# has no errors, asks for nothing, is no wider than the window, and that its drawings
# are drawn.
cd "$RECPIPE_TMP" || exit 1
command -v gnuplot > /dev/null || { echo 'no gnuplot'; exit 77; }
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
"$report" -o page.html -t 'A title & <i>' good.tsv -- --metrics time,sessions,time/tracks,mean_request_latency 2> err || { cat err; exit 1; }
[ ! -s err ] || { cat err; say 'a good log, and something on stderr'; }
"$report" lost.tsv > lost.html -- --experiment AA --control B 2> err || { cat err; exit 1; }
grep -q 'are missing' err || say 'lost events, and nothing on stderr'
gzip -c good.tsv | "$report" > stdin.html -- --metrics time,sessions,time/tracks,mean_request_latency || say 'no page from standard input'
for f in page lost stdin; do
	[ "$(wc -c < $f.html)" -lt 1000000 ] || say "$f.html: 1 MB or more"
	! grep -Eo "(src|href) *= *[\"']?[^#\"'][^>]{0,40}|url *\([^>]{0,40}|@import|https?:" $f.html || say "$f.html: asks for something else"
	! grep -q '<script' $f.html || say "$f.html: a script"
done
text() { sed -e 's/<[^>]*>//g' -e 's/&nbsp;/ /g' "$1"; }
text page.html > page.txt
text lost.html > lost.txt
grep -q 'Every check passed' page.txt || say 'the good log is not said to be good'
grep -q 'Not before these warnings are checked' lost.txt && grep -q 'are missing' lost.txt || say 'the page does not warn of lost events'
grep -q 'Arm T1: better: time rises by' page.txt || say 'no verdict on the planted effect'
grep -q 'no difference is shown in time' page.txt || say 'no verdict on the A/A experiment'
grep -q 'A title &amp; &lt;i&gt;' page.html && grep -q 'NEW &amp; &lt;b&gt;' page.html || say 'names are not quoted'
[ "$(grep -c '<svg role' page.html)" = 6 ] || say 'not three drawings for each of two experiments'
for word in 'Effects with their intervals' 'at the end of each day' 'Users by time' 'valid for one look' 'not adjusted for the number'; do
	grep -q "$word" page.txt || say "the page does not say: $word"
done
if command -v python3 > /dev/null; then
	python3 - page.html lost.html <<'END' || bad=1
import sys
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
    p = Page(); p.feed(open(f, encoding='utf-8').read()); p.close()
    if p.open: p.bad.append('open at the end: %s' % p.open)
    for b in p.bad[:5]: print('%s: %s' % (f, b))
    if p.bad: sys.exit(1)
END
fi
[ $bad = 0 ] || exit 1

browser=
for b in chromium chromium-browser google-chrome; do
	[ -n "$browser" ] || browser=$(command -v $b) || :
done
[ -n "$browser" ] || { echo 'the page is as it should be; no browser to look at it with'; exit 77; }
# A script at the end of a copy of the page measures what the browser made of it.
for f in page lost; do
	sed '/<\/body>/d; /<\/html>/d' $f.html > $f-measured.html
	cat >> $f-measured.html <<'END'
<script>
addEventListener('load', function () {
	var said = [], root = document.documentElement
	if (root.scrollWidth > innerWidth) said.push('wider than the window: ' + root.scrollWidth)
	var svg = document.querySelectorAll('svg')
	svg.forEach(function (s, i) {
		var r = s.getBoundingClientRect(), shapes = s.querySelectorAll('path, circle, polygon, use, rect, text'), drawn = 0
		shapes.forEach(function (p) { try { var b = p.getBBox(); drawn += b.width + b.height > 0 } catch (e) {} })
		if (r.width < 400 || r.height < 80) said.push('drawing ' + i + ' is ' + r.width + ' x ' + r.height)
		if (drawn < 20) said.push('drawing ' + i + ' has ' + drawn + ' shapes')
	})
	var asked = performance.getEntriesByType('resource').filter(function (r) { return !/favicon/.test(r.name) })
	if (asked.length) said.push('asked for ' + asked[0].name)
	var color = getComputedStyle(document.querySelector('h1')).color, back = getComputedStyle(document.body).backgroundColor
	if (color === back) said.push('text in the color of its ground')
	document.title = 'MEASURED ' + svg.length + ' drawings, ' + document.querySelectorAll('tbody tr').length + ' rows: ' + (said.join('; ') || 'good')
})
</script>
</body>
</html>
END
	HOME=$RECPIPE_TMP timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=1000,1400 \
		--user-data-dir="$RECPIPE_TMP/browser-$f" --virtual-time-budget=5000 --enable-logging=stderr --dump-dom \
		"file://$RECPIPE_TMP/$f-measured.html" > $f.dom 2> $f.log || { tail -n 3 $f.log; echo "$browser failed"; exit 1; }
	measured=$(sed -n 's/.*<title>\(MEASURED .*\)<\/title>.*/\1/p' $f.dom)
	echo "$f: $measured"
	case $measured in *' rows: good') ;; *) bad=1 ;; esac
	! grep 'CONSOLE' $f.log || { echo "$f: the browser complains"; bad=1; }
done
grep -q 'MEASURED 6 drawings' page.dom || say 'the browser does not see six drawings'
HOME=$RECPIPE_TMP timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --window-size=1000,2600 \
	--user-data-dir="$RECPIPE_TMP/browser-shot" --screenshot="$RECPIPE_TMP/page.png" "file://$RECPIPE_TMP/page.html" 2> /dev/null
[ "$(wc -c < page.png)" -gt 50000 ] || say 'the picture of the page is empty'
rm -rf "$RECPIPE_TMP"/browser-*
exit $bad
