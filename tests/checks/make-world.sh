#!/bin/sh
# make-world draws from the laws that its manual names: sizes of artists and popularity
# by their power laws, interests by genre, vectors by length and spread, habits by
# their normal distributions; and exponents that are a little off would be seen.
command -v python3 > /dev/null || { echo 'no python3'; exit 77; }
cd "$RECPIPE_TMP" || exit 1
make-world -q --users 40000 --tracks 1000 --artists 80 --genres 6 --factors 24 --interests 2 \
	--skew 0.8 --length 3 --spread 0.9 --bias 5 --bias-sd 1.5 --sharpness 1 --sharpness-sd 0.3 \
	--seed 11 -d w &&
	make-world -q --users 100 --tracks 1000 --artists 80 --genres 6 --factors 24 --interests 2 \
	--skew 0.8 --length 3 --spread 0.9 --bias 5 --bias-sd 1.5 --sharpness 1 --sharpness-sd 0.3 \
	--seed 11 -d few && head -n 101 w/users.tsv | cmp - few/users.tsv && cmp w/embeddings.tsv few/embeddings.tsv ||
	{ echo 'more listeners change the first ones'; exit 1; }
python3 - <<'END'
import csv, math, random, sys
from collections import Counter
def read(path): return list(csv.DictReader(open(path), delimiter='\t'))
tracks, users = read('w/tracks.tsv'), read('w/users.tsv')
E = [[float(v) for k, v in r.items() if k != 'item'] for r in read('w/embeddings.tsv')]
artist = [int(t['artist'].split()[1]) for t in tracks]
dot = lambda a, b: sum(x * y for x, y in zip(a, b))
bad = 0
def judge(what, z, limit=4):
    global bad
    print('%-52s %+.2f' % (what, z))
    bad += not abs(z) < limit
def law(n, skew):
    p = [(i + 1) ** -skew for i in range(n)]
    return [x / sum(p) for x in p]
def chi_square(counts, p):
    n, k = sum(counts), len(counts) - 1
    x = sum((c - n * q) ** 2 / (n * q) for c, q in zip(counts, p))
    return ((x / k) ** (1 / 3) - (1 - 2 / 9 / k)) / math.sqrt(2 / 9 / k)

# Artists: one track each, the other 920 by the law; the number is the rank.
size = Counter(artist)
extra = [size[a] - 1 for a in range(80)]
judge('artists: chi-square, z', chi_square(extra, law(80, 0.8)))
# What 920 draws can tell apart, 0.4 in the exponent, is told apart.
bad += chi_square(extra, law(80, 0.4)) < 4 or chi_square(extra, law(80, 1.2)) < 4

# Popularity: the ranks are hidden, so sorted counts are held against sorted counts of
# the law; one interest of each listener, which are independent.
first = Counter(int(u['interests'].split(',')[0]) for u in users)
counts = sorted((first[t] for t in range(1000)), reverse=True)
rng = random.Random(3)
def distance(skew):
    'how many standard deviations the logarithms of sums over ranks are off, at most'
    sums = lambda c: [sum(c[a:b]) for a, b in ((0, 1), (1, 3), (3, 10), (10, 30), (30, 100), (100, 300), (300, 1000))]
    population = range(1000)
    weights, draws = law(1000, skew), []
    for _ in range(30):
        c = Counter(rng.choices(population, weights, k=len(users)))
        draws.append(sums(sorted((c[t] for t in population), reverse=True)))
    worst = 0
    for mine, theirs in zip(sums(counts), zip(*draws)):
        m = sum(theirs) / 30
        worst = max(worst, abs(mine - m) / math.sqrt(sum((x - m) ** 2 for x in theirs) / 29))
    return worst
judge('popularity: greatest deviation of 7 sums, sd', distance(0.8), 4.5)
for wrong in (0.75, 0.85):
    d = distance(wrong)
    print('%-52s %+.2f' % ('  with the exponent %g' % wrong, d))
    bad += d < 4.5
slope = [(math.log(r + 1), math.log(counts[r])) for r in range(5, 200)]
mx, my = (sum(v) / len(slope) for v in zip(*slope))
print('%-52s %+.3f' % ('  slope of log count by log rank, 5 to 200', sum((x - mx) * (y - my) for x, y in slope) /
                       sum((x - mx) ** 2 for x, _ in slope)))

# Vectors. Tracks of an artist share a genre; two artists do when their products say so.
pairs = [(rng.randrange(1000), rng.randrange(1000)) for _ in range(40000)]
same = [dot(E[a], E[b]) for a, b in pairs if a != b and artist[a] == artist[b]]
m = sum(same) / len(same)
print('%-52s %.3f of %d pairs' % ('products of one artist, 9 wanted: mean', m, len(same)))
bad += abs(m - 9) > 0.1
norms = [dot(e, e) for e in E]
# |g + d|^2 = 9 + 0.81 in the mean; variance 4 * 9 * 0.81 / 24 + 2 * 0.81^2 / 24.
judge('squared lengths: mean, z', (sum(norms) / 1000 - 9.81) / math.sqrt((4 * 9 * 0.81 + 2 * 0.81 ** 2) / 24 / 1000))
genre, heads = [], []
for t in range(80):
    for g, head in enumerate(heads):
        if dot(E[t], E[head]) > 6.5: break
    else:
        g = len(heads)
        heads.append(t)
    genre.append(g)
print('%-52s %d' % ('genres', len(heads)))
bad += len(heads) != 6
# The column says the same as the vectors: another number for each of them, whatever it is.
named = {(t['genre'], genre[artist[i]]) for i, t in enumerate(tracks)}
if len(named) != 6 or {n for n, _ in named} != {'Genre %d' % g for g in range(6)}:
    print('the column genre is not that of the vectors:', sorted(named)[:10])
    bad += 1
both = [[genre[artist[int(q)]] for q in u['interests'].split(',')] for u in users]
mass = Counter(g for pair in both for g in pair)
S = sum((n / sum(mass.values())) ** 2 for n in mass.values())
p = 4 / 9 + 5 / 9 * S
judge('two interests of one genre, %.3f wanted, z' % p,
      (sum(a == b for a, b in both) / len(both) - p) / math.sqrt(p * (1 - p) / len(both)))

def normal(what, values, mean, sd, floor=-math.inf):
    'Kolmogorov and Smirnov, D over its limit at p = 0.0005'
    values, D = sorted(values), 0
    for i, v in enumerate(values):
        F = (1 + math.erf((v - mean) / sd / math.sqrt(2))) / 2
        if v > floor: D = max(D, abs(F - i / len(values)), abs(F - (i + 1) / len(values)))
    return judge(what + ': D / limit', D * math.sqrt(len(values)) / 2.04, 1)
normal('consume_bias', [float(u['consume_bias']) for u in users], 5, 1.5)
normal('consume_sharpness', [float(u['consume_sharpness']) for u in users], 1, 0.3, 0.1001)
bad += min(float(u['consume_sharpness']) for u in users) < 0.0999
sys.exit(bad > 0)
END
