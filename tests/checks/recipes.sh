#!/bin/sh
# Recipes (recpipe-formats(5)): personalize makes with MODEL=FILE what the tools make by hand, for
# each kind of model and for blends; with MODEL=auto what backtest finds on the rows that are not
# test rows. A file that is no recipe is refused by line, whatever its bytes, and never run.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
personalize=$RECPIPE_ROOT/pipelines/personalize
PATH=$RECPIPE_BIN:$PATH
ring 80 12 30 > log.tsv

# ---- what is no recipe -------------------------------------------------------------

# refused LINE WORDS TEXT: the text, with printf's escapes, as a recipe
refused()
{
	printf "$3" > bad.tsv
	MODEL=bad.tsv status 3 "$personalize" work log.tsv
	grep -qF "personalize: bad.tsv:$1: $2" err.txt && [ "$(wc -l < err.txt)" = 1 ] ||
		complain "wanted '$1: $2' of $3: $(cat err.txt)"
	LC_ALL=C grep -q '[[:cntrl:]]' err.txt && complain "raw bytes in a message: $3"
}
head='model\toption\tvalue\n'
refused 0 'empty' ''
refused 1 'not a recipe: the header' 'family=knn\n'
refused 1 'not a recipe: the header' 'model\toption\tvalue\tmore\n'
refused 1 'there is no model' "$head"
refused 2 '2 fields' "${head}1\tfamily\n"
refused 2 "column 'value': not a family: \"\$(touch bitten)\"" "${head}1\tfamily\t\$(touch bitten)\n"
refused 2 "column 'value': not a family: \"blend\"" "${head}1\tfamily\tblend\n"
refused 2 "column 'model': not a number from 1 to 9, nor blend: \"1;touch bitten\"" "${head}1;touch bitten\tfamily\tknn\n"
refused 2 'the first row of model 1 is not its family' "${head}1\tshrink\t1\n1\tfamily\tknn\n"
refused 2 'the model before 2 has no family' "${head}2\tfamily\tknn\n"
refused 3 'option "family" of model 1 occurs twice' "${head}1\tfamily\tknn\n1\tfamily\tnext\n"
refused 4 'option "shrink" of model 1 occurs twice' "${head}1\tfamily\tknn\n1\tshrink\t1\n1\tshrink\t1\n"
for value in '$(touch bitten)' '`touch bitten`' '1;touch bitten' '1 --output /tmp/x' '' "1'" '1|touch bitten' '-' '1e' \
	'\033[31m1' '\303\251' '1\r1' '\377' '0x10' 'nan' '*' '1,2' '$IFS'; do
	refused 3 "column 'value': option shrink is no number: " "${head}1\tfamily\tknn\n1\tshrink\t$value\n"
done
refused 3 "column 'value': option similarity is no word" "${head}1\tfamily\tknn\n1\tsimilarity\t--output\n"
refused 3 "column 'value': option half-life is no time" "${head}1\tfamily\tbaseline\n1\thalf-life\t1 d\n"
for option in output o 'shrink=1' '-o' '$(touch bitten)' '' checkpoint init; do
	refused 3 "column 'option': knn has no option \"$option\"" "${head}1\tfamily\tknn\n1\t$option\t1\n"
