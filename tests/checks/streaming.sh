#!/bin/sh
# stage by Hadoop Streaming, without daemons: the rows of a plain pipe, bytes as they are, whole keys; bad
# input ends it with 3 and the words of the task; a half-step of training has the bytes of one process.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/streaming.sh"
stage="$RECPIPE_ROOT/pipelines/stage --engine hadoop"

# One column, several, a CR, bytes that are no UTF-8, an empty field.
mkdir in rows
{ seq 1 3000; printf 'a\tb\tc\nx\t\n\tz\n\377\t\376\n'; } > in/part-a
printf 'last\n' > in/part-b
status 0 $stage --in "$PWD/in" --out "$PWD/mapped" --map cat
cat mapped/part-* | sort > got
cat in/part-* | sort | cmp - got || complain 'the bytes of a map are not those that went in'
printf 'rows_in\t3005\nrows_out\t3005\n' | cmp - mapped/_counters || complain 'wrong counters'

status 0 $stage --in "$PWD/in" --out "$PWD/numbers" --map 'echo "$STAGE_PART"'
[ "$(sort numbers/part-* | tr '\n' ' ')" = '0 1 ' ] || complain "the numbers of the parts: $(cat numbers/part-*)"

awk 'BEGIN { srand(3); for (u = 0; u < 60; u++) for (i = 0; i < 40; i++) if (rand() < .2) print "u" u "\ti" i "\t1\ttrain" }' > rows/part-a
{ printf 'user\titem\tweight\tsplit\n'; cat rows/part-a; } > dataset.tsv
train-mf -q --loss ials --factors 8 --epochs 0 --kernel portable -o start.tsv dataset.tsv || complain 'train-mf fails'
sum-gram -q --side items --kernel portable -o gram.tsv start.tsv || complain 'sum-gram fails'
status 0 $stage --in "$PWD/rows" --out "$PWD/users" --key 1 --parts 3 --side "$PWD/start.tsv" --side "$PWD/gram.tsv" \
	--reduce 'fold-in -q --counters hadoop --solve users --gram gram.tsv --model start.tsv --kernel portable --no-header --columns user,item,weight,split'
sort -k 2,2 users/part-* > got
fold-in -q --solve users --kernel portable --model start.tsv dataset.tsv | tail -n +2 | cmp - got ||
	complain 'a half-step is another one'
# Of a tool's own counters, those of all tasks are added up.
grep -qx "recpipe,rows-written	$(wc -l < got)" users/_counters && grep -qx "rows_out	$(wc -l < got)" users/_counters ||
	complain "the tool's counters: $(cat users/_counters)"
[ -f users/_SUCCESS ] || complain 'no _SUCCESS'

status 0 $stage --faults 50 --in "$PWD/rows" --out "$PWD/faults" --key 1 --parts 9 --reduce 'sleep 0.1; cut -f 1 | uniq -c'
cat faults/part-* | sort > got
cut -f 1 rows/part-a | sort | uniq -c | sort | cmp - got || complain 'commands that are killed or run twice change the rows'

printf 'x\ry\n' > in/part-b
status 3 $stage --in "$PWD/in" --out "$PWD/bad-cr" --map cat
grep -q 'a CR in a row' err.txt || complain "a CR is not explained: $(cat err.txt)"
status 3 $stage --in "$PWD/rows" --out "$PWD/bad" --map 'echo "no good" >&2; exit 3'
grep -q 'no good' err.txt && grep -q 'failed with status 3' err.txt || complain "bad input is not explained: $(cat err.txt)"
mkdir torn wrong
seq 1 5000 | gzip | head -c 4000 > torn/part-a.gz
{ cat torn/part-a.gz && head -c 3000 /dev/zero | tr '\0' '\377'; } > wrong/part-a.gz
for folder in torn wrong; do
	status 3 $stage --in "$PWD/$folder" --out "$PWD/bad-$folder" --map cat
	grep -q 'compressed file .* is torn' err.txt || complain "$folder: not explained: $(cat err.txt)"
done
[ -z "$(ls -d bad* 2> /dev/null)" ] || complain "a failed job leaves $(ls -d bad*)"
exit "$failed"
