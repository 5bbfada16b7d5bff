#!/bin/sh
# recommend-items beside a plain implementation in Python, on random histories, neighbors,
# excludes and options: the same rows in the same order, scores to the last digit; for
# any order of a user's rows, number of threads and instruction set.
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

# The order of rows of equal time: base/hash.h says what hash it is.
M = (1 << 64) - 1

def mix(x):
    x = x + 0x9e3779b97f4a7c15 & M
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & M
    x = (x ^ x >> 27) * 0x94d049bb133111eb & M
    return x ^ x >> 31

def fnv(h, text):
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001b3 & M
    return h

def hash_row(seed, a, b):
    return mix(fnv(fnv(mix(seed) ^ 0xcbf29ce484222325, a) * 0x100000001b3 & M, b))

def write(path, header, rows):
    with open(path, 'w') as f:
        f.write('\t'.join(header) + '\n')
        for row in rows:
            f.write('\t'.join(map(str, row)) + '\n')

def exp2(x):
    return 2.0 ** x

def scores(user, rows, neighbors, o):
    """item -> score; rows are (item, time, weight)."""
    timed = o['last'] or o['decay'] < 1 or o['gap'] or o['half_life']
    if timed:
        rows = sorted(rows, key=lambda r: (r[1], hash_row(o['seed'], user, r[0]), r[0], r[2]), reverse=True)
    else:
        rows = sorted(rows, key=lambda r: (r[0], r[2]), reverse=True)
    sums = {}
    place, after = 1.0, 0
    for item, time, weight in rows[:o['last'] or None]:
        amount = place * (float32(weight) if o['weight'] else 1.0)
        after += 1
        place = (after + 1.0) ** -o['gap'] if o['gap'] else place * o['decay']
        if item not in neighbors['ids']:
            continue
        if o['half_life']:
            amount *= exp2(-(rows[0][1] - time) / (o['half_life'] * 1000.0))
        for other, w in neighbors['of'].get(item, []):
            if o['offered'](other):
                sums[other] = sums.get(other, 0.0) + amount * float32(w)
    return {i: float32(s) for i, s in sums.items()}

def run(args, text):
    done = subprocess.run(args, input=text, capture_output=True, text=True)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout, done.stderr