done
refused 3 "column 'option': warp has no option \"similarity\"" "${head}1\tfamily\twarp\n1\tsimilarity\tcosine\n"
refused 3 '2 models and no row of blend' "${head}1\tfamily\tknn\n2\tfamily\twarp\n"
refused 3 'a blend of one model' "${head}1\tfamily\tknn\nblend\tmethod\tscore\n"
refused 4 '3 weights for 2 models' "${head}1\tfamily\tknn\n2\tfamily\twarp\nblend\tweight\t1,1,1\n"
refused 4 "column 'option': blend has no option \"k\"" "${head}1\tfamily\tknn\n2\tfamily\twarp\nblend\tk\t5\n"
refused 3 "column 'value': option shrink is no number: \"1111" "${head}1\tfamily\tknn\n1\tshrink\t$(printf '1%.0s' $(seq 300))\n"
{ printf "$head" && printf '1\tfamily\tknn\n1\tshrink\t1\000\n'; } > bad.tsv
MODEL=bad.tsv status 3 "$personalize" work log.tsv
grep -q 'bad.tsv: not a recipe: it has a NUL byte' err.txt || complain "NUL: $(cat err.txt)"
for model in no-such-file . /dev/null; do
	MODEL=$model status 1 "$personalize" work log.tsv
	grep -q 'cannot read the recipe' err.txt || complain "MODEL=$model: $(cat err.txt)"
done
printf "${head}1\tfamily\tno\n" > -x
MODEL=-x status 3 "$personalize" work log.tsv
grep -q '^personalize: -x:2:.*not a family' err.txt || complain "a recipe named -x: $(cat err.txt)"
printf "${head}1\tfamily\tknn\n" > plain.tsv
MODEL=plain.tsv K=010 status 2 "$personalize" work log.tsv # 8 to the shell, 10 to the tools
mkdir 'x=y $(touch bitten)'
printf "${head}1\tfamily\tno\n" > 'x=y $(touch bitten)/r.tsv'
MODEL='x=y $(touch bitten)/r.tsv' status 3 "$personalize" work log.tsv
for given in LOSS=warp FACTORS=8 LEARNING_RATE=0.1 TRAIN='--item-alpha 0' TUNE=0; do
	for model in auto bad.tsv; do
		MODEL=$model status 2 env "$given" "$personalize" work log.tsv
		grep -q "^personalize: ${given%%=*} cannot be combined with MODEL$" err.txt || complain "$given: $(cat err.txt)"
	done
done
for setting in FOLDS=0 TRIALS=x SEED=08 METRIC=auc CANDIDATES=all EPOCHS=0; do
	MODEL=auto status 2 env "$setting" "$personalize" work log.tsv
	grep -q "^backtest: ${setting%%=*}" err.txt || complain "auto with $setting: $(cat err.txt)"
done
[ ! -e bitten ] && [ ! -e work ] || complain 'a file that is no recipe was run'

# ---- what recipes make -------------------------------------------------------------

