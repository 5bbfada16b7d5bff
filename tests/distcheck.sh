#!/bin/sh
# distcheck.sh ARCHIVE NAME EPOCH - is the source archive complete? Unpacked elsewhere, it
# builds without a warning, passes quick tests, makes the same archive again, installs into
# a DESTDIR, runs from there, and uninstalls without leaving a file. (make distcheck)
set -u
archive=$(readlink -f -- "$1") name=$2
SOURCE_DATE_EPOCH=$3
export SOURCE_DATE_EPOCH
unset MAKEFLAGS MFLAGS MAKELEVEL MODE BIN B RECPIPE_BIN DESTDIR PREFIX CDPATH
work=$(mktemp -d "${TMPDIR:-/tmp}/recpipe-distcheck.XXXXXX") || exit 1
trap 'rm -rf -- "$work"' EXIT
fail()
{
	printf 'distcheck: %s\n' "$1" >&2
	[ ! -s "$work/log" ] || tail -n 20 "$work/log" >&2
	exit 1
}
jobs=${JOBS:-$(nproc 2> /dev/null || echo 2)}
gzip -dc "$archive" | tar -x -C "$work" || fail 'it does not unpack'
[ "$(ls "$work")" = "$name" ] || fail "it does not unpack into the one folder $name"
cd "$work/$name" || exit 1
make -j"$jobs" all tests-built > "$work/log" 2>&1 || fail 'it does not build'
! grep -q 'warning:' "$work/log" || fail 'it builds with warnings'
echo "distcheck: $name builds"
# shellcheck disable=SC2086
JOBS=$jobs tests/run ${DISTCHECK_TESTS:-unit fuzz checks/style checks/layers checks/man checks/readme checks/guide \
	filter-interactions build-dataset train-mf export-topk evaluate-topk keep-header} > "$work/log" 2>&1 ||
	fail 'its tests fail'
echo "distcheck: $(tail -n 1 "$work/log")"
make -s dist > "$work/log" 2>&1 || fail 'it makes no archive of itself'
cmp -- "$archive" "build/$name.tar.gz" || fail 'the archive that it makes of itself differs'
make -s install DESTDIR="$work/stage" > "$work/log" 2>&1 || fail 'it does not install'
printf 'user\ttime\na\t0.9\nb\t0.1\n' | "$work/stage/usr/local/bin/filter-interactions" > "$work/log" 2>&1
[ "$(wc -l < "$work/log")" = 2 ] || fail 'what it installs does not run'
make -s uninstall DESTDIR="$work/stage" > "$work/log" 2>&1 || fail 'it does not uninstall'
find "$work/stage" ! -type d > "$work/log"
[ ! -s "$work/log" ] || fail 'uninstall leaves files'
make -s clean > "$work/log" 2>&1 || fail 'make clean fails'
gzip -dc "$archive" | tar -t | LC_ALL=C sort > "$work/held"
(cd .. && find "$name" ! -type d) | LC_ALL=C sort | diff "$work/held" - > "$work/log" || fail 'make clean leaves files'
echo 'distcheck: installed, uninstalled, clean; the archive makes itself again'
