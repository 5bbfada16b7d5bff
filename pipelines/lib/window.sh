# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# window.sh - WINDOW and AS_OF: only rows of the latest time count. Sourced after positives.sh, with set -f.
# Of the script: WINDOW, AS_OF, kind, skipping, the names of columns, and for files IMPORT and KINDS.

# is_share TEXT: what WINDOW was in backtest before FOLD_SIZE
is_share()
{
	case $1 in 0.* | .*) ;; *) return 1 ;; esac
	case ${1#*.} in '' | *[!0-9]*) return 1 ;; esac
}

# check_window: sets window_ms (nothing when WINDOW is not set) and as_of_ms, milliseconds
check_window()
{
	window_ms='' as_of_ms=''
	[ -z "$WINDOW" ] || window_ms=$(WINDOW=$WINDOW awk 'BEGIN {
		n = split("s m h d w", unit, " ")
		split("1 60 3600 86400 604800", seconds, " ")
		w = ENVIRON["WINDOW"]
		for (i = 1; i <= n; i++)
			if (w ~ "^[0-9]+([.][0-9]+)?" unit[i] "$" && w + 0 > 0 && w * seconds[i] < 1e11) {
				printf "%.0f", w * seconds[i] * 1000
				exit 0
			}
		exit 1
	}') || die 2 "WINDOW is a time, as in 90d (s, m, h, d, w), not $WINDOW"
	[ -z "$AS_OF" ] || as_of_ms=$(printf 'timestamp\n%s\n' "$AS_OF" |
		filter-interactions -q --range --timestamp-unit iso 2> /dev/null | awk -F '\t' 'NR == 2 { print $3 }')
	[ -z "$AS_OF" ] || [ -n "$as_of_ms" ] ||
		die 2 "AS_OF is a day or a time, as in 2024-03-10 or 2024-03-10T15:12:01Z, not $AS_OF"
	window_column=${TIMESTAMP_COLUMN:-timestamp}
}

# range_of FILE...: to times.tsv, how many rows there are, and of what times; with `until` set, up to then
range_of()
{
	csv=
	[ "$kind" != csv ] || [ "$1" = events.tsv ] || csv=--csv
	reads "$@"
	stage_after="nothing later was run; WINDOW and AS_OF need times: TIMESTAMP_COLUMN and TIMESTAMP_UNIT say where they are"
	# shellcheck disable=SC2086 # several words, or none
	stage times times.tsv filter-interactions $csv --timestamp "$window_column" --timestamp-unit "$TIMESTAMP_UNIT" \
		--range ${until:+--until $until} $skipping -o times.tsv "$@"
	stage_after=
	newest=$(awk -F '\t' 'NR == 2 { print $3 }' times.tsv)
}

# today: its last millisecond, in UTC
today() { printf '%s\n' "$((($(date -u +%s) / 86400 + 1) * 86400000 - 1))"; }

# window_edges FILE...: sets `window_words`, the options of filter-interactions that leave out what is not in the
# window. It ends with AS_OF, or with the newest row; a row of a time to come (a clock that is wrong) does
# not move it.
window_edges()
{
	window_words=
	[ -n "$WINDOW$AS_OF" ] || return 0
	until=$as_of_ms
	if [ -z "$until" ]; then
		range_of "$@"
		its_today=$(today)
		if [ -n "$newest" ] && [ "$newest" -gt "$its_today" ]; then
			shown "${0##*/}: rows of times to come, up to $(day_of "$newest"), are left out" >&2
			until=$its_today
			range_of "$@"
		fi
		until=$newest
		[ -n "$until" ] || die 3 'there is no row of a time until now; is TIMESTAMP_UNIT right?'
	fi
	window_words="--timestamp-unit $TIMESTAMP_UNIT${window_ms:+ --since $((until - window_ms))} --until $until"
}

# day_of MS: for people
day_of() { date -u -d "@$(($1 / 1000))" '+%Y-%m-%d %H:%M:%S' 2> /dev/null || printf '%s ms\n' "$1"; }

# says_window: what it left out, for people; nothing without one
says_window()
{
	[ -n "$WINDOW$AS_OF" ] || return 0
	WINDOW=$WINDOW AS_OF=$AS_OF UNTIL=$(day_of "$until") FILES=$files_out FILE_ROWS=$file_rows_out awk -F '\t' '
		{ n[$1] = $2 }
		END {
			rows = n["before"] + n["after"] + ENVIRON["FILE_ROWS"]
			printf "  %-12s %10d  (%s until %s UTC; %d rows before it, %d after it)\n", "outside", rows,
				(ENVIRON["WINDOW"] == "" ? "everything" : ENVIRON["WINDOW"]), ENVIRON["UNTIL"],
				n["before"], n["after"]
			if (ENVIRON["FILES"] + 0)
				printf "  %-12s %10s  (of these in %d files that were not read, as they were known to be outside)\n", "", \
					ENVIRON["FILE_ROWS"], ENVIRON["FILES"]
		}' left-out.tsv
}

