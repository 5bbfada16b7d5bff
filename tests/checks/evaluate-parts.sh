#!/bin/sh
# evaluate-topk of lists in one run, and from --partial and --merge of any split of the users,
# at once or in steps: the same bytes, and the same that is said of it. Some users have no
# list, some lists are short, some items are not in the dataset.
cd "$RECPIPE_TMP" || exit 1
awk 'BEGIN {
	srand(4)
	print "user\titem\tweight\tsplit\ttimestamp"
	for (u = 0; u < 300; u++)
		for (i = 0; i < 60; i++)
			if (rand() < .3)
				print "u" u "\ti" i "\t1\t" (rand() < .7 ? "train" : rand() < .8 ? "test" : "validation") "\t" int(rand() * 1000)
}' > dataset.tsv
awk 'BEGIN {
	srand(5)
	print "user\trank\titem"
	for (u = 310; u > 9; u--) {
		split("", has)
		for (n = 0; n < 2 + u % 13;)
			if (!((i = int(rand() * rand() * 70)) in has)) {
				has[i] = ++n
				print "u" u "\t" n "\ti" i
			}
	}
}' > lists.tsv
awk 'BEGIN { print "item\tfeature"; for (i = 0; i < 50; i++) print "i" i "\tg" i % 7 "\ni" i "\th" i % 5 }' > features.tsv
awk -F '\t' 'NR == 1 || substr($1, 2) % 3' lists.tsv > baseline.tsv
all=precision,recall,ndcg,map,mrr,hit,coverage,novelty,popularity,gini,diversity,serendipity
# piece OF K: users whose number modulo OF is K
piece() { awk -F '\t' -v of="$1" -v k="$2" 'NR == 1 || substr($1, 2) % of == k' lists.tsv; }
n=0
# same OPTIONS: 2, 3 and 10 parts, in one step and in a tree
same() {
	evaluate-topk --dataset dataset.tsv "$@" lists.tsv > whole 2> whole.err || { cat whole.err; return 1; }
	sed -i 's/ baseline.tsv:/ --baseline:/' whole.err
	for of in 2 3 10; do
		rm -f part.*
		for k in $(seq 0 $((of - 1))); do
			piece $of $k | evaluate-topk --dataset dataset.tsv --partial "$@" > part.$k || return 1
		done
		evaluate-topk --merge --parts $of part.* > merged 2> merged.err || { cat merged.err; return 1; }
		cmp merged whole && cmp merged.err whole.err || { echo "$of parts: $*"; return 1; }
		evaluate-topk --merge --partial part.* > flat || return 1
		evaluate-topk --merge --partial part.0 part.1 > two || return 1
		rm part.0 part.1
		evaluate-topk --merge --partial --parts $of $(ls part.* 2> /dev/null) two | cmp - flat || { echo "tree of $of: $*"; return 1; }
		{ head -n 1 flat; sed 1d flat | LC_ALL=C sort -r; } > sorted
		evaluate-topk --merge -q sorted | cmp - whole || { echo "rows in another order: $*"; return 1; }
		n=$((n + 3))
	done
}
same || exit 1
same --split validation --targets last --k 1,5 || exit 1
same --metrics gini@3,ndcg@7,gini@20,coverage@1 || exit 1
same --metrics $all --k 3,10 --item-features features.tsv --baseline baseline.tsv || exit 1
# Without headers.
names=$(head -n 1 flat | tr '\t' ,)
for k in 0 1; do
	piece 2 $k | sed 1d | evaluate-topk --dataset dataset.tsv -k 5 --partial --no-header --columns user,rank,item > bare.$k || exit 1
	piece 2 $k | evaluate-topk --dataset dataset.tsv -k 5 --partial > part.$k && sed 1d part.$k | cmp - bare.$k || exit 1
done
evaluate-topk --dataset dataset.tsv -q -k 5 lists.tsv > whole
evaluate-topk --merge --partial --no-header --columns "$names" bare.1 bare.0 > bare || exit 1
evaluate-topk -q --merge --parts 2 --no-header --columns "$names" bare > o && sed 1d whole | cmp - o || exit 1
# A part of nothing is one.
head -n 1 lists.tsv | evaluate-topk --dataset dataset.tsv -k 5 --partial > nothing || exit 1
evaluate-topk -q --merge --parts 4 part.0 nothing part.1 nothing | cmp - whole || exit 1
evaluate-topk -q --merge nothing | grep -q '^ndcg@5	0	0	' || { echo 'nobody has a list'; exit 1; }
# What must be refused.
refused() {
	status=$1 what=$2
	shift 2
	evaluate-topk "$@" > o 2> e
	[ $? = "$status" ] && grep -q "$what" e || { echo "$*:"; cat e; exit 1; }
}
refused 3 'a part is there twice' --merge part.0 part.1 part.0
evaluate-topk --merge --partial part.0 part.1 > both
refused 3 'a part is there twice' --merge both part.1
evaluate-topk --dataset dataset.tsv -k 5 --partial lists.tsv > all
refused 3 'a user is in two of them' --merge all part.1
refused 3 'should be 3 parts but there are 2' --merge --parts 3 both
refused 3 'should be 2 parts but there are 1' --merge --parts 2 part.1
sed '$d' part.0 > cut
refused 3 'truncated or missing' --merge cut part.1
refused 3 'no part is complete' --merge cut
sed 5d part.0 > cut
refused 3 'truncated or missing' --merge part.1 cut
piece 2 0 | evaluate-topk --dataset dataset.tsv -k 6 --partial > other
refused 3 'different datasets, splits or metrics' --merge part.1 other
# one train row is of another item that there is: the novelties of all would differ
awk -F '\t' -v OFS='\t' 'NR == FNR { if ($1 == "u7") has[$2]; next }
	!done && $1 == "u7" && $4 == "train" { for (i = 0; ("i" i) in has; i++); $2 = "i" i; done = 1 } 1' dataset.tsv dataset.tsv > changed.tsv
piece 2 0 | evaluate-topk --dataset changed.tsv -k 5 --partial > other
refused 3 'different datasets, splits or metrics' --merge part.1 other
refused 3 'not what --partial wrote' --merge whole
sed 's/\(0x[0-9a-f]*\)p/\1q/' part.0 > bad
refused 3 "column 'sum': not what --partial wrote: \"0x" --merge bad part.1
refused 2 'cannot be combined with' --merge --dataset dataset.tsv part.0
refused 2 'cannot be combined with' --merge --k 5 part.0
refused 2 'cannot be combined with' --dataset dataset.tsv --partial --per-user u lists.tsv
refused 2 'requires --merge' --dataset dataset.tsv --parts 3 lists.tsv
echo "$n runs alike"
