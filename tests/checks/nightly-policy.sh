#!/bin/sh
# nightly's POLICY_GATE: the lists that tonight's settings make of the log before its last days are judged on
# these days by evaluate-policy, as by hand; better lists are published, worse ones and those of which the
# log says too little are refused, the latter published where that is said; wrong settings fail at once.
# (Fourteen nights: 18 CPU seconds.)
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
for tool in flock setsid; do command -v $tool > /dev/null || { echo "there is no $tool"; exit 77; }; done
nightly=$RECPIPE_ROOT/pipelines/nightly
PATH=$RECPIPE_BIN:$PATH
export MIN_USER=2 MIN_ITEM=2 K=10 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=8 FACTORS=8 LOSS=ials REDIS=none FLOOR=no ITEM_COLUMN=track
export POLICY_GATE=snipw:-2% GATE=none

# Five days of a service that recommends at random.
make-world -q --users 150 --tracks 100 --artists 20 --genres 4 --factors 4 --interests 3 -d w || exit 1
for day in 1 2 3 4 5; do
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 9 --day $day \
		--sessions-per-user 2 -o day$day.tsv -- next-track -q --seed $day --items w/tracks.tsv || exit 1
done
keep-header -q day?.tsv -- cat > log.tsv

# refused PATTERN: nothing was published, and why
refused() { said "exit status 3: refused: .*$1"; cmp -s good.tsv store/good.tsv || complain 'what was refused is called good'; }

# ---- settings ----
for gate in x snipw snipw:2 dm:-1% snipw:% snipw:1.2.3% 'snipw:$(touch bitten)%' '$(touch bitten):-1%'; do
	POLICY_GATE=$gate status 2 "$nightly" store log.tsv
	said 'POLICY_GATE is one of ipw, snipw, dr, sndr and a change'
done
POLICY_DAYS=0 status 2 "$nightly" store log.tsv
POLICY_TOO_LITTLE=maybe status 2 "$nightly" store log.tsv
TIMESTAMP_UNIT=iso status 2 "$nightly" store log.tsv
FORMAT=csv status 2 "$nightly" store log.tsv
said 'POLICY_GATE requires events'
env -u MIN_USER -u MIN_ITEM -u ITEM_COLUMN DATASET=log.tsv "$nightly" store > out.txt 2> err.txt
[ $? = 2 ] || complain 'POLICY_GATE with DATASET'
cut -f 1-7 log.tsv > plain.tsv
status 3 "$nightly" store plain.tsv
said 'requires the service.s events with the probability'
[ ! -e store ] && [ ! -e bitten ] || complain 'a wrong setting leaves something'

# ---- better lists, as by hand ----
last=work/policy.tsv # in a store
kept=store/$last
status 0 "$nightly" store log.tsv
grep -q '^nightly: by snipw the lists .* (POLICY_GATE=snipw:-2%)$' store/logs/*.log || complain "the log does not tell: $(tail -n 3 store/logs/*.log)"
cp store/good.tsv .
cmp -s "$kept" store/models/*/policy.tsv || complain 'policy.tsv is not kept'
begin=$(awk -F '\t' 'NR > 1 && $5 > 0.5 && $2 > t { t = $2 } END { printf "%.0f", t - 2 * 86400000 }' log.tsv)
awk -F '\t' -v begin="$begin" 'NR == 1 || $2 <= begin + 0' log.tsv > before.tsv
awk -F '\t' -v begin="$begin" 'NR == 1 || $2 > begin + 0' log.tsv > days.tsv
status 0 "$RECPIPE_ROOT/pipelines/personalize" hand before.tsv
evaluate-policy -q --policy hand/serving-topk.tsv --items hand/items.tsv --estimator snipw days.tsv > want.tsv
cmp -s want.tsv "$kept" || complain "other figures than by hand: $(cat want.tsv "$kept")"
awk -F '\t' 'NR == 2 { ok = $11 > 0.2 && $13 > 2000 } END { exit !ok }' want.tsv || complain "better lists: $(cat want.tsv)"
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
	{ for (i = 1; i <= NF; i++) if ($i != "") { q = (name[i] ~ /^(timestamp|time|latency|probability)$/) ? "" : "\""
		printf "%s\"%s\": %s%s%s", (i > 1) ? ", " : "{\"experiments\": {}, ", name[i], q, $i, q }
		print "}" }' log.tsv > log.json
