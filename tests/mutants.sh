#!/bin/sh
# Can the tests fail? Puts one fault after the other into a copy of the tree, builds it,
# and runs the tests that are named for it: they have to fail.
#
#	tests/mutants.sh [NAME]...      NAME: a file of tests/mutants without .patch, or
#	                                its beginning (load-redis, train-mf-)
#
# tests/mutants/NAME.patch is one fault:
#
#	tests: redis-load unit/test-topn    names as tests/run takes them, the quick ones
#	why: lists go live without having been counted
#	--- a/tools/load-redis/publish.c    a unified diff for patch -p1
#	...
#
# A third head line, `expect: survives`, is for the negative control: a change that no
# test can see. First the named tests run without any fault; they must pass. A patch that
# does not apply or does not build, and a mutant whose tests are skipped, count as failed.
# Environment: JOBS (trees to work in, each takes one processor). Last line:
# N passed, N failed, N skipped; a mutant that is killed passes.
set -u
LC_ALL=C
export LC_ALL

# ---- a worker: its own copy of the tree, the mutants of a list one by one ------

# result STATUS NAME TEXT
result()
{
	printf '%s\t%s\n' "$1" "$2" >> "$MUTANT_DIR/results"
	printf '%-8s %s%s\n' "$1" "$2" "${3:+: $3}"
}

# build [TARGET]...: the tools and the given targets, quickly made
build()
{
	make -s CFLAGS=-O1 all "$@" < /dev/null > "$MUTANT_DIR/build-$worker" 2>&1
}

# head_line KEY FILE
head_line()
{
	sed -n "1,/^---/s/^$1: *//p" "$2" | head -n 1
}

# targets TEST...: what make builds for them beside the tools
targets()
{
	for test; do
		case $test in
		unit/*) printf '%s ' "build/release/tests/${test#unit/}" ;;
		unit | fuzz) printf 'tests-built ' ;;
		fuzz/*) printf '%s ' "build/release/tests/fuzz-${test#fuzz/}" ;;
		checks/* | slow/*) printf 'tests-helpers ' ;;
		esac
	done
}

# try NAME: applies, builds, tests, and takes the fault out again
try()
{
	patch_file=$MUTANT_ROOT/tests/mutants/$1.patch
	tests=$(head_line tests "$patch_file")
	expected=$(head_line expect "$patch_file")
	log=$MUTANT_DIR/log-$worker
	if ! patch -p1 -s -N -r - < "$patch_file" > "$log" 2>&1; then
		result stale "$1" "$(head -n 1 "$log")"
		patch -p1 -s -R -f -r - < "$patch_file" > /dev/null 2>&1
		return
	fi
	# shellcheck disable=SC2046,SC2086
	if ! build $(targets $tests); then
		result unbuilt "$1" "$(grep -m 1 error "$MUTANT_DIR/build-$worker")"
	else
		# shellcheck disable=SC2086
		JOBS=1 TEST_TIMEOUT=15 tests/run $tests > "$log" 2>&1
		last=$(tail -n 1 "$log")
		# The folders of the failed tests, which the harness keeps.
		sed -n 's/^FAILED .*(kept: \(.*\)\/[^/]*)$/\1/p' "$log" | sort -u | while IFS= read -r kept; do
			rm -rf -- "$kept"
		done
		case $last in
		*' passed, 0 failed, 0 skipped')
			[ "$expected" = survives ] && result passed "$1" 'survives, as it must' ||
				result survived "$1" "$(head_line why "$patch_file")" ;;
		*' passed, 0 failed, '*) result skipped "$1" 'its tests are skipped here' ;;
		*' passed, '*' failed, '*)
			[ "$expected" = survives ] && result killed "$1" 'the negative control must survive' ||
				result passed "$1" "killed by $(sed -n 's/^FAILED \([^ ]*\) .*/\1/p' "$log" | head -n 1)$(
					# On a busy machine that may be no kill: try such a one alone.
					grep -q '^exit status \(124\|137\)' "$log" && echo ', out of time')" ;;
		*) result untested "$1" "$last" ;;
		esac
	fi
	patch -p1 -s -R -f -r - < "$patch_file" > /dev/null 2>&1
}

