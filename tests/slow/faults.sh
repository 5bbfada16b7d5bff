#!/bin/sh
# Every tool on its small input, while one thing fails: the k-th allocation, or the
# k-th system call of each sort with each of its errors, or the tool is killed or
# interrupted there. It must exit non-zero or have given the full right answer, and
# never hang; a file it writes is the old one or the whole new one, and nothing is
# left beside it. The runs: the plain one; -o; a gzip twin of the input; a bad row
# skipped into --rejects; and each line of tests/every/TOOL/more, further options,
# whose further files are called more.NAME (more.newNAME where there is no old one).
#
# What a run does elsewhere (in Redis, in a folder) is told by tests/every/TOOL/state,
# after `renew` in the same folder has made it as it was before.
#
# FAULT_TOOLS names tools; FAULT_POINTS bounds k for each sort of call.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"
strace -o /dev/null true 2> /dev/null || {
	echo 'strace cannot trace here'
	exit 77
}
points=${FAULT_POINTS:-60}
bad=0
runs=0

complain()
{
	echo "$tool${how:+ ($how)}: $1"
	bad=1
}

# judge WHAT STATUS: after a run with a fault. `killed` is the status that the fault
# itself may give, `files` are those that the run writes: the tool must have left
# each as it was (the text `old`) or as the good run wrote it (FILE.good).
judge()
{
	runs=$((runs + 1))
	crashed=
	if [ "$2" -gt 128 ] && [ "$2" != "$killed" ]; then
		crashed=$(($2 - 128))
	fi
	if [ "$2" = 124 ]; then
		complain "$1: hangs"
	elif [ -n "$crashed" ] && [ "${1#mmap}" = "$1" ] &&
		! { [ "${1#allocation}" != "$1" ] && grep -qs '^crash-without-memory ' not; }; then
		# The loader itself dies of a failed mmap, before the tool begins.
		complain "$1: ended by signal $crashed"
	elif [ "$2" = 0 ] && ! cmp -s good.out out; then
		complain "$1: exit status 0 and a wrong answer"
	fi
	if [ -f state ]; then
		sh ./state > state.now 2>&1
		if cmp -s state.good state.now; then
			:
		elif [ "$2" = 0 ]; then
			complain "$1: exit status 0 and a wrong state"
		elif ! cmp -s state.old state.now && ! grep -qs '^state ' not; then
			complain "$1: neither the old state nor the new one"
		fi
	fi
	for file in $files; do
		if every_new "$file"; then
			continue
		elif [ "$2" = 0 ]; then
			complain "$1: exit status 0 and a wrong $file"
		elif [ -e "$file" ] && [ "$(cat "$file")" != old ]; then
			complain "$1: a torn $file"
		fi
	done
	[ -n "$files" ] || return
	if [ "$2" != 137 ] && [ -z "$crashed" ] && ls -A | grep -E '^\.?more\.[a-z]+.*' | grep -vqE '^more\.[a-z]+(\.good)?$'; then
		complain "$1: a temporary is left behind"
	fi
	# Only between its linking and its renaming has a new file a name.
	if [ "${1#killed at renameat}" = "$1" ] && grep -qs '^linkat(' trace && ls -A | grep -q recpipe-; then
		complain "$1: a name is left behind"
	fi
	for file in $files; do
		rm -f ".$file".recpipe-*
	done
}

# renew: what the run writes is the old text again, or not there: what begins with
# more.new is read by the tool when it exists
renew()
{
	[ ! -f renew ] || sh ./renew
	for file in $files; do
		case $file in
		more.new*) rm -f "$file" ;;
		*) echo old > "$file" ;;
		esac
	done
}

# up_to N: the numbers of the points that are tried
up_to()
{
	awk -v n="$1" -v most="$points" 'BEGIN {
		step = n > most ? n / most : 1
		for (k = 1; k <= n; k += step) print int(k) }'
}

