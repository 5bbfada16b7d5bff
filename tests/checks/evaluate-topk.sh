#!/bin/sh
# evaluate-topk against a plain computation in Python: ties in what is held out,
# users without test rows or without lists, lists that are too short, empty or
# hold unknown items; to 1e-9. The order of the lists must not matter at all.
# compare-topk has the same means.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
cat > make.py <<'END'
import random
random.seed(5)
items = [f"i{j}" for j in range(60)]
with open("d.tsv", "w") as f:
    f.write("user\titem\tweight\tsplit\n")
    for u in range(40):
        for i in random.sample(items, random.randint(1, 25)):
            f.write(f"u{u}\t{i}\t1\t{random.choice(['train', 'train', 'validation', 'test'])}\n")
with open("l.tsv", "w") as f:
    f.write("user\trank\titem\tscore\n")
    for u in list(range(33)) + [50, 51]:
        n = random.choice([0, 3, 10, 25])
        for r, i in enumerate(random.sample(items + ["x1", "x2"], n)):
            f.write(f"u{u}\t{r + 1}\t{i}\t{round(5 - r * 0.1, 3)}\n")
with open("m.tsv", "w") as f:
    gauss = lambda: f"{random.gauss(0, 1):.4f}"
    f.write("kind\tid\tbias\tf0\tf1\tf2\n")
    for i in items[:55]:
        f.write("\t".join(["item", i] + [gauss() for _ in range(4)]) + "\n")
    for u in range(37):
        f.write("\t".join(["user", f"u{u}"] + [gauss() for _ in range(4)]) + "\n")
with open("d.tsv") as f, open("timed.tsv", "w") as g:
    for n, line in enumerate(f):
        g.write(line.rstrip() + "\t" + (str(random.randint(1, 9)) if n else "timestamp") + "\n")
with open("features.tsv", "w") as f:
    f.write("item\tfeature\tweight\n")
    for i in items[:50] + ["x1"]:
        for j in random.sample(range(8), random.randint(1, 4)):
            f.write(f"{i}\tf{j}\t{random.choice([1, 1, 2, -0.5, 0])}\n")
with open("base.tsv", "w") as f:
    f.write("user\titem\n")
    for u in range(40):
        for i in random.sample(items + ["x1"], random.randint(1, 60) * (u % 5 > 0)):
            f.write(f"u{u}\t{i}\n")
END
cat > reference.py <<'END'
import csv, math, sys
from math import log2, sqrt
ks = [1, 5, 10, 20]
read = lambda name: list(csv.DictReader(open(name), delimiter="\t"))
test, train, known, lists, count = {}, {}, {}, {}, {}
rows = read("d.tsv")
for r in rows:
    side = test if r["split"] == "test" else known
    side.setdefault(r["user"], set()).add(r["item"])
    if r["split"] == "train":
        train.setdefault(r["user"], set()).add(r["item"])
        count[r["item"]] = count.get(r["item"], 0) + 1
for r in read("l.tsv"):
    lists.setdefault(r["user"], []).append(r["item"])
items, users = {r["item"] for r in rows}, sorted(test)

def show(name, v):
    n = len(v)
    m = math.fsum(v) / n
    print(name, repr(m), repr(sqrt(math.fsum((x - m) ** 2 for x in v) / (n - 1) / n)), n, sep="\t")

def value(name, k, u):
    h, n = [i in test[u] for i in lists.get(u, [])][:k], len(test[u])
    at = [r for r in range(len(h)) if h[r]]
    if name == "precision": return sum(h) / k
    if name == "recall": return sum(h) / n
    if name == "ndcg":
        return sum(1 / log2(r + 2) for r in at) / sum(1 / log2(r + 2) for r in range(min(n, k)))
    if name == "map": return sum(sum(h[:r + 1]) / (r + 1) for r in at) / min(n, k)
    if name == "mrr": return max([1 / (r + 1) for r in at], default=0)
    if name == "hit": return float(any(h))
    if name == "novelty" and lists.get(u):
        t = lists[u][:k]
        return sum(-log2(max(count.get(i, 0), 1) / len(train)) for i in t) / len(t)

for name in ["precision", "recall", "ndcg", "map", "mrr", "hit", "coverage", "novelty"]:
    for k in ks:
        if name == "coverage":
            measured = [u for u in users if lists.get(u)]
            seen = {i for u in measured for i in lists[u][:k]} & items
            print(f"coverage@{k}", len(seen) / len(items), "", len(measured), sep="\t")
        else:
            v = [value(name, k, u) for u in users]
            show(f"{name}@{k}", [x for x in v if x is not None])
with open("more-want.tsv", "w") as f:
    for k in ks:
        measured = [u for u in users if lists.get(u)]
        p = [sum(count.get(i, 0) / len(train) for i in lists[u][:k]) / len(lists[u][:k]) for u in measured]
        shown = [sum(i in lists[u][:k] for u in measured) for i in items]
        # half the mean difference of two items in units of the mean
        g = sum(abs(a - b) for a in shown for b in shown) / (2 * len(shown) * sum(shown))
        print(f"popularity@{k}", math.fsum(p) / len(p), len(p), sep="\t", file=f)
        print(f"gini@{k}", g, len(measured), sep="\t", file=f)
features, base = {}, {}
for r in read("features.tsv"):
    features.setdefault(r["item"], {})[r["feature"]] = float(r["weight"])
for r in read("base.tsv"):
    base.setdefault(r["user"], []).append(r["item"])
