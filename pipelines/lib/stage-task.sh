# shellcheck shell=sh
# stage-task.sh WORK PART - a task of stage, where it runs: tries until its part is there. Run by
# xargs and by Slurm; two of the same part may run at once.
#
# WORK/in/PART is read, a try has a folder of its own, WORK/tries/PART.*; the first that
# succeeds becomes WORK/done/PART, by rename. WORK/stop: the stage has failed. The status
# is 0 then too, or when there is no more to be done: stage looks at what is there.
set -u
LC_ALL=C
export LC_ALL
work=$1 part=$2
read -r attempts faults < "$work/limits" || exit 0
STAGE_PART=${part#part-}
while :; do case $STAGE_PART in 0?*) STAGE_PART=${STAGE_PART#0} ;; *) break ;; esac done
export STAGE_PART

# drawn TEXT: a number from 0 to 99 that the text decides
drawn() { printf '%s' "$1" | cksum | awk '{ print int($1 / 7) % 100 }'; }

# rows FILE
rows() { awk 'END { print NR }' < "$1"; }

# fail STATUS: for good
fail()
{
	printf '%s\t%s\n' "$1" "$try" > "$try/stop" && mv -f "$try/stop" "$work/stop"
	exit 0
}

# run: the command; its status is that of the try
run()
{
	cd "$work/folder" || exit 1
	exec sh ./command < "$try/in" > "$try/out" 2> "$try/err"
}

# lost: killed after a while, wherever it is then
lost()
{
	cd "$work/folder" || exit 1
	setsid sh ./command < "$try/in" > "$try/out" 2> "$try/err" &
	pid=$!
	sleep "0.0$(drawn "moment $part $n")"
	kill -s KILL -- "-$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
	status=137
}

while :; do
	[ ! -d "$work/done/$part" ] && [ ! -e "$work/stop" ] && [ -d "$work/tries" ] || exit 0
	try=$(mktemp -d "$work/tries/$part.XXXXXX") || exit 0
	n=$(find "$work/tries" -maxdepth 1 -name "$part.*" | wc -l)
	status=0
	case $(readlink -- "$work/in/$part") in
	*.gz) gzip -dc < "$work/in/$part" > "$try/in" 2> "$try/err" || status=3 ;;
	*) ln -s "$work/in/$part" "$try/in" ;;
	esac
	[ -r "$try/in" ] || status=1 # gone, and not empty
	if [ "$n" -lt "$attempts" ] && [ "$(drawn "lost $part $n")" -lt "$faults" ]; then
		lost
	elif [ $status = 0 ] && [ -s "$try/in" ]; then
		(run)
		status=$?
	elif [ $status = 0 ]; then
		: > "$try/out"
		: > "$try/err"
	fi
	if [ $status = 0 ]; then
		printf 'rows_in\t%s\nrows_out\t%s\n' "$(rows "$try/in")" "$(rows "$try/out")" > "$try/counters" || exit 0
		sed -n 's/^reporter:counter:\(.*\),\([0-9]*\)$/\1	\2/p' "$try/err" >> "$try/counters" || exit 0
		rm -f "$try/in"
		mv -T "$try" "$work/done/$part" 2> /dev/null || : # a twin was first
		exit 0
	fi
	printf '%s\n' "$status" > "$try/status"
	rm -f "$try/in"
	case $status in 2 | 3) fail $status ;; esac
	[ "$n" -lt "$attempts" ] || fail $status
done
