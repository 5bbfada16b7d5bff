#!/bin/sh
# blend-topk beside a plain computation in Python, on streams that lack users here and there
# and are in an order that is not that of the ids; then that lists are given up as the
# streams go by, whatever users are missing.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
judge="$RECPIPE_ROOT/tests/checks/blend-topk.py"
cd "$RECPIPE_TMP"
python3 "$judge" draw .
for run in 'rrf - 1,1,1' 'rrf - 1,0.25,3' 'rrf - 1,0,0.5' 'score min-max 1,1,1' 'score min-max 0.5,2,0.1' \
	'score z 1,1,1' 'score z 1,0.3,2' 'score none 1,0.7,0.2' 'round-robin - 1,1,1'; do
	set -- $run
	case $1 in score) options="--normalize $2 --weight $3" ;; rrf) options="--weight $3" ;; *) options= ;; esac
	for k in 3 50; do
		blend-topk -q --method $1 $options --k $k a.tsv b.tsv c.tsv | python3 "$judge" judge . $1 $2 $3 $k
	done
done
blend-topk -q a.tsv b.tsv > two
blend-topk -q a.tsv - < b.tsv | cmp - two
blend-topk -q a.tsv < b.tsv | cmp - two
# Sorted streams stay sorted, whoever is missing.
for name in a b c; do keep-header sort -s -t "$(printf '\t')" -k 1,1 < $name.tsv > s$name.tsv; done
blend-topk -q sa.tsv sb.tsv sc.tsv > sorted
tail -n +2 sorted | cut -f 1 | sort -c

# Four times the users do not need four times the memory.
make_lists()
{
	awk -v n=$1 -v lacks=$2 'BEGIN {
		print "user\trank\titem"
		for (u = 0; u < n; u++)
			for (r = 1; r <= 20 && u % 3 != lacks && u % 100 != lacks; r++)
				print "user" u "\t" r "\tan item of the catalog with a long id, number " (u * 7 + r * r) % 500
	}'
}
peak()
{
	make_lists $1 1 > A
	make_lists $1 2 > B
	blend-topk -v A B 2>&1 > /dev/null | sed -n 's/.* \([0-9.]*\) MB.*/\1/p'
}
small=$(peak 5000) large=$(peak 20000)
awk -v small="$small" -v large="$large" 'BEGIN { if (!(small > 0 && large - small < 8)) { print small " MB, then " large " MB"; exit 1 } }'