(unset ITEM_COLUMN && exec "$nightly" json log.json) > out.txt 2> err.txt || complain "JSON: $(cat err.txt)"
cmp -s want.tsv "json/$last" || complain "of JSON lines: $(cat "json/$last")"
# A recipe, and what it picks by.
printf 'model\toption\tvalue\n1\tfamily\tbaseline\n' > popular.tsv
(unset LOSS FACTORS && POLICY_OPTIONS='--pick rank' MODEL=popular.tsv POLICY_GATE=sndr:+1% && export POLICY_OPTIONS MODEL POLICY_GATE &&
	exec "$nightly" popular log.tsv) > out.txt 2> err.txt || complain "a recipe: $(cat err.txt)"
recommend-baseline -q --method popular --k 10 --splits all --exclude-splits all --exclude hand/dataset.tsv hand/dataset.tsv > lists.tsv
evaluate-policy -q --policy lists.tsv --items hand/items.tsv --pick rank --estimator sndr days.tsv | cmp -s - "popular/$last" ||
	complain "popular lists: $(cat "popular/$last")"
# The window ends with AS_OF: later days judge nothing. (And backtest's older WINDOW, a share, is none of the recipe's.)
awk -F '\t' 'NR == 1 || $2 <= 1704067200000 + 4 * 86400000' log.tsv > four.tsv
for name in four log; do
	[ $name = four ] || export AS_OF=2024-01-05
	(unset LOSS FACTORS && export MODEL=auto WINDOW=0.2 CANDIDATES=baseline FOLDS=1 TRIALS=1 POLICY_GATE=snipw:-90% && exec "$nightly" at-$name $name.tsv) \
		> out.txt 2> err.txt || complain "$name: $(cat err.txt)"
done
unset AS_OF
cmp "at-four/$last" "at-log/$last" || complain 'days after AS_OF are judged'

# ---- the same log, other settings ----
POLICY_DAYS=6 status 3 "$nightly" store log.tsv
refused 'cannot be answered: no positive is older than POLICY_DAYS=6'
POLICY_OPTIONS='--min-effective 100000' status 3 "$nightly" store log.tsv
refused 'cannot be answered: the log says too little of this policy: [0-9]* rows are worth .* (--min-effective 100000)'
POLICY_OPTIONS='--no-such-option' status 2 "$nightly" store log.tsv
said 'evaluate-policy failed: '
POLICY_GATE=snipw:+500% status 3 "$nightly" store log.tsv
refused 'by snipw the lists of these settings would have earned .* (POLICY_GATE=snipw:+500%)$'

# ---- worse lists: of tracks that were skipped ----
VALUE_COLUMN=none FILTER='--where time=0|0.01|0.02|0.03|0.04|0.05' status 3 "$nightly" store log.tsv
refused 'by snipw the lists of these settings would have earned .* (POLICY_GATE=snipw:-2%)$'
awk -F '\t' 'NR == 2 { ok = $12 < -0.2 } END { exit !ok }' "$kept" || complain "worse lists: $(cat "$kept")"

# ---- logs that say too little ----
awk -F '\t' -v OFS='\t' 'NR > 1 && $10 != "" { $10 *= 0.7 } 1' log.tsv > wrong.tsv
status 3 "$nightly" store wrong.tsv
refused 'cannot be answered: the mean weight is '
awk -F '\t' -v OFS='\t' 'NR > 1 && $2 >= 1704067200000 + 3 * 86400000 { $4 = "elsewhere" } 1' log.tsv > unheard.tsv
status 3 "$nightly" store unheard.tsv
refused 'cannot be answered: no recommendation of the last days was heard'
sed 's/\t0.0101010[0-9]*$/\t1.5/' log.tsv > beyond.tsv
status 3 "$nightly" store beyond.tsv
said 'exit status 3: evaluate-policy failed: .*not a probability above 0'

awk -F '\t' 'NR == 1 || $2 < 1704067200000 + 3 * 86400000 || $7 % 3 != 0' log.tsv > thirds.tsv
status 3 "$nightly" store thirds.tsv
refused 'POLICY_GATE=snipw:-2% cannot be answered: the log says too little of this policy: .* was never recommended'
POLICY_TOO_LITTLE=publish status 0 "$nightly" store thirds.tsv
grep -q '^nightly: POLICY_GATE=snipw:-2% cannot be answered: the log says too little .*; judged without it' store/logs/*.log ||
	complain "published without a word: $(tail -n 3 store/logs/*.log)"
# The week tells such a night from one that was asked.
status 0 "$nightly" --summary store
awk '/^Published, but$/ { there = 1; next } there && NF { n++; ok = /Z: POLICY_GATE=snipw:-2% cannot be answered: the log says too little .*; judged without it/ }
	/^[0-9]+ runs/ && $0 !~ / 2 published, / { n = 9 }
	END { exit !(n == 1 && ok) }' out.txt || complain "the summary of nights without an answer: $(cat out.txt)"
exit $failed
