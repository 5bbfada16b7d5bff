#!/bin/sh
# --log-format json: whatever the ids are, each line is JSON, no two ids look alike, numbers
# are those that every reader of JSON gives back, and import-logs makes the same bytes of it
# that --log-format tsv writes.
set -u
cd "$RECPIPE_TMP" || exit 1
command -v python3 > /dev/null || {
	echo 'python3 is missing'
	exit 77
}
cat > make.py << 'P'
import random
r = random.Random(15)
TEXTS = [b'1E400', b'-0', b'0', b'1.0', b'007', b'12', b'-7', b'+7', b'9007199254740991', b'9007199254740992',
         b'9007199254740993', b'123456789012345678901234567890', b'1e5', b'.5', b'NaN', b'true', b'null', b'"', b'\\',
         b'\xff', b'\xc3\xa9', b'\xc3', b'\xa9', b'\xed\xa0\x80', b'\xef\xbf\xbd', b'\xf0\x9f\x8e\xb5', b'\\udcff',
         b'\x01', b'\x7f', b'a b', b'{"a": 1}']
def any_id():
    kind = r.randint(0, 3)
    if kind == 0:
        return r.choice(TEXTS)
    if kind == 1:
        return bytes(r.choice(b'0123456789-+.eE') for _ in range(r.randint(1, 18)))
    if kind == 2:
        return b''.join(r.choice(TEXTS) for _ in range(r.randint(1, 3)))
    return bytes(r.choice([c for c in range(1, 256) if c not in b'\t\n\r']) for _ in range(r.randint(1, 8)))
def write(path, rows):
    with open(path, 'wb') as f:
        f.writelines(b'\t'.join(row) + b'\n' for row in rows)
times = [b'0', b'1', b'0.5', b'.5', b'+1', b'1.0', b'5e-1', b'']
write('items.tsv', [[b'item']] + [[i] for i in sorted({any_id() for _ in range(2000)} | set(TEXTS))])
write('requests.tsv', [[b'message', b'user', b'track', b'time', b'timestamp']] +
      [[r.choice([b'next', b'next', b'last']), any_id(), any_id(), r.choice(times), b'%d' % t] for t in range(20000)])
# names of experiments and arms are no numbers, whatever they look like
write('experiments.tsv', [[b'name', b'arm'], [b'7', b'1'], [b'7', b'02'], [b'\xff"', b'C'], [b'\xff"', b'\xfe'],
                          [b'\xc3\xa9', b'\\'], [b'\xc3\xa9', b'-0']])
P
cat > check.py << 'P'
import json, sys
def constant(text):
    raise ValueError(text)
rows = [line.rstrip(b'\n').split(b'\t') for line in open('log.tsv', 'rb')]
place = {n.decode('utf-8', 'surrogateescape'): i for i, n in enumerate(rows[0])}
def as_bytes(value):
    return b'' if value is None else str(value).encode('utf-8', 'surrogateescape')
n = 0
for line, row in zip(open('log.json', 'rb'), rows[1:], strict=True):
    event = json.loads(line.decode('utf-8'), parse_constant=constant) # strict UTF-8
    for key in ('user', 'track', 'recommendation'):
        assert type(event[key]) in (int, str, type(None)), (line, row)
        assert as_bytes(event[key]) == row[place[key]], (line, row)
        if type(event[key]) is int:
            assert abs(event[key]) < 2 ** 53 and int(float(event[key])) == event[key], line
            n += 1
    if row[place['time']]:
        assert float(event['time']) == float(row[place['time']]), (line, row)
    for name, arm in event['experiments'].items():
        assert type(arm) is str and as_bytes(arm) == row[place[name]], (line, row)
assert n > 1000, n
P
python3 make.py || exit 1
for form in tsv json; do
	next-track -q --items items.tsv --experiments experiments.tsv --log log.$form --log-format $form requests.tsv \
		> answers.$form || exit 1
done
cmp answers.tsv answers.json || exit 1
python3 check.py || exit 1
import-logs -q log.json > imported.tsv || exit 1
# the time as a number is written anew where JSON has no such number: all else is the same
cut -f 1-4,7-10 log.tsv > want
cut -f 1-4,7-10 imported.tsv | cmp - want || exit 1
