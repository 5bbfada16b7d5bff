#!/bin/sh
# The loss of implicit ALS in pieces: what fold-in --loss writes of 1, 3 and 7 pieces of both half-steps makes,
# by sum-gram --loss, the bytes of train-mf --curve with --exact-loss, epoch for epoch; merged in two steps,
# packed, with --memory, and by --solver block, too. It is the objective, summed pair by pair by awk. Pieces that do not fit
# together are refused.
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1
LC_ALL=C T=$(printf '\t')
export LC_ALL
fail() { echo "$*"; exit 1; }
columns=user,item,weight,split
awk 'BEGIN { srand(4); OFS = "\t"; print "user", "item", "weight", "split"
	for (u = 0; u < 70; u++) for (i = 0; i < 40; i++)
		if (rand() < (i % 5 == u % 5 ? .5 : .08))
			print "u" u, "i" i, 1 + int(rand() * 40) / 8, rand() < .2 ? "validation" : "train" }' > dataset.tsv
tail -n +2 dataset.tsv > rows.tsv
fitted='--loss ials --factors 12 --seed 5 --regularization 0.03 --regularization-exponent 0.7 --unobserved-weight 0.3'
train-mf -q $fitted --solver exact --kernel portable --patience 0 --epochs 4 --exact-loss --curve curve.tsv \
	-o model.tsv dataset.tsv || exit 1
train-mf -q $fitted --solver exact --kernel portable --patience 0 --epochs 4 --exact-loss --curve two.tsv -j 2 \
	-o model.2 dataset.tsv || exit 1
cut -f 1-3 curve.tsv > want.curve
cut -f 1-3 two.tsv | cmp - want.curve || fail 'two threads give another loss'
train-mf -q $fitted --solver exact --kernel portable --patience 0 --epochs 4 --curve usual.tsv -o model.2 dataset.tsv || exit 1
cmp model.tsv model.2 || fail '--exact-loss changes the model'
[ "$(cut -f 2 usual.tsv)" != "$(cut -f 2 curve.tsv)" ] || fail 'the usual loss has the penalty of the users'

# By definition: every pair, and the penalties.
awk -F '\t' -v b=0.3 -v lambda=0.03 -v nu=0.7 '
	FNR == NR { if ($1 == "user") { U[$2]; for (f = 4; f <= NF; f++) x[$2, f] = $f }
		if ($1 == "item") { I[$2]; for (f = 4; f <= NF; f++) y[$2, f] = $f }
		if (FNR > 1) K = NF
		next }
	$4 == "train" { w[$1, $2] = $3; ofu[$1]++; ofi[$2]++; rows++; nu_[$1]; ni_[$2] }
	END {
		for (u in U) users++
		for (i in I) items++
		for (u in U) { q = 0; for (f = 4; f <= K; f++) q += x[u, f] ^ 2; loss += lambda * (ofu[u] + b * items) ^ nu * q }
		for (i in I) { q = 0; for (f = 4; f <= K; f++) q += y[i, f] ^ 2; loss += lambda * (ofi[i] + b * users) ^ nu * q }
		for (u in U) for (i in I) { s = 0; for (f = 4; f <= K; f++) s += x[u, f] * y[i, f]
			loss += b * s ^ 2; if ((u, i) in w) loss += w[u, i] * (s - 1) ^ 2 }
		printf "%.12g\n", loss / rows }' model.tsv dataset.tsv > defined
tail -n 1 curve.tsv | cut -f 2 | paste - defined | awk '{ d = $1 / $2 - 1; exit !(d < 2e-6 && d > -2e-6) }' ||
	fail "the loss is $(tail -n 1 curve.tsv | cut -f 2), by its definition $(cat defined)"

# pieces KEY P: piece.0 ... piece.(P-1), all rows of a key in one, out of order
pieces()
{
	sort -t "$T" -k "$1,$1" -r -s rows.tsv | awk -F '\t' -v key="$1" -v p="$2" '
		$key != last { last = $key; n++ } { print > ("piece." (n % p)) }'
}

