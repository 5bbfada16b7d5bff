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
near = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-6
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
        assert abs(s - score[i]) <= near * max(1, abs(s)), (u, i, s, score[i])
        assert abs(score[i] - w) <= near * max(1, abs(w)), (u, i, score[i], w)
    for (i, s), (j, t) in zip(have, have[1:]):
        assert s > t or (s == t and i < j), (u, i, j)
END
# same_with KERNEL OPTION...: m.tsv gives portable.tsv again, where the CPU has the kernel
same_with()
{
	kernel=$1
	shift
	export-topk --kernel "$kernel" "$@" m.tsv > other.tsv 2> err || {
		grep -q 'not supported by this CPU' err && return
		cat err
		exit 1
	}
	cmp portable.tsv other.tsv
}
for sizes in '1 1 1 1' '31 12 3 5' '33 13 16 7' '400 97 17 10' '700 40 5 100' '64 200 8 64' '300 90 70 20' \
	'200 50 64 10'; do
	set -- $sizes
	python3 make.py "$1" "$2" "$3" 1
	export-topk --k "$4" --exclude x.tsv --kernel portable m.tsv > portable.tsv 2> /dev/null
	python3 check.py "$4" portable.tsv
	for kernel in auto avx2 avx512 bfloat16 amx; do
		same_with $kernel --k "$4" --exclude x.tsv -j 2 -q
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
# Scores that a first pass cannot tell apart: large parts that cancel out come last.
cat > cancel.py <<'END2'
import random
random.seed(4)
small = lambda: "\t".join("%.5g" % random.gauss(0, 3e-3) for _ in range(8))
print("kind\tid\tbias\t" + "\t".join(f"f{f}" for f in range(16)))
for i in range(600):
    print(f"item\t{i}\t0\t{small()}\t" + "\t".join(["%.5g" % random.gauss(0, 900)] * 8))
for u in range(40):
    print(f"user\tu{u}\t0\t{small()}\t" + "\t".join(["1", "-1"] * 4))
END2
python3 cancel.py > m.tsv
echo 'user	item' > x.tsv
export-topk --k 10 --kernel portable m.tsv > portable.tsv
python3 check.py 10 portable.tsv 1e-9
for kernel in avx2 avx512 bfloat16 amx; do
	same_with $kernel --k 10
done
# Rounding to bfloat16 that goes the same way in every factor is as far off as the bound
# of the errors allows: the best items are rounded down, 300 others up or not at all.
aligned()
{
	awk -v of="$1" 'function row(id, a, b, last) {
		printf "%s\t0", id
		for (f = 0; f < 62; f++) printf "\t%s", f % 2 ? a : b
		print "\t" a "\t" last
	}
	BEGIN {
		printf "kind\tid\tbias"
		for (f = 0; f < 64; f++) printf "\tf%d", f
		print ""
		for (i = 0; i < 300; i++)
			if (of == "items") row("item\tup" i, 1.00391, 1.00391, -.1)
			else row("item\tflat" i, -.1875, .1875, 7.90625)
		for (i = 0; i < 10; i++)
			if (of == "items") row("item\tdown" i, 1.0039, 1.0039, 0)
			else row("item\tone" i, 1, 1, 0)
		if (of == "items") row("user\texact", 1, 1, 1)
		else row("user\trounded", 1.0039, 1.0039, 8)
	}' > m.tsv
}
for of in items users; do
	aligned $of
	export-topk --k 10 --kernel portable m.tsv > portable.tsv
	python3 check.py 10 portable.tsv
	[ "$(cut -f 3 portable.tsv | grep -cE 'down|one')" = 10 ]
	for kernel in bfloat16 amx; do
		same_with $kernel --k 10
	done
done
# Scores that are small beside the lengths of the vectors: the first half of the factors
# of the items finds nothing in these users but what rounding leaves. bfloat16 lets all
# items through: --kernel auto goes over to floats, for all users or, when they are few,
# for their tiles alone.
cat > small.py <<'END2'
import random, sys
small = {"all": range(500), "few": (101, 336), "none": ()}[sys.argv[1]]
random.seed(3)
row = lambda a, b: "\t".join(["%.5g" % random.gauss(0, a) for _ in range(32)] +
                             ["%.5g" % random.gauss(0, b) for _ in range(32)])
print("kind\tid\tbias\t" + "\t".join(f"f{f}" for f in range(64)))
for i in range(3000):
    print(f"item\t{i}\t0\t{row(.25, 5e-4)}")
for u in range(500):
    print(f"user\tu{u}\t0\t{row(3e-4 if u in small else 1, 1)}")
END2
# decided MODEL KERNEL..: the lists are those of the portable kernel, by one of KERNEL
decided()
{
	export-topk --k 10 --kernel portable "$1" > portable.tsv
	export-topk --k 10 --kernel ${rough%%'|'*} "$1" | cmp portable.tsv -
	export-topk --k 10 -v -j 2 "$1" > auto.tsv 2> err || { cat err; exit 1; }
	cmp portable.tsv auto.tsv
	grep -qE "kernel: ($2)\$" err || { echo "$1, wanted $2:"; cat err; exit 1; }
}
rough='portable|avx2|avx512' # where there is no bfloat16
for kernel in bfloat16 amx; do
	export-topk --k 10 --kernel $kernel m.tsv > other.tsv 2> err && rough=$kernel
done
for users in all few none; do
	python3 small.py $users > small.tsv
	case $users in all) decided small.tsv 'avx512|avx2|portable' ;; *) decided small.tsv $rough ;; esac
done
