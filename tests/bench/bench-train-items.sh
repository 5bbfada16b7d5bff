#!/bin/sh
# train-items: knn and next on 20 M rows of 1 M users and 60,000 items, both skewed (the first
# user has 10,000 rows); beside implicit's cosine neighbors where Python has it, reading
# and parsing included.
# BENCH_ROWS=1000000 is for quick looks: users are a twentieth of the rows.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "$RECPIPE_TMP" || exit 1
rows=${BENCH_ROWS:-20000000}
python=${BENCH_PYTHON:-python3}
BENCH_REPEAT=${BENCH_REPEAT_LARGE:-1}
bench_generate --rows "$rows" --users $((rows / 20)) --items 60000 --user-power 2 --days 60 --seed 1 > rows.tsv
cat > peer.py << 'END'
import sys
import numpy as np, scipy.sparse as sp
from implicit.nearest_neighbours import CosineRecommender
users, items, u, i = {}, {}, [], []
for line in open("rows.tsv"):
    f = line.split("\t")
    u.append(users.setdefault(f[0], len(users)))
    i.append(items.setdefault(f[1], len(items)))
m = sp.csr_matrix((np.ones(len(u), np.float32), (u, i)))
m.data[:] = 1
model = CosineRecommender(K=200, num_threads=1)
model.fit(m, show_progress=False)
END
peer=
"$python" -c 'import implicit' 2> /dev/null && peer="$python peer.py"
bench_units "train-items knn cosine, $rows rows" "$rows" row 'train-items -q -o knn.tsv rows.tsv' \
	${peer:+"$python (implicit)" "$peer"}
bench_units "train-items knn tf-idf, $rows rows" "$rows" row 'train-items -q --similarity tf-idf -o knn.tsv rows.tsv'
bench_units "train-items next, $rows rows" "$rows" row 'train-items -q --method next -o next.tsv rows.tsv'
