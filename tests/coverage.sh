#!/bin/sh
# coverage.sh BUILD - lines run, of lines there are, for each source file of a
# coverage build, as TSV
set -u
cd "$(dirname -- "$0")/.." || exit 1
printf 'file\tlines\tcovered\n'
find "$1/obj/common" "$1/obj/tools" -name '*.gcda' -exec gcov -n {} + 2> /dev/null | awk '
	/^File / { file = $2; gsub(/\047/, "", file) }
	/^Lines executed:/ && file ~ /^\.?\/?(common|tools)\/.*\.c$/ {
		split($0, part, /[:% ]+/)
		printf "%s\t%s\t%s%%\n", file, part[5], part[3]
		file = ""
	}' | sort -u
