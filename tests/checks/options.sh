#!/bin/sh
# The option tables: no rule of a row names an option or a value that there is not, no
# letter or name is given twice; a member of another type than its row's kind does not
# compile; the rules of every tool are heard, with the standard sentences.
set -u
cd "$RECPIPE_ROOT" || exit 1
bad=0
complain()
{
	echo "$1"
	bad=1
}
for tool in "$RECPIPE_BIN"/*; do
	RECPIPE_DUMP_OPTIONS=check "$tool" < /dev/null || complain "^ mend the table of $(basename "$tool")"
done

# compiles ROW: a table with this row
compiles()
{
	printf '%s\n' '#include "frame/options.h"' \
		'struct options { struct common common; double above; int64_t n; const char *user; };' \
		"extern const struct option_row T[]; const struct option_row T[] = { $1, COMMON_LOG, OPTION_END };" \
			> "$RECPIPE_TMP/row.c"
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Icommon -fsyntax-only "$RECPIPE_TMP/row.c" > "$RECPIPE_TMP/said" 2>&1
}
if command -v "${CC:-cc}" > /dev/null; then
	compiles 'OPTION_REAL("above", "X", above, .help = "x")' || complain 'a row of the right type does not compile'
	compiles 'OPTION_INT("above", "X", above, .help = "x")' && complain 'a double is taken for an int64_t'
	compiles 'OPTION_FLAG("n", n, .help = "x")' && complain 'an int64_t is taken for a bool'
	compiles 'OPTION_TEXT("user", "X", n, .help = "x")' && complain 'an int64_t is taken for a text'
fi
exit $bad
