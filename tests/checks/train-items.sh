#!/bin/sh
# train-items beside a slow and obvious count in Python: all sums of --partial exactly, all
# weights to 1e-6, each list complete and in order. Shuffled rows, more threads, parts of the
# users merged at once and in steps: the same bytes, whatever the options are.
cd "$RECPIPE_TMP" || exit 1
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cat > make.py << 'END'
import random, sys
items = int(sys.argv[1])
random.seed(3)
rows = []
for u in range(90):
    n = 1 + int(60 * random.random() ** 3)
    times = random.sample(range(100000), n)
    for k in range(n):
        item = "it%d" % int(items * random.random() ** 2)
        split = "train" if random.random() < .9 else "validation"
        rows.append(("u%d" % u if u % 9 else "п%d" % u, item, times[k], "%.2f" % (3 * random.random()),
                     split, "s%d" % random.randrange(3)))
random.shuffle(rows)
print("user\titem\ttimestamp\tweight\tsplit\tvisit")
for row in rows:
    print(*row, sep="\t")
END
cat > brute.py << 'END'
# brute.py METHOD K SHRINK MINCOUNT rows.tsv part.tsv list.tsv [SIMILARITY | WINDOW EXPONENT GAP HALFLIFE WEIGHT SESSION POPULARITY]
import sys, math, struct
from collections import defaultdict
method, k, shrink, least = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
rows = [l.rstrip("\n").split("\t") for l in open(sys.argv[5], encoding="utf-8")][1:]
single = lambda x: struct.unpack("f", struct.pack("f", x))[0]
rows = [(r[0], r[1], int(r[2]), single(float(r[3])), r[5]) for r in rows if r[4] == "train"]
items = sorted({r[1] for r in rows})
item, pair = defaultdict(lambda: [0, 0, 0]), defaultdict(lambda: [0, 0, 0])
def add(to, *more):
    for i, x in enumerate(more):
        to[i] += x
half_up = lambda x: math.floor(x + .5)
if method == "knn":
    sets = defaultdict(set)
    for u, i, *_ in rows:
        sets[u].add(i)
    for s in sets.values():
        l = half_up(math.log(len(s)) * 4096)
        for a in s:
            add(item[a], 1, l, l * l)
            for b in s - {a}:
                add(pair[a, b], 1, l, l * l)
    name = sys.argv[8]
    idf = lambda t: t[0] * math.log(len(items) + 1) ** 2 - 2 * math.log(len(items) + 1) * t[1] / 4096 + t[2] / 4096 ** 2
    mean = sum(t[0] for t in item.values()) / len(items)
    bm = lambda n: 2.2 / (1.2 * (.25 + .75 * n / mean) + 1)
    def weight(a, b):
        x, y, t = item[a], item[b], pair[a, b]
        w = {"cosine": t[0] / math.sqrt(x[0] * y[0]), "jaccard": t[0] / (x[0] + y[0] - t[0]),
             "lift": (t[0] / len(sets)) / (x[0] / len(sets)) / (y[0] / len(sets)),
             "tf-idf": idf(t) / math.sqrt(idf(x) * idf(y)), "bm25": idf(t) * bm(x[0]) * bm(y[0]),
             "count": t[0]}[name]
        return w * t[0] / (t[0] + shrink)
else:
    window, exponent, gap, half, weighted, session, popular = (float(x) for x in sys.argv[8:15])
    newest = 99999
    users = defaultdict(list)
    for u, i, t, w, s in rows:
        users[u, s if session else ""].append((t, i, w))
    for events in users.values():
        events.sort()
        r = [half_up(65536 * (w if weighted else 1) * (2 ** (-(newest - t) / (half * 1000)) if half else 1))
             for t, i, w in events]
        for p, (t, a, w) in enumerate(events):
            add(item[a], 1, r[p])
            for q in range(p + 1, min(len(events), p + int(window) + 1)):
                if gap >= 0 and events[q][0] - events[q - 1][0] > gap * 1000:
                    break
                if events[q][1] != a:
                    add(pair[a, events[q][1]], 1, r[q] * half_up(4096 * (q - p) ** -exponent))
    def weight(a, b):
        x, y, t = item[a], item[b], pair[a, b]
        return t[1] / 2 ** 28 / (x[1] / 65536 + shrink) / (y[1] / 65536) ** popular
got_item, got_pair = {}, {}
for l in open(sys.argv[6], encoding="utf-8").readlines()[1:-1]:
    f = l.rstrip("\n").split("\t")
    sums = [int(x) for x in f[2:5]]
    if f[1] == "":
        got_item[f[0]] = sums
    else:
        got_pair[f[0], f[1]] = sums
        if method == "knn":
            got_pair[f[1], f[0]] = sums
