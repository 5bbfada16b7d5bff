#!/bin/sh
# simulate-sessions beside a slow plain implementation of the same listener, under
# three recommenders. Each event's time is worked out again from the log; the start
# of a session and the disappointments are tested for their probabilities; steps and
# times of sessions have the distributions of the slow simulator (Kolmogorov and
# Smirnov), and ten slow simulators with one mistake each do not pass for it.
command -v python3 > /dev/null || { echo 'no python3'; exit 77; }
cd "$RECPIPE_TMP" || exit 1
make-world -q --users 150 --tracks 400 --artists 25 --genres 4 --factors 8 --seed 5 \
	--length 2.4 --bias 4.5 -d w || exit 1
cat > model.py << 'END'
import csv, math, random, sys

def read(path):
    return list(csv.DictReader(open(path), delimiter='\t'))

ARTIST = {r['item']: r['artist'] for r in read('w/tracks.tsv')}
E = {r['item']: [float(v) for k, v in r.items() if k != 'item'] for r in read('w/embeddings.tsv')}
USERS = {r['user']: r for r in read('w/users.tsv')}
for u in USERS.values():
    u['interests'] = u['interests'].split(',')
TRACKS = list(ARTIST)

memo = {}
def dot(a, b):
    if (a, b) not in memo:
        memo[a, b] = sum(x * y for x, y in zip(E[a], E[b]))
    return memo[a, b]

near_memo = {}
def near(q, k=10):
    if q not in near_memo:
        near_memo[q] = sorted(TRACKS, key=lambda t: -dot(t, q))[:40]
    return near_memo[q][:k]

def heard(user, q, track, history, discount=0.8, bias=0, forgets=False, digits=2):
    if track in history and not forgets:
        return 0.0
    x = (dot(track, q) - float(user['consume_bias']) - bias) * float(user['consume_sharpness'])
    plays = sum(ARTIST[t] == ARTIST[track] for t in history)
    return round(1 / (1 + math.exp(-x)) * discount ** plays, digits)

def choose(kind, rng, user, history):
    if kind == 'random':
        return rng.choice(TRACKS)
    if kind == 'artist':
        return rng.choice(BY_ARTIST[ARTIST[history[-1]]])
    return near(USERS[user]['interests'][0], 30)[(len(history) - 1) % 30]

BY_ARTIST = {}
for t in TRACKS:
    BY_ARTIST.setdefault(ARTIST[t], []).append(t)

def episode(kind, rng, budget=5, neighbors=10, first=1.0, first_interest=False, count_first=True, **wrong):
    user = rng.choice(NAMES)
    q = USERS[user]['interests'][0] if first_interest else rng.choice(USERS[user]['interests'])
    history = [rng.choice(near(q, neighbors))]
    total, ignored = first, 0 if count_first else 1
    while budget > 0:
        r = choose(kind, rng, user, history)
        time = heard(USERS[user], q, r, history[ignored:], **wrong)
        history.append(r)
        total += time
        if rng.random() > time:
            budget -= 1
    return len(history), round(total, 2)

NAMES = list(USERS)

def ks(a, b):
    "D over its limit for p = 0.0005; conservative where values are few"
    a, b = sorted(a), sorted(b)
    D, i, j = 0.0, 0, 0
    for v in sorted(set(a) | set(b)):
        while i < len(a) and a[i] <= v: i += 1
        while j < len(b) and b[j] <= v: j += 1
        D = max(D, abs(i / len(a) - j / len(b)))
    return D / (math.sqrt(-math.log(0.0005 / 2) / 2) * math.sqrt((len(a) + len(b)) / len(a) / len(b)))

def normal(what, z):
    print('%-44s z = %+.2f' % (what, z))
    return abs(z) > 4

def chi_square(what, counts, expected):
    x = sum((c - e) ** 2 / e for c, e in zip(counts, expected))
    k = len(counts) - 1
    return normal(what, ((x / k) ** (1 / 3) - (1 - 2 / 9 / k)) / math.sqrt(2 / 9 / k))
END
cat > recommender.py << 'END'
# cycle: the nearest tracks of the user's first interest, again after thirty of them;
# artist: any track of the artist that was played last. Many plays of one artist, and
# repetitions.
from model import *
rng = random.Random(7)
print('user', 'recommendation', sep='\t', flush=True)
asked = dict.fromkeys(NAMES, 0)
sys.stdin.readline()
for line in sys.stdin:
    message, user, track = line.split('\t')[:3]
    if message == 'next':
        print(user, choose(sys.argv[1], rng, user, [track] * (asked[user] + 1)), sep='\t', flush=True)
    asked[user] = asked[user] + 1 if message == 'next' else 0
