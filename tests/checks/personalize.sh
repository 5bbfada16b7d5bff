#!/bin/sh
# What personalize takes: logs of plays alone, kinds of events with weights, tables of any kind, bad
# rows that every stage may skip, and a dataset made elsewhere; each gives what the tools give by
# hand. backtest and nightly have the same settings. What cannot be combined is refused.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
personalize=$RECPIPE_ROOT/pipelines/personalize
PATH=$RECPIPE_BIN:$PATH
MIN_USER=2 MIN_ITEM=2 K=10 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=2 FACTORS=8 REDIS=none
export MIN_USER MIN_ITEM K METRICS THREADS KERNEL EPOCHS FACTORS REDIS

# Plays, some of them more than once, of three kinds; one row in fifty is bad.
ring 40 10 20 mixed | awk -F '\t' -v OFS='\t' 'NR == 1 { print $1, $2, "event", $4; next }
	{ print $1, $2, NR % 7 == 0 ? "buy" : NR % 3 == 0 ? "cart" : "view", $4 } NR % 50 == 0 { print "bad" }' > plays.tsv
grep -v '^bad' plays.tsv > good.tsv
bad=$(grep -c '^bad' plays.tsv)
split='--min-user-interactions 2 --min-item-interactions 2 --test 0.3 --validation 0.1 --seed 42'

# same FILE COMMAND...: the file has what the command writes
same()
{
	file=$1
	shift
	"$@" 2> same.txt | cmp -s - "$file" || complain "$file is not what this makes: $* $(cat same.txt)"
}
# a_number FILE METRIC: the value is above 0
a_number()
{
	METRIC=$2 awk -F '\t' '$1 == ENVIRON["METRIC"] && $2 + 0 > 0 { found = 1 } END { exit !found }' "$1" ||
		complain "$1: no $2 above 0"
}

# ---- plays alone: every row is a positive --------------------------------------------------

status 2 "$personalize" work good.tsv
grep -q 'stage filter failed.*set VALUE_COLUMN=none' err.txt || complain "no cure for a log without values: $(tail -n 1 err.txt)"
VALUE_COLUMN=rating status 2 "$personalize" work good.tsv
! grep -q 'VALUE_COLUMN=none' err.txt || complain 'a column that was named is not there, and it is called plays alone'
grep -q "stage filter failed.*; VALUE_COLUMN names the column, now 'rating'" err.txt || complain "no setting is named: $(tail -n 1 err.txt)"
# Where a tool names its option, the setting that gives it is named, and no other one.
names()
{
	grep -q "failed.*; $1 names the column, now '$2'\$" err.txt || complain "$1 is not named: $(tail -n 1 err.txt)"
}
VALUE_COLUMN=none USER_COLUMN=who status 2 "$personalize" work good.tsv
names USER_COLUMN who
VALUE_COLUMN=none ITEM_COLUMN=song status 2 "$personalize" work good.tsv
names ITEM_COLUMN song
VALUE_COLUMN=none TIMESTAMP_COLUMN=when status 2 "$personalize" work good.tsv
names TIMESTAMP_COLUMN when
KINDS='kind: view=1' status 2 "$personalize" work good.tsv
names KINDS kind
VALUE_COLUMN=none TIMESTAMP_COLUMN=event status 3 "$personalize" work good.tsv
grep -q 'stage dataset failed.*TIMESTAMP_UNIT is the unit' err.txt || complain "no unit is named: $(tail -n 1 err.txt)"
VALUE_COLUMN=none status 0 "$personalize" work good.tsv
cmp -s work/positives.tsv good.tsv || complain 'plays alone: not all rows are positives'
same work/dataset.tsv build-dataset -q $split good.tsv
a_number work/metrics.tsv ndcg@5
grep -q 'ndcg@5 ' work/report.txt || complain 'plays alone: no metrics in the report'
VALUE_COLUMN=none WEIGHT=count status 0 "$personalize" work good.tsv
same work/dataset.tsv build-dataset -q --weight count $split good.tsv
[ "$(cut -f 3 work/dataset.tsv | sort -u | wc -l)" -gt 2 ] || complain 'WEIGHT=count counts nothing'
{ cat good.tsv && printf '\ti1\tview\t1700000000000\nu1\t\tview\t1700000000000\n'; } > empty.tsv
VALUE_COLUMN=none ON_ERROR=skip status 0 "$personalize" work empty.tsv
cmp -s work/positives.tsv good.tsv && grep -q ' 2 rejected$' err.txt || complain "rows without ids: $(grep rejected err.txt)"
awk -F '\t' 'NR > 1 { printf "{\"u\": \"%s\", \"i\": \"%s\", \"t\": %s}\n", $1, $2, $4 }' good.tsv > plays.json
VALUE_COLUMN=none IMPORT='--map user=.u --map track=.i --map timestamp=.t' status 0 "$personalize" json plays.json
same json/dataset.tsv build-dataset -q $split good.tsv

