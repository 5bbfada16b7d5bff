#!/bin/sh
# simulate-sessions reads the course's files as they are: 10,000 users and 50,000 tracks
# as gzipped JSON lines, vectors as .npy; the same sessions as from TSV.
files=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/botify-catalog
[ -d "$files" ] || { echo "no catalog: $files"; exit 77; }
command -v python3 > /dev/null || { echo 'no python3'; exit 77; }
cd "$RECPIPE_TMP" || exit 1
python3 - "$files" << 'END' || exit 1
import gzip, json, random, struct, sys
rng = random.Random(1)
lines = lambda name: [json.loads(x) for x in gzip.open(sys.argv[1] + '/' + name, 'rt', encoding='utf-8')]
tracks, users = lines('tracks-basic.json.gz'), lines('sim-users.json.gz')
vectors = [[struct.unpack('f', struct.pack('f', rng.gauss(0, 1.2)))[0] for _ in range(8)] for _ in tracks]
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 8), }" % len(tracks)
header += ' ' * (-(len(header) + 11) % 64) + '\n'
with open('e.npy', 'wb') as f:
    f.write(b'\x93NUMPY\x01\0' + struct.pack('<H', len(header)) + header.encode())
    for v in vectors: f.write(struct.pack('<8f', *v))
with open('e.tsv', 'w') as f:
    print('item', *('f%d' % i for i in range(8)), sep='\t', file=f)
    for t, v in zip(tracks, vectors): print(t['track'], *(repr(x) for x in v), sep='\t', file=f)
with open('t.tsv', 'w') as f:
    print('item', 'artist', sep='\t', file=f)
    for t in tracks: print(t['track'], ' '.join(t['artist'].split('\t')), sep='\t', file=f)
with open('u.tsv', 'w') as f:
    print('consume_sharpness', 'user', 'interests', 'consume_bias', sep='\t', file=f)
    for u in users: print(u['consume_sharpness'], u['user'], ','.join(map(str, u['interests'])), u['consume_bias'], sep='\t', file=f)
END
simulate-sessions -q --tracks "$files/tracks-basic.json.gz" --users "$files/sim-users.json.gz" \
	--embeddings e.npy --sessions 3000 -o json.ev --episodes json.ep -- next-track -q --items t.tsv &&
	simulate-sessions -q --tracks t.tsv --users u.tsv --embeddings e.tsv --sessions 3000 -o tsv.ev \
		--episodes tsv.ep -- next-track -q --items t.tsv &&
	cmp json.ev tsv.ev && cmp json.ep tsv.ep && [ "$(wc -l < json.ep)" = 3001 ]
