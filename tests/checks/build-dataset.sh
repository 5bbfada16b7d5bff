#!/bin/sh
# build-dataset and recommend-baseline against a plain computation in Python, for
# many combinations of options; and the same bytes for rows in any order.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
cat > make.py <<'END'
import random
random.seed(3)
with open("in.tsv", "w") as f:
    f.write("user\titem\ttime\ttimestamp\n")
    for _ in range(4000):
        u, i = int(random.paretovariate(0.7)) % 150, int(random.paretovariate(0.6)) % 120
        t = random.choice([0.1, -0.7, 1, 1e16, 3.25e-7, random.random()])
        f.write(f"u{u}\t{i}\t{t!r}\t{random.randint(0, 60) * 1000}\n")
    f.write("u1\t5\t1\t61000\n") # the newest row is in one part alone
END
cat > reference.py <<'END'
import argparse, csv, math
from collections import Counter, defaultdict
from fractions import Fraction
a = argparse.ArgumentParser()
for name, fallback in [("test", ""), ("validation", ""), ("weight", "binary"), ("half-life", ""),
                       ("count-on", "all"), ("as-of", ""), ("fold", ""),
                       ("window", "0.1")]:
    a.add_argument("--" + name, default=fallback)
for name, fallback in [("seed", 0), ("min-user-interactions", 1), ("min-item-interactions", 1),
                       ("keep-train", 0)]:
    a.add_argument("--" + name, type=int, default=fallback)
a.add_argument("--core", action="store_true")
o = a.parse_args()
M = 2 ** 64 - 1

def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & M
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M
    return x ^ (x >> 31)

def share(u, i):
    h = mix(o.seed) ^ 0xCBF29CE484222325
    for c in u.encode() + b"\0" + i.encode():
        h = ((h ^ c) * 0x100000001B3) & M
    return (mix(h) >> 11) / 2 ** 53

rows, place = defaultdict(list), {}
for n, r in enumerate(csv.DictReader(open("in.tsv"), delimiter="\t")):
    place[r["user"], r["item"]] = n
    rows[r["user"], r["item"]].append((int(r["timestamp"]), float(r["time"])))
if o.fold:
    k, n = map(int, o.fold.split("/"))
    times = sorted(t for v in rows.values() for t, _ in v)
    last = int(o.as_of) if o.as_of else times[-1]
    if o.window.endswith("s"):
        edge = [last - (n + 1 - j) * int(o.window[:-1]) * 1000 for j in range(n + 2)]
    else:
        edge = [times[max(math.floor(len(times) * (1 - (n + 1 - j) * float(o.window)) + 1e-9), 1) - 1]
                for j in range(n + 2)]
    o.test, o.validation = f"after:{edge[k]}", f"after:{edge[k - 1]}"
    with open("edges", "w") as f:
        print("fold", "validation_after", "test_after", "until", sep="\t", file=f)
        for j in range(1, n + 1):
            print(j, *edge[j - 1:j + 2], sep="\t", file=f)
newest = int(o.as_of) if o.as_of else max(t for v in rows.values() for t, _ in v)

def weight(v):
    how = o.weight
    decay = lambda t: 2.0 ** (-max(newest - t, 0) / (float(o.half_life) * 1000)) if o.half_life else 1.0
    parts = [(1.0 if how in ("binary", "count") else x) * decay(t) for t, x in v]
    if how in ("count", "sum"):
        return float(sum(map(Fraction, parts)))
    if how == "max":
        return max(parts)
    return parts[v.index(max(v))]

if o.fold:
    rows = {p: [x for x in v if x[0] <= edge[k + 1]] for p, v in rows.items()}
    rows = {p: v for p, v in rows.items() if v}
pairs = {p: (weight(v), max(t for t, _ in v)) for p, v in rows.items()}

def split(pairs):
    out = dict.fromkeys(pairs, "train")
    floor = 0
    for to, rule in ("test", o.test), ("validation", o.validation):
        left = [p for p in pairs if out[p] == "train"]
        if rule.startswith("last:"):
            n = int(rule[5:])
            for u in {p[0] for p in left}:
                mine = sorted((p for p in left if p[0] == u), key=lambda p: (pairs[p][1], p[1]))
                out.update((p, to) for p in mine[-n:])
        elif rule.startswith("tail:"):
            for u, n in Counter(p[0] for p in pairs).items():
                mine = sorted((p for p in left if p[0] == u), key=place.get)
                taken = max(min(math.floor(float(rule[5:]) * n + 0.5), len(mine) - 1), 0)
                out.update((p, to) for p in mine[len(mine) - taken:])
        elif rule.startswith("after:"):
            out.update((p, to) for p in left if pairs[p][1] > int(rule[6:]))
        elif rule:
            s = float(rule)
            out.update((p, to) for p in left if floor <= share(*p) < floor + s)
            floor = s
    left = Counter(p[0] for p in pairs if out[p] == "train")
    return {p: "train" if left[p[0]] < o.keep_train else to for p, to in out.items()}

