#!/bin/sh
# analyze-ab on a terminal: an aligned table, what is better in green and what is worse
# in red, but not with NO_COLOR or TERM=dumb; TSV to a file and to a pipe.
command -v python3 > /dev/null || { echo 'no python3'; exit 77; }
cd "$RECPIPE_TMP" || exit 1
{ printf 'user\tX\ttime\tvisits\tlatency\tэтап\n'
awk 'BEGIN {for (i = 0; i < 200; i++) {t = i % 2; print "u" i "\t" (t ? "T1" : "C") "\t" 10 + i % 7 + 5 * t "\t" 10 + i % 7 - 5 * t "\t" 10 + i % 7 + 5 * t "\t" i % 5}}'; } > u.tsv
python3 - <<'END'
import os, pty, re, subprocess, sys
command = ['analyze-ab', '-q', '--user-level', '--experiment', 'X', '--metrics', 'time,visits,latency,этап', 'u.tsv']
def terminal(arguments=(), **environment):
    child, master = pty.fork()
    if child == 0:
        for name in ('NO_COLOR', 'TERM'): os.environ.pop(name, None)
        os.environ.update(environment)
        os.execvp(command[0], command + list(arguments))
    text = b''
    while True:
        try: part = os.read(master, 65536)
        except OSError: break
        if not part: break
        text += part
    if os.waitpid(child, 0)[1]: sys.exit('analyze-ab failed: %r' % text)
    return text.decode().replace('\r\n', '\n')
bad = 0
def check(what, good, text):
    global bad
    if not good: bad += 1; print(what); print(text)
GREEN, RED, END = '\x1b[32m', '\x1b[31m', '\x1b[0m'
seen = terminal(TERM='xterm')
lines = {l.replace(GREEN, '').replace(RED, '').split()[2]: l for l in seen.splitlines()[1:5]}
check('more time is not green', lines['time'].startswith(GREEN) and lines['time'].endswith('*  ship' + END), seen)
check('fewer visits are not red', lines['visits'].startswith(RED), seen)
check('more latency is not red', lines['latency'].startswith(RED), seen)
check('nothing is colored', '\x1b' not in lines['этап'] and lines['этап'].endswith('1     continue'), seen)
plain = re.sub('\x1b\\[[0-9]*m', '', seen).splitlines()
ends = {l.index('200') if '200' in l else l.index('100/100') for l in plain[1:5]}
check('the columns are not aligned', len(ends) == 1, seen)
check('the legend does not say that p and the intervals are adjusted', 'adjusted (Holm)' in plain[5] and 'as the intervals (95 %) are' in plain[5], seen)
for environment in ({'TERM': 'xterm', 'NO_COLOR': '1'}, {'TERM': 'dumb'}, {}):
    text = terminal(**environment)
    check('color with %s' % environment, '\x1b' not in text and text.splitlines() == plain, text)
lower = terminal(('--lower-is-better', 'visits'), TERM='xterm')
check('--lower-is-better does not turn the color', [l for l in lower.splitlines() if 'visits' in l][0].startswith(GREEN), lower)
doubtful = terminal(('--weights', 'C=1', '--weights', 'T1=2'), TERM='xterm')
check('color although a health check failed', '\x1b' not in doubtful and '  *' in doubtful, doubtful)
check('the legend does not say that a check failed', 'X: a health check failed' in doubtful and 'a health check failed' not in seen, doubtful)
text = terminal(('--format', 'tsv'), TERM='xterm')
check('--format tsv is colored or aligned', text.startswith('experiment\ttreatment\t') and '\x1b' not in text, text)
terminal(('-o', 'file.tsv'), TERM='xterm')
piped = subprocess.run(command, env=dict(os.environ, TERM='xterm'), capture_output=True, text=True).stdout
check('a file and a pipe are not the same TSV', open('file.tsv').read() == piped == text, piped)
sys.exit(bad > 0)
END
