# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# positives.sh - from logs to positives: what personalize and backtest begin with. Sourced after
# stages.sh, with set -f. Of the script: FORMAT, IMPORT, KINDS, FILTER, ON_ERROR, MAX_ERRORS, the
# names of columns, ABOVE and MIN; with `seen` the users of all rows (of the window: window.sh) are written to the
# file that it names.

# quote_words NAME TEXT: sets `quoted_words` to the words of TEXT, the setting NAME, each in quotes for
# the shell. Blanks separate them; those in single quotes, at the beginning of a word or after its =,
# do not.
quote_words()
{
	quoted_words=$(WORDS=$2 awk 'BEGIN {
		s = ENVIRON["WORDS"]
		while (sub(/^[ \t\n]+/, "", s) + length(s)) {
			word = ""
			while (s != "" && s !~ /^[ \t\n]/) {
				if (s ~ /^\047/ && word ~ /^$|=$/) {
					end = index(substr(s, 2), "\047")
					if (!end)
						exit 1
					word = word substr(s, 2, end - 1)
					s = substr(s, end + 2)
				} else {
					word = word substr(s, 1, 1)
					s = substr(s, 2)
				}
			}
			gsub(/\047/, "\047\\\047\047", word)
			printf " \047%s\047", word
		}
	}') || die 2 "$1: a quote is not closed: $2"
}

# check_errors: sets `skipping`, which every stage gets whose tool has --on-error
check_errors()
{
	case $ON_ERROR in '' | fail | skip) ;; *) die 2 "ON_ERROR is fail or skip, not $ON_ERROR" ;; esac
	[ -z "$MAX_ERRORS" ] || [ "$ON_ERROR" = skip ] || die 2 'MAX_ERRORS requires ON_ERROR=skip'
	case $MAX_ERRORS in *[!0-9.%]*) die 2 "MAX_ERRORS is a count or a share in %, not $MAX_ERRORS" ;; esac
	skipping=${ON_ERROR:+--on-error $ON_ERROR}${MAX_ERRORS:+ --max-errors $MAX_ERRORS}
}

# file_kind FILE: json, csv or tsv, by its name, whether it is compressed or not
file_kind()
{
	its_name=$1
	case $its_name in *.gz | *.zst | *.xz) its_name=${its_name%.*} ;; esac
	case $its_name in
	*.json | *.jsonl | *.ndjson) echo json ;;
	*.csv) echo csv ;;
	*) echo tsv ;;
	esac
}

# import_others KIND: words for import-logs, since experiments begin and end over the days of a log, and what was
# heard is the same
import_others()
{
	case $1:$IMPORT in
	json:*--exp* | json:*--oth*) ;;
	json:*) echo --other-experiments skip ;;
	esac
}

# input_kind FILE...: sets `kind`, and the settings that go by it unless they are set
input_kind()
{
	kind=
	for file; do
		[ -r "$file" ] || die 1 "cannot read $file"
		its=$(file_kind "$file")
		[ -z "$KINDS" ] || [ "$its" = json ] || its=table
		[ "$FORMAT" = auto ] || its=$FORMAT
		[ -z "$kind" ] || [ "$kind" = "$its" ] ||
			die 2 "$file is $its, the files before it are $kind; set FORMAT"
		kind=$its
	done
	case $kind in
	json) : "${ITEM_COLUMN:=track}" ;;
	csv | tsv)
		: "${ITEM_COLUMN:=item}"
		[ -z "$KINDS" ] || die 2 "KINDS requires FORMAT=json or table, not $kind"
		[ -z "$IMPORT" ] ||
			die 2 "IMPORT requires FORMAT=json or table, not $kind, which is read as it is; FORMAT=table has import-table read it"
		;;
	table) : "${ITEM_COLUMN:=item}" ;;
	*) die 2 "FORMAT=$FORMAT: not json, table, csv or tsv" ;;
	esac
	if [ "$VALUE_COLUMN" = none ]; then
		[ -z "$MIN" ] || die 2 'MIN cannot be combined with VALUE_COLUMN=none'
		[ -z "$ABOVE" ] || die 2 'ABOVE cannot be combined with VALUE_COLUMN=none'
	fi
	value_named=$VALUE_COLUMN$KINDS
	if [ -n "$KINDS" ]; then
		: "${VALUE_COLUMN:=value}" "${ABOVE:=0}"
	fi
	: "${VALUE_COLUMN:=time}" "${ABOVE:=0.5}"
	check_errors
	quote_words IMPORT "$IMPORT"
	import_words=$quoted_words
	import_others=$(import_others "$kind")
	quote_words FILTER "$FILTER"
	filter_words=$quoted_words
}

# first_rows N FILE: the header and N rows, as TSV with one value where a CSV is plain
first_rows()
{
	keep-header -q "$2" -- cat 2> /dev/null | head -n "$(($1 + 1))" | tr -d '\r' |
		if [ "$kind" = csv ] && [ "$2" != positives.tsv ]; then tr -d '"' | tr , '\t'; else cat; fi
}

# has_values FILE: is the value column there, with something in the first row?
has_values()
{
	first_rows 1 "$1" | COLUMN=$VALUE_COLUMN awk -F '\t' '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == ENVIRON["COLUMN"]) at = i }
		NR == 2 { empty = at && $at == "" }
		END { exit !at || empty }'
}

