#!/bin/sh
# tests/new-tool in a copy of the tree: what it makes builds without a warning and passes
# its cases and the quick checks as it is. Then each piece is taken away or broken: the
# check that asks for it must fail, and say what to do.
set -u
cd "$RECPIPE_TMP" || exit 1
[ "$RECPIPE_MODE" = release ] || {
	echo 'only the release build is copied'
	exit 77
}
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
name=weigh-gadgets # no tool will be called so
tree=$PWD/tree
mkdir tree tree/bin log && (cd "$RECPIPE_ROOT" && tar -c --exclude=./.git --exclude=./build --exclude=./bin \
	--exclude=./tests/fuzz/corpus .) | tar -x -C tree || exit 1
for program in "$RECPIPE_BIN"/*; do
	ln -s "$program" tree/bin/ || exit 1
done

tree/tests/new-tool $name > log/made || { complain 'new-tool fails'; exit 1; }
# Objects and flags are those of the build that is there: common/ is not made again.
mkdir -p tree/build/release && cp "$RECPIPE_BUILD/libcommon.a" "$RECPIPE_BUILD/flags" tree/build/release
make -C tree -s -o build/release/flags -o build/release/libcommon.a bin/$name > log/build 2>&1 || {
	cat log/build
	exit 1
}
! grep 'warning:' log/build || complain 'the skeleton builds with a warning'
(cd tree && RECPIPE_BIN=$tree/bin sh tests/man-options.sh --write) > log/man

# check NAME [ARGUMENT]...: one check of the copied tree, in a folder of its own
check()
{
	check=$1
	shift
	rm -rf work && mkdir work
	(cd work && RECPIPE_ROOT=$tree RECPIPE_BIN=$tree/bin RECPIPE_TMP=$PWD PATH=$tree/bin:$PATH \
		sh "$tree/tests/checks/$check.sh" "$@") > log/check 2>&1
}
for check in style layers man readme "every-tool $name"; do
	# shellcheck disable=SC2086
	check $check || complain "the skeleton does not pass $check: $(cat log/check)"
done
BIN=$tree/bin JOBS=1 tree/tests/run $name > log/check 2>&1 || complain "its cases: $(cat log/check)"
tail -n 1 log/check | grep -qx '2 passed, 0 failed, 0 skipped' || complain "its cases: $(tail -n 1 log/check)"

# A second time, and names that are none.
tree/tests/new-tool $name > log/again 2>&1 && complain 'new-tool writes over a tool'
grep -q 'take another name' log/again || complain "new-tool, again: $(cat log/again)"
for wrong in '' gadgets Weigh-gadgets weigh-Gadgets ../weigh-gadgets 'weigh gadgets' weigh- -h; do
	tree/tests/new-tool "$wrong" > log/again 2>&1
	[ $? = 2 ] || complain "new-tool takes the name '$wrong'"
done

# broken FILE SED CHECK PATTERN: with the file so changed (or `gone`) the check fails, and
# its words have PATTERN
broken()
{
	cp -R "$tree/$1" kept
	if [ "$2" = gone ]; then rm -rf "${tree:?}/$1"; else sed -i "$2" "$tree/$1"; fi
	# shellcheck disable=SC2086
	if check $3; then
		complain "$3 passes with a broken $1 ($2)"
	elif ! grep -qE -- "$4" log/check; then
		complain "$3, $1 broken by $2: does not say $4: $(head -n 5 log/check)"
	fi
	rm -rf "${tree:?}/$1"
	mv kept "$tree/$1"
}
source=tools/$name.c
broken "$source" '1s/ - / /' style "begin it with '/\* $name - "
broken "$source" '$s/$/\ntypedef struct options a;/' style 'write struct'
broken "$source" '$s/$/ /' style 'delete it'
broken "$source" '$s/$/ atoi(x);/' style 'base\/number.h'
broken "$source" "\$s/\$/ $(printf '%0120d' 1)/" style 'break the line'
broken "$source" '8s/.*/#include "domain.h"\n#include "nowhere\/thing.h"/' layers 'layers are'
broken "$source" '8s/.*/#include <hiredis\/hiredis.h>/' layers 'include "services/'
broken common/base/span.h '4s/.*/#include "streams\/table.h"/' layers 'move '
broken "man/$name.1" gone man 'write .*man/'
broken "man/$name.1" 's/^\.SH EXAMPLES/.SH SAMPLES/' man 'add .*EXAMPLES'
broken "man/$name.1" 's/^\\fB.*by.*/\\fBother\\fR/' man 'make man'
broken "man/$name.1" '/BEGIN OPTIONS/d' man 'BEGIN OPTIONS'
broken README.md "/^\*\*$name\*\*/d" readme 'write one between'
broken man/recpipe.7 "/^\.BR weigh/d" readme 'add .*under TOOLS'
broken CHANGELOG.md "/$name/d" readme 'Unreleased'
broken "tests/every/$name" gone "every-tool $name" 'write .*args'
broken "tests/every/$name/args" '1s/.*/--by nothing/' "every-tool $name" 'tests/every/'
exit $bad
