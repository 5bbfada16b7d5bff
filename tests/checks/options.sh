#!/bin/sh
# The option tables: no rule of a row names an option or a value that there is not, no
# letter or name is given twice; a member of another type than its row's kind does not
# compile; --help shows a few options, --help=all all, a command's --help its own.
set -u
cd "$RECPIPE_ROOT" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
# the names of the options that a --help shows
shown()
{
	sed -n 's/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p'
}
for tool in "$RECPIPE_BIN"/*; do
	name=$(basename "$tool")
	RECPIPE_DUMP_OPTIONS=check "$tool" < /dev/null || complain "^ mend the table of $name"
	# A newcomer sees few options, --help=all and the manual all.
	n=$("$tool" --help | shown | grep -c .)
	[ "$n" -le 24 ] || complain "$name --help shows $n options: put those for few users after OPTION_GROUP"
	[ "$name" = tune-hparams ] && continue # it shows those of its commands with them
	RECPIPE_DUMP_OPTIONS=table "$tool" | sed 1d | cut -f 1 > "$RECPIPE_TMP/table"
	"$tool" --help=all | shown | cmp -s - "$RECPIPE_TMP/table" || complain "$name --help=all does not show all"
done
# Status 4 is offered by those that ask a server, and a mistake of --rename is told of it.
for tool in "$RECPIPE_BIN"/*; do
	name=$(basename "$tool")
	case $name in load-redis | next-track | serve-http) want=1 ;; *) want=0 ;; esac
	[ "$("$tool" --help | grep -c 'service is unavailable')" = $want ] ||
		complain "$name --help: exit status 4 is shown or left out wrongly"
done
case $(train-items --rename weight=w 2>&1 < /dev/null) in
*'train-items: --rename weight=... requires '*) ;;
*) complain 'train-items --rename weight=w does not blame --rename' ;;
esac
[ "$(train-mf --help | shown | grep -c .)" -le 12 ] || complain 'train-mf --help shows more than twelve options'

# The options of the commands of tune-hparams.
[ "$(tune-hparams best --help | shown | tr '\n' ' ')" = \
	'study output quiet verbose help version as-shell step-as progress no-progress ' ] ||
	complain 'tune-hparams best --help does not show the options of best alone'
tune-hparams ask --help | shown | grep -qx step-as && complain 'ask --help shows an option of best'
for command in best top history importance plot ask tell; do
	tune-hparams --help | grep -qE "^  $command  +[a-z]" || complain "tune-hparams --help does not list $command"
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
# Completion offers the commands of a program, the values of a choice, and --help=all.
if command -v bash > /dev/null; then
	sh completions/generate.sh "$RECPIPE_BIN/tune-hparams" > "$RECPIPE_TMP/completion" || exit 1
	completed()
	{
		bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
			_recpipe_tune_hparams; echo "${COMPREPLY[*]}"' bash "$RECPIPE_TMP/completion" "$@"
	}
	[ "$(completed tune-hparams im)" = importance ] || { echo 'completion: no importance'; bad=1; }
	[ "$(completed tune-hparams plot --kind s)" = slice ] || { echo 'completion: no slice'; bad=1; }
	[ "$(completed tune-hparams --help=)" = --help=all ] || { echo 'completion: no --help=all'; bad=1; }
fi
exit $bad
