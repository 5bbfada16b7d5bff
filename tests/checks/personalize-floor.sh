#!/bin/sh
# A model that loses to popular lists is not served: personalize ends with 3, has shown both, and has
# touched neither the lists that were served before nor Redis; FLOOR=no goes on and says so. Few
# users who do not tell them apart are said to be so, and stop nothing.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
personalize=$RECPIPE_ROOT/pipelines/personalize
PATH=$RECPIPE_BIN:$PATH
VALUE_COLUMN=none MIN_USER=2 MIN_ITEM=2 K=10 METRICS=5 THREADS=1 KERNEL=portable REDIS=none
export VALUE_COLUMN MIN_USER MIN_ITEM K METRICS THREADS KERNEL REDIS

# crowd USERS SEED: all take the same items, the first ones most: popularity is all there is to know
crowd()
{
	awk -v users="$1" -v x="$2" 'BEGIN {
		print "user\titem"
		for (u = 1; u <= users; u++) {
			split("", taken)
			for (k = 0; k < 8;) {
				x = x * 16807 % 2147483647
				i = int(200 ^ (x / 2147483647))
				if (!(i in taken)) { taken[i]; k++; print "u" u "\ti" i }
			}
		}
	}'
}
crowd 400 7 > crowd.tsv
crowd 9 3 > few.tsv
# value FILE METRIC
value() { M=$2 awk -F '\t' '$1 == ENVIRON["M"] { printf "%.4f\n", $2 }' "$1"; }

# A good model's lists, to see that they stay.
printf 'model\toption\tvalue\n1\tfamily\tbaseline\n' > popular.tsv
MODEL=popular.tsv status 0 "$personalize" work crowd.tsv
grep -q '^on the test rows of [0-9]* users the model has ndcg@10 .*so few do not tell them apart$' work/report.txt ||
	complain "popular lists against themselves: $(grep '^on the' work/report.txt)"
cp work/serving-topk.tsv before.tsv

bad='LOSS=bpr FACTORS=2 EPOCHS=1 LEARNING_RATE=0.00001'
for metric in ndcg@10 recall@5; do
	FLOOR=$metric status 3 env $bad "$personalize" work crowd.tsv
	said "^personalize: the model loses to popular lists: on the test rows of [0-9]* users the model has $metric 0[.][0-9]*, popular lists have .*(FLOOR=$metric; FLOOR=no goes on)$"
	! grep -q -e '^+ .*serving' err.txt || complain "made what is served: $(grep serving err.txt)"
	cmp -s before.tsv work/serving-topk.tsv || complain 'the lists that were served are others'
	grep -q '^The model loses to popular lists, and nothing is served: ' work/report.txt && grep -q popular out.txt ||
		complain "the report: $(cat work/report.txt)"
done
model=$(value work/metrics.tsv ndcg@5) popular=$(value work/popular-metrics.tsv ndcg@5)
grep -q "^  ndcg@5  *$model .*  $popular " work/report.txt || complain "not side by side: $(grep ndcg@5 work/report.txt)"
FLOOR=no status 0 env $bad "$personalize" work crowd.tsv
said '^personalize: on the test rows .* it is served nevertheless (FLOOR=no)$'
cmp -s before.tsv work/serving-topk.tsv && complain 'FLOOR=no serves the old lists'
status 0 env $bad "$personalize" small few.tsv
said '^personalize: on the test rows of [0-9]* users .*so few do not tell them apart$'
TEST=0 status 0 env $bad "$personalize" small few.tsv
said '^personalize: no test rows: the model is not compared'
[ ! -e small/floor.tsv ] || complain 'without test rows floor.tsv is that of a run before'
for floor in yes ndcg 'ndcg@10 ' '$(touch bitten)@1' auc@10; do
	FLOOR=$floor status 2 "$personalize" work crowd.tsv
	said '^personalize: FLOOR is precision, recall'
done
[ ! -e bitten ] || complain 'a setting was run'

# Nothing of it is in Redis.
if command -v redis-server > /dev/null && command -v redis-cli > /dev/null; then
	REDIS=private status 3 env $bad "$personalize" served crowd.tsv
	! grep -q redis err.txt || complain "Redis was touched: $(grep redis err.txt)"
fi
if command -v setsid > /dev/null && command -v flock > /dev/null; then
	status 3 env $bad "$RECPIPE_ROOT/pipelines/nightly" store crowd.tsv
	said '^nightly: exit status 3: .*the model loses to popular lists: '
	[ ! -e store/good.tsv ] || complain 'a model that loses is called good'
fi
exit $failed
