#!/bin/sh
# Packed files: what --packed writes unpacks to the same bytes as without it; every tool that reads
# the table gives the same answer from the packed file, from a pipe, gzipped; what is damaged is
# refused with exit 3; a file that is cut short while it is mapped ends the program with 1.
set -u
cd "$RECPIPE_TMP" || exit 1
root=$RECPIPE_ROOT
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
# same NAME FILE FILE
same()
{
	cmp "$2" "$3" || complain "$1: not the same"
}
# packs NAME COMMAND..: NAME.tsv and NAME.packed, which is the same
packs()
{
	name=$1
	shift
	"$@" > "$name.tsv" 2> err || complain "$name: $(cat err)"
	"$@" --packed > "$name.packed" 2> err || complain "$name --packed: $(cat err)"
	unpack "$name.packed" > again || complain "$name: unpack failed"
	same "$name" "$name.tsv" again
	unpack --check "$name.packed" || complain "$name: unpack --check failed"
	cat "$name.packed" | unpack > again && cmp -s again "$name.tsv" || complain "$name: from a pipe"
	gzip < "$name.packed" | unpack > again && cmp -s again "$name.tsv" || complain "$name: gzipped"
	"$@" --packed --output "$name.other" 2> err && cmp -s "$name.packed" "$name.other" ||
		complain "$name: --output is not the same"
}

# takes NAME COMMAND..: the same from NAME.tsv as from NAME.packed, which is named in @
takes()
{
	name=$1
	shift
	for kind in tsv packed; do
		words=
		for word; do
			words="$words '$(printf '%s' "$word" | sed "s/@/$name.$kind/")'"
		done
		eval "$words" > "out.$kind" 2> "err.$kind" || complain "$* ($name.$kind): $(head -n 2 "err.$kind")"
	done
	[ -s out.tsv ] || complain "$*: no answer"
	same "$*" out.tsv out.packed
}

# 60 users, 40 items, ids of all kinds of bytes and lengths, in no order.
awk 'BEGIN {
	srand(5)
	print "user\titem\ttimestamp\tweight\tsplit"
	for (u = 1; u <= 60; u++)
		for (i = 1; i <= 40; i++)
			if (rand() < 0.25)
				printf "%s\t%s\t%d\t1\t%s\n", u % 7 ? "u" u : u " ~\303\244 a long id of a user " u,
					i % 5 ? i * i : "i|" i "\\\"", 1700000000000 + int(rand() * 1e8),
					rand() < 0.2 ? "test" : "train"
}' > dataset.tsv
packs model train-mf --factors 20 --epochs 3 --kernel portable --patience 0 dataset.tsv
unpack --pack model.tsv > model.again || complain 'unpack --pack'
unpack model.again | cmp - model.tsv && unpack --check model.again || complain 'unpack --pack: another model'
for one in model.packed model.again; do unpack --info $one | sed '/^program/d; /^version/d; /^section meta/d'; done > infos
[ "$(sort infos | uniq -c | awk '$1 % 2' | wc -l)" = 0 ] || complain "unpack --pack: $(sort infos | uniq -u)"
unpack --pack < model.packed | cmp - model.again || complain 'unpack --pack of a packed one'
{ sed 1q model.tsv; tail -n +2 model.tsv | sort; } | unpack --pack > other 2> err
[ $? = 3 ] && grep -q 'out of order' err || complain "unpack --pack of rows in no order: $(cat err)"
packs small train-mf --factors 16 --epochs 1 --kernel portable --loss bpr dataset.tsv
for method in knn next; do
	packs "$method" train-items --method $method dataset.tsv
done
for method in ridge sparse-ridge next-ridge; do
	packs "$method" train-items --method $method --kernel portable dataset.tsv
