#!/usr/bin/env python3
"""blend-topk.py draw FOLDER: three streams of lists whose users are subsequences of one order,
which is not that of their bytes. blend-topk.py judge FOLDER METHOD SCALE WEIGHTS K < blended."""
import math
import random
import sys

NAMES = ["a", "b", "c"]


def draw(folder):
    rng = random.Random(11)
    users = [f"u{i}" for i in range(400)]
    rng.shuffle(users)
    for s, name in enumerate(NAMES):
        with open(f"{folder}/{name}.tsv", "w") as f:
            print("user", "rank", "item", "score", sep="\t", file=f)
            for at, u in enumerate(users):
                lacks = [rng.random() < 0.2, rng.random() < 0.2 or 100 < at < 200, at % 40 != 7][s]
                if lacks:
                    continue
                n = rng.choice([1, 2, 5, 12])
                scores = sorted((rng.choice([1, 0.5, rng.gauss(0, 3)]) for _ in range(n)), reverse=True)
                for r, i in enumerate(rng.sample(range(30), n)):
                    print(u, r + 1, f"i{i}", scores[r], sep="\t", file=f)


def lists_of(name):
    lists = {}
    with open(name) as f:
        f.readline()
        for line in f:
            user, rank, item, score = line.rstrip("\n").split("\t")
            lists.setdefault(user, []).append((item, float(score)))
    return lists


def scaled(scores, scale):
    low, high = min(scores), max(scores)
    if scale == "none":
        return [x - low for x in scores]
    if low == high:
        return [float(scale == "min-max")] * len(scores)
    if scale == "min-max":
        return [(x - low) / (high - low) for x in scores]
    mean = math.fsum(scores) / len(scores)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in scores) / len(scores))
    return [(x - low) / deviation for x in scores]


def blend(lists, method, scale, weights):
    total = {}
    if method == "round-robin":
        lists, taken = [[i for i, _ in l] for l in lists], []
        while any(lists):
            for l in lists:
                while l:
                    item = l.pop(0)
                    if item not in taken:
                        taken.append(item)
                        break
        return [(i, 1 / (r + 1)) for r, i in enumerate(taken)]
    for l, w in zip(lists, weights):
        if not l or not w:
            continue
        values = [1 / (60 + r + 1) for r in range(len(l))] if method == "rrf" else scaled([s for _, s in l], scale)
        for (item, _), v in zip(l, values):
            total[item] = total.get(item, 0) + w * v
    return sorted(total.items(), key=lambda x: (-round(x[1], 12), x[0].encode()))


def judge(folder, method, scale, weights, k):
    streams = [lists_of(f"{folder}/{name}.tsv") for name in NAMES]
    weights, k, bad, users = [float(w) for w in weights.split(",")], int(k), 0, []
    got = {}
    assert sys.stdin.readline() == "user\trank\titem\tscore\n"
    for line in sys.stdin:
        user, rank, item, score = line.rstrip("\n").split("\t")
        if user not in got:
            users.append(user)
        got.setdefault(user, []).append((item, float(score)))
        bad += int(rank) != len(got[user])
    for user in {u for s in streams for u in s}:
        want = blend([s.get(user, []) for s in streams], method, scale, weights)[:k]
        have = got.get(user, [])
        if [i for i, _ in want] != [i for i, _ in have] or any(abs(a - b) > 1e-9 for (_, a), (_, b) in zip(want, have)):
            print(user, "got", have, "want", want)
            bad += 1
    for s in streams:  # each stream's order is kept
        place = {u: i for i, u in enumerate(users)}
        order = [place[u] for u in s if u in place]
        bad += order != sorted(order)
    if bad or len(users) < 300:
        print(bad, "faults,", len(users), "users:", method, scale, weights)
    sys.exit(bad > 0 or len(users) < 300)


if __name__ == "__main__":
    {"draw": draw, "judge": judge}[sys.argv[1]](*sys.argv[2:])
