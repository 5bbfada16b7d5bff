"""Makes tables, runs train-items, and solves the same with SciPy (LAPACK): prints the largest
difference of each method, and fails above 1e-6. GOLDEN has some of SciPy's weights of each; where
there is no SciPy, train-items is held against these. With WRITE in the environment they are
written."""
import os
import random
import subprocess
import sys

try:
    import numpy
    from scipy.linalg import inv, solve
except ImportError:
    numpy = None

GOLDEN = sys.argv[1]
SAMPLE = 60
golden = {}


def run(method, table, *options):
    command = ["train-items", "--method", method, *options]
    out = subprocess.run(command, input=table, capture_output=True, text=True, check=True).stdout
    return {tuple(row.split("\t")[:2]): float(row.split("\t")[2]) for row in out.splitlines()[1:]}


def read_golden():
    with open(GOLDEN) as f:
        for row in f.read().splitlines()[1:]:
            what, item, neighbor, weight = row.split("\t")
            golden.setdefault(what, {})[item, neighbor] = float(weight)


def held(what, got, compute, tolerance=1e-6):
    """compute: all weights by SciPy."""
    want = compute() if numpy else golden[what]
    if numpy and "WRITE" in os.environ:
        every = max(1, len(want) // SAMPLE)
        golden[what] = {k: float(want[k]) for k in sorted(want)[::every]}
    if numpy and max(abs(want[k] - w) for k, w in golden[what].items()) > 1e-9:
        sys.exit(f"{what}: {GOLDEN} is not what SciPy gives: WRITE=1 mends it")
    keys = set(got) | set(want) if numpy else set(want)
    worst = max(abs(got.get(k, 0) - want.get(k, 0)) for k in keys)
    print(f"{what}: {len(want)} weights up to {max(map(abs, want.values())):.3g}, "
          f"difference at most {worst:.2g}")
    if not want or worst > tolerance:
        sys.exit(f"{what}: more than {tolerance}")


def matrix(users, items, seed):
    r = random.Random(seed)
    taste = [r.randrange(6) for _ in range(users)]
    return [[float(r.random() < (0.45 if i % 6 == taste[u] else 0.04) + 3 / (i + 20))
             * r.choice((1, 2, 0.5)) for i in range(items)] for u in range(users)]


def penalty(gram, ridge, dropout):
    return ridge + dropout / (1 - dropout) * numpy.diag(gram)


def scaled(x, a, b):
    users, items = x.sum(1), x.sum(0)
    users[users == 0] = items[items == 0] = 1
    return users[:, None] ** -a * x * items[None, :] ** -b, items


def columns(gram, target, ridge, dropout, most):
    """The weights of each column's candidates, by the equations."""
    n = len(gram)
    lam = penalty(gram, ridge, dropout)
    for j in range(n):
        score = target[:, j] / (numpy.diag(gram) + lam)
        some = [i for i in numpy.argsort(-score, kind="stable")[:most] if target[i, j] > 0]
        if some:
            a = gram[numpy.ix_(some, some)] + numpy.diag(lam[some])
            yield j, some, solve(a, target[some, j], assume_a="pos")


def by_inverse(x, a, b, ridge, dropout):
    normal, items = scaled(numpy.array(x), a, b)
    gram, out = normal.T @ normal, items ** -b
    p = inv(gram + numpy.diag(penalty(gram, ridge, dropout)))
    weights = -p / numpy.diag(p)[None, :] * out[:, None]
    numpy.fill_diagonal(weights, 0)
    return {(f"i{i}", f"i{j}"): weights[i, j] for i, j in zip(*weights.nonzero())}


def by_candidates(x, a, b, ridge, dropout, most):
    normal, items = scaled(numpy.array(x), a, b)
    gram, out = normal.T @ normal, items ** -b
    target = gram - numpy.diag(numpy.diag(gram))
    return {(f"i{i}", f"i{j}"): w * out[i]
            for j, some, x_j in columns(gram, target, ridge, dropout, most)
            for i, w in zip(some, x_j)}


def by_next(histories, items, gap, ridge, dropout):
    gram, target = numpy.zeros((items, items)), numpy.zeros((items, items))
    for history in histories:
        for t, at in enumerate(history):
            x = numpy.zeros(items)
            for n in range(1, min(len(gap) - 1, t) + 1):
                x[history[t - n]] += gap[n]
            gram += numpy.outer(x, x)
            target[:, at] += x
    return {(f"i{i}", f"i{j}"): w for j, some, x_j in columns(gram, target, ridge, dropout, items)
            for i, w in zip(some, x_j)}


def check_histories():
    x = matrix(500, 210, 1)
    table = "user\titem\tstars\n" + "".join(
        f"u{u}\ti{i}\t{x[u][i]:g}\n" for u in range(len(x)) for i in range(len(x[0])) if x[u][i])
    for a, b, ridge, dropout, most in ((0.5, 0.25, 0.5, 0.2, 60), (0.25, 0, 5, 0, 20), (0.3, 0.6, 1, 0.5, 210)):
        options = ["--ridge", str(ridge), "--dropout", str(dropout), "--user-exponent", str(a),
                   "--item-exponent", str(b), "--weight", "stars"]
        held(f"ridge {a} {b}", run("ridge", table, *options),
             lambda: by_inverse(x, a, b, ridge, dropout))
        held(f"sparse-ridge {a} {b}, {most} candidates",
             run("sparse-ridge", table, "--candidates", str(most), *options),
             lambda: by_candidates(x, a, b, ridge, dropout, most))


def check_sequences():
    r = random.Random(3)
    items, window, exponent = 150, 8, 0.7
    gap = [0] + [round(4096 * n ** -exponent) / 4096 for n in range(1, window + 1)]
    histories, rows = [], []
    for u in range(300):
        at, history = r.randrange(items), []
        for t in range(r.randrange(1, 40)):
            at = (at * 3 + r.randrange(4)) % items if r.random() < 0.7 else r.randrange(items)
            history.append(at)
            rows.append(f"u{u}\ti{at}\t{1000 + t}\n")
        histories.append(history)
    got = run("next-ridge", "user\titem\ttimestamp\n" + "".join(rows), "--ridge", "3", "--dropout", "0.1",
              "--candidates", "10000", "--window", str(window), "--gap-exponent", str(exponent))
    held("next-ridge", got, lambda: by_next(histories, items, gap, 3, 0.1))


if "WRITE" not in os.environ:
    read_golden()
check_histories()
check_sequences()
if "WRITE" in os.environ:
    with open(GOLDEN, "w") as f:
        f.write("what\titem\tneighbor\tweight\n")
        for what, weights in golden.items():
            f.writelines(f"{what}\t{i}\t{j}\t{w!r}\n" for (i, j), w in weights.items())
