#!/bin/sh
# Every command of recpipe-seminar(7) runs, in its order, and prints what the page says; that with
# HDFS in tests/cluster/seminar.sh.
set -u
command -v redis-server > /dev/null && command -v redis-cli > /dev/null || {
	echo 'redis-server is missing'
	exit 77
}
HDFS=none "$RECPIPE_ROOT/pipelines/seminar" "$RECPIPE_TMP/work" > "$RECPIPE_TMP/log" 2>&1 || {
	tail -n 20 "$RECPIPE_TMP/log"
	exit 1
}
[ "$(grep -c '^== ' "$RECPIPE_TMP/log")" -ge 15 ] || { echo 'steps are missing'; exit 1; }
grep -qx '(not run: HDFS=none)' "$RECPIPE_TMP/log" || { echo 'the step with HDFS is not named as left out'; exit 1; }
sh "$RECPIPE_ROOT/tests/seminar-page.sh" "$RECPIPE_TMP/work" > "$RECPIPE_TMP/page" || exit 1
diff -u "$RECPIPE_ROOT/man/recpipe-seminar.7" "$RECPIPE_TMP/page" || {
	echo '^ the page (-) is not what the commands print (+); sh tests/seminar-page.sh --write WORK mends it'
	exit 1
}