def thresholds(pairs, count):
    while True:
        users, items = Counter(p[0] for p in count(pairs)), Counter(p[1] for p in count(pairs))
        left = {p: v for p, v in pairs.items()
                if users[p[0]] >= o.min_user_interactions and items[p[1]] >= o.min_item_interactions}
        if not o.core or len(left) == len(pairs):
            return left
        pairs = left

if o.count_on == "train":
    where = split(pairs)
    few = o.min_user_interactions > 1 or o.min_item_interactions > 1
    if few:
        pairs = thresholds(pairs, lambda q: [p for p in q if where[p] == "train"])
else:
    pairs = thresholds(pairs, list)
    where = split(pairs)
print("user", "item", "weight", "split", "timestamp", sep="\t")
for p in sorted(pairs):
    print(*p, repr(pairs[p][0]), where[p], pairs[p][1], sep="\t")
END
python3 make.py
{ head -n 1 in.tsv; tail -n +2 in.tsv | sort -k 3; } > other.tsv
n=0
while read -r args; do
	n=$((n + 1))
	python3 reference.py $args > want
	build-dataset -q $args in.tsv > got
	case $args in
	*tail*) ;; # by the order of the rows
	*) build-dataset -q $args other.tsv | cmp - got || { echo "depends on the order: $args"; exit 1; } ;;
	esac
	case $args in
	*fold*)
		build-dataset -q $args --edges edges.got in.tsv > /dev/null
		cmp edges edges.got
		;;
	esac
	# in memory, in four runs on disk, on several threads: the same bytes, the same messages
	build-dataset $args in.tsv 2> said > /dev/null
	for how in '--memory 1' '-j 3' '-j 2 --memory 1'; do
		build-dataset $args $how in.tsv 2> said.other | cmp - got && cmp said said.other ||
			{ echo "another result with $how: $args"; exit 1; }
	done
	# exp2 may differ in the last place from Python's power; all else is exact
	[ "$(wc -l < want)" -eq "$(wc -l < got)" ] || { echo "$args: another number of rows"; exit 1; }
	paste want got | awk -F '\t' -v args="$args" '
		$1 != $6 || $2 != $7 || $4 != $9 || $5 != $10 { bad = 1 }
		NR > 1 { d = $3 - $8; m = $3 < 0 ? -$3 : $3; if (d > m * 1e-14 || d < -m * 1e-14) bad = 1 }
		bad { print args ": differs: " $0; exit 1 }' || exit 1
done <<'END'
--weight binary
--weight count --seed 1 --test 0.3 --validation 0.1
--weight sum --test 0.25
--weight max --validation 0.5 --seed 18446744073709551615
--weight last --test last:2
--weight sum --half-life 10 --test last:1 --validation last:2
--weight count --half-life 7.5
--weight max --half-life 20
--weight last --half-life 3
--half-life 5 --test after:30000 --validation 0.4
--test 0.2 --validation after:50000
--test last:3 --validation 0.2 --seed 7
--test after:50000 --validation after:40000
--min-user-interactions 5 --min-item-interactions 4
--min-user-interactions 5 --min-item-interactions 6 --core --test 0.3 --validation 0.7
--min-user-interactions 3 --min-item-interactions 3 --count-on train --test 0.4 --validation 0.2
--min-item-interactions 2 --count-on train --test last:1
--min-user-interactions 1000 --weight sum
--test tail:0.1 --validation tail:0.1
--test tail:0.4 --validation tail:0.6 --weight sum
--test 0.3 --validation tail:0.2 --min-user-interactions 5 --min-item-interactions 4 --core
--test tail:0.25 --validation last:2 --min-item-interactions 3 --count-on train
--test last:1 --validation tail:1
--test last:1 --validation last:1 --keep-train 1
--test last:3 --validation 0.2 --keep-train 5 --min-item-interactions 3 --count-on train
--test 0.5 --validation 0.4 --keep-train 2
--weight sum --half-life 10 --as-of 70000
--weight count --half-life 10 --as-of 30000 --test last:1
--min-user-interactions 5 --test last:1
--min-user-interactions 4 --core --weight count
--fold 1/1
--fold 2/3 --window 0.15 --weight sum
--fold 4/4 --window 0.1 --min-item-interactions 3 --count-on train
--fold 1/4 --window 9s --weight count --half-life 7 --min-user-interactions 3 --core
--fold 3/3 --window 5s --as-of 50000 --half-life 10
END
[ "$n" -eq 35 ]

