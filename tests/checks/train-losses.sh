#!/bin/sh
# Every row-wise loss and optimizer by the book: the whole of train-mf's schedule
# and updates once more, in Python's double precision and one interaction after
# the other, against all kernels. The factors must agree to the rounding of float.
command -v python3 > /dev/null || { echo "no python3"; exit 77; }
dir=${RECPIPE_TMP:-$(mktemp -d)}
cat > "$dir/losses.py" <<'END'
import math, struct, sys

M = (1 << 64) - 1

def mix(x):
    x = (x + 0x9e3779b97f4a7c15) & M
    x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & M
    x = ((x ^ x >> 27) * 0x94d049bb133111eb) & M
    return x ^ x >> 31

def hash_row(seed, a, b):
    h = 0xcbf29ce484222325 ^ mix(seed)
    for c in a + b'\0' + b:
        h = ((h ^ c) * 0x100000001b3) & M
    return mix(h)

class Random:
    def __init__(self, seed, stream):
        x = mix(mix(seed) ^ mix((stream * 0xd1342543de82ef95 + 1) & M))
        self.s = []
        for i in range(4):
            x = mix(x)
            self.s.append(x)

    def bits(self):
        s = self.s
        t = (s[1] << 17) & M
        x = (s[1] * 5) & M
        x = ((x << 7 | x >> 57) & M) * 9 & M
        s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t
        s[3] = (s[3] << 45 | s[3] >> 19) & M
        return x

    def below(self, n):
        m = (self.bits() >> 32) * n
        if m & 0xffffffff < n:
            floor = (1 << 32) % n
            while m & 0xffffffff < floor:
                m = (self.bits() >> 32) * n
        return m >> 32

    def share(self):
        return (self.bits() >> 11) * 2.0 ** -53

data, seed, factors, epochs, rate, alpha = sys.argv[1], 5, 6, 3, 0.05, 0.002
loss, optimizer, rho, epsilon = sys.argv[3], sys.argv[4], 0.9, 1e-4
cosines, temperature, negatives = loss in ('softmax', 'ccl'), 0.3, 10
margin, negative_weight = -0.1, 2.0
alpha = 0 if cosines else alpha
rows = {}
for line in open(data).read().split('\n')[1:-1]:
    user, item, weight = line.split('\t')[:3]
    rows.setdefault(user, []).append((item, float(weight)))
# Numbered by the number of their rows, ties by id.
count = {}
for r in rows.values():
    for i, w in r:
        count[i] = count.get(i, 0) + 1
users = sorted(rows, key=lambda u: (-len(rows[u]), u))
items = sorted(count, key=lambda i: (-count[i], i))
number = {i: n for n, i in enumerate(items)}
rows = [sorted((number[i], w) for i, w in rows[u]) for u in users]

def unit(v):
    norm = math.sqrt(sum(x * x for x in v[:factors]))
    for f in range(factors):
        v[f] /= norm
    return norm

def start(names, kind, turned):
    out = []
    for name in names:
        r = Random(hash_row(seed, name.encode(), kind), 0)
        out.append([(r.share() - 0.5) / factors for f in range(factors)] + [0.0])
        if turned:
            unit(out[-1])
    return out

P, Q = start(users, b'user', cosines), start(items, b'item', cosines)
# What each item is made of: (row, weight); with features rows of theirs follow.
parts = [[(n, 1.0)] for n in range(len(items))]
names = []
if len(sys.argv) > 5:
    table = [line.split('\t') for line in open(sys.argv[5]).read().split('\n')[1:-1]]
    names = sorted({f for i, f, w in table if i in number})
    for i, f, w in sorted(table):
        if i in number:
            parts[number[i]].append((len(items) + names.index(f), float(w)))
    parts = [[(row, w / sum(abs(v) for r, v in p)) for row, w in p] for p in parts]
    Q += start(names, b'item_feature', cosines)

class Sum(list):
    """An item as the sum of its rows; a step on it is a step on each of them."""
    def __init__(self, item):
        super().__init__(sum(w * Q[row][f] for row, w in parts[item]) for f in range(factors + 1))
        self.parts = parts[item]

def made(item):
    return Sum(item) if names else Q[item]

first = 1.0 if optimizer == 'adagrad' else 0.0
A = {id(v): [first] * (factors + 1) for v in P + Q}
S = {id(v): [0.0] * (factors + 1) for v in P + Q}

def pace(row, f):
    if optimizer == 'adagrad':
        return rate / math.sqrt(A[id(row)][f])
    return math.sqrt(S[id(row)][f] + epsilon) / math.sqrt(A[id(row)][f] + epsilon)

