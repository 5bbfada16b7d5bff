# shellcheck shell=sh
# stage-pipe.sh - the command of a stage where an engine runs it: rows on standard input and
# output. Beside it: stage-command, the command, and stage-settings, which sets TOOLS, MARK
# and ATTEMPTS.
#
# An engine tries every task again that fails. What must not be tried again, exit status 2 or
# 3, and the last try of any other, end with 0 and rows that begin with MARK: the status and what
# was written to standard error. stage finds them when the counter is there, and throws the
# output away.
set -u
LC_ALL=C
export LC_ALL
. ./stage-settings || exit 1
PATH=$TOOLS:$PATH
STAGE_PART=${mapreduce_task_partition:-0}
export PATH STAGE_PART
own=${TMPDIR:-/tmp}/stage.$$
mkdir -m 700 "$own" || exit 1
trap 'rm -rf "$own"' EXIT

# Streaming takes a CR for the end of a line, and would change such rows unseen.
{ { sh ./stage-command 3>&-; echo $? > "$own/status"; } 2>&1 >&3 3>&- | tee "$own/err" >&2; } 3>&1 |
	awk '{ print } /\r/ { cr = 1 } END { exit cr }'
cr=$?
status=$(cat "$own/status") || exit 1
[ "$status$cr" != 01 ] || {
	echo 'a CR in a row that the command writes: Hadoop Streaming would cut the row there' >> "$own/err"
	status=3
}
cat > /dev/null # an engine takes rows that nobody reads for a failure
[ "$status" != 0 ] || exit 0

# The number of this try, from 0: of Hadoop by the task's id, of Spark as stage-spark.py says.
attempt=${STAGE_ATTEMPT:-${mapreduce_task_attempt_id##*_}}
[ "${mapreduce_framework_name:-}" != local ] || attempt=$ATTEMPTS
case $status in
2 | 3) ;;
*) [ "$attempt" -ge $((ATTEMPTS - 1)) ] || exit "$status" ;;
esac
echo 'reporter:counter:stage,failed,1' >&2
sed '/^reporter:/d' "$own/err" | head -c 20000 |
	HEAD="$MARK	$status	${mapreduce_task_id:-}	" awk '
		{ print ENVIRON["HEAD"] $0 } END { if (!NR) print ENVIRON["HEAD"] }'
exit 0
