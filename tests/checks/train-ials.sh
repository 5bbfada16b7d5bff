#!/bin/sh
# iALS by the book: at the end of many epochs both sides must satisfy the normal
# equations of the other, solved anew in Python's double precision; all solvers
# and kernels, weighted rows, and an exponent other than 1.
command -v python3 > /dev/null || { echo "no python3"; exit 77; }
dir=${RECPIPE_TMP:-$(mktemp -d)}
cat > "$dir/ials.py" <<'END'
import sys

data, model, unobserved, regularization, exponent = sys.argv[1:3] + [float(x) for x in sys.argv[3:6]]
pairs, sides = {}, {'user': {}, 'item': {}}
for line in open(data).read().split('\n')[1:-1]:
    user, item, weight = line.split('\t')
    pairs[user, item] = float(weight)
for line in open(model).read().split('\n')[1:-1]:
    kind, name, *values = line.split('\t')
    if kind != 'meta':
        sides[kind][name] = [float(v) for v in values[1:]]

def solve(a, b):
    n = len(b)
    for k in range(n):
        for i in range(k + 1, n):
            c = a[i][k] / a[k][k]
            for j in range(k, n):
                a[i][j] -= c * a[k][j]
            b[i] -= c * b[k]
    x = [0.0] * n
    for k in reversed(range(n)):
        x[k] = (b[k] - sum(a[k][j] * x[j] for j in range(k + 1, n))) / a[k][k]
    return x

worst = 0
for kind, other, turn in ('user', 'item', 0), ('item', 'user', 1):
    fixed = sides[other]
    n = len(next(iter(fixed.values())))
    gram = [[unobserved * sum(y[i] * y[j] for y in fixed.values()) for j in range(n)] for i in range(n)]
    for name, x in sides[kind].items():
        own = [(p[1 - turn], w) for p, w in pairs.items() if p[turn] == name]
        a = [row[:] for row in gram]
        pull = regularization * (len(own) + unobserved * len(fixed)) ** exponent
        b = [0.0] * n
        for i in range(n):
            a[i][i] += pull
        for o, w in own:
            y = fixed[o]
            for i in range(n):
                b[i] += w * y[i]
                for j in range(n):
                    a[i][j] += w * y[i] * y[j]
        worst = max([worst] + [abs(p - q) for p, q in zip(x, solve(a, b))])
if not worst < float(sys.argv[6]):
    sys.exit('off by %g' % worst)
END
awk 'BEGIN { srand(8); print "user\titem\tweight"
	for (u = 0; u < 30; u++) for (i = 0; i < 25; i++)
		if (rand() < (i % 3 == u % 3 ? .6 : .1))
			printf "u%d\ti%d\t%s\n", u, i, rand() < .5 ? 1 : 2.5 }' > "$dir/data.tsv"
for solver in cg exact "block --block-factors 16"; do
	for kernel in portable avx2 avx512; do
		for exponent in 1 0.5; do
			train-mf --loss ials --factors 20 --epochs 1500 --solver $solver \
				--kernel $kernel --unobserved-weight 0.3 --regularization 0.2 \
				--regularization-exponent $exponent "$dir/data.tsv" \
				> "$dir/model.tsv" 2> "$dir/err" || {
				grep -q "not supported by this CPU" "$dir/err" && continue
				cat "$dir/err"
				exit 1
			}
			python3 "$dir/ials.py" "$dir/data.tsv" "$dir/model.tsv" 0.3 0.2 $exponent \
				1e-3 || { echo "$solver $kernel exponent $exponent"; exit 1; }
		done
	done
done
