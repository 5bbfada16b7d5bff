#!/bin/sh
# Every weighting and profile of bow-cosine against the formulas of its man page in
# plain Python, all pairs: scores, ranks, ties by item id, and the shares of --explain.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
awk 'BEGIN { srand(11); print "item\tdescription" > "texts.tsv"; print "user\titem\tdescription" > "liked.tsv"
	split("red green apple apples tree sea river boat boats sailing лодка лодки море река the a", w, " ")
	for (d = 0; d < 60; d++) { t = ""; n = 1 + int(rand() * 12)
		for (k = 0; k < n; k++) t = t (k ? " " : "") w[1 + int(rand() * rand() * 16)]
		printf "i%02d\t%s\n", d, t > "texts.tsv" }
	for (u = 0; u < 12; u++) for (l = 0; l <= u % 4; l++) { t = ""
		for (k = 0; k < 3 + l; k++) t = t " " (rand() < .1 ? "unheard" l : w[1 + int(rand() * 16)])
		printf "u%02d\tl%d.%d\t%s\n", u, u, l, t > "liked.tsv" } }'
bow-cosine --tokens texts.tsv > tokens.tsv
cut -f 2- liked.tsv | bow-cosine --tokens > liked-tokens.tsv
for weight in binary count tfidf bm25; do
	for profile in mean unit; do
		bow-cosine --weight $weight --profile $profile --k 60 --explain --liked liked.tsv texts.tsv > $weight.$profile
	done
done
cat > peer.py <<'END_PY'
import math
from collections import Counter
def bags(path):
    b = {}
    for line in open(path, encoding="utf-8").read().split("\n")[1:-1]:
        item, token = line.split("\t")
        b.setdefault(item, Counter())[token] += 1
    return b
texts, own = bags("tokens.tsv"), bags("liked-tokens.tsv")
liked = {}
for line in open("liked.tsv", encoding="utf-8").read().split("\n")[1:-1]:
    user, item, _ = line.split("\t")
    liked.setdefault(user, []).append(item)
N = len(texts)
df = Counter(t for b in texts.values() for t in b)
mean_length = sum(sum(b.values()) for b in texts.values()) / N
def weight(how, t, c, length):
    if how == "binary": return 1
    if how == "count": return c
    if how == "tfidf": return c * (math.log((1 + N) / (1 + df[t])) + 1)
    return math.log(1 + (N - df[t] + .5) / (df[t] + .5)) * c * 2.2 / (c + 1.2 * (.25 + .75 * length / mean_length))
vector = lambda how, b: {t: weight(how, t, c, sum(b.values())) for t, c in b.items()}
norm = lambda v: math.sqrt(sum(x * x for x in v.values()))
dot = lambda a, b: sum(x * b.get(t, 0) for t, x in a.items())
rows = 0
for how in ("binary", "count", "tfidf", "bm25"):
    vectors = {i: vector(how, b) for i, b in texts.items()}
    for profile in ("mean", "unit"):
        want = []
        for user in sorted(liked):
            p = Counter()
            for l in liked[user]:
                v = vector(how, own[l])
                for t, x in v.items():
                    p[t] += x / (norm(v) if profile == "unit" else 1) / len(liked[user])
            scores = [(i, dot(p, v) / norm(p) / norm(v), v, p) for i, v in vectors.items() if dot(p, v) > 0]
            scores.sort(key=lambda s: (-round(s[1], 9), s[0]))
            want += [(user, r + 1, *s) for r, s in enumerate(scores)]
        got = [l.split("\t") for l in open(f"{how}.{profile}", encoding="utf-8").read().split("\n")[1:-1]]
        assert len(got) == len(want), (how, profile, len(got), len(want))
        for g, (user, rank, item, score, v, p) in zip(got, want):
            assert (g[0], int(g[1]), g[2]) == (user, rank, item) and abs(float(g[3]) - score) < 1e-12, (how, profile, g, score)
            shares = dict(s.rsplit("=", 1) for s in g[4].split(" "))
            assert set(shares) == {t for t in v if p.get(t)}, g
            for t, x in shares.items():
                assert abs(float(x) - p[t] * v[t] / dot(p, v)) < 6e-5, (g, t)
        rows += len(got)
print(rows, "scores")
END_PY
python3 peer.py
