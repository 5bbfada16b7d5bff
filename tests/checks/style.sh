#!/bin/sh
# Mechanical rules of the sources: calls that are not to be used, marks of
# unfinished work, line length, trailing blanks, guards, banners, text files
# that end in LF, one place for the version, secrets never in argv.
set -u
cd "$RECPIPE_ROOT" || exit 1
files=$(find common tools library tests -name '*.[ch]')
bad=0
# forbid WHAT PATTERN FILE..
forbid()
{
	what=$1 pattern=$2
	shift 2
	if grep -nE -- "$pattern" "$@" /dev/null; then
		echo "^ $what"
		bad=1
	fi
}
forbid 'an unchecked call: numbers by base/number.h, texts by base/memory.h and base/buffer.h' '\b(atoi|atof|atol|strcpy|strcat|sprintf|vsprintf|gets|strtok)\(' \
	$(find common tools library -name '*.[ch]')
# What comes from outside is no part of a program's text (base/quote.h): no tool starts a
# shell but with a text made by command.c, and scripts give awk its values by ENVIRON.
forbid 'a shell that a library starts: fork and execvp, with the words in an array' '\b(popen|system|wordexp)\(' $(find common tools library -name '*.[ch]')
shipped=$(find pipelines completions -type f ! -path 'pipelines/data/*'; ls tests/run .ci/run)
forbid 'awk -v reads backslashes: put the value into the environment and use ENVIRON' '\bawk\b.* -v ' $shipped
if grep -nE '\beval\b|\bsh -c\b' $shipped | grep -vE 'words in quotes|MAIL_COMMAND'; then
	echo '^ a text that sh reads: quote it as common/base/quote.h and pipelines/lib/quote.sh do'
	bad=1
fi
forbid 'unfinished? Finish it, or say in plain words what is not done' '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' $files
forbid 'a typedef of a struct: write struct NAME where it is used' '^typedef (struct|union|enum)[^(]*;' $files
forbid 'a blank at the end of a line: delete it' '[ 	]$' $files
forbid 'a line end of another system: delete the CR (tr -d)' "$(printf '\r')\$" $files
for f in $(find common tools library -name '*.[ch]'); do
	expand -t 4 "$f" | awk -v f="$f" '{ gsub(/[\200-\277]/, "") } # bytes inside a UTF-8 character
		length > 110 { print f ":" NR ": longer than 110 columns (a tab counts 4): break the line"; n++ }
		END { exit n > 0 }' || bad=1
done
# guards: the headers of the working directory have the guard of their path, or none. A header
# of loops that are compiled several times has none; variants of one header share theirs.
guards()
{
	for f in $(find common tools -name '*.h'); do
		guard=$(sed -n 's/^#ifndef \([A-Z0-9_]*_H\)$/\1/p' "$f" | head -n 1)
		name=RECPIPE_$(printf '%s' "${f#*/}" | tr 'a-z/.-' 'A-Z___')
		case $name in
		"${guard%_H}"*) ;;
		*)
			[ -z "$guard" ] || { echo "$f: its guard should be $name, by its path: rename it in #ifndef and #define"; return 1; }
			;;
		esac
	done
}
guards || bad=1
(mkdir -p "$RECPIPE_TMP/tree/common" "$RECPIPE_TMP/tree/tools/a-tool" && cd "$RECPIPE_TMP/tree" &&
	echo '#ifndef RECPIPE_A_TOOL_PART_H' > tools/a-tool/part.h && guards > /dev/null &&
	echo '#ifndef A_TOOL_PART_H' > tools/a-tool/part.h && ! guards > /dev/null) ||
	{ echo 'negative control: a guard that is not by its path is not seen'; bad=1; }
# The main of a tool in a folder is in the file of its name.
for d in tools/*/; do
	name=$(basename "$d")
	grep -q '^int main(' "$d$name.c" 2> /dev/null || { echo "$d: its main belongs into $name.c"; bad=1; }
done
for f in tools/*.c; do
	[ -f "$f" ] || continue
	name=$(basename "$f" .c)
	head -n 1 "$f" | grep -q "^/\* $name - " || {
		echo "$f: has no banner: begin it with '/* $name - what it does in one sentence.'"
		bad=1
	}
done
# A file that does not read like one story any more is split. A page, a table of cases: not code.
# long_files FILE..: those of more than 600 lines
long_files()
{
	wc -l "$@" | awk '$1 > 600 && $2 != "total" { print $2 ": " $1 " lines: split it"; n++ } END { exit n > 0 }'
}
long_files $(find common tools library -name '*.[ch]') || bad=1
yes | head -n 601 > "$RECPIPE_TMP/control.txt"
! long_files "$RECPIPE_TMP/control.txt" > /dev/null || { echo 'negative control of long files'; bad=1; }
# No path of the machine that it was written on.
! grep -rnI -e '/wor[k]/' -e '/hom[e]/[a-z]' common tools library tests/checks tests/slow tests/*.sh pipelines man README.md \
	CHANGELOG.md || { echo '^ the path of a machine'; bad=1; }
# Long functions are read badly. One is long: a table of cases.
# long_functions FILE..: those of more than 60 lines, from brace to brace
long_functions()
{
	awk '
	/^[A-Za-z_].*\(/ && !/;$/ { name = $0 }
	/^{/ { from = FNR }
	/^}/ {
		if (from && FNR - from + 1 > 60)
			print FILENAME ":" from ": " FNR - from + 1 " lines: " name
		from = 0
	}' "$@"
}
MOST_LONG=1
long_functions $(find common tools library -name '*.[ch]') > "$RECPIPE_TMP/long"
[ "$(wc -l < "$RECPIPE_TMP/long")" -le $MOST_LONG ] || {
	sort -t: -k3nr "$RECPIPE_TMP/long"
	echo "^ more than $MOST_LONG functions of more than 60 lines: split one where a step of it has a name"
	bad=1
}
# Can it fail? A function of 61 lines, and one of 60.
for lines in 61 60; do
	{ printf 'int f%d(void)\n{\n' $lines; yes '	g();' | head -n $((lines - 2)); echo '}'; }
done > "$RECPIPE_TMP/control.c"
[ "$(long_functions "$RECPIPE_TMP/control.c" | sed 's/.*: //')" = 'int f61(void)' ] || {
	echo "negative control of long functions: $(long_functions "$RECPIPE_TMP/control.c")"
	bad=1
}
exit $bad
