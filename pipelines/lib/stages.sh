# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# stages.sh - what the pipelines share: stages that are done again only when what they
# depend on has changed, and a private Redis. Sourced, with `here` the scripts' folder.

lib=$here/lib
[ -r "$lib/quote.sh" ] || {
	echo "${0##*/}: quote.sh is missing from the folder lib beside the script" >&2
	exit 1
}
# shellcheck source=quote.sh
. "$lib/quote.sh"

# die STATUS TEXT...
die()
{
	status=$1
	shift
	shown "${0##*/}: $*" >&2
	exit "$status"
}

# The tools of the checkout this script lies in, else those of PATH.
if [ -n "${RECPIPE_BIN:-}" ]; then
	case $RECPIPE_BIN in /*) ;; *) RECPIPE_BIN=$PWD/$RECPIPE_BIN ;; esac # the folder changes
	PATH=$RECPIPE_BIN:$PATH
elif [ -x "$here/../bin/train-mf" ]; then
	PATH=$here/../bin:$PATH
fi
export PATH # which an empty environment does not have
command -v train-mf > /dev/null || tools_missing=1

# is_count TEXT LEAST MOST: digits, a number in this range
is_count()
{
	case $1 in '' | 0?* | *[!0-9]* | ?????????*) return 1 ;; esac
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# check_count NAME VALUE LEAST MOST: a usage error unless the setting is a count in this range
check_count() { is_count "$2" "$3" "$4" || die 2 "$1 is a count from $3 to $4, not $2"; }

# check_kernel: KERNEL
check_kernel()
{
	case $KERNEL in auto | portable | avx2 | avx512) ;; *) die 2 "KERNEL is auto, portable, avx2 or avx512, not $KERNEL" ;; esac
}

# absolute FILE: its path from the root
absolute()
{
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "$1" ;;
	esac
}

# put FILE COMMAND...: the command's output becomes FILE when it has succeeded. It is
# written beside it, in a file that was not there, by a name that nobody can foresee:
# what is planted in the folder is not followed. The status is the command's.
put()
{
	put_file=$1
	shift
	case $put_file in */*) put_part=${put_file%/*}/.part.XXXXXX ;; *) put_part=./.part.XXXXXX ;; esac
	put_part=$(mktemp "$put_part") || return
	"$@" > "$put_part" 9>&- && chmod '=rw' "$put_part" && mv -f -- "$put_part" "$put_file" && return
	put_status=$?
	rm -f -- "$put_part"
	return $put_status
}

# sweep FOLDER...: the parts of files that a killed run has left go. (By find: scripts set -f.)
sweep()
{
	command -v flock > /dev/null || return 0 # another run may be at work here
	find "$@" -maxdepth 1 -name '.part.*' -exec rm -f {} +
}

# enter_work FOLDER: makes it the current one; one run at a time in it (fd 9 is the
# lock: a process that outlives the run must not have it).
enter_work()
{
	[ -z "${tools_missing:-}" ] || die 1 'train-mf is not in PATH; has make been run?'
	mkdir -p -- "$1/.stamps" && cd -- "$1" || die 1 "cannot make $1"
	work=$(pwd -P)
	if command -v flock > /dev/null; then
		exec 9>> .lock || exit 1
		flock -n 9 || die 1 "another run is at work in $work"
		sweep . .stamps || exit 1
	fi
	shown "+ cd $work" >&2
}

# ---- stages ------------------------------------------------------------------

# hash_of FILE: its SHA-256; that of a large file by openssl where it is there, whose code for this
# processor takes a quarter of the time
if command -v sha256sum > /dev/null; then
	hash_of()
	{
		if [ "${2:-0}" -ge "$LARGE" ] && command -v openssl > /dev/null &&
			hash=$(openssl dgst -sha256 -r < "$1" 2> /dev/null); then
			printf '%s\n' "${hash%% *}"
			return
		fi
		hash=$(sha256sum < "$1") || return
		printf '%s\n' "${hash%% *}"
	}
else
	hash_of() { cksum < "$1" | tr ' ' -; }
fi

# hash_file FILE: sets `hash`; that of a large file that this run has hashed, and that is still the
# same (file, size, time of its last change), is remembered. Small ones can change within one tick
# of that time, and cost nothing.
LARGE=16777216
known_hashes=
manifest=manifest.tsv
hash_file()
{
	hash_about=$(stat -Lc '%s %d:%i:%z' -- "$1" 2> /dev/null)
	hash_size=${hash_about%% *}
	if [ "${hash_size:-0}" -lt "$LARGE" ]; then
		hash=$(hash_of "$1")
		return
	fi
	case $known_hashes in
	*"|$hash_about="*)
		hash=${known_hashes##*"|$hash_about="}
		hash=${hash%%|*}
		;;
	*)
		hash=$(hash_of "$1" "$hash_size") || return
		known_hashes="$known_hashes|$hash_about=$hash|"
		;;
	esac
}

# show COMMAND...: as it could be typed
show()
{
	line=
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_./:=,@%+-]*)
			quote_sh "$word"
			word=$quoted
			;;
		esac
		line="$line${line:+ }$word"
	done
}

# trace TEXT: what runs, for people to see
trace()
{
	printf '+ %s\n' "$1" | shown_lines >&2
}

# version COMMAND: what would make its output another one
version()
{
	path=$(command -v "$1") || die 1 "$1 is not in PATH"
	if [ -x "$path" ]; then hash_of "$path"; else printf '%s\n' "$1"; fi
}

# reads FILE...: the inputs of the stage that follows
reads()
{
	inputs=
	for input; do
		hash_file "$input"
		inputs="$inputs$input	$hash
"
	done
}

# stage NAME OUTPUTS COMMAND...: runs it unless its stamp still holds; when it fails, the script (or
# the subshell, which says by stage_after what follows) ends. A command
# without -o (or --output-folder) writes its standard output to the first output. The
# function that `prepare` names is called before, when the command is to run at all.
stage()
{
	name=$1 outputs=$2
	shift 2
	first=${outputs%% *}
	to=$first
	for word; do
		case $word in -o | --output-folder) to='' ;; esac
	done
	show "$@"
	line="$line${to:+ > $to}"
	key="$line
$(version "$1")
$inputs"
	if [ -f ".stamps/$name" ]; then
		made=
		for output in $outputs; do
			[ -f "$output" ] && hash_file "$output" && made="$made$output	$hash
"
		done
		if [ "$(cat ".stamps/$name")" = "$(printf '%s\n%s' "$key" "$made")" ]; then
			printf '= %s: as before\n' "$name" >&2
			return
		fi
	fi
	rm -f -- ".stamps/$name"
	if [ -n "${prepare:-}" ]; then
		its=$line
		"$prepare"
		line=$its
	fi
	trace "$line"
	began=$(date +%s)
	at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	if [ -n "$to" ]; then
		put "$to" "$@"
	else
		"$@" 9>&-
	fi
	status=$?
	seconds=$(($(date +%s) - began))
	[ -f "$manifest" ] || printf 'time\tstage\tstatus\tseconds\thash\tversion\tcommand\n' > "$manifest"
	if [ $status != 0 ]; then
		printf '%s\t%s\t%s\t%s\t\t\t%s\n' "$at" "$name" "$status" "$seconds" \
			"$(printf '%s' "$line" | tr '\n\t' '  ')" >> "$manifest"
		die "$status" "stage $name failed (exit status $status); ${stage_after:-nothing later was run}"
	fi
	made=
	for output in $outputs; do
		hash_file "$output"
		made="$made$output	$hash
"
	done
	hash_file "$first"
	printf '%s\t%s\t0\t%s\t%s\t%s\t%s\n' "$at" "$name" "$seconds" "$hash" \
		"$("$1" --version 2> /dev/null | head -n 1 | tr '\t' ' ')" \
		"$(printf '%s' "$line" | tr '\n\t' '  ')" >> "$manifest"
	put ".stamps/$name" printf '%s\n%s' "$key" "$made" || die 1 "cannot write in $work"
}

# at_once COMMAND...: stages that do not depend on each other, each COMMAND a function of them, at once where
# THREADS is above 1. What the first one says is seen at once, that of the others when they have ended; rows of
# the manifest come in the order of the commands. When all have ended, the script ends with the status of the
# first one that failed.
at_once()
{
	if [ "${THREADS:-1}" = 1 ]; then
		for branch; do "$branch"; done
		return
	fi
	branches=
	for branch; do
		[ "$branch" = "$1" ] || rm -f ".$branch.said"
		(
			exec 9>&-
			[ "$branch" = "$1" ] || exec 2> ".$branch.said"
			manifest=.$branch.manifest known_before=$known_hashes
			rm -f "$manifest"
			"$branch" || exit
			put ".$branch.known" printf '%s' "${known_hashes#"$known_before"}"
		) &
		branches="$branches $!"
	done
	trap 'end_branches 129' HUP
	trap 'end_branches 130' INT
	trap 'end_branches 143' TERM
	failed_branch=0
	for branch; do
		branches=${branches# }
		wait "${branches%% *}"
		branch_status=$?
		case $branches in *' '*) branches=${branches#* } ;; *) branches= ;; esac
		[ "$branch" = "$1" ] || cat ".$branch.said" >&2
		[ ! -f ".$branch.manifest" ] || tail -n +2 ".$branch.manifest" >> manifest.tsv
		[ ! -f ".$branch.known" ] || known_hashes="$known_hashes$(cat ".$branch.known")"
		rm -f ".$branch.said" ".$branch.manifest" ".$branch.known"
		[ "$failed_branch" != 0 ] || failed_branch=$branch_status
	done
	trap - HUP INT TERM
	[ "$failed_branch" = 0 ] || exit "$failed_branch"
}

# end_branches STATUS: what runs at once is told to end
end_branches()
{
	# shellcheck disable=SC2086 # several numbers
	kill $branches 2> /dev/null
	exit "$1"
}

# ---- a Redis of our own, for the run -------------------------------------------

server=''

stop_server()
{
	if [ -n "$server" ]; then
		kill "$server" 2> /dev/null
		wait "$server" 2> /dev/null
		rm -f redis.socket
	fi
	server=''
}

# start_server: sets url. The socket is named from the current folder: a path has
# room for 107 bytes, and not every work folder's is that short.
start_server()
{
	trap stop_server EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	url=unix://redis.socket
	set -- redis-server --port 0 --unixsocket redis.socket --unixsocketperm 700 --save '' \
		--appendonly no --dir . --daemonize no
	show "$@"
	trace "$line &"
	"$@" > redis.log 2>&1 9>&- &
	server=$!
	tries=0
	until [ "$(redis-cli -s redis.socket ping 2> /dev/null)" = PONG ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] && kill -0 "$server" 2> /dev/null ||
			die 4 "the private redis-server did not start: see $work/redis.log"
		sleep 0.1
	done
}
