#!/bin/sh
# The page of report-experiment in a real browser, at 1400 and 390 pixels, light and dark:
# no error, no request, nothing wider than the window; contrast, names, headings and focus;
# drawings with their shapes; figures on hover and by the arrow keys; a table that is sorted;
# hostile names as text everywhere; 200 metrics of nine arms are drawn in under a second of
# the page's CPU time and are below 2 MB; what is folded is drawn when it is opened, and on
# paper. Pictures stay where KEEP_PICTURES names a folder.
set -u
cd "$RECPIPE_TMP" || exit 1
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
browser=
for b in chromium chromium-browser google-chrome; do
	[ -n "$browser" ] || browser=$(command -v $b) || :
done
[ -n "$browser" ] || { echo 'no Chromium is here: the page was not looked at'; exit 77; }
report=$RECPIPE_ROOT/pipelines/report-experiment

# log USERS ARM...: a log with a country a user
log()
{
	users=$1
	shift
	printf '%s\n' "$@" | awk -v users="$users" '{ arm[n_arms++] = $0 }
		END {
			OFS = "\t"
			srand(7)
			print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "E <i>"
			for (u = 0; u < users; u++) {
				lift = 1 + 0.5 * (u % n_arms) / n_arms
				for (s = int(rand() * 3); s >= 0; s--) {
					at = (19800 + int(rand() * 5)) * 86400000 + int(rand() * 80000000)
					heard = int(rand() * 30)
					for (n = 2 + int(rand() * 5); n >= 0; n--) {
						then = int(rand() * 30)
						print n ? "next" : "last", sprintf("%.0f", at), "u" u, heard, rand() * lift / 1.5, rand() / 100, n ? then : "", arm[u % n_arms]
						at += 1000
						heard = then
					}
				}
			}
		}'
}
log 600 C '<img src=x onerror=window.bitten=1>' '</script><script>window.bitten=1</script>' > events.tsv
awk -F '\t' 'BEGIN { print "user\tcountry" } NR > 1 && !seen[$3]++ { print $3 "\t" (n++ % 2 ? "<b>N" : "south") }' events.tsv > users.tsv
printf 'name\tlabel\tunit\nsessions\t"><svg onload=window.bitten=1>\t<u>%%</u>\n' > labels.tsv
"$report" -t '<svg onload=window.bitten=1>' --labels labels.tsv -o page.html events.tsv -- --metrics time,sessions,mean_request_latency \
	--users users.tsv --segment country || exit 1
log 1800 C T1 T2 T3 T4 T5 T6 T7 T8 > nine.tsv
metrics=time$(awk 'BEGIN {
	m = split("count:track=%d share:track=%d count:track=%d/tracks count:track=%d/sessions count:track=%d/time count:recommendation=%d share:recommendation=%d", form, " ")
	for (i = 0; i < 199; i++)
		printf "," form[i % m + 1], int(i / m)
}')
"$report" -o nine.html nine.tsv -- --metrics "$metrics" || exit 1
[ "$(wc -c < nine.html)" -lt 2000000 ] || { echo "200 metrics of nine arms: $(wc -c < nine.html) bytes"; exit 1; }
cat > look.py <<'END_PY'
import os, sys
sys.path.insert(0, os.environ["RECPIPE_ROOT"] + "/tests/helpers")
from browser import Browser

def fail(text):
    print(text)
    fail.n += 1
fail.n = 0
keep = os.environ.get("KEEP_PICTURES", "")

