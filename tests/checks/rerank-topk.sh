#!/bin/sh
# rerank-topk beside a plain implementation in Python, on random catalogs, block lists,
# models and options: the same lists, the same shortfall, and whatever the options promise.
set -u
cd "$RECPIPE_TMP" || exit 1
command -v python3 > /dev/null || {
	echo 'python3 is missing'
	exit 77
}
cat > check.py <<'P'
import random, struct, subprocess, sys

def float32(x):
    return struct.unpack('f', struct.pack('f', x))[0]

def write(path, header, rows):
    with open(path, 'w') as f:
        f.write('\t'.join(header) + '\n')
        for row in rows:
            f.write('\t'.join(map(str, row)) + '\n')

def likeness(a, b, artist, vectors):
    if vectors is None:
        return 1.0 if artist.get(a) and artist.get(a) == artist.get(b) else 0.0
    if a not in vectors or b not in vectors:
        return 0.0
    return max(sum(x * y for x, y in zip(vectors[a], vectors[b])), 0.0)

def rerank(user, candidates, o):
    """The list by the book: every rule looks at everything, nothing is remembered."""
    allowed = [(i, s) for i, s in candidates
               if i not in o['blocked'] and (user, i) not in o['pairs']
               and (o['offered'].get(i, not o['known_only']) if o['offered'] is not None else True)]
    if not allowed:
        return []
    low, high = min(s for _, s in allowed), max(s for _, s in allowed)
    relevance = {i: (s - low) / (high - low) if high > low else 1.0 for i, s in allowed}
    taken = []
    while len(taken) < o['k']:
        best = None
        for i, s in allowed:
            if i in [t for t, _ in taken]:
                continue
            same = sum(1 for t, _ in taken if o['artist'].get(t) == o['artist'].get(i))
            if o['per_artist'] and o['artist'].get(i) and same >= o['per_artist']:
                continue
            if o['mmr'] is None:
                best = (0, i, s)
                break
            near = max([likeness(t, i, o['artist'], o['vectors']) for t, _ in taken] or [0.0])
            value = o['mmr'] * relevance[i] - (1 - o['mmr']) * near
            if best is None or value > best[0]:
                best = (value, i, s)
        if best is None:
            break
        taken.append(best[1:])
    return taken

