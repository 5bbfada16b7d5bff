# shellcheck shell=sh disable=SC2034,SC2154 # nightly, which sources it, knows the rest
# runs.sh - what nightly keeps of its runs, and tells of a week. Sourced after quote.sh. Of the script:
# store, lib, now, began, MAIL_COMMAND and, once lists are made, work and users.

# cell FILE NAME COLUMN: of the row of that name
cell() { [ ! -f "$1" ] || NAME=$2 COLUMN=$3 awk -F '\t' '$1 == ENVIRON["NAME"] { print $ENVIRON["COLUMN"]; exit }' "$1"; }

# record STATUS TEXT: a row of runs.tsv for this run; a run that cannot write it goes on
record()
{
	its_rows='' its_value='' its_share='' its_fell=''
	if [ -n "${users:-}" ]; then
		its_rows=$(($(wc -l < "$work/dataset.tsv") - 1))
		its_value=$(awk -F '\t' 'NR == 2 { print $3 }' "$work/floor.tsv" 2> /dev/null)
		its_share=$(cell "$work/coverage.tsv" lists 3)
		its_fell=$(cell "$work/fallbacks.tsv" all 4)
	fi
	[ -s "$store/runs.tsv" ] || printf 'run\tstatus\tseconds\trows\tusers\tvalue\tcoverage\tfallbacks\twhat\n' > "$store/runs.tsv"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$now" "$1" $(($(date +%s) - began)) "$its_rows" "${users:-}" \
		"$its_value" "$its_share" "$its_fell" "$(printf '%s' "$2" | tr '\t\n' '  ')" >> "$store/runs.tsv"
}

# unrecorded: rows for logs of runs that have none: killed, or at work
unrecorded()
{
	for its_log in "$store"/logs/*.log; do
		its_run=${its_log##*/}
		its_run=${its_run%.log}
		[ -f "$its_log" ] && ! grep -q "^$its_run	" "$store/runs.tsv" 2> /dev/null || continue
		printf '%s\t-\t-\t\t\t\t\t\tno end is known: killed, or still at work\n' "$its_run"
	done
}

# week: the table of the last seven days
week()
{
	{ printf 'run\tstatus\tseconds\trows\tusers\tvalue\tcoverage\tfallbacks\twhat\n'
		{ [ ! -f "$store/runs.tsv" ] || sed 1d "$store/runs.tsv"; unrecorded; } | sort; } |
		SUMMARY_SINCE=$(date -u -d '7 days ago' +%Y%m%d) awk -F '\t' -f "$lib/quote.awk" -f "$lib/summary.awk"
}

summarize()
{
	if [ -z "$MAIL_COMMAND" ]; then week; else week | sh -c "$MAIL_COMMAND"; fi
}
