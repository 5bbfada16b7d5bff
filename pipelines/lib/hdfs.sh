# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# hdfs.sh - what put-hdfs and get-hdfs share: WebHDFS by curl, folders listed, checksums
# compared. Sourced after stages.sh. Both work by looking: what is on the server is listed and
# compared with the local files, what that shows to be missing is done, and it is looked at
# again; so a run goes on where one that was killed ended.
#
# Files of names below are tables; a name has no control characters (check_names).

: "${user:=}" "${token_file:=}" "${negotiate:=}" "${verify:=checksum}" "${retries:=5}" "${pause:=1}"
: "${timeout:=60}" "${limit_rate:=}" "${quiet:=}" "${block_size:=}"

# tell TEXT...: one line for people, unless -q
tell()
{
	[ -n "$quiet" ] || shown "${0##*/}: $*" >&2
}

# usage_error TEXT
usage_error() { die 2 "$1; try '${0##*/} --help'"; }

# hdfs_option WORD [NEXT]...: reads an option that both have; sets `took`, how many words it was
hdfs_option()
{
	took=1
	case $1 in
	-q | --quiet)
		quiet=1
		return
		;;
	--negotiate)
		negotiate=1
		return
		;;
	--*=*)
		option=${1%%=*}
		value=${1#*=}
		;;
	*)
		option=$1
		value=${2:-}
		took=2
		;;
	esac
	case $option in
	--user | --token-file | --verify | --retries | --retry-delay | --timeout | --limit-rate) ;;
	*) return 1 ;;
	esac
	[ $# -ge $took ] && [ -n "$value" ] || usage_error "option $option requires a value"
	case $option in
	--user) user=$value ;;
	--token-file) token_file=$value ;;
	--verify) verify=$value ;;
	--retries) retries=$value ;;
	--retry-delay) pause=$value ;;
	--timeout) timeout=$value ;;
	--limit-rate) limit_rate=$value ;;
	esac
}

# is_number TEXT: digits, and perhaps a point among them
is_number() { case $1 in '' | . | *[!0-9.]* | *.*.* | ??????????*) return 1 ;; esac; }

# check_options: those that hdfs_option has read
check_options()
{
	case $verify in checksum | length) ;; *) usage_error "option --verify is checksum or length, not $verify" ;; esac
	case $retries in *[!0-9]* | ???????*) usage_error "option --retries is a count, not $retries" ;; esac
	is_number "$pause" || usage_error "option --retry-delay is a number of seconds, not $pause"
	case $timeout in *[!0-9]* | 0* | ???????*) usage_error "option --timeout is a number of seconds, not $timeout" ;; esac
	case $limit_rate in *[!0-9KMG]*) usage_error "option --limit-rate is a number of bytes a second, as 500K, not $limit_rate" ;; esac
	[ -z "$negotiate" ] || [ -z "$token_file" ] || usage_error '--negotiate cannot be combined with --token-file'
	[ -z "$user" ] || [ -z "$token_file$negotiate" ] ||
		usage_error "--user cannot be combined with --$([ -n "$negotiate" ] && echo negotiate || echo token-file)"
	[ -n "$user$token_file$negotiate" ] || user=${HADOOP_USER_NAME:-$(id -un)}
	if [ -n "$token_file" ]; then
		[ -r "$token_file" ] || die 1 "cannot read $token_file"
		! LC_ALL=C grep -q '[^A-Za-z0-9_=-]' "$token_file" && [ "$(grep -c . "$token_file")" = 1 ] ||
			die 3 "$token_file: not a delegation token in its URL form, alone on one line"
		token_file=$(absolute "$token_file")
	fi
	for tool in curl flock checksum-hdfs import-logs; do
		command -v $tool > /dev/null || die 1 "$tool is not in PATH"
	done
}