# ---- bad rows -------------------------------------------------------------------------------

VALUE_COLUMN=none status 3 "$personalize" work plays.tsv
VALUE_COLUMN=none ON_ERROR=skip status 0 "$personalize" skips plays.tsv
cmp -s skips/positives.tsv good.tsv && grep -q " $bad rejected$" err.txt || complain "not $bad rejected: $(grep rejected err.txt)"
for tool in filter-interactions build-dataset train-mf export-topk evaluate-topk recommend-baseline; do
	grep "^+ $tool " err.txt > runs.txt || complain "$tool did not run"
	! grep -q -v -e '--on-error skip' runs.txt || complain "$tool did not get ON_ERROR"
done
VALUE_COLUMN=none ON_ERROR=skip MAX_ERRORS=$bad status 0 "$personalize" work plays.tsv
VALUE_COLUMN=none ON_ERROR=skip MAX_ERRORS=$((bad - 1)) status 3 "$personalize" work plays.tsv
VALUE_COLUMN=none ON_ERROR=skip MAX_ERRORS=1% status 3 "$personalize" work plays.tsv
VALUE_COLUMN=none ON_ERROR=skip MAX_ERRORS=5% status 0 "$personalize" work plays.tsv
# A bad row that only a later stage sees.
{ cat good.tsv && printf 'u1\ti2\tview\tnoon\n'; } > noon.tsv
VALUE_COLUMN=none TIMESTAMP_COLUMN=timestamp TEST=last:1 status 3 "$personalize" work noon.tsv
VALUE_COLUMN=none TIMESTAMP_COLUMN=timestamp TEST=last:1 ON_ERROR=skip status 0 "$personalize" work noon.tsv
grep -q '^build-dataset: .* 1 rejected$' err.txt || complain "a bad time: $(grep build-dataset: err.txt)"
for given in ON_ERROR=no MAX_ERRORS=5 'ON_ERROR=fail MAX_ERRORS=5' 'ON_ERROR=skip MAX_ERRORS=--x'; do
	VALUE_COLUMN=none status 2 env $given "$personalize" work good.tsv
done

# ---- kinds of events, and their weights ------------------------------------------------------

kinds='event: view=1 cart=3 buy=5'
KINDS=$kinds status 0 "$personalize" kinds good.tsv
grep -q '^+ import-table .*--value .event: view=1 cart=3 buy=5.' err.txt || complain "KINDS: $(grep '^+ import' err.txt)"
import-table -q --value "$kinds" good.tsv > valued.tsv
same kinds/dataset.tsv build-dataset -q --weight max --time value $split valued.tsv
[ "$(sed 1d kinds/dataset.tsv | cut -f 3 | sort -u | tr '\n' ' ')" = '1 3 5 ' ] || complain 'the weights are not those of KINDS'
a_number kinds/metrics.tsv ndcg@5
KINDS=$kinds MIN=3 WEIGHT=sum ON_ERROR=skip status 0 "$personalize" kinds plays.tsv
filter-interactions -q --time value --min 3 valued.tsv > some.tsv
same kinds/dataset.tsv build-dataset -q --weight sum --time value $split some.tsv
KINDS='event: view=0 *=1' status 0 "$personalize" kinds good.tsv
grep -q '	view	' kinds/positives.tsv && complain 'a kind of 0 is a positive'
awk -F '\t' 'NR > 1 { printf "{\"u\": \"%s\", \"i\": \"%s\", \"t\": %s, \"e\": \"%s\"}\n", $1, $2, $4, $3 }' good.tsv > plays.json
KINDS=$kinds IMPORT='--map user=.u --map track=.i --map timestamp=.t --map event=.e' status 0 "$personalize" json plays.json
same json/dataset.tsv build-dataset -q --weight max --time value $split valued.tsv
KINDS=$kinds FORMAT=tsv status 2 "$personalize" work good.tsv
VALUE_COLUMN=none WEIGHT=sum status 2 "$personalize" work good.tsv
WEIGHT=much status 2 "$personalize" work good.tsv
VALUE_COLUMN=none FILTER="--where 'event=buy|cart'" status 0 "$personalize" work good.tsv
grep -v '	view	' good.tsv | cmp -s - work/positives.tsv || complain 'FILTER'

# ---- tables of any kind, and words with blanks -----------------------------------------------

awk -F '\t' 'NR > 1 { printf "%s;\"%s\";%02d.11.2023 10:%02d\n", $1, $2, 1 + NR % 28, NR % 60 }' good.tsv > plays.txt
VALUE_COLUMN=none FORMAT=table IMPORT="--columns user,item,timestamp --date 'timestamp=%d.%m.%Y %H:%M'" \
	status 0 "$personalize" table plays.txt
