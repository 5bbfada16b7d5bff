#!/bin/sh
# analyze-ab of a million and of five million unsorted event rows, grouped rows, parts;
# beside vectorised pandas on the same rows (skipped where Python has none).
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
PYTHON=${PYTHON:-python3}
rows=${BENCH_ROWS:-1000000}
# log ROWS USERS
log() {
	awk -v n="$1" -v users="$2" 'BEGIN {
		OFS = "\t"
		srand(7)
		print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "PERSONALIZED"
		for (i = 0; i < n; i++) {
			u = int(rand() * users)
			last = rand() < 0.08
			printf "%s\t%.0f\t%d\t%d\t%.2f\t%.6f\t%s\t%s\n", last ? "last" : "next", 1746994263928 + rand() * 6e8, u,
				rand() * 50000, rand(), rand() / 1000, last ? "" : int(rand() * 50000), u * 7919 % 1000 < 500 ? "C" : "T1"
		}
	}'
}
cat > "$RECPIPE_TMP/peer.py" <<'END_PY'
import sys, numpy as np, pandas as pd, scipy.stats as ss
d = pd.read_csv(sys.argv[1], sep='\t', usecols=['message', 'timestamp', 'user', 'time', 'latency', 'PERSONALIZED'])
d = d.sort_values(['user', 'timestamp'], kind='stable')
last = (d.message == 'last').astype(np.int64)
g = last.groupby(d.user)
k, total = g.cumsum() - last, g.transform('sum')
kept = d[(k < total).values]
u = kept.groupby('user').agg(tracks=('time', 'size'), time=('time', 'sum'), latency=('latency', 'sum'))
u['sessions'] = last.groupby(d.user).sum()
u = d.groupby('user').agg(arm=('PERSONALIZED', 'first')).join(u).fillna({'tracks': 0, 'time': 0, 'latency': 0, 'sessions': 0})
u['mean_request_latency'] = 1000 * u.latency / u.tracks
u['mean_tracks_per_session'] = u.tracks / u.sessions
u['mean_time_per_session'] = u.time / u.sessions
for m in ('time', 'sessions', 'mean_request_latency', 'mean_tracks_per_session', 'mean_time_per_session'):
    a, b = u[m][u.arm == 'C'].dropna(), u[m][u.arm == 'T1'].dropna()
    print(m, b.mean() - a.mean(), ss.ttest_ind(b, a, equal_var=False).pvalue)
END_PY
peer=
"$PYTHON" -c 'import pandas, scipy' 2> /dev/null && peer="$PYTHON $RECPIPE_TMP/peer.py"
log "$rows" 50000 > "$RECPIPE_TMP/one.tsv"
log $((5 * rows)) 50000 > "$RECPIPE_TMP/five.tsv"
{ head -n 1 "$RECPIPE_TMP/five.tsv"; sed 1d "$RECPIPE_TMP/five.tsv" | sort -t "$(printf '\t')" -k 3,3; } > "$RECPIPE_TMP/grouped.tsv"
bench_units "analyze-ab $rows rows" "$rows" row "analyze-ab -q $RECPIPE_TMP/one.tsv" \
	${peer:+"$PYTHON (pandas)" "$peer $RECPIPE_TMP/one.tsv"}
BENCH_REPEAT=2 bench_units "analyze-ab $((5 * rows)) rows" $((5 * rows)) row "analyze-ab -q $RECPIPE_TMP/five.tsv" \
	${peer:+"$PYTHON (pandas)" "$peer $RECPIPE_TMP/five.tsv"}
bench_units "analyze-ab --grouped $((5 * rows)) rows" $((5 * rows)) row "analyze-ab -q --grouped $RECPIPE_TMP/grouped.tsv"
bench_units "analyze-ab --partial $((5 * rows)) rows" $((5 * rows)) row \
	"analyze-ab -q --partial $RECPIPE_TMP/grouped.tsv -o $RECPIPE_TMP/part.tsv"
bench_units 'analyze-ab --merge 50000 users' 50000 user "analyze-ab -q --merge $RECPIPE_TMP/part.tsv"