# parse_url URL: sets `base`, where WebHDFS answers, `remote`, the path there, and `remote_url`
parse_url()
{
	case $1 in
	webhdfs://*) scheme=http ;;
	swebhdfs://*) scheme=https ;;
	http://* | https://*) scheme=${1%%:*} ;;
	*) usage_error "not a URL of WebHDFS, as webhdfs://HOST:9870/PATH: $1" ;;
	esac
	rest=${1#*://}
	case $rest in */*) ;; *) rest=$rest/ ;; esac
	base=$scheme://${rest%%/*}
	remote=/${rest#*/}
	case ${1%%:*}$remote in
	http*/webhdfs/v1/*)
		base=$base${remote%%/webhdfs/v1/*}
		remote=/${remote#*/webhdfs/v1/}
		;;
	esac
	base=$base/webhdfs/v1
	case $base in
	*@*) usage_error 'no password is given in a URL: use --token-file or --negotiate' ;;
	*[!]A-Za-z0-9.:/_[-]*) usage_error "not a host, or not a port: $1" ;;
	esac
	while :; do
		case $remote in
		*//*) remote=${remote%%//*}/${remote#*//} ;;
		?*/) remote=${remote%/} ;;
		*) break ;;
		esac
	done
	case $remote/ in */./* | */../*) usage_error "not a path of HDFS: $remote" ;; esac
	case $remote in
	*[!\ -~]*)
		printf '%s\n' "$remote" > "$tmp/names"
		check_names 2 'the path' "$tmp/names"
		;;
	esac
	remote_url=$1
}

# fault(NAME): why it cannot be a name in the tables below, or one in HDFS
NAME_AWK=$QUOTE_AWK'
	function fault(name,    s, n) {
		if (name ~ /[\001-\037\177]/) return "has a control character: " name
		for (s = name; s != ""; s = substr(s, n + 1)) {
			if (match(s, /^[ -~]+/)) { n = RLENGTH; continue }
			if (!(n = utf8_length(s))) return "is not UTF-8: " name
		}
		return ""
	}'

# check_names STATUS WHAT FILE: dies when one of the names in the file is at fault
check_names()
{
	awk "$NAME_AWK"'(why = fault($0)) != "" { print why; exit }' "$3" > "$tmp/bad-name"
	[ ! -s "$tmp/bad-name" ] || die "$1" "$2 $(cat "$tmp/bad-name")"
}

# ---- requests ------------------------------------------------------------------
# A request is a line METHOD QUERY PATH DESTINATION UPLOAD OUTPUT of $tmp/requests: QUERY as it
# is sent, the PATH and DESTINATION there, and two local files, UPLOAD and OUTPUT (the answer).

# What curl is told: on its standard input, because the URLs may have the token.
CURL_AWK='
	function encode(s,    i, c, out) {
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			out = out (c ~ /[A-Za-z0-9_.~\/-]/ ? c : sprintf("%%%02X", quote_code[c]))
		}
		return out
	}
	function put(name, s,    i, c, out) {
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			out = out (c == "\\" || c == "\"" ? "\\" c : c)
		}
		print name " = \"" out "\""
	}
	BEGIN {
		FS = "\t"
		if (ENVIRON["TOKEN_FILE"] != "") {
			while ((getline token < ENVIRON["TOKEN_FILE"]) > 0 && token == "") {}
			who = "&delegation=" token
		} else if (ENVIRON["NEGOTIATE"] == "")
			who = "&user.name=" encode(ENVIRON["USER_NAME"])
	}
	{
		if (NR > 1) print "next"
		put("url", ENVIRON["BASE"] encode($3) "?" $2 ($4 == "" ? "" : "&destination=" encode($4)) who)
		print "globoff\nlocation\nmax-redirs = 5\nconnect-timeout = 10\nspeed-limit = 1"
		print "speed-time = " ENVIRON["TIMEOUT"]
		print "proto = \"=http,https\""
		print "proto-redir = \"" (ENVIRON["BASE"] ~ /^https/ ? "=https" : "=http,https") "\""
		put("request", $1)
		if ($5 != "") {
			put("upload-file", $5)
			print "header = \"Content-Type: application/octet-stream\""
		}
		if (ENVIRON["RATE"] != "") put("limit-rate", ENVIRON["RATE"])
		put("output", $6)
		print "write-out = \"%{http_code}\\n\""
		if (ENVIRON["NEGOTIATE"] != "") print "negotiate\nuser = \":\""
	}'

# run_requests: all of them on one connection, up to the first that has no answer. Sets
# `curl_status`; $tmp/codes has a line for each that was made, the HTTP status or 000. In the
# background, so that a signal ends it.
run_requests()
{
	TOKEN_FILE=$token_file NEGOTIATE=$negotiate USER_NAME=$user BASE=$base TIMEOUT=$timeout RATE=$limit_rate \
		awk "$QUOTE_AWK$CURL_AWK" "$tmp/requests" |
		curl -q -sS --fail-early -K - > "$tmp/codes" 2> "$tmp/errors" &
	curl_pid=$!
	wait $curl_pid
	curl_status=$?
	curl_pid=
	judge_requests
}

# judge_requests: sets `went_well`, how many requests did, `failed_at`, the number of the first that failed,
# '' when all went well, and of it `code`, `exception`, `why` (words) and `again`, whether that may go away.
judge_requests()
{
	failed_at='' code='' exception='' why='' again=''
	n=0 went_well=0
	while IFS= read -r line <&7; do
		n=$((n + 1))
		case $line$failed_at in
		2*) went_well=$((went_well + 1)) ;;
		???) failed_at=$n code=$line ;;
		esac
	done 7< "$tmp/codes"
	[ -n "$failed_at" ] || [ $curl_status = 0 ] || failed_at=$((n + 1))
	[ -n "$failed_at" ] || return 0
	: "${code:=000}"
	if [ "$code" = 000 ] || [ $curl_status != 0 ]; then
		why=$(sed 's/[?&]delegation=[^& ]*//g; s/^curl: ([0-9]*) //' "$tmp/errors" | head -n 1)
		: "${why:=curl failed (exit status $curl_status)}"
		# No URL, no such protocol, a local file, a certificate: no use to try again.
		case $curl_status in 1 | 2 | 3 | 4 | 23 | 26 | 27 | 43 | 47 | 48 | 58 | 59 | 60 | 66 | 67 | 77 | 83 | 90 | 91 | 94) ;; *) again=1 ;; esac
		return 0
	fi
	why="HTTP status $code"
	[ "$code" != 404 ] || return 0
	answer=$(sed -n "${failed_at}p" "$tmp/requests" | cut -f 6)
	if [ -s "$answer" ] && { tr -d '\n' < "$answer"; echo; } | import-logs -q --map 'exception=.RemoteException.exception' \
		--map 'text=.RemoteException.message' -o "$tmp/problem" 2> "$tmp/no-json" &&
		[ -n "$(sed -n 2p "$tmp/problem" | cut -f 8-)" ]; then
		exception=$(sed -n 2p "$tmp/problem" | cut -f 8)
		why="$exception: $(sed -n 2p "$tmp/problem" | cut -f 9)"
	fi
	case $code in
	401) why="$why: the server wants proof of who asks (--negotiate, --token-file)" ;;
	408 | 429 | 5*) again=1 ;;
	esac
	case $exception in
	StandbyException | SafeModeException | RetriableException | AlreadyBeingCreatedException | \
		LeaseExpiredException | RecoveryInProgressException | NotReplicatedYetException) again=1 ;;
	esac
}

