#!/bin/sh
# export-topk against a double-precision brute force over every item, with
# exclusions, for sizes around the borders of tiles and panels; every kernel and
# number of threads must give the same bytes.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
cat > make.py <<'END'
import random, sys
items, users, factors, seed = map(int, sys.argv[1:5])
random.seed(seed)
row = lambda s: "\t".join(repr(round(random.gauss(0, s), 6)) for _ in range(factors + 1))
with open("m.tsv", "w") as m, open("x.tsv", "w") as x:
    m.write("kind\tid\tbias\t" + "\t".join(f"f{f}" for f in range(factors)) + "\n")
    x.write("user\titem\n")
    last = None
    for i in range(items):
        # some items are twins: their scores tie
        if last is None or random.random() > 0.1:
            last = row(random.choice([0.2, 0.5, 1]))
        m.write(f"item\t{i}\t{last}\n")
    for u in range(users):
        m.write(f"user\tu{u}\t{row(1)}\n")
        for i in random.sample(range(items), random.randint(0, items // 2)):
            x.write(f"u{u}\t{i}\n")
END
cat > check.py <<'END'
import struct, sys
k = int(sys.argv[1])
f32 = lambda x: struct.unpack("f", struct.pack("f", float(x)))[0]
I, U, X, got = [], [], set(), {}
for line in open("m.tsv"):
    p = line.split()
    if p[0] != "kind":
        (I if p[0] == "item" else U).append((p[1], [f32(x) for x in p[2:]]))
for line in open("x.tsv"):
    X.add(tuple(line.split()))
rows = open(sys.argv[2]).read().split("\n")[1:-1]
for line in rows:
    u, r, i, s = line.split("\t")
    got.setdefault(u, []).append((i, float(s)))
    assert int(r) == len(got[u])
order = list(dict.fromkeys(r.split("\t")[0] for r in rows))
assert order == [u for u, _ in U if u in got], "the users' order"
for u, a in U:
    score = {}
    for i, b in I:
        if (u, i) not in X:
            score[i] = sum(x * y for x, y in zip(a[1:], b[1:])) + a[0] + b[0]
    want = sorted(score.values(), reverse=True)[:k]
    have = got.get(u, [])
    assert len(have) == len(want), (u, len(have), len(want))
    assert len({i for i, _ in have}) == len(have)
    for (i, s), w in zip(have, want):
        assert abs(s - score[i]) <= 1e-6 * max(1, abs(s)), (u, i, s, score[i])
        assert abs(score[i] - w) <= 1e-6 * max(1, abs(w)), (u, i, score[i], w)
    for (i, s), (j, t) in zip(have, have[1:]):
        assert s > t or (s == t and i < j), (u, i, j)
END
for sizes in '1 1 1 1' '31 12 3 5' '33 13 16 7' '400 97 17 10' '700 40 5 100' '64 200 8 64' '300 90 70 20' \
	'200 50 64 10'; do
	set -- $sizes
	python3 make.py "$1" "$2" "$3" 1
	export-topk --k "$4" --exclude x.tsv --kernel portable m.tsv > portable.tsv 2> /dev/null
	python3 check.py "$4" portable.tsv
	for kernel in auto avx2 avx512 bfloat16 amx; do
		export-topk --k "$4" --exclude x.tsv --kernel $kernel -j 2 -q m.tsv > other.tsv 2> err || {
			grep -q 'does not have it' err && continue
			cat err
			exit 1
		}
		cmp portable.tsv other.tsv
	done
done
# Items too long for the bfloat16 pass take the one in single precision.
python3 make.py 300 50 16 1
awk -F '\t' -v OFS='\t' '$1 == "item" || $1 == "user" {
	for (f = 4; f <= NF; f++) $f = sprintf("%.9e", $f * ($1 == "item" ? 1e31 : 1e-31)) } 1' m.tsv > long.tsv
mv long.tsv m.tsv
export-topk --k 20 --exclude x.tsv --kernel portable m.tsv > portable.tsv 2> /dev/null
python3 check.py 20 portable.tsv
export-topk --k 20 --exclude x.tsv -q m.tsv | cmp - portable.tsv
