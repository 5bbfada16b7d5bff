#!/usr/bin/env python3
"""What compare-topk has to say of the lists that this draws.

	compare-topk.py draw FOLDER     writes dataset.tsv, a.tsv, b.tsv, users.tsv
	compare-topk.py scipy FOLDER    prints compare-topk.tsv: p, low, high of SciPy's ttest_rel and p of
	                                its permutation_test (200000 sign patterns), made with SciPy 1.17
	compare-topk.py judge FOLDER GOT WANT   compares; needs no more than Python
	compare-topk.py relative FOLDER FIELLER DELTA   compares the relative differences
"""
import csv
import itertools
import math
import sys

KS = [1, 3, 10]
P = 0.8
NAMES = ["precision", "recall", "ndcg", "map", "mrr", "hit", "novelty"]


def draw(folder):
    state = [20240310]

    def below(n):
        state[0] = state[0] * 16807 % 2147483647
        return state[0] * n // 2147483647

    def shuffled(x):
        x = list(x)
        for i in range(len(x) - 1, 0, -1):
            j = below(i + 1)
            x[i], x[j] = x[j], x[i]
        return x

    items = [f"i{j}" for j in range(40)]
    test = {}
    with open(f"{folder}/dataset.tsv", "w") as f:
        print("user", "item", "weight", "split", sep="\t", file=f)
        for u in range(90):
            for i in shuffled(items)[:2 + below(12)]:
                split = ["train", "train", "test"][below(3)]
                print(f"u{u}", i, 1, split, sep="\t", file=f)
                if split == "test":
                    test.setdefault(u, []).append(i)
    for name, skill in ("a", 3), ("b", 5):
        with open(f"{folder}/{name}.tsv", "w") as f:
            print("user", "rank", "item", sep="\t", file=f)
            for u in range(95):
                if below(12) == 0:
                    continue
                good = [i for i in test.get(u, []) if below(10) < skill]
                rest = [i for i in shuffled(items + ["x1", "x2", "x3"]) if i not in good]
                cut = [0, 2, 12, 12][below(4)]
                rows = rest[:below(3)] + shuffled(good) + rest[3:]
                if name == "b" and u % 5 == 0 and u in kept:
                    rows = kept[u]
                kept_now[u] = rows = rows[:cut or 1]
                for r, i in enumerate(rows):
                    print(f"u{u}", r + 1, i, sep="\t", file=f)
    with open(f"{folder}/users.tsv", "w") as f:
        print("user", "kind", sep="\t", file=f)
        for u in range(90):
            kind = ["big", "big", "small", ""][min(below(9) // 2, 3)] if u % 11 else "tiny"
            print(f"u{u}", kind, sep="\t", file=f)


kept = kept_now = {}


def read(name):
    with open(name) as f:
        return list(csv.DictReader(f, delimiter="\t"))


class Data:
    def __init__(self, folder):
        self.test, self.train, self.count, self.items = {}, {}, {}, set()
        for r in read(f"{folder}/dataset.tsv"):
            self.items.add(r["item"])
            if r["split"] == "test":
                self.test.setdefault(r["user"], set()).add(r["item"])
            else:
                self.train.setdefault(r["user"], set()).add(r["item"])
                self.count[r["item"]] = self.count.get(r["item"], 0) + 1
        self.lists = []
        for name in "ab":
            lists = {}
            for r in read(f"{folder}/{name}.tsv"):
                lists.setdefault(r["user"], []).append(r["item"])
            self.lists.append(lists)
        self.users = sorted(self.test)
        kinds = {r["user"]: r["kind"] for r in read(f"{folder}/users.tsv")}
        self.segments = {"": self.users}
        for kind in sorted(set(kinds.values()) - {""}):
            self.segments[kind] = [u for u in self.users if kinds.get(u) == kind]

    def value(self, name, k, lists, u):
        h, n = [i in self.test[u] for i in lists.get(u, [])][:k], len(self.test[u])
        at = [r for r in range(len(h)) if h[r]]
        if name == "precision":
            return sum(h) / k
        if name == "recall":
            return sum(h) / n
        if name == "ndcg":
            return sum(1 / math.log2(r + 2) for r in at) / sum(1 / math.log2(r + 2) for r in range(min(n, k)))
        if name == "map":
            return sum(sum(h[:r + 1]) / (r + 1) for r in at) / min(n, k)
        if name == "mrr":
            return max([1 / (r + 1) for r in at], default=0)
        if name == "hit":
            return float(any(h))
        shown = lists.get(u, [])[:k]
        if not shown:
            return None
        return math.fsum(-math.log2(max(self.count.get(i, 0), 1) / len(self.train)) for i in shown) / len(shown)

    def pairs(self, name, k, users):
        both = [[self.value(name, k, lists, u) for lists in self.lists] for u in users]
        return [p for p in both if None not in p]


def differences(pairs):
    return [0.0 if abs(b - a) < 1e-11 else b - a for a, b in pairs]


def measures():
    return [(name, k) for name in NAMES for k in KS]


def scipy_figures(folder):
    import numpy
    from scipy import stats
    data = Data(folder)
    print("segment", "metric", "p", "low", "high", "p_randomization", sep="\t")
    for segment, users in data.segments.items():
        for name, k in measures():
            pairs = data.pairs(name, k, users)
            d = numpy.array(differences(pairs))
            if not d.any():
                continue
            t = stats.ttest_rel([b for a, b in pairs], [a for a, b in pairs])
            interval = t.confidence_interval(0.95)
            r = stats.permutation_test((d,), lambda x, axis: numpy.mean(x, axis=axis), vectorized=True,
                                       permutation_type="samples", n_resamples=200000,
                                       rng=numpy.random.default_rng(1))
            print(segment, f"{name}@{k}", *(repr(float(x)) for x in (t.pvalue, *interval, r.pvalue)), sep="\t")


def overlap(a, b):
    """The sum of Webber et al., equation 32, from the sets of each depth."""
    s, l = sorted((a, b), key=len)
    if not l:
        return None
    if not s:
        return 0.0
    shared = lambda d: len(set(s[:d]) & set(l[:d]))
    m, n = len(s), len(l)
    total = sum(shared(d) / d * P ** d for d in range(1, n + 1))
    total += sum(shared(m) * (d - m) / (m * d) * P ** d for d in range(m + 1, n + 1))
    return (1 - P) / P * total + ((shared(n) - shared(m)) / n + shared(m) / m) * P ** n


def exact_p(d):
    d = [x for x in d if x]
    if len(d) > 13:
        return None
    far = abs(math.fsum(d)) - 1e-9
    all_signs = [abs(math.fsum(s * x for s, x in zip(signs, d))) >= far
                 for signs in itertools.product((-1, 1), repeat=len(d))]
    return sum(all_signs) / len(all_signs)


def mean_error(x):
    n = len(x)
    m = math.fsum(x) / n
    return m, math.sqrt(math.fsum((v - m) ** 2 for v in x) / (n - 1) / n)


def coverage(data, side, k, without):
    return len({i for u in data.users if u != without for i in data.lists[side].get(u, [])[:k]} & data.items) / len(data.items)


def gini(data, side, k, without):
    """Half the mean difference of two items in units of their mean."""
    shown = [sum(i in data.lists[side].get(u, [])[:k] for u in data.users if u != without) for i in data.items]
    return sum(abs(a - b) for a in shown for b in shown) / (2 * len(shown) * sum(shown))


def judge(folder, got_file, want_file):
    data, bad, exact = Data(folder), 0, 0
    got = {(r["segment"], r["metric"]): r for r in read(got_file)}
    want = {(r["segment"], r["metric"]): r for r in read(want_file)}

    def same(key, column, value, tolerance=1e-9):
        nonlocal bad
        text = got[key][column]
        if value is None and text == "" or value is not None and text != "" and abs(float(text) - value) <= tolerance:
            return
        print(*key, column, "got", text, "want", value)
        bad += 1

    def same_jackknife(key, data, k, value):
        d = [value(data, 1, k, u) - value(data, 0, k, u) for u in data.users]
        n = len(d)
        mean = math.fsum(d) / n
        error = math.sqrt((n - 1) / n * math.fsum((x - mean) ** 2 for x in d))
        same(key, "stderr", error)
        # half the interval over the error is the same quantile as in the row of precision@1, of as many users
        precise = got["", "precision@1"]
        assert int(precise["users"]) == n
        quantile = (float(precise["high"]) - float(precise["difference"])) / float(precise["stderr"])
        same(key, "high", float(got[key]["difference"]) + quantile * error)
        same(key, "low", float(got[key]["difference"]) - quantile * error)
        same(key, "p_randomization", None)
        same(key, "wins", None)

    rows = 0
    for segment, users in data.segments.items():
        for name, k in measures():
            key = (segment, f"{name}@{k}")
            pairs = data.pairs(name, k, users)
            d = differences(pairs)
            mean, error = mean_error(d)
            same(key, "a", mean_error([a for a, b in pairs])[0])
            same(key, "b", mean_error([b for a, b in pairs])[0])
            same(key, "difference", mean)
            same(key, "stderr", error)
            same(key, "wins", sum(x > 0 for x in d))
            same(key, "losses", sum(x < 0 for x in d))
            same(key, "ties", sum(x == 0 for x in d))
            same(key, "users", len(d))
            w = want.get(key)
            for column in "p", "low", "high":
                same(key, column, float(w[column]) if w else None if column == "p" else 0)
            p = exact_p(d)
            if p is not None:
                same(key, "p_randomization", p)
                exact += 1
            else:
                p = float(w["p_randomization"])
                same(key, "p_randomization", p, 4 * math.sqrt(p * (1 - p) / 20000) + 1 / 20000)
            rows += 1
        for k in KS if segment == "" else []:
            # of all users with test rows who have a list
            share = [len({i for u in data.users for i in lists.get(u, [])[:k]} & data.items) / len(data.items)
                     for lists in data.lists]
            key = ("", f"coverage@{k}")
            same(key, "a", share[0])
            same(key, "b", share[1])
            same(key, "difference", share[1] - share[0])
            same_jackknife(key, data, k, coverage)
            rows += 1
            key = ("", f"gini@{k}")
            same(key, "difference", gini(data, 1, k, None) - gini(data, 0, k, None))
            same_jackknife(key, data, k, gini)
            rows += 1
        x = [overlap(*(lists.get(u, [])[:max(KS)] for lists in data.lists)) for u in users]
        x = [v for v in x if v is not None]
        mean, error = mean_error(x)
        same((segment, "rbo"), "b", mean)
        same((segment, "rbo"), "stderr", error)
        same((segment, "rbo"), "users", len(x))
        rows += 1
    if rows != len(got) or exact < 20 or len(want) < 70:
        print(rows, "rows wanted,", len(got), "there,", exact, "exact p,", len(want), "of SciPy")
        bad += 1
    sys.exit(bad > 0)


def crossing(far, near, outside):
    """Where outside() changes between the two, by halving."""
    for _ in range(200):
        middle = (far + near) / 2
        far, near = (middle, near) if outside(middle) else (far, middle)
    return near


def relative(folder, fieller_file, delta_file):
    """Fieller's interval is what the paired t test of b - (1 + r) a does not refuse; the delta method's
    error is that of the residuals b - R a in units of a."""
    data, bad, defined, undefined = Data(folder), 0, 0, 0
    got = [{(r["segment"], r["metric"]): r for r in read(f)} for f in (fieller_file, delta_file)]

    def same(key, text, value):
        nonlocal bad
        if value is None and text == "" or value is not None and text != "" and \
                abs(float(text) - value) <= 1e-9 * max(1, abs(value)):
            return
        print(*key, "got", text, "want", value)
        bad += 1

    for key, row in got[0].items():
        segment, name = key[0], key[1].split("@")[0]
        if name not in NAMES:
            for r in row, got[1][key]:
                same(key, r["relative"], float(r["b"]) / float(r["a"]) - 1 if name in ("coverage", "gini") else None)
                same(key, r["relative_low"], None)
                same(key, r["relative_high"], None)
            continue
        pairs = data.pairs(name, int(key[1].split("@")[1]), data.segments[segment])
        a, b = mean_error([x for x, y in pairs])[0], mean_error([y for x, y in pairs])[0]
        if a == 0:
            same(key, row["relative"] + row["relative_low"] + row["relative_high"], None)
            continue
        r, error = b / a - 1, float(row["stderr"])
        q = (float(row["high"]) - float(row["difference"])) / error if error else 0

        def outside(rho):
            mean, error = mean_error([y - (1 + rho) * x for x, y in pairs])
            return abs(mean) > q * error

        same(key, row["relative"], r)
        same(key, got[1][key]["relative"], r)
        residual = mean_error([(y - (1 + r) * x) / a for x, y in pairs])[1]
        same(key, got[1][key]["relative_low"], r - q * residual)
        same(key, got[1][key]["relative_high"], r + q * residual)
        mean, error = mean_error([x for x, y in pairs])
        if q == 0 or abs(mean) <= q * error:
            undefined += q != 0
            same(key, row["relative_low"], None if q else r)
            same(key, row["relative_high"], None if q else r)
        else:
            defined += 1
            same(key, row["relative_low"], crossing(-1e4, r, outside))
            same(key, row["relative_high"], crossing(1e4, r, outside))
    if defined < 40 or undefined < 1:
        print(defined, "intervals,", undefined, "undefined")
        bad += 1
    sys.exit(bad > 0)


if __name__ == "__main__":
    {"draw": draw, "scipy": scipy_figures, "judge": judge, "relative": relative}[sys.argv[1]](*sys.argv[2:])