def one(seed):
    r = random.Random(seed)
    large = seed % 12 == 0                     # lists are picked from many, many of them equal
    n = 3000 if large else r.choice([1, 5, 30, 300])
    items = ['i%d' % i for i in range(n)]
    few = r.random() < 0.4                     # few different weights: ties
    of = {}
    for i in sorted(items[:200] if large else items):
        others = r.sample(items, r.randint(0, 400 if large else min(n, 25)))
        weight = lambda: 1 if large else r.choice([1, 0.5, 0.25, 0, -1]) if few else float('%.6g' % r.gauss(0.3, 0.4))
        pairs = [(j, weight()) for j in others if j != i or r.random() < 0.5]
        if pairs:
            of[i] = sorted(pairs, key=lambda p: (-p[1], p[0]))
    neighbors = {'of': of, 'ids': set(of) | {j for p in of.values() for j, _ in p}}
    write('neighbors.tsv', ('item', 'neighbor', 'weight', 'count'),
          [(i, j, w, 1) for i in of for j, w in of[i]])
    args = ['recommend-items', '--neighbors', 'neighbors.tsv', '-v', '--k', str(r.choice([1, 3, 20, 1000]))]
    o = {'k': int(args[5]), 'last': 0, 'decay': 1.0, 'gap': 0, 'half_life': 0, 'weight': False, 'seed': 0,
         'offered': lambda i: True}
    if r.random() < 0.5:
        o['last'] = r.choice([1, 2, 7])
        args += ['--last', str(o['last'])]
    if r.random() < 0.5:
        o['decay'] = r.choice([0.5, 0.61, 0.9])
        args += ['--decay', str(o['decay'])]
    elif r.random() < 0.4:
        o['gap'] = r.choice([1, 0.5, 1.7])
        args += ['--gap-exponent', str(o['gap'])]
    if r.random() < 0.4:
        o['half_life'] = r.choice([1, 0.25, 2])
        args += ['--half-life', str(o['half_life'])]
    if r.random() < 0.3:
        o['weight'] = True
        args += ['--weight', 'heard']
    if r.random() < 0.5:
        o['seed'] = r.randint(1, 1 << 40)
        args += ['--seed', str(o['seed'])]
    keep_seen = r.random() < 0.3
    if keep_seen:
        args += ['--keep-seen']
    if r.random() < 0.3:
        catalog = {i: r.random() < 0.7 for i in items if r.random() < 0.9}
        write('items.tsv', ('item', 'available', 'blocked'), [(i, int(yes), 0) for i, yes in catalog.items()])
        args += ['--items', 'items.tsv']
        o['offered'] = lambda i, before=o['offered']: before(i) and catalog.get(i, False)
    if r.random() < 0.2:
        candidates = {i for i in items if r.random() < 0.8}
        write('candidates.tsv', ('item',), [(i,) for i in candidates])
        args += ['--candidates', 'candidates.tsv']
        o['offered'] = lambda i, before=o['offered']: before(i) and i in candidates
    users = ['u%d' % u for u in range(r.choice([1, 3, 40]))]
    r.shuffle(users)
    split = r.random() < 0.5
    used = ('train',)
    if split and r.random() < 0.5:
        used = ('train', 'validation')
        args += ['--splits', 'train,validation']
    excluded = {}
    if r.random() < 0.4:
        rows = [(r.choice(users), r.choice(items), r.choice(['train', 'test'])) for _ in range(30)]
        for u, i, s in rows:
            if s == 'train':
                excluded.setdefault(u, set()).add(i)
        write('exclude.tsv', ('user', 'item', 'split'), rows)
        args += ['--exclude', 'exclude.tsv']
    asked = None
    if r.random() < 0.3:
        asked = set(r.sample(users, (len(users) + 1) // 2))
        write('users.tsv', ('user',), [(u,) for u in sorted(asked)])
        args += ['--users', 'users.tsv']
    rows, want, without, lists = [], [], 0, 0
    for u in users:
        mine = []
        for _ in range(r.randint(1, 12)):
            mine.append((u, r.choice((items[:200] if large else items) + ['unknown']), r.randint(0, 8) * 500, r.choice([1, 0.1, 3]),
                         r.choice(['train', 'train', 'validation', 'test']) if split else 'train'))
        rows.append(mine)
        history = [(m[1], m[2], m[3]) for m in mine if m[4] in used]
        if not history or (asked is not None and u not in asked):
            continue
        found = scores(u, history, neighbors, o)
        drop = excluded.get(u, set()) | (set() if keep_seen else {h[0] for h in history})
        best = sorted(((-s, i) for i, s in found.items() if s > 0 and i not in drop))[:o['k']]
        want += [(u, str(n + 1), i, -s) for n, (s, i) in enumerate(best)]
        lists += 1
        without += not best
    header = ('user', 'item', 'timestamp', 'heard', 'split')
    width = 5 if split else 4
    def text():
        for mine in rows:
            r.shuffle(mine)
        return '\n'.join(['\t'.join(header[:width])] +
                         ['\t'.join(map(str, m[:width])) for mine in rows for m in mine]) + '\n'
    out, err = run(args, text())
    lines = out.splitlines()
    assert lines[0] == 'user\trank\titem\tscore', (seed, lines)
    got = [tuple(line.split('\t')[:3]) + (float32(float(line.split('\t')[3])),) for line in lines[1:]]
    assert got == want, (seed, args, [(g, w) for g, w in zip(got, want) if g != w][:3], len(got), len(want))
    said = '%d of %d users have no list' % (without, lists)
    assert (said in err) == (without > 0), (seed, args, said, err)
    for more in (['-j', '3'], ['--kernel', 'portable'], ['--kernel', 'avx2', '-j', '2']):
        if 'avx2' in more and 'avx2' not in open('/proc/cpuinfo').read():
            continue
        assert run(args + more, text())[0] == out, (seed, args, more)
    # What follows what.
    some = [a for a in args if a not in ('-v',)][:5]
    for option in ('--items', '--candidates'):
        if option in args:
            some += [option, args[args.index(option) + 1]]
    some += ['--keep-seen'] if keep_seen else []
    out, err = run(some + ['--for', 'items'], '')
    want = []
    for i in of:
        best = [(j, float32(w)) for j, w in of[i] if w > 0 and o['offered'](j) and (keep_seen or j != i)]
        want += [(i, str(n + 1), j, w) for n, (j, w) in enumerate(best[:o['k']])]
    lines = out.splitlines()
    assert lines[0] == 'item\trank\tneighbor\tscore', (seed, lines)
    got = [tuple(line.split('\t')[:3]) + (float32(float(line.split('\t')[3])),) for line in lines[1:]]
    assert got == want, (seed, some, got[:3], want[:3])

for seed in range(int(sys.argv[1]), int(sys.argv[2])):
    one(seed)
P
python3 check.py 0 120
