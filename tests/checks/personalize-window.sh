#!/bin/sh
# WINDOW and AS_OF of personalize, nightly and backtest: what comes out is what a log of the rows in the window
# alone gives, and the rows left out are counted; the window ends with the newest row or AS_OF, and a clock
# that is wrong does not move it; files known to lie outside are not read again, others always are; the older
# meaning of backtest's WINDOW holds.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
personalize=$RECPIPE_ROOT/pipelines/personalize
PATH=$RECPIPE_BIN:$PATH
MIN_USER=2 MIN_ITEM=2 K=10 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=2 FACTORS=4 REDIS=none LOSS=ials FLOOR=no
export MIN_USER MIN_ITEM K METRICS THREADS KERNEL EPOCHS FACTORS REDIS LOSS FLOOR

# Three days, of 40, 41 and 42 users; the last one ends at 1700172800000 + 9 minutes and something.
for day in 0 1 2; do
	ring $((40 + day)) 10 20 mixed | awk -F '\t' -v OFS='\t' -v day=$day 'NR > 1 { $4 = sprintf("%.0f", $4 + day * 86400000) } { print }' > day$day.tsv
done
first=$(sed 1d day1.tsv | cut -f 4 | sort -n | head -n 1)
newest=$(sed 1d day2.tsv | cut -f 4 | sort -n | tail -n 1)
# since TIME FILE...: the rows from then on
since()
{
	its=$1
	shift
	keep-header "$@" -- cat | awk -F '\t' -v since="$its" 'NR == 1 || $4 >= since'
}
same_as() { # FOLDER FOLDER: what matters in them
	for file in positives.tsv log-users.tsv dataset.tsv serving-topk.tsv coverage.tsv; do
		cmp -s "$1/$file" "$2/$file" || complain "$1/$file is not that of $2"
	done
}
# outside FOLDER ROWS BEFORE AFTER: the line of the report
outside()
{
	grep -q "^  outside  *$2  (.*; $3 rows before it, $4 after it)\$" "$1/report.txt" || complain "$1: not $2 ($3, $4): $(grep outside "$1/report.txt")"
}
rows() { echo $(($(keep-header "$@" -- cat | wc -l) - 1)); }

# ---- the newest row, AS_OF, both edges ---------------------------------------------------------------

cat day0.tsv > all.tsv
sed 1d day1.tsv >> all.tsv
sed 1d day2.tsv >> all.tsv
ms=$((newest - first)) # exactly to the first row of the second day
since "$first" all.tsv > want.tsv
[ "$(rows want.tsv)" = $(($(rows day1.tsv) + $(rows day2.tsv))) ] || complain 'the days overlap'
status 0 "$personalize" want want.tsv
WINDOW=$(awk -v ms=$ms 'BEGIN { printf "%.3fs", ms / 1000 }') status 0 "$personalize" got all.tsv
same_as got want
outside got "$(rows day0.tsv)" "$(rows day0.tsv)" 0
said "^filter-interactions: $(rows day0.tsv) rows are outside the window and were left out: $(rows day0.tsv) before it, 0 after it\$"
WINDOW=$(awk -v ms=$ms 'BEGIN { printf "%.3fs", (ms - 1) / 1000 }') status 0 "$personalize" got all.tsv
outside got $(($(rows day0.tsv) + $(awk -F '\t' -v t="$first" '$4 == t' day1.tsv | wc -l))) '[0-9]*' 0
WINDOW=1.5d AS_OF=2023-11-15T23:00:00Z status 0 "$personalize" got all.tsv
keep-header day0.tsv day1.tsv -- cat > two.tsv
status 0 "$personalize" want two.tsv
same_as got want
outside got "$(rows day2.tsv)" 0 "$(rows day2.tsv)"
AS_OF=2023-11-16 status 0 "$personalize" got all.tsv
same_as got want
# a row of the year 2100 is left out and moves nothing
{ cat all.tsv && printf 'u1\ti1\t1\t4102444800000\n'; } > future.tsv
WINDOW=1445m status 0 "$personalize" want all.tsv
WINDOW=1445m status 0 "$personalize" got future.tsv
same_as got want
outside got $(($(rows all.tsv) - $(since $((newest - 86700000)) all.tsv | sed 1d | wc -l) + 1)) '[0-9]*' 1
said '^personalize: rows of times to come, up to 2100-01-01 00:00:00, are left out$'
WINDOW=1d TIMESTAMP_UNIT=s status 3 "$personalize" none all.tsv
said 'is TIMESTAMP_UNIT right'
# without one all is as before
status 0 "$personalize" got all.tsv
! grep -q outside got/report.txt || complain 'a report without a window has one'

# ---- settings ----------------------------------------------------------------------------------------

for window in 90 d 1y -1d 0d 0.5 '$(touch bitten)d' '1d 2d'; do
	WINDOW=$window status 2 "$personalize" work all.tsv
	said 'WINDOW is a time, as in 90d'