done
packs lists export-topk --k 7 --kernel portable model.tsv
packs similar export-topk --k 7 --kernel portable --similar items model.tsv
packs neighbors export-topk --k 7 --kernel portable --similar items --as neighbors model.tsv
packs next-lists recommend-items --neighbors next.tsv --k 5 dataset.tsv
packs folded fold-in --model model.tsv --kernel portable dataset.tsv
packs folded-only fold-in --model model.tsv --kernel portable --users-only dataset.tsv
packs popular recommend-baseline --k 9 --exclude dataset.tsv --half-life 1h dataset.tsv
packs random recommend-baseline --k 9 --method random dataset.tsv
packs reranked rerank-topk --k 5 popular.tsv
cut -f 1,3 lists.tsv > bare.tsv
packs reranked-bare rerank-topk --k 5 bare.tsv
packs blended blend-topk --k 8 lists.tsv popular.tsv
packs blended-scores blend-topk --k 8 --method score lists.tsv popular.tsv
for lists in lists popular blended; do
	unpack --pack $lists.tsv > $lists.again && unpack $lists.again | cmp - $lists.tsv && unpack --check $lists.again ||
		complain "unpack --pack: other rows of $lists.tsv"
	unpack --pack $lists.packed | cmp - $lists.again || complain "unpack --pack of $lists.packed"
done
cut -f 1-3 lists.tsv > unscored
unpack --pack unscored | unpack | cmp - unscored || complain 'unpack --pack of lists without scores'
{ cat lists.tsv; sed 1d lists.tsv; } | unpack --pack -o twice 2> err
[ $? = 3 ] && ! [ -e twice ] || complain "unpack --pack of users who come back: $(cat err)"
unpack --pack knn.tsv > again 2> err
[ $? = 3 ] && grep -q 'knn.tsv: neighbors: train-items --packed' err || complain "unpack --pack of neighbors: $(cat err)"
packs item-lists recommend-items --neighbors next.tsv --k 5 --for items

takes model export-topk --k 5 --kernel portable --exclude dataset.tsv @
takes model train-mf --factors 20 --epochs 1 --kernel portable --patience 0 --init @ dataset.tsv
takes model fold-in --model @ --kernel portable dataset.tsv
takes model evaluate-topk --dataset dataset.tsv --model @ lists.tsv
takes model export-embeddings --kind item @
takes knn recommend-items --neighbors @ --k 5 dataset.tsv
takes ridge recommend-items --neighbors @ --k 5 --for items
takes sparse-ridge recommend-items --neighbors @ --k 5 dataset.tsv
takes neighbors recommend-items --neighbors @ --k 5 dataset.tsv
takes lists evaluate-topk --dataset dataset.tsv --k 5 @
takes blended evaluate-topk --dataset dataset.tsv --k 5 @
takes popular evaluate-topk --dataset dataset.tsv --k 5 --metrics serendipity --baseline @ lists.tsv
takes popular compare-topk --dataset dataset.tsv --k 5 @ lists.tsv
takes popular compare-topk --dataset dataset.tsv --k 5 lists.tsv @
takes popular blend-topk --k 5 --method score @ lists.tsv
takes blended rerank-topk --k 3 @
takes folded export-topk --k 5 --kernel portable @
cut -f 1,3 lists.tsv > pairs.tsv
takes small score-pairs --model @ pairs.tsv
takes model score-pairs --model @ pairs.tsv
takes next score-pairs --neighbors @ --histories dataset.tsv pairs.tsv
takes lists rerank-topk --k 3 @
for kind in tsv packed; do # all but the generation's name and time
	load-redis --emit-resp < lists.$kind 2> err | LC_ALL=C sed 's/[0-9]\{13\}-[0-9a-f]*//; s/^[0-9]\{13\}//' > out.$kind
done
[ -s out.tsv ] || complain "load-redis: no answer: $(cat err)"
same 'load-redis --emit-resp' out.tsv out.packed
{
	printf 'message\tuser\ttrack\ttime\ttimestamp\n'
	awk -F '\t' 'NR > 1 { print "next\t" $1 "\t" $2 "\t0.7\t" $3 } END { print "next\tnobody\t4\t1\t1700000000000" }' dataset.tsv
} > requests.tsv
takes lists next-track --recs @ requests.tsv
takes lists next-track --recs @ --pick softmax requests.tsv
takes next-lists next-track --recs @ --pick softmax --seed 4 requests.tsv
takes popular next-track --recs @ --pick softmax requests.tsv
takes lists next-track --recs lists.tsv --challenger @ --recommender challenger requests.tsv
{ echo item; cut -f 2 dataset.tsv | sed 1d | sort -u; } > catalog.tsv
takes knn next-track --neighbors @ --items catalog.tsv --recommender contextual requests.tsv
takes model sum-gram --side items --kernel portable @
takes model plot-embeddings --format tsv @
awk -F '\t' 'NR == 1 { OFS = "\t"; print "message", "timestamp", "user", "track", "time", "recommendation", "source", "probability"; next }
	{ print "next", $3, $1, $2, NR % 7 / 7, last == "" ? $2 : last, "random", .02; last = $2 }' dataset.tsv > logged.tsv
