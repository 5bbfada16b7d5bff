#!/bin/sh
# import-table beside xan where it is, else mawk (which takes no quotes apart), and beside polars on
# one thread where Python has it: a clean CSV of 12 M rows, with its seconds made milliseconds; the
# same with a quoted column; Latin-1 and UTF-16.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
plain=$RECPIPE_TMP/ratings.csv quoted=$RECPIPE_TMP/quoted.csv
awk -v rows="${BENCH_ROWS:-12000000}" 'BEGIN {
	srand(1)
	print "userId,movieId,rating,timestamp"
	for (i = 0; i < rows; i++)
		printf "%d,%d,%.1f,%d\n", 1 + i / 140, 1 + rand() * 200000, 1 + int(rand() * 9) / 2, 1e9 + rand() * 5e8 }' > "$plain"
awk -F , -v rows="${BENCH_ROWS:-12000000}" 'NR == 1 { print $0 ",title"; next } NR > rows / 3 { exit }
	{ print $0 ",\"Caf\303\251, the " $2 "\"" }' "$plain" > "$quoted"
iconv -f utf-8 -t latin1 "$quoted" > "$quoted.latin1"
iconv -f utf-8 -t utf-16 "$quoted" > "$quoted.utf16"
xan="xan input --tabs" # CSV to TSV, without dates
command -v xan > /dev/null || xan=
peer=${xan:-"mawk -F, -v OFS='\t' '{ \$1 = \$1; print }'"}
bench_pair 'import-table, dates as they are' "$plain" "import-table -q --date timestamp=none $plain" "$peer $plain"
bench_pair 'import-table, seconds to milliseconds' "$plain" "import-table -q $plain" "$peer $plain"
cat > "$RECPIPE_TMP/peer.py" << 'END_PY'
import polars, sys
polars.scan_csv(sys.argv[1]).with_columns(polars.col('timestamp') * 1000).sink_csv('/dev/null', separator='\t')
END_PY
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import polars' 2> /dev/null && bench_pair 'import-table, seconds to milliseconds' "$plain" \
	"import-table -q $plain" "env POLARS_MAX_THREADS=1 $PYTHON $RECPIPE_TMP/peer.py $plain"
bench_pair 'import-table, quotes' "$quoted" "import-table -q $quoted" "$peer $quoted"
bench_pair 'import-table, Latin-1' "$quoted.latin1" "import-table -q $quoted.latin1" "$peer $quoted.latin1"
bench_pair 'import-table, UTF-16' "$quoted.utf16" "import-table -q $quoted.utf16" "$peer $quoted.utf16"