import-table -q --columns user,item,timestamp --date 'timestamp=%d.%m.%Y %H:%M' plays.txt | cmp -s - table/events.tsv ||
	complain 'FORMAT=table is not what import-table makes'
grep -q '^  events ' table/report.txt || complain 'the report of a table has no events'
VALUE_COLUMN=none FORMAT=table IMPORT="--columns user,item,timestamp --set note='it is; \$(touch bitten) *'" \
	status 0 "$personalize" table plays.txt
[ ! -e bitten ] && [ ! -e table/bitten ] && [ "$(sed -n 2p table/events.tsv | cut -f 4)" = 'it is; $(touch bitten) *' ] ||
	complain "a word in quotes: $(sed -n 2p table/events.tsv)"
VALUE_COLUMN=none FORMAT=table IMPORT="--set 'a=b" status 2 "$personalize" table plays.txt
grep -q '^personalize: IMPORT: a quote is not closed' err.txt || complain "an open quote: $(tail -n 1 err.txt)"
# A quote within a word is a byte like others, as it was.
printf '{"u\047s": 1, "i": 2}\n' > quote.json
VALUE_COLUMN=none MIN_USER=1 MIN_ITEM=1 IMPORT='--map user=."u'\''s" --map track=.i' status 0 "$personalize" json quote.json
[ "$(sed -n 2p json/events.tsv | cut -f 3-4)" = "$(printf '1\t2')" ] || complain "a quote in a key: $(tail -n 2 err.txt)"
# ---- settings that would have no effect, and values that mean something else ---------------------

VALUE_COLUMN=none IMPORT='--map user=.u' status 2 "$personalize" work good.tsv
grep -q '^personalize: IMPORT requires FORMAT=json or table, not tsv.*import-table' err.txt || complain "IMPORT without effect: $(tail -n 1 err.txt)"
for given in MIN=9 ABOVE=1; do
	VALUE_COLUMN=none status 2 env $given "$personalize" work good.tsv
	grep -q "^personalize: ${given%=*} cannot be combined with VALUE_COLUMN=none" err.txt || complain "$given without effect: $(tail -n 1 err.txt)"
done
VALUE_COLUMN=timestamp status 0 "$personalize" moments good.tsv
said '^personalize: most values of timestamp are above 1000000, and ABOVE=0.5: .*TIMESTAMP_COLUMN=timestamp VALUE_COLUMN=none'
gzip -k good.tsv
VALUE_COLUMN=timestamp MIN=1000000000 status 0 "$personalize" moments good.tsv.gz
! grep -q 'point in time' err.txt || complain 'a limit in the values own unit is doubted'
VALUE_COLUMN=timestamp MIN=1e300 status 3 "$personalize" moments good.tsv
said '^personalize: no row is a positive (VALUE_COLUMN=timestamp, MIN=1e300): lower MIN or add rows'
VALUE_COLUMN=none FILTER='--where event=none' status 3 "$personalize" moments good.tsv
said '^personalize: no row is a positive: change FILTER or add rows'
# The cure for logs of plays is said where the values are not there, and not of every failure.
status 2 "$personalize" work good.tsv.gz
said 'set VALUE_COLUMN=none'
{ printf 'user\titem\ttime\n' && awk -F '\t' 'NR > 1 { print $1 "\t" $2 "\t1" } NR == 20 { print "bad" }' good.tsv; } > timed.tsv
status 3 "$personalize" work timed.tsv
! grep -q 'VALUE_COLUMN=none' err.txt || complain 'a bad row is cured by VALUE_COLUMN=none'
awk -F '\t' -v OFS=, '{ print "\"" $1 "\"", $2, NR == 1 ? "time" : "much" }' good.tsv > timed.csv
status 3 "$personalize" work timed.csv
! grep -q 'VALUE_COLUMN=none' err.txt || complain 'a bad row of a CSV is cured by VALUE_COLUMN=none'
if command -v iconv > /dev/null; then
	{ printf 'item,title\n' && cut -f 2 good.tsv | sed 1d | sort -u | sed 's/$/,Bj\xf6rk/'; } > titles.csv
	VALUE_COLUMN=none ITEMS=titles.csv status 0 "$personalize" work good.tsv
	said '^personalize: .*titles.csv is not UTF-8: .*import-table --encoding'
	iconv -f LATIN1 -t UTF-8 titles.csv > readable.csv
	VALUE_COLUMN=none ITEMS=readable.csv status 0 "$personalize" work good.tsv
	! grep -q 'is not UTF-8' err.txt || complain 'UTF-8 is said to be none'