def one(seed):
    r = random.Random(seed)
    items = ['i%d' % i for i in range(r.randint(1, 40))]
    artists = ['a%d' % a for a in range(r.randint(1, 8))]
    users = ['u%d' % u for u in range(r.randint(1, 12))]
    artist = {i: r.choice(artists + ['']) for i in items}
    offered = {i: r.random() < 0.8 for i in items if r.random() < 0.9}
    args = ['rerank-topk', '--k', str(r.randint(1, 15))]
    o = {'k': int(args[2]), 'blocked': set(), 'pairs': set(), 'offered': None, 'artist': {},
         'known_only': False, 'per_artist': 0, 'mmr': None, 'vectors': None}
    with_items = r.random() < 0.8
    if with_items:
        rows = []
        for i, yes in offered.items():
            kind = r.randint(0, 1)
            rows.append((i, artist[i], *((int(yes), 0) if kind else (1, int(not yes)))))
        write('items.tsv', ('item', 'artist', 'available', 'blocked'), rows)
        args += ['--items', 'items.tsv']
        o['offered'] = offered
        o['artist'] = {i: artist[i] for i in offered}
        if r.random() < 0.3:
            args += ['--known-only']
            o['known_only'] = True
        if r.random() < 0.6:
            o['per_artist'] = r.randint(1, 3)
            args += ['--per-artist', str(o['per_artist'])]
    if r.random() < 0.5:
        o['blocked'] = set(r.sample(items, min(len(items), 4)))
        write('blocked.tsv', ('item',), [(i,) for i in o['blocked']])
        args += ['--block', 'blocked.tsv']
    if r.random() < 0.5:
        o['pairs'] = {(r.choice(users), r.choice(items)) for _ in range(20)}
        write('dislikes.tsv', ('user', 'item'), sorted(o['pairs']))
        args += ['--block', 'dislikes.tsv']
    model = r.random() < 0.5
    if r.random() < 0.6 and (with_items or model):
        o['mmr'] = r.choice([0, 0.25, 0.5, 0.75, 1])
        args += ['--mmr', str(o['mmr'])]
        if model:
            factors = {i: [r.randint(-3, 3) for _ in range(3)] for i in items if r.random() < 0.9}
            factors[items[0]] = [1, 2, 0]
            o['vectors'] = {}
            for i, f in factors.items():
                length = sum(x * x for x in f) ** 0.5
                o['vectors'][i] = [float32(x / length) if length else 0.0 for x in f]
            write('model.tsv', ('kind', 'id', 'bias', 'f0', 'f1', 'f2'),
                  [('item', i, 0, *f) for i, f in factors.items()])
            args += ['--model', 'model.tsv']
    lists = {}
    for u in users:
        chosen = r.sample(items, r.randint(1, len(items)))
        scores = sorted([r.randint(-4, 12) / 4 for _ in chosen], reverse=True)
        lists[u] = list(zip(chosen, scores))
    scored = o['mmr'] is not None or r.random() < 0.7
    columns = ('user', 'rank', 'item', 'score')[:4 if scored else 3]
    write('long.tsv', columns,
          [(u, k + 1, i, s)[:len(columns)] for u in users for k, (i, s) in enumerate(lists[u])])
    run = subprocess.run(args + ['long.tsv'], capture_output=True, text=True)
    assert run.returncode == 0, (seed, args, run.stderr)
    got = {u: [] for u in users}
    assert run.stdout.splitlines()[0].split('\t') == list(columns), (seed, args, run.stdout)
    for line in run.stdout.splitlines()[1:]:
        u, rank, i, s = line.split('\t') if scored else line.split('\t') + [None]
        got[u].append((i, float(s) if scored else None))
        assert int(rank) == len(got[u]), (seed, args, line)
    missing, dropped = 0, [0, 0, 0]
    for u in users:
        want = rerank(u, lists[u], o)
        assert got[u] == [(i, s if scored else None) for i, s in want], (seed, args, u, got[u], want)
        taken = [i for i, _ in want]
        for i, _ in lists[u]: # what was left out, by rule
            if i in o['blocked'] or (u, i) in o['pairs']:
                dropped[0] += 1
            elif o['offered'] is not None and not o['offered'].get(i, not o['known_only']):
                dropped[1] += 1
            elif o['per_artist'] and i not in taken and o['artist'].get(i):
                dropped[2] += sum(o['artist'].get(t) == o['artist'][i] for t in taken) >= o['per_artist']
        missing += o['k'] - len(want)
        for i, _ in got[u]: # what is promised, without the reference
            assert i not in o['blocked'] and (u, i) not in o['pairs'] and (not with_items or offered.get(i, True))
        if o['per_artist']:
            names = [o['artist'][i] for i, _ in got[u] if o['artist'].get(i)]
            assert all(names.count(a) <= o['per_artist'] for a in names), (seed, args, u)
    said = ''
    if any(dropped):
        said = 'rerank-topk: dropped: %d blocked, %d not available, %d of artists with enough\n' % tuple(dropped)
    if missing:
        short = [o['k'] - len(got[u]) for u in users if len(got[u]) < o['k']]
        said += 'rerank-topk: %d of %d lists are shorter than %d: %d places are missing, %d lists are empty\n' % (
            len(short), len(users), o['k'], missing, short.count(o['k']))
    assert run.stderr == said, (seed, args, said, run.stderr)
    return len(args), missing

shapes = [one(seed) for seed in range(int(sys.argv[1]))]
# the draws must have been of all kinds
assert len({n for n, _ in shapes}) > 5 and any(m for _, m in shapes) and not all(m for _, m in shapes)
P
python3 check.py 400
