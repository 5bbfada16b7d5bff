#!/bin/sh
# make install: PREFIX= and prefix= below DESTDIR, programs stripped by install-strip,
# pages and completions in their places; the demo's data beside the pipelines; nightly's
# crontab line as its help gives it, in cron's environment; uninstall leaves nothing.
set -u
cd "$RECPIPE_TMP" || exit 1
[ "$RECPIPE_MODE" = release ] || {
	echo 'only the release build is installed'
	exit 77
}
. "$RECPIPE_ROOT/tests/redis.sh"
quietly()
{
	"$@" > log 2>&1 || {
		complain "failed: $*"
		tail -n 20 log
		exit 1
	}
}
# Nothing is built here: -o all.
into() { quietly make -C "$RECPIPE_ROOT" -s -o all "$@"; }

into install DESTDIR="$RECPIPE_TMP/stage" PREFIX=/opt/recs
(cd stage && find . ! -type d | sort) > staged
for wanted in bin/train-mf bin/recpipe-nightly share/man/man1/train-mf.1 share/man/man7/recpipe.7 \
	share/man/man3/recpipe.3 lib/librecpipe.a lib/pkgconfig/recpipe.pc include/recpipe/reader.h \
	share/bash-completion/completions/train-mf share/recpipe/pipelines/lib/stages.sh \
	share/recpipe/pipelines/lib/report-page.css \
	share/recpipe/pipelines/data/ml-latest-small/README.txt; do
	grep -qx "./opt/recs/$wanted" staged || complain "not installed: $wanted"
done
into install DESTDIR="$RECPIPE_TMP/other" prefix=/opt/recs
(cd other && find . ! -type d | sort) | cmp -s - staged || complain 'prefix= installs something else than PREFIX='
# What is staged works where it is moved to.
mv stage/opt/recs moved
[ "$(moved/bin/recpipe-personalize --help | head -n 1)" = "$("$RECPIPE_ROOT/pipelines/personalize" --help | head -n 1)" ] ||
	complain 'personalize does not run where it was moved to'
into uninstall DESTDIR="$RECPIPE_TMP/other" PREFIX=/opt/recs
left=$(find other ! -type d)
[ -z "$left" ] || complain "uninstall leaves $left"

into install-strip PREFIX="$RECPIPE_TMP/prefix"
# A program without symbols: no section .symtab.
if command -v readelf > /dev/null; then
	for program in prefix/bin/*; do
		[ -h "$program" ] || ! readelf -S "$program" | grep -q '\.symtab' ||
			complain "not stripped: $program"
	done
fi

# As cron does it: the line's five fields taken off, an environment of nothing but its own.
as_cron()
{
	env -i HOME="$RECPIPE_TMP" LOGNAME=recs SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "$1"
}
redis_start
mkdir logs
gzip -dc "$RECPIPE_ROOT/pipelines/data/ml-latest-small/ratings.csv.gz" | tr -d '\r' |
	awk -F , 'NR > 1 && NR < 30000 {
		printf "{\"message\": \"next\", \"timestamp\": %d, \"user\": %d, \"track\": %d, \"time\": %.2f, " \
			"\"latency\": 0, \"recommendation\": %d, \"experiments\": {}}\n", $4 * 1000, $1, $2, $3 / 5, $2 }' \
	> logs/app.json
line=$(prefix/bin/recpipe-nightly --help | sed -n 's/^ *30 3 \* \* \* *//p')
case $line in
*' /usr/local/bin/recpipe-nightly /var/lib/recs /var/log/app/*.json.gz') ;;
*) complain "nightly --help gives another crontab line: $line" ;;
esac
gzip logs/app.json
line=$(printf '%s\n' "$line" | sed -e "s|redis://127.0.0.1:6379/0|$url|" -e "s|/usr/local|$RECPIPE_TMP/prefix|" \
	-e "s|/var/lib/recs|$RECPIPE_TMP/store|" -e "s|/var/log/app|$RECPIPE_TMP/logs|")
as_cron "FACTORS=8 EPOCHS=2 $line" > out 2> err || complain "the crontab line fails: $(cat err)"
[ ! -s out ] && [ ! -s err ] || complain "the crontab line is not silent: $(cat out err)"
[ "$(redis hlen recs:lists)" -gt 100 ] || complain 'the crontab line published nothing'

# The demo finds its data, and writes into the current folder.
mkdir elsewhere
(cd elsewhere && TUNE=0 EPOCHS=2 REDIS=none as_cron "TUNE=0 EPOCHS=2 REDIS=none '$RECPIPE_TMP/prefix/bin/recpipe-demo'") \
	> out 2> err || complain "the demo fails: $(tail -n 5 err)"
[ -s elsewhere/recpipe-demo/report.txt ] || complain 'the demo wrote no report'
exit $bad