takes lists evaluate-policy --min-effective 1 --max-unlogged 1 --policy @ --pick rank logged.tsv
for kind in tsv packed; do
	load-redis --emit-resp --neighbors knn.$kind < lists.tsv 2> err | LC_ALL=C sed 's/[0-9]\{13\}-[0-9a-f]*//; s/^[0-9]\{13\}//' > out.$kind
done
[ -s out.tsv ] || complain "load-redis --neighbors: no answer: $(cat err)"
same 'load-redis --neighbors' out.tsv out.packed

# A model with the index of its items: the same table, and the same lists from it, whatever kernels
# wrote and search it; what is asked for that needs other items does not use it.
printf 'item\nu1\n1\n4\n16\n' > some.tsv
printf 'user\nu3\nu9\n' > who.tsv
printf 'item\tfeature\n1\tloud\n' > loud.tsv
for writer in auto portable avx2 avx512 bfloat16 amx; do
	export-topk --packed=index --kernel $writer -o index.packed model.tsv 2> err
	case $?:$(cat err) in
	0:*) ;;
	2:*'not supported by this CPU'*) continue ;;
	*) complain "--packed=index --kernel $writer: $(cat err)" ;;
	esac
	unpack index.packed | cmp - model.tsv || complain "--packed=index --kernel $writer: not the same table"
	unpack --check index.packed || complain 'unpack --check: an index'
	cp model.tsv index.tsv
	for kernel in auto portable avx2; do
		export-topk --k 5 --kernel $kernel --users who.tsv model.tsv > out 2> /dev/null || continue
		takes index export-topk --k 5 --kernel $kernel --exclude dataset.tsv --users who.tsv @
		takes index export-topk --k 60 --kernel $kernel --threads 2 --verify @
	done
	takes index export-topk --k 5 --candidates some.tsv @
	takes index export-topk --k 5 --similar items @
	takes index export-topk --k 5 --item-features loud.tsv @
	takes index fold-in --model @ --kernel portable dataset.tsv
	export-topk --k 5 model.tsv > five
	gzip < index.packed | export-topk --k 5 | cmp - five || complain 'an index, gzipped, from a pipe'
done

# refused NAME FILE: with 3 and a message
refused()
{
	what=$1
	shift
	"$@" > out 2> err
	rc=$?
	[ $rc = 3 ] && grep -q "^$1: .*packed" err && [ "$(wc -l < err)" = 1 ] ||
		complain "$what: exit $rc: $(cat err)"
	[ "$(wc -l < out)" -le 1 ] || complain "$what: writes $(wc -l < out) lines"
}
size=$(wc -c < model.packed)
head -c $((size - 1)) model.packed > damaged
refused 'cut by a byte' export-topk damaged
head -c 100 model.packed > damaged
refused 'cut behind the head' unpack damaged
cp knn.packed damaged
printf '\377' | dd of=damaged bs=1 seek=70 conv=notrunc 2> /dev/null
refused 'a changed byte' recommend-items --neighbors damaged dataset.tsv
unpack --check damaged 2> /dev/null && complain 'unpack --check: a changed byte'
# bytes all over of a model with an index turned: --verify sees it
export-topk --packed=index --kernel portable -o index.packed model.tsv
size=$(wc -c < index.packed)
at=100
while [ $at -lt "$size" ]; do
	cp index.packed damaged
	printf '\252' | dd of=damaged bs=1 seek=$at conv=notrunc 2> /dev/null
	cmp -s index.packed damaged || refused "byte $at of an index" export-topk --verify damaged
	at=$((at + 997))
