#!/bin/sh
# Every tool has a page, every page is clean, names no tool that is not there,
# and its OPTIONS section is what the tool's table says.
set -u
cd "$RECPIPE_ROOT" || exit 1
bad=0
sh tests/man-options.sh --check || bad=1
if command -v mandoc > /dev/null; then
	# Dates are left out for reproducible pages, and sections named as we need them.
	mandoc -T lint -W warning man/*.[1357] 2>&1 |
		grep -vE 'missing date|unusual order|referenced manual not found|no blank before trailing|legacy man' \
			> "$RECPIPE_TMP/lint"
	if [ -s "$RECPIPE_TMP/lint" ]; then
		cat "$RECPIPE_TMP/lint"
		echo '^ mend these lines of the pages; the words are explained in mandoc(1)'
		bad=1
	fi
fi
# A table that is wider than a terminal of 80 columns is cut or wrapped there.
if command -v groff > /dev/null; then
	for page in man/*.[1357]; do
		grep -q '^\.TS' "$page" || continue
		if groff -k -man -t -ww -Tutf8 -rLL=78n "$page" 2>&1 > /dev/null | grep -A 1 'around line' | grep -B 1 'wider than'; then
			echo "$page: a table wider than 78 columns: shorten its cells"
			bad=1
		fi
	done
fi
for page in man/*.1; do
	name=$(basename -- "$page" .1)
	if [ ! -x "$RECPIPE_BIN/$name" ]; then
		echo "$page: there is no tool $name: remove the page, or build the tool (make)"
		bad=1
	fi
	for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		if ! grep -qiE "^\.SH \"?$section\"?\$" "$page"; then
			echo "$page: no section $section: add .SH $section"
			bad=1
		fi
	done
	awk '
		/^\.SH/ { section = $0 }
		section ~ /EXAMPLES/ && /^\.EX/ { examples++ }
		section ~ /SEE ALSO/ && /\([1357]\)/ { others++ }
		END { exit !(examples >= 1 && others >= 2) }' "$page" || {
		echo "$page: EXAMPLES need a command in .EX, and SEE ALSO two pages"
		bad=1
	}
done
for word in $(sed -n 's/^\.BR \([a-z\\-]*\) (1).*/\1/p' man/*.[1357] | tr -d '\\' | sort -u); do
	if [ ! -f "man/$word.1" ] && ! command -v "$word" > /dev/null; then
		echo "the pages refer to $word(1), which is neither here nor on this machine"
	fi
done
exit $bad