# Enough rows for several threads to have pieces of them.
awk 'BEGIN { srand(8); print "user\titem\ttime\ttimestamp"
	for (i = 0; i < 200000; i++)
		print "u" int(30000 * rand() * rand()) "\t" int(4000 * rand() ^ 3) "\t" rand() "\t" i * 7 % 100003 * 1000 }' > many.tsv
while read -r args; do
	build-dataset $args many.tsv > want 2> said
	for how in '-j 2' '-j 3 --memory 2M'; do
		build-dataset $args $how many.tsv 2> said.other | cmp - want && cmp said said.other ||
			{ echo "another result with $how: $args"; exit 1; }
	done
done <<'END'
--test 0.2 --validation 0.1
--weight sum --half-life 3h --test last:2 --keep-train 2 --min-item-interactions 5
--min-item-interactions 12 --min-user-interactions 6 --core --test tail:0.2
--count-on train --test last:1 --min-user-interactions 3 --min-item-interactions 4 --weight max
--fold 2/3 --weight last --min-user-interactions 4
--partial --count-on train --test 0.5
END

# In parts of the users, counted first: the rows of one run, at any number of parts, merged at once or
# in steps, in memory and on disk.
# in_parts N OPTION...
in_parts()
{
	n=$1 last=counts.tsv core=
	shift
	case " $* " in *' --core '*) core=yes ;; esac
	awk -F '\t' -v n="$n" 'NR == 1 { for (i = 0; i < n; i++) print > ("part" i); next }
		{ print > ("part" substr($1, 2) % n) }' in.tsv
	parts=
	for i in $(seq 0 $((n - 1))); do
		build-dataset -q "$@" --partial "part$i" > "counts$i"
		parts="$parts counts$i"
	done
	build-dataset -q --partial --merge --parts "$n" $parts > counts.tsv
	build-dataset -q --partial --merge counts0 > one
	cmp one counts0
	build-dataset -q --partial --merge one $(echo "$parts" | cut -d ' ' -f 3-) | cmp - counts.tsv
	rounds=0
	while [ -n "$core" ]; do
		rounds=$((rounds + 1)) parts=
		for i in $(seq 0 $((n - 1))); do
			build-dataset -q "$@" --partial --counts counts.tsv --memory 1 "part$i" > "counts$i"
			parts="$parts counts$i"
		done
		mv counts.tsv before
		build-dataset -q --partial --merge --parts "$n" $parts > counts.tsv
		[ "$(tail -n 1 before | cut -f 4)" != "$(tail -n 1 counts.tsv | cut -f 4)" ] || break
		rc=0
		build-dataset -q "$@" --counts counts.tsv part0 > /dev/null 2> said || rc=$?
		[ $rc = 3 ] && grep -q 'not yet of the core' said || { echo 'an unfinished core is taken'; exit 1; }
		[ $rounds -lt 50 ]
	done
	for memory in 1 1G; do
		for i in $(seq 0 $((n - 1))); do
			build-dataset -q "$@" --counts counts.tsv --parts "$n" --memory $memory "part$i" | sed 1d
		done | sort > got
		[ -s got ] || { echo "no rows: $*"; exit 1; }
		build-dataset -q "$@" in.tsv | sed 1d | sort | cmp - got || { echo "$n parts: $*"; exit 1; }
	done
}
for n in 1 3 7; do
	in_parts $n --min-user-interactions 5 --min-item-interactions 6 --test 0.3 --validation 0.2
	in_parts $n --min-user-interactions 5 --min-item-interactions 9 --core --test last:1
	in_parts $n --min-user-interactions 3 --min-item-interactions 3 --count-on train --test 0.4 --seed 5
	in_parts $n --fold 2/3 --window 9s --as-of 55000 --count-on train --min-item-interactions 4
	in_parts $n --weight sum --half-life 10 --min-item-interactions 2
