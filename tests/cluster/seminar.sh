#!/bin/sh
# All of recpipe-seminar(7), the step with HDFS too, prints what the page says; with the loopback
# alone.
set -u
. "$RECPIPE_ROOT/tests/hadoop.sh"
command -v redis-server > /dev/null && command -v redis-cli > /dev/null || {
	echo 'redis-server is missing'
	exit 77
}
"$RECPIPE_ROOT/pipelines/seminar" "$RECPIPE_TMP/work" > "$RECPIPE_TMP/log" 2>&1 || {
	tail -n 20 "$RECPIPE_TMP/log"
	exit 1
}
! grep -q '^(not run' "$RECPIPE_TMP/log" || { echo 'a step was left out'; exit 1; }
sh "$RECPIPE_ROOT/tests/seminar-page.sh" "$RECPIPE_TMP/work" > "$RECPIPE_TMP/page" || exit 1
diff -u "$RECPIPE_ROOT/man/recpipe-seminar.7" "$RECPIPE_TMP/page"
