#!/bin/sh
# Who gets a list: personalize counts the users of the log, those with a list, and why the others have
# none, as a count by other means does; with COLD=fold-in users below the thresholds get the lists that
# fold-in and recommend-items make, and those who had one keep it. Random fallbacks by arm are those of
# the column source.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
personalize=$RECPIPE_ROOT/pipelines/personalize
PATH=$RECPIPE_BIN:$PATH
MIN_USER=4 MIN_ITEM=3 K=10 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=4 FACTORS=8 REDIS=none LOSS=ials
export MIN_USER MIN_ITEM K METRICS THREADS KERNEL EPOCHS FACTORS REDIS LOSS

# 80 users with many rows, 9 with two positives, 1 with a positive of an item that nobody else has, 5 who skip.
{
	ring 80 12 30
	awk 'BEGIN {
		for (u = 1; u <= 9; u++) for (k = 0; k < 2; k++) printf "few %d\ti%d\t1\t1700000000000\n", u, (u + k * 3) % 30
		print "alone\tonly\t1\t1700000000000"
		for (u = 1; u <= 5; u++) printf "skips%d\ti1\t0.1\t1700000000000\n", u }'
} > log.tsv
want()
{
	printf 'users\tcount\tshare\n%s\n' "$1" | tr ' ' '\t' | cmp -s - "$2/coverage.tsv" || complain "$2: $(cat "$2/coverage.tsv")"
}
status 0 "$personalize" work log.tsv
want 'log 95 1.0000
lists 80 0.8421
folded 0 0.0000
no-positives 5 0.0526
thresholds 10 0.1053
cold 0 0.0000' work
grep -qx '80 of 95 users of the log have a list (84.2 %); without one: 5 have no positive, 10 are below MIN_USER=4 and MIN_ITEM=3, 0 are cold' work/report.txt ||
	complain "the report: $(grep 'of the log' work/report.txt)"
cp work/serving-topk.tsv warm.tsv
COLD=fold-in status 0 "$personalize" work log.tsv
want 'log 95 1.0000
lists 89 0.9368
folded 9 0.0947
no-positives 5 0.0526
thresholds 1 0.0105
cold 0 0.0000' work
grep -q '^few\|^user	' work/serving-topk.tsv && grep -v '^few' work/serving-topk.tsv | cmp -s - warm.tsv || complain 'the lists of the others changed'
LC_ALL=C sort -s -t "$(printf '\t')" -k 1,1 -c work/serving-topk.tsv 2> /dev/null || {
	sed 1d work/serving-topk.tsv | LC_ALL=C sort -s -t "$(printf '\t')" -k 1,1 -c || complain 'users are not in the order of their bytes'
}
{ printf 'user\titem\n' && grep -e '^few' -e '^alone' log.tsv | cut -f 1,2 | LC_ALL=C sort; } > cold.tsv
fold-in -q --model work/serving.tsv --kernel portable cold.tsv > folded.tsv
export-topk -q --k 10 --exclude cold.tsv --kernel portable folded.tsv > want.tsv
{ head -n 1 warm.tsv && grep '^few' work/serving-topk.tsv; } | cmp -s - want.tsv || complain 'the folded lists are others'
[ "$(wc -l < want.tsv)" = 91 ] || complain "not 9 lists of 10: $(wc -l < want.tsv)"
COLD=fold-in status 0 "$personalize" work log.tsv
grep '^+' err.txt | grep -v '^+ cd ' && complain 'commands ran again for nothing'

# neighbors
unset LOSS FACTORS
printf 'model\toption\tvalue\n1\tfamily\tknn\n' > knn.tsv
MODEL=knn.tsv COLD=fold-in status 0 "$personalize" knn log.tsv
recommend-items -q --neighbors knn/serving-neighbors.tsv --k 10 --seed 42 cold.tsv > want.tsv
{ head -n 1 warm.tsv && grep -e '^few' -e '^alone' knn/serving-topk.tsv; } | LC_ALL=C sort > got.txt
LC_ALL=C sort want.tsv | cmp -s - got.txt || complain 'the lists by neighbors are others'
printf 'model\toption\tvalue\n1\tfamily\tbaseline\n' > popular.tsv
MODEL=popular.tsv COLD=fold-in status 2 "$personalize" knn log.tsv
said 'COLD=fold-in requires one model'
COLD=yes status 2 "$personalize" knn log.tsv
DATASET=work/dataset.tsv COLD=fold-in env -u MIN_USER -u MIN_ITEM "$personalize" given > out.txt 2> err.txt
[ $? = 2 ] || complain 'COLD with DATASET'
# nobody is below the thresholds: no stage fails on nothing
ring 80 12 30 > all.tsv
COLD=fold-in status 0 "$personalize" all all.tsv
want 'log 80 1.0000
lists 80 1.0000
folded 0 0.0000
no-positives 0 0.0000
thresholds 0 0.0000
cold 0 0.0000' all

# ---- random fallbacks, by arm -----------------------------------------------------------------------

awk -F '\t' 'NR > 1 { printf "{\"message\": \"next\", \"timestamp\": %s, \"user\": \"%s\", \"track\": \"%s\", \"time\": %s, \"latency\": 0, \"recommendation\": \"x\", \"source\": \"%s\", \"experiments\": {\"EXP\": \"%s\"}}\n",
	$4, $1, $2, $3, NR % 4 == 0 ? "random:no-list" : NR % 4 == 1 ? "random" : "indexed", NR % 8 < 4 ? "C" : "T1" }' log.tsv > log.json
status 0 "$personalize" json log.json
awk 'NR > 1 { n++; f += NR % 4 == 0; a = NR % 8 < 4 ? "EXP C" : "EXP T1"; of[a]++; fell[a] += NR % 4 == 0 }
	END { printf "all\t%d\t%d\t%.4f\n", n, f, f / n; for (a in of) printf "%s\t%d\t%d\t%.4f\n", a, of[a], fell[a], fell[a] / of[a] | "sort" }' log.tsv |
	cmp -s - json/fallbacks.tsv || complain "fallbacks: $(cat json/fallbacks.tsv)"
grep -q '^  EXP T1  *[0-9]* answers, 2[45][.][0-9] %$' json/report.txt || complain "fallbacks in the report: $(grep answers json/report.txt)"
# the events as a table, and nightly's copy
ITEM_COLUMN=track status 0 "$personalize" table json/events.tsv
cmp -s json/fallbacks.tsv table/fallbacks.tsv || complain "fallbacks of a table: $(cat table/fallbacks.tsv)"
DATASET=json/dataset.tsv status 0 env -u MIN_USER -u MIN_ITEM FLOOR=no "$personalize" table
[ ! -e table/fallbacks.tsv ] && ! grep -q fallbacks table/report.txt || complain 'a dataset has the fallbacks of a log before it'
if command -v setsid > /dev/null && command -v flock > /dev/null; then
	status 0 "$RECPIPE_ROOT/pipelines/nightly" store log.json
	cmp -s store/models/*/coverage.tsv json/coverage.tsv && cmp -s store/models/*/fallbacks.tsv json/fallbacks.tsv ||
		complain 'nightly keeps other counts'
	grep -q '^nightly: 80 of 95 users of the log have a list' store/logs/*.log || complain "nightly does not tell: $(tail -n 2 store/logs/*.log)"
fi
sed 's/"source": "[^"]*", //' log.json > plain.json
status 0 "$personalize" json plain.json
[ ! -s json/fallbacks.tsv ] && ! grep -q fallbacks json/report.txt || complain 'fallbacks without a column source'
exit $failed
