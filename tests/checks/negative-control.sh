#!/bin/sh
# A harness that cannot fail proves nothing: a tree of its own with one case of
# each sort of failure, each of which must be seen, and one that passes.
set -u
tree=$RECPIPE_TMP/tree
mkdir -p "$tree/tests/checks" "$tree/bin" "$tree/tests/cases/t" "$RECPIPE_TMP/runs"
cp "$RECPIPE_ROOT/tests/run" "$tree/tests/run"

# new NAME CMD OUT ERR RC
new()
{
	mkdir "$tree/tests/cases/t/$1"
	printf '%s\n' "$2" > "$tree/tests/cases/t/$1/cmd"
	[ -z "$3" ] || printf '%s\n' "$3" > "$tree/tests/cases/t/$1/out"
	[ -z "$4" ] || printf '%s\n' "$4" > "$tree/tests/cases/t/$1/err"
	[ -z "$5" ] || printf '%s\n' "$5" > "$tree/tests/cases/t/$1/rc"
}
new good 'echo a; echo b >&2; exit 3' a b 3
new out 'echo b' a '' ''
new out-more 'echo a; echo a' a '' ''
new out-no-lf 'printf a' a '' ''
new out-unexpected 'echo a' '' '' ''
new err-missing 'echo a' a b ''
new err-unexpected 'echo a; echo b >&2' a '' ''
new rc-unwanted 'exit 3' '' '' ''
new rc-missing 'exit 0' '' '' 3
new rc-signal 'kill -9 $$' '' '' ''
new hang 'sleep 100' '' '' ''
new skip 'echo because; exit 77' x '' ''
echo 'exit 1' > "$tree/tests/checks/bad.sh"
echo 'exit 0' > "$tree/tests/checks/good.sh"

answer=$(BIN=$tree/bin TMPDIR=$RECPIPE_TMP/runs TEST_TIMEOUT=1 JOBS=2 "$tree/tests/run" 2>&1)
rc=$?
last=$(printf '%s\n' "$answer" | tail -n 1)
if [ $rc = 0 ] || [ "$last" != '2 passed, 11 failed, 1 skipped' ]; then
	printf '%s\nexit status %s\n' "$answer" $rc
	exit 1
fi
printf '%s\n' "$answer" | grep -qx 'skipped t/skip: because' || exit 1
printf '%s\n' "$answer" | grep -q '^FAILED t/out  (kept: .*t.out)$' || exit 1
[ -d "$RECPIPE_TMP"/runs/recpipe-tests.*/t.out/work ] || exit 1
[ ! -e "$RECPIPE_TMP"/runs/recpipe-tests.*/t.good ] || exit 1

# A name that selects nothing is a mistake, not a success.
! BIN=$tree/bin TMPDIR=$RECPIPE_TMP/runs "$tree/tests/run" nothing 2> /dev/null