# errors_of CALL: what can go wrong with it; nothing for what cannot fail or is not
# the tool's (the beginning and the end of the process)
errors_of()
{
	case $1 in
	read | pread64) echo EIO EINTR EAGAIN ENOMEM ;;
	write | writev | pwrite64) echo EIO ENOSPC EINTR EPIPE EFBIG ;;
	openat) echo EACCES EMFILE EINTR ENOENT ENOSPC ;;
	close) echo EIO EINTR ENOSPC ;;
	fsync | fdatasync) echo EIO ENOSPC EINTR ;;
	rename | renameat | linkat | unlinkat | link | unlink | mkdir | ftruncate | fchmod | fchown) echo EIO EACCES ENOSPC ;;
	syncfs) echo EIO ENOSPC ;;
	access | faccessat2 | readlink | readlinkat | getdents64) echo EIO ENOENT ;;
	mmap | mremap | munmap | mprotect | madvise) echo ENOMEM ;;
	newfstatat | fstat | fstatfs | lseek | fcntl | ioctl | flock) echo EIO ENOMEM ;;
	socket | pipe2 | dup2) echo EMFILE ENOMEM ;;
	clone | clone3 | vfork | fork) echo EAGAIN ENOMEM ;;
	connect) echo ECONNREFUSED ETIMEDOUT EINTR ;;
	poll | ppoll | select | wait4) echo EINTR ENOMEM ;;
	sendto | sendmsg) echo EPIPE ECONNRESET EINTR EAGAIN ;;
	recvfrom | recvmsg) echo ECONNRESET EINTR EAGAIN ;;
	setsockopt | setpgid | getrandom | prctl | prlimit64 | kill) echo EPERM ;;
	esac
}

# fault WHAT WORDS..: one run behind WORDS, judged
fault()
{
	fault_what=$1
	shift
	renew
	BEFORE="timeout 20 $*"
	eval "go $options" < "$feed" > out 2> err
	judge "$fault_what" $?
}

sweep_memory()
{
	shim=$RECPIPE_BUILD/tests/fail-malloc.so
	killed=none
	BEFORE="timeout 60 env FAIL_COUNT=$PWD/count LD_PRELOAD=$shim"
	renew
	eval "go $options" < "$feed" > out 2> err
	[ -s count ] || return
	for k in $(up_to "$(cat count)"); do
		fault "allocation $k fails" env "FAIL_AT=$k" "LD_PRELOAD=$shim"
	done
}

# sweep_calls: system calls fail, of the tool itself (not of what it starts)
sweep_calls()
{
	: > trace
	renew
	BEFORE="timeout 60 strace -qq -o trace -e signal=none"
	eval "go $options" < "$feed" > out 2> err
	sed -n 's/^\([a-z][a-z0-9_]*\)(.*/\1/p' trace | sort | uniq -c > calls
	while read -r n call; do
		errors=$(errors_of "$call")
		[ -n "$errors" ] || continue
		for k in $(up_to "$n"); do
			killed=none
			for error in $errors; do
				! grep -qs "^$error " not || continue
				fault "$call $k: $error" strace -qq -o /dev/null -e "inject=$call:error=$error:when=$k"
			done
			[ -n "$files" ] || [ -f state ] || continue
			killed=137
			fault "killed at $call $k" strace -qq -o /dev/null -e "inject=$call:signal=KILL:when=$k"
			killed=143
			fault "terminated at $call $k" strace -qq -o /dev/null -e "inject=$call:signal=TERM:when=$k"
		done
	done < calls
}

# sweep HOW OPTIONS [FILE]..: OPTIONS are further words, the FILEs are written by it
sweep()
{
	how=$1 options=$2
	shift 2
	files=$*
	renew
	[ ! -f state ] || sh ./state > state.old 2>&1
	BEFORE=
	eval "go $options" < "$feed" > good.out 2> err || {
		complain 'fails without a fault'
		return
	}
	[ ! -f state ] || sh ./state > state.good 2>&1
	for file in $files; do
		cp "$file" "$file.good"
	done
	[ "$RECPIPE_MODE" = release ] && sweep_memory
	sweep_calls
}

has_option()
{
	cut -f 1 options | grep -qx -- "$1"
}

cd "$RECPIPE_TMP" || exit 1
for path in ${FAULT_TOOLS:-"$RECPIPE_BIN"/*}; do
	name=$(basename -- "$path")
	[ -d "$RECPIPE_ROOT/tests/every/$name" ] || continue
	every_enter "$name"
	RECPIPE_DUMP_OPTIONS=table "$tool" > options
	every_pad
	plain=$feed
	sweep '' ''
	if has_option output && ! grep -qs '^output ' not; then
		sweep '-o' '-o more.result' more.result
	fi
	if [ "$plain" != /dev/null ] && ! grep -qs '^gzip ' not; then
		gzip -n < "$plain" > twin.gz
		feed=twin.gz
		sweep gzip ''
	fi
	if [ "$plain" != /dev/null ] && [ -z "$json" ] && has_option rejects && ! grep -qs '^skip ' not; then
		{ cat "$plain"; printf 'a\0b\n'; } > twin
		feed=twin
		sweep rejects '--on-error=skip --rejects more.rejects' more.rejects
	fi
	feed=$plain
	if [ -f more ]; then
		while IFS= read -r line <&3; do
			sweep "$line" "$line" $(printf '%s\n' "$line" | grep -oE '\bmore\.[a-z]+')
		done 3< more
	fi
	every_leave
done
echo "$runs runs"
exit $bad