MIN_USER=2 MIN_ITEM=2 K=10 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=4 REDIS=none TIMESTAMP_COLUMN=timestamp
export MIN_USER MIN_ITEM K METRICS THREADS KERNEL EPOCHS REDIS TIMESTAMP_COLUMN
# made RECIPE-TEXT: personalize by it
made()
{
	printf "$head$1" > recipe.tsv
	MODEL=recipe.tsv status 0 "$personalize" work log.tsv
	cmp -s recipe.tsv work/recipe.tsv || complain "the recipe was not kept: $1"
}
# same FILE COMMAND...: the file has what the command writes
same()
{
	file=$1
	shift
	"$@" 2> err.txt | cmp -s - "$file" || complain "$file is not what this makes: $* $(cat err.txt)"
}
d=work/dataset.tsv
made '1\tfamily\tnext\n1\twindow\t3\n1\tdecay\t0.5\r\n'
sed 's/\r$//' recipe.tsv > plain.tsv # line ends of Windows are read
grep -q '^The recipe: next window 3 decay 0.5$' work/report.txt || complain "the report: $(grep recipe work/report.txt)"
train-items -q --method next --window 3 --seed 42 $d > n.tsv
same work/neighbors.tsv cat n.tsv
same work/topk.tsv recommend-items -q --neighbors n.tsv --decay 0.5 --k 10 --seed 42 --exclude $d $d
train-items -q --method next --window 3 --seed 42 --fit-splits all $d > s.tsv
same work/serving-topk.tsv recommend-items -q --neighbors s.tsv --decay 0.5 --k 10 --seed 42 --splits all $d
[ ! -e work/model.tsv ] && [ ! -e work/serving.tsv ] && [ ! -e work/curve.svg ] || complain 'a model without need'
made '1\tfamily\tbaseline\n1\thalf-life\t5m\n'
same work/topk.tsv recommend-baseline -q --half-life 5m --k 10 --exclude $d $d
[ ! -e work/neighbors.tsv ] || complain "another recipe's neighbors"
made '1\tfamily\tridge\n1\tridge\t2\n2\tfamily\tials\n2\tfactors\t8\nblend\tmethod\tscore\nblend\tweight\t1,.5\n'
train-items -q --method ridge --ridge 2 --seed 42 --kernel portable $d > n.tsv
recommend-items -q --neighbors n.tsv --k 20 --seed 42 --exclude $d $d > a.tsv 2> err.txt
train-mf -q --loss ials --factors 8 --epochs 4 --patience 5 --seed 42 --kernel portable $d > m.tsv
export-topk -q --k 20 --exclude $d --kernel portable m.tsv > b.tsv
same work/topk.tsv blend-topk -q --method score --weight 1,.5 --k 10 a.tsv b.tsv
epoch=$(sed -n 's/^meta	epoch=\([0-9]*\).*/\1/p' work/model-2.tsv)
train-mf -q --loss ials --factors 8 --epochs "$epoch" --fit-splits all --seed 42 --kernel portable $d > m.tsv
same work/serving-2.tsv cat m.tsv
MODEL=recipe.tsv status 0 "$personalize" work log.tsv
grep '^+' err.txt | grep -v '^+ cd ' && complain 'commands ran again for nothing'
# One factor model: as with its options given.
made '1\tfamily\twarp\n1\tfactors\t8\n1\tmax-sampled\t20\n'
[ -s work/curve.tsv ] && [ ! -e work/model-2.tsv ] && [ ! -e work/topk-1.tsv ] || complain "another recipe's files"
cp work/serving-topk.tsv want.tsv
FACTORS=8 TRAIN='--max-sampled 20' status 0 "$personalize" work log.tsv
cmp -s work/serving-topk.tsv want.tsv || complain 'a recipe of warp makes something else than its options'
[ ! -e work/recipe.tsv ] || complain 'a recipe that nobody gave'
# An option that the tool refuses: its message, and no half result.
printf "${head}1\tfamily\tknn\n1\tsimilarity\tnothing\n" > odd.tsv
MODEL=odd.tsv status 2 "$personalize" work log.tsv
grep -q 'stage judged-train failed' err.txt || complain "an odd option: $(tail -n 1 err.txt)"

# auto: the recipe is backtest's, on the rows that are not test rows.
MODEL=auto FOLDS=1 TRIALS=1 CANDIDATES=baseline,knn status 0 "$personalize" auto log.tsv
cmp -s auto/recipe.tsv auto/auto/recipe.tsv && grep -q '^The recipe: knn ' out.txt || complain "auto: $(tail -n 3 err.txt)"
awk -F '\t' 'FNR == 1 { file++; next } file == 1 { split_of[$1, $2] = $4; next }
	split_of[$1, $2] == "test" { print "a test row: " $0; bad = 1 } { n++ }
	END { exit bad || n < 300 }' auto/dataset.tsv auto/auto/first.tsv || complain 'backtest saw test rows'
cut -f 1-3 log.tsv > timeless.tsv
MODEL=auto TIMESTAMP_COLUMN= FOLDS=1 TRIALS=1 CANDIDATES=knn status 3 "$personalize" timeless timeless.tsv
grep -q 'or set ORDER=random' err.txt || complain "auto without times: $(tail -n 2 err.txt)"
MODEL=auto ORDER=random TIMESTAMP_COLUMN= FOLDS=1 TRIALS=1 CANDIDATES=knn status 0 "$personalize" timeless timeless.tsv
exit $failed
