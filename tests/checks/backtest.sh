#!/bin/sh
# pipelines/backtest on made logs, in which every listener goes along a ring of items: windows of
# time that hold what they should, every figure of the table beside a plain computation, the
# winner and its recipe; the same bytes again, on two threads and after kill -9; a candidate that
# fails is told and the others go on; logs without times; settings that are refused.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
backtest=$RECPIPE_ROOT/pipelines/backtest
ring 100 20 40 mixed > log.tsv

# ---- what is refused -------------------------------------------------------------

status 2 "$backtest"
status 2 "$backtest" work
status 1 "$backtest" work no-such-file.tsv
for setting in FOLDS=0 FOLDS=x FOLDS=101 FOLDS=02 TRIALS=0 SEED=-1 SEED=08 ORDER=backwards METRIC=auc METRIC=ndcg METRIC=ndcg@0 \
	'METRIC=ndcg@1$(touch bitten)' WINDOW=0.2 WINDOW=x WINDOW=1 CANDIDATES=all CANDIDATES=knn,knn CANDIDATES=, \
	'CANDIDATES=knn,$(touch bitten)' TIMESTAMP_UNIT=days FORMAT=xml \
	EPOCHS=x PATIENCE=-1 THREADS=0 KERNEL=fast MIN_USER=x MIN_ITEM=0 CANDIDATES=knn,blend CANDIDATES=blend; do
	status 2 env "$setting" "$backtest" work log.tsv
done
status 2 "$backtest" --check log.tsv
status 2 env FOLDS=0 "$backtest" --check
status 0 "$backtest" --check
[ ! -s out.txt ] && [ ! -s err.txt ] || complain "--check prints: $(cat out.txt err.txt)"
[ ! -e work ] && [ ! -e bitten ] || complain 'a refused setting made something'
cut -f 1-3 log.tsv > timeless.tsv
status 3 "$backtest" work timeless.tsv
grep -q 'TIMESTAMP_COLUMN, or set ORDER=random' err.txt || complain "no times: $(tail -n 1 err.txt)"
awk -F '\t' -v OFS='\t' 'NR > 1 { $4 = 5 } { print }' log.tsv > at-once.tsv
status 3 "$backtest" work at-once.tsv
grep -q 'too many rows have the same time' err.txt || complain "one time: $(tail -n 1 err.txt)"
status 3 env MIN_USER=1000 "$backtest" work log.tsv
grep -q 'lower MIN_USER' err.txt || complain "nobody is left: $(tail -n 1 err.txt)"

# ---- a run -----------------------------------------------------------------------

FOLDS=2 WINDOW=0.15 TRIALS=1 MIN_USER=2 MIN_ITEM=2 METRIC=ndcg@5 KERNEL=portable EPOCHS=4 THREADS=1
CANDIDATES=baseline,warp,ials,knn,next,ridge,blend # bpr and softmax are tuned as warp is
export FOLDS WINDOW TRIALS MIN_USER MIN_ITEM METRIC KERNEL EPOCHS THREADS CANDIDATES
# results FOLDER: the bytes that must come out again
results()
{
	(cd "$1" && cksum backtest.tsv recipe.tsv all/knn-topk.tsv all/blend-topk.tsv window*/ials-recipe.tsv &&
		tail -n +2 report.txt)
}
status 0 "$backtest" first log.tsv
[ "$(sed -n 2p first/recipe.tsv)" = "$(printf '1\tfamily\tknn')" ] || complain "the winner: $(cat first/recipe.tsv)"
grep -q '^  knn .* the winner$' out.txt || complain "the report: $(cat out.txt)"
users=$(awk -F '\t' '$2 == "all" && $5 != "" { print $5; exit }' first/backtest.tsv)
unsure=$(awk -F '\t' 'NR > 1 && $2 == "all" && $3 == "ok" && $8 + 0 <= 0 { printf "%s%s", comma, $1; comma = ", " }' first/backtest.tsv)
grep -q "^Only $users users: " out.txt && grep -q "only $users users decide" err.txt || complain "few users: $(cat out.txt)"
[ -z "$unsure" ] || grep -qF "Not told apart from the winner by these users: $unsure." out.txt || complain "unsure: $unsure; $(cat out.txt)"
! command -v gnuplot > /dev/null || grep -q '</svg>' first/backtest.svg || complain 'no picture'
! command -v gnuplot > /dev/null || grep -qF 'ndcg@5' first/backtest.svg || complain 'the picture does not name the metric'

