#!/bin/sh
# stage by Spark, and by Spark with tries that are killed: the rows of a plain pipe, bytes as they are, whole
# keys; bad input ends it with 3 and the words of the task. SPARK is the command, spark-submit of PATH
# unless given.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
: "${SPARK:=spark-submit}"
command -v "${SPARK%% *}" > /dev/null || { echo 'no spark-submit'; exit 77; }
case $SPARK in *' '*) ;; *)
	SPARK="$SPARK --master local[2] --driver-memory 600m --conf spark.driver.host=127.0.0.1
		--conf spark.driver.bindAddress=127.0.0.1 --conf spark.ui.enabled=false" ;;
esac
export SPARK
stage="$RECPIPE_ROOT/pipelines/stage --engine spark"

mkdir in
seq 1 20000 | awk '{ print "u" $1 * 7919 % 300 "\ti" $1 }' > all
{ head -n 9000 all; printf '\377\ta\rb\nx\t\n'; } > in/part-a
tail -n +9001 all | gzip > in/part-b.gz
status 0 $stage --in in --out mapped --map cat
cat mapped/part-* > got
gzip -dc < in/part-b.gz | cat in/part-a - | cmp - got || complain 'the bytes of a map are not those that went in'
status 0 $stage --faults 20 --in in --out cut --key 1 --parts 5 --reduce 'cut -f 1 | uniq -c'
[ "$(cat cut/part-* | wc -l)" = 302 ] || complain 'a key was cut in two'
awk '{ n += $1 } END { exit n != 20002 }' cut/part-* || complain 'rows are lost'
status 3 $stage --in in --out bad --map 'echo "no good" >&2; exit 3'
grep -q 'no good' err.txt && [ ! -e bad ] || complain "bad input is not explained: $(cat err.txt)"
mkdir torn
gzip < all | head -c 9000 > torn/part-a.gz
status 3 $stage --in torn --out bad --key 1 --reduce cat
grep -q 'part-00000: .*torn' err.txt && [ ! -e bad ] || complain "a torn part is not explained: $(cat err.txt)"
exit "$failed"