done
for as_of in x 2023-13-01 1700000000000 '$(touch bitten)'; do
	AS_OF=$as_of status 2 "$personalize" work all.tsv
	said 'AS_OF is a day or a time'
done
[ ! -e bitten ] && [ ! -e work ] || complain 'a setting was run, or a refused one made something'
DATASET=want/dataset.tsv WINDOW=1d status 2 env -u MIN_USER -u MIN_ITEM "$personalize" work
said 'WINDOW cannot be combined with DATASET'
WINDOW=1d status 2 env -u LOSS -u FLOOR "$RECPIPE_ROOT/pipelines/personalize-pieces" work all.tsv
said 'WINDOW is a setting of personalize alone'
WINDOW=1d TIMESTAMP_COLUMN=at status 2 "$personalize" work all.tsv
said 'WINDOW and AS_OF need times: TIMESTAMP_COLUMN'

# ---- files that lie outside, in each kind of them --------------------------------------------------------

json() { awk -F '\t' 'NR > 1 { printf "{\"message\": \"next\", \"timestamp\": %s, \"user\": \"%s\", \"track\": \"%s\", \"time\": %s, \"latency\": 0, \"recommendation\": \"x\", \"source\": \"%s\", \"experiments\": {}}\n", $4, $1, $2, $3, NR % 3 ? "list" : "random" }' "$1"; }
mkdir tsv json csv
for day in 0 1 2; do
	cp day$day.tsv "tsv/it's day $day.tsv"
	json day$day.tsv | gzip > json/day$day.json.gz
	tr '\t' , < day$day.tsv > csv/day$day.csv
done
for kind in tsv json csv; do
	rm -rf work
	WINDOW=1445m status 0 "$personalize" work $kind/*
	said '^personalize: 1 of 3 files ('"$(rows day0.tsv)"' rows) lie outside the window and are not read$'
	grep -q '^  outside  *[0-9]*  (1445m until 2023-11-1[0-9] .*; [0-9]* rows before it, 0 after it)$' work/report.txt &&
		grep -q "^  *$(rows day0.tsv)  (of these in 1 files that were not read" work/report.txt || complain "$kind: $(grep -A 1 outside work/report.txt)"
	for file in dataset.tsv serving-topk.tsv; do cmp -s work/$file want/$file || complain "$kind: $file is another"; done
	[ "$(wc -l < work/file-times.tsv)" = 4 ] || complain "$kind: what is known of files: $(cat work/file-times.tsv)"
	[ $kind != json ] || grep -q "^all	$(since $((newest - 86700000)) all.tsv | sed 1d | wc -l)	" work/fallbacks.tsv ||
		complain "fallbacks outside the window: $(cat work/fallbacks.tsv)"
done
# What is known is not read again: the tool that reads is told of each file once.
mkdir shims
for tool in "$RECPIPE_BIN"/*; do ln -s "$tool" shims/; done
rm shims/import-logs
printf '#!/bin/sh\necho "$*" >> "%s/read.txt"\nexec "%s/import-logs" "$@"\n' "$RECPIPE_TMP" "$RECPIPE_BIN" > shims/import-logs
chmod +x shims/import-logs
rm -rf work
RECPIPE_BIN=$RECPIPE_TMP/shims WINDOW=1445m status 0 "$personalize" work json/*
[ "$(grep -c day0 read.txt)" = 1 ] || complain "read: $(cat read.txt)"
rm read.txt
json day2.tsv | sed 's/17001[0-9]*/1700180000000/' > json/day3.json
RECPIPE_BIN=$RECPIPE_TMP/shims WINDOW=1445m status 0 "$personalize" work json/*
said '^personalize: 2 of 4 files'
! grep -q 'day[01]' read.txt && [ "$(grep -c day3 read.txt)" = 2 ] || complain "read again: $(cat read.txt)"
# A file that gets rows, or is another one under the old name, is read.
rm read.txt
{ json day0.tsv && json day2.tsv; } | gzip > json/day0.json.gz
RECPIPE_BIN=$RECPIPE_TMP/shims WINDOW=1445m status 0 "$personalize" work json/*
grep -q 'day0.*day2' read.txt && said '^personalize: 1 of 4 files' || complain 'a file that changed is not read'
# Other settings say other things of a file: nothing is known then.
rm read.txt
RECPIPE_BIN=$RECPIPE_TMP/shims WINDOW=1445m ON_ERROR=skip status 0 "$personalize" work json/*
grep -q day1 read.txt || complain 'what was known with other settings is taken'
WINDOW=1h AS_OF=2020-01-01 status 3 "$personalize" work json/*
said 'no file has rows in the window (WINDOW=1h AS_OF=2020-01-01)'
printf 'x\n' > json/bad.json
WINDOW=1445m status 3 "$personalize" work json/*
said 'bad.json:1: '
rm json/bad.json json/day3.json

# ---- nightly, backtest ---------------------------------------------------------------------------------

if command -v setsid > /dev/null && command -v flock > /dev/null; then
	json day0.tsv | gzip > json/day0.json.gz
	WINDOW=1445m status 0 "$RECPIPE_ROOT/pipelines/nightly" store json/*
	[ ! -s out.txt ] && [ ! -s err.txt ] || complain "nightly is not silent: $(cat out.txt err.txt)"
	cmp -s store/models/*/serving-topk.tsv want/serving-topk.tsv && grep -q '^  outside ' store/models/*/report.txt ||
		complain 'nightly has another window'
	DATASET=want/dataset.tsv WINDOW=1d status 2 "$RECPIPE_ROOT/pipelines/nightly" store
	said 'WINDOW, which is for FILE, cannot be combined with DATASET'
	DATASET=none.tsv MODEL=auto WINDOW=0.1 status 1 "$RECPIPE_ROOT/pipelines/nightly" store # backtest's share
	said 'cannot read none.tsv'
	WINDOW=soon status 2 "$RECPIPE_ROOT/pipelines/nightly" store json/*
	# The gate is fair to lists that may offer again what was heard before the window: they lose that, as the last
	# good ones never had it.
	ring 60 12 30 > before.tsv
	awk -F '\t' -v OFS='\t' 'NR > 1 { $2 = "i" (substr($2, 2) + 6) % 30; $4 = sprintf("%.0f", $4 + 5 * 86400000) } 1' before.tsv > after.tsv
	WINDOW=1d TEST=0.3 status 0 "$RECPIPE_ROOT/pipelines/nightly" fair before.tsv
	made=fair/work
	cp $made/dataset.tsv first.tsv
	cp $made/topk.tsv first-topk.tsv
	WINDOW=1d TEST=0.3 GATE=ndcg@5:-100% MAX_DRIFT=1 status 0 "$RECPIPE_ROOT/pipelines/nightly" fair before.tsv after.tsv
	awk -F '\t' -v OFS='\t' 'FNR == 1 { file++; if (file == 2) print; next }
		file == 1 { if ($4 != "test") heard[$1, $2]; next }
		{ rank[$1] += !(($1, $3) in heard) } ($1, $3) in heard { again++; next } { $2 = rank[$1]; print }
		END { exit again < 20 }' first.tsv $made/topk.tsv > less.tsv || complain 'nothing is offered again'
	awk -F '\t' 'FNR == 1 { file++ } file == 1 { has[$1]; next } FNR == 1 || $4 == "test" && $1 in has' first-topk.tsv $made/dataset.tsv > tests.tsv
	evaluate-topk -q --dataset tests.tsv --metrics ndcg@5 less.tsv > value.tsv
	awk -F '\t' 'FNR == 2 { value[++n] = n == 1 ? $2 : $3 } END { exit (value[1] - value[2]) ^ 2 > 1e-18 }' value.tsv $made/gate.tsv ||
		complain "the gate is unfair: $(cat value.tsv $made/gate.tsv)"
	[ "$(cat fair/models/*/heard.tsv | wc -l)" = "$(awk -F '\t' '$4 != "test"' $made/dataset.tsv | wc -l)" ] || complain 'what was heard is not kept, or twice'
