#!/bin/sh
# personalize-pieces gives the bytes of personalize with iALS: at 1, 3 and 7 pieces, with a fifth of the
# tries killed and a fifth of the tasks run twice; a run that ended early goes on; other settings
# are refused.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
here=$RECPIPE_ROOT/pipelines
gzip -dc "$here/data/ml-latest-small/ratings.csv.gz" | tr -d '\r' | tr , '\t' |
	awk 'NR == 1 { print "user\titem\ttime\ttimestamp" } NR > 1 && NR % 8 == 0' > ratings.tsv
export FACTORS=8 EPOCHS=2 K=10 METRICS=5,10 VALUE_COLUMN=time ABOVE=3 MIN_USER=3 MIN_ITEM=2 REDIS=none
export TIMESTAMP_COLUMN=timestamp TIMESTAMP_UNIT=s
export FLOOR=no # two epochs are worse than popular lists
LOSS=ials KERNEL=portable TRAIN='--regularization 0.003 --solver exact --exact-loss' "$here/personalize" whole ratings.tsv > log 2>&1 ||
	complain "personalize: $(tail -n 3 log)"
for pieces in 1 3 7; do
	faults=20
	[ $pieces != 1 ] || faults=0
	PIECES=$pieces FAULTS=$faults TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-$pieces ratings.tsv \
		> log 2>&1 || complain "$pieces pieces: $(tail -n 3 log)"
	for file in dataset items popular model topk metrics popular-topk popular-metrics floor serving serving-topk coverage fallbacks; do
		cmp whole/$file.tsv cut-$pieces/$file.tsv || complain "$pieces pieces: $file.tsv is another one"
	done
	cut -f 1-3 whole/curve.tsv | cmp - cut-$pieces/curve.tsv || complain "$pieces pieces: another curve"
done
cp log said
says=$(grep 'users of the log have a list' whole/report.txt)
grep -qxF "personalize-pieces: $says" said && grep -q 'no-positives	[1-9]' cut-7/coverage.tsv && grep -q 'thresholds	[1-9]' cut-7/coverage.tsv ||
	complain "who has a list: $(grep 'have a list' said), $(cat cut-7/coverage.tsv)"
grep -q '^personalize-pieces: on the test rows .* it is served nevertheless (FLOOR=no)$' log || complain "FLOOR=no says nothing"
# A model that loses is not served, by the same rule.
status 3 env PIECES=3 TRAIN='--regularization 0.003' FLOOR=ndcg@10 "$here/personalize-pieces" lost ratings.tsv
said '^personalize-pieces: the model loses to popular lists: on the test rows of [0-9]* users the model has ndcg@10 .*(FLOOR=ndcg@10; FLOOR=no goes on)$'
cp err.txt lost.err
[ -f lost/floor.tsv ] && [ ! -e lost/serving.tsv ] && [ ! -e lost/steps/serving-1-users ] || complain 'a model that loses is fitted for serving'
FLOOR=ndcg@10 LOSS=ials KERNEL=portable TRAIN='--regularization 0.003 --solver exact' status 3 "$here/personalize" whole-lost ratings.tsv
sed -n 's/^personalize-pieces: the model loses//p' lost.err > a; sed -n 's/^personalize: the model loses//p' err.txt | cmp - a || complain 'personalize says something else'
rm -r cut-3/steps/serving-1-users cut-3/serving.tsv
PIECES=3 TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-3 ratings.tsv > log 2>&1 || complain 'it does not go on'
cmp whole/serving.tsv cut-3/serving.tsv || complain 'a run that goes on gives another model'
grep -q 'model-1-users: as before' log || complain 'what is there is made again'
status 1 env PIECES=3 FACTORS=9 TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-3 ratings.tsv
said '^personalize-pieces: WORK has the steps of other settings or files (FACTORS): take another folder, or remove'
cp ratings.tsv others.tsv
status 1 env PIECES=3 TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-3 others.tsv
said 'other settings or files (/.*/others.tsv, /.*/ratings.tsv): take'
cp cut-3/steps/settings kept
sed 's/^version=.*/version=0.0.9/' kept > cut-3/steps/settings
status 1 env PIECES=3 TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-3 ratings.tsv
said '^personalize-pieces: WORK has the steps of recpipe 0.0.9, and this is [0-9.]*: remove its folder steps, and all of them are made again'
sed 's/^import=//; /^version=/d' kept > cut-3/steps/settings # as it was before versions stood there
status 1 env PIECES=3 TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-3 ratings.tsv
said 'the steps of an older recpipe, and this is'
rm -r cut-3/steps
PIECES=3 TRAIN='--regularization 0.003' "$here/personalize-pieces" cut-3 ratings.tsv > log 2>&1 || complain 'it does not begin again'
cmp whole/serving.tsv cut-3/serving.tsv || complain 'a run that begins again gives another model'
for setting in PIECES=0 PATIENCE=x SERVING_EPOCHS=0 FAULTS=100 'KERNEL=portable; true' MIN=4 FILTER=--csv ON_ERROR=skip \
	'TRAIN=--solver cg' TRAIN=--solver=auto MODEL=auto DATASET=ratings.tsv VALUE_COLUMN=none LOSS=warp FLOOR=ndcg COLD=fold-in ITEMS=ratings.tsv; do
	status 2 env "$setting" "$here/personalize-pieces" never ratings.tsv
	grep -q "${setting%%=*}" err.txt || complain "$setting: $(cat err.txt)"
