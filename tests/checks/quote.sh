#!/bin/sh
# How the pipelines quote (pipelines/lib/quote.sh and quote.awk): byte for byte as
# common/base/quote.c does, which unit/test-quote holds against sh and gnuplot
# themselves; and that a value comes through the environment and through sh unchanged.
set -u
cd "$RECPIPE_TMP" || exit 1
LC_ALL=C
export LC_ALL
lib=$RECPIPE_ROOT/pipelines/lib
. "$lib/quote.sh"
bad=0
say()
{
	printf '%s\n' "$*"
	bad=1
}
quote=$RECPIPE_BUILD/tests/quote-text
"$quote" texts > texts || exit 1
[ "$(wc -l < texts)" -gt 4000 ] || say 'hardly any texts'
for awk in mawk gawk original-awk 'busybox awk'; do
	command -v "${awk%% *}" > /dev/null || continue
	ran=${ran:-}$awk' '
	for how in terminal gnuplot tic html js; do
		"$quote" $how < texts > want
		call="shown(\$0)"
		[ $how != gnuplot ] || call='gnuplot_line($0, 0)'
		[ $how != tic ] || call='gnuplot_line($0, 1)'
		[ $how != html ] || call='html($0)'
		[ $how != js ] || call='js($0)'
		$awk "$QUOTE_AWK{ print $call }" < texts > got
		cmp -s want got || say "$awk: $how: not as in C: $(diff -a want got | head -n 4)"
	done
done
case ${ran:-} in *mawk*) ;; *) say 'mawk was not tried' ;; esac
grep -v "$(printf '\t')" texts > no-tabs
shown_lines < no-tabs > got
"$quote" terminal < no-tabs > want
cmp -s want got || say 'shown_lines is not as in C'

# All bytes in one value, line ends too: through ENVIRON, to sh and back, to a terminal.
every=$(awk 'BEGIN { for (i = 1; i < 256; i++) printf "%c", i; print "'"''"'\\n" }')
[ "$(printf '%s' "$every" | wc -c)" = 259 ] || say 'not every byte'
printf '%s' "$every" > want
EVERY=$every awk 'BEGIN { printf "%s", ENVIRON["EVERY"] }' > got
cmp -s want got || say 'a value is another one in ENVIRON'
quote_sh "$every"
eval "printf '%s' $quoted" > got
cmp -s want got || say 'a value that went through sh is another one'
quote_sh "$every
"
eval "printf '%s' $quoted" | tail -c 3 > got
printf '\\n\n' > want
cmp -s want got || say 'the last line end of a word for sh is gone'
[ "$(shown "$every" | wc -l)" = 1 ] || say 'a line end reaches the terminal'
[ "$(shown "a$(printf '\n\033[31m\302\233')")" = 'a\n\x1b[31m\u009b' ] || say "shown: $(shown "$(printf 'a\n\033[31m\302\233')")"
n=0
while IFS= read -r line; do
	n=$((n + 1))
	[ $((n % 5)) = 0 ] || continue
	quote_sh "$line"
	printf '%s\n' "$quoted" >&3
	quote_sh_word "$line"
	printf '%s\n' "$quoted"
done < texts > words 3> quoted
awk 'NR % 5 == 0' texts > some
"$quote" sh < some | cmp -s - quoted || say 'quote_sh is not as in C'
"$quote" word < some | cmp -s - words || say 'quote_sh_word is not as in C'
exit $bad
