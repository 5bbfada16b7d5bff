#!/bin/sh
# personalize-pieces on 5 million rows (USERS times 50) at 1, 3 and 7 pieces, with a fifth of the tries killed
# and a fifth of the tasks run twice: byte for byte the files that personalize makes of them at once.
# ENGINE and its settings choose where.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
here=$RECPIPE_ROOT/pipelines
: "${USERS:=100000}" "${PIECES_TRIED:=1 3 7}" "${ENGINE:=local}"
export ENGINE FLOOR=no FACTORS=16 EPOCHS=2 PATIENCE=0 K=20 METRICS=10,20 VALUE_COLUMN=time REDIS=none

USERS=$USERS awk 'BEGIN { OFS = "\t"; print "user", "item", "time"; srand(1)
	for (u = 0; u < ENVIRON["USERS"] + 0; u++)
		for (k = 0; k < 50; k++) { i = int(20000 * rand() ^ 3); print "u" u, "i" i, rand() < .9 } }' > rows.tsv
# timed WHAT COMMAND...: seconds of a run
timed()
{
	what=$1 began=$(date +%s)
	shift
	"$@" > log 2>&1 || complain "$what: $(tail -n 3 log)"
	echo "$what: $(($(date +%s) - began)) s"
}
timed 'at once' env LOSS=ials KERNEL=portable TRAIN='--solver exact' "$here/personalize" whole rows.tsv
for pieces in $PIECES_TRIED; do
	timed "$pieces pieces" env PIECES="$pieces" FAULTS=20 "$here/personalize-pieces" cut rows.tsv
	for file in dataset items popular model topk metrics popular-topk popular-metrics serving serving-topk; do
		cmp whole/$file.tsv cut/$file.tsv || complain "$pieces pieces: $file.tsv is another one"
	done
	rm -rf cut
done
exit "$failed"
