#!/bin/sh
# Every tool on its small input, while one thing fails: the k-th allocation, the
# k-th system call of each sort, or the tool is killed there. It must exit
# non-zero or have given the full right answer; a file of -o is the old one or the
# whole new one. FAULT_TOOLS names tools, FAULT_POINTS bounds k for each sort.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"
strace -o /dev/null true 2> /dev/null || {
	echo 'strace cannot trace here'
	exit 77
}
points=${FAULT_POINTS:-60}
bad=0
runs=0

# judge WHAT STATUS: after a run with a fault
judge()
{
	runs=$((runs + 1))
	# The loader itself dies of a failed mmap, before the tool begins.
	if [ "$2" -ge 128 ] && [ "$2" != "$killed" ] && [ "${1#mmap}" = "$1" ] &&
		! { [ "${1#allocation}" != "$1" ] && grep -qs '^crash-without-memory ' not; }; then
		echo "$tool: $1: ended by signal $(($2 - 128))"
		bad=1
	elif [ "$2" = 0 ] && ! cmp -s good.out out; then
		echo "$tool: $1: exit status 0 and a wrong answer"
		bad=1
	fi
}

# judge_file WHAT STATUS: the same for -o result
judge_file()
{
	runs=$((runs + 1))
	if [ "$2" = 0 ]; then
		cmp -s good.out result || {
			echo "$tool: -o, $1: exit status 0 and a wrong file"
			bad=1
		}
	elif ! cmp -s good.out result && [ "$(cat result)" != old ]; then
		echo "$tool: -o, $1: a torn file"
		bad=1
	fi
	if [ "$2" != "$killed" ] && ls -A | grep -qE '^\.?result.+'; then
		echo "$tool: -o, $1: a temporary is left behind"
		bad=1
	fi
	rm -f result.* .result*
}

# up_to N: the numbers of the points that are tried
up_to()
{
	awk -v n="$1" -v most="$points" 'BEGIN {
		step = n > most ? n / most : 1
		for (k = 1; k <= n; k += step) print int(k) }'
}

sweep_memory()
{
	shim=$RECPIPE_BUILD/tests/fail-malloc.so
	killed=none
	BEFORE="timeout 60 env FAIL_COUNT=$PWD/count LD_PRELOAD=$shim" go < "$feed" > out 2> err
	[ -s count ] || return
	for k in $(up_to "$(cat count)"); do
		BEFORE="timeout 60 env FAIL_AT=$k LD_PRELOAD=$shim" go < "$feed" > out 2> err
		judge "allocation $k fails" $?
	done
}

# sweep_calls [-o result]: system calls fail, of the tool itself (not of what it starts)
sweep_calls()
{
	: > trace
	BEFORE="timeout 60 strace -qq -o trace -e signal=none" go "$@" < "$feed" > out 2> err
	for call in read write openat close fsync rename mmap lseek newfstatat fcntl pread64; do
		n=$(grep -c "^$call(" trace)
		[ "$n" -gt 0 ] || continue
		for k in $(up_to "$n"); do
			for error in EIO ENOSPC EINTR; do
				case $call:$error in
				read:ENOSPC | openat:ENOSPC | mmap:ENOSPC | lseek:* | newfstatat:ENOSPC | fcntl:ENOSPC)
					[ "$call:$error" = lseek:EIO ] || continue
					;;
				openat:EINTR | mmap:EINTR | newfstatat:EINTR | fcntl:EINTR | rename:EINTR) continue ;;
				esac
				killed=none
				[ $# = 0 ] || echo old > result
				BEFORE="timeout 60 strace -qq -o /dev/null -e inject=$call:error=$error:when=$k" \
					go "$@" < "$feed" > out 2> err
				rc=$?
				if [ $# = 0 ]; then
					judge "$call $k: $error" $rc
				else
					judge_file "$call $k: $error" $rc
				fi
			done
			[ $# = 0 ] && continue
			killed=137
			echo old > result
			BEFORE="timeout 60 strace -qq -o /dev/null -e inject=$call:signal=KILL:when=$k" \
				go "$@" < "$feed" > out 2> err
			judge_file "killed at $call $k" $?
		done
	done
}

cd "$RECPIPE_TMP" || exit 1
for path in ${FAULT_TOOLS:-"$RECPIPE_BIN"/*}; do
	name=$(basename -- "$path")
	[ -d "$RECPIPE_ROOT/tests/every/$name" ] || continue
	every_enter "$name"
	RECPIPE_DUMP_OPTIONS=table "$tool" > options
	go < "$feed" > good.out 2> err || {
		echo "$tool: fails on its good input"
		bad=1
	}
	if ! grep -qs '^faults ' not; then
		[ "$RECPIPE_MODE" = release ] && sweep_memory
		sweep_calls
		if cut -f 1 options | grep -qx output && ! grep -qs '^output ' not; then
			sweep_calls -o result
		fi
	fi
	every_leave
done
echo "$runs runs"
exit $bad
