# shellcheck shell=sh
# stage-pipe.sh - the command of a stage where Hadoop runs it: rows on standard input and
# output. Beside it: stage-command, the command, and stage-settings, which sets TOOLS, MARK,
# ATTEMPTS and FAULTS.
#
# Hadoop tries every task again that fails. What must not be tried again, exit status 2 or
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
own=$(mktemp -d "$PWD/.stage.XXXXXX") || exit 1 # goes with the folder, if this one is killed
trap 'rm -rf "$own"' EXIT

# The number of this try, from 0, by the task's id.
attempt=${mapreduce_task_attempt_id:-}
attempt=${attempt##*_}
[ "${mapreduce_framework_name:-}" != local ] || attempt=$ATTEMPTS

# drawn TEXT: a number from 0 to 99 that the text and the id of this try decide
drawn() { printf '%s' "$1 ${mapreduce_task_attempt_id:-}" | cksum | awk '{ print int($1 / 7) % 100 }'; }

# A try that is lost dies as it would with its machine; without daemons, where nobody tries again,
# it is the command that dies, and is run again here. A twin runs at once, for nothing.
if [ "$FAULTS" -gt 0 ] && [ "$(drawn lost)" -lt "$FAULTS" ]; then
	moment=$(drawn moment)
	if [ "$attempt" -lt $((ATTEMPTS - 1)) ]; then
		{
			sleep "0.0$moment"
			[ ! -d "$own" ] || kill -s KILL $$
		} < /dev/null > /dev/null 2>&1 &
	elif [ "${mapreduce_framework_name:-}" = local ]; then
		cat > "$own/in" && exec < "$own/in" || exit 1
		setsid sh ./stage-command < "$own/in" > /dev/null 2>&1 &
		sleep "0.0$moment"
		kill -s KILL -- "-$!" 2> /dev/null
	fi
fi
twin=
if [ "$FAULTS" -gt 0 ] && [ "$(drawn twin)" -lt "$FAULTS" ]; then
	[ -f "$own/in" ] || { cat > "$own/in" && exec < "$own/in"; } || exit 1
	sh ./stage-command < "$own/in" > /dev/null 2>&1 &
	twin=$!
fi

# Streaming takes a CR for the end of a line, and would change such rows unseen.
{ { sh ./stage-command 3>&-; echo $? > "$own/status"; } 2>&1 >&3 3>&- | tee "$own/err" >&2; } 3>&1 |
	awk '{ print } /\r/ { cr = 1 } END { exit cr }'
cr=$?
status=$(cat "$own/status") || exit 1
[ "$status$cr" != 01 ] || {
	echo 'a CR in a row that the command writes: Hadoop Streaming would cut the row there' >> "$own/err"
	status=3
}
[ -z "$twin" ] || wait "$twin"
cat > /dev/null # Hadoop takes rows that nobody reads for a failure
[ "$status" != 0 ] || exit 0

case $status in
2 | 3) ;;
*) [ "$attempt" -ge $((ATTEMPTS - 1)) ] || exit "$status" ;;
esac
echo 'reporter:counter:stage,failed,1' >&2
sed '/^reporter:/d' "$own/err" | head -c 20000 |
	HEAD="$MARK	$status	${mapreduce_task_id:-}	" awk '
		{ print ENVIRON["HEAD"] $0 } END { if (!NR) print ENVIRON["HEAD"] }'
exit 0
