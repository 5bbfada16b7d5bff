#!/bin/sh
# report-experiment finds the options behind -- as getopt does, by unique beginnings and in
# clusters of letters too: what would give no page is refused, what turns the verdict is
# seen. Its own failures, a closed output and a missing part, are 1.
cd "$RECPIPE_TMP" || exit 1
bad=0
say() { echo "$1"; bad=1; }
report=$RECPIPE_ROOT/pipelines/report-experiment
awk 'BEGIN {
	OFS = "\t"
	srand(3)
	print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "X"
	for (u = 0; u < 400; u++)
		print "last", sprintf("%.0f", 19800 * 86400000 + 72000000 + u * 36000), "u" u, 1, rand() + (u % 2 ? 5 : 1), 0.01, "", u % 2 ? "T1" : "C"
}' > log.tsv
for words in '--daily' '--dail' '--out oo' '--output=oo' '-o oo' '-ooo' '-qo oo' '-qvooo' '-s 7 -qo oo' '--heal oo' '--det=oo' '--user-t oo' \
	'--session-t oo' '--parti' '--merg' '--pla 0.1' '--user-l' '--form tsv' '--no-h' '--colu a' '-h' '-qh' '--hel' '-V' '-qV' '--vers'; do
	rm -f page oo
	"$report" -o page log.tsv -- $words > out 2> err
	[ $? = 2 ] && [ ! -s out ] && [ ! -e oo ] && [ ! -e page ] && grep -q '^report-experiment: not after --: -' err ||
		say "not refused: $words"
done
# page NAME WORD...: makes it
page() {
	name=$1
	shift
	"$report" -o "$name.html" log.tsv -- "$@" 2> err || { cat err; say "no page: $*"; }
	sed '/<dt>Command/d' "$name.html" > "$name" # which shows the options
}
page plain --metrics time
page lower --metrics time --lower-is-better time
! cmp -s plain lower || say 'negative control: --lower-is-better changes nothing'
page got -m time --lower time
cmp got lower || say '--lower TEXT is another page'
page got -qmtime --low=time
grep -q 'class="worse"' lower && grep -q 'class="worse"' got || say '--low=TEXT does not turn the verdict'
page sequential --metrics time --sequential
grep -q 'valid for one look' plain && ! grep -q 'valid for one look' sequential || say 'negative control: --sequential'
# A value is no option, and nothing behind a second -- is.
"$report" -o got log.tsv 2> err -- --metrics time --sequential-n --sequential
[ $? = 2 ] && grep -q 'not a number: "--sequential"' err || say 'the value of --sequential-n was not taken as one'
"$report" log.tsv > out 2> err -- --metrics time -- --daily
[ $? = 1 ] && grep -q 'cannot open --daily' err || { cat err; say 'a file behind the second --'; }

"$report" log.tsv >&- 2> err -- --metrics time
[ $? = 1 ] && grep -q 'standard output is closed' err || say 'a closed output'
"$report" -o got.html log.tsv >&- 2> err -- --metrics time || { cat err; say 'a closed output that is not needed'; }
sed '/<dt>Command/d' got.html > got
cmp got plain || say 'another page with a closed output'
cp -r "$RECPIPE_ROOT/pipelines" . || exit 1
chmod -R u+w pipelines
RECPIPE_BIN=$(dirname -- "$(command -v analyze-ab)")
export RECPIPE_BIN
for part in quote.sh quote.awk report-read.awk report-text.awk report-data.awk report-page.awk report-page.html \
	report-page.css report-page.js palette.css; do
	mv pipelines/lib/$part kept
	pipelines/report-experiment log.tsv > out 2> err
	[ $? = 1 ] && [ ! -s out ] && grep -q "^report-experiment: $part is missing" err || { cat err; say "without $part"; }
	mv kept pipelines/lib/$part
done
for part in quote.sh stages.sh positives.sh recipe.sh recipe.awk spaces.sh search.sh gate.sh heard.awk hdfs.sh hdfs-local.pom; do
	mv pipelines/lib/$part kept
	case $part in
	quote.sh) set -- demo nightly personalize backtest seminar simulate-experiment put-hdfs get-hdfs hdfs-local ;;
	stages.sh) set -- personalize backtest seminar simulate-experiment put-hdfs get-hdfs hdfs-local ;;
	hdfs.sh) set -- put-hdfs get-hdfs ;;
	hdfs-local.pom) set -- hdfs-local ;;
	positives.sh | spaces.sh) set -- personalize backtest ;;
	recipe.*) set -- personalize backtest nightly ;;
	search.sh) set -- backtest ;;
	*) set -- nightly ;;
	esac
	for script; do
		pipelines/"$script" --help > out 2> err
		[ $? = 1 ] && [ ! -s out ] && grep -q "^$script: $part is missing" err || { cat err; say "$script without $part"; }
	done
	mv kept pipelines/lib/$part
done
exit $bad