# A window is after its tuning rows, those after its train rows; a pair is there at its first time;
# the windows follow each other.
for window in 1 2; do
	awk -F '\t' -v window=$window '
		FNR == 1 { file++; next }
		file == 1 && $3 > 0.5 { key = $1 "\t" $2; if (!(key in first) || $4 < first[key]) first[key] = $4 }
		file == 2 { n[$4]++; if ($5 != first[$1 "\t" $2]) bad = "time of " $0
			if (!($4 in low) || $5 < low[$4]) low[$4] = $5
			if (!($4 in high) || $5 > high[$4]) high[$4] = $5 }
		END {
			if (bad == "" && !(high["train"] < low["validation"] && high["validation"] < low["test"])) bad = "order"
			for (key in first) all++
			share = n["test"] / all
			if (bad == "" && (share < 0.1 || share > 0.16)) bad = "share " share
			if (bad != "") { print "window " window ": " bad; exit 1 }
			print low["test"], high["test"] > "test-times." window
		}' log.tsv first/window$window/dataset.tsv || complain "window $window is not what it should be"
done
cat test-times.1 test-times.2 | awk 'NR == 1 { before = $2 } NR == 2 { exit !(before < $1) }' ||
	complain 'windows overlap'

# Each figure of the table, by hand.
for window in 1 2; do
	for list in first/window$window/*-topk.tsv; do
		candidate=${list##*/}
		candidate=${candidate%-topk.tsv}
		case $candidate in blend-*) continue ;; esac
		awk -F '\t' -v name="$candidate" -v window=$window '
			FNR == 1 { file++; next }
			file == 1 && $4 == "test" { test[$1, $2]; n[$1]++ }
			file == 1 && $4 != "test" { heard[$1, $2] }
			file == 2 { if (($1, $3) in heard) { print name " offers what was heard: " $0; exit 1 }
				if ($2 <= 5 && ($1, $3) in test) dcg[$1] += log(2) / log($2 + 1) }
			END { for (u in n) { ideal = 0; users++
					for (i = 1; i <= 5 && i <= n[u]; i++) ideal += log(2) / log(i + 1)
					sum += dcg[u] / ideal }
				printf "%s\t%s\t%.9f\t%d\n", name, window, sum / users, users }' \
			first/window$window/dataset.tsv "$list" >> by-hand.txt || complain "$(tail -n 1 by-hand.txt)"
	done
done
awk -F '\t' '
	NR == FNR { value[$1, $2] = $3; users[$1, $2] = $4; rows++; next }
	FNR == 1 { if ($0 != "candidate\twindow\tstatus\tvalue\tusers\tdifference\tstderr\tlow\thigh\tp\trelative\trelative_low\trelative_high") { print "header"; bad = 1 } next }
	NF != 13 { print "fields: " $0; bad = 1 }
	$2 == "all" { if ($4 > best) { best = $4; name = $1 } if ($3 == "winner") { winner = $1; won = $4 } all++; mean[$1] = $4
		difference[$1] = $6; next }
	{ if (($4 - value[$1, $2]) ^ 2 > 1e-16 || $5 != users[$1, $2]) { print "wanted " value[$1, $2] ": " $0; bad = 1 }
		got++; sum[$1] += $4 * $5; count[$1] += $5 }
	END {
		for (c in sum) {
			if ((sum[c] / count[c] - mean[c]) ^ 2 > 1e-18) { print "all windows: " c; bad = 1 }
			if ((won - mean[c] - difference[c]) ^ 2 > 1e-18) { print "difference: " c; bad = 1 }
		}
		if (all != 7 || got != 14 || rows != 14 || name != winner) { print all, got, rows, name, winner; bad = 1 }
		exit bad
	}' by-hand.txt first/backtest.tsv || complain 'the table is wrong'

