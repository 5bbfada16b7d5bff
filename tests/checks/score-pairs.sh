#!/bin/sh
# score-pairs beside plain computations in Python, and beside the lists of export-topk and
# recommend-items for the same pairs: with neighbors the very same bytes. Of users and items that
# training never saw: sums of their features, for each way a model treats them.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
python3 - << 'END_PYTHON'
import random
rng = random.Random(3)
items = [f"i{j}" for j in range(60)]
with open("h.tsv", "w") as f:
    print("user", "item", "timestamp", "w", "split", sep="\t", file=f)
    rows = []
    for u in range(50):
        for i in rng.sample(items, rng.randint(1, 30)):
            rows.append((f"u{u}", i, rng.randint(0, 40) * 86400000, round(rng.uniform(0.1, 2), 2),
                         rng.choice(["train", "train", "test"])))
    for row in rows:
        print(*row, sep="\t", file=f)
with open("n.tsv", "w") as f:
    print("item", "neighbor", "weight", sep="\t", file=f)
    for i in sorted(items[:55]):
        near = {j: round(rng.gauss(0.4, 0.4), 3) for j in rng.sample(items[:58], 12) if j != i}
        for j in sorted(near, key=lambda j: (-near[j], j)):
            print(i, j, near[j], sep="\t", file=f)
with open("m.tsv", "w") as f:
    number = lambda: f"{rng.gauss(0, 1):.4f}"
    print("kind", "id", "bias", *(f"f{k}" for k in range(5)), sep="\t", file=f)
    for kind, ids in ("item", items[:50]), ("user", [f"u{u}" for u in range(45)]):
        for name in ids:
            print(kind, name, *(number() for _ in range(6)), sep="\t", file=f)
with open("p.tsv", "w") as f:
    print("note", "item", "user", sep="\t", file=f)
    for k in range(3000):
        print(f" x{k},\"", rng.choice(items + ["none"]), f"u{rng.randrange(52)}", sep="\t", file=f)
END_PYTHON
score-pairs -q --model m.tsv p.tsv > by-model
score-pairs -q --neighbors n.tsv --histories h.tsv p.tsv > plain
score-pairs -q --neighbors n.tsv --histories h.tsv --last 6 --decay 0.7 --half-life 9d --weight w --splits all p.tsv > aged
python3 - << 'END_PYTHON'
import csv, struct
read = lambda name: list(csv.DictReader(open(name), delimiter="\t", quoting=csv.QUOTE_NONE))
model = {(r["kind"], r["id"]): [float(r[c]) for c in ("bias", "f0", "f1", "f2", "f3", "f4")] for r in read("m.tsv")}
near, had = {}, {}
for r in read("n.tsv"):
    near.setdefault(r["item"], {})[r["neighbor"]] = float(r["weight"])
known = set(near) | {j for n in near.values() for j in n}
for r in read("h.tsv"):
    had.setdefault(r["user"], []).append(r)
bad = 0

def same(name, row, want):
    global bad
    got = row["score"]
    if want is None and got == "" or want is not None and got != "" and abs(float(got) - want) < 1e-5:
        return
    print(name, row, "want", want)
    bad += 1

def history(user, aged):
    rows = [r for r in had.get(user, []) if aged or r["split"] == "train"]
    if not any(r["item"] in known for r in rows):
        return None
    rows.sort(key=lambda r: -int(r["timestamp"]))
    return rows

pairs = read("p.tsv")
empty = tied = 0
for by_model, plain, aged, pair in zip(read("by-model"), read("plain"), read("aged"), pairs):
    u, i = pair["user"], pair["item"]
    a, b = model.get(("user", u)), model.get(("item", i))
    same("model", by_model, a and b and a[0] + b[0] + sum(x * y for x, y in zip(a[1:], b[1:])))
    rows = history(u, False)
    want = None if rows is None or i not in known else sum(near.get(r["item"], {}).get(i, 0) for r in rows)
    same("plain", plain, want)
    empty += want is None
    rows = history(u, True)
    if rows and len({r["timestamp"] for r in rows[:7]}) < len(rows[:7]):
        tied += 1  # which of equal times comes first is a matter of a hash
        continue
    want = None if rows is None or i not in known else sum(
        0.7 ** n * float(r["w"]) * 2 ** ((int(r["timestamp"]) - int(rows[0]["timestamp"])) / 86400000 / 9) *
        near.get(r["item"], {}).get(i, 0) for n, r in enumerate(rows[:6]))
    same("aged", aged, want)
if bad or len(read("aged")) != 3000 or not 100 < empty < 1000 or tied > 2500:
    raise SystemExit(f"{bad} faults, {empty} empty, {tied} tied")