done
[ ! -e never ] || complain 'a usage error leaves a folder'
status 2 env 'TRAIN=--alpha 1 --solver cg' "$here/personalize-pieces" never ratings.tsv
said 'TRAIN: --solver cg takes a few steps from the vector that a row had before'

# A measurement that fails is not taken for a low one.
mkdir shims
ln -s "$RECPIPE_BIN"/* shims/
rm shims/train-mf
printf '#!/bin/sh\ncase "$*" in *--init*) exit 4 ;; esac\nexec "%s/train-mf" "$@"\n' "$RECPIPE_BIN" > shims/train-mf
chmod +x shims/train-mf
status 4 env RECPIPE_BIN="$PWD/shims" PIECES=1 "$here/personalize-pieces" unmeasured ratings.tsv

# A row that is lost between a tool and the engine is missed.
ln -sf "$RECPIPE_BIN/train-mf" shims/
rm shims/filter-interactions
printf '#!/bin/sh\n"%s/filter-interactions" "$@" | sed 3d\n' "$RECPIPE_BIN" > shims/filter-interactions
chmod +x shims/filter-interactions
status 1 env RECPIPE_BIN="$PWD/shims" PIECES=1 "$here/personalize-pieces" lossy ratings.tsv
said '^personalize-pieces: step positives: its tools have counted other rows than came and went'

# Files are read as personalize reads them: one header, nothing torn, CRLF, compressed. A table whose
# end alone is missing has whole lines.
{
	printf 'user\ttimestamp\titem\ttime\n'
	tail -n +2 ratings.tsv
} > other.tsv
status 3 "$here/personalize-pieces" mixed ratings.tsv other.tsv
grep -q 'the header differs' err.txt || complain "another header: $(cat err.txt)"
gzip -c ratings.tsv | head -c -8 > torn.tsv.gz
status 3 "$here/personalize-pieces" torn torn.tsv.gz
grep -q 'unexpected end' err.txt || complain "a torn file: $(cat err.txt)"
[ ! -f torn/dataset.tsv ] || complain 'a torn file is used'
head -n 1 ratings.tsv > none.tsv
status 3 "$here/personalize-pieces" none none.tsv
grep -q 'the dataset is empty' err.txt || complain "no rows: $(cat err.txt)"
sed 's/$/\r/' ratings.tsv | gzip > crlf.tsv.gz
PIECES=2 TRAIN='--regularization 0.003' "$here/personalize-pieces" crlf crlf.tsv.gz > log 2>&1 || complain "CRLF: $(tail -n 3 log)"
cmp whole/topk.tsv crlf/topk.tsv || complain 'CRLF: other lists'

# Logs: the experiments are those of the first event, in every part. And the solver block, two of them.
export FACTORS=20
awk 'BEGIN { for (i = 0; i < 400; i++) printf "{\"message\":\"next\",\"timestamp\":%d,\"user\":%d,\"track\":%d,\"time\":5,\"source\":\"%s\"%s}\n",
	i, i * 7 % 20, i * 11 % 17, i % 3 ? "indexed" : i % 2 ? "random" : "random:no-list", i < 200 ? ",\"experiments\":{\"A B\":\"C\",\"none\":\"T1\"}" : "" }' > log.json
head -n 200 log.json > one.json
tail -n 200 log.json > two.json
LOSS=ials KERNEL=portable TRAIN='--solver block --block-factors 16' ITEM_COLUMN=track TIMESTAMP_UNIT=ms "$here/personalize" plain log.json > log.txt 2>&1 ||
	complain "personalize: $(tail -n 3 log.txt)"
PIECES=2 TRAIN='--solver=block --block-factors 16' ITEM_COLUMN=track TIMESTAMP_UNIT=ms "$here/personalize-pieces" logs one.json two.json > log.txt 2>&1 ||
	complain "a log without experiments: $(tail -n 3 log.txt)"
for file in model topk serving serving-topk; do cmp plain/$file.tsv logs/$file.tsv || complain "logs: another $file.tsv"; done
cmp plain/fallbacks.tsv logs/fallbacks.tsv || complain 'logs: other random fallbacks'
[ "$(wc -l < logs/fallbacks.tsv)" = 3 ] || complain "random fallbacks: $(cat logs/fallbacks.tsv)"
grep -q '^  A B C  *200 answers, 17.0 %$' log.txt || complain "random fallbacks are not said: $(tail -n 4 log.txt)"
# Experiments that begin later: in neither are they columns.
LOSS=ials KERNEL=portable TRAIN='--solver block --block-factors 16' ITEM_COLUMN=track TIMESTAMP_UNIT=ms "$here/personalize" late two.json one.json > log.txt 2>&1 ||
	complain "personalize: $(tail -n 3 log.txt)"
PIECES=2 TRAIN='--solver=block --block-factors 16' ITEM_COLUMN=track TIMESTAMP_UNIT=ms "$here/personalize-pieces" late-pieces two.json one.json > log.txt 2>&1 ||
	complain "experiments that begin later: $(tail -n 3 log.txt)"
cmp late/topk.tsv late-pieces/topk.tsv || complain 'experiments that begin later: another topk.tsv'
exit "$failed"
