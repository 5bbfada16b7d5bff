#!/bin/sh
# The real logs through import-logs and through a reader in Python: the same rows.
data=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/botify-logs
[ -r "$data/expected.tsv" ] || { echo 'the real logs are not here'; exit 77; }
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
for run in $(tail -n +2 "$data/expected.tsv" | cut -f 1 | sort -u); do
	import-logs "$data/$run".r*.json.gz > ours || exit
	python3 "$RECPIPE_ROOT/tests/checks/import-logs.py" "$data/$run".r*.json.gz > theirs || exit
	cmp ours theirs || exit
	printf '%s\t%s\n' "$run" "$(tail -n +2 ours | wc -l)"
done > rows.tsv
cmp - rows.tsv <<- END
	20240219-sticky-4of4	87500
	20240310-aa-sticky	4100
	20240414-hw-4arm	20291
	20240414-win-avg	37393
	20240416-custom	19275
	20240507a-hw	20053
	20250310-user_based	43281
	20250511-personalized	173859
	END