END
sim()
{
	kind=$1
	shift
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
		--seed 3 --sessions 12000 --episodes "$kind.ep" -o "$kind.ev" -- "$@" || exit 1
}
sim random next-track -q --items w/tracks.tsv --recommender random
sim artist python3 recommender.py artist
sim cycle python3 recommender.py cycle
cat > compare.py << 'END'
from model import *
bad = 0
fast, slow = {}, {}
for kind in ('random', 'artist', 'cycle'):
    episodes = read(kind + '.ep')
    fast[kind] = [(int(r['steps']), float(r['time'])) for r in episodes]
    rng = random.Random(11)
    slow[kind] = [episode(kind, rng) for _ in range(12000)]
    for i, what in enumerate(('steps', 'time')):
        a, b = [x[i] for x in fast[kind]], [x[i] for x in slow[kind]]
        ratio = ks(a, b)
        print('%-44s D/limit = %.2f, means %.4f %.4f' % (kind + ': ' + what, ratio, sum(a) / 12000, sum(b) / 12000))
        bad += ratio > 1

    # The log, event by event. Sessions lie one after the other, as the episodes do.
    events, at = read(kind + '.ev'), 0
    drift = variance = 0.0
    firsts, users, interests = [0] * 10, dict.fromkeys(NAMES, 0), [0] * 3
    for e in episodes:
        user, q, history, total = USERS[e['user']], e['interest'], [], 0.0
        rows = events[at:at + int(e['steps'])]
        at += len(rows)
        for n, row in enumerate(rows):
            time = 1.0 if n == 0 else heard(user, q, row['track'], history)
            if row['user'] != e['user'] or abs(float(row['time']) - time) > 1e-12 or \
               (n > 0 and row['track'] != rows[n - 1]['recommendation']) or \
               (row['message'] == 'last') != (n == len(rows) - 1):
                print('%s: session %s, step %d: %s; the time should be %s' % (kind, e['session'], n, row, time))
                sys.exit(1)
            if n > 0:
                drift += 1 - time
                variance += time * (1 - time)
            history.append(row['track'])
            total += time
        if abs(total - float(e['time'])) > 0.0051:
            print('%s: session %s: the times add up to %s, not %s' % (kind, e['session'], total, e['time']))
            bad += 1
        if q in user['interests']:
            # A track may be an interest twice; which of them it was is not written.
            if len(set(user['interests'])) == 3:
                interests[user['interests'].index(q)] += 1
        else:
            print('session %s: %s is no interest of %s' % (e['session'], q, e['user']))
            bad += 1
        firsts[near(q).index(history[0])] += 1
        users[e['user']] += 1
    if at != len(events):
        print('%s: %d events for %d steps' % (kind, len(events), at))
        bad += 1
    # Disappointments less their probabilities are a martingale: 5 a session at the end.
    bad += normal(kind + ': disappointments', (5 * len(episodes) - drift) / math.sqrt(variance))
    bad += chi_square(kind + ': users', list(users.values()), [len(episodes) / len(users)] * len(users))
    bad += chi_square(kind + ': interests', interests, [sum(interests) / 3] * 3)
    bad += chi_square(kind + ': first tracks', firsts, [len(episodes) / 10] * 10)

# Could it fail? Simulators with a mistake must not pass in all six comparisons.
for mistake in (dict(budget=6), dict(discount=0.85), dict(discount=0.75), dict(bias=0.15), dict(forgets=True),
                dict(neighbors=20), dict(first=0.9), dict(first_interest=True), dict(count_first=False),
                dict(digits=1)):
    rng = random.Random(12)
    worst = 0
    for kind in ('cycle', 'artist', 'random'):
        wrong = [episode(kind, rng, **mistake) for _ in range(12000)]
        worst = max([worst] + [ks([x[i] for x in fast[kind]], [x[i] for x in wrong]) for i in (0, 1)])
        if worst > 1:
            break
    print('%-44s D/limit = %.2f' % ('with %s' % mistake, worst))
    bad += worst <= 1
sys.exit(bad > 0)
END
python3 compare.py
