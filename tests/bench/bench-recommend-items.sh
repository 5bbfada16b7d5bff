#!/bin/sh
# recommend-items: BENCH_USERS (20,000) users of 50 rows by BENCH_ITEMS (20,000) items of 200
# neighbors, to lists of 100. Popularity follows a power law; two thirds of what a user had and
# of an item's neighbors are of one of 50 tastes. Reading the neighbors is a row of its own:
# the users' time is what is more than that. There is no peer on every machine.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
users=${BENCH_USERS:-20000} items=${BENCH_ITEMS:-20000}
cd "$RECPIPE_TMP" || exit 1

# table neighbors|histories
table()
{
	awk -v what="$1" -v users="$users" -v items="$items" 'function draw(taste,   r) {
		r = rand()
		return rand() < 2 / 3 ? taste + 50 * int(items / 50 * r * r) : int(items * r * r * r)
	}
	BEGIN {
		srand(7)
		OFS = "\t"
		for (i = 0; i < items; i++)
			id[i] = sprintf("i%06d", i)
		if (what == "neighbors") {
			print "item", "neighbor", "weight", "count"
			for (i = 0; i < items; i++) {
				split("", seen)
				seen[i]
				w = 1
				for (n = 0; n < 200;) {
					j = draw(i % 50)
					if (j >= items || j in seen)
						continue
					seen[j]
					printf "%s\t%s\t%.6f\t%d\n", id[i], id[j], w -= 0.004 * rand() + 0.0001, ++n
				}
			}
		} else {
			print "user", "item", "timestamp"
			for (u = 0; u < users; u++)
				for (n = 0; n < 50; n++) {
					j = draw(u % 50)
					printf "u%d\t%s\t%d000\n", u, id[j < items ? j : 0], 1700000000 + n * 60
				}
		}
	}'
}
table neighbors > neighbors.tsv
table histories > histories.tsv
sed 2q histories.tsv > one.tsv
bench_units 'recommend-items neighbors read' $((items * 200)) ' rows' \
	"recommend-items -q --neighbors neighbors.tsv one.tsv > out.tsv"
reading=$ours_cpu
# row WHAT [OPTION]...: the users' time alone
row()
{
	what=$1
	shift
	bench_cpu "recommend-items -q --neighbors neighbors.tsv $* histories.tsv > out.tsv" || return 1
	ours=$(awk -v all="$cpu" -v reading="$reading" 'BEGIN { print all - reading }')
	bench_row "$what" "$ours" \
		"$(awk -v users="$users" -v s="$ours" 'BEGIN { printf "%.3g k users/s", (s > 0 ? users / s / 1000 : 0) }')" "$peak"
}
row 'recommend-items 50 rows a user'
row 'recommend-items --last 10' --last 10 --decay 0.6