def step(row, f, g):
    if isinstance(row, Sum):
        for r, w in row.parts:
            step(Q[r], f, w * g)
        return
    sums, steps = A[id(row)], S[id(row)]
    if optimizer == 'adagrad':
        row[f] -= pace(row, f) * g
        sums[f] += g * g
    else:
        sums[f] = rho * sums[f] + (1 - rho) * g * g
        by = pace(row, f) * g
        steps[f] = rho * steps[f] + (1 - rho) * by * by
        row[f] -= by

def dot(p, q):
    return sum(p[f] * q[f] for f in range(factors)) + q[factors]

def pair(p, q, n, c):
    for f in range(factors):
        pf, qf, nf = p[f], q[f], n[f]
        step(p, f, c * (nf - qf))
        step(q, f, -c * pf)
        step(n, f, c * pf)
    step(q, factors, -c)
    step(n, factors, c)

def batch(visits, deck, r):
    """Steps of softmax or ccl: visits that share negatives, slopes before any step."""
    for n in range(negatives):
        j = n + r.below(len(deck) - n)
        deck[n], deck[j] = deck[j], deck[n]
    us = [(P[u], P[u][:]) for u, nth in visits]
    gs, bs = ([(q, q[:]) for q in map(made, chosen)]
              for chosen in ([rows[u][nth][0] for u, nth in visits], deck[:negatives]))
    norms = [unit(v) for q, v in us + gs + bs]
    slopes = [[0.0] * factors for x in norms]
    for k, (u, nth) in enumerate(visits):
        mine, weight, p = {i for i, w in rows[u]}, rows[u][nth][1], us[k][1]
        scores = {n: dot(p, bs[n][1]) for n in range(negatives) if deck[n] not in mine}
        if loss == 'softmax':
            e = {n: math.exp(s / temperature) for n, s in scores.items()}
            total = sum(e.values()) + math.exp(dot(p, gs[k][1]) / temperature)
            cs = {n: weight * x / total / temperature for n, x in e.items()}
            good = -sum(cs.values())
        else:
            cs = {n: weight * negative_weight / len(scores) for n, s in scores.items() if s > margin}
            good = -weight
        for f in range(factors):
            slopes[k][f] += good * gs[k][1][f] + sum(c * bs[n][1][f] for n, c in cs.items())
            slopes[len(us) + k][f] += good * p[f]
            for n, c in cs.items():
                slopes[len(us) + len(gs) + n][f] += c * p[f]
    for (row, v), norm, g in zip(us + gs + bs, norms, slopes):
        along = sum(g[f] * v[f] for f in range(factors))
        for f in range(factors):
            step(row, f, (g[f] - along * v[f]) / norm)
        if not isinstance(row, Sum):
            unit(row)

def sigmoid(x):
    return 1 / (1 + math.exp(-x))

