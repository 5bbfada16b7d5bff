# shellcheck shell=sh disable=SC2034,SC2154 # nightly, which sources it, knows the rest
# runs.sh - what nightly keeps of its runs, and tells of a week. Sourced after quote.sh. Of the script:
# store, lib, now, began, MAIL_COMMAND and, once lists are made, work and users.

# cell FILE NAME COLUMN: of the row of that name
cell() { [ ! -f "$1" ] || NAME=$2 COLUMN=$3 awk -F '\t' '$1 == ENVIRON["NAME"] { print $ENVIRON["COLUMN"]; exit }' "$1"; }

# disk_full: is there less room than a run's log takes?
disk_full() { [ "$(df -Pk -- "$store" | awk 'NR == 2 { print $4 }')" -lt 64 ] 2> /dev/null; }

# keep_room: a file that gives way when the disk is full, so that the row of that run can be written
keep_room()
{
	! disk_full || return 1
	[ -s "$store/.room" ] || head -c 8192 /dev/zero > "$store/.room"
}

# record STATUS TEXT: a row of runs.tsv for this run; a run that cannot write it goes on
record()
{
	! disk_full || rm -f -- "$store/.room"
	its_rows='' its_value='' its_share='' its_fell=''
	if [ -n "${users:-}" ]; then
		its_rows=$(($(wc -l < "$work/dataset.tsv") - 1))
		its_value=$(awk -F '\t' 'NR == 2 { print $3 }' "$work/floor.tsv" 2> /dev/null)
		its_share=$(cell "$work/coverage.tsv" lists 3)
		its_fell=$(cell "$work/fallbacks.tsv" all 4)
	fi
	[ -s "$store/runs.tsv" ] || printf 'run\tstatus\tseconds\trows\tusers\tvalue\tcoverage\tfallbacks\twhat\n' > "$store/runs.tsv"
	# A row that was cut short stays a row of its own, which the table leaves out.
	[ -z "$(tail -c 1 "$store/runs.tsv")" ] || echo >> "$store/runs.tsv"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$now" "$1" $(($(date +%s) - began)) "$its_rows" "${users:-}" \
		"$its_value" "$its_share" "$its_fell" "$(printf '%s' "$2" | tr '\t\n' '  ')" >> "$store/runs.tsv"
}

# recorded: the rows of runs.tsv
recorded() { [ ! -f "$store/runs.tsv" ] || awk -F '\t' 'NR > 1 && NF == 9' "$store/runs.tsv"; }

# unrecorded: rows for logs of runs that have none: killed, or at work
unrecorded()
{
	for its_log in "$store"/logs/*.log; do
		its_run=${its_log##*/}
		its_run=${its_run%.log}
		[ -f "$its_log" ] && ! recorded | grep -q "^$its_run	" || continue
		printf '%s\t-\t-\t\t\t\t\t\tno end is known: killed, or still at work\n' "$its_run"
	done
}

# week: the table of the last seven days
week()
{
	{ printf 'run\tstatus\tseconds\trows\tusers\tvalue\tcoverage\tfallbacks\twhat\n'
		{ recorded; unrecorded; } | sort; } |
		SUMMARY_SINCE=$(date -u -d '7 days ago' +%Y%m%d) awk -F '\t' -f "$lib/quote.awk" -f "$lib/summary.awk"
}

summarize()
{
	if [ -z "$MAIL_COMMAND" ]; then week; else week | sh -c "$MAIL_COMMAND"; fi
}
