#!/bin/sh
# Every tool, on an input of more than 512 kB (further columns of padding), while the k-th
# read, write, close, fsync or rename of it fails, for every k: its exit status is not 0,
# and what it was to replace is the old file or the whole new one. Where a call is only
# interrupted or does half of what it could, and where a file without a name cannot be
# made or linked, the answer is right. A preloaded library does it (tests/shims/fail-io.c);
# tests/slow/faults.sh does the same below libc, for every system call.
#
# The runs are those of the slow sweep: the plain one, -o, a bad row into --rejects, each
# line of tests/every/TOOL/more. `not` may say for a tool, with a reason:
#	io-pipes	calls at pipes and sockets are left alone: they go to other processes
# IO_TOOLS names tools.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"
shim=$RECPIPE_BUILD/tests/fail-io.so
bad=0
runs=0

complain()
{
	echo "$tool${how:+ ($how)}: $1"
	sed 's/^/    stderr: /' err | cut -c 1-200 | head -n 3
	bad=1
}

# preload WORD..: the words that let the tool run with the library
preload()
{
	BEFORE="env ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 FAIL_PROGRAM=$tool $only $* LD_PRELOAD=$shim"
}

renew()
{
	for file in $files; do
		case $file in
		more.new*) rm -f "$file" ;;
		*) echo old > "$file" ;;
		esac
	done
}

run()
{
	renew
	runs=$((runs + 1))
	eval "go $options" < "$feed" > out 2> err
}

# right: is everything as the run without a fault left it?
right()
{
	cmp -s good.out out || return
	for file in $files; do
		every_new "$file" || return
	done
}

# whole WHAT: each file is the old one or the new one, and nothing is beside it
whole()
{
	for file in $files; do
		[ ! -e "$file" ] || [ "$(head -c 4 "$file")" = old ] || every_new "$file" ||
			complain "$1: a torn $file"
	done
	case $(echo .*.recpipe-*) in
	'.*.recpipe-*') ;;
	*)
		complain "$1: a temporary is left behind"
		rm -f .*.recpipe-*
		;;
	esac
}

# must_fail CALL ERRNO: every k-th call; of many the first eight and the last two
must_fail()
{
	k=0
	while [ "$k" -lt "$n" ]; do
		k=$((k + 1))
		[ "$k" -le 8 ] || [ "$k" -gt $((n - 2)) ] || continue
		preload FAIL_CALL="$1" FAIL_AT="$k" FAIL_ERRNO="$2" FAIL_COUNT=count.now
		rm -f count.now
		run
		rc=$?
		# How many reads there are at a pipe is not the same in every run: the k-th may not have come.
		if [ $rc = 0 ] && [ "$(sed -n "s/^$1	//p" count.now)" -lt "$k" ]; then
			right || complain "$1 $k of $n never came, and another answer"
		elif [ $rc = 0 ]; then
			complain "$1 $k of $n fails with $2: exit status 0"
		elif [ $rc -gt 4 ]; then
			complain "$1 $k of $n fails with $2: exit status $rc"
		fi
		whole "$1 $k of $n fails with $2"
	done
}

# must_not_matter CALL ERRNO K
must_not_matter()
{
	[ "$n" -gt 0 ] || return
	preload FAIL_CALL="$1" FAIL_AT="$3" FAIL_ERRNO="$2"
	run
	rc=$?
	[ $rc = 0 ] && right || complain "$1 $3 of $n: $2: exit status $rc, or another answer"
}

count_of()
{
	sed -n "s/^$1	//p" count
}

# sweep HOW OPTIONS [FILE]..: OPTIONS are further words, the FILEs are written by it
sweep()
{
	how=$1 options=$2
	shift 2
	files=$*
	preload FAIL_COUNT=count
	rm -f count
	run || complain "fails without a fault"
	cp out good.out
	for file in $files; do
		cp "$file" "$file.good"
	done
	[ -s count ] || {
		complain 'the library was not loaded'
		return
	}
	# Each file is synced, renamed, and its folder synced.
	[ "$(count_of fsync)" -ge $((2 * $#)) ] && [ "$(count_of rename)" -ge $# ] ||
		complain 'a file or its folder is not synced'
	while read -r call n; do
		case $call in
		read)
			case $how in -o | rejects) continue ;; esac # as in the plain run
			must_fail read EIO
			must_not_matter read EINTR 2
			must_not_matter read SHORT all
			;;
		write)
			must_fail write ENOSPC
			must_not_matter write EINTR 1
			must_not_matter write SHORT all
			;;
		fsync)
			must_fail fsync EIO
			must_not_matter fsync EINTR 1
			;;
		close | rename) must_fail "$call" EIO ;;
		link) must_not_matter link EPERM all ;;
		tmpfile) must_not_matter tmpfile EOPNOTSUPP all ;;
		esac
	done < count
}

has_option()
{
	cut -f 1 options | grep -qx -- "$1"
}

# In memory, where that is a folder: thousands of syncs to a disk take their time.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
	RECPIPE_TMP=$(mktemp -d /dev/shm/recpipe-io.XXXXXX) || exit 1
	trap 'rm -rf -- "$RECPIPE_TMP"' EXIT
	trap 'exit 1' INT TERM
fi
cd "$RECPIPE_TMP" || exit 1
for path in ${IO_TOOLS:-"$RECPIPE_BIN"/*}; do
	name=$(basename -- "$path")
	[ -d "$RECPIPE_ROOT/tests/every/$name" ] || continue
	every_enter "$name"
	only=
	! grep -qs '^io-pipes ' not || only=FAIL_FILES=yes
	RECPIPE_DUMP_OPTIONS=table "$tool" > options
	every_pad
	sweep '' ''
	if has_option output && ! grep -qs '^output ' not; then
		sweep '-o' '-o more.result' more.result
	fi
	if [ "$feed" != /dev/null ] && [ -z "$json" ] && has_option rejects && ! grep -qs '^skip ' not; then
		plain=$feed feed=twin
		{ cat "$plain"; printf 'a\0b\n'; } > twin
		sweep rejects '--on-error=skip --rejects more.rejects' more.rejects
		feed=$plain
	fi
	if [ -f more ]; then
		while IFS= read -r line <&3; do
			sweep "$line" "$line" $(printf '%s\n' "$line" | grep -oE '\bmore\.[a-z]+')
		done 3< more
	fi
	every_leave
done
echo "$runs runs"
exit $bad