total = sum(map(len, rows))
for epoch in range(1, epochs + 1):
    def stream(cell):
        return Random(seed, (epoch + 2) << 32 | cell)
    lots, cells = stream(1), [[] for i in range(16)]
    for u in range(len(users)):
        for nth in range(len(rows[u])):
            cells[(lots.bits() >> 32) % 16].append((u, nth))
    for cell in cells:
        for i in range(len(cell), 1, -1):
            j = lots.below(i)
            cell[i - 1], cell[j] = cell[j], cell[i - 1]
    for place, cell in enumerate(cells):
        r = stream(1 << 31 | place)
        if cosines:
            deck = list(range(len(items)))
            for i in range(0, len(cell), 32):
                batch(cell[i:i + 32], deck, r)
            continue
        def draw():
            if loss == 'bpr':
                u, nth = cell[r.below(len(cell))]
                return rows[u][nth][0]
            return r.below(len(items))
        ahead = [draw() for i in range(8)] if cell and loss != 'logistic' and not names else []
        def next_draw():
            if names:
                return draw()
            ahead.append(draw())
            return ahead.pop(0)
        def draw_lot(at):
            u, nth = cell[at]
            return [nth] + [r.below(len(rows[u])) for i in range(5)]
        lot_ahead = [draw_lot(0)] if loss == 'warp-kos' and cell and not names else []
        for at, (u, nth) in enumerate(cell):
            good, weight = rows[u][nth]
            mine = {i for i, w in rows[u]}
            p, q = P[u], made(good)
            if loss == 'logistic':
                side = 1 if weight > 0 else -1
                c = -weight * sigmoid(-side * (dot(p, q) + p[factors]))
                for f in range(factors):
                    pf, qf = p[f], q[f]
                    step(p, f, c * qf)
                    step(q, f, c * pf)
                step(p, factors, c)
                step(q, factors, c)
                continue
            if loss == 'bpr':
                bad = next_draw()
                if bad not in mine:
                    n = made(bad)
                    pair(p, q, n, weight * sigmoid(dot(p, n) - dot(p, q)))
                continue
            if loss == 'warp-kos':
                if names:
                    lots = draw_lot(at)
                else: # the next visit's lot is drawn before this one's negatives
                    lot_ahead += [draw_lot(at + 1)] if at + 1 < len(cell) else []
                    lots = lot_ahead.pop(0)
                lots.sort(key=lambda n: -dot(p, made(rows[u][n][0])))
                good, weight = rows[u][lots[2]]
                q = made(good)
            score = dot(p, q)
            for sampled in range(1, 11):
                bad = next_draw()
                n = made(bad)
                if dot(p, n) - score + 1 <= 0 or bad in mine:
                    continue
                pair(p, q, n, min(10, math.log(max(1, (len(items) - 1) // sampled))) * weight)
                break
        for row in P + Q:
            for f in range(factors + 1):
                row[f] /= 1 + alpha * total / 16 * pace(row, f)

want = {('user', u): p for u, p in zip(users, P)}
want.update({('item', i): made(n) for n, i in enumerate(items)})
if cosines:
    for v in want.values():
        unit(v)
want.update({('item_feature', f): q for f, q in zip(names, Q[len(items):])})
worst, seen = 0, 0
for line in open(sys.argv[2]).read().split('\n')[1:-1]:
    kind, name, *values = line.split('\t')
    if kind == 'meta':
        continue
    row, seen = want[kind, name], seen + 1
    if kind == 'user' and loss != 'logistic' and float(values[0]) != 0:
        sys.exit('the bias of user ' + name + ' moved')
    for f in range(factors):
        worst = max(worst, abs(row[f] - float(values[1 + f])))
    if kind != 'user' or loss == 'logistic':
        worst = max(worst, abs(row[factors] - float(values[0])))
if seen != len(want) or not worst < 2e-4:
    sys.exit('%s: %d rows of %d, off by %g' % (sys.argv[2], seen, len(want), worst))
END
awk 'BEGIN { srand(3); print "user\titem\tweight"
	for (u = 0; u < 40; u++) for (i = 0; i < 30; i++)
		if (rand() < (i % 4 == u % 4 ? .6 : .1))
			printf "u%d\ti%d\t%s\n", u, i, rand() < .5 ? 1 : .5 }' > "$dir/data.tsv"
awk -F '\t' -v OFS='\t' 'NR % 3 == 0 { $3 = -$3 } 1' "$dir/data.tsv" > "$dir/both.tsv"
awk 'BEGIN { print "item\tfeature\tweight"
	for (i = 0; i < 30; i++) print "i" i "\tkind" i % 4 "\t1\ni" i "\tsize" i % 3 "\t0.5"
	print "elsewhere\tkind1\t1" }' > "$dir/features.tsv"
for loss in warp bpr logistic warp-kos softmax ccl; do
	data=$dir/data.tsv
	case $loss in
	softmax | ccl) own="--temperature 0.3 --negatives 10 --margin -0.1 --negative-weight 2" ;;
	*) own="--user-alpha 0.002 --item-alpha 0.002" ;;
	esac
	[ $loss = logistic ] && data=$dir/both.tsv
	for optimizer in adagrad adadelta; do
		for kernel in portable avx2 avx512; do
			train-mf --loss $loss --kos-k 3 --kos-n 6 --optimizer $optimizer \
				--rho 0.9 --epsilon 1e-4 --kernel $kernel --factors 6 --epochs 3 \
				--seed 5 $own --blocks 1 \
				"$data" > "$dir/model.tsv" 2> "$dir/err" || {
				grep -q "not supported by this CPU" "$dir/err" && continue
				cat "$dir/err"
				exit 1
			}
			echo $loss $optimizer $kernel
			python3 "$dir/losses.py" "$data" "$dir/model.tsv" $loss $optimizer || exit 1
			[ $kernel = avx512 ] && continue # nothing that the others do not have
			train-mf --loss $loss --kos-k 3 --kos-n 6 --optimizer $optimizer \
				--rho 0.9 --epsilon 1e-4 --kernel $kernel --factors 6 --epochs 3 \
				--seed 5 $own --blocks 1 \
				--item-features "$dir/features.tsv" "$data" |
			grep -v '	elsewhere	' > "$dir/model.tsv"
			python3 "$dir/losses.py" "$data" "$dir/model.tsv" $loss $optimizer \
				"$dir/features.tsv" || { echo with features; exit 1; }
		done
	done
done
