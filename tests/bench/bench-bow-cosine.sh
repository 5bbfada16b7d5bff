#!/bin/sh
# bow-cosine beside sklearn (skipped where Python has none): 100,000 Russian-like
# texts of about 250 bytes (stems and endings drawn by a power law), and the ten
# nearest for 1,000 profiles of three texts.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
PYTHON=${PYTHON:-python3}
cd "$RECPIPE_TMP" || exit 1
awk 'BEGIN {
	srand(1); split("ка ро ли на то ве пи су до ми ша гу лё жи ча", s, " ")
	split(" а у ом е ы ов ами ах ый ого ому ая ую ние ния ться ет ют ал ала", e, " ")
	split("и в на с для из по не к от", f, " ")
	for (i = 0; i < 30000; i++) { w = ""; n = 2 + int(rand() * 3)
		for (j = 0; j < n; j++) w = w s[1 + int(rand() * 15)]; stem[i] = w s[1 + int(rand() * 15)] }
	print "item\tdescription"
	for (d = 0; d < 100000; d++) { printf "i%d\t", d
		for (k = 0; k < 11; k++) { u = rand()
			printf "%s%s%s", k ? (rand() < .1 ? ", " : " ") : "", stem[int(30000 * u * u * u)], e[1 + int(rand() * 20)]
			if (rand() < .25) printf " %s", f[1 + int(rand() * 10)] }
		print "." } }' > texts.tsv
awk -F '\t' 'BEGIN { print "user\titem" } NR > 1 && NR <= 3001 { print "u" int((NR - 2) / 3) "\t" $1 }' texts.tsv > liked.tsv
head -n 2 liked.tsv > one.tsv
# The peer's seconds are those of its work alone: Python's start and imports are not
# counted, ours are whole runs with reading, stemming, index and one profile. It runs
# as often as ours, and the best run counts.
cat > peer.py <<'END_PY'
import sys, time, numpy as np, scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity
words, cosine = [], []
for run in range(int(sys.argv[1])):
    begin = time.process_time()
    texts = [l.rstrip("\n").split("\t")[1] for l in open("texts.tsv")][1:]
    x = CountVectorizer(binary=True, token_pattern=r"(?u)\w+").fit_transform(texts)
    words.append(time.process_time() - begin)
    x = x.astype(float)
    p = sp.csr_matrix((np.ones(3000), (np.repeat(np.arange(1000), 3), np.arange(3000))), shape=(1000, x.shape[0])) @ x
    begin = time.process_time()
    for at in range(0, 1000, 100):
        s = cosine_similarity(p[at:at + 100], x)
        np.argpartition(-s, 10, axis=1)[:, :10]
    cosine.append(time.process_time() - begin)
print(f"{min(words):.3f} {min(cosine):.3f}")
END_PY
bow-cosine --save-index index.bow < texts.tsv
words=- cosine=-
if "$PYTHON" -c 'import sklearn' 2> /dev/null; then
	peer=$("$PYTHON" peer.py "$BENCH_REPEAT")
	words=${peer% *} cosine=${peer#* }
fi
bench_cpu 'bow-cosine --liked one.tsv < texts.tsv'
bench_row 'bow-cosine: words of 100,000 texts, stemmed' "$cpu" \
	"$(wc -c < texts.tsv | awk -v s="$cpu" '{ printf "%.3g MB/s", $1 / s / 1e6 }')" "$peak" \
	'sklearn, not stemmed' "$words"
bench_cpu 'bow-cosine --index index.bow --liked one.tsv'
one=$cpu
bench_cpu 'bow-cosine --index index.bow --liked liked.tsv'
ours=$(awk -v a="$cpu" -v b="$one" 'BEGIN { print a - b }')
bench_row 'bow-cosine: 1,000 profiles on 100,000 texts' "$ours" \
	"$(awk -v s="$ours" 'BEGIN { printf "%.3g profiles/s", 1000 / s }')" "$peak" sklearn "$cosine"