fi

# ---- a dataset made elsewhere -----------------------------------------------------------------

build-dataset -q $split --test tail:0.3 good.tsv > elsewhere.tsv
gzip -k elsewhere.tsv
unset MIN_USER MIN_ITEM
for file in elsewhere.tsv elsewhere.tsv.gz; do
	rm -rf given
	DATASET=$file status 0 "$personalize" given
	cmp -s given/dataset.tsv elsewhere.tsv || complain "$file is not the dataset"
	a_number given/metrics.tsv ndcg@5
done
[ ! -e given/positives.tsv ] && ! grep -q positives given/report.txt || complain 'positives of a given dataset'
{ cat elsewhere.tsv && printf 'bad\n'; } > cut.tsv
DATASET=cut.tsv status 3 "$personalize" given
DATASET=cut.tsv ON_ERROR=skip status 0 "$personalize" given
cmp -s given/dataset.tsv elsewhere.tsv || complain 'a bad row of a given dataset stays'
# refused PROGRAM WORDS: the dataset that awk makes of it
refused()
{
	awk -F '\t' -v OFS='\t' "$1" elsewhere.tsv > wrong.tsv
	DATASET=wrong.tsv status 3 "$personalize" given
	grep -q "^personalize: .*wrong.tsv: $2" err.txt || complain "wanted '$2' of $1: $(tail -n 1 err.txt)"
}
refused '{ print $2, $1, $3, $4 }' 'the columns are not user item weight split'
refused 'NR == 9 { $4 = "tset" } 1' 'row 8: a split other'
refused '{ print } NR == 2 { first = $0 } END { print first }' 'row [0-9]*: rows of this user are elsewhere'
refused '$4 != "test"' 'there are no test rows'
refused '$4 != "train"' 'there are no train rows'
DATASET=elsewhere.tsv status 2 "$personalize" given good.tsv
DATASET=no-such-file status 1 "$personalize" given
DATASET=elsewhere.tsv status 2 "$personalize"
for given in FORMAT=tsv IMPORT=x KINDS=x USER_COLUMN=u ITEM_COLUMN=i VALUE_COLUMN=v TIMESTAMP_COLUMN=t TIMESTAMP_UNIT=s \
	ABOVE=1 MIN=1 FILTER=x WEIGHT=sum MIN_USER=1 MIN_ITEM=1 TEST=0.1 VALIDATION=0; do
	DATASET=elsewhere.tsv status 2 env "$given" "$personalize" given
	grep -q "^personalize: ${given%%=*} cannot be combined with DATASET$" err.txt || complain "$given: $(cat err.txt)"
done

# ---- backtest and nightly ---------------------------------------------------------------------

KINDS=$kinds ON_ERROR=skip FOLDS=1 TRIALS=1 CANDIDATES=baseline MIN_USER=2 MIN_ITEM=2 \
	status 0 "$RECPIPE_ROOT/pipelines/backtest" which plays.tsv
cmp -s valued.tsv which/positives.tsv && [ -s which/recipe.tsv ] || complain 'backtest does not know KINDS'
ON_ERROR=no status 2 "$RECPIPE_ROOT/pipelines/backtest" --check
KINDS=$kinds MODEL=auto FOLDS=1 TRIALS=1 CANDIDATES=knn MIN_USER=2 MIN_ITEM=2 status 2 env FACTORS=8 "$personalize" auto good.tsv
unset FACTORS
KINDS=$kinds MODEL=auto FOLDS=1 TRIALS=1 CANDIDATES=knn MIN_USER=2 MIN_ITEM=2 status 0 "$personalize" auto good.tsv
a_number auto/metrics.tsv ndcg@5
if command -v setsid > /dev/null && command -v flock > /dev/null; then
	FACTORS=8 DATASET=elsewhere.tsv status 0 "$RECPIPE_ROOT/pipelines/nightly" store
	[ "$(wc -l < store/good.tsv)" = 2 ] || complain 'nightly made nothing of a given dataset'
	FACTORS=8 DATASET=elsewhere.tsv status 2 "$RECPIPE_ROOT/pipelines/nightly" store good.tsv
	FACTORS=8 VALUE_COLUMN=none ON_ERROR=skip MIN_USER=2 MIN_ITEM=2 status 3 "$RECPIPE_ROOT/pipelines/nightly" store plays.tsv
	grep -q 'the split was DATASET ' err.txt || complain "lists of a given dataset are compared with others: $(tail -n 1 err.txt)"
	GATE=none FACTORS=8 VALUE_COLUMN=none ON_ERROR=skip MIN_USER=2 MIN_ITEM=2 status 0 \
		"$RECPIPE_ROOT/pipelines/nightly" store plays.tsv
fi
exit $failed