assert got_item == dict(item), "items"
assert got_pair == dict(pair), "pairs"
lists = defaultdict(list)
for l in open(sys.argv[7], encoding="utf-8").readlines()[1:]:
    a, b, w, n = l.rstrip("\n").split("\t")
    lists[a].append((-float(w), b))
    assert int(n) == pair[a, b][0] >= least, l
    assert abs(float(w) - weight(a, b)) <= 1e-6 * weight(a, b), (l, weight(a, b))
assert list(lists) == sorted(lists), "order of items"
for a in items:
    want = sorted(-weight(a, b) for b in items if pair[a, b][0] >= least)[:k]
    assert len(lists[a]) == len(want), (a, len(lists[a]), len(want))
    assert lists[a] == sorted(lists[a]), a
    assert all(abs(x - y[0]) <= 1e-6 * -x for x, y in zip(want, lists[a])), a
END

# data ITEMS: rows of so many items, every third user's, and all rows in another order
data() {
	python3 make.py "$1" > rows.tsv || return 1
	for i in 0 1 2; do
		awk -F '\t' -v i=$i 'NR == 1 || substr($1, length($1)) % 3 == i' rows.tsv > users.$i
	done
	[ "$(cat users.? | wc -l)" = $(($(wc -l < rows.tsv) + 2)) ] || { echo 'not a split'; return 1; }
	{ head -n 1 rows.tsv; sed 1d rows.tsv | LC_ALL=C sort; } > sorted.tsv
}
# same NAME COUNTS WEIGHTS: whole.tsv whatever the way; COUNTS are options of counting
same() {
	train-items $2 $3 < rows.tsv > whole.tsv || return 1
	[ "$(wc -l < whole.tsv)" -gt 100 ] || { echo "$1: no list"; return 1; }
	train-items $2 $3 -j 3 sorted.tsv | cmp - whole.tsv || { echo "$1: in another order"; return 1; }
	now=
	case $2 in *--half-life*) now='--now 99999' ;; esac
	train-items $2 $now --partial < rows.tsv > part.tsv || return 1
	train-items $2 $now $3 < rows.tsv > now.tsv || return 1
	method=${2%% --window*}
	for i in 0 1 2; do
		train-items $2 $now --partial -j 2 users.$i > part.$i || return 1
	done
	train-items $method $3 --merge --parts 1 part.tsv | cmp - now.tsv || { echo "$1: one part"; return 1; }
	train-items $method $3 --merge --parts 3 part.2 part.0 part.1 | cmp - now.tsv || { echo "$1: three parts"; return 1; }
	train-items $method --merge --partial part.1 part.2 > part.12 || return 1
	{ cat part.0; sed 1d part.12; } | train-items $method $3 --merge --parts 3 -j 2 |
		cmp - now.tsv || { echo "$1: in steps"; return 1; }
	train-items $method --merge --partial part.0 part.12 | sed '$d' > all
	sed '$d' part.tsv | cmp - all || { echo "$1: the parts' sum"; return 1; }
}
data 30 || exit 1
for similarity in cosine jaccard lift tf-idf bm25 count; do
	same $similarity '--method knn' "--similarity $similarity --k 7 --shrink 3 --min-count 2" || exit 1
	python3 brute.py knn 7 3 2 rows.tsv part.tsv whole.tsv $similarity || { echo "$similarity: wrong"; exit 1; }
done
#        window, exponent, gap, half-life, weight, session, popularity
for how in '3 1 -1 0 0 0 0' '20 0.5 10 0 0 1 0.3' '1 0 3 50 1 0 0' '8 2 20 7 1 1 1'; do
	set -- $how
	counts="--method next --window $1 --gap-exponent $2"
	[ "$3" = -1 ] || counts="$counts --session-gap $3"
	[ "$4" = 0 ] || counts="$counts --half-life $4"
	[ "$5" = 0 ] || counts="$counts --weight weight"
	[ "$6" = 0 ] || counts="$counts --session visit"
	same "next $how" "$counts" "--k 9 --shrink 2 --popularity-exponent $7" || exit 1
	python3 brute.py next 9 2 1 rows.tsv part.tsv now.tsv "$@" || { echo "next $how: wrong"; exit 1; }
done

# A large catalog, where most items are rare and counted in another way, and short lists.
data 5000 || exit 1
for similarity in cosine jaccard lift count; do
	same "rare $similarity" '--method knn' "--similarity $similarity --k 2" || exit 1
	python3 brute.py knn 2 0 1 rows.tsv part.tsv whole.tsv $similarity || { echo "rare $similarity: wrong"; exit 1; }
done
same 'rare next' '--method next' '--k 2' || exit 1
