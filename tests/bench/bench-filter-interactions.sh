#!/bin/sh
# filter-interactions beside mawk, xan, polars and DuckDB, these two on one thread: 12 M rows of user,
# item, time (about 300 MB), from a file and from a pipe.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
input=$RECPIPE_TMP/events.tsv
bench_generate --rows "${BENCH_ROWS:-12000000}" --users 1000000 --items 50000 --seed 1 > "$input"
keep='NR == 1 || $3 > 0.5'
cat > "$RECPIPE_TMP/peer-polars.py" << 'END_PY'
import polars, sys
polars.scan_csv(sys.argv[1], separator='\t').filter(polars.col('time') > 0.5).sink_csv('/dev/null', separator='\t')
END_PY
cat > "$RECPIPE_TMP/peer-duckdb.py" << 'END_PY'
import duckdb, sys
duckdb.execute("set threads = 1")
duckdb.execute(f"copy (select * from read_csv('{sys.argv[1]}', delim='\t', header=true) where time > 0.5) "
               "to '/dev/null' (delimiter '\t', header)")
END_PY
bench_pair 'filter-interactions file' "$input" \
	"filter-interactions --above 0.5 $input" "mawk -F'\t' '$keep' $input"
bench_peer 'filter-interactions file' xan "xan filter -d '\t' 'time > 0.5' $input"
bench_peer 'filter-interactions file' polars "$(bench_python "$RECPIPE_TMP/peer-polars.py") $input"
bench_peer 'filter-interactions file' duckdb "$(bench_python "$RECPIPE_TMP/peer-duckdb.py") $input"
bench_pair 'filter-interactions pipe' "$input" \
	"cat $input | filter-interactions --above 0.5" "mawk -F'\t' '$keep' $input"
bench_threads 'filter-interactions -j 2' "filter-interactions --above 0.5 $input"
csv=$RECPIPE_TMP/events.csv quoted=$RECPIPE_TMP/quoted.csv
tr '\t' , < "$input" > "$csv"
sed 's/,/","/g; s/^/"/; s/$/"/' "$csv" > "$quoted"
bench_pair 'filter-interactions --csv' "$csv" \
	"filter-interactions --csv --above 0.5 $csv" "mawk -F, '$keep' $csv"
bench_threads 'filter-interactions --csv -j 2' "filter-interactions --csv --above 0.5 $csv"
bench_pair 'filter-interactions --csv, all in quotes' "$quoted" \
	"filter-interactions --csv --above 0.5 $quoted" "mawk -F'[\",]+' 'NR == 1 || \$4 > 0.5' $quoted"
bench_threads 'filter-interactions --csv, all in quotes -j 2' "filter-interactions --csv --above 0.5 $quoted"
