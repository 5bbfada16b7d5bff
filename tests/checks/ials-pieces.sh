#!/bin/sh
# Training in pieces: half-steps of fold-in --solve, with Gram matrices that sum-gram made of chunks,
# give the bytes of train-mf --loss ials --solver exact --kernel portable: at 1, 3 and 7 pieces,
# with weights, and with the epoch that the validation rows choose.
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1
LC_ALL=C T=$(printf '\t')
export LC_ALL
columns=user,item,weight,split

awk 'BEGIN { srand(11); OFS = "\t"; print "user", "item", "weight", "split"
	for (u = 0; u < 90; u++) for (i = 0; i < 60; i++)
		if (rand() < (i % 5 == u % 5 ? .5 : .08))
			print "u" u, "i" i, rand() < .4 ? 1 : 1 + int(rand() * 40) / 8,
				rand() < .2 ? "validation" : rand() < .1 ? "test" : "train" }' > dataset.tsv
tail -n +2 dataset.tsv > rows.tsv

# pieces KEY P FILE..: FILE.0 ... FILE.(P-1), all rows of a key in one, out of order
pieces()
{
	sort -t "$T" -k "$1,$1" -r -s rows.tsv | awk -F '\t' -v key="$1" -v p="$2" '
		$key != last { last = $key; n++ } { print > ("piece." (n % p)) }'
}

# gram SIDE MODEL P: the matrix from chunks that are made one by one, merged in another order
gram()
{
	for chunk in 16 3 1 2 5 4 6 7 9 8 10 11 12 13 15 14; do
		sum-gram --side "$1" --chunk $chunk/16 --kernel portable "$2" > "part.$chunk" || exit 1
	done
	sum-gram --merge part.* > gram.tsv || exit 1
	sum-gram --side "$1" --kernel portable -j 2 "$2" | cmp - gram.tsv || exit 1
}

# half SIDE KEY P MODEL [OPTION].. > rows of SIDE
half()
{
	side=$1 key=$2 p=$3 model=$4
	shift 4
	pieces "$key" "$p"
	n=0
	while [ $n -lt "$p" ]; do
		touch piece.$n
		fold-in -q --solve "$side" --gram gram.tsv --kernel portable --no-header --columns $columns \
			--model "$model" "$@" piece.$n > out.$n || exit 1
		n=$((n + 1))
	done
	sort -t "$T" -k 2,2 out.*
	rm -f piece.* out.*
}

# value MODEL: ndcg@10 on the validation rows
value()
{
	train-mf -q --loss ials --init "$1" --epochs 0 --report ndcg@10 --kernel portable dataset.tsv |
		awk 'NR == 2 { print $2 }'
}

# in_pieces P EPOCHS [OPTION of train-mf].. > model
in_pieces()
{
	p=$1 epochs=$2 packed=
	shift 2
	train-mf -q --loss ials --epochs 0 "$@" dataset.tsv > model.tsv || exit 1
	grep "^kind\|^meta" model.tsv > head.tsv
	best=-1 epoch=0
	while [ $epoch -lt "$epochs" ]; do
		epoch=$((epoch + 1))
		gram items model.tsv
		half users 1 "$p" model.tsv > users.tsv || exit 1
		cat head.tsv users.tsv > with-users.tsv
		gram users with-users.tsv
		half items 2 "$p" with-users.tsv > items.tsv || exit 1
		cat head.tsv items.tsv users.tsv | sed "s/^\(meta${T}epoch=\)[0-9]*/\1$epoch/" > model.tsv
		now=$(value model.tsv) || exit 1
		if awk -v a="$now" -v b="$best" 'BEGIN { exit !(a > b) }'; then
			best=$now
			cp model.tsv best.tsv
		fi
	done
	cat "$kept"
}

for p in 1 3 7; do
	for kept in model.tsv best.tsv; do
		patience=$([ $kept = best.tsv ] && echo 100 || echo 0)
		train-mf -q --loss ials --solver exact --kernel portable --factors 20 --epochs 10 --seed 5 \
			--regularization 0.003 --regularization-exponent 0.7 --patience "$patience" dataset.tsv > whole.tsv || exit 1
		in_pieces $p 10 --factors 20 --seed 5 --regularization 0.003 --regularization-exponent 0.7 > got.tsv || exit 1
		cmp whole.tsv got.tsv || { echo "$p pieces, $kept"; exit 1; }
	done