done
# refused WORDS COMMAND...: exit status 3 and these words
refused()
{
	words=$1 rc=0
	shift
	"$@" > /dev/null 2> said || rc=$?
	[ $rc = 3 ] && grep -q -e "$words" said || { echo "taken, or with other words: $*"; cat said; exit 1; }
}
few='--min-item-interactions 3'
for i in 0 1 2; do build-dataset -q --partial "part$i" > "counts$i"; done
build-dataset -q --partial --merge counts0 counts1 > two
refused 'there should be 3 parts but there are 2' build-dataset --partial --merge --parts 3 two
refused 'there should be 3 parts but there are 2' build-dataset $few --counts two --parts 3 part0
refused 'these rows were not counted' build-dataset $few --counts counts0 in.tsv
sed '$d' two > cut
refused 'truncated' build-dataset --partial --merge cut
sed 5d two > cut
refused 'it is damaged' build-dataset --partial --merge cut
{ sed -n 1p two; sed -n 3p two; sed -n 2p two; sed 1,3d two; } > cut
refused 'not in the order' build-dataset --partial --merge cut
build-dataset -q --partial --count-on train --test 0.2 part2 > counts2
refused 'other options than the first' build-dataset --partial --merge counts0 counts2
refused 'counted with other options' build-dataset $few --count-on train --test 0.3 --counts counts2 part2
refused 'not what --partial wrote' build-dataset --partial --merge in.tsv
cut -f 1,2 in.tsv > timeless
build-dataset -q --partial timeless > counts0
refused 'has no newest time' build-dataset --half-life 1d --counts counts0 in.tsv
build-dataset -q --half-life 1d --as-of 60000 --counts counts0 in.tsv > /dev/null

# Lists: popularity with decay and exclusion, random ones by their definition.
cat > lists.py <<'END'
import csv, math, sys
from collections import defaultdict
method, k, seed, excluded, half_life = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
M = 2 ** 64 - 1

def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & M
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M
    return x ^ (x >> 31)

def row(u, i):
    h = mix(seed) ^ 0xCBF29CE484222325
    for c in u.encode() + b"\0" + i.encode():
        h = ((h ^ c) * 0x100000001B3) & M
    return mix(h)

d = list(csv.DictReader(open("d.tsv"), delimiter="\t"))
train = [r for r in d if r["split"] == "train"]
newest = max(int(r["timestamp"]) for r in train)
parts, seen = defaultdict(list), defaultdict(set)
for r in train:
    age = (newest - int(r["timestamp"])) / 1000
    parts[r["item"]].append(float(r["weight"]) * (2.0 ** (-age / float(half_life)) if half_life else 1.0))
for r in d:
    if r["split"] in excluded.split(","):
        seen[r["user"]].add(r["item"])
popular = {i: math.fsum(v) for i, v in parts.items()}
print("user", "rank", "item", "score", sep="\t")
for u in sorted({r["user"] for r in d}):
    score = popular if method == "popular" else {
        i: (mix(row(u, "") ^ row("", i)) >> 40) / 2 ** 24 for i in popular}
    best = sorted((i for i in score if i not in seen[u]), key=lambda i: (-score[i], i))[:k]
    for rank, i in enumerate(best, 1):
        print(u, rank, i, repr(score[i]), sep="\t")
END
build-dataset -q --weight count --test 0.3 --validation 0.2 --seed 5 in.tsv > d.tsv
{ head -n 1 d.tsv; tail -n +2 d.tsv | sort -k 2 -r; } > shuffled.tsv
# compare METHOD K SEED EXCLUDED HALF_LIFE OPTION..
compare()
{
	python3 lists.py "$1" "$2" "$3" "$4" "$5" > want
	method=$1 k=$2 seed=$3
	near=1e-14
	[ "$method" = popular ] || near=6e-8 # a float, written as short as it can be
	shift 5
	recommend-baseline -q --method "$method" --k "$k" --seed "$seed" "$@" d.tsv > got
	recommend-baseline -q --method "$method" --k "$k" --seed "$seed" "$@" shuffled.tsv | cmp - got
	[ "$(wc -l < want)" -eq "$(wc -l < got)" ]
	paste want got | awk -F '\t' -v what="$method $k $*" -v e="$near" '
		$1 != $5 || $2 != $6 || $3 != $7 { bad = 1 }
		NR > 1 { r = $4 - $8; if (r > $4 * e || r < -$4 * e) bad = 1 }
		bad { print what ": differs: " $0; exit 1 }'
}
compare popular 10 0 '' ''
compare popular 7 0 train,validation '' --exclude d.tsv
compare popular 200 0 train,validation,test 12 --exclude d.tsv --exclude-splits all --half-life 12s
compare random 10 9 '' ''
compare random 30 0 train,validation '' --exclude shuffled.tsv
compare random 500 1 test '' --exclude d.tsv --exclude-splits test

# Every item is drawn about equally often: 95 is the 99.99 % point for 49 degrees.
awk 'BEGIN { print "user\titem"; for (u = 0; u < 20000; u++) print "u" u "\ti" u % 50 }' > even.tsv
recommend-baseline -q --method random --k 5 even.tsv | tail -n +2 | cut -f 3 | sort | uniq -c |
	awk '{ d = $1 - 2000; x += d * d / 2000 } END {
		if (NR != 50 || x > 95) { print "not uniform: chi squared " x " over " NR " items"; exit 1 } }'
