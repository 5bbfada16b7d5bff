"""The model of train-mf --loss svd beside eigenvectors found here: cyclic Jacobi rotations in
Python's double precision, or numpy's SVD where that is wanted (numpy as the last argument).

train-svd.py DATASET MODEL CURVE FACTORS A B TOLERANCE [numpy]
"""
import math
import sys

data, model, curve, factors, a, b, tolerance = sys.argv[1:8]
factors, a, b, tolerance = int(factors), float(a), float(b), float(tolerance)
rows = {}
for line in open(data).read().split('\n')[1:-1]:
    user, item, weight, split = line.split('\t')
    if split == 'train' and float(weight) > 0:
        rows.setdefault(user, {})[item] = float(weight)
items = sorted({i for r in rows.values() for i in r})
at = {i: n for n, i in enumerate(items)}
n = len(items)
d_user = {u: sum(r.values()) for u, r in rows.items()}
d_item = [0.0] * n
for r in rows.values():
    for i, w in r.items():
        d_item[at[i]] += w


def by_jacobi(g):
    v = [[float(i == j) for j in range(n)] for i in range(n)]
    for sweep in range(60):
        off = sum(g[p][q] ** 2 for p in range(n) for q in range(p))
        if off < 1e-26:
            break
        for p in range(n):
            for q in range(p + 1, n):
                if abs(g[p][q]) < 1e-300:
                    continue
                theta = (g[q][q] - g[p][p]) / (2 * g[p][q])
                t = math.copysign(1, theta) / (abs(theta) + math.hypot(theta, 1))
                c = 1 / math.hypot(t, 1)
                s = t * c
                for k in range(n):
                    g[k][p], g[k][q] = c * g[k][p] - s * g[k][q], s * g[k][p] + c * g[k][q]
                for k in range(n):
                    g[p][k], g[q][k] = c * g[p][k] - s * g[q][k], s * g[p][k] + c * g[q][k]
                    v[p][k], v[q][k] = c * v[p][k] - s * v[q][k], s * v[p][k] + c * v[q][k]
    order = sorted(range(n), key=lambda i: -g[i][i])
    return [g[i][i] for i in order], [v[i] for i in order]


normalized = {u: {at[i]: w * d_user[u] ** -a * d_item[at[i]] ** -b for i, w in r.items()}
              for u, r in rows.items()}
square = sum(x * x for r in normalized.values() for x in r.values())
if sys.argv[-1] == 'numpy':
    import numpy
    m = numpy.zeros((len(rows), n))
    for k, r in enumerate(normalized.values()):
        for i, x in r.items():
            m[k, i] = x
    s, vt = numpy.linalg.svd(m, full_matrices=False)[1:]
    values, vectors = (s ** 2).tolist(), vt.tolist()
else:
    gram = [[0.0] * n for _ in range(n)]
    for r in normalized.values():
        for i, x in r.items():
            for j, y in r.items():
                gram[i][j] += x * y
    values, vectors = by_jacobi(gram)
kept = [f for f in range(min(factors, len(values))) if values[f] > 1e-6 * values[0]]

sides = {'user': {}, 'item': {}, 'user_feature': {}}
for line in open(model).read().split('\n')[1:-1]:
    kind, name, *numbers = line.split('\t')
    if kind != 'meta':
        assert float(numbers[0]) == 0, 'a bias'
        sides[kind][name] = [float(x) for x in numbers[1:]]
assert list(sides['item']) == list(sides['user_feature']) == items and list(sides['user']) == sorted(rows)
for side in sides.values():
    for numbers in side.values():
        assert len(numbers) == factors and not any(numbers[len(kept):]), 'factors beyond the rank'
worst = largest = 0
for user, r in rows.items():
    wave = [sum(w * d_item[at[i]] ** -b * vectors[f][at[i]] for i, w in r.items()) for f in kept]
    for j, name in enumerate(items):
        want = sum(x * vectors[f][j] for x, f in zip(wave, kept)) * d_item[j] ** b
        got = sum(x * y for x, y in zip(sides['user'][user], sides['item'][name]))
        worst, largest = max(worst, abs(want - got)), max(largest, abs(want))
    sums = [sum(w * sides['user_feature'][i][f] for i, w in r.items()) for f in range(factors)]
    worst = max([worst] + [abs(x - y) for x, y in zip(sums, sides['user'][user])])
left = float(open(curve).read().split('\n')[1].split('\t')[1])
want = 1 - sum(values[f] for f in kept) / square
if not (worst < tolerance * largest and abs(left - want) < tolerance):
    sys.exit('scores of up to %g are off by %g; what is left is %g, not %g' % (largest, worst, left, want))
