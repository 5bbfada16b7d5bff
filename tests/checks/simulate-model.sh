#!/bin/sh
# simulate-sessions beside a slow plain implementation of the same listener: steps and
# times of sessions have the same distributions (Kolmogorov and Smirnov).
command -v python3 > /dev/null || { echo 'no python3'; exit 77; }
cd "$RECPIPE_TMP" || exit 1
make-world -q --users 200 --tracks 300 --artists 20 --genres 4 --factors 8 --seed 5 -d w || exit 1
simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
	--sessions 20000 --episodes ep.tsv -o /dev/null -- \
	next-track -q --items w/tracks.tsv --recommender random || exit 1
python3 - <<'END'
import csv, math, random, sys
def read(p): return list(csv.DictReader(open(p), delimiter='\t'))
artist = {r['item']: r['artist'] for r in read('w/tracks.tsv')}
E = {r['item']: [float(v) for k, v in r.items() if k != 'item'] for r in read('w/embeddings.tsv')}
users = read('w/users.tsv'); tracks = list(artist); rng = random.Random(11)
dot = lambda a, b: sum(x * y for x, y in zip(E[a], E[b]))
near = {}
def episode():
    u = rng.choice(users); q = rng.choice(u['interests'].split(','))
    if q not in near: near[q] = sorted(tracks, key=lambda t: -dot(t, q))[:10]
    first = rng.choice(near[q]); seen = {first}; plays = {artist[first]: 1}; total = 1.0; steps = 1; budget = 5
    while budget > 0:
        r = rng.choice(tracks)
        if r in seen: time = 0.0
        else:
            x = (dot(r, q) - float(u['consume_bias'])) * float(u['consume_sharpness'])
            time = round(1 / (1 + math.exp(-x)) * 0.8 ** plays.get(artist[r], 0), 2)
        seen.add(r); plays[artist[r]] = plays.get(artist[r], 0) + 1
        total += time; steps += 1
        if rng.random() > time: budget -= 1
    return steps, round(total, 2)
slow = [episode() for _ in range(20000)]
fast = [(int(r['steps']), float(r['time'])) for r in read('ep.tsv')]
bad = 0
for what, i in (('steps', 0), ('time', 1)):
    a = sorted(x[i] for x in slow); b = sorted(x[i] for x in fast); D = 0.0; i1 = i2 = 0
    for v in sorted(set(a) | set(b)):
        while i1 < len(a) and a[i1] <= v: i1 += 1
        while i2 < len(b) and b[i2] <= v: i2 += 1
        D = max(D, abs(i1 / len(a) - i2 / len(b)))
    limit = 1.95 * math.sqrt((len(a) + len(b)) / (len(a) * len(b))) # p = 0.001
    print('%s: D = %.4f, limit %.4f, means %.4f %.4f' % (what, D, limit, sum(a) / len(a), sum(b) / len(b)))
    bad += D > limit
sys.exit(bad)
END
