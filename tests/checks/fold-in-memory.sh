#!/bin/sh
# fold-in --memory: a half-step in which the side that stays passes by gives the bytes of one that keeps
# it, from text and from a packed model, whatever there is room for, and in less memory.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
awk 'BEGIN { srand(12); OFS = "\t"; print "user", "item", "weight", "split"
	for (u = 0; u < 70; u++) for (i = 0; i < 40; i++)
		if (rand() < (i % 5 == u % 5 ? .5 : .08))
			print "u" u, "i" i, rand() < .1 ? -1 : rand() < .4 ? 1 : 1 + int(rand() * 40) / 8,
				rand() < .2 ? "validation" : rand() < .1 ? "test" : "train" }' > dataset.tsv
train-mf -q --loss ials --factors 20 --epochs 2 --solver exact --kernel portable dataset.tsv > model.tsv || exit 1
train-mf -q --loss ials --factors 20 --epochs 2 --solver exact --kernel portable --packed dataset.tsv > model.packed || exit 1
printf 'new\ti1\t1\ttrain\nu3\tnew\t1\ttrain\nold\tnew\t1\ttrain\n' >> dataset.tsv # rows that the model does not know
for side in users items; do
	sum-gram --side $([ $side = users ] && echo items || echo users) --kernel portable model.tsv > gram.tsv
	fold-in --solve $side --gram gram.tsv --kernel portable --model model.tsv dataset.tsv > want 2> err || exit 1
	for memory in 1 20K 100M; do
		for model in model.tsv model.packed; do
			fold-in --solve $side --gram gram.tsv --kernel portable --memory $memory -j 2 --model $model \
				dataset.tsv > got 2> err.memory && cmp want got && cmp err err.memory ||
				complain "$side $memory $model: $(cat err.memory)"
		done
	done
done
# The Gram matrix of another model: as far as its rows can tell
sed '/^user/{/u1/d}' model.tsv | sum-gram --side users --kernel portable > gram.tsv
fold-in --solve items --gram gram.tsv --memory 1M --model model.tsv dataset.tsv > got 2> err
[ $? = 3 ] && grep -q '^fold-in: gram.tsv: it is of .* rows, and the model has 70$' err || complain "another model: $(cat err)"
fold-in --solve items --memory 1M --model model.tsv dataset.tsv > got 2> err
[ $? = 2 ] && grep -q -- '--memory requires --gram' err || complain "without --gram: $(cat err)"
printf '\252' | dd of=model.packed bs=1 seek=3000 conv=notrunc 2> /dev/null
fold-in --solve items --gram gram.tsv --memory 1M --model model.packed dataset.tsv > got 2> err
[ $? = 3 ] && grep -q 'damaged packed file' err && [ "$(wc -l < got)" -le 1 ] || complain "damaged: $(cat err)"

# 100,000 users of 64 factors are 26 MB.
"$RECPIPE_BUILD/tests/bench-generate" --rows 200000 --users 100000 --items 100 --seed 1 | build-dataset -q --test 0 --validation 0 > large.tsv 2> err
train-mf -q --loss ials --factors 64 --epochs 0 large.tsv > large.model || exit 1
sum-gram --side users large.model > gram.tsv || exit 1
{ head -n 1 large.tsv && grep '	track[1-9]	' large.tsv; } > rows.tsv
for memory in '' '--memory 1M'; do
	fold-in -v --solve items --gram gram.tsv $memory --model large.model rows.tsv > "got$memory" 2> "err$memory" || exit 1
done
cmp got 'got--memory 1M' || complain 'large'
cat err 'err--memory 1M' | awk '/ MB$/ { mb[++n] = $(NF - 1) } END { print mb[1], mb[2]; exit !(mb[2] < mb[1] - 20) }' > mb ||
	complain "memory: $(cat mb) MB"
exit $bad