# half SIDE KEY P MODEL: its rows; loss.SIDE.N
half()
{
	sum-gram --side "$([ "$1" = users ] && echo items || echo users)" --kernel portable "$4" > gram.tsv || exit 1
	pieces "$2" "$3"
	n=0
	while [ $n -lt "$3" ]; do
		fold-in -q --solve "$1" --gram gram.tsv --loss loss.$1.$n --kernel portable --no-header --columns $columns \
			--model "$4" piece.$n > out.$n || exit 1
		n=$((n + 1))
	done
	sort -t "$T" -k 2,2 out.*
	rm -f piece.* out.*
}
train-mf -q $fitted --epochs 0 -o start.tsv dataset.tsv || exit 1
grep "^kind\|^meta" start.tsv > head.tsv
for p in 1 3 7; do
	cp start.tsv now.tsv
	printf 'epoch\tloss\n' > got.curve
	for epoch in 1 2 3 4; do
		rm -f loss.*
		half users 1 $p now.tsv > users.tsv
		cat head.tsv users.tsv > with-users.tsv
		half items 2 $p with-users.tsv > items.tsv
		cat head.tsv items.tsv users.tsv > now.tsv
		sum-gram --loss --parts $p loss.* > loss || exit 1
		printf '%s\t%s\n' $epoch "$(sed 1d loss | cut -f 1)" >> got.curve
	done
	cut -f 1-2 curve.tsv | cmp - got.curve || fail "$p pieces: the loss of other epochs: $(cat got.curve)"
	grep -v '^meta' now.tsv > got && grep -v '^meta' model.tsv | cmp - got || fail "$p pieces: another model"
done

# The last pieces are seven of each side: in two steps, in any order.
sum-gram --loss --partial loss.items.[0-3] loss.users.6 > a && sum-gram --loss --partial loss.users.[0-5] loss.items.[4-6] > b || exit 1
[ "$(wc -l < a)" = 3 ] || fail 'not one piece of each side'
sum-gram --loss --parts 7 b a | cmp - loss || fail 'in two steps the loss is another one'
# Packed, in one piece; with equations that are kept and a side that passes by.
train-mf -q $fitted --init now.tsv --epochs 0 --packed -o now.packed dataset.tsv || exit 1
for side in users items; do
	sum-gram --side $([ $side = users ] && echo items || echo users) --kernel portable now.tsv > gram.tsv || exit 1
	fold-in -q --solve $side --gram gram.tsv --loss want --kernel portable --model now.tsv -o /dev/null dataset.tsv || exit 1
	fold-in -q --solve $side --gram gram.tsv --loss got --kernel portable -j 2 --packed --model now.packed -o rows dataset.tsv || exit 1
	cmp want got || fail "$side: packed, another loss"
	fold-in -q --solve $side --gram gram.tsv --loss got --kernel portable --memory 20K --model now.tsv -o rows dataset.tsv || exit 1
	cmp want got || fail "$side: with --memory, another loss"
done

# So many that all threads have some.
awk 'BEGIN { srand(9); print "user\titem"; for (u = 0; u < 3000; u++) for (k = 0; k < 8; k++) print "u" u "\ti" int(300 * rand()) }' |
	sort -u -r > many.tsv
train-mf -q --loss ials --factors 48 --epochs 0 -o many.model many.tsv || exit 1
for threads in 1 4; do
	fold-in -q --solve users --loss loss.j$threads --kernel portable -j $threads --model many.model -o rows many.tsv || exit 1
done
cmp loss.j1 loss.j4 || fail 'four threads give another loss'
rm loss.j1 loss.j4