# gave_up WHAT: the end, after the last attempt
gave_up()
{
	[ -n "$again" ] && die 4 "$remote_url: $1: $why"
	die 1 "$remote_url: $1: $why"
}

# wait_before_again WHAT: counts an attempt that failed, in `fails`; dies when it was the last one
wait_before_again()
{
	fails=$((fails + 1))
	[ "$fails" -le "$retries" ] || gave_up "$1"
	tell "$1: $why; trying again"
	sleep "$(PAUSE=$pause FAILS=$fails awk 'BEGIN {
		p = ENVIRON["PAUSE"] * 2 ^ (ENVIRON["FAILS"] - 1)
		printf "%.3f", p < 30 ? p : 30
	}')" 9>&- &
	wait $!
}

# ask METHOD QUERY PATH [DESTINATION [UPLOAD]]: one request, again and again while it has no
# answer; the answer is in $tmp/answer. False: the server said no (code, exception, why). With `also`, a
# path, that is listed after it, on the same connection.
also=''
ask()
{
	its_fails=$fails
	fails=0 ahead_1='' ahead_2=''
	while :; do
		{
			printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" "${5:-}" "$tmp/answer"
			[ -z "$also" ] || printf 'GET\top=LISTSTATUS\t%s\t\t\t%s\n' "$also" "$tmp/ahead.1"
		} > "$tmp/requests"
		: > "$tmp/answer"
		: > "$tmp/ahead.1"
		run_requests
		[ -z "$also" ] || take_ahead 1 "$also"
		[ "$failed_at" != 2 ] || failed_at='' # it is asked for again
		[ -n "$failed_at" ] || break
		if [ -z "$again" ]; then
			[ "$code" != 000 ] || gave_up "$2"
			break
		fi
		wait_before_again "$2"
	done
	fails=$its_fails
	[ -z "$failed_at" ]
}

