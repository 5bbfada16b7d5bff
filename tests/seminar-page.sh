#!/bin/sh
# seminar-page.sh WORK - recpipe-seminar(7) with what pipelines/seminar printed in WORK, on
# standard output; --write WORK puts it into the page.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
page=$root/man/recpipe-seminar.7
write=
[ "$1" != --write ] || { write=1; shift; }
new=$(mktemp)
trap 'rm -f -- "$new"' EXIT
WORK=$1 awk '
	/^\.\\" run/ { n++ }
	/^\.\\" prints/ {
		file = sprintf("%s/.seminar/%02d.out", ENVIRON["WORK"], n)
		found = getline line < file
		if (found < 0) { # it was left out: the page keeps its text
			print
			next
		}
		print $0 "\n.PP\n.EX"
		for (; found > 0; found = getline line < file) {
			gsub(/\\/, "\\e", line)
			gsub(/-/, "\\-", line)
			if (line ~ /^[.'\'']/) line = "\\&" line
			print line
		}
		skip = 1
	}
	!skip
	/^\.EE/ && skip { skip = 0; print }' "$page" > "$new"
if [ -n "$write" ]; then cat -- "$new" > "$page"; else cat -- "$new"; fi