done
# Without --gram the matrix is summed in the same chunks; a packed model gives the same as TSV, here
# and in sum-gram.
train-mf -q --loss ials --init model.tsv --epochs 0 --regularization 0.003 --regularization-exponent 0.7 \
	--packed dataset.tsv > model.packed || exit 1
for side in users items; do
	other=$([ $side = users ] && echo items || echo users)
	gram $other model.tsv
	sum-gram --side $other --kernel portable model.packed | cmp - gram.tsv || exit 1
	sum-gram --side $other --kernel portable --chunk 9/16 model.packed | cmp - part.9 || exit 1
	fold-in --solve $side --gram gram.tsv --kernel portable --model model.tsv dataset.tsv > want.tsv || exit 1
	fold-in --solve $side --kernel portable --model model.tsv dataset.tsv | cmp - want.tsv || exit 1
	fold-in --solve $side --gram gram.tsv --kernel portable --model model.packed dataset.tsv |
		cmp - want.tsv || exit 1
done
# Packed pieces, put together: what the rows of text are, in any order of the pieces.
for side in items users; do
	gram $([ $side = users ] && echo items || echo users) model.tsv
	key=$([ $side = users ] && echo 1 || echo 2)
	fold-in -q --solve $side --gram gram.tsv --kernel portable --model model.tsv dataset.tsv > $side.tsv || exit 1
	pieces $key 3
	for n in 0 1 2; do
		fold-in -q --solve $side --gram gram.tsv --kernel portable --no-header --columns $columns \
			--model model.tsv piece.$n > text || exit 1
		{ head -n 1 dataset.tsv && cat piece.$n; } | fold-in -q --solve $side --gram gram.tsv --kernel portable \
			--model model.tsv --packed > $side.$n.packed || exit 1
		unpack $side.$n.packed | tail -n +2 | cmp - text || exit 1
	done
	rm -f piece.*
done
{ unpack model.packed | grep "^kind\|^meta"; sed 1d items.tsv; sed 1d users.tsv; } | sed "s/^\(meta${T}epoch=\)[0-9]*/\17/" > want.tsv
unpack --merge --meta model.packed --set epoch=7 users.2.packed items.1.packed users.0.packed items.0.packed \
	items.2.packed users.1.packed > got.tsv || exit 1
cmp want.tsv got.tsv || exit 1
unpack --merge --meta model.packed --set epoch=7 --packed users.*.packed items.*.packed > got.packed || exit 1
unpack got.packed | cmp want.tsv - || exit 1
unpack --merge --packed got.packed | cmp got.packed - || exit 1
sum-gram --side users --kernel portable got.packed > got || exit 1
sum-gram --side users --kernel portable want.tsv | cmp - got || exit 1
# refused NAME TEXT WORD..: with 3
refused()
{
	what=$1 text=$2
	shift 2
	unpack --merge "$@" > out 2> err
	[ $? = 3 ] && grep -q "$text" err || { echo "$what: $(cat err)"; exit 1; }
}
refused 'a piece twice' 'is in users.1.packed, too' users.0.packed users.1.packed users.1.packed
refused 'no packed model' 'not a packed model' users.0.packed want.tsv
refused 'a name that no meta row has' "model.packed: no meta row 'epoc', which --set" --meta model.packed --set epoc=7 users.0.packed
unpack --merge --meta model.packed --set epoch=7 --set epoch=8 users.0.packed > out 2> err
[ $? = 2 ] && grep -q "^unpack: --set: 'epoch' is given twice" err || { echo "a name twice: $(cat err)"; exit 1; }
sed "s/^\(meta${T}epoch=\)[0-9]*/\18/" model.tsv > other.tsv
train-mf -q --loss ials --init other.tsv --epochs 0 --regularization 0.5 --packed dataset.tsv > other.packed || exit 1
refused 'two models' 'other meta rows than' model.packed other.packed
train-mf -q --loss ials --factors 4 --epochs 0 --packed dataset.tsv > other.packed || exit 1
refused 'other columns' 'other columns than' users.0.packed other.packed
cp users.0.packed damaged
printf '\252' | dd of=damaged bs=1 seek=1000 conv=notrunc 2> /dev/null
refused 'a damaged piece' 'damaged packed file' damaged users.1.packed
grep -q "epoch=10$T" whole.tsv && { echo 'the validation rows choose the last epoch: nothing is tested'; exit 1; }
exit 0
