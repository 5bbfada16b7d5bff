# lib.sh - what the benchmarks share; sourced by tests/bench/bench-*.sh, which
# tests/bench/run.sh runs. Each measured thing is one TSV row:
#
#	what  ours_cpu_s  rate  peak_mb  peer  peer_cpu_s  ratio
#
# CPU seconds (user and system, all processes of the command) are the best of
# BENCH_REPEAT runs, because a shared machine only ever adds to them.

BENCH_REPEAT=${BENCH_REPEAT:-3}

# Listening rows on stdout: --rows N --users N --items N --seed N
bench_generate()
{
	"$RECPIPE_BUILD/tests/bench-generate" "$@"
}

# bench_cpu COMMAND: sets cpu, wall and peak to the best of the runs
bench_cpu()
{
	cpu= wall= peak=
	bench_i=0
	while [ "$bench_i" -lt "$BENCH_REPEAT" ]; do
		bench_row=$("$RECPIPE_BUILD/tests/bench-measure" "$1") || {
			echo "bench: failed: $1" >&2
			return 1
		}
		bench_best=$(printf '%s\n%s\t%s\t%s\n' "$bench_row" "$cpu" "$wall" "$peak" |
			awk -F '\t' '$1 != "" && (best == "" || $1 + 0 < best + 0) { best = $1; row = $0 }
				END { print row }')
		cpu=$(printf '%s' "$bench_best" | cut -f 1)
		wall=$(printf '%s' "$bench_best" | cut -f 2)
		peak=$(printf '%s' "$bench_best" | cut -f 3)
		bench_i=$((bench_i + 1))
	done
}

# bench_row WHAT OURS RATE PEAK [PEER PEER_CPU]: prints a row, the ratio reckoned
bench_row()
{
	awk -v what="$1" -v ours="$2" -v rate="$3" -v peak="$4" -v peer="${5:--}" -v theirs="${6:--}" '
		BEGIN {
			ratio = theirs == "-" || ours <= 0 ? "-" : sprintf("%.2f", theirs / ours)
			printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", what, ours, rate, peak, peer, theirs, ratio
		}'
}

# bench_units WHAT COUNT UNIT OURS [PEER THEIRS]: two commands on the same work
# of COUNT units; the rate is units per CPU second. PEER is the peer's name; it
# is left out when its command is not on this machine.
bench_units()
{
	bench_cpu "$4" || return 1
	ours_cpu=$cpu ours_peak=$peak
	rate=$(awk -v n="$2" -v s="$ours_cpu" -v unit="$3" 'BEGIN {
		r = s > 0 ? n / s : 0
		split(" ,k,M,G", prefix, ",")
		for (i = 1; r >= 1000 && i < 4; i++)
			r /= 1000
		printf "%.3g %s%s/s", r, (i > 1 ? prefix[i] : ""), unit }')
	theirs=-
	if [ -n "${6:-}" ] && command -v "${5%% *}" > /dev/null; then
		bench_cpu "$6" && theirs=$cpu
	fi
	bench_row "$1" "$ours_cpu" "$rate" "$ours_peak" "${5:--}" "$theirs"
}

# bench_pair WHAT INPUT OURS THEIRS: the same on a file's bytes; the peer's name
# is the first word of its command
bench_pair()
{
	bench_units "$1" "$(wc -c < "$2")" B "$3" "${4%% *}" "$4"
}

# bench_has PEER: is it there, a program or a module of PYTHON? Said aloud when it is not.
bench_has()
{
	case $1 in
	polars | duckdb) "${PYTHON:-python3}" -c "import $1" 2> /dev/null && return 0 ;;
	*) command -v "$1" > /dev/null && return 0 ;;
	esac
	echo "bench: $1 is not installed: skipped" >&2
	return 1
}

# bench_peer WHAT PEER THEIRS: another peer of the work that was measured last
bench_peer()
{
	bench_has "$2" || return 0
	bench_cpu "$3" || return 1
	bench_row "$1" "$ours_cpu" "$rate" "$ours_peak" "$2" "$cpu"
}

# bench_python PROGRAM: a command that runs it, on one thread
bench_python()
{
	echo "env POLARS_MAX_THREADS=1 ${PYTHON:-python3} $1"
}

# bench_threads WHAT COMMAND: wall seconds with two threads, beside those with one as the peer's; the
# command takes -j N at its end
bench_threads()
{
	bench_cpu "$2 -j 2" || return 1
	bench_two=$wall bench_peak=$peak
	bench_cpu "$2 -j 1" || return 1
	bench_row "$1, wall" "$bench_two" '2 threads' "$bench_peak" '1 thread' "$wall"
}