# ---- what is there ---------------------------------------------------------------

# take_ahead N PATH...: of the requests just made, those after the first N are lists of these paths (two
# at most), which list_folder takes from there, once: ahead_1, code_1, $tmp/ahead.1 and so on.
ahead_1='' ahead_2=''
take_ahead()
{
	[ "$curl_status" = 0 ] || return 0
	n=$((0 - $1))
	while IFS= read -r line <&7; do
		n=$((n + 1))
		case $n$line in
		12* | 1404) ahead_1=$2 code_1=$line ;;
		22* | 2404) ahead_2=$3 code_2=$line ;;
		esac
	done 7< "$tmp/codes"
}

# look_ahead PATH PATH: both are listed on one connection
look_ahead()
{
	ahead_1='' ahead_2=''
	printf 'GET\top=LISTSTATUS\t%s\t\t\t%s\n' "$1" "$tmp/ahead.1" "$2" "$tmp/ahead.2" > "$tmp/requests"
	its_fails=$fails
	fails=0
	while :; do
		: > "$tmp/ahead.1"
		: > "$tmp/ahead.2"
		run_requests
		[ -n "$failed_at" ] && [ -n "$again" ] || break
		wait_before_again op=LISTSTATUS
	done
	fails=$its_fails
	take_ahead 0 "$@"
}

# list_folder PATH: $tmp/list: name, type, length. False: there is nothing.
list_folder()
{
	code=200 its_list=$tmp/answer
	case $1 in
	"$ahead_1") code=$code_1 its_list=$tmp/ahead.1 ahead_1='' ;;
	"$ahead_2") code=$code_2 its_list=$tmp/ahead.2 ahead_2='' ;;
	*) ask GET op=LISTSTATUS "$1" || [ "$code" = 404 ] || gave_up 'cannot be listed' ;;
	esac
	[ "$code" != 404 ] || return 1
	# One line; nothing is in it: import-logs would not find the objects.
	if awk 'BEGIN { ORS = "" } { print } length(start) < 60 { start = start $0 }
		END { print "\n"; exit index(substr(start, 1, 60), "\"FileStatus\":[]") != 0 }' "$its_list" > "$tmp/line"; then
		import-logs -q --each '.FileStatuses.FileStatus[]' --map name=.pathSuffix --map type=.type \
			--map length=.length --on-control fail -o "$tmp/rows" "$tmp/line" 2> "$tmp/no-json" ||
			die 1 "$remote_url: not the answer of WebHDFS to LISTSTATUS: $(tail -n 1 "$tmp/no-json")"
	else
		: > "$tmp/rows"
	fi
	: > "$tmp/bad-name"
	# The columns that --map has added come after seven others.
	BAD=$tmp/bad-name awk -F '\t' "$NAME_AWK"'
		NR == 1 { next }
		strange == "" && ($8 ~ /\// || $8 == "." || $8 == ".." || $8 == "" && NR > 2 || $10 !~ /^[0-9]+$/ ||
			$9 != "FILE" && $9 != "DIRECTORY") { strange = "the server lists what is neither a file nor a folder: " $8 " " $9 }
		bad == "" && (why = fault($8)) != "" { bad = "a name on the server " why }
		{ print $8 "\t" $9 "\t" $10 }
		END { if (strange bad != "") print (strange != "" ? strange : bad) > ENVIRON["BAD"] }' "$tmp/rows" > "$tmp/list"
	[ ! -s "$tmp/bad-name" ] || die 1 "$remote_url: $(cat "$tmp/bad-name")"
}

