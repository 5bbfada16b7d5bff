#!/bin/sh
# Pages: what plot-embeddings writes is its page.html, page.css and page.js, byte for byte,
# around the data; a page without its script is not embedded. JavaScript is parsed by node
# and the tags of HTML are matched by python3, where they are at hand.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"

# ---- the page is made of its files ----
page=$RECPIPE_ROOT/tools/plot-embeddings
cp "$page"/page.* "$page"/controls.js "$RECPIPE_ROOT/pipelines/lib/palette.css" . || exit 1
sed -i "s,'[^']*/palette.css','palette.css'," page.html
awk '/^<link rel=.stylesheet. href=/ || /^<script src=/ {
		element = /^<link/ ? "style" : "script"
		split($0, part, "\047")
		file = part[element == "style" ? 4 : 2]
		print "<" element ">"
		while ((getline line < file) > 0)
			print line
		print "</" element ">"
		next
	}
	{ print }' page.html > expected
printf 'kind\tid\tbias\tf0\tf1\nitem\ta\t0\t1\t0\nitem\tb\t0\t0\t1\nitem\tc\t0\t1\t1\n' > model.tsv
plot-embeddings -q --format html -o map.html model.tsv || complain 'no page was written'
sed '/^{"color": -1/,/^"cosines": .*};$/c\
DATA;' map.html > found
cmp -s expected found || complain "the page is not what its files say: diff $RECPIPE_TMP/expected $RECPIPE_TMP/found"

sed "s/'page.js'/'paje.js'/" page.html > page2.html
awk -f "$RECPIPE_ROOT/common/embed.awk" page2.html > page.h 2> err && complain 'a missing script was embedded'
grep -q 'page2.html: cannot read paje.js' err || complain "the missing script is not named: $(cat err)"
sed 's/^DATA;//' page.js > script.js
sed "s/'page.js'/'script.js'/" page.html > page2.html
awk -f "$RECPIPE_ROOT/common/embed.awk" page2.html > page.h 2> err && complain 'a page without DATA; was embedded'

# ---- JavaScript and HTML are well formed ----
if command -v node > /dev/null; then
	for f in $(find "$RECPIPE_ROOT/tools" "$RECPIPE_ROOT/pipelines" -name '*.js'); do
		cp "$f" script.js
		node --check script.js > err 2>&1 || complain "$f: $(head -n 5 err)"
	done
	echo 'function f( { return 1; }' > script.js
	node --check script.js > err 2>&1 && complain 'negative control: node takes a broken script'
else
	echo 'node is not here: no JavaScript was parsed'
fi
cat > tags.py << 'END'
import sys
from html.parser import HTMLParser

VOID = "area base br col embed hr img input link meta source track wbr".split()

class Tags(HTMLParser):
    def __init__(self, name):
        super().__init__()
        self.name, self.open, self.wrong = name, [], 0

    def complain(self, what):
        print("%s:%d: %s" % (self.name, self.getpos()[0], what))
        self.wrong = 1

    def handle_starttag(self, tag, attributes):
        names = [name for name, value in attributes]
        if len(set(names)) < len(names):
            self.complain("<%s> has an attribute twice" % tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complain("</%s> closes what is not open" % tag)

wrong = 0
for name in sys.argv[1:]:
    tags = Tags(name)
    tags.feed(open(name, encoding="utf-8").read())
    tags.close()
    if tags.open:
        tags.complain("not closed: " + " ".join(tags.open))
    wrong |= tags.wrong
sys.exit(wrong)
END
if command -v tidy > /dev/null; then
	printf 'name\tlabel\n' > labels.tsv
	"$RECPIPE_ROOT/pipelines/report-experiment" -o report.html "$RECPIPE_ROOT/tests/every/analyze-ab/input" -- --experiment EXP \
		2> err || complain "no report: $(cat err)"
	for f in "$page/page.html" map.html report.html; do
		tidy -q -e -utf8 --drop-empty-elements no "$f" > err 2>&1 || complain "$f: $(head -n 5 err)"
	done
	echo '<!DOCTYPE html><title>t</title><p><b>x</p>' > page2.html
	tidy -q -e page2.html > err 2>&1 && complain 'negative control: tidy takes an open element'
else
	echo 'tidy is not here: no HTML was linted'
fi
# Colors are named once; braces match.
for f in $(find "$RECPIPE_ROOT/tools" "$RECPIPE_ROOT/pipelines" -name '*.css' -o -name '*.js'); do
	case $f in
	*/palette.css) ;;
	*) ! grep -nE '#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?[^0-9a-zA-Z_-]|rgba?\([0-9]' "$f" > err || complain "$f: a color that is not in palette.css: $(cat err)" ;;
	esac
	awk '{ n += gsub(/\{/, "{") - gsub(/\}/, "}"); if (n < 0) exit } END { exit n != 0 }' "$f" || complain "$f: braces do not match"
done
for form in c text; do
	FORM=$form awk -f "$RECPIPE_ROOT/pipelines/lib/palette.awk" "$RECPIPE_ROOT/pipelines/lib/palette.css" > palette.$form
done
grep -q '^#define PALETTE_GOOD "#' palette.c && grep -q '^series-1 #' palette.text || complain 'the palette is not read'
[ "$(grep -o '"#[0-9a-f]*"' palette.c | grep -c .)" = "$(grep -c '^[a-z0-9-]* #[0-9a-f]\{6\}$' palette.text)" ] || complain 'palette.h has other colors'
if command -v python3 > /dev/null; then
	python3 tags.py "$page/page.html" map.html || complain 'tags do not match'
	echo '<main><p>text</main>' > page2.html
	python3 tags.py page2.html > err && complain 'negative control: an open tag is not seen'
else
	echo 'python3 is not here: no HTML was read'
fi
exit $bad