# Times as dates are the same times.
awk -F '\t' -v OFS='\t' 'NR > 1 {
	ms = $4 - 1700000000000 + 80000000 # of 2023-11-14
	$4 = sprintf("2023-11-14T%02d:%02d:%02d.%03dZ", int(ms / 3600000), int(ms / 60000) % 60, int(ms / 1000) % 60, ms % 1000)
} { print }' log.tsv > dates.tsv
CANDIDATES=baseline TIMESTAMP_UNIT=iso status 0 "$backtest" dates dates.tsv
for window in 1 2; do
	cmp first/window$window/dataset.tsv dates/window$window/dataset.tsv || complain 'dates are other times'
done

# ---- again -----------------------------------------------------------------------

CANDIDATES=baseline,ials,knn,blend
status 0 "$backtest" first log.tsv
results first > want.txt
grep '^+ tune-hparams' err.txt && complain 'tuned again for nothing'
status 0 "$backtest" first log.tsv
grep '^+' err.txt | grep -v '^+ cd ' && complain 'commands ran again for nothing'
# In pieces: killed at any moment, on two threads, and on to the end.
if command -v setsid > /dev/null && command -v flock > /dev/null; then
	for pause in 0.3 0.8; do
		killed $pause env THREADS=2 "$backtest" killed log.tsv
		[ ! -e killed/recipe.tsv ] || cmp -s killed/recipe.tsv first/recipe.tsv || complain 'half a recipe'
	done
	for folder in . .stamps all window1; do
		mkdir -p "killed/$folder" && : > "killed/$folder/.part.planted"
	done
	THREADS=2 status 0 "$backtest" killed log.tsv
	results killed > got.txt
	diff want.txt got.txt || complain 'after kill -9, and on two threads, the results are others'
	[ -z "$(find killed -name '.part.*')" ] || complain "left over: $(find killed -name '.part.*')"
fi

# A candidate that fails, in the second window: it is told, the others go on, and the table has it.
mkdir shims
for tool in "$RECPIPE_BIN"/*; do ln -s "$tool" shims/; done
rm shims/train-items
printf '#!/bin/sh\ncase "$*" in *"--method next"*window2*) exit 3 ;; esac\nexec "%s/train-items" "$@"\n' \
	"$RECPIPE_BIN" > shims/train-items
chmod +x shims/train-items
RECPIPE_BIN=$RECPIPE_TMP/shims CANDIDATES=baseline,next,ials,blend status 0 "$backtest" first log.tsv
grep -q 'next failed in window 2 .* and is out' err.txt || complain "a failure is not told: $(tail -n 3 err.txt)"
grep -q '^  next  *failed$' out.txt && [ "$(grep -c '^next	.*	failed	' first/backtest.tsv)" = 3 ] &&
	[ "$(cut -f 3 first/backtest.tsv | grep -c winner)" = 3 ] || complain "with a failure: $(cat out.txt)"
sed -n 's/^[12]	family	//p' first/window2/blend-recipe.tsv | grep -q next && complain 'a blend of what failed'
cp first/recipe.tsv kept.tsv
RECPIPE_BIN=$RECPIPE_TMP/shims CANDIDATES=next status 1 "$backtest" first log.tsv
grep -q 'every candidate failed' err.txt && cmp -s kept.tsv first/recipe.tsv || complain 'when all fail'

# In doubt the blend: it is less than a standard error below ials here, which is the best.
CANDIDATES=baseline,ials,ridge,blend status 0 "$backtest" first log.tsv
awk -F '\t' '$2 == "all" { value[$1] = $4; error[$1] = $7; status[$1] = $3 }
	END { d = value["ials"] - value["blend"]; exit !(status["blend"] == "winner" && d > 0 && d < error["ials"]) }' \
	first/backtest.tsv || complain "in doubt: $(cat out.txt)"

# Logs without times: random windows, and no candidate next.
ORDER=random CANDIDATES=baseline,next,knn status 0 "$backtest" random timeless.tsv
grep -q 'next needs times and is out' err.txt && grep -q '^  next  *failed' out.txt || complain 'ORDER=random: next'
[ "$(sed -n 2p random/recipe.tsv)" = "$(printf '1\tfamily\tknn')" ] || complain "ORDER=random: $(cat random/recipe.tsv)"
exit $failed
