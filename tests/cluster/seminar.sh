#!/bin/sh
# All of recpipe-seminar(7), the step with HDFS too, prints what the page says; with the loopback
# alone.
set -u
for tool in java mvn redis-server redis-cli unshare ip; do
	command -v $tool > /dev/null || {
		echo "there is no $tool"
		exit 77
	}
done
HADOOP_JARS=${HADOOP_JARS:-$RECPIPE_ROOT/build/hadoop/hdfs}
export HADOOP_JARS
if [ -z "${IN_NAMESPACE:-}" ]; then
	unshare -n true 2> /dev/null || {
		echo 'no network namespace can be made here'
		exit 77
	}
	"$RECPIPE_ROOT/pipelines/hdfs-local" download || exit 1
	IN_NAMESPACE=1 exec unshare -n sh -c 'ip link set lo up && exec sh "$0"' "$0"
fi
"$RECPIPE_ROOT/pipelines/seminar" "$RECPIPE_TMP/work" > "$RECPIPE_TMP/log" 2>&1 || {
	tail -n 20 "$RECPIPE_TMP/log"
	exit 1
}
! grep -q '^(not run' "$RECPIPE_TMP/log" || { echo 'a step was left out'; exit 1; }
sh "$RECPIPE_ROOT/tests/seminar-page.sh" "$RECPIPE_TMP/work" > "$RECPIPE_TMP/page" || exit 1
diff -u "$RECPIPE_ROOT/man/recpipe-seminar.7" "$RECPIPE_TMP/page"
