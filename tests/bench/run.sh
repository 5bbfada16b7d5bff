#!/bin/sh
# run.sh [NAME].. - the benchmarks bench-NAME.sh, all without names, as one TSV
set -u
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P) || exit 1
RECPIPE_ROOT=$root RECPIPE_BUILD=$root/build/release PATH=$root/bin:$PATH LC_ALL=C
export RECPIPE_ROOT RECPIPE_BUILD PATH LC_ALL
if [ $# -eq 0 ]; then
	for f in "$root"/tests/bench/bench-*.sh; do
		name=${f##*/bench-}
		set -- "$@" "${name%.sh}"
	done
fi
printf 'what\tours_cpu_s\trate\tpeak_mb\tpeer\tpeer_cpu_s\tratio\n'
bad=0
for name; do
	RECPIPE_TMP=$(mktemp -d "${TMPDIR:-/tmp}/recpipe-bench.XXXXXX") || exit 1
	export RECPIPE_TMP
	sh "$root/tests/bench/bench-$name.sh" || bad=1
	rm -rf -- "$RECPIPE_TMP"
done
exit $bad