size = lambda v: sqrt(sum(x * x for x in v.values()))
cosine = lambda v, w: sum(v[f] * w.get(f, 0) for f in v) / size(v) / size(w)
out = sys.stdout
with open("beside-want.tsv", "w") as f:
    sys.stdout = f
    for name in ["diversity", "serendipity"]:
        for k in ks:
            v = []
            for u in users:
                t = lists.get(u, [])[:k]
                if name == "serendipity":
                    v.append(len([i for i in t if i in test[u] and i not in base.get(u, [])[:k]]) / k)
                    continue
                t = [features[i] for i in t if i in features and size(features[i]) > 0]
                apart = [1 - cosine(t[a], t[b]) for b in range(len(t)) for a in range(b)]
                if apart:
                    v.append(math.fsum(apart) / len(apart))
            if v:
                show(f"{name}@{k}", v)
            else:
                print(f"{name}@{k}", "", "", 0, sep="\t")
last = {}
for r in read("timed.tsv"):
    if r["split"] == "test":
        last.setdefault(r["user"], []).append((int(r["timestamp"]), r["item"]))
with open("last-want.tsv", "w") as f:
    sys.stdout = f
    for name in ["recall", "ndcg", "mrr"]:
        for k in ks:
            v = []
            for u in users:
                target, t = max(last[u])[1], lists.get(u, [])
                r = t.index(target) if target in t else k
                v.append(0 if r >= k else 1 if name == "recall" else 1 / log2(r + 2) if name == "ndcg" else 1 / (r + 1))
            show(f"{name}@{k}", v)
sys.stdout = out
I, U = {}, {}
for r in read("m.tsv"):
    (I if r["kind"] == "item" else U)[r["id"]] = [float(r[c]) for c in ("bias", "f0", "f1", "f2")]
auc = []
for u in users:
    if u not in U:
        auc.append(0.5)
        continue
    s = {i: I[i][0] + sum(a * b for a, b in zip(I[i][1:], U[u][1:])) for i in I}
    pos = [s[i] for i in test[u] if i in I]
    neg = [s[i] for i in I if i not in test[u] and i not in known.get(u, ())]
    below = sum(q < p for p in pos for q in neg)
    auc.append(below / len(pos) / len(neg) if pos and neg else 0.5)
show("auc", auc)
END
python3 make.py
python3 reference.py > want.tsv
for kernel in portable auto; do
	evaluate-topk -q --dataset d.tsv --k 1,5,10,20 --model m.tsv --kernel $kernel l.tsv > got.tsv
	tail -n +2 got.tsv | paste want.tsv - | awk -F '\t' '
		function apart(a, b) { return a - b > 1e-9 || b - a > 1e-9 }
		$1 != $5 || $4 != $8 || apart($2, $6) || apart($3, $7) { print "differs: " $0; bad = 1 }
		END { if (NR != 33) { print NR " rows, not 33"; bad = 1 } exit bad }'
done
evaluate-topk -q --dataset d.tsv --k 1,5,10,20 --metrics gini,popularity l.tsv | tail -n +2 | sort > more
sort more-want.tsv | paste - more | awk -F '\t' '
	$1 != $4 || $3 != $7 || $2 - $5 > 1e-9 || $5 - $2 > 1e-9 { print "differs: " $0; bad = 1 }
	END { exit bad || NR != 8 }'
# near WANT GOT ROWS: the same measures, values, errors and users
near()
{
	tail -n +2 "$2" | paste "$1" - | awk -F '\t' -v rows="$3" '
		function apart(a, b) { return a == "" ? b != "" : b == "" || a - b > 1e-9 || b - a > 1e-9 }
		$1 != $5 || $4 != $8 || apart($2, $6) || apart($3, $7) { print "differs: " $0; bad = 1 }
		END { if (NR != rows) { print NR " rows, not " rows; bad = 1 } exit bad }'
}
beside='--k 1,5,10,20 --metrics diversity,serendipity --item-features features.tsv --baseline base.tsv'
evaluate-topk -q --dataset d.tsv $beside l.tsv > beside.tsv
near beside-want.tsv beside.tsv 8
evaluate-topk -q --dataset timed.tsv --k 1,5,10,20 --metrics recall,ndcg,mrr --targets last l.tsv > last.tsv
near last-want.tsv last.tsv 12
# compare-topk: of a file with itself, the means (users with a value) of evaluate-topk
{ compare-topk -q --dataset d.tsv $beside l.tsv l.tsv | grep -v '^metric\|^rbo'
	compare-topk -q --dataset timed.tsv --k 1,5,10,20 --metrics recall,ndcg,mrr --targets last l.tsv l.tsv |
		grep -v '^metric\|^rbo'; } | cut -f 1-3,13 > pairs
{ tail -n +2 beside.tsv; tail -n +2 last.tsv; } | awk -F '\t' '{ print $1 "\t" $2 "\t" $2 "\t" $4 }' | cmp - pairs
# auc of the last alone: the other test items are no negatives
printf 'user\titem\tsplit\ttimestamp\nu1\ti1\ttest\t1\nu1\ti2\ttest\t2\nu2\ti3\ttrain\t1\n' > two.tsv
printf 'kind\tid\tbias\tf0\nitem\ti1\t3\t0\nitem\ti2\t2\t0\nitem\ti3\t1\t0\nuser\tu1\t0\t0\n' > m2.tsv
[ "$(evaluate-topk --dataset two.tsv --targets last --metrics auc --model m2.tsv | cut -f 2 | tail -n 1)" = 1 ]
# the lists of the users in another order, and two threads
{ head -1 l.tsv; tail -n +2 l.tsv | awk -F '\t' '{ print substr($1, 2) % 7 "\t" $0 }' |
	sort -s -k 1,1n -k 2,2 -t "$(printf '\t')" | cut -f 2-; } > shuffled.tsv
evaluate-topk -q -j 2 --dataset d.tsv --k 1,5,10,20 --model m.tsv shuffled.tsv | cmp - got.tsv
