#!/bin/sh
# CONTRIBUTING.md, ARCHITECTURE.md and SECURITY.md against the tree: the guide's example
# tool is built from its own text with the flags of the build, without a warning, and its
# commands print what the guide says; every file, folder and target that the three name is
# there; the picture of the layers has the layers of checks/layers.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"

# block MARK N: the N-th fenced block after the line <!-- MARK -->
block()
{
	MARK="<!-- $1 -->" N=$2 awk '
		$0 == ENVIRON["MARK"] { found = 1; next }
		found && /^```/ { inside = !inside; n += inside; next }
		inside && n == ENVIRON["N"]' "$RECPIPE_ROOT/CONTRIBUTING.md"
}

mkdir bin
block 'tool keep-first' 1 > keep-first.c
[ "$(wc -l < keep-first.c)" -gt 40 ] || complain 'CONTRIBUTING.md: no program behind <!-- tool keep-first -->'
# The commands of the build: COMPILE / LINK, as make wrote them down.
flags=$(cat "$RECPIPE_BUILD/flags")
compile="${flags%% / *} -Werror -I$RECPIPE_ROOT/common -c -o keep-first.o keep-first.c"
link="${flags#* / } -o bin/keep-first keep-first.o $RECPIPE_BUILD/libcommon.a -lz -lzstd -llzma -lisal -lcsv -lm"
if eval "$compile" && eval "$link"; then
	block 'run keep-first' 1 > commands
	block 'run keep-first' 2 > want
	PATH=$PWD/bin:$PATH sh commands > got 2> err
	diff -u want got || complain '^ CONTRIBUTING.md: what its commands print (- as written, + as it is)'
	[ "$(grep -c '^keep-first: ' err)" = 2 ] || complain "not two errors: $(cat err)"
else
	complain 'CONTRIBUTING.md: the program does not build; mend the block behind <!-- tool keep-first -->'
fi

cd "$RECPIPE_ROOT" || exit 1
for page in CONTRIBUTING.md ARCHITECTURE.md SECURITY.md; do
	for link in $(grep -o ']([^)#:]*)' "$page" | tr -d '])('); do
		[ -e "$link" ] || complain "$page: there is no file $link: write where it is now"
	done
	for path in $(grep -oE '`(common|tools|tests|man|pipelines|completions)/[^` ]*`' "$page" | tr -d '`' |
		grep -vE 'NAME|TOOL|CASE|LAYER|\.\.\.' | sort -u); do
		ls -d $path > /dev/null 2>&1 || complain "$page: there is no $path: write where it is now"
	done
	for check in $(grep -oE '`(checks|slow)/[a-z-]*`' "$page" | tr -d '`' | sort -u); do
		[ -f "tests/$check.sh" ] || complain "$page: there is no test $check"
	done
	for target in $(grep -oE '`make [a-z][a-z0-9-]*' "$page" | cut -d ' ' -f 2 | sort -u); do
		grep -qE "^(\.PHONY:.* )?$target\b" Makefile || [ "$target" = fuzz-NAME ] || [ "$target" = fuzz- ] ||
			complain "$page: there is no make $target"
	done
	awk -v page="$page" 'length > 120 && !/^\|/ { print page ":" NR ": longer than 120 columns: break the line"; n++ }
		END { exit n > 0 }' "$page" || bad=1
done

# The table of the layers, the highest first.
checked=$(sed -n 's/.*split("\([a-z ]*\)", names.*/\1/p' tests/checks/layers.sh)
drawn=$(sed -n 's/^| `common\/\([a-z]*\)` .*/\1/p' ARCHITECTURE.md | tac | tr '\n' ' ')
[ "$checked" = "${drawn% }" ] ||
	complain "ARCHITECTURE.md: its table of layers is $drawn, checks/layers has $checked: make them the same"
exit $bad
