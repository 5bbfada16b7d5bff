# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# positives.sh - from logs to positives: what personalize and backtest begin with. Sourced after
# stages.sh, with set -f.

# input_kind FILE...: sets `kind`, and ITEM_COLUMN if it is not set
input_kind()
{
	kind=
	for file; do
		[ -r "$file" ] || die 1 "cannot read $file"
		case $(uncompressed "$file") in
		*.json | *.jsonl | *.ndjson) its=json ;;
		*.csv) its=csv ;;
		*) its=tsv ;;
		esac
		[ "$FORMAT" = auto ] || its=$FORMAT
		[ -z "$kind" ] || [ "$kind" = "$its" ] ||
			die 2 "$file is $its, the files before it are $kind; set FORMAT"
		kind=$its
	done
	case $kind in
	json) : "${ITEM_COLUMN:=track}" ;;
	csv | tsv) : "${ITEM_COLUMN:=item}" ;;
	*) die 2 "FORMAT=$FORMAT: not json, csv or tsv" ;;
	esac
}

# positives FILE...: the stages that make positives.tsv
positives()
{
	if [ "$kind" = json ]; then
		reads "$@"
		# shellcheck disable=SC2086 # IMPORT is several words
		stage import events.tsv import-logs $IMPORT -o events.tsv "$@"
		set -- events.tsv
	fi
	if [ -n "$MIN" ]; then bound="--min $MIN"; else bound="--above $ABOVE"; fi
	csv=
	[ "$kind" != csv ] || csv=--csv
	reads "$@"
	# shellcheck disable=SC2086
	stage filter positives.tsv filter-interactions $csv --user "$USER_COLUMN" --item "$ITEM_COLUMN" \
		--time "$VALUE_COLUMN" $bound -o positives.tsv "$@"
}
