#!/bin/sh
# simulate-sessions: 100,000 sessions with a recommender that costs nothing, with
# next-track, and in a world of 50,000 tracks; CPU seconds are of both processes. The
# peer is the same listener in plain Python, without pipes and events.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "${RECPIPE_TMP:?}" || exit 1
sessions=${BENCH_SESSIONS:-100000}
make-world -q -d w && make-world -q --users 10000 --tracks 50000 --artists 5000 --genres 50 -d large || exit 1
cat > peer.py << 'END'
import csv, math, random, sys
def read(path): return list(csv.DictReader(open(path), delimiter='\t'))
artist = [r['artist'] for r in read('w/tracks.tsv')]
E = [[float(v) for k, v in r.items() if k != 'item'] for r in read('w/embeddings.tsv')]
users = [([int(q) for q in r['interests'].split(',')], float(r['consume_bias']), float(r['consume_sharpness'])) for r in read('w/users.tsv')]
dot = lambda a, b: sum(x * y for x, y in zip(a, b))
near = {}
for _ in range(int(sys.argv[1])):
    interests, bias, sharpness = random.choice(users)
    q = random.choice(interests)
    if q not in near: near[q] = sorted(range(len(E)), key=lambda t: -dot(E[t], E[q]))[:10]
    first = random.choice(near[q])
    seen, plays, budget = {first}, {artist[first]: 1}, 5
    while budget > 0:
        r = random.randrange(len(E))
        time = 0.0
        if r not in seen:
            time = round(1 / (1 + math.exp(-(dot(E[r], E[q]) - bias) * sharpness)) * 0.8 ** plays.get(artist[r], 0), 2)
        seen.add(r)
        plays[artist[r]] = plays.get(artist[r], 0) + 1
        if random.random() > time: budget -= 1
END
world() { printf '%s' "--tracks $1/tracks.tsv --embeddings $1/embeddings.tsv --users $1/users.tsv"; }
trivial=$RECPIPE_BUILD/tests/bench-recommender
# The interests' neighbors are most of what the peer does: a tenth of the sessions.
bench_units 'simulate-sessions, a tenth of the sessions' $((sessions / 10)) ' episodes' \
	"simulate-sessions -q $(world w) -n $((sessions / 10)) -- $trivial 5000 > /dev/null" \
	python3 "python3 peer.py $((sessions / 10))"
bench_units 'simulate-sessions, a trivial recommender' "$sessions" ' episodes' \
	"simulate-sessions -q $(world w) -n $sessions -- $trivial 5000 > /dev/null"
bench_units 'simulate-sessions, next-track random' "$sessions" ' episodes' \
	"simulate-sessions -q $(world w) -n $sessions -- next-track -q --items w/tracks.tsv > /dev/null"
bench_units 'simulate-sessions, 50,000 tracks' "$sessions" ' episodes' \
	"simulate-sessions -q $(world large) -n $sessions -- $trivial 50000 > /dev/null"
