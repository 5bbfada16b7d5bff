#!/bin/sh
# man-options.sh --write|--check - the OPTIONS section of every man page, between
# its BEGIN OPTIONS and END OPTIONS lines, from the tool's own table. --check says
# which pages differ, and fails.
set -u
cd "$(dirname -- "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf -- "$work"' EXIT
bad=0
for tool in "${RECPIPE_BIN:-bin}"/*; do
	name=$(basename -- "$tool")
	page=man/$name.1
	if ! [ -f "$page" ]; then
		echo "$name has no page: write $page (tests/new-tool shows how one begins), then make man"
		bad=1
		continue
	fi
	if ! RECPIPE_DUMP_OPTIONS=man "$tool" > "$work/options"; then
		echo "$name does not print its options: its main must begin with program_start (frame/options.h)"
		bad=1
		continue
	fi
	if ! OPTIONS=$work/options awk '
		!inside { print }
		$0 == ".\\\" BEGIN OPTIONS" {
			inside = 1
			begun++
			while ((getline line < ENVIRON["OPTIONS"]) > 0)
				print line
		}
		$0 == ".\\\" END OPTIONS" && inside {
			inside = 0
			ended++
			print
		}
		END { exit !(begun == 1 && ended == 1) }' "$page" > "$work/page"; then
		echo "$page: put one line .\\\" BEGIN OPTIONS and one .\\\" END OPTIONS under .SH OPTIONS, then make man"
		bad=1
	elif ! cmp -s "$page" "$work/page"; then
		if [ "$1" = --write ]; then
			cat "$work/page" > "$page" && echo "$page: written"
		else
			echo "$page: OPTIONS is not what the table says: run make man"
			bad=1
		fi
	fi
done
exit $bad
