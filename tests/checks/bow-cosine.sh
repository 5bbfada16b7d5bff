#!/bin/sh
# bow-cosine on real texts (Russian package descriptions): the nearest neighbor of
# a package shares the beginning of its name far more often than chance; an index
# and threads change nothing; tf-idf scores are sklearn's where Python has it.
set -eu
cd "$RECPIPE_TMP"
texts=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/text-debian-ru-en/debian-ru-en.tsv.gz
[ -f "$texts" ] || { echo "no $(basename "$texts")"; exit 77; }
gzip -cd "$texts" | awk -F '\t' 'BEGIN { print "item\tdescription" } { print $1 "\t" $2 " " $3 }' > texts.tsv
awk -F '\t' 'BEGIN { print "user\titem" } NR > 1 { print $1 "\t" $1 }' texts.tsv > liked.tsv
bow-cosine --save-index index texts.tsv
for weight in binary tfidf bm25; do
	bow-cosine --weight $weight --k 1 --liked liked.tsv texts.tsv > near.tsv
	bow-cosine --weight $weight --k 1 --liked liked.tsv --index index -j 2 | cmp - near.tsv
	awk -F '\t' -v w=$weight 'function p(x) { sub(/[-0-9.].*/, "", x); return substr(x, 1, 4) }
		NR > 1 { n++; u[n] = p($1); same += u[n] == p($3) && length(u[n]) >= 3 }
		END { for (i = 1; i <= n; i++) c[u[i]]++
			for (k in c) if (length(k) >= 3) pairs += c[k] * (c[k] - 1)
			chance = pairs / n / (n - 1)
			printf "%s: %.3f of %d share a prefix, %.4f by chance\n", w, same / n, n, chance
			exit !(same / n > 20 * chance) }' near.tsv
done
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sklearn' 2> /dev/null || exit 0
bow-cosine --weight tfidf --language none --k 5 --liked liked.tsv texts.tsv > near.tsv
bow-cosine --language none --tokens texts.tsv > tokens.tsv
cat > peer.py <<'END_PY'
from sklearn.feature_extraction.text import TfidfVectorizer
words, order = {}, []
for line in open("texts.tsv", encoding="utf-8").readlines()[1:]:
    order.append(line.split("\t")[0])
for line in open("tokens.tsv", encoding="utf-8").readlines()[1:]:
    item, token = line.rstrip("\n").split("\t")
    words.setdefault(item, []).append(token)
x = TfidfVectorizer(analyzer=lambda i: words.get(i, [])).fit_transform(order)
at = {item: k for k, item in enumerate(order)}
worst = 0
for line in open("near.tsv", encoding="utf-8").readlines()[1:]:
    user, rank, item, score = line.rstrip("\n").split("\t")
    worst = max(worst, abs(float(score) - (x[at[user]] @ x[at[item]].T)[0, 0]))
print("largest difference from sklearn:", worst)
assert worst < 1e-9
END_PY
"$PYTHON" peer.py
