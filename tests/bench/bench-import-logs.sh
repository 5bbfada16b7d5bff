#!/bin/sh
# import-logs beside jq, polars and DuckDB, these two on one thread: the service's log (300 MB), where
# lines are alike; a log whose lines all have a shape of their own (keys in changing places), read by the
# grammar; and gzip. jq gets the first tenth, its time times 10.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
lines=${BENCH_ROWS:-1600000}
awk -v n="$lines" 'BEGIN {
	srand(1)
	for (i = 0; i < n; i++) {
		last = rand() < 0.08
		printf "{\"message\": \"%s\", \"timestamp\": %.0f, \"user\": %d, \"track\": %d, \"time\": %.2f, \"latency\": %.17f, \"recommendation\": %s, \"experiments\": {\"PERSONALIZED\": \"%s\"}}\n",
			last ? "last" : "next", 1746994263928 + i * 7, rand() * 10000, rand() * 50000,
			rand(), rand() / 1000, last ? "null" : int(rand() * 50000), rand() < 0.5 ? "C" : "T1"
	}
}' > "$RECPIPE_TMP/alike.json"
awk '{
	split("a b c d e f g h i j k l m", word, " ")
	extra = ""
	for (i = NR % 64 + 1; i > 0; i = int(i / 4))
		extra = extra ", \"" word[i % 13 + 1] i "\": [" i ", \"" word[NR % 13 + 1] "\"]"
	sub(/, "latency"/, extra "&")
	print
}' "$RECPIPE_TMP/alike.json" > "$RECPIPE_TMP/various.json"
gzip -1 -c "$RECPIPE_TMP/alike.json" > "$RECPIPE_TMP/alike.json.gz"
program='[.message, .timestamp, .user, .track, .time, .latency, .recommendation, .experiments.PERSONALIZED] | @tsv'
# measure WHAT FILE TEXT: the rate is of the bytes of TEXT
measure()
{
	bench_cpu "import-logs $2"
	ours=$cpu ours_peak=$peak
	theirs=- bytes=$(wc -c < "$3")
	if command -v jq > /dev/null; then
		head -n "$((lines / 10))" "$3" > "$RECPIPE_TMP/part.json"
		bench_cpu "jq -r '$program' $RECPIPE_TMP/part.json"
		theirs=$(awk -v s="$cpu" 'BEGIN { printf "%.2f", s * 10 }')
	fi
	rate=$(awk -v n="$bytes" -v s="$ours" 'BEGIN { printf "%.2f GB/s", n / s / 1e9 }')
	bench_row "$1" "$ours" "$rate" "$ours_peak" jq "$theirs"
	ours_cpu=$ours
}
cat > "$RECPIPE_TMP/peer-polars.py" << 'END_PY'
import polars, sys
polars.scan_ndjson(sys.argv[1]).select(
    'message', 'timestamp', 'user', 'track', 'time', 'latency', 'recommendation',
    polars.col('experiments').struct.field('PERSONALIZED')).sink_csv('/dev/null', separator='\t')
END_PY
cat > "$RECPIPE_TMP/peer-duckdb.py" << 'END_PY'
import duckdb, sys
duckdb.execute("set threads = 1")
duckdb.execute("copy (select message, timestamp, \"user\", track, time, latency, recommendation, "
               f"experiments.PERSONALIZED from read_json('{sys.argv[1]}', format='newline_delimited')) "
               "to '/dev/null' (delimiter '\t', header)")
END_PY
measure 'import-logs alike' "$RECPIPE_TMP/alike.json" "$RECPIPE_TMP/alike.json"
for peer in polars duckdb; do
	bench_peer 'import-logs alike' $peer "$(bench_python "$RECPIPE_TMP/peer-$peer.py") $RECPIPE_TMP/alike.json"
done
measure 'import-logs various' "$RECPIPE_TMP/various.json" "$RECPIPE_TMP/various.json"
measure 'import-logs gzip' "$RECPIPE_TMP/alike.json.gz" "$RECPIPE_TMP/alike.json"
bench_threads 'import-logs -j 2' "import-logs $RECPIPE_TMP/alike.json"
{ printf '['; sed '$!s/$/,/' "$RECPIPE_TMP/alike.json" | tr -d '\n'; echo ']'; } > "$RECPIPE_TMP/array.json"
bench_units 'import-logs array' "$(wc -c < "$RECPIPE_TMP/array.json")" B "import-logs $RECPIPE_TMP/array.json"
bench_threads 'import-logs array -j 2' "import-logs $RECPIPE_TMP/array.json"
