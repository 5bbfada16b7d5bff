# two-lists.sh - next-track with lists and a challenger in a small world; sourced.
#
#	complain TEXT..     that of complain.sh
#	w, a.tsv            the world; lists of 8 of its tracks, any ones. The test makes b.tsv.
#	play LOG OPTION..   sessions with a.tsv against b.tsv; $jobs: in so many processes

# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
jobs=

make-world -q --users 300 --tracks 120 --artists 20 --genres 4 --factors 4 --interests 3 -d w || exit 1
awk -F '\t' 'BEGIN { print "user\trank\titem" } NR > 1 { for (r = 1; r <= 8; r++) printf "%s\t%d\t%d\n", $1, r, ($1 * 7 + r * 13) % 120 }' w/users.tsv > a.tsv

play()
{
	log=$1
	shift
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 9 --sessions-per-user 4 \
		-o "$log" ${jobs:+-J $jobs} -- next-track -q --items w/tracks.tsv --recs a.tsv --challenger b.tsv --pick rank "$@"
}