fi
backtest=$RECPIPE_ROOT/pipelines/backtest
for setting in WINDOW=90d WINDOW=0.5d WINDOW=0.1 WINDOW=.1 FOLD_SIZE=0.1 'WINDOW=90d FOLD_SIZE=0.1 AS_OF=2024-01-01'; do
	status 0 env $setting "$backtest" --check
done
status 2 env FOLD_SIZE=0.1 WINDOW=0.1 "$backtest" --check
said 'FOLD_SIZE cannot be combined with WINDOW=0.1, its old name'
status 2 env WINDOW=90 "$backtest" --check
FOLDS=1 TRIALS=1 CANDIDATES=baseline METRIC=ndcg@5
export FOLDS TRIALS CANDIDATES METRIC
status 0 "$backtest" new want.tsv
WINDOW=0.1 status 0 "$backtest" old want.tsv
FOLD_SIZE=0.2 status 0 "$backtest" wide want.tsv
cmp -s new/backtest.tsv old/backtest.tsv && ! cmp -s new/first.tsv wide/window1/dataset.tsv &&
	! cmp -s new/window1/dataset.tsv wide/window1/dataset.tsv || complain 'FOLD_SIZE is not what WINDOW was'
WINDOW=1445m status 0 "$backtest" windowed all.tsv
cmp -s windowed/positives.tsv want/positives.tsv || complain 'the window of backtest is another'
# in personalize the old share goes to backtest, and a window does not
MODEL=auto WINDOW=0.2 status 0 env -u LOSS -u FACTORS "$personalize" auto all.tsv
cmp -s auto/dataset.tsv got/dataset.tsv || complain 'a share is a window in personalize'
grep -q -e '--test.*after' auto/auto/manifest.tsv || complain 'backtest has not run'
MODEL=auto ORDER=random WINDOW=1445m status 0 env -u LOSS -u FACTORS "$personalize" auto2 all.tsv
cmp -s auto2/dataset.tsv want/dataset.tsv || complain 'MODEL=auto and a window'
exit $failed