END_PYTHON
# All columns before the score are those of the input.
sed 's/	[^	]*$//' by-model | cmp - p.tsv
# The lists of the other tools.
export-topk -q --k 40 m.tsv | cut -f 1,3,4 | keep-header sort > lists
cut -f 1,2 lists | score-pairs --model m.tsv | paste - lists | awk -F '\t' '
	FNR > 1 && ($3 == "" || $3 - $6 > 1e-5 || $6 - $3 > 1e-5) { print; bad = 1 } END { exit bad || NR < 1500 }'
keep-header sort -s -k 1,1 < h.tsv > grouped
for options in '' '--last 5' '--last 9 --decay 0.6 --weight w --seed 4' '--gap-exponent 0.8' '--half-life 3d --splits all'; do
	recommend-items -q --k 60 --keep-seen --neighbors n.tsv $options grouped | cut -f 1,3,4 > lists
	[ "$(wc -l < lists)" -gt 1000 ]
	cut -f 1,2 lists | score-pairs --neighbors n.tsv --histories h.tsv $options | cmp - lists
done

# Cold users and items: 20 of each are in the feature files alone.
python3 - << 'END_PYTHON'
import random
rng = random.Random(8)
with open("in.tsv", "w") as f:
    print("user", "item", sep="\t", file=f)
    for u in range(30):
        for i in rng.sample(range(25), 6):
            print(f"u{u}", f"i{i}", sep="\t", file=f)
for kind, n in ("user", 50), ("item", 45):
    for name, known in ("warm", n - 20), ("all", n):
        rng.seed(kind)
        with open(f"{name}-{kind}.tsv", "w") as f:
            print(kind, "feature", "weight", sep="\t", file=f)
            for e in range(known):
                for g in rng.sample(range(7), 1 + rng.randrange(3)):
                    print(f"{kind[0]}{e}", f"f{g}", rng.choice([1, 0.5, 3, -1]), sep="\t", file=f)
            if name == "all":
                print(f"{kind[0]}none", "unheard", 1, sep="\t", file=f)
with open("cold-pairs.tsv", "w") as f:
    print("user", "item", sep="\t", file=f)
    for u in list(range(50)) + ["none"]:
        for i in list(range(45)) + ["none"]:
            print(f"u{u}", f"i{i}", sep="\t", file=f)
END_PYTHON
cat > cold.py << 'END_PYTHON'
import csv, math, sys
cosines = sys.argv[1] == "softmax"
read = lambda name: list(csv.DictReader(open(name), delimiter="\t"))
model, normalize = {}, False
for r in read("cold.m"):
    model[r["kind"], r["id"]] = [float(r[c]) for c in r if c not in ("kind", "id")]
    normalize |= r["kind"] == "meta" and r["id"] == "normalize=yes"
def vector(kind, name):
    if (kind, name) in model:
        return model[kind, name]
    mine = [(float(r["weight"]), model[kind + "_feature", r["feature"]]) for r in read(f"all-{kind}.tsv")
            if r[kind] == name and (kind + "_feature", r["feature"]) in model]
    size = sum(abs(w) for w, _ in mine) if normalize else 1
    if not mine:
        return None
    v = [sum(w * x[c] for w, x in mine) / size for c in range(len(mine[0][1]))]
    if cosines:
        length = math.sqrt(sum(x * x for x in v[1:]))
        v = v[:1] + [x / length for x in v[1:]]
    return v
users = {r["user"]: vector("user", r["user"]) for r in read("cold-pairs.tsv")}
items = {r["item"]: vector("item", r["item"]) for r in read("cold-pairs.tsv")}
cold = 0
for r in read("cold-got"):
    u, i = users[r["user"]], items[r["item"]]
    want = u and i and u[0] + i[0] + sum(a * b for a, b in zip(u[1:], i[1:]))
    cold += want is not None and ("user", r["user"]) not in model
    if (want is None) != (r["score"] == "") or want is not None and abs(want - float(r["score"])) > 1e-5:
        raise SystemExit(f"{sys.argv[1:]}: {r}, want {want}")
if cold < 800:
    raise SystemExit(f"only {cold} pairs of new users")
END_PYTHON
for options in '--loss warp' '--loss warp --no-normalize' '--loss softmax' '--loss bpr --no-item-identity --no-normalize'; do
	train-mf -q --kernel portable --factors 6 --epochs 3 --patience 0 $options \
		--user-features warm-user.tsv --item-features warm-item.tsv in.tsv > cold.m
	set -- --user-features all-user.tsv --item-features all-item.tsv
	score-pairs -q --model cold.m "$@" cold-pairs.tsv > cold-got
	python3 cold.py $(echo "$options" | cut -d ' ' -f 2)
	export-topk -q --k 45 "$@" cold.m | cut -f 1,3,4 | keep-header sort > lists
	cut -f 1,2 lists | score-pairs -q --model cold.m "$@" | paste - lists | awk -F '\t' '
		FNR > 1 && ($3 == "" || $3 - $6 > 1e-5 || $6 - $3 > 1e-5) { print; bad = 1 } END { exit bad || NR < 2000 }'
done