done
# what is read at once is looked at without it, too
index_at=$(unpack --info index.packed | sed -n 's/^section index_items.* at //p')
cp index.packed damaged
printf '\252' | dd of=damaged bs=1 seek=$((index_at + 4)) conv=notrunc 2> /dev/null
refused 'a place in an index' export-topk damaged
# without --verify a model's rows are checked as they are read: its lists are not kept
rows_at=$(unpack --info model.packed | sed -n 's/^section rows.* at //p')
cp model.packed damaged
printf '\252' | dd of=damaged bs=1 seek=$((rows_at + 5000)) conv=notrunc 2> /dev/null
rm -f kept
export-topk -o kept damaged 2> err
[ $? = 3 ] && [ ! -e kept ] && grep -q "section 'rows'" err || complain "a byte of a row: $(cat err)"
cp model.packed damaged
printf '\000\000\200\177' | dd of=damaged bs=1 seek=$((rows_at + 128 * 50)) conv=notrunc 2> /dev/null
export-topk -o kept damaged 2> err
[ $? = 3 ] && [ ! -e kept ] && grep -q 'not a finite number' err || complain "an infinite factor: $(cat err)"

# unpack --id: the rows of some ids, in the order in which they are asked for
only()
{
	file=$1 column=$2
	shift 2
	ids=
	head -n 1 $file.tsv > want
	for id; do
		ids="$ids --id '$id'"
		awk -F '\t' -v c="$column" -v id="$id" '$c "" == id ""' $file.tsv >> want
	done
	eval "unpack $ids $file.packed" > out 2> err && cmp -s want out || complain "unpack --id: $file: $(cat err)"
}
only model 2 u3 1 "$(printf '7 ~\303\244 a long id of a user 7')" loss=warp u60
only lists 1 u9 u1
only knn 1 4 1
only blended-scores 1 u9
unpack --id nobody lists.packed > out 2> err
[ $? = 3 ] && grep -q "^unpack: lists.packed: it has no row of the id \"nobody\"" err || complain "unpack --id nobody: $(cat err)"
unpack --info model.packed | grep -qx 'model loss	warp' || complain 'unpack --info: no meta rows'
cat knn.packed knn.packed > damaged
refused 'two files' unpack damaged
refused 'no packed file' unpack knn.tsv
unpack --info knn.packed > info || complain 'unpack --info'
grep -qx "kind	neighbors" info && grep -qx "rows	$(($(wc -l < knn.tsv) - 1))" info || complain "unpack --info: $(cat info)"

# next-track: a file that is replaced by rename is opened again on SIGHUP, not before; a damaged one
# is reported, and the one before stays, and so is one without lists, where all that is drawn from is in
# them; one that is cut short under it ends it with 1.
printf 'user\titem\nu1\tx\n' > history.tsv
for item in a b; do
	printf 'item\tneighbor\tweight\nx\t%s\t1\n' $item > one.tsv
	recommend-items --neighbors one.tsv --packed --output of-$item history.tsv || complain 'recommend-items'
done
printf 'user\titem\nu1\ty\n' | recommend-items --neighbors one.tsv --packed --output of-none || complain 'recommend-items'
# answers N: until there are N answers
answers()
{
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
		[ "$(wc -l < out)" -gt "$1" ] && return
		sleep 0.05
	done
}
ask()
{
	printf 'next\tu1\tx\t1\n' >&3
	answers "$1"
}
cp of-a used
mkfifo requests
next-track --recs used < requests > out 2> err &
pid=$!
exec 3> requests
printf 'message\tuser\ttrack\ttime\n' >&3
ask 1
cp of-b fresh && mv fresh used
ask 2
kill -HUP $pid
ask 3
echo damaged > fresh && mv fresh used
kill -HUP $pid
ask 4
head -c 200 of-a > fresh && mv fresh used
kill -HUP $pid
ask 5
cp of-none fresh && mv fresh used
kill -HUP $pid
ask 6
cp of-a fresh && mv fresh used
kill -HUP $pid
ask 7
[ "$(cut -f 2,3 out | tr '\t\n' '. ')" = 'recommendation.source a.indexed a.indexed b.indexed b.indexed b.indexed b.indexed a.indexed ' ] ||
	complain "next-track: answers $(cat out)"
[ "$(grep -c 'the old lists stay in use' err)" = 3 ] && grep -q 'used: no lists, and no --items' err || complain "next-track: $(cat err)"
: > used # in place
printf 'next\tu1\tx\t1\n' >&3
exec 3>&-
wait $pid
rc=$?
[ $rc = 1 ] && grep -q '^next-track: a packed file was cut short' err || complain "a file cut short in use: $rc: $(cat err)"
exit $bad