# look PATH: what is there: sets `there` (nothing, file, folder) and `success` (is there a file
# _SUCCESS?). $tmp/there: the files in a folder and in those below it, by their paths in it, with their
# lengths, in order; a file is one line with an empty name. $tmp/folders: the folders.
look()
{
	there=nothing success=''
	: > "$tmp/there"
	: > "$tmp/there.new"
	: > "$tmp/folders"
	list_folder "$1" || return 0
	there=folder
	IFS= read -r first < "$tmp/list" || first=
	case $first in '	FILE	'*)
		there='file'
		cut -f 1,3 "$tmp/list" > "$tmp/there"
		return
		;;
	esac
	depth=0 level=$tmp/list
	while [ -s "$level" ]; do
		depth=$((depth + 1))
		[ $depth -le 64 ] || die 1 "$remote_url: folders more than 64 deep"
		: > "$tmp/below"
		# Names in the folder itself have no slash.
		success=$success$(FILES=$tmp/there.new FOLDERS=$tmp/folders BELOW=$tmp/below awk -F '\t' '
			$1 == "_SUCCESS" && $2 == "FILE" { print 1; next }
			$2 == "FILE" { print $1 "\t" $3 >> ENVIRON["FILES"]; next }
			{ print $1 >> ENVIRON["FOLDERS"]; print $1 >> ENVIRON["BELOW"] }' "$level")
		level=$tmp/level
		: > "$tmp/level"
		while IFS= read -r its_folder <&7; do
			list_folder "${1%/}/$its_folder" || continue
			IN=$its_folder awk -F '\t' '{ print ENVIRON["IN"] "/" $1 "\t" $2 "\t" $3 }' "$tmp/list" >> "$tmp/level"
		done 7< "$tmp/below"
	done
	sort -t "$(printf '\t')" -k 1,1 "$tmp/there.new" > "$tmp/there"
}

# match LOCAL REMOTE [PATHS]: sets against each other what is in $tmp/here (names, in order), below LOCAL,
# and what look found below REMOTE. $tmp/both: name, local path, path there, length there; $tmp/more:
# names that are only there. A name that is empty is LOCAL and REMOTE themselves. PATHS: a table of names
# and local paths, which are not below LOCAL then.
match()
{
	HERE=$tmp/here LOCAL=$1 REMOTE=$2 PATHS=${3:-} MORE=$tmp/more awk -F '\t' '
		BEGIN {
			while ((getline name < ENVIRON["HERE"]) > 0) here[name]
			while (ENVIRON["PATHS"] != "" && (getline < ENVIRON["PATHS"]) > 0) path[$1] = $2
			printf "" > ENVIRON["MORE"]
		}
		{
			below = $1 == "" ? "" : "/" $1
			its = $1 in path ? path[$1] : ENVIRON["LOCAL"] below
		}
		$1 in here { print $1 "\t" its "\t" ENVIRON["REMOTE"] below "\t" $2; next }
		{ print $1 > ENVIRON["MORE"] }' "$tmp/there" > "$tmp/both"
}

# server_sums: of the pairs in $tmp/both: $tmp/rows, a table of import-logs whose columns algorithm, sum
# and length say what the server has of each, nothing where it has none (no file, or one that is being
# written)
server_sums()
{
	while :; do
		[ ! -e "$tmp/sum.1" ] || rm -f -- "$tmp"/sum.*
		SUM=$tmp/sum awk -F '\t' '{ print "GET\top=GETFILECHECKSUM\t" $3 "\t\t\t" ENVIRON["SUM"] "." NR }' \
			"$tmp/both" > "$tmp/requests"
		run_requests
		[ -n "$failed_at" ] || break
		[ "$exception" != AccessControlException ] && [ "$code" != 401 ] || gave_up 'GETFILECHECKSUM'
		[ "$curl_status" != 0 ] || break
		wait_before_again 'GETFILECHECKSUM'
	done
	SUM=$tmp/sum awk '{
			text = ""
			file = ENVIRON["SUM"] "." NR
			while (/^2/ && (getline line < file) > 0) text = text line
			close(file)
			print text == "" ? "{}" : text
		}' "$tmp/codes" > "$tmp/lines"
	import-logs -q --map algorithm=.FileChecksum.algorithm --map sum=.FileChecksum.bytes \
		--map length=.FileChecksum.length -o "$tmp/rows" "$tmp/lines" 2> "$tmp/no-json" ||
		die 1 "$remote_url: not the answer of WebHDFS to GETFILECHECKSUM: $(tail -n 1 "$tmp/no-json")"
}

