#!/bin/sh
# README, CHANGELOG, recpipe(7) and recpipe-formats(5) against the tree: the two
# commands come first, every tool has its paragraph and is in the manual, no tool
# is named that is not there, every option in an example exists, links lead
# somewhere.
set -u
cd "$RECPIPE_ROOT" || exit 1
bad=0
say()
{
	printf '%s\n' "$*"
	bad=1
}

first=$(awk '/^```/ { n++; next } n == 1' README.md)
[ "$first" = 'make demo
make check' ] || say "README.md: the first block must be make demo, make check; it is: $first"

tools=
for path in tools/*; do
	name=$(basename "$path" .c)
	[ -x "$RECPIPE_BIN/$name" ] && tools="$tools $name"
done
sed -n '/^<!-- tools -->/,/^<!-- end of tools -->/p' README.md > "$RECPIPE_TMP/paragraphs"
tr -d '\\' < man/recpipe.7 > "$RECPIPE_TMP/recpipe.7"
for name in $tools; do
	[ "$(grep -c "^\*\*$name\*\* " "$RECPIPE_TMP/paragraphs")" = 1 ] ||
		say "README.md: not one paragraph about $name: write one between <!-- tools --> and its end: **$name** does ..."
	grep -q "^\.BR $name (1)" "$RECPIPE_TMP/recpipe.7" || say "man/recpipe.7 does not name $name: add .BR $name (1) and a line about it under TOOLS"
	grep -q "\b$name\b" CHANGELOG.md || say "CHANGELOG.md does not name $name: add a line under Unreleased"
done
for name in $(sed -n 's/^\*\*\([a-z-]*\)\*\* .*/\1/p' "$RECPIPE_TMP/paragraphs"); do
	[ -x "$RECPIPE_BIN/$name" ] || say "README.md: there is no tool $name: remove its paragraph, or build it (make)"
done
for name in $(sed -n 's/^\.BR \([a-z]*-[a-z-]*\) (1).*/\1/p' "$RECPIPE_TMP/recpipe.7"); do
	[ -x "$RECPIPE_BIN/$name" ] || say "man/recpipe.7: there is no tool $name: remove its entry, or build it (make)"
done

for script in pipelines/*; do
	[ -f "$script" ] || continue
	name=$(basename "$script")
	grep -q -- "^- \`$name" README.md || say "README.md does not tell of $script: add a line - \`$name ...\` to the list of pipelines"
	grep -q "^\.SS $name" "$RECPIPE_TMP/recpipe.7" || say "man/recpipe.7 does not tell of $script: add .SS $name"
	grep -q "\b$name\b" CHANGELOG.md || say "CHANGELOG.md does not name $script: add a line under Unreleased"
done

# Options of the examples: words of the command in front of them.
{
	awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md
	awk '/^\.EX/ { inside = 1; next } /^\.EE/ { inside = 0 } inside' man/recpipe.7 |
		sed 's/\\e/\\/g; s/\\-/-/g'
} | sed -e ':again' -e '/\\$/{N;s/\\\n//;b again' -e '}' | tr '|&;<>' '\n' > "$RECPIPE_TMP/commands"
while read -r name rest; do
	case " $tools " in *" $name "*) ;; *) continue ;; esac
	RECPIPE_DUMP_OPTIONS=table "$RECPIPE_BIN/$name" > "$RECPIPE_TMP/options" 2> /dev/null
	for word in $rest; do
		case $word in
		--) break ;;
		--*)
			option=${word#--}
			cut -f 1 "$RECPIPE_TMP/options" | grep -qx -- "${option%%=*}" ||
				say "an example of README.md or man/recpipe.7 calls $name $word, which has no such option: mend the example"
			;;
		esac
	done
done < "$RECPIPE_TMP/commands"

for link in $(grep -o ']([^)#:]*)' README.md | tr -d '])('); do
	[ -e "$link" ] || say "README.md: links to $link, which is not there: write where it is now"
done
for target in $(grep -o '`make [a-z0-9-]*' README.md | cut -d ' ' -f 2 | sort -u); do
	grep -q "^$target:" Makefile || grep -q "^\.PHONY:.*\b$target\b" Makefile ||
		say "README.md: there is no make $target: see make help"
done
version=$(sed -n 's/^VERSION = //p' Makefile)
grep -q "^## $version" CHANGELOG.md || say "CHANGELOG.md has nothing about $version (VERSION of the Makefile): add ## $version"
for f in README.md CHANGELOG.md; do
	awk -v f="$f" 'length > 120 && !/^\|/ { print f ":" NR ": longer than 120 columns: break the line"; n++ } END { exit n > 0 }' "$f" || bad=1
done
exit $bad