# refused TEXT WORD...: with 3
refused()
{
	text=$1
	shift
	sum-gram --loss "$@" > out 2> err
	[ $? = 3 ] && grep -q "$text" err || fail "$text: $(cat err)"
}
refused 'there is no piece of the users' loss.items.*
refused 'a part is there twice' loss.items.* loss.users.* loss.items.3
refused 'should be 7 parts but there are 6' --parts 7 loss.users.* loss.items.[1-6]
refused 'not of the same rows: those of the users have' loss.users.[1-6] loss.items.*
fold-in -q --solve items --model with-users.tsv --fit-splits all --kernel portable --loss other -o /dev/null dataset.tsv || exit 1
refused 'not of the same rows' loss.users.* other
sed '/regularization=/s/=0.03/=0.04/' with-users.tsv > changed.tsv
fold-in -q --solve items --model changed.tsv --kernel portable --loss other -o /dev/null dataset.tsv || exit 1
refused 'with other options than the first' loss.users.* other
awk -F '\t' -v OFS='\t' 'NR > 1 { $4 = "0x1q5" } 1' loss.items.1 > bad
refused "column 'loss': not what fold-in --loss wrote" bad
head -n 1 loss.items.1 > none
sum-gram --loss none > out && [ "$(cat out)" = "loss${T}rows${T}users${T}items" ] || fail "no rows: $(cat out)"
# The solver block, in 1 and 5 pieces: the model and the loss of train-mf, from text and packed. Each half-step
# has both sides: those that are solved for begin at what they were.
for block in 16 33 100; do
	fitted="--loss ials --factors 40 --seed 5 --regularization 0.03 --unobserved-weight 0.3"
	train-mf -q $fitted --solver block --block-factors $block --kernel portable --patience 0 --epochs 2 --exact-loss --curve curve.tsv \
		-o model.tsv dataset.tsv || exit 1
	train-mf -q $fitted --epochs 0 -o start.tsv dataset.tsv || exit 1
	grep "^kind\|^meta" start.tsv > head.tsv
	for p in 1 5; do
		cp start.tsv now.tsv
		for epoch in 1 2; do
			rm -f loss.*
			for side in users items; do
				sum-gram --side $([ $side = users ] && echo items || echo users) --kernel portable now.tsv > gram.tsv || exit 1
				pieces $([ $side = users ] && echo 1 || echo 2) $p
				use=now.tsv
				[ $p = 1 ] || { use=now.packed; train-mf -q $fitted --init now.tsv --epochs 0 --packed -o $use dataset.tsv || exit 1; }
				n=0
				while [ $n -lt $p ]; do
					fold-in -q --solve $side --solver block --block-factors $block --gram gram.tsv --loss loss.$side.$n \
						--kernel portable --no-header --columns $columns --model $use piece.$n > out.$n || exit 1
					n=$((n + 1))
				done
				cat head.tsv > next.tsv
				if [ $side = users ]; then grep "^item$T" now.tsv; else sort -t "$T" -k 2,2 out.*; fi >> next.tsv
				if [ $side = users ]; then sort -t "$T" -k 2,2 out.*; else grep "^user$T" now.tsv; fi >> next.tsv
				mv next.tsv now.tsv
				rm -f piece.* out.*
			done
		done
		grep -v '^meta' now.tsv > got && grep -v '^meta' model.tsv | cmp - got || fail "block $block, $p pieces: another model"
		[ "$(sum-gram --loss loss.* | sed '1d; s/\t.*//')" = "$(sed -n 3p curve.tsv | cut -f 2)" ] ||
			fail "block $block, $p pieces: the loss is $(sum-gram --loss loss.*), not $(cat curve.tsv)"
	done
done
grep -v "^user${T}u7$T" now.tsv > without.tsv
fold-in -q --solve users --solver block --block-factors 16 --model without.tsv -o /dev/null dataset.tsv 2> err
[ $? = 3 ] && grep -q "^fold-in: without.tsv: no user .u7., whose vector --solver block begins at" err || fail "no vector: $(cat err)"
exit 0