# has_column NAME FILE: is it in the header, whatever separates the columns?
has_column()
{
	first_rows 0 "$2" | tr -d '"' | tr ',;|' '\t' | COLUMN=$1 awk -F '\t' '
		{ for (i = 1; i <= NF; i++) if ($i == ENVIRON["COLUMN"]) found = 1 }
		END { exit !found }'
}

# name_settings FILE NAME=COLUMN...: the tools' messages name options; where a column is not there, what is said
# of the stage names the setting that gives it
name_settings()
{
	settings_of=$1
	shift
	stage_after=
	for setting; do
		[ -z "${setting#*=}" ] || has_column "${setting#*=}" "$settings_of" ||
			stage_after="$stage_after; ${setting%%=*} names the column, now '${setting#*=}'"
	done
	[ -z "$stage_after" ] || stage_after="nothing later was run$stage_after"
}

# judge_positives: ends the script when there are none; warns of values that look like points in time, which all
# are above a limit that is meant for shares
judge_positives()
{
	limit=
	[ "$VALUE_COLUMN" = none ] || limit="${MIN:+MIN=$MIN}"
	[ "$VALUE_COLUMN" = none ] || [ -n "$limit" ] || limit="ABOVE=$ABOVE"
	[ "$(sed -n '2{p;q;}' positives.tsv)" ] || {
		cure="${limit:+lower ${limit%%=*} or }${FILTER:+change FILTER or }add rows"
		die 3 "no row is a positive${limit:+ (VALUE_COLUMN=$VALUE_COLUMN, $limit)}: $cure"
	}
	[ -n "$limit" ] && [ -z "$KINDS" ] || return 0
	first_rows 10000 positives.tsv | COLUMN=$VALUE_COLUMN LIMIT=${limit#*=} awk -F '\t' '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == ENVIRON["COLUMN"]) at = i; next }
		at && $at + 0 > 1e6 { n++ }
		END { exit !(2 * n > NR - 1 && ENVIRON["LIMIT"] + 0 < 1000) }' || return 0
	shown "${0##*/}: most values of $VALUE_COLUMN are above 1000000, and $limit: is it a point in time? Then set TIMESTAMP_COLUMN=$VALUE_COLUMN VALUE_COLUMN=none (or another column)" >&2
}

# first_object FILE: the first line of JSON lines
first_object() { keep-header -q "$1" -- head -n 1 2> /dev/null | head -n 1; }

# with_source FILE: import_words take who caused the answers, where the log has it
with_source()
{
	[ "$kind" != json ] || [ -n "$IMPORT" ] || ! first_object "$1" | grep -q '"source" *:' ||
		import_words="$import_words '--map' 'source=.source'"
}

# positives FILE...: the stages that make positives.tsv
positives()
{
	in_window "$@"
	eval "set -- $chosen" # words in quotes
	first=$1
	case $kind in
	json | table)
		importer=import-logs
		[ "$kind" = json ] || importer=import-table
		reads "$@"
		[ -z "${seen:-}" ] || with_source "$1"
		# With which probability, which nightly's POLICY_GATE asks for.
		[ "${POLICY_GATE:-none}" = none ] || [ -n "$IMPORT" ] ||
			import_words="$import_words '--map' 'probability=.probability'"
		at_once=
		case $kind:$IMPORT in json:*-j* | json:*--thr* | table:*) ;; *) at_once=${THREADS:+--threads "$THREADS"} ;; esac
		# shellcheck disable=SC2086
		eval "set -- $import_words"' $import_others ${KINDS:+--value "$KINDS"} $at_once $skipping -o events.tsv "$@"' # words in quotes
		kinds_of=${KINDS%%:*}
		[ -n "$IMPORT" ] || [ "$kind" = json ] || name_settings "$first" KINDS="${kinds_of%% *}"
		stage import events.tsv "$importer" "$@"
		set -- events.tsv
		;;
	esac
	column=$VALUE_COLUMN
	[ "$column" != none ] || column=
	name_settings "$1" USER_COLUMN="$USER_COLUMN" ITEM_COLUMN="$ITEM_COLUMN" VALUE_COLUMN="$column"
	if [ -z "$value_named" ] && ! has_values "$1"; then
		stage_after="${stage_after:-nothing later was run}; if every row is a positive, set VALUE_COLUMN=none"
	fi
	window_edges "$@"
	reads "$@"
	# shellcheck disable=SC2086
	[ -z "$window_words" ] ||
		set -- --timestamp "$window_column" $window_words --left-out left-out.tsv "$@"
	at_once=
	case $FILTER in -j* | *' -j'* | *--thr*) ;; *) at_once=${THREADS:+--threads "$THREADS"} ;; esac
	eval "set -- $filter_words"' ${seen:+--users-seen "$seen"} $at_once $skipping -o positives.tsv "$@"' # words in quotes
	if [ "$VALUE_COLUMN" = none ]; then
		set -- --where "$ITEM_COLUMN!=" "$@" # all of them: a row without an item is a bad one
	elif [ -n "$MIN" ]; then
		set -- --time "$VALUE_COLUMN" --min "$MIN" "$@"
	else
		set -- --time "$VALUE_COLUMN" --above "$ABOVE" "$@"
	fi
	csv=
	[ "$kind" != csv ] || csv=--csv
	# shellcheck disable=SC2086
	stage filter "positives.tsv${seen:+ $seen}${window_words:+ left-out.tsv}" filter-interactions $csv --user "$USER_COLUMN" --item "$ITEM_COLUMN" "$@"
	stage_after=
	judge_positives
}
