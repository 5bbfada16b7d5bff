#!/bin/sh
# analyze-ab on real logs of the course's service, beside the course's own analysis:
# every run with the options of the course, to 6 digits; and the two runs with lost events, no others, are told,
# and have no verdict: not even the A/A test that "finds" -24 %.
logs=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/botify-logs
[ -d "$logs" ] || { echo "no logs: $logs"; exit 77; }
cd "$RECPIPE_TMP" || exit 1
sed 1d "$logs/expected.tsv" | cut -f 1,2 | sort -u | while IFS='	' read -r run experiment; do
	set -- "$logs/$run".r*.json.gz
	import-logs -q --experiment "$experiment" "$@" > events.tsv &&
		analyze-ab --multi-arm keep --sessions merged --interval naive --adjust none --experiment "$experiment" --health health.tsv events.tsv 2> said |
		tee table | sed 1d | awk -F '\t' -v OFS='\t' -v run="$run" '{print run, $1, $2, $3, $11, $13, $12, $6, $7, $4, $5, $16}' ||
		exit 1
	sed 1d table | awk -F '\t' -v run="$run" '{lost = run ~ /^(20240219-sticky-4of4|20240310-aa-sticky)$/}
		($NF == "broken") != lost {print run ": " $0 > "/dev/stderr"; bad = 1} END {exit bad}' || exit 1
	grep -q 'without_session_chi2.*warning' health.tsv && { echo "$run: a test of p > 0.1 is called a warning" >&2; exit 1; }
	awk -F '\t' -v OFS='\t' -v run="$run" '$2 == "followed" && (share == "" || $4 < share) {share = $4}
		END {print run, share}' health.tsv | sed "s/\$/	$(grep -c 'are missing' said)/" >> followed.tsv
done > got.tsv || exit 1
sort -u followed.tsv | awk -F '\t' '
	{print $1 ": at least " $2 " of the tracks are those recommended before"}
	($1 ~ /^(20240219-sticky-4of4|20240310-aa-sticky)$/) != ($3 > 0) {print "^ told of lost events: " $3; bad = 1}
	END {exit bad || NR < 8}' || exit 1
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
