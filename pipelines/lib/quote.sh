# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# quote.sh - text from outside, made harmless for a terminal, for sh and for awk, by the
# rules of common/base/quote.h. Sourced with LC_ALL=C and `lib` the folder it is in.
#
# To awk a value goes by the environment, as in
#
#	USER_SHOWN=$user awk '$1 "" == ENVIRON["USER_SHOWN"]'
#
# (-v would read its backslashes.) ("" because ids are bytes: 1e3 is not 1000.)

# Functions for an awk program of a script: awk "$QUOTE_AWK"'{ print shown($1) }'
QUOTE_AWK=$(cat "$lib/quote.awk") || exit 1

# shown TEXT: as a terminal may have it, a line
shown()
{
	case $1 in
	*[!\ -~]*) SHOWN=$1 awk "$QUOTE_AWK"'BEGIN { print shown(ENVIRON["SHOWN"]) }' ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# shown_lines: the same of standard input, whose line ends and TABs stay
shown_lines()
{
	awk -F '\t' "$QUOTE_AWK"'{
		for (i = 1; i <= NF; i++)
			printf "%s%s", (i > 1 ? "\t" : ""), shown($i)
		print ""
	}'
}

# quote_sh WORD: sets `quoted` to the word in single quotes
quote_sh()
{
	quoted=''
	rest=$1
	while :; do
		case $rest in
		*\'*)
			quoted=$quoted${rest%%\'*}"'\\''"
			rest=${rest#*\'}
			;;
		*) break ;;
		esac
	done
	quoted="'$quoted$rest'"
}

# quote_sh_word WORD: the same, without the quotes where sh sees only a word in it
quote_sh_word()
{
	case $1 in
	'' | *[!A-Za-z0-9_./:,@%+-]*) quote_sh "$1" ;;
	*) quoted=$1 ;;
	esac
}