if [ "${1:-}" = --worker ]; then
	worker=$2
	cd "$MUTANT_DIR/tree-$worker/recpipe" || exit 1
	if ! build; then
		cat "$MUTANT_DIR/build-$worker"
		exit 1
	fi
	while IFS= read -r name; do
		try "$name"
	done < "$MUTANT_DIR/list-$worker"
	exit 0
fi

# ---- the list, the copies, the count --------------------------------------------

MUTANT_ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
MUTANT_DIR=$(mktemp -d "${TMPDIR:-/tmp}/recpipe-mutants.XXXXXX") || exit 1
export MUTANT_ROOT MUTANT_DIR
unset MAKEFLAGS MFLAGS MAKELEVEL RECPIPE_BIN BIN MODE
trap 'rm -rf -- "$MUTANT_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$MUTANT_ROOT" || exit 1
jobs=${JOBS:-$(nproc 2> /dev/null || echo 2)}
command -v patch > /dev/null || { echo 'patch is missing: apt-get install patch' >&2; exit 1; }

for f in tests/mutants/*.patch; do
	name=$(basename -- "$f" .patch)
	wanted=$([ $# -eq 0 ] && echo yes)
	for given; do
		case $name in "$given"*) wanted=yes ;; esac
	done
	[ -z "$wanted" ] || printf '%s\n' "$name"
done > "$MUTANT_DIR/list"
[ -s "$MUTANT_DIR/list" ] || { echo "no mutant is called $*" >&2; exit 1; }

while IFS= read -r name; do
	for key in tests why; do
		[ -n "$(head_line "$key" "tests/mutants/$name.patch")" ] ||
			{ echo "tests/mutants/$name.patch has no line '$key: ...'" >&2; exit 1; }
	done
done < "$MUTANT_DIR/list"

# Every worker has a tree; ../shared lies beside it as it lies beside this one.
n=$(wc -l < "$MUTANT_DIR/list")
[ "$jobs" -le "$n" ] || jobs=$n
w=1
while [ "$w" -le "$jobs" ]; do
	mkdir -p "$MUTANT_DIR/tree-$w/recpipe" || exit 1
	tar -c --exclude=./.git --exclude=./build --exclude=./bin . | tar -x -C "$MUTANT_DIR/tree-$w/recpipe" || exit 1
	[ ! -d ../shared ] || ln -s "$MUTANT_ROOT/../shared" "$MUTANT_DIR/tree-$w/shared"
	N=$jobs W=$w awk 'NR % ENVIRON["N"] == ENVIRON["W"] % ENVIRON["N"]' "$MUTANT_DIR/list" > "$MUTANT_DIR/list-$w"
	w=$((w + 1))
done

# Without any fault the named tests pass: else a mutant would be killed by anything.
echo 'the tests without a fault:'
while IFS= read -r name; do
	head_line tests "tests/mutants/$name.patch" | tr ' ' '\n'
done < "$MUTANT_DIR/list" | sort -u > "$MUTANT_DIR/tests"
(
	cd "$MUTANT_DIR/tree-1/recpipe" &&
		make -s -j"$jobs" CFLAGS=-O1 all tests-built > "$MUTANT_DIR/build" 2>&1 || { cat "$MUTANT_DIR/build"; exit 1; }
	# shellcheck disable=SC2046
	JOBS=$jobs tests/run $(cat "$MUTANT_DIR/tests")
) || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }

: > "$MUTANT_DIR/results"
w=1
while [ "$w" -le "$jobs" ]; do
	"$MUTANT_ROOT/tests/mutants.sh" --worker "$w" &
	w=$((w + 1))
done
wait

awk -F '\t' '
	FNR == NR { wanted++; next }
	{ n[$1]++; done++ }
	$1 != "passed" && $1 != "skipped" { bad++ }
	END {
		bad += wanted - done # a worker that vanished
		printf "%d passed, %d failed, %d skipped\n", n["passed"], bad, n["skipped"]
		exit bad > 0
	}' "$MUTANT_DIR/list" "$MUTANT_DIR/results"