# ---- files that lie outside ---------------------------------------------------------

# about FILE: what is another when its bytes are others: size, device, inode, time of the last change
about() { stat -Lc '%s:%d:%i:%y' -- "$1" 2> /dev/null | tr ' ' _; }

# file_range FILE: rows, oldest and newest time of it, separated by tabs
file_range()
{
	its_csv='' its_file=$1
	[ "$kind" != csv ] || its_csv=--csv
	case $kind in
	json | table)
		its_file=.events.one its_importer=import-logs
		[ "$kind" = json ] || its_importer=import-table
		eval "set -- $import_words"' $import_others ${KINDS:+--value "$KINDS"} $skipping -o "$its_file" "$1"' # words in quotes
		"$its_importer" -q "$@" 9>&- || return
		;;
	esac
	# shellcheck disable=SC2086
	filter-interactions -q $its_csv --timestamp "$window_column" --timestamp-unit "$TIMESTAMP_UNIT" --range \
		$skipping "$its_file" > .range.one 9>&- || return
	sed -n 2p .range.one
}

# look_at_file FILE: prints a row of file-times.tsv, known from before or measured now; nothing for a file that
# changes meanwhile or of which nothing can be known
look_at_file()
{
	its_about=$(about "$1")
	[ -n "$its_about" ] || return 0
	if [ -f file-times.tsv ] && ABOUT="$its_key $its_about" awk -F '\t' '
		$1 == ENVIRON["ABOUT"] { print; found = 1; exit } END { exit !found }' file-times.tsv; then
		return
	fi
	its_range=$(file_range "$1") || return
	[ "$(about "$1")" != "$its_about" ] || printf '%s\t%s\n' "$its_key $its_about" "$its_range"
}

# look_at_files FILE...: file-times.tsv, of these files: a column that says which it is, rows, oldest, newest
look_at_files()
{
	printf 'file\trows\toldest\tnewest\n'
	its_key=$(printf '%s\n' "$kind" "$window_column" "$TIMESTAMP_UNIT" "$KINDS" "$import_words" "$skipping" | cksum | cut -d ' ' -f 1)
	for file; do
		look_at_file "$file" || return
	done
}

# in_window FILE...: sets `chosen` to the files, in quotes for the shell, that may have rows in the window.
# The others have been read once, with the same settings, and have not changed. With the newest row as
# its end the window can only move on by what is in files that are not known yet.
in_window()
{
	chosen='' files_out=0 file_rows_out=0
	if [ -n "$WINDOW" ] && [ $# -gt 1 ]; then
		put file-times.tsv look_at_files "$@" || die $? 'the times of a log cannot be read; nothing later was run'
		rm -f .events.one .range.one
		its_end=$as_of_ms
		[ -n "$its_end" ] || its_end=$(TODAY=$(today) awk -F '\t' '
			NR > 1 && $4 != "" && $4 + 0 <= ENVIRON["TODAY"] + 0 && ($4 + 0 > end) { end = $4 } END { print end }' file-times.tsv)
	fi
	for file; do
		its_rows=
		if [ -n "${its_end:-}" ]; then
			its_rows=$(ABOUT="$(about "$file")" SINCE=$((its_end - window_ms)) UNTIL=$as_of_ms awk -F '\t' '
				NR > 1 && substr($1, index($1, " ") + 1) == ENVIRON["ABOUT"] && $4 != "" &&
					($4 + 0 < ENVIRON["SINCE"] + 0 || ENVIRON["UNTIL"] != "" && $3 + 0 > ENVIRON["UNTIL"] + 0) {
					print $2; exit }' file-times.tsv)
		fi
		if [ -n "$its_rows" ]; then
			files_out=$((files_out + 1)) file_rows_out=$((file_rows_out + its_rows))
			continue
		fi
		quote_sh "$file"
		chosen="$chosen $quoted"
	done
	[ -n "$chosen" ] || die 3 "no file has rows in the window (WINDOW=$WINDOW${AS_OF:+ AS_OF=$AS_OF})"
	[ $files_out = 0 ] || echo "${0##*/}: $files_out of $# files ($file_rows_out rows) lie outside the window and are not read" >&2
}
