# shellcheck shell=sh
# complain.sh - a check that goes on after a failure and ends with it; sourced.
#
#	complain TEXT..   tells of a failure
#	exit $bad         the end: 1 after a failure
#
# Not for what runs in a subshell or behind a pipe, whose failures nobody hears of.

bad=0

complain()
{
	printf '%s\n' "$*"
	bad=1
}
