#!/bin/sh
# train-mf --init --keep-old: what an earlier model has and the new rows do not stays
# byte for byte, for every loss, with features, through a checkpoint, with any number of
# threads; ials solves for the pairs with it, too.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
awk 'BEGIN { srand(9); print "user\titem"
	for (u = 0; u < 60; u++) for (i = 0; i < 40; i++)
		if (rand() < (i % 5 == u % 5 ? .6 : .1)) print "u" u "\ti" i }' > old.tsv
# users u10 .. u19 and two new ones, items i5 .. i14 and a new one; u59 and i39 are in a
# row that is not fitted
awk -F '\t' 'BEGIN { print "user\titem\tsplit\nu59\ti39\ttest" }
	$1 ~ /^u1.$/ && ($2 ~ /^i[5-9]$/ || $2 ~ /^i1[0-4]$/) { print $0 "\ttrain" }
	END { print "v1\ti5\ttrain\nv1\tj1\ttrain\nv2\ti7\ttrain\nv2\tj1\ttrain" }' old.tsv > new.tsv
# Of the features "even" is a fitted one later, "tail" is not. c1 has never been taken.
awk 'BEGIN { print "item\tfeature\tweight"; for (i = 0; i < 40; i++) {
	if (i % 2 == 0) print "i" i "\teven\t2"; if (i >= 20) print "i" i "\ttail\t1" }
	print "c1\teven\t1"; print "c2\ttail\t1" }' > features.tsv

fail()
{
	echo "$*"
	exit 1
}

# unmoved OLD NEW: rows of users and items that the new rows lack; sorted, each id once
unmoved()
{
	awk -F '\t' 'NR == FNR { if ($3 == "train") { seen["user", $1]; seen["item", $2] } next }
		$1 ~ /^(user|item)$/ && !(($1, $2) in seen) && $2 !~ /^c/' new.tsv "$1" > want
	[ -s want ] || fail "nothing to keep in $1"
	grep -xFf want "$2" | cmp - want || fail "$2: rows of $1 have changed"
	for kind in item_feature item user_feature user; do
		awk -F '\t' -v kind=$kind '$1 == kind { print $2 }' "$2" > ids
		LC_ALL=C sort -uc ids || fail "$2: the order of the ids"
	done
	grep -q '^user	v1	' "$2" && grep -q '^item	j1	' "$2" || fail "$2: new ones are missing"
}

for loss in warp bpr logistic warp-kos ials softmax ccl; do
	set -- --loss $loss --kernel portable
	train-mf "$@" --factors 8 --epochs 5 old.tsv > old
	train-mf "$@" --init old --keep-old --epochs 3 new.tsv > new
	unmoved old new
	train-mf "$@" --init old --keep-old --epochs 3 --threads 3 new.tsv | cmp - new
	# once more: nothing is lost on the way
	train-mf "$@" --init new --keep-old --epochs 1 new.tsv > again
	unmoved new again
	[ "$(export-topk --k 3 again | cut -f 1 | sort -u | wc -l)" = 63 ] || fail "$loss: lists"
	# A checkpoint that goes on, and one whose model was another: of a row that is kept.
	rm -f state
	train-mf "$@" --init old --keep-old --epochs 1 --checkpoint state new.tsv > /dev/null
	train-mf "$@" --init old --keep-old --epochs 3 --checkpoint state new.tsv | cmp - new
	awk -F '\t' -v OFS='\t' '$1 == "user" && $2 == "u59" { $4 = 0.25 } 1' old > other
	rc=0
	train-mf "$@" --init other --keep-old --epochs 3 --checkpoint state new.tsv > /dev/null 2> err || rc=$?
	[ $rc = 3 ] && grep -q 'other data or other options' err || fail "$loss: a checkpoint of another model"
done

# Features: as before where they are not fitted now. A cold item is the sum of its
# features, as they are now; one of features and rows of its own stays.
for loss in warp softmax; do
	set -- --loss $loss --kernel portable
	train-mf "$@" --factors 8 --epochs 5 --item-features features.tsv old.tsv > old
	train-mf "$@" --init old --keep-old --epochs 3 --item-features features.tsv new.tsv > new
	unmoved old new
	grep -e '^item_feature	tail' -e '^item	c2' old > want
	grep -e '^item_feature	tail' -e '^item	c2' new | cmp - want || fail 'a feature that no row has'
	awk -F '\t' '$1 == "item_feature" && $2 == "even" || $1 == "item" && $2 == "c1"' new | cut -f 3- > two
	[ "$loss" = softmax ] || [ "$(uniq two | wc -l)" = 1 ] || fail 'a cold item is not the sum of its features'
	grep '^item	c1' old | cut -f 3- | cmp -s - two && fail 'a cold item has not followed its features'
	grep -c -e 'item_identity=yes' -e 'normalize=yes' new | grep -qx 2 || fail 'meta rows'
	# without the features' file all of it stays
	train-mf "$@" --init old --keep-old --epochs 1 new.tsv > plain
	unmoved old plain
	grep '^item_feature' old > want
	grep '^item_feature' plain | cmp - want || fail 'features without their file'
	grep -c -e 'item_identity=yes' -e 'normalize=yes' plain | grep -qx 2 || fail 'meta rows without the file'
	rc=0
	train-mf "$@" --init old --keep-old --no-normalize --item-features features.tsv new.tsv 2> err > /dev/null || rc=$?
	[ $rc = 2 ] && grep -q 'with.* --no-normalize' err || fail 'another normalization'
done
rc=0
train-mf --loss bpr --init old --keep-old new.tsv 2> err > /dev/null || rc=$?
[ $rc = 2 ] && grep -q 'fitted with --loss "softmax", not bpr' err || fail 'another loss'
rc=0
train-mf --keep-old new.tsv 2> err > /dev/null || rc=$?
[ $rc = 2 ] && grep -q -e '--keep-old requires --init' err || fail '--keep-old alone'

# ials, an exact half-step: the normal equations of a new item hold over all users.
set -- --loss ials --kernel portable --solver exact --unobserved-weight 0.3 --regularization 0.02
train-mf "$@" --factors 5 --epochs 5 old.tsv > old
train-mf "$@" --init old --keep-old --epochs 2 new.tsv > new
cat > check.py <<'END2'
users, items, taken = {}, {}, []
for line in open("new"):
    p = line.rstrip("\n").split("\t")
    if p[0] in ("user", "item"):
        (users if p[0] == "user" else items)[p[1]] = [float(x) for x in p[3:]]
for line in list(open("new.tsv"))[1:]:
    taken.append(line.split("\t")[:2])
for name in ("j1", "i7"):
    x = items[name]
    mine = [users[u] for u, i in taken if i == name]
    dot = lambda a, b: sum(p * q for p, q in zip(a, b))
    for f in range(5):
        pull = 0.02 * (len(mine) + 0.3 * len(users))
        slope = sum(0.3 * dot(u, x) * u[f] for u in users.values()) + pull * x[f]
        slope += sum((dot(u, x) - 1) * u[f] for u in mine)
        assert abs(slope) < 1e-5, (name, f, slope, len(users))
END2
python3 check.py
