#!/bin/sh
# analyze-ab on real logs of the course's service, beside the course's own analysis:
# every run, to 6 digits; a replica file alone is not a log.
logs=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/botify-logs
[ -d "$logs" ] || { echo "no logs: $logs"; exit 77; }
cd "$RECPIPE_TMP" || exit 1
sed 1d "$logs/expected.tsv" | cut -f 1,2 | sort -u | while IFS='	' read -r run experiment; do
	# Its figures count the events of unfinished sessions too.
	unfinished=count
	set -- "$logs/$run".r*.json.gz
	import-logs -q --experiment "$experiment" "$@" > events.tsv &&
		analyze-ab -q --multi-arm keep --unfinished $unfinished --interval naive --experiment "$experiment" events.tsv 2> /dev/null |
		sed 1d | awk -F '\t' -v OFS='\t' -v run="$run" '{print run, $1, $2, $3, $11, $13, $12, $6, $7, $4, $5, $16}' ||
		exit 1
done > got.tsv || exit 1
awk -F '\t' '
	function near(a, b,   d) {d = a - b; if (d < 0) d = -d; b = b < 0 ? -b : b; return d <= 2e-6 * b + 2e-7}
	NR == FNR {for (i = 5; i <= 12; i++) got[$1, $2, $3, $4, i] = $i; have[$1, $2, $3, $4] = 1; next}
	FNR > 1 {
		if (!have[$1, $2, $3, $4]) {print "missing: " $0; bad = 1; next}
		for (i = 5; i <= 12; i++)
			if (!near(got[$1, $2, $3, $4, i], $i)) {print $1, $2, $3, $4, i ": " got[$1, $2, $3, $4, i] " is not " $i; bad = 1}
		n++
	}
	END {print n " rows"; exit bad || !n}' got.tsv "$logs/expected.tsv"