with Browser(sys.argv[1]) as b:
    b.call("Performance.enable", timeDomain="threadTicks")
    for width in (1400, 390):
        b.size(width, 900, width < 500)
        b.dark(False)
        b.open("page.html")
        for dark in (False, True):
            b.dark(dark)
            b.frame()
            fail.n += len(b.audit("%d pixels, %s" % (width, "dark" if dark else "light")))
            if keep:
                b.picture("%s/report-%d%s.png" % (keep, width, "-dark" if dark else ""))
        if b.js("window.bitten || document.images.length || document.scripts.length - 2 || document.querySelectorAll('main i, main u, main b b, li svg').length"):
            fail("text became elements")
        seen = b.js("""[...document.querySelectorAll('[data-draw]')].map(box => [box.dataset.draw,
            box.querySelectorAll('svg').length, box.querySelectorAll('svg path, svg circle, svg rect').length,
            Math.min(...[...box.querySelectorAll('svg')].map(s => s.getBoundingClientRect().width))])""")
        if [s[:2] for s in seen] != [["forests", 3], ["segments", 6], ["days", 2], ["users", 3]]:
            fail("drawings: %s" % seen)
        for what, svgs, shapes, least in seen:
            if shapes < 12 * svgs // 2 or least < 240:
                fail("%s: %d shapes, %d pixels wide" % (what, shapes, least))
        text = b.js("[...document.querySelectorAll('.panel')].map(p => p.textContent).join(' ')")
        for name in ("<img src=x onerror=window.bitten=1>", "</script><script>window.bitten=1</script>", "<b>N", "<u>%</u>"):
            if name not in text:
                fail("not in a drawing: " + name)
        whole = b.js("[...document.querySelectorAll('[data-draw=forests] svg text')].map(t => t.textContent)")
        if "</script><script>window.bitten=1</script>" not in whole:
            fail("an arm's name is cut off")
        # above the fold, also on a phone
        low = b.js("document.querySelector('.card .interval').getBoundingClientRect().bottom")
        if low > 900:
            fail("the interval is at %d of %d pixels" % (low, 900))
        # the table: effect and interval are in sight first
        right = b.js("document.querySelector('table.effects tbody tr').cells[3].getBoundingClientRect().right")
        if not 0 < right <= width:
            fail("the interval of the table ends at %d of %d pixels" % (right, width))
    # hover
    b.size(1400, 900)
    b.dark(False)
    b.open("page.html")
    x, y = b.js("(() => { const e = document.querySelector('[data-draw=forests] .hit'); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return [r.x + 60, r.y + 9]; })()")
    b.mouse("mouseMoved", x, y)
    tip = b.js("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
    if "<" not in tip or "adjusted p" not in tip:
        fail("hover: %r" % tip)
    # the keyboard: Tab reaches a drawing, an arrow its figures, Escape closes them
    for _ in range(60):
        if b.tab().startswith("svg"):
            break
    b.key("ArrowRight", number=39)
    tip = b.js("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
    if "effect" not in tip:
        fail("arrow keys: %r" % tip)
    b.key("Escape", number=27)
    if not b.js("document.getElementById('tip').hidden"):
        fail("Escape does not close the figures")
    # sorting, by a real key
    b.js("document.querySelectorAll('table.effects th button')[2].focus()")
    for order in ("ascending", "descending"):
        b.key("Enter", number=13, text="\r")
        got = b.js("[...document.querySelector('table.effects').tBodies[0].rows].map(r => parseFloat(r.cells[2].textContent))")
        if got != sorted(got, reverse=order == "descending") or len(got) < 6:
            fail("sorted %s: %s" % (order, got))
        if b.js("document.querySelectorAll('table.effects th')[2].getAttribute('aria-sort')") != order:
            fail("aria-sort")
    # on paper: light, nothing cut off
    b.call("Emulation.setEmulatedMedia", media="print")
    b.size(760, 1000)
    if b.js("document.documentElement.scrollWidth > innerWidth + 1"):
        fail("printed, it is wider than the paper: %s" % b.js("""[...document.querySelectorAll('body *')].filter(
            e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 80))"""))
    b.js("dispatchEvent(new Event('beforeprint'))")
    if b.js("document.querySelectorAll('details:not([open])').length"):
        fail("folded on paper")
    # a drawing is about as large as it was drawn
    sizes = b.js("[...document.querySelectorAll('.panel svg')].map(s => s.getBoundingClientRect().width / s.viewBox.baseVal.width)")
    if len(sizes) < 14 or min(sizes) < 0.8 or max(sizes) > 1.2:
        fail("on paper the drawings are of sizes %s" % sizes)
    b.js("dispatchEvent(new Event('afterprint'))")
    if not b.js("document.querySelectorAll('details:not([open])').length"):
        fail("not folded again after printing")
    b.call("Emulation.setEmulatedMedia", media="")
    # many metrics, the first of them in sight
    b.size(1400, 900)
    b.open("nine.html")
    drawn = "[...document.querySelectorAll('[data-draw]')].map(box => box.querySelectorAll('svg').length)"
    if b.js(drawn) != [12, 0, 0, 0]:
        fail("not folded: %s" % b.js(drawn))
    # ... and all that is folded
    b.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    b.frame()
    spent = {m["name"]: m["value"] for m in b.call("Performance.getMetrics")["metrics"]}["TaskDuration"]
    if b.js(drawn) != [12, 188, 8, 9]:
        fail("opened: %s" % b.js(drawn))
    b.size(390, 844, True)
    right = b.js("document.querySelector('table.effects tbody tr').cells[3].getBoundingClientRect().right")
    if not 0 < right <= 390:
        fail("of many metrics the interval of the table ends at %d of 390 pixels" % right)
    panels = b.js("document.querySelectorAll('[data-draw=forests] svg').length")
    rows = b.js("document.querySelectorAll('[data-draw=forests] .hit').length")
    print("%d metrics, %d rows: %d bytes, %.2f s of CPU" % (panels, rows, os.path.getsize("nine.html"), spent))
    if panels != 200 or rows != 1600:
        fail("not 200 metrics of eight treatments")
    if spent > float(os.environ.get("DRAWN_IN", "1")):
        fail("not drawn in a second")
    for error in b.errors[:5]:
        fail(error)
sys.exit(fail.n > 0)
END_PY
[ "${MODE:-release}" = release ] || { DRAWN_IN=5; export DRAWN_IN; }
timeout 200 python3 look.py "$browser"