# local_sums: of the lines name, local path, algorithm in $tmp/wanted: $tmp/local-sums, as
# checksum-hdfs prints them, for all files of one of $tmp/algorithms at once; - is any
local_sums()
{
	: > "$tmp/local-sums"
	while IFS= read -r its <&7; do
		ALGORITHM=$its awk -F '\t' '$3 "" == ENVIRON["ALGORITHM"] { print $2 }' "$tmp/wanted" | tr '\n' '\0' |
			if [ "$its" = - ]; then xargs -0 checksum-hdfs -q --; else xargs -0 checksum-hdfs -q "--algorithm=$its" --; fi \
				>> "$tmp/local-sums" 2> "$tmp/no-sum"
		[ ! -s "$tmp/no-sum" ] || die 1 "$(head -n 1 "$tmp/no-sum")"
	done 7< "$tmp/algorithms"
}

# compare: which of the pairs in $tmp/both are the same here and there: their names, $tmp/same
compare()
{
	: > "$tmp/same"
	[ -s "$tmp/both" ] || return 0
	: > "$tmp/wanted"
	: > "$tmp/algorithms"
	[ "$verify" = length ] || server_sums
	# $tmp/compared: the pairs, the algorithm and the checksum of the server.
	unknown=$(VERIFY=$verify ROWS=$tmp/rows WANTED=$tmp/wanted ALGORITHMS=$tmp/algorithms COMPARED=$tmp/compared awk -F '\t' '
		BEGIN {
			rows = ENVIRON["ROWS"]
			if (ENVIRON["VERIFY"] != "length") getline < rows
		}
		{
			pair = $0
			name = $1
			path = $2
			algorithm = "-"
			sum = ""
			if (ENVIRON["VERIFY"] != "length") {
				if ((getline < rows) <= 0) $0 = ""
				algorithm = $8
				sum = substr($9, 1, 2 * $10) # Hadoop fills the digits up with zeros beyond the length
				if (algorithm != "" && algorithm !~ /^(MD5-of-[0-9]+MD5-of-[0-9]+|COMPOSITE-)CRC32C?$/) {
					print algorithm
					exit
				}
			}
			print pair "\t" algorithm "\t" sum > ENVIRON["COMPARED"]
			if (algorithm == "") next
			print name "\t" path "\t" algorithm > ENVIRON["WANTED"]
			if (!(algorithm in seen)) print algorithm > ENVIRON["ALGORITHMS"]
			seen[algorithm]
		}' "$tmp/both")
	[ -z "$unknown" ] || die 1 "$remote_url: the server has checksums of another kind:\
 $unknown; with --verify=length equal lengths are enough"
	local_sums
	awk -F '\t' '
		FILENAME ~ /local-sums$/ { bytes[$1] = $2; sum[$1] = $4; next }
		$5 != "" && $2 in bytes && bytes[$2] == $4 && ($5 == "-" || sum[$2] "" == $6 "") { print $1 }
		' "$tmp/local-sums" "$tmp/compared" > "$tmp/same"
}

# missing NAMES SAME: the names of the first file that the second does not have
missing() { OTHER=$2 awk 'BEGIN { while ((getline name < ENVIRON["OTHER"]) > 0) has[name] } !($0 in has)' "$1"; }

# count FILE: its lines
count() { awk 'END { print NR }' "$1"; }

# ---- the start and the end -----------------------------------------------------------

curl_pid=
# stopped STATUS: by a signal: curl ends too
stopped()
{
	[ -z "$curl_pid" ] || kill "$curl_pid" 2> /dev/null
	exit "$1"
}

# begin_hdfs: a folder for notes, which goes at the end
begin_hdfs()
{
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/recpipe-hdfs.XXXXXX") || exit 1
	trap 'rm -rf -- "$tmp"' EXIT
	trap 'stopped 129' HUP
	trap 'stopped 130' INT
	trap 'stopped 143' TERM
	fails=0
}

# parent PATH, last PATH
parent()
{
	its_parent=${1%/*}
	printf '%s\n' "${its_parent:-/}"
}
last() { printf '%s\n' "${1##*/}"; }
